// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/sources.h"

#include "base/share.h"

void weir_sources_limit(struct weir_sources *s, uint32_t rate, unsigned int workers)
{
	s->limit = weir_share(rate, workers);
}

void weir_sources_init(struct weir_sources *s, struct weir_arena *arena, uint32_t rate,
	unsigned int workers)
{
	weir_sources_limit(s, rate, workers);
	for (unsigned int i = 0; i < 2; i++)
		s->row[i] = weir_arena_take(arena, WEIR_SOURCES * sizeof(*s->row[i]));
}

/* Counts one more in this second; returns the count. */
static uint32_t count_in(struct weir_source_cell *cell, uint16_t second)
{
	if (cell->second != second)
		*cell = (struct weir_source_cell){.second = second};
	if (cell->count < WEIR_SOURCES_MAX)
		cell->count++;
	return cell->count;
}

bool weir_sources_take(struct weir_sources *s, uint64_t hash, uint64_t now_s)
{
	uint32_t a, b;

	if (!weir_sources_limited(s))
		return true;
	a = count_in(&s->row[0][hash % WEIR_SOURCES], (uint16_t)now_s);
	b = count_in(&s->row[1][(hash >> 32) % WEIR_SOURCES], (uint16_t)now_s);
	return (a < b ? a : b) <= s->limit;
}
