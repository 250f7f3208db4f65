// SPDX-License-Identifier: BSD-3-Clause
/* flow/sched: what each scheduler promises, and what all of them heed: backups, max_conns, slow start. */
#include "sched_box.h"

static void open_all(struct box *b, uint32_t *count, uint32_t n, uint64_t now_ns)
{
	for (uint32_t i = 0; i < n; i++) {
		uint16_t got = pick(b, now_ns);

		if (got == WEIR_NONE16)
			continue;
		count[got]++;
		weir_sched_open(&b->s, got);
	}
}

/* As in IPVS: lc counts connections only. */
static void sched_lc(void)
{
	static const uint16_t weights[] = {1, 0, 3};
	uint32_t count[3] = {0};
	struct box b;

	box_make(&b, WEIR_SCHED_LC, weights, 3, 0, 1);
	open_all(&b, count, 400, 0);
	CU_ASSERT(count[0] == 200 && count[1] == 0 && count[2] == 200);
	box_free(&b);
}

/* Of two, the less active: no backend is far above its share, at a cost that does not grow with them. */
static void sched_random(void)
{
	static uint16_t weights[100];
	uint32_t count[100] = {0}, wrong = 0;
	struct box b;

	for (unsigned int i = 0; i < 100; i++)
		weights[i] = i < 50 ? 1 : 3;
	box_make(&b, WEIR_SCHED_RANDOM, weights, 100, 0, 1);
	open_all(&b, count, 20000, 0);
	for (unsigned int i = 0; i < 100; i++)
		wrong += count[i] < 90 * weights[i] || count[i] > 110 * weights[i];
	CU_ASSERT_EQUAL(wrong, 0);
	box_free(&b);
}

/* A client stays with its backend; when that is down its clients spread, and no other one moves. */
static void sched_hash(void)
{
	static uint16_t weights[10], before[2000];
	enum weir_scheduler kinds[] = {WEIR_SCHED_SH, WEIR_SCHED_MAGLEV};

	for (unsigned int i = 0; i < 10; i++)
		weights[i] = 1;
	for (unsigned int kind = 0; kind < 2; kind++) {
		uint32_t moved = 0, count[10] = {0};
		struct box b;

		box_make(&b, kinds[kind], weights, 10, 0, 1);
		for (unsigned int i = 0; i < 2000; i++)
			before[i] = pick(&b, 0);
		b.clients = 0;
		weir_health_set(&b.health, 7, false);
		for (unsigned int i = 0; i < 2000; i++) {
			uint16_t got = pick(&b, 0);

			moved += before[i] != 7 && got != before[i];
			count[got] += before[i] == 7;
		}
		CU_ASSERT_EQUAL(moved, 0);
		for (unsigned int i = 0; i < 10; i++)
			CU_ASSERT(i == 7 ? count[i] == 0 : count[i] > 5);
		box_free(&b);
	}
}

static void sched_backup(void)
{
	static const uint16_t weights[] = {1, 1, 1, 1};

	for (unsigned int kind = 0; kind < SCHEDULERS; kind++) {
		uint32_t count[4] = {0};
		struct box b;

		box_make(&b, schedulers[kind], weights, 4, 0, 1);
		for (unsigned int i = 2; i < 4; i++)
			b.p->members[i].backup = true;
		free(b.p->slots);
		free(b.p->syn_acks);
		free(b.p->answers);
		free(b.p->endpoints.slots);
		b.p->n_slots = 0;
		CU_ASSERT_EQUAL_FATAL(weir_policy_finish(b.p), 0);
		open_all(&b, count, 100, 0);
		CU_ASSERT(count[0] > 0 && count[1] > 0 && count[2] + count[3] == 0);
		CU_ASSERT_EQUAL(pick_but(&b, 0, 0), 1); /* rather another one than a backup */
		hold_down(&b, 0, 10);
		CU_ASSERT_EQUAL(pick(&b, 10), 1);
		CU_ASSERT(pick_but(&b, 1, 10) >= 2); /* to a client that met it, rather a backup */
		hold_down(&b, 1, 10);
		CU_ASSERT(pick(&b, 10) >= 2);
		weir_health_set(&b.health, 2, false);
		CU_ASSERT_EQUAL(pick(&b, 10), 3);
		box_free(&b);
	}
}

/* HC-65: none gets more than it may have; when all are full there is none. A share for each worker. */
static void sched_max_conns(void)
{
	static const uint16_t weights[] = {1, 1, 1};

	for (unsigned int kind = 0; kind < SCHEDULERS; kind++) {
		uint32_t count[3] = {0};
		struct box b;

		box_make(&b, schedulers[kind], weights, 3, 0, 2);
		b.p->members[0].max_conns = 19;
		b.p->members[1].max_conns = 40;
		b.p->members[2].max_conns = 1;
		weir_sched_adopt(&b.s, b.p, 0, 0);
		open_all(&b, count, 100, 0);
		CU_ASSERT(count[0] == 10 && count[1] == 20 && count[2] == 1);
		CU_ASSERT_EQUAL(pick(&b, 0), WEIR_NONE16);
		weir_sched_close(&b.s, 1);
		CU_ASSERT_EQUAL(pick_but(&b, 1, 0), 1);
		box_free(&b);
	}
}

/* A backend that comes takes its full share after slow_start only, whatever the scheduler. */
static void sched_slow_start(void)
{
	static const uint16_t weights[] = {1, 1, 1, 1};
	const uint64_t s = 1000000000, came = 5 * s;

	for (unsigned int kind = 0; kind < SCHEDULERS; kind++) {
		uint32_t first = 0, later = 0;
		struct box b;

		box_make(&b, schedulers[kind], weights, 4, 0, 1);
		b.p->services[0].slow_start_ms = 10000;
		b.p->backends[3].since = 1;
		weir_sched_adopt(&b.s, b.p, 0, came);
		for (unsigned int i = 0; i < 2000; i++)
			first += pick(&b, came + s + i) == 3;
		for (unsigned int i = 0; i < 2000; i++)
			later += pick(&b, came + 10 * s + i) == 3;
		CU_ASSERT(first > 10 && first < 2000 / 4 / 4); /* a tenth of a quarter is 50 */
		CU_ASSERT(later > 300);
		box_free(&b);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"sched lc", sched_lc},
		{"sched random", sched_random},
		{"sched sh and maglev keep a client's backend", sched_hash},
		{"sched backups", sched_backup},
		{"HC-65 sched max_conns", sched_max_conns},
		{"sched slow start", sched_slow_start},
	};

	return unit_main("sched-choice", tests, sizeof(tests) / sizeof(tests[0]));
}
