/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Local ports towards one backend from one local address, as far as one worker owns them. A pool is
 * used by its worker's thread alone. Ports are in host byte order.
 *
 * Worker w of W owns the ports with port % W == w, so the owner of a packet on the way back is
 * found by arithmetic. A cursor walks round: a port is reused only when all others had their turn
 * (HC-33), and a bit says whether it is in use. A walk is bounded: it looks at each 64-bit word
 * once (the cursor's own from both sides), and the first port that is given back to a full pool is
 * found without a walk.
 */
#ifndef WEIR_FLOW_LOCALPORT_H
#define WEIR_FLOW_LOCALPORT_H

#include "base/arena.h"
#include "flow/key.h"

#define WEIR_LOCALPORT_FIRST 1024u
#define WEIR_LOCALPORTS      (65536u - WEIR_LOCALPORT_FIRST)

struct weir_localports {
	uint64_t *used;  /* bit i: port first + i * workers is taken */
	uint32_t count;  /* ports owned by this worker */
	uint32_t first;  /* the lowest of them */
	uint32_t cursor; /* next i to look at */
	uint32_t in_use;
	uint16_t worker, workers;
};

/*
 * start: where the cursor begins (any number, of which the upper bits count; a random one makes
 * ports harder to guess). Touches none of its memory, of which there is 8 KB / workers.
 */
void weir_localports_init(struct weir_localports *p, struct weir_arena *arena, unsigned int worker,
	unsigned int workers, uint32_t start);

/* A free port, which is taken then; 0: none is free, and nothing has changed. */
uint16_t weir_localports_take(struct weir_localports *p);

/* The port is free again. INVARIANT: it was taken from this pool. */
void weir_localports_give(struct weir_localports *p, uint16_t port);

/*
 * The port at the cursor, for looking whether its connection can be recycled; moves the cursor on.
 * In a full pool that is the port that has been in use for longest.
 */
uint16_t weir_localports_oldest(struct weir_localports *p);

/* The worker that owns a port. */
static inline unsigned int weir_localport_owner(uint16_t port, unsigned int workers)
{
	return port % workers;
}

#endif
