/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is due next, among backends' numbers: a binary heap by time, each number in it once at most.
 * No allocation; one thread.
 */
#ifndef WEIR_HEALTH_DUE_H
#define WEIR_HEALTH_DUE_H

#include "flow/policy.h"

struct weir_due {
	uint32_t n;
	uint16_t heap[1 +
		WEIR_BACKENDS_MAX];        /* numbers; heap[1] is due first, heap[0] is not used */
	uint16_t place[WEIR_BACKENDS_MAX]; /* of a number in the heap; 0: it is not in it */
	uint64_t at_ns[WEIR_BACKENDS_MAX]; /* by number */
};

/* INVARIANT: all zero is an empty one. */

/* From here on the number is due at that time, whether it was in the heap or not. */
void weir_due_set(struct weir_due *d, uint16_t number, uint64_t at_ns);

/* No effect when it is not in the heap. */
void weir_due_remove(struct weir_due *d, uint16_t number);

/* When the first one is due; UINT64_MAX: there is none. */
static inline uint64_t weir_due_first_ns(const struct weir_due *d)
{
	return d->n == 0 ? UINT64_MAX : d->at_ns[d->heap[1]];
}

/* Takes the first one out if it is due; WEIR_NONE16: none is. */
uint16_t weir_due_take(struct weir_due *d, uint64_t now_ns);

#endif
