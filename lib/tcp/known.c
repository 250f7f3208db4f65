// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/known.h"

#define WORDS (1u << (WEIR_KNOWN_BITS_LOG2 - 6))

void weir_known_init(struct weir_known *k, struct weir_arena *arena, const struct weir_sipkey *key,
	uint64_t now_ns)
{
	k->word = weir_arena_take(arena, WORDS * sizeof(*k->word));
	k->factor = key->k0 | 1;
	k->key = *key;
	k->filled = 0;
	k->turn_ends_ns = now_ns + WEIR_KNOWN_NS;
}

void weir_known_turn(struct weir_known *k, uint64_t now_ns)
{
	const bool slept = now_ns - k->turn_ends_ns >= WEIR_KNOWN_NS; /* both are old */

	k->filled ^= 1;
	for (uint32_t i = 0; i < WORDS; i++) {
		k->word[i][k->filled] = 0;
		if (slept)
			k->word[i][k->filled ^ 1] = 0;
	}
	k->turn_ends_ns = slept ? now_ns + WEIR_KNOWN_NS : k->turn_ends_ns + WEIR_KNOWN_NS;
}

static uint64_t second_place(const struct weir_known *k, const struct weir_addr *client)
{
	return weir_addr_hash(&k->key, client) >> (64 - WEIR_KNOWN_BITS_LOG2);
}

static void set(struct weir_known *k, uint64_t place)
{
	k->word[place / 64][k->filled] |= 1ull << place % 64;
}

void weir_known_note(struct weir_known *k, const struct weir_addr *client)
{
	set(k, weir_known_place(k, client));
	set(k, second_place(k, client));
}

bool weir_known_is(const struct weir_known *k, const struct weir_addr *client)
{
	return weir_known_may_be(k, client) && weir_known_has(k, second_place(k, client));
}
