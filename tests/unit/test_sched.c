// SPDX-License-Identifier: BSD-3-Clause
/* flow/sched, and the order of turns that flow/policy makes for it. */
#include "sched_box.h"

#define MEMBERS_MAX 300u

/* The backends in the order they are chosen, as letters. */
static void order(struct box *b, char *text, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		text[i] = (char)('a' + pick(b, 0));
	text[n] = 0;
}

static void sched_orders(void)
{
	static const uint16_t weights[] = {5, 1, 0, 1}, tens[] = {50, 10, 0, 10};
	struct box b;
	char text[16];

	box_make(&b, WEIR_SCHED_RR, weights, 4, 0, 1);
	order(&b, text, 6);
	CU_ASSERT_STRING_EQUAL(text, "abdabd");
	box_free(&b);

	/* the example of nginx's commit message: smooth, not aaaaa in a row */
	box_make(&b, WEIR_SCHED_WRR, weights, 4, 0, 1);
	order(&b, text, 14);
	CU_ASSERT_STRING_EQUAL(text, "aabadaaaabadaa");
	box_free(&b);
	box_make(&b, WEIR_SCHED_WRR, tens, 4, 0, 1);
	CU_ASSERT_EQUAL(b.p->n_slots, 7);
	order(&b, text, 14);
	CU_ASSERT_STRING_EQUAL(text, "aabadaaaabadaa");
	box_free(&b);
}

/*
 * Random weights: within WEIR_SLOTS_MAX each one's turns are exactly in proportion; beyond it
 * within a slot of the scaled proportion; and they come evenly spaced.
 */
static void sched_wrr_shares(void)
{
	static uint16_t weights[MEMBERS_MAX];
	uint64_t seed = 1;
	uint32_t bad = 0, scaled = 0;

	for (uint32_t round = 0; round < 60; round++) {
		uint32_t n = 1 + unit_random(&seed) % MEMBERS_MAX, sum = 0;
		uint32_t turns[MEMBERS_MAX] = {0};
		const struct weir_service *s;
		struct box b;

		for (uint32_t i = 0; i < n; i++) {
			weights[i] = unit_random(&seed) % (WEIR_WEIGHT_MAX + 1);
			sum += weights[i];
		}
		box_make(&b, WEIR_SCHED_WRR, weights, n, 0, 1);
		s = &b.p->services[0];
		bad += s->n_slots > WEIR_SLOTS_MAX;
		scaled += sum > WEIR_SLOTS_MAX;
		for (uint32_t i = 0; i < s->n_slots; i++) {
			uint16_t k = b.p->slots[s->first_slot + i];
			double fair = (double)(i + 1) * weights[k] / sum;

			turns[k]++;
			bad += sum <= WEIR_SLOTS_MAX && (turns[k] > fair + 1.5 + n / 64.0);
		}
		for (uint32_t i = 0; i < n; i++) {
			double fair = (double)s->n_slots * weights[i] / (sum ? sum : 1);

			if (sum <= WEIR_SLOTS_MAX)
				bad += (uint64_t)turns[i] * sum !=
					(uint64_t)weights[i] * s->n_slots;
			else
				bad += turns[i] + 1.0 < fair * 0.9 || turns[i] > fair + 2.0;
			bad += weights[i] != 0 && turns[i] == 0;
		}
		box_free(&b);
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT(scaled > 10);
}

/* The largest service there can be, one heavy among light ones: none is left without a turn. */
static void sched_wrr_largest(void)
{
	static uint16_t weights[WEIR_MEMBERS_MAX];
	static bool has_turn[WEIR_MEMBERS_MAX];
	uint32_t without = 0;
	struct box b;

	for (uint32_t i = 0; i < WEIR_MEMBERS_MAX; i++)
		weights[i] = i == 17 ? WEIR_WEIGHT_MAX : 1;
	box_make(&b, WEIR_SCHED_WRR, weights, WEIR_MEMBERS_MAX, 0, 1);
	CU_ASSERT(b.p->n_slots <= WEIR_SLOTS_MAX);
	for (uint32_t i = 0; i < b.p->n_slots; i++)
		has_turn[b.p->slots[i]] = true;
	for (uint32_t i = 0; i < WEIR_MEMBERS_MAX; i++)
		without += !has_turn[i];
	CU_ASSERT_EQUAL(without, 0);
	box_free(&b);
}

/* Workers begin at different places, so that few connections do not all meet the first backend. */
static void sched_workers_apart(void)
{
	static const uint16_t weights[] = {1, 1, 1, 1};

	for (unsigned int kind = 0; kind < 4; kind++)
		for (unsigned int worker = 0; worker < 4; worker++) {
			struct box b;

			box_make(&b, schedulers[kind], weights, 4, worker, 4);
			CU_ASSERT_EQUAL(pick(&b, 0), worker);
			box_free(&b);
		}
}

static void sched_wlc(void)
{
	static const uint16_t weights[] = {1, 0, 3};
	struct box b;
	char text[16];

	box_make(&b, WEIR_SCHED_WLC, weights, 3, 0, 1);
	CU_ASSERT_EQUAL(b.p->n_slots, 0);
	order(&b, text, 4); /* all idle: in turn, and not the one without weight */
	CU_ASSERT_STRING_EQUAL(text, "acac");
	for (unsigned int i = 0; i < 400; i++)
		weir_sched_open(&b.s, pick(&b, 0));
	CU_ASSERT_EQUAL(b.s.backends[0].active, 100);
	CU_ASSERT_EQUAL(b.s.backends[2].active, 300);
	for (unsigned int i = 0; i < 100; i++)
		weir_sched_close(&b.s, 2);
	for (unsigned int i = 0; i < 99; i++) {
		CU_ASSERT_EQUAL(pick(&b, 0), 2);
		weir_sched_open(&b.s, 2);
	}
	box_free(&b);
}

/* Three failures in a row hold it down for two seconds; an answer in between, or after, makes it good. */
static void sched_hold_down(void)
{
	static const uint16_t weights[] = {1, 1, 1};
	uint64_t now = 1000, later = now + WEIR_SCHED_HOLD_DOWN_NS;
	struct box b;

	box_make(&b, WEIR_SCHED_RR, weights, 3, 0, 1);
	CU_ASSERT_FALSE(fail(&b, 1, 1, now));
	CU_ASSERT_FALSE(fail(&b, 1, 2, now));
	weir_sched_answered(&b.s, 1);
	hold_down(&b, 1, now);
	CU_ASSERT_FALSE(fail(&b, 1, 1, now + 5)); /* is held down already, no longer for it */
	for (unsigned int i = 0; i < 9; i++)
		CU_ASSERT_NOT_EQUAL(pick(&b, later - 1), 1);
	CU_ASSERT(pick(&b, later) == 1 || pick(&b, later) == 1 || pick(&b, later) == 1);

	CU_ASSERT_TRUE(fail(&b, 1, 1, later)); /* tried again: one more is enough */
	CU_ASSERT_NOT_EQUAL(pick(&b, later), 1);
	CU_ASSERT_NOT_EQUAL(pick(&b, later), 1);
	weir_sched_answered(&b.s, 1);
	CU_ASSERT(pick(&b, later) == 1 || pick(&b, later) == 1 || pick(&b, later) == 1);
	CU_ASSERT_FALSE(fail(&b, 1, 1, later));
	box_free(&b);
}

/* HC-65: a client that the backend rejects, and no other: many failures within a second count once. */
static void sched_one_client(void)
{
	static const uint16_t weights[] = {1, 1};
	uint64_t now = 1000;
	struct box b;

	box_make(&b, WEIR_SCHED_RR, weights, 2, 0, 1);
	for (unsigned int i = 0; i < 100; i++)
		CU_ASSERT_FALSE(fail(&b, 1, 1, now += 1000000));
	CU_ASSERT_FALSE(fail(&b, 1, 2, now)); /* two are not enough, in turn neither */
	for (unsigned int i = 0; i < 100; i++)
		CU_ASSERT_FALSE(fail(&b, 1, 1 + i % 2, now += 1000000));
	CU_ASSERT_TRUE(fail(&b, 1, 3, now));
	weir_sched_answered(&b.s, 1); /* all is forgotten */
	CU_ASSERT_FALSE(fail(&b, 1, 2, now));
	CU_ASSERT_FALSE(fail(&b, 1, 3, now));
	CU_ASSERT_TRUE(fail(&b, 1, 4, now));
	box_free(&b);
}

/*
 * All clients are behind one address: a backend that is dead fails every connection, so one that fails a
 * second after the last counts again. One that others reach is not held down, however long this goes on.
 */
static void sched_one_address(void)
{
	static const uint16_t weights[] = {1, 1};
	uint64_t now = 1000, begun = now;
	unsigned int downs = 0;
	struct box b;

	box_make(&b, WEIR_SCHED_RR, weights, 2, 0, 1);
	while (!fail(&b, 1, 1, now) && now < begun + 10000000000)
		now += 100000000;
	CU_ASSERT(now - begun > 1900000000 && now - begun < 3000000000);
	now += WEIR_SCHED_HOLD_DOWN_NS;
	CU_ASSERT_TRUE(fail(&b, 1, 1, now)); /* tried again: dead still */
	now += WEIR_SCHED_HOLD_DOWN_NS;
	weir_sched_answered(&b.s, 1);
	for (unsigned int i = 0; i < 100; i++) {
		downs += fail(&b, 1, 1, now += 700000000);
		if (i % 2 == 0)
			weir_sched_answered(&b.s, 1);
	}
	CU_ASSERT_EQUAL(downs, 0);
	box_free(&b);
}

/* What speaks against a backend, from the header's words. */
static int badness(const struct box *b, uint16_t backend, uint16_t avoid, uint64_t now_ns)
{
	return (weir_health_is_good(&b->health, backend) ? 0 : 4) +
		(b->s.backends[backend].hold_down_until_ns > now_ns ? 2 : 0) + (backend == avoid);
}

/* Backends that may be chosen. */
static uint32_t eligible(const struct box *b, const uint16_t *weights, uint32_t n)
{
	uint32_t sum = 0;

	for (uint16_t i = 0; i < n; i++)
		sum += weights[i] != 0 && weir_health_is_good(&b->health, i);
	return sum;
}

/*
 * Anything may happen to the backends: the one that is picked has weight, there is none better, for
 * lc none as good that has less to do; no backend only when none has weight and is healthy.
 */
static void pick_properties(enum weir_scheduler scheduler, uint64_t seed)
{
	uint16_t weights[8];
	uint32_t bad = 0;
	struct box b;

	for (uint32_t round = 0; round < 200; round++) {
		uint32_t n = 1 + unit_random(&seed) % 8;
		uint64_t now = 0;

		for (uint32_t i = 0; i < n; i++)
			weights[i] = unit_random(&seed) % 4;
		box_make(&b, scheduler, weights, n, 0, 1);
		for (uint32_t step = 0; step < 300; step++) {
			uint64_t r = unit_random(&seed);
			uint16_t avoid = r & 1 ? WEIR_NONE16 : (r >> 8) % n;
			uint16_t got = pick_but(&b, avoid, now), i;

			bad += (got == WEIR_NONE16) != (eligible(&b, weights, n) == 0);
			bad += got != WEIR_NONE16 &&
				(weights[got] == 0 || !weir_health_is_good(&b.health, got));
			for (i = 0; got != WEIR_NONE16 && i < n; i++) {
				int more =
					badness(&b, i, avoid, now) - badness(&b, got, avoid, now);

				bad += weights[i] != 0 && more < 0;
				bad += scheduler == WEIR_SCHED_LC && weights[i] != 0 && more == 0 &&
					b.s.backends[i].active < b.s.backends[got].active;
				bad += scheduler == WEIR_SCHED_WLC && weights[i] != 0 &&
					more == 0 &&
					b.s.backends[i].active * weights[got] <
						b.s.backends[got].active * weights[i];
			}
			if (got != WEIR_NONE16)
				weir_sched_open(&b.s, got);
			i = (r >> 16) % n;
			if (r >> 24 & 1)
				fail(&b, i, r >> 20 & 7, now);
			else if ((r >> 25 & 3) == 0)
				weir_sched_answered(&b.s, i);
			if ((r >> 27 & 7) == 0)
				weir_health_set(&b.health, i, r >> 30 & 1);
			now += (r >> 32) % (WEIR_SCHED_HOLD_DOWN_NS / 4);
		}
		box_free(&b);
	}
	CU_ASSERT_EQUAL(bad, 0);
}

static void sched_properties(void)
{
	for (unsigned int kind = 0; kind < SCHEDULERS; kind++)
		pick_properties(schedulers[kind], kind + 1);
}

/* To look, however often, changes nothing, and what is not committed has not been. */
static void sched_pick_is_pure(void)
{
	static const uint16_t weights[] = {3, 1, 2};

	for (unsigned int kind = 0; kind < SCHEDULERS; kind++) {
		struct weir_choice none = {.backend = WEIR_NONE16, .at = 77};
		struct box b;

		box_make(&b, schedulers[kind], weights, 3, 0, 1);
		for (unsigned int i = 0; i < 20; i++) {
			uint32_t cursor = b.s.cursor[0];
			struct weir_choice once, twice;
			struct weir_addr client;

			client = weir_addr_v4(weir_be32(0x0a000000 + b.clients));
			once = weir_sched_pick(&b.s, b.p, 0, WEIR_NONE16, &client, 0);
			weir_sched_pick(&b.s, b.p, 0, once.backend, &client, 0);
			twice = weir_sched_pick(&b.s, b.p, 0, WEIR_NONE16, &client, 0);
			CU_ASSERT_EQUAL(once.backend, twice.backend);
			CU_ASSERT_EQUAL(once.at, twice.at);
			CU_ASSERT_EQUAL(b.s.cursor[0], cursor);
			weir_sched_commit(&b.s, 0, none);
			CU_ASSERT_EQUAL(b.s.cursor[0], cursor);
			CU_ASSERT_EQUAL(pick(&b, 0), once.backend);
			CU_ASSERT_NOT_EQUAL(b.s.cursor[0], cursor);
		}
		box_free(&b);
	}
}

/* The control side says which backends are healthy: the others are not chosen, rather one held down. */
static void sched_health(void)
{
	static uint16_t weights[130];

	for (unsigned int i = 0; i < 130; i++)
		weights[i] = 1;
	for (unsigned int kind = 0; kind < SCHEDULERS; kind++) {
		uint32_t wrong = 0;
		struct box b;

		box_make(&b, schedulers[kind], weights, 130, 0, 1);
		for (uint16_t i = 0; i < 130; i++) /* in all three words */
			weir_health_set(&b.health, i, i == 63 || i == 64 || i == 129);
		for (unsigned int i = 0; i < 30; i++) {
			uint16_t got = pick(&b, 0);

			wrong += got != 63 && got != 64 && got != 129;
		}
		weir_health_set(&b.health, 63, false);
		weir_health_set(&b.health, 129, false);
		hold_down(&b, 64, 10);
		for (unsigned int i = 0; i < 30; i++)
			wrong += pick_but(&b, 64, 10) != 64;
		weir_health_set(&b.health, 64, false);
		for (unsigned int i = 0; i < 258; i++)
			wrong += pick(&b, 10) != WEIR_NONE16;
		weir_health_set(&b.health, 5, true);
		for (unsigned int i = 0; i < 30; i++)
			wrong += pick(&b, 10) != 5;
		CU_ASSERT_EQUAL(wrong, 0);
		box_free(&b);
	}
}

/* A bitmap outlives the policy; a number that is given to another backend begins healthy. */
static void sched_health_adopt(void)
{
	struct weir_policy *p = weir_policy_alloc(&(struct weir_policy_room){.backends = 3});
	struct weir_health health = {0};

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->n_backends = 3;
	p->backends[0].since = 4;
	p->backends[1].since = 5;
	for (uint16_t i = 0; i < 3; i++)
		weir_health_set(&health, i, false);
	weir_health_adopt(&health, p, 4);
	CU_ASSERT_FALSE(weir_health_is_good(&health, 0));
	CU_ASSERT_TRUE(weir_health_is_good(&health, 1));
	CU_ASSERT_FALSE(weir_health_is_good(&health, 2));
	weir_policy_free(p);
}

static void sched_without_weight(void)
{
	static const uint16_t weights[] = {0, 0};

	for (unsigned int kind = 0; kind < SCHEDULERS; kind++) {
		struct box b;

		box_make(&b, schedulers[kind], weights, 2, 0, 1);
		CU_ASSERT_EQUAL(pick(&b, 0), WEIR_NONE16);
		box_free(&b);
		box_make(&b, schedulers[kind], weights, 0, 0, 1);
		CU_ASSERT_EQUAL(pick(&b, 0), WEIR_NONE16);
		box_free(&b);
	}
}

/* HC-51: a wrong guess about all of them does not take the service down. */
static void sched_all_held_down(void)
{
	static const uint16_t weights[] = {1, 2};

	for (unsigned int kind = 0; kind < SCHEDULERS; kind++) {
		struct box b;

		box_make(&b, schedulers[kind], weights, 2, 0, 1);
		hold_down(&b, 0, 10);
		CU_ASSERT_EQUAL(pick_but(&b, 1, 10), 1); /* 0 is held down: no other one */
		hold_down(&b, 1, 10);
		CU_ASSERT_NOT_EQUAL(pick(&b, 10), WEIR_NONE16);
		CU_ASSERT_EQUAL(pick_but(&b, 1, 10), 0);
		CU_ASSERT_EQUAL(pick_but(&b, 0, 10), 1);
		box_free(&b);
	}
}

/* HC-74: clients that may be forged hold down a backend only if it answers none for a while. */
static void sched_unproved(void)
{
	static const uint16_t weights[] = {1, 1};
	const uint64_t doubt = WEIR_SCHED_DOUBT_NS;
	struct box b;

	box_make(&b, WEIR_SCHED_RR, weights, 2, 0, 1);
	for (unsigned int i = 0; i < 100; i++)
		CU_ASSERT_FALSE(fail_unproved(&b, 0, i, 1 + i * doubt / 101));
	CU_ASSERT_FALSE(fail_unproved(&b, 0, 0, 1 + doubt)); /* counted already */
	weir_sched_answered(&b.s, 0);
	for (unsigned int i = 0; i < 100; i++)
		CU_ASSERT_FALSE(fail_unproved(&b, 0, i, 1 + doubt));
	CU_ASSERT_FALSE(fail_unproved(&b, 0, 100, 2 * doubt));
	CU_ASSERT_TRUE(fail_unproved(&b, 0, 101, 1 + 2 * doubt));
	/* after the hold-down one is enough, as ever */
	CU_ASSERT_TRUE(fail_unproved(&b, 0, 102, 1 + 2 * doubt + WEIR_SCHED_HOLD_DOWN_NS));
	/* and those that are proved need no time */
	hold_down(&b, 1, 1);
	box_free(&b);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"sched orders of rr and wrr", sched_orders},
		{"sched wrr shares and spacing", sched_wrr_shares},
		{"sched wrr at its largest", sched_wrr_largest},
		{"sched workers begin apart", sched_workers_apart},
		{"sched wlc", sched_wlc},
		{"sched holds failing backends down", sched_hold_down},
		{"HC-65 failures of one client count once", sched_one_client},
		{"HC-65 all clients behind one address", sched_one_address},
		{"sched picks the best", sched_properties},
		{"sched picks without moving on", sched_pick_is_pure},
		{"sched chooses healthy backends only", sched_health},
		{"health of numbers given away", sched_health_adopt},
		{"sched with no backend to pick", sched_without_weight},
		{"HC-51 sched when all backends are held down", sched_all_held_down},
		{"HC-74 failures of clients that may be forged", sched_unproved},
	};

	return unit_main("sched", tests, sizeof(tests) / sizeof(tests[0]));
}
