// SPDX-License-Identifier: BSD-3-Clause
#include "flow/order.h"

static uint32_t gcd(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t remainder = a % b;

		a = b;
		b = remainder;
	}
	return a;
}

uint32_t weir_order_weigh(struct weir_members members, bool equal, struct weir_turn *turns)
{
	uint32_t divisor = 0, sum = 0, weighty = 0, total = 0;

	for (uint32_t i = 0; i < members.n; i++) {
		uint32_t share = weir_member_share(&members.at[i]);

		turns[i].weight = equal ? share != 0 : share;
		turns[i].credit = 0;
		divisor = gcd(divisor, turns[i].weight);
		sum += turns[i].weight;
		weighty += share != 0;
	}
	for (uint32_t i = 0; i < members.n; i++) {
		if (turns[i].weight == 0)
			continue;
		if (sum / divisor <= WEIR_SLOTS_MAX)
			turns[i].weight /= divisor;
		else
			turns[i].weight = 1 + turns[i].weight * (WEIR_SLOTS_MAX - weighty) / sum;
		total += turns[i].weight;
	}
	return total;
}

/*
 * nginx's smooth weighted round robin: every turn each member gets its weight as credit, the one
 * with the most credit has the turn and pays the sum of all weights. So a heavy backend's turns are
 * spread over the order, not in a row.
 */
void weir_order_fill(struct weir_members members, struct weir_turn *turns, uint16_t *slots,
	uint32_t n_slots)
{
	for (uint32_t slot = 0; slot < n_slots; slot++) {
		uint32_t richest = 0;

		for (uint32_t i = 0; i < members.n; i++) {
			turns[i].credit += (int32_t)turns[i].weight;
			if (turns[i].credit > turns[richest].credit)
				richest = i;
		}
		turns[richest].credit -= (int32_t)n_slots;
		slots[slot] = members.at[richest].backend;
	}
}
