// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/spent.h"

#include <string.h>

/* Marks of a set, which share a cache line, the newest first. */
#define WAYS 8

/* One number for tuple and cookie. The hash is keyed, so a client cannot choose it. */
static uint64_t mark(uint64_t hash, uint32_t isn)
{
	return (hash + isn * 0x9e3779b97f4a7c15ull) | 1;
}

static uint64_t *line(const struct weir_spent *s, uint64_t mark)
{
	return &s->at[(mark >> 32 & (WEIR_SPENT / WAYS - 1)) * WAYS];
}

_Static_assert((WEIR_SPENT & (WEIR_SPENT - 1)) == 0, "marks become lines by a mask");

void weir_spent_init(struct weir_spent *s, struct weir_arena *arena)
{
	s->at = weir_arena_take(arena, WEIR_SPENT * sizeof(*s->at));
}

void weir_spent_note(struct weir_spent *s, uint64_t hash, uint32_t isn)
{
	uint64_t m = mark(hash, isn), *at = line(s, m);

	memmove(at + 1, at, (WAYS - 1) * sizeof(*at));
	at[0] = m;
}

bool weir_spent_is(const struct weir_spent *s, uint64_t hash, uint32_t isn)
{
	uint64_t m = mark(hash, isn);
	const uint64_t *at = line(s, m);
	bool found = false;

	for (unsigned int i = 0; i < WAYS; i++)
		found |= at[i] == m;
	return found;
}
