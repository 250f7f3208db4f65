// SPDX-License-Identifier: BSD-3-Clause
/* tcp/cookie: a client picks its ISN; no choice makes the cookie easier to forge. */
#include <math.h>

#include "cookies.h"

/* The bits of the MAC, closed up to the right. */
static uint64_t gather(uint64_t x, uint64_t mask)
{
	uint64_t out = 0;

	for (unsigned int at = 0; mask != 0; mask &= mask - 1, at++)
		out |= (uint64_t)((x & mask & -mask) != 0) << at;
	return out;
}

/* MACs of cookies with that client ISN, each of another tuple. */
static void macs_of_isn(uint32_t client_isn, bool ts, uint64_t *out, unsigned int n, uint64_t *seed)
{
	struct weir_keys k = keys_at(WALL_S);
	uint64_t mask = mac_bits_of_layout(ts);

	for (unsigned int i = 0; i < n; i += WEIR_BURST) {
		struct weir_seg syns[WEIR_BURST];
		const struct weir_seg *segs[WEIR_BURST];
		struct weir_cookie c[WEIR_BURST];

		for (unsigned int j = 0; j < WEIR_BURST; j++) {
			syns[j] = random_syn(seed, false);
			syns[j].seq = client_isn;
			segs[j] = &syns[j];
			c[j].agreed = (struct weir_agreed){.wscale = 7, .ts = ts};
		}
		weir_cookie_make(&k, segs, c, WEIR_BURST, 0);
		for (unsigned int j = 0; j < WEIR_BURST; j++)
			out[i + j] = gather(numbers(&c[j]), mask);
	}
}

#define CHOSEN      (1u << 18) /* cookies looked at for each ISN */
#define WINDOW_LOG2 18         /* bits of the MAC looked at together */

/* Bits of entropy in those of the MACs' bits: by how often two of them are equal (Rényi, order 2). */
static double entropy(const uint64_t *macs, uint64_t window)
{
	static uint32_t seen[1u << WINDOW_LOG2];
	double pairs = 0;

	memset(seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < CHOSEN; i++)
		pairs += seen[gather(macs[i], window)]++;
	return log2(CHOSEN / 2.0 * (CHOSEN - 1.0) / pairs);
}

static uint64_t some_bits(unsigned int of, uint64_t *seed)
{
	uint64_t some = 0;

	while (__builtin_popcountll(some) < WINDOW_LOG2)
		some |= 1ull << unit_random(seed) % of;
	return some;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Pairs of equal MACs. */
static unsigned int twins(uint64_t *macs)
{
	unsigned int n = 0;

	qsort(macs, CHOSEN, sizeof(*macs), by_value);
	for (unsigned int i = 1; i < CHOSEN; i++)
		n += macs[i] == macs[i - 1];
	return n;
}

/*
 * The bits of MAC that are missing for a client ISN, by windows of 18 of them that are spread over the
 * whole MAC: a relation between any of its bits makes some window narrower than it is wide.
 */
static double missing_bits(uint32_t client_isn, bool ts, uint64_t *seed)
{
	static uint64_t macs[CHOSEN];
	const unsigned int width = ts ? WEIR_COOKIE_ODDS_TS_LOG2 : WEIR_COOKIE_ODDS_PLAIN_LOG2;
	double worst = 0;

	macs_of_isn(client_isn, ts, macs, CHOSEN, seed);
	for (unsigned int i = 0; i < 4; i++) {
		double missing = WINDOW_LOG2 - entropy(macs, some_bits(width, seed));

		worst = missing > worst ? missing : worst;
	}
	/* of 2^35 pairs: with 46 bits none is equal in most runs, with 32 bits 8 are */
	CU_ASSERT_TRUE(!ts || twins(macs) < 3);
	return worst;
}

/* HC-40: a client picks its ISN; none that it may pick takes bits from the MAC. */
static void chosen_isns(void)
{
	/* the last one: 1 + ISN * golden ratio is 0 in its lower 32 bits (decision 0056) */
	static const uint32_t isns[] = {0, 1, 2, 3, 0xffff, 0x10000, 0x10001, 0x7fffffff,
		0x80000000, 0x80000001, 0xffffffff, 0x66c88cc3};
	uint64_t seed = 18;
	double plain = 0, ts = 0;

	for (unsigned int i = 0; i < sizeof(isns) / sizeof(isns[0]); i++) {
		double p = missing_bits(isns[i], false, &seed);
		double t = missing_bits(isns[i], true, &seed);

		plain = p > plain ? p : plain;
		ts = t > ts ? t : ts;
	}
	printf("  bits of MAC for the worst client ISN: %.2f plain, %.2f with timestamps\n",
		WEIR_COOKIE_ODDS_PLAIN_LOG2 - plain, WEIR_COOKIE_ODDS_TS_LOG2 - ts);
	CU_ASSERT_TRUE(WEIR_COOKIE_ODDS_PLAIN_LOG2 - plain >= 26.9);
	CU_ASSERT_TRUE(WEIR_COOKIE_ODDS_TS_LOG2 - ts >= 45.9);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-40 as many bits of MAC for every ISN that a client picks", chosen_isns},
	};

	return unit_main("cookie isns", tests, sizeof(tests) / sizeof(tests[0]));
}
