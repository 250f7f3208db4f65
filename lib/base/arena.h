/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is handed in once, at start, and cut into pieces that live as long as the whole.
 *
 * An arena without a base only measures: run the same init function on it to learn how many bytes
 * it will take. INVARIANT: pieces of a real arena come zeroed (the owner hands in zeroed memory).
 * Belongs to one thread, at start.
 */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct weir_arena {
	uint8_t *base; /* NULL: measure only; else aligned to 64 */
	size_t size;
	size_t used; /* after a run with base == NULL: the size to hand in */
};

/*
 * A piece of `bytes`, aligned to a cache line. NULL when measuring and when the arena is too small, which
 * cannot happen after the same init has measured. `used` grows in all cases.
 */
static inline void *weir_arena_take(struct weir_arena *a, size_t bytes)
{
	size_t at = a->used;

	a->used += (bytes + 63) & ~(size_t)63;
	if (a->base == NULL || a->used > a->size)
		return NULL;
	return a->base + at;
}

#endif
