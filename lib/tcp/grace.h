/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Grace period for out-of-order first segments (HC-08). A segment of an unknown tuple without a valid
 * cookie may be a second one that overtook a lost first one: it is dropped silently. The same segment
 * again, later than that, is the retransmission of a client whose connection is not known here: after a
 * lost first segment the client would retransmit that one (RFC 6298 §5.4). Then it gets RST. Belongs to
 * one worker.
 *
 * A line of the table has 16 segments, the one last seen first; a new one takes the place of the last.
 * So in a flood a client's segment is known as long as it comes again before 16 others of its line.
 */
#ifndef WEIR_TCP_GRACE_H
#define WEIR_TCP_GRACE_H

#include <stdbool.h>

#include "base/arena.h"

#define WEIR_GRACE_WAYS 16

/*
 * Longer than a tail loss probe (RFC 8985 §7.2: two round trips, at most 1 s) that repeats the second
 * segment. With retransmissions that are twice as far apart each time, a client is told within twice
 * this time of its second segment.
 */
#define WEIR_GRACE_MS 1408 /* in steps of 128: 1.3 to 1.4 s */
/*
 * The same for one without data or FIN, which no sender retransmits: our SYN-ACKs after 1 s and after 3 s (HC-07)
 * are answered by the same ACK. Keep-alive probes are further apart.
 */
#define WEIR_GRACE_BARE_MS   4096
#define WEIR_GRACE_FORGET_MS 120000 /* RFC 6298 §2.5: twice the largest timeout of a sender */

struct weir_grace {
	struct weir_grace_line {
		uint16_t tag[WEIR_GRACE_WAYS];  /* of the segment's hash; 0: never used */
		uint16_t time[WEIR_GRACE_WAYS]; /* when it came first, in units of 128 ms */
	} * line;
	uint32_t lines; /* a power of two */
};

/* conns: of this worker's table; the memory follows from it, 256 to 512 bytes for each up to 32 MiB. */
void weir_grace_init(struct weir_grace *s, struct weir_arena *arena, uint32_t conns);

/*
 * Notes a failure of a segment by its tuple's hash, ack and seq. Returns how long ago the same one came
 * first, in ms; 0: just now, or it is not known. Times are exact to WEIR_GRACE_UNIT_MS.
 */
#define WEIR_GRACE_UNIT_MS 128
uint32_t weir_grace_age_ms(struct weir_grace *s, uint64_t hash, uint32_t ack, uint32_t seq,
	uint32_t now_ms);

/* Prefetches the line that weir_grace_age_ms() will need: the table is larger than a cache. */
static inline void weir_grace_fetch(const struct weir_grace *s, uint64_t hash, uint32_t ack,
	uint32_t seq);

/* inline definitions */

/* The tuple's hash is keyed, so a sender cannot choose whose place it takes. */
static inline uint64_t weir_grace_mix(uint64_t hash, uint32_t ack, uint32_t seq)
{
	uint64_t m = (hash ^ ((uint64_t)ack << 32 | seq)) * 0x9e3779b97f4a7c15ull;

	return m ^ m >> 32;
}

static inline void weir_grace_fetch(const struct weir_grace *s, uint64_t hash, uint32_t ack,
	uint32_t seq)
{
	__builtin_prefetch(&s->line[weir_grace_mix(hash, ack, seq) & (s->lines - 1)], 1);
}

#endif
