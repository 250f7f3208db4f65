/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timing on a machine that others use too: many short samples, floor and full taking turns, and
 * what the middle of them says. A lot in which the thread had to leave its CPU does not count, nor, if
 * there are enough others, one beside which arithmetic was slow: the core was shared then.
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
	unsigned int first;   /* lot */
	unsigned int lots;    /* of one round */
	unsigned int per_lot; /* operations in a lot: results are per operation */
	unsigned int rounds;
};

struct samples {
	struct spread floor;
	struct spread full;
};

/*
 * Runs all lots in order, `rounds` times or, while the core is shared, up to twice as often; a round of
 * the floor before each, and one of both before the first.
 */
void samples_take(const struct samples_job *job, struct samples *result);

/* Finds out how fast this machine's arithmetic is; once, before anything is timed. */
void samples_calibrate(void);

/*
 * Into values[i]: lot i's cycles per operation, or SAMPLES_NONE if it was interrupted. n lots, of the
 * job's in turn.
 */
void samples_collect(const struct samples_job *job, samples_fn *fn, double *values, unsigned int n);

#define SAMPLES_NONE -1.0

/* Of those values that are there. Sorts them. */
struct spread samples_spread(double *values, unsigned int n);

#endif
