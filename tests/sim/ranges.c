// SPDX-License-Identifier: BSD-3-Clause
#include "ranges.h"

#include <string.h>

#include "base/seq.h"

static void remove_at(struct sim_ranges *r, uint32_t i)
{
	r->n--;
	memmove(&r->at[i], &r->at[i + 1], (r->n - i) * sizeof(r->at[0]));
}

bool sim_ranges_add(struct sim_ranges *r, uint32_t left, uint32_t right)
{
	uint32_t i = 0;

	while (i < r->n && weir_seq_lt(r->at[i].right, left))
		i++;
	/* What it touches melts into it. */
	while (i < r->n && weir_seq_le(r->at[i].left, right)) {
		left = weir_seq_lt(left, r->at[i].left) ? left : r->at[i].left;
		right = weir_seq_max(right, r->at[i].right);
		remove_at(r, i);
	}
	if (r->n == SIM_RANGES_MAX)
		return false;
	memmove(&r->at[i + 1], &r->at[i], (r->n - i) * sizeof(r->at[0]));
	r->at[i] = (struct sim_range){left, right};
	r->n++;
	r->last = i;
	return true;
}

void sim_ranges_cut(struct sim_ranges *r, uint32_t seq)
{
	while (r->n > 0 && weir_seq_le(r->at[0].right, seq)) {
		remove_at(r, 0);
		if (r->last > 0)
			r->last--;
	}
	if (r->n > 0 && weir_seq_lt(r->at[0].left, seq))
		r->at[0].left = seq;
}

const struct sim_range *sim_ranges_find(const struct sim_ranges *r, uint32_t seq)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (weir_seq_le(r->at[i].left, seq) && weir_seq_lt(seq, r->at[i].right))
			return &r->at[i];
	return NULL;
}

uint32_t sim_ranges_gap(const struct sim_ranges *r, uint32_t seq)
{
	const struct sim_range *in;

	while ((in = sim_ranges_find(r, seq)) != NULL)
		seq = in->right;
	return seq;
}

uint32_t sim_ranges_free(const struct sim_ranges *r, uint32_t seq, uint32_t limit)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (weir_seq_lt(seq, r->at[i].left) && r->at[i].left - seq < limit)
			limit = r->at[i].left - seq;
	return limit;
}
