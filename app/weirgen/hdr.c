// SPDX-License-Identifier: BSD-3-Clause
#include "hdr.h"

#include <inttypes.h>
#include <math.h>

#define TICKS 5u /* lines for each halving of what is left to 100 % */
#define NS    1e6

/* From the bucket's lowest value to the next one's, the middle. */
static double deviation(const struct hist *h, double mean)
{
	double sum = 0;

	for (unsigned int b = 0; b < HIST_BUCKETS; b++) {
		double middle = (double)(hist_bucket_lowest(b) + hist_bucket_lowest(b + 1) - 1) / 2;

		if (h->bucket[b] > 0)
			sum += (double)h->bucket[b] * (middle - mean) * (middle - mean);
	}
	return sqrt(sum / (double)h->n);
}

static void print_line(FILE *f, const struct hist *h, double share)
{
	uint64_t value = hist_percentile(h, (uint32_t)(share * 1e6 + 0.5));
	uint64_t seen = 0;

	for (unsigned int b = 0; b < HIST_BUCKETS && hist_bucket_lowest(b) <= value; b++)
		seen += h->bucket[b];
	fprintf(f, "%12.6f %14.12f %10" PRIu64, (double)value / NS, share, seen);
	if (share < 1)
		fprintf(f, " %14.2f", 1 / (1 - share));
	fprintf(f, "\n");
}

void hdr_print(FILE *f, const struct hist *h)
{
	double mean = h->n ? (double)h->sum / (double)h->n : 0;
	double left = 1; /* to 100 % */

	fprintf(f, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
		"1/(1-Percentile)");
	/* until a step would be finer than what is counted, or than a percentile can be told */
	for (double half = 1; h->n > 0 && left * (double)h->n >= 0.5 && left > 2e-6; half /= 2)
		for (unsigned int i = 0; i < TICKS; i++) {
			print_line(f, h, 1 - left);
			left -= half / 2 / TICKS;
		}
	if (h->n > 0)
		print_line(f, h, 1);
	fprintf(f, "#[Mean    = %12.6f, StdDeviation   = %12.6f]\n", mean / NS,
		h->n ? deviation(h, mean) / NS : 0);
	fprintf(f, "#[Max     = %12.6f, Total count    = %12" PRIu64 "]\n", (double)h->max / NS,
		h->n);
	fprintf(f, "#[Buckets = %12u, SubBuckets     = %12u]\n", HIST_BITS - 7, HIST_LINEAR);
}
