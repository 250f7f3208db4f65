// SPDX-License-Identifier: BSD-3-Clause
/* HC-45: the gate changes at its marks, stays for its time, and never to and fro. */
#include "tcp/gate.h"
#include "unit.h"

#define IS(a, b) CU_ASSERT_EQUAL(a, b)
#define S        1000000000ull

static const struct weir_gate_rule rule = {
	.mode = WEIR_SYN_COOKIES_ADAPTIVE,
	.queue_high = 100,
	.queue_low = 50,
	.rate_high = 1000,
	.rate_low = 10,
	.hold_ns = 5 * S,
};

static struct weir_gate begin(void)
{
	struct weir_gate g;

	weir_gate_init(&g, &rule, S);
	CU_ASSERT_FALSE(g.cookies);
	return g;
}

static bool step(struct weir_gate *g, uint32_t entries, uint64_t unanswered, uint64_t now_ns)
{
	const struct weir_gate_load load = {entries, unanswered};

	return weir_gate_step(g, &load, now_ns);
}

static void by_queue(void)
{
	struct weir_gate g = begin();

	CU_ASSERT_FALSE(step(&g, 99, 0, S));
	CU_ASSERT_TRUE(step(&g, 100, 0, S + 1));
	CU_ASSERT_TRUE(g.cookies);
	CU_ASSERT_FALSE(step(&g, 51, 0, 100 * S)); /* not low: no time passes */
	CU_ASSERT_FALSE(step(&g, 50, 0, 105 * S - 1));
	CU_ASSERT_TRUE(step(&g, 50, 0, 105 * S));
	CU_ASSERT_FALSE(g.cookies);
}

/* SYNs in bursts: the second counts, whenever the gate is looked at. */
static void by_rate(void)
{
	struct weir_gate g = begin();

	CU_ASSERT_FALSE(step(&g, 0, 1000, S + S / 2));
	CU_ASSERT_FALSE(step(&g, 0, 1000, 2 * S)); /* a new period */
	CU_ASSERT_FALSE(step(&g, 0, 2000, 2 * S + 1));
	CU_ASSERT_TRUE(step(&g, 0, 2001, 2 * S + 2));
	CU_ASSERT_FALSE(step(&g, 0, 2001, 3 * S));
	CU_ASSERT_FALSE(step(&g, 0, 2012, 3 * S + 1)); /* 11 within a second: still busy */
	CU_ASSERT_FALSE(step(&g, 0, 2012, 4 * S));
	CU_ASSERT_FALSE(step(&g, 0, 2022, 5 * S - 1)); /* 10: quiet */
	CU_ASSERT_FALSE(step(&g, 0, 2022, 9 * S - 1));
	CU_ASSERT_TRUE(step(&g, 0, 2022, 9 * S));
}

/* Handshakes make the sum of unanswered SYNs run backwards; that is no flood. */
static void handshakes_are_no_flood(void)
{
	struct weir_gate g = begin();

	for (unsigned int i = 0; i < 100; i++) {
		CU_ASSERT_FALSE(step(&g, 40, 900, S + i * S / 10));
		CU_ASSERT_FALSE(step(&g, 40, 0, S + i * S / 10 + 1));
	}
}

static void by_order(void)
{
	struct weir_gate g = begin();

	g.rule.mode = WEIR_SYN_COOKIES_ALWAYS;
	CU_ASSERT_TRUE(step(&g, 0, 0, S));
	CU_ASSERT_FALSE(step(&g, 0, 0, 100 * S));
	g.rule.mode = WEIR_SYN_COOKIES_NEVER;
	CU_ASSERT_TRUE(step(&g, 0, 0, 100 * S));
	CU_ASSERT_FALSE(step(&g, 1000, 1000000, 101 * S));
	CU_ASSERT_FALSE(g.cookies);
}

/* Marks are shares of a worker's queue; rates are shared by the workers. */
static void shares(void)
{
	struct weir_policy p = {.n_workers = 4, .limits.half_open = 4000};
	const struct weir_service s = {
		.syn_cookies = WEIR_SYN_COOKIES_ADAPTIVE, .watermarks = {50, 25, 4001, 41, 2000}};
	const struct weir_gate_rule r = weir_gate_rule(&p, &s);

	IS(r.mode, WEIR_SYN_COOKIES_ADAPTIVE);
	IS(r.queue_high, 500 + 1);
	IS(r.queue_low, 250 + 1);
	IS(r.rate_high, 1001);
	IS(r.rate_low, 11);
	IS(r.hold_ns, 2 * S);
	p.limits.half_open = 1;
	IS(weir_policy_half_open(&p), 1);
}

/* Whatever the load does, a change back is hold_ns after the last busy moment, not sooner. */
static void never_to_and_fro(void)
{
	struct weir_gate g = begin();
	uint64_t seed = 45, now = S, unanswered = 0, busy = S;

	for (unsigned int i = 0; i < 100000; i++) {
		uint32_t entries = (uint32_t)(unit_random(&seed) % 120 >> unit_random(&seed) % 4);

		now += unit_random(&seed) % (S / 4);
		unanswered += unit_random(&seed) % 1500 >> unit_random(&seed) % 12;
		if (entries > rule.queue_low)
			busy = now;
		if (step(&g, entries, unanswered, now) && !g.cookies)
			CU_ASSERT_TRUE(now - busy >= rule.hold_ns);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-45 by the queue", by_queue},
		{"HC-45 by the rate", by_rate},
		{"HC-45 handshakes are no flood", handshakes_are_no_flood},
		{"HC-45 by order", by_order},
		{"HC-45 shares of workers", shares},
		{"HC-45 never to and fro", never_to_and_fro},
	};

	return unit_main("gate", tests, sizeof(tests) / sizeof(tests[0]));
}
