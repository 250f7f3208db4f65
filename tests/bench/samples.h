/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timing on a machine that others use too: many short samples, floor and full taking turns, and
 * what the middle of them says. A lot that was interrupted is an outlier and not the result.
 */
#ifndef WEIR_BENCH_SAMPLES_H
#define WEIR_BENCH_SAMPLES_H

#include <stdint.h>

struct spread {
	double min, q1, median, q3;
	unsigned int n;
};

/* Works through lot number `lot` and returns the cycles (TSC) that it took. */
typedef uint64_t samples_fn(void *ctx, unsigned int lot);

/* What is to be timed. */
struct samples_job {
	samples_fn *floor; /* the same without the work itself; NULL: there is no floor */
	samples_fn *full;
	void *ctx;
	unsigned int lots;    /* of one round */
	unsigned int per_lot; /* operations in a lot: results are per operation */
	unsigned int rounds;
};

struct samples {
	struct spread floor;
	struct spread full;
};

/* Runs all lots in order, `rounds` times, a round of the floor before each, and one of both before. */
void samples_take(const struct samples_job *job, struct samples *result);

/* Sorts values. */
struct spread samples_spread(double *values, unsigned int n);

#endif
