/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Retransmission of SYN-ACKs (HC-07): when the client's ACK is lost and the server is to send first,
 * neither end would retransmit. A ring of fixed size per worker. In a flood it is full before its
 * first entry is due; then it is cleared and takes no entries for a second, so it costs a flood
 * nothing.
 */
#ifndef WEIR_TCP_SYNACK_H
#define WEIR_TCP_SYNACK_H

#include <stdbool.h>

#include "base/arena.h"
#include "flow/pkt.h"
#include "tcp/cookie.h"

/* All that is needed to build the SYN-ACK again. */
struct weir_synack {
	struct weir_key client; /* its receiver, and the listener that it is from */
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
	uint32_t due[2]; /* next to look at for the first and for the second retransmission */
	bool silent;     /* it was full before its first entry was due: a flood */
	uint32_t silent_from_ms;
};

/* size is rounded up to a power of two; 0: SYN-ACKs are never retransmitted. */
void weir_synack_init(struct weir_synack_ring *r, struct weir_arena *arena, uint32_t size);

/* How long after a flood was noticed no entries are taken. */
#define WEIR_SYNACK_SILENT_MS 1000

/* No entries are taken now: weir_synack_push() need not be called. */
static inline bool weir_synack_silent(const struct weir_synack_ring *r, uint32_t now_ms)
{
	return r->silent && now_ms - r->silent_from_ms < WEIR_SYNACK_SILENT_MS;
}

/* The entry to fill in for a SYN-ACK that is being sent; NULL: it is not to be retransmitted. */
struct weir_synack *weir_synack_push(struct weir_synack_ring *r, uint32_t now_ms);

/* Forgets all entries. */
void weir_synack_clear(struct weir_synack_ring *r);

/*
 * The next entry whose retransmission is due: one after 1 s, a second after 3 s. NULL: none is due.
 * The caller checks whether the client has a connection by now. *limit is decremented for each; at 0
 * none is due. The entry is valid until the next call that changes the ring.
 */
const struct weir_synack *weir_synack_due(struct weir_synack_ring *r, uint32_t now_ms,
	unsigned int *limit);

#endif
