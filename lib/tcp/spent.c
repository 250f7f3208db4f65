// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/spent.h"

/* One number for tuple and cookie: the hash is keyed, so nobody chooses it. */
static uint64_t mark(uint64_t hash, uint32_t isn)
{
	return (hash + isn * 0x9e3779b97f4a7c15ull) | 1;
}

static uint64_t *place(const struct weir_spent *s, uint64_t mark)
{
	return &s->at[mark >> 32 & (WEIR_SPENT - 1)];
}

_Static_assert((WEIR_SPENT & (WEIR_SPENT - 1)) == 0, "marks become places by a mask");

void weir_spent_init(struct weir_spent *s, struct weir_arena *arena)
{
	s->at = weir_arena_take(arena, WEIR_SPENT * sizeof(*s->at));
}

void weir_spent_note(struct weir_spent *s, uint64_t hash, uint32_t isn)
{
	uint64_t m = mark(hash, isn);

	*place(s, m) = m;
}

bool weir_spent_is(const struct weir_spent *s, uint64_t hash, uint32_t isn)
{
	uint64_t m = mark(hash, isn);

	return *place(s, m) == m;
}
