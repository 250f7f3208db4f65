/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN-ACKs that may be sent again (HC-07): when the final ACK is lost and the server speaks first,
 * nobody else will. A ring of fixed size per worker; under flood it is full before anything is due,
 * forgets it all and takes nothing for a second: it falls silent, and costs nothing, by itself.
 */
#ifndef WEIR_TCP_SYNACK_H
#define WEIR_TCP_SYNACK_H

#include <stdbool.h>

#include "base/arena.h"
#include "flow/key.h"
#include "tcp/cookie.h"

/* One SYN-ACK, enough to build it again. */
struct weir_synack {
	struct weir_key client; /* who it went to, and from which service */
	uint32_t client_isn;
	uint32_t isn, tsval; /* the cookie */
	uint32_t client_tsval;
	uint32_t sent_ms; /* low 32 bits of the clock */
	struct weir_neighbour neighbour;
	uint16_t wnd;
	struct weir_agreed agreed;
};

struct weir_synack_ring {
	struct weir_synack *at;
	uint32_t size;   /* a power of two, or 0 */
	uint32_t head;   /* next to write */
	uint32_t due[2]; /* next to look at for the first and for the second repetition */
	bool silent;     /* lately it was full before anything was due: a flood */
	uint32_t silent_from_ms;
};

/* size is rounded up to a power of two; 0: never again. */
void weir_synack_init(struct weir_synack_ring *r, struct weir_arena *arena, uint32_t size);

/* After a flood was noticed. The next ring would be full in no more than the time that this one took. */
#define WEIR_SYNACK_SILENT_MS 1000

/* Nothing is remembered now: not to be asked for more. */
static inline bool weir_synack_silent(const struct weir_synack_ring *r, uint32_t now_ms)
{
	return r->silent && now_ms - r->silent_from_ms < WEIR_SYNACK_SILENT_MS;
}

/* The entry to fill in for a SYN-ACK being sent now; NULL when none is to be remembered. */
struct weir_synack *weir_synack_push(struct weir_synack_ring *r, uint32_t now_ms);

/* Nothing is due any more. */
void weir_synack_clear(struct weir_synack_ring *r);

/*
 * The next entry that is to be sent again: once after 1 s, once more after 3 s. NULL: none is due.
 * The caller looks whether the client has a connection by now. *limit is counted down; at 0 nothing
 * is due.
 */
const struct weir_synack *weir_synack_due(struct weir_synack_ring *r, uint32_t now_ms,
	unsigned int *limit);

#endif
