/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A histogram of times: buckets are as wide as 1/128 of what they hold or less, from a nanosecond to
 * hours, so that no percentile is off by more than 0.8 %. Adding costs a few instructions; memory is
 * fixed.
 */
#ifndef WEIRGEN_HIST_H
#define WEIRGEN_HIST_H

#include <stdint.h>

#define HIST_LINEAR  256u /* values below have a bucket each */
#define HIST_OCTAVE  128u /* buckets for each doubling above */
#define HIST_BITS    44u  /* values from 2^44 ns (4.9 hours) on share the last bucket */
#define HIST_BUCKETS (HIST_LINEAR + (HIST_BITS - 8) * HIST_OCTAVE)

struct hist {
	uint64_t n, sum, max;
	uint64_t bucket[HIST_BUCKETS];
};

/* Zeroed memory is an empty one. */
static inline void hist_add(struct hist *h, uint64_t value);

/* The lowest value of that bucket; of HIST_BUCKETS: the lowest value beyond all buckets. */
uint64_t hist_bucket_lowest(unsigned int bucket);

/*
 * The value that per_million / 1e6 of all do not exceed: the highest of its bucket, but never more
 * than the largest that was added. 0 when nothing was.
 */
uint64_t hist_percentile(const struct hist *h, uint32_t per_million);

/* Adds all that `from` holds. */
void hist_merge(struct hist *to, const struct hist *from);

/* inline definitions */

static inline unsigned int hist_bucket(uint64_t value)
{
	unsigned int shift;

	if (value < HIST_LINEAR)
		return (unsigned int)value;
	if (value >> HIST_BITS != 0)
		return HIST_BUCKETS - 1;
	shift = 56u - (unsigned int)__builtin_clzll(value); /* leaves 128 .. 255 */
	return shift * HIST_OCTAVE + (unsigned int)(value >> shift);
}

static inline void hist_add(struct hist *h, uint64_t value)
{
	h->bucket[hist_bucket(value)]++;
	h->n++;
	h->sum += value;
	if (value > h->max)
		h->max = value;
}

#endif
