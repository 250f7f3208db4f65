/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A token bucket: at most `rate` grants a second on average, at most `rate` in one go. Belongs to one
 * thread. Times are nanoseconds of one clock, which may start anywhere.
 */
#ifndef WEIR_BASE_BUCKET_H
#define WEIR_BASE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct weir_bucket {
	uint64_t cost_ns; /* of one grant; 0: nothing is ever granted */
	uint64_t full_ns; /* the most credit that can be saved: one second */
	uint64_t spent_until_ns;
};

/* Another rate, in grants per second, 0 for none; what is spent stays spent. */
static inline void weir_bucket_rate(struct weir_bucket *b, uint32_t rate_per_s)
{
	b->cost_ns = rate_per_s ? (b->full_ns + rate_per_s - 1) / rate_per_s : 0;
}

/* A full bucket. */
static inline void weir_bucket_init(struct weir_bucket *b, uint32_t rate_per_s, uint64_t now_ns)
{
	b->full_ns = 1000000000;
	weir_bucket_rate(b, rate_per_s);
	b->spent_until_ns = now_ns > b->full_ns ? now_ns - b->full_ns : 0;
}

/* The credit there is: cost_ns for each grant. */
static inline uint64_t weir_bucket_left_ns(const struct weir_bucket *b, uint64_t now_ns)
{
	uint64_t from = b->spent_until_ns;

	if (now_ns > b->full_ns && from < now_ns - b->full_ns)
		from = now_ns - b->full_ns;
	return now_ns > from ? now_ns - from : 0;
}

/* There is a grant to take. */
static inline bool weir_bucket_has(const struct weir_bucket *b, uint64_t now_ns)
{
	return b->cost_ns != 0 && b->cost_ns <= weir_bucket_left_ns(b, now_ns);
}

/* Takes one grant; false when the budget is spent. A clock that goes back grants nothing new. */
static inline bool weir_bucket_take(struct weir_bucket *b, uint64_t now_ns)
{
	if (!weir_bucket_has(b, now_ns))
		return false;
	b->spent_until_ns = now_ns - weir_bucket_left_ns(b, now_ns) + b->cost_ns;
	return true;
}

#endif
