/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * States that an attacker can bring a worker into, and the packet that costs the most there (HC-62).
 * What takes an attacker a million connections is written into the core instead.
 */
#ifndef WEIR_BENCH_HOSTILE_H
#define WEIR_BENCH_HOSTILE_H

#include "dialogue.h"

enum hostile {
	HOSTILE_TABLE_FULL, /* of connections that talk; a valid ACK again and again */
	HOSTILE_PORTS_1,    /* no port is free, of one local address towards each backend */
	HOSTILE_PORTS_16,   /* ... of sixteen */
	HOSTILE_HELD_FULL, /* the service's share of held packets; one more segment for full lists */
	HOSTILE_SPENT,     /* the memory for spent cookies is full; one of these again */
	HOSTILE_HALF_OPEN, /* the half-open queue is full: each SYN displaces the oldest entry */
	HOSTILE_ENTRY,     /* half-open entries; ACKs for them that may be new incarnations' */
	HOSTILES
};

/* "hostile_table_full" ... */
const char *hostile_name(enum hostile state);

/* How its packets end, but for RSTs within the budget; those have the same name when they are refusals. */
enum weir_fate hostile_fate(enum hostile state);

/* A world of n connections in that state, whose clients have all sent data. */
struct world *hostile_open(enum hostile state, uint32_t n);

/* n frames of a burst of clients, over and over. To be asked for once. */
void hostile_frames(struct world *w, enum hostile state, struct frame *frames, uint32_t n);

#endif
