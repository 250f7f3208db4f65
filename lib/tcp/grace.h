/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who lately sent an ACK without a valid cookie (HC-08). The first failure of a tuple is silent: it
 * may be a second segment that overtook a lost first one. Only who goes on for longer than any
 * retransmission of the first takes is told by RST that there is no connection.
 */
#ifndef WEIR_TCP_GRACE_H
#define WEIR_TCP_GRACE_H

#include <stdbool.h>

#include "base/arena.h"

#define WEIR_GRACE_ENTRIES   4096
#define WEIR_GRACE_MS        10000  /* RFC 6298 §5.7: 3 s after a lost SYN, and 6 s more */
#define WEIR_GRACE_FORGET_MS 120000 /* RFC 6298 §2.5: the slowest a sender gets, twice */

struct weir_grace {
	struct weir_grace_entry {
		uint32_t tag;
		uint32_t first_ms;
	} * at; /* direct mapped: a newcomer overwrites */
};

void weir_grace_init(struct weir_grace *s, struct weir_arena *arena);

/*
 * Notes a failure of the tuple with that hash, which says that acknowledgement number; true when it
 * deserves an answer. Who begins anew on the tuple says another one, and is met with patience again.
 */
static inline bool weir_grace_over(struct weir_grace *s, uint64_t hash, uint32_t ack,
	uint32_t now_ms);

/* inline definitions */

static inline bool weir_grace_over(struct weir_grace *s, uint64_t hash, uint32_t ack,
	uint32_t now_ms)
{
	struct weir_grace_entry *known = &s->at[hash % WEIR_GRACE_ENTRIES];
	uint32_t tag = ((uint32_t)(hash >> 32) ^ ack) | 1; /* 0: never used */
	uint32_t age_ms = now_ms - known->first_ms;

	if (known->tag == tag && age_ms < WEIR_GRACE_FORGET_MS)
		return age_ms >= WEIR_GRACE_MS;
	known->tag = tag;
	known->first_ms = now_ms;
	return false;
}

#endif
