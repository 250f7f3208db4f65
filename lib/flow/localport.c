// SPDX-License-Identifier: BSD-3-Clause
/* Owns the bits of the ports in use, and the cursor. */
#include "flow/localport.h"

void weir_localports_init(struct weir_localports *p, struct weir_arena *arena, unsigned int worker,
	unsigned int workers, uint32_t start)
{
	uint32_t past = WEIR_LOCALPORT_FIRST % workers;
	uint32_t first = WEIR_LOCALPORT_FIRST + (worker + workers - past) % workers;
	uint32_t count = (WEIR_LOCALPORT_FIRST + WEIR_LOCALPORTS - first + workers - 1) / workers;

	*p = (struct weir_localports){
		.first = first,
		.count = count,
		.cursor = (uint32_t)((uint64_t)start * count >> 32),
		.worker = (uint16_t)worker,
		.workers = (uint16_t)workers,
	};
	p->used = weir_arena_take(arena, (size_t)(count + 63) / 64 * sizeof(*p->used));
}

static uint16_t port_of(const struct weir_localports *p, uint32_t i)
{
	return (uint16_t)(p->first + i * p->workers);
}

/* Bits that are free ports: the last word has some that are no ports at all. */
static uint64_t free_in(const struct weir_localports *p, uint32_t word)
{
	uint32_t left = p->count - word * 64;
	uint64_t ports = left < 64 ? (1ull << left) - 1 : ~0ull;

	return ~p->used[word] & ports;
}

static void move_on(struct weir_localports *p, uint32_t i)
{
	p->cursor = i + 1 == p->count ? 0 : i + 1;
}

uint16_t weir_localports_take(struct weir_localports *p)
{
	uint32_t words = (p->count + 63) / 64;
	uint32_t word = p->cursor / 64;
	uint64_t from_cursor = ~0ull << p->cursor % 64;

	if (p->in_use == p->count)
		return 0;
	for (uint32_t seen = 0; seen <= words; seen++) {
		uint64_t free_bits = free_in(p, word) & (seen == 0 ? from_cursor : ~0ull);

		if (free_bits != 0) {
			uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(free_bits);

			p->used[word] |= 1ull << i % 64;
			p->in_use++;
			move_on(p, i);
			return port_of(p, i);
		}
		word = word + 1 == words ? 0 : word + 1;
	}
	return 0;
}

/* Into a full pool: the next take need not search for the only one there is. */
void weir_localports_give(struct weir_localports *p, uint16_t port)
{
	uint32_t i = (port - p->first) / p->workers;

	if (p->in_use == p->count)
		p->cursor = i;
	p->used[i / 64] &= ~(1ull << i % 64);
	p->in_use--;
}

uint16_t weir_localports_oldest(struct weir_localports *p)
{
	uint32_t i = p->cursor;

	move_on(p, i);
	return port_of(p, i);
}
