/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which backends are healthy, as the control side sees it: a bit for each backend number.
 *
 * One for the whole process. It is no part of a policy, because it changes while a policy stays, and
 * it outlives policies: numbers stay the same over a reload. The control side writes, every worker
 * reads; both relaxed and by themselves, because nothing else follows from a bit: a worker that
 * still sees the old one chooses as it would have done a moment before. All zero: all are healthy. The
 * count of falls tells a worker that there is something to do about connections (tcp/sweep.c).
 *
 * What it does: flow/sched.h chooses no unhealthy backend.
 */
#ifndef WEIR_FLOW_HEALTH_H
#define WEIR_FLOW_HEALTH_H

#include "flow/policy.h"

struct weir_health {
	/* atomics */
	uint64_t unhealthy[WEIR_BACKENDS_MAX / 64];
	uint32_t falls; /* counts backends that were found unhealthy */
};

_Static_assert(WEIR_BACKENDS_MAX % 64 == 0, "a bit for every backend");

/* Any thread. */
static inline bool weir_health_is_good(const struct weir_health *h, uint16_t backend)
{
	uint64_t word = __atomic_load_n(&h->unhealthy[backend / 64], __ATOMIC_RELAXED);

	return (word >> backend % 64 & 1) == 0;
}

/* Any thread. A reader that sees a count also sees the bits that it counts. */
static inline uint32_t weir_health_falls(const struct weir_health *h)
{
	return __atomic_load_n(&h->falls, __ATOMIC_ACQUIRE);
}

/* Control side, any thread of it. */
static inline void weir_health_set(struct weir_health *h, uint16_t backend, bool healthy)
{
	uint64_t bit = 1ull << backend % 64;

	if (healthy)
		__atomic_fetch_and(&h->unhealthy[backend / 64], ~bit, __ATOMIC_RELAXED);
	else if (!(__atomic_fetch_or(&h->unhealthy[backend / 64], bit, __ATOMIC_RELAXED) & bit))
		__atomic_fetch_add(&h->falls, 1, __ATOMIC_RELEASE);
}

/*
 * Control side, before p is published: numbers that p has given away since that generation are
 * healthy, until it is known otherwise. (In the generation before nothing new goes to them: they
 * were vacant, or retired without a connection.)
 */
static inline void weir_health_adopt(struct weir_health *h, const struct weir_policy *p,
	uint32_t generation)
{
	for (uint32_t i = 0; i < p->n_backends; i++)
		if (p->backends[i].since > generation)
			weir_health_set(h, (uint16_t)i, true);
}

#endif
