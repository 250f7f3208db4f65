/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backend choice, per worker: nothing is shared, so the counts are this worker's own.
 *
 * A backend that failed WEIR_SCHED_FALL connections in a row is left out for WEIR_SCHED_HOLD_DOWN_NS,
 * then tried again. When every backend of a service rests, all of them are tried: a wrong guess
 * must not take the service down.
 */
#ifndef WEIR_FLOW_SCHED_H
#define WEIR_FLOW_SCHED_H

#include "base/arena.h"
#include "flow/policy.h"

#define WEIR_SCHED_FALL         3
#define WEIR_SCHED_HOLD_DOWN_NS 2000000000ull

struct weir_sched_backend {
	uint32_t active; /* connections opened to it and not ended */
	uint32_t fails;  /* in a row */
	uint64_t hold_down_until_ns;
};

struct weir_sched {
	uint32_t *cursor; /* per service, into its slots (lc: members); workers start apart */
	struct weir_sched_backend *backends;
};

void weir_sched_init(struct weir_sched *s, struct weir_arena *arena, const struct weir_policy *p,
	unsigned int worker);

/* From here on by p, the successor of that generation's policy. */
void weir_sched_adopt(struct weir_sched *s, const struct weir_policy *p, uint32_t generation);

/*
 * A backend for a new connection of the service, or WEIR_NONE16: none has weight. `avoid` is a
 * backend not to choose when there is another (WEIR_NONE16: none); one that rests is no other one
 * as long as any does not. rr and wrr take the next of the service's order, lc the least
 * active / weight, ties in turn. Bounded by the service's slots, for lc by its members.
 */
uint16_t weir_sched_pick(struct weir_sched *s, const struct weir_policy *p, uint16_t service,
	uint16_t avoid, uint64_t now_ns);

/* A connection was opened to / ended with the backend. */
void weir_sched_open(struct weir_sched *s, uint16_t backend);
void weir_sched_close(struct weir_sched *s, uint16_t backend);

/* It answered / did not. true: this failure made it rest; failures during a rest change nothing. */
void weir_sched_answered(struct weir_sched *s, uint16_t backend);
bool weir_sched_failed(struct weir_sched *s, uint16_t backend, uint64_t now_ns);

#endif
