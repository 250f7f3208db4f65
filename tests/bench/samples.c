// SPDX-License-Identifier: BSD-3-Clause
#include "samples.h"

#include <stdlib.h>
#include <sys/resource.h>

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
		double cycles = (double)fn(job->ctx, i % job->lots);
		long after = switches();

		values[i] = after == before ? cycles / job->per_lot : SAMPLES_NONE;
		before = after;
	}
}

void samples_take(const struct samples_job *job, struct samples *result)
{
	unsigned int n = job->lots * job->rounds;
	double *floors = calloc(n, sizeof(*floors));
	double *fulls = calloc(n, sizeof(*fulls));

	if (floors == NULL || fulls == NULL)
		abort();
	if (job->floor != NULL)
		samples_collect(job, job->floor, floors, job->lots);
	samples_collect(job, job->full, fulls, job->lots);
	for (unsigned int i = 0; i < job->rounds; i++) {
		if (job->floor != NULL)
			samples_collect(job, job->floor, floors + i * job->lots, job->lots);
		samples_collect(job, job->full, fulls + i * job->lots, job->lots);
	}
	result->floor = samples_spread(floors, n);
	result->full = samples_spread(fulls, n);
	free(floors);
	free(fulls);
}
