// SPDX-License-Identifier: BSD-3-Clause
#include "samples.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct spread samples_spread(double *values, unsigned int n)
{
	qsort(values, n, sizeof(*values), by_value);
	return (struct spread){
		.min = values[0],
		.q1 = values[n / 4],
		.median = values[n / 2],
		.q3 = values[n * 3 / 4],
		.n = n,
	};
}

static void take_round(const struct samples_job *job, samples_fn *fn, double *into)
{
	for (unsigned int lot = 0; lot < job->lots; lot++)
		into[lot] = (double)fn(job->ctx, lot) / job->per_lot;
}

void samples_take(const struct samples_job *job, struct samples *result)
{
	unsigned int n = job->lots * job->rounds;
	double *floors = calloc(n, sizeof(*floors));
	double *fulls = calloc(n, sizeof(*fulls));

	if (floors == NULL || fulls == NULL)
		abort();
	if (job->floor != NULL)
		take_round(job, job->floor, floors);
	take_round(job, job->full, fulls);
	for (unsigned int i = 0; i < job->rounds; i++) {
		if (job->floor != NULL)
			take_round(job, job->floor, floors + i * job->lots);
		take_round(job, job->full, fulls + i * job->lots);
	}
	result->floor = samples_spread(floors, n);
	result->full = samples_spread(fulls, n);
	free(floors);
	free(fulls);
}
