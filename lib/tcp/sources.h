/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limit of new connections per client address and second (HC-35). Belongs to one worker.
 *
 * A count-min sketch of two rows: an address is never counted too low, and too high only when it
 * shares both its places with others in the same second. Each cell has the second that it counts for, so
 * nothing is ever swept.
 */
#ifndef WEIR_TCP_SOURCES_H
#define WEIR_TCP_SOURCES_H

#include <stdbool.h>

#include "base/arena.h"

#define WEIR_SOURCES     8192  /* cells of a row */
#define WEIR_SOURCES_MAX 65535 /* the highest limit that a cell can tell */

struct weir_source_cell {
	uint16_t second; /* low bits */
	uint16_t count;
};

struct weir_sources {
	struct weir_source_cell *row[2];
	uint32_t limit; /* of this worker; 0: none */
};

/* rate: of all workers together, which share it as base/share.h says; 0: no limit. */
void weir_sources_init(struct weir_sources *s, struct weir_arena *arena, uint32_t rate,
	unsigned int workers);

/* Changes the rate from here on. */
void weir_sources_limit(struct weir_sources *s, uint32_t rate, unsigned int workers);

/* Counts one more; hash: keyed, of the address alone. false: over the limit in this second. */
bool weir_sources_take(struct weir_sources *s, uint64_t hash, uint64_t now_s);

/* There is a limit; without one the address need not be hashed. */
static inline bool weir_sources_limited(const struct weir_sources *s)
{
	return s->limit != 0;
}

#endif
