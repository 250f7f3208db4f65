/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Local ports towards one backend from one local address, as far as one worker owns them. A pool is
 * used by its worker's thread alone. Ports are in host byte order.
 *
 * Worker w of W owns the ports with port % W == w, so the owner of a packet on the way back is
 * found by arithmetic. The ports stand in a circle, `stride` apart from one another, and are taken
 * in turns of 64 places: within a turn at random, so the next port cannot be told (RFC 6056), and
 * a place is taken again only when all others had their turn (HC-33). A take and a give are bounded:
 * a bit says whether a place is taken, another one whether 64 of them are.
 *
 * The pool's user says which ports can be taken back: of connections that have ended, or are half-open.
 */
#ifndef WEIR_FLOW_LOCALPORT_H
#define WEIR_FLOW_LOCALPORT_H

#include "base/arena.h"
#include "flow/key.h"

#define WEIR_LOCALPORT_FIRST 1024u
/* Where a port has a host interface, those from here on are the kernel's, for connections that it opens. */
#define WEIR_LOCALPORT_KERNEL 61000u
#define WEIR_LOCALPORT_NONE   0xffffffffu

struct weir_localports {
	uint64_t *used;  /* bit i: place i is taken */
	uint64_t *full;  /* bit i: all of used[i] */
	uint64_t turn;   /* places of used[word] that are still to be taken in this turn */
	uint32_t word;   /* whose turn it is */
	uint32_t count;  /* ports owned by this worker */
	uint32_t first;  /* the lowest of them */
	uint32_t start;  /* place i is port first + (start + i * stride) % count * workers */
	uint32_t stride; /* has no divisor in common with count */
	uint32_t back;   /* stride * back % count == 1 */
	uint32_t random;
	uint32_t in_use;
	uint32_t yielding; /* of these: can be taken back. The user counts */
	uint32_t look;     /* place that weir_localports_look() looks at next */
	uint32_t next;     /* the user's: a list of pools */
	uint16_t worker, workers;
};

/*
 * What makes ports hard to guess: any numbers. Pools of one stride begin so far apart in the circle as
 * their starts are of 2^32.
 */
struct weir_localports_luck {
	uint32_t start, stride, random;
};

/*
 * The ports below `end`, 65536 at most. Touches none of its memory, of which there is a little more than
 * 8 KB / workers.
 */
void weir_localports_init(struct weir_localports *p, struct weir_arena *arena, unsigned int worker,
	unsigned int workers, uint32_t end, const struct weir_localports_luck *luck);

/* A free port, which is taken then; 0: none is free, and nothing has changed. */
uint16_t weir_localports_take(struct weir_localports *p);

/* The port is free again. INVARIANT: it was taken from this pool. */
void weir_localports_give(struct weir_localports *p, uint16_t port);

/* The port is one of the pool's and taken. */
bool weir_localports_has(const struct weir_localports *p, uint16_t port);

/*
 * A walk over the ports in use, those first that are next to have their turn: when the pool is full,
 * they were taken longest ago. look() returns the port at the next place, 0 when it is free, and
 * moves on; the walk goes round for ever.
 */
void weir_localports_look_again(struct weir_localports *p);
uint16_t weir_localports_look(struct weir_localports *p);

/* The worker that owns a port. */
static inline unsigned int weir_localport_owner(uint16_t port, unsigned int workers)
{
	return port % workers;
}

#endif
