// SPDX-License-Identifier: BSD-3-Clause
/* Owns the bits of the places in use, and whose turn it is. */
#include "flow/localport.h"

static uint32_t words_of(uint32_t bits)
{
	return (bits + 63) / 64;
}

/* The number that times `a` leaves 1 modulo n, by Euclid's algorithm; 0: they have a common divisor. */
static uint32_t inverse(uint32_t a, uint32_t n)
{
	int64_t t = 0, next_t = 1, r = n, next_r = a;

	while (next_r != 0) {
		int64_t q = r / next_r, old = next_t;

		next_t = t - q * next_t;
		t = old;
		old = next_r;
		next_r = r - q * next_r;
		r = old;
	}
	return r != 1 ? 0 : (uint32_t)(t < 0 ? t + n : t);
}

/* The first number from `stride` on that reaches every place. 1 does. */
static void choose_stride(struct weir_localports *p, uint32_t stride)
{
	p->stride = stride % p->count;
	while ((p->back = inverse(p->stride, p->count)) == 0)
		p->stride = (p->stride + 1) % p->count;
}

void weir_localports_init(struct weir_localports *p, struct weir_arena *arena, unsigned int worker,
	unsigned int workers, uint32_t end, const struct weir_localports_luck *luck)
{
	uint32_t past = WEIR_LOCALPORT_FIRST % workers;
	uint32_t first = WEIR_LOCALPORT_FIRST + (worker + workers - past) % workers;
	uint32_t count = (end - first + workers - 1) / workers;

	*p = (struct weir_localports){
		.first = first,
		.count = count,
		.random = luck->random | 1,
		.next = WEIR_LOCALPORT_NONE,
		.worker = (uint16_t)worker,
		.workers = (uint16_t)workers,
	};
	choose_stride(p, luck->stride);
	p->start = (uint32_t)(((uint64_t)luck->start * count >> 32) * p->stride % count);
	p->used = weir_arena_take(arena, words_of(count) * sizeof(*p->used));
	p->full = weir_arena_take(arena, words_of(words_of(count)) * sizeof(*p->full));
	p->turn = ~0ull; /* a pool has more than 64 ports */
}

static uint16_t port_at(const struct weir_localports *p, uint32_t place)
{
	uint32_t i = (uint32_t)((p->start + (uint64_t)place * p->stride) % p->count);

	return (uint16_t)(p->first + i * p->workers);
}

static uint32_t place_of(const struct weir_localports *p, uint16_t port)
{
	uint32_t i = (port - p->first) / p->workers + p->count - p->start;

	return (uint32_t)((uint64_t)i * p->back % p->count);
}

/* Bits that are free places: the last word has some that are no places at all. */
static uint64_t free_in(const struct weir_localports *p, uint32_t word)
{
	uint32_t left = p->count - word * 64;
	uint64_t places = left < 64 ? (1ull << left) - 1 : ~0ull;

	return ~p->used[word] & places;
}

static bool is_full(const struct weir_localports *p, uint32_t word)
{
	return p->full[word / 64] >> word % 64 & 1;
}

/* The next word after p->word that has a free place. INVARIANT: there is one. */
static uint32_t next_word(const struct weir_localports *p)
{
	const uint32_t words = words_of(p->count);
	uint32_t from = p->word + 1 == words ? 0 : p->word + 1;

	/* 64 of them at a time; the first and the last of these times are one word of p->full */
	while (is_full(p, from)) {
		uint64_t room = ~p->full[from / 64] >> from % 64;

		from = room != 0 ? from + (uint32_t)__builtin_ctzll(room) : (from / 64 + 1) * 64;
		if (from >= words)
			from = 0;
	}
	return from;
}

/* Marsaglia, "Xorshift RNGs" (2003): a port shows a few bits of it. */
static uint32_t random_bits(struct weir_localports *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 17;
	p->random ^= p->random << 5;
	return p->random;
}

/* One of the bits that are set: from anywhere on, the first to the eighth one. */
static uint32_t any_of(struct weir_localports *p, uint64_t bits)
{
	const uint32_t r = random_bits(p), from = r >> 26;
	uint64_t turned = bits >> from | bits << (64 - from) % 64;

	for (uint32_t skip = r & 7; skip > 0 && (turned & (turned - 1)) != 0; skip--)
		turned &= turned - 1;
	return (from + (uint32_t)__builtin_ctzll(turned)) % 64;
}

uint16_t weir_localports_take(struct weir_localports *p)
{
	uint32_t bit;

	if (p->in_use == p->count)
		return 0;
	if (p->turn == 0) {
		p->word = next_word(p);
		p->turn = free_in(p, p->word);
	}
	bit = any_of(p, p->turn);
	p->turn &= ~(1ull << bit);
	p->used[p->word] |= 1ull << bit;
	p->full[p->word / 64] |= (uint64_t)(free_in(p, p->word) == 0) << p->word % 64;
	p->in_use++;
	return port_at(p, p->word * 64 + bit);
}

void weir_localports_give(struct weir_localports *p, uint16_t port)
{
	uint32_t place = place_of(p, port), word = place / 64;

	p->used[word] &= ~(1ull << place % 64);
	p->full[word / 64] &= ~(1ull << word % 64);
	p->in_use--;
}

bool weir_localports_has(const struct weir_localports *p, uint16_t port)
{
	uint32_t place = place_of(p, port);

	return p->used[place / 64] >> place % 64 & 1;
}

void weir_localports_look_again(struct weir_localports *p)
{
	p->look = (p->word + 1) * 64 < p->count ? (p->word + 1) * 64 : 0;
}

uint16_t weir_localports_look(struct weir_localports *p)
{
	uint32_t place = p->look;

	p->look = place + 1 == p->count ? 0 : place + 1;
	return p->used[place / 64] >> place % 64 & 1 ? port_at(p, place) : 0;
}
