/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Retransmission of SYN-ACKs (HC-07): when the client's ACK is lost and the server is to send first,
 * neither end would retransmit. A ring of fixed size.
 *
 * It has sharers (HC-65), here services: one has room as long as it has fewer than three times as many
 * entries that wait for their first retransmission as there are places free. One that exceeds this
 * before its first entry is due is flooded: its entries are forgotten and it gives no more for a second, so
 * that this costs a flood nothing, and the others nothing.
 *
 * What is retransmitted to addresses that may be forged has a budget (HC-42): struct weir_resend.
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
	struct weir_agreed agreed;
	uint16_t sharer;
};

struct weir_synack_sharer {
	uint64_t silent_until_ns; /* no entries are taken before */
	uint64_t forgotten;       /* its entries below that place are */
	uint32_t waiting; /* entries that are not, and whose first retransmission is to come */
};

struct weir_synack_ring {
	struct weir_synack *at;
	struct weir_synack_sharer *of;
	uint32_t size;    /* a power of two, or 0 */
	uint32_t waiting; /* of all sharers */
	uint64_t head;    /* next to write; a place modulo the size, as the others are */
	uint64_t due[2];  /* next to look at for the first and for the second retransmission */
};

/* size is rounded up to a power of two; 0: SYN-ACKs are never retransmitted. */
void weir_synack_init(struct weir_synack_ring *r, struct weir_arena *arena, uint32_t size,
	uint32_t sharers);

/* How long after a flood was noticed no entries are taken. */
#define WEIR_SYNACK_SILENT_NS 1000000000ull

/* No entries of the sharer are taken now: weir_synack_push() need not be called. */
static inline bool weir_synack_silent(const struct weir_synack_ring *r, uint16_t sharer,
	uint64_t now_ns)
{
	return now_ns < r->of[sharer].silent_until_ns;
}

/*
 * The entry for a SYN-ACK that is being sent, with sharer and time filled in; the caller fills in the
 * rest. NULL: it is not to be retransmitted.
 */
struct weir_synack *weir_synack_push(struct weir_synack_ring *r, uint16_t sharer, uint64_t now_ns);

/* Forgets all entries. */
void weir_synack_clear(struct weir_synack_ring *r, uint32_t sharers);

/* Nothing is left to be retransmitted. */
static inline bool weir_synack_done(const struct weir_synack_ring *r)
{
	return r->due[1] == r->head;
}

/*
 * The next entry whose retransmission is due: one after 1 s, a second after 3 s. NULL: none is due.
 * The caller checks whether the client has a connection by now. *limit is decremented for each that is
 * looked at; at 0 none is due. The entry is valid until the next call that changes the ring.
 */
const struct weir_synack *weir_synack_due(struct weir_synack_ring *r, uint64_t now_ns,
	unsigned int *limit);

/*
 * A budget of retransmissions: one for every WEIR_RESEND_COST SYN-ACKs that were sent, and one in two
 * seconds. INVARIANT: a SYN-ACK is at most 1.1 times its SYN, so that all in all no more than 1.2 times
 * the bytes are answered, once there are 20 SYNs a second.
 */
#define WEIR_RESEND_COST 16
#define WEIR_RESEND_MOST 64 /* saved; of those that time alone brings so many as in 16 seconds */

struct weir_resend {
	uint64_t syns;   /* those that have been counted */
	uint32_t credit; /* in parts of one, WEIR_RESEND_COST each */
	uint32_t now_s;  /* the second up to which time has been counted */
};

/* The budget has one to take; syns: how many there have been. false: it is used up. */
bool weir_resend_has(struct weir_resend *b, uint64_t syns, uint64_t now_ns);

/* Takes that one. */
void weir_resend_take(struct weir_resend *b);

#endif
