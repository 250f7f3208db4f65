// SPDX-License-Identifier: BSD-3-Clause
#include "samples.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "base/siphash_many.h"
#include "cycles.h"

#define CALM      1.1     /* times the best arithmetic: nobody shares the core */
#define CALM_FEW  10u     /* one in so many lots must be calm to be believed alone */
#define CALIBRATE 500000u /* about half a second */
#define PATIENCE  2u      /* times as many rounds, to get there */

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct spread samples_spread(double *values, unsigned int n)
{
	unsigned int none = 0;

	qsort(values, n, sizeof(*values), by_value);
	while (none < n && values[none] == SAMPLES_NONE)
		none++;
	values += none;
	n -= none;
	if (n == 0)
		return (struct spread){0};
	return (struct spread){
		.min = values[0],
		.q1 = values[n / 4],
		.median = values[n / 2],
		.q3 = values[n * 3 / 4],
		.n = n,
	};
}

/* How often this thread has had to wait for a CPU again. */
static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

void samples_collect(const struct samples_job *job, samples_fn *fn, double *values, unsigned int n)
{
	long before = switches();

	for (unsigned int i = 0; i < n; i++) {
		double took = (double)fn(job->ctx, job->first + i % job->lots);
		long after = switches();

		values[i] = after == before ? took / job->per_lot : SAMPLES_NONE;
		before = after;
	}
}

/*
 * What a fixed piece of arithmetic takes: more than at its best while somebody uses the other half of
 * the core, which no guest is told of.
 */
static double arithmetic(void)
{
	static const struct weir_siplanes words[2];
	const struct weir_sipkey keys[2] = {{1, 2}, {3, 4}};
	const struct weir_sipshape shape = {1, 6};
	struct weir_siplanes out;
	uint64_t start = cycles();

	weir_siphash24_many_plain(keys, 0, words, shape, WEIR_SIP_MANY, &out);
	return (double)(cycles() - start);
}

/* The samples of many lots; those next to which the core was not shared are also kept by themselves. */
struct pile {
	double *all, *calm;
	unsigned int n, n_calm;
};

static double best_arithmetic = 1e9;

void samples_calibrate(void)
{
	for (unsigned int i = 0; i < CALIBRATE; i++) {
		double took = arithmetic();

		best_arithmetic = took < best_arithmetic ? took : best_arithmetic;
	}
}

static void pile_lots(struct pile *p, const struct samples_job *job, samples_fn *fn)
{
	for (unsigned int lot = 0; lot < job->lots; lot++) {
		struct samples_job one = {.ctx = job->ctx, .lots = 1, .per_lot = job->per_lot};
		double value, beside;

		one.first = lot;
		samples_collect(&one, fn, &value, 1);
		beside = arithmetic();
		best_arithmetic = beside < best_arithmetic ? beside : best_arithmetic;
		p->all[p->n++] = value;
		if (value != SAMPLES_NONE && beside < best_arithmetic * CALM)
			p->calm[p->n_calm++] = value;
	}
}

static void pile_open(struct pile *p, unsigned int room)
{
	*p = (struct pile){
		.all = calloc(room, sizeof(double)), .calm = calloc(room, sizeof(double))};
	if (p->all == NULL || p->calm == NULL)
		abort();
}

static struct spread pile_close(struct pile *p)
{
	struct spread s = p->n_calm >= p->n / CALM_FEW ? samples_spread(p->calm, p->n_calm)
						       : samples_spread(p->all, p->n);

	free(p->all);
	free(p->calm);
	return s;
}

void samples_take(const struct samples_job *job, struct samples *result)
{
	unsigned int most = job->rounds * PATIENCE;
	struct pile floors, fulls;

	pile_open(&floors, (most + 1) * job->lots);
	pile_open(&fulls, (most + 1) * job->lots);
	for (unsigned int i = 0; i <= most; i++) {
		if (i == 1) /* the first round only warms up */
			floors.n = floors.n_calm = fulls.n = fulls.n_calm = 0;
		if (i > job->rounds && fulls.n_calm >= job->rounds * job->lots / CALM_FEW)
			break;
		if (job->floor != NULL)
			pile_lots(&floors, job, job->floor);
		pile_lots(&fulls, job, job->full);
	}
	result->floor = job->floor == NULL ? (struct spread){0} : pile_close(&floors);
	result->full = pile_close(&fulls);
}
