// SPDX-License-Identifier: BSD-3-Clause
/* HC-45: the gate changes at its marks, stays for its time, and never to and fro. */
#include "base/share.h"
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
	g.syns = g.handshakes = 77777;
	CU_ASSERT_FALSE(g.cookies);
	return g;
}

/* So many SYNs in all that no handshake followed. */
static bool step(struct weir_gate *g, uint32_t entries, uint64_t unanswered, uint64_t now_ns)
{
	const struct weir_gate_load load = {entries, unanswered + 77777, 77777};

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

/* SYNs that wait for their handshake, and then have it, are no flood; nor do handshakes hide one. */
static void handshakes_are_no_flood(void)
{
	struct weir_gate g = begin();
	struct weir_gate_load load = {40, 77777, 77777};

	for (unsigned int i = 0; i < 100; i++) {
		load.syns += 900;
		CU_ASSERT_FALSE(weir_gate_step(&g, &load, S + i * S / 10));
		load.handshakes += 900;
		CU_ASSERT_FALSE(weir_gate_step(&g, &load, S + i * S / 10 + 1));
	}
	CU_ASSERT_FALSE(weir_gate_step(&g, &load, 12 * S));
	load.syns += 1901;
	load.handshakes += 900;
	CU_ASSERT_TRUE(weir_gate_step(&g, &load, 12 * S + 1));
}

/* A service of 20 000 honest SYNs a second, by the millisecond. */
#define HONEST   20u
#define DELAY_MS 80u /* from SYN to handshake, at most */

struct busy {
	struct weir_gate g;
	struct weir_gate_load load;
	uint32_t due[DELAY_MS]; /* handshakes, by the millisecond */
	uint32_t waiting;
	uint64_t seed, ms;
	unsigned int switches;
};

/* A millisecond: some SYNs come, one in a hundred of them twice; the flood's, too. */
static void busy_ms(struct busy *b, unsigned int flood)
{
	const uint64_t forty = unit_random(&b->seed) & 0xffffffffff;
	const unsigned int n = 2 * HONEST * (unsigned int)__builtin_popcountll(forty) / 40;
	uint32_t *now = &b->due[b->ms % DELAY_MS];

	b->load.handshakes += *now;
	b->waiting -= *now;
	*now = 0;
	for (unsigned int i = 0; i < n; i++) {
		const uint64_t r = unit_random(&b->seed);

		b->load.syns += r % 100 == 0 ? 2 : 1;
		b->due[(b->ms + 20 + (r >> 32) % (DELAY_MS - 20)) % DELAY_MS]++;
		b->waiting++;
	}
	b->load.syns += flood;
	b->load.entries = b->g.cookies ? 0 : b->waiting;
	b->ms++;
	b->switches += weir_gate_step(&b->g, &b->load, S + b->ms * S / 1000);
}

/* Ends some ms after the gate has changed, or after the most. */
static uint64_t ms_until(struct busy *b, bool cookies, unsigned int flood, uint64_t most)
{
	uint64_t from = b->ms;

	while (b->g.cookies != cookies && b->ms - from < most)
		busy_ms(b, flood);
	return b->ms - from;
}

/* The flood ends, the clients stay: the gate comes back in its time, though thousands are half-open. */
static void busy_service_comes_back(void)
{
	struct weir_gate_rule r = {.mode = WEIR_SYN_COOKIES_ADAPTIVE,
		.queue_high = 4096,
		.queue_low = 2048,
		.rate_high = 5000,
		.rate_low = 50,
		.share_low = 5,
		.hold_ns = 10 * S};
	struct busy b = {.seed = 20};

	weir_gate_init(&b.g, &r, S);
	for (unsigned int i = 0; i < 30000; i++)
		busy_ms(&b, 0);
	IS(b.switches, 0);
	CU_ASSERT_TRUE(ms_until(&b, true, 100, 1000) < 100);
	for (unsigned int i = 0; i < 20000; i++)
		busy_ms(&b, 100);
	IS(b.switches, 1);
	CU_ASSERT_TRUE(ms_until(&b, false, 0, 60000) <= 12000);
	for (unsigned int i = 0; i < 60000; i++)
		busy_ms(&b, 0);
	IS(b.switches, 2);
	/* as before: by an absolute mark it never would */
	r.share_low = 0;
	b.g.rule = r;
	ms_until(&b, true, 100, 1000);
	IS(ms_until(&b, false, 0, 60000), 60000);
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
	const struct weir_service s = {.syn_cookies = WEIR_SYN_COOKIES_ADAPTIVE,
		.watermarks = {50, 25, 4001, 41, 7, 2000}};
	const struct weir_gate_rule r = weir_gate_rule(&p, &s);

	IS(r.mode, WEIR_SYN_COOKIES_ADAPTIVE);
	IS(r.queue_high, 500 + 1);
	IS(r.queue_low, 250 + 1);
	IS(r.rate_high, weir_share(4001, 4));
	IS(r.rate_low, weir_share(41, 4));
	IS(r.share_low, 7);
	IS(r.hold_ns, 2 * S);
	p.limits.half_open = 1;
	IS(weir_policy_half_open(&p), 1);
}

/* Which worker a SYN comes to is chance: far below the upper rate none of 32 changes within ten minutes. */
static void chance(void)
{
	static struct weir_gate g[32];
	const struct weir_policy p = {.n_workers = 32, .limits.half_open = 1 << 20};
	const struct weir_service s = {
		.syn_cookies = WEIR_SYN_COOKIES_ADAPTIVE, .watermarks = {50, 25, 320, 50, 0, 2000}};
	const struct weir_gate_rule r = weir_gate_rule(&p, &s);
	uint64_t unanswered[32] = {0}, seed = 32;

	for (unsigned int w = 0; w < 32; w++)
		weir_gate_init(&g[w], &r, 0);
	for (uint64_t second = 0; second < 600; second++) {
		for (unsigned int i = 0; i < 200; i++) {
			const unsigned int w = unit_random(&seed) % 32;
			const struct weir_gate_load load = {0, ++unanswered[w], 0};

			weir_gate_step(&g[w], &load, second * S + i);
		}
	}
	for (unsigned int w = 0; w < 32; w++)
		CU_ASSERT_FALSE(g[w].cookies);
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
		{"HC-45 a busy service comes back", busy_service_comes_back},
		{"HC-45 by order", by_order},
		{"HC-45 shares of workers", shares},
		{"HC-45 chance among workers", chance},
		{"HC-45 never to and fro", never_to_and_fro},
	};

	return unit_main("gate", tests, sizeof(tests) / sizeof(tests[0]));
}
