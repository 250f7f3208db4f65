// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/spent.h"

#include <string.h>

#define LINES_MIN 256

void weir_spent_init(struct weir_spent *s, struct weir_arena *arena, uint32_t conns)
{
	s->lines = LINES_MIN;
	while (s->lines < 4ull * conns / WEIR_SPENT_WAYS)
		s->lines *= 2;
	s->line = weir_arena_take(arena, s->lines * sizeof(*s->line));
}

/* A number for tuple and cookie. The hash is keyed, so a client cannot choose it. */
static uint64_t mix(uint64_t hash, uint32_t isn)
{
	uint64_t m = (hash + isn) * 0x9e3779b97f4a7c15ull;

	return (m ^ m >> 29) * 0xbf58476d1ce4e5b9ull;
}

static uint32_t *line_of(const struct weir_spent *s, uint64_t m)
{
	return s->line[m >> 32 & (s->lines - 1)];
}

void weir_spent_note(struct weir_spent *s, uint64_t hash, uint32_t isn)
{
	uint64_t m = mix(hash, isn);
	uint32_t *line = line_of(s, m);

	memmove(line + 1, line, (WEIR_SPENT_WAYS - 1) * sizeof(*line));
	line[0] = (uint32_t)m | 1;
}

bool weir_spent_is(const struct weir_spent *s, uint64_t hash, uint32_t isn)
{
	uint64_t m = mix(hash, isn);
	const uint32_t *line = line_of(s, m);
	bool found = false;

	for (unsigned int i = 0; i < WEIR_SPENT_WAYS; i++)
		found |= line[i] == ((uint32_t)m | 1);
	return found;
}
