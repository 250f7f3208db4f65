// SPDX-License-Identifier: BSD-3-Clause
/* flow/maglev: the table of the scheduler of that name. */
#include "flow/maglev.h"
#include "unit.h"

#define MEMBERS 100u
#define SLOTS   16381u

static struct weir_member members[MEMBERS];
static uint64_t identity[MEMBERS];

/* The table of all members but that one (MEMBERS: of all). */
static void fill_but(uint32_t gone, uint16_t *slots)
{
	struct weir_member at[MEMBERS];
	struct weir_maglev_turn turns[MEMBERS];
	uint64_t known_by[MEMBERS];
	uint32_t n = 0;

	for (uint32_t i = 0; i < MEMBERS; i++) {
		if (i == gone)
			continue;
		at[n] = members[i];
		known_by[n++] = identity[i];
	}
	weir_maglev_fill((struct weir_members){at, n}, known_by, turns, slots, SLOTS);
}

static void make_members(uint64_t seed, bool weighted)
{
	for (uint32_t i = 0; i < MEMBERS; i++) {
		members[i] = (struct weir_member){
			(uint16_t)i, weighted ? (uint16_t)(1 + i % 4) : 1, false, 0, 0};
		identity[i] = (uint64_t)unit_random(&seed) << 32 ^ unit_random(&seed);
	}
}

static void maglev_shares(void)
{
	static uint16_t slots[SLOTS];

	for (unsigned int weighted = 0; weighted < 2; weighted++) {
		uint32_t count[MEMBERS] = {0}, wrong = 0;

		make_members(3, weighted);
		fill_but(MEMBERS, slots);
		for (uint32_t i = 0; i < SLOTS; i++)
			count[slots[i]]++;
		for (uint32_t i = 0; i < MEMBERS; i++) {
			double fair = (double)SLOTS * members[i].weight / (weighted ? 250 : 100);

			wrong += count[i] < fair * 0.95 - 1 || count[i] > fair * 1.05 + 1;
		}
		CU_ASSERT_EQUAL(wrong, 0);
	}
}

/*
 * One of a hundred leaves: its hundredth must move. What moves beside it is less than two hundredths,
 * where a hash modulo the number of backends moves nearly all.
 */
static void maglev_moves_few(void)
{
	static uint16_t all[SLOTS], rest[SLOTS];
	uint32_t most = 0;

	make_members(7, false);
	fill_but(MEMBERS, all);
	for (uint32_t gone = 0; gone < MEMBERS; gone += 9) {
		uint32_t moved = 0;

		fill_but(gone, rest);
		for (uint32_t i = 0; i < SLOTS; i++) {
			CU_ASSERT(rest[i] != gone);
			moved += all[i] != gone && rest[i] != all[i];
		}
		most = moved > most ? moved : most;
	}
	printf("of the slots of other members %.2f %% move at most ... ", 100.0 * most / SLOTS);
	CU_ASSERT(most < SLOTS * 2 / 100);
}

/* Backups and members without weight have no slot; of none that has a share nothing is made. */
static void maglev_shares_only(void)
{
	static const uint64_t known_by[3] = {0x1111111122222222, 0x3333333344444444, 5};
	struct weir_member three[3] = {
		{0, 1, true, 0, 0}, {1, 0, false, 0, 0}, {2, 5, false, 0, 0}};
	struct weir_maglev_turn turns[3];
	uint16_t slots[7] = {9, 9, 9, 9, 9, 9, 9};

	weir_maglev_fill((struct weir_members){three, 2}, known_by, turns, slots, 7);
	CU_ASSERT_EQUAL(slots[3], 9);
	weir_maglev_fill((struct weir_members){three, 3}, known_by, turns, slots, 7);
	for (unsigned int i = 0; i < 7; i++)
		CU_ASSERT_EQUAL(slots[i], 2);
}

static void maglev_primes(void)
{
	CU_ASSERT(weir_maglev_is_prime(2) && weir_maglev_is_prime(251) &&
		weir_maglev_is_prime(16381) && weir_maglev_is_prime(131071));
	CU_ASSERT(!weir_maglev_is_prime(0) && !weir_maglev_is_prime(1) &&
		!weir_maglev_is_prime(4) && !weir_maglev_is_prime(16383) &&
		!weir_maglev_is_prime(65025));
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"maglev shares", maglev_shares},
		{"maglev moves few when one leaves", maglev_moves_few},
		{"maglev has shares only", maglev_shares_only},
		{"maglev primes", maglev_primes},
	};

	return unit_main("maglev", tests, sizeof(tests) / sizeof(tests[0]));
}
