// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/guesses.h"

#include "base/share.h"

_Static_assert((WEIR_GUESSES & (WEIR_GUESSES - 1)) == 0, "hashes become cells by a mask");

void weir_guesses_limit(struct weir_guesses *g, uint32_t limit, unsigned int workers)
{
	g->limit = weir_share(limit, workers);
}

void weir_guesses_init(struct weir_guesses *g, struct weir_arena *arena, uint32_t limit,
	unsigned int workers)
{
	weir_guesses_limit(g, limit, workers);
	g->cell = weir_arena_take(arena, WEIR_GUESSES * sizeof(*g->cell));
	g->total = g->second = 0;
}

void weir_guesses_note(struct weir_guesses *g, uint64_t hash, uint64_t now_s)
{
	struct weir_guess_cell *cell = &g->cell[hash & (WEIR_GUESSES - 1)];
	const uint16_t second = (uint16_t)now_s;

	if (g->second != second) {
		g->second = second;
		g->total = 0;
	}
	if (cell->second != second)
		*cell = (struct weir_guess_cell){.second = second};
	g->total++;
	if (cell->count < UINT16_MAX)
		cell->count++;
}

bool weir_guesses_over(const struct weir_guesses *g, uint64_t hash, uint64_t now_s)
{
	const struct weir_guess_cell *cell = &g->cell[hash & (WEIR_GUESSES - 1)];
	const uint16_t second = (uint16_t)now_s;
	const uint64_t total = g->second == second ? g->total : 0;
	const uint64_t spread = WEIR_GUESSES_SPREAD * total / WEIR_GUESSES;

	return g->limit != 0 && cell->second == second && cell->count >= g->limit + spread;
}
