// SPDX-License-Identifier: BSD-3-Clause
#include "hist.h"

uint64_t hist_bucket_lowest(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < HIST_LINEAR)
		return bucket;
	shift = bucket / HIST_OCTAVE - 1;
	return (uint64_t)(bucket - shift * HIST_OCTAVE) << shift;
}

uint64_t hist_percentile(const struct hist *h, uint32_t per_million)
{
	uint64_t rank = (h->n / 1000000) * per_million +
		((h->n % 1000000) * per_million + 999999) / 1000000;
	uint64_t seen = 0, highest;

	if (rank == 0)
		rank = 1;
	for (unsigned int b = 0; b < HIST_BUCKETS; b++) {
		seen += h->bucket[b];
		if (seen < rank)
			continue;
		highest = hist_bucket_lowest(b + 1) - 1;
		return b == HIST_BUCKETS - 1 || highest > h->max ? h->max : highest;
	}
	return 0;
}

void hist_merge(struct hist *to, const struct hist *from)
{
	for (unsigned int b = 0; b < HIST_BUCKETS; b++)
		to->bucket[b] += from->bucket[b];
	to->n += from->n;
	to->sum += from->sum;
	if (from->max > to->max)
		to->max = from->max;
}
