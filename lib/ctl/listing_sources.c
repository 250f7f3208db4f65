// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/listing_sources.h"

#include <stdlib.h>
#include <string.h>

struct source {
	struct weir_addr addr;
	uint64_t refused;
	uint32_t connections;
};

/* Telemetry serves each client in a thread of its own. */
static _Thread_local struct {
	uint32_t n;
	struct source at[WEIR_WORKERS_MAX * WEIR_OFFENDERS];
} look;

static int by_address(const void *a, const void *b)
{
	return memcmp(&((const struct source *)a)->addr, &((const struct source *)b)->addr,
		sizeof(struct weir_addr));
}

static int worst_first(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	if (x->refused != y->refused)
		return x->refused < y->refused ? 1 : -1;
	if (x->connections != y->connections)
		return x->connections < y->connections ? 1 : -1;
	return by_address(a, b);
}

static void collect(const struct weir_crowd *crowd)
{
	struct weir_offender o;

	for (uint32_t i = 0; i < WEIR_OFFENDERS; i++)
		if (weir_crowd_offender(crowd, i, &o))
			look.at[look.n++] = (struct source){.addr = o.addr, .refused = o.refused};
}

/* Entries of one address become one. */
static void merge(void)
{
	uint32_t n = 0;

	qsort(look.at, look.n, sizeof(look.at[0]), by_address);
	for (uint32_t i = 0; i < look.n; i++) {
		if (n > 0 && by_address(&look.at[n - 1], &look.at[i]) == 0)
			look.at[n - 1].refused += look.at[i].refused;
		else
			look.at[n++] = look.at[i];
	}
	look.n = n;
}

uint32_t weir_sources_count(const struct weir_view *v)
{
	const unsigned int workers = v->policy->n_workers;

	look.n = 0;
	for (unsigned int w = 0; w < workers; w++)
		if (v->worker[w].crowd != NULL)
			collect(v->worker[w].crowd);
	merge();
	for (uint32_t i = 0; i < look.n; i++)
		for (unsigned int w = 0; w < workers; w++)
			if (v->worker[w].crowd != NULL)
				look.at[i].connections +=
					weir_crowd_now(v->worker[w].crowd, &look.at[i].addr);
	qsort(look.at, look.n, sizeof(look.at[0]), worst_first);
	return look.n;
}

void weir_sources_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	char text[WEIR_ADDR_TEXT];

	(void)v;
	weir_row_text(row, "address", weir_addr_text(&look.at[i].addr, text));
	weir_row_number(row, "connections", look.at[i].connections);
	weir_row_number(row, "refused", look.at[i].refused);
}
