// SPDX-License-Identifier: BSD-3-Clause
#include "flow/maglev.h"

bool weir_maglev_is_prime(uint32_t n)
{
	for (uint32_t i = 2; i <= n / i; i++)
		if (n % i == 0)
			return false;
	return n >= 2;
}

static uint32_t heaviest(struct weir_members members)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < members.n; i++)
		if (weir_member_share(&members.at[i]) > most)
			most = weir_member_share(&members.at[i]);
	return most;
}

/* The first place of the member's list that is free. INVARIANT: there is one. */
static uint32_t take_place(struct weir_maglev_turn *turn, const uint16_t *slots, uint32_t n_slots)
{
	uint32_t at = turn->at;

	while (slots[at] != WEIR_MAGLEV_FREE)
		at = (at + turn->skip) % n_slots;
	turn->at = (at + turn->skip) % n_slots;
	return at;
}

/*
 * The heaviest member takes a place every round, the others as often as their credit allows: all of
 * them move down their lists at the speed of their shares.
 */
void weir_maglev_fill(struct weir_members members, const uint64_t *identity,
	struct weir_maglev_turn *turns, uint16_t *slots, uint32_t n_slots)
{
	uint32_t price = heaviest(members), left = n_slots;

	if (price == 0)
		return;
	for (uint32_t i = 0; i < n_slots; i++)
		slots[i] = WEIR_MAGLEV_FREE;
	for (uint32_t i = 0; i < members.n; i++)
		turns[i] = (struct weir_maglev_turn){.at = (uint32_t)identity[i] % n_slots,
			.skip = 1 + (uint32_t)(identity[i] >> 32) % (n_slots - 1)};
	while (left > 0) {
		for (uint32_t i = 0; i < members.n && left > 0; i++) {
			turns[i].credit += weir_member_share(&members.at[i]);
			if (turns[i].credit < price)
				continue;
			turns[i].credit -= price;
			slots[take_place(&turns[i], slots, n_slots)] = members.at[i].backend;
			left--;
		}
	}
}
