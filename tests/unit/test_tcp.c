// SPDX-License-Identifier: BSD-3-Clause
/* tcp/: the small memories of a worker: SYN-ACKs to retransmit, grace period, sources, spent cookies. */
#include <stdlib.h>

#include "tcp/sources.h"
#include "tcp/spent.h"
#include "tcp/grace.h"
#include "tcp/synack.h"
#include "unit.h"

/* Memory for one init: measured, then real. */
static struct weir_arena arena_of(size_t bytes)
{
	struct weir_arena a = {
		.base = aligned_alloc(64, (bytes + 63) & ~(size_t)63), .size = bytes};

	memset(a.base, 0, bytes);
	return a;
}

static void *ring_open(struct weir_synack_ring *r, uint32_t size)
{
	struct weir_arena a = {.base = NULL};

	*r = (struct weir_synack_ring){.head = 7, .due = {5, 3}, .silent = true}; /* as it was */
	weir_synack_init(r, &a, size);
	a = arena_of(a.used ? a.used : 64);
	weir_synack_init(r, &a, size);
	return a.base;
}

static void push(struct weir_synack_ring *r, uint32_t isn, uint32_t now_ms)
{
	struct weir_synack *s = weir_synack_push(r, now_ms);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->isn = isn;
	s->sent_ms = now_ms;
}

/* How many are due now, looking at no more than `limit`. */
static unsigned int due(struct weir_synack_ring *r, uint32_t now_ms, unsigned int limit)
{
	unsigned int n = 0;

	while (weir_synack_due(r, now_ms, &limit) != NULL)
		n++;
	return n;
}

/* HC-07 */
static void ring_times(void)
{
	struct weir_synack_ring r;
	void *memory = ring_open(&r, 10); /* 16 */
	uint32_t start = 0xfffffc00;      /* the clock wraps in between */
	unsigned int limit = 100;
	const struct weir_synack *s;

	CU_ASSERT_EQUAL(r.size, 16);
	r.head = r.due[0] = r.due[1] = 0xfffffffd; /* so do the places */
	for (uint32_t i = 0; i < 8; i++)
		push(&r, 100 + i, start + i);
	CU_ASSERT_EQUAL(due(&r, start + 999, 100), 0);
	for (uint32_t i = 0; i < 8; i++) {
		s = weir_synack_due(&r, start + 1000 + i, &limit);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		CU_ASSERT_EQUAL(s->isn, 100 + i);
		CU_ASSERT_PTR_NULL(weir_synack_due(&r, start + 1000 + i, &limit));
	}
	CU_ASSERT_EQUAL(due(&r, start + 2999, 100), 0);
	CU_ASSERT_EQUAL(due(&r, start + 3000, 100), 1);
	CU_ASSERT_EQUAL(due(&r, start + 3007, 100), 7);
	CU_ASSERT_EQUAL(due(&r, start + 1000000, 100), 0);
	free(memory);
}

/* HC-07: bounded work. After a worker slept, the rest waits for the next call. */
static void ring_limit(void)
{
	struct weir_synack_ring r;
	void *memory = ring_open(&r, 256);
	unsigned int sent = 0;

	for (uint32_t i = 0; i < 256; i++)
		push(&r, i, 0);
	CU_ASSERT_EQUAL(due(&r, 10000, 0), 0);
	for (unsigned int calls = 0; calls < 16; calls++) {
		unsigned int n = due(&r, 10000, 32);

		CU_ASSERT_TRUE(n <= 32);
		sent += n;
	}
	CU_ASSERT_EQUAL(sent, 2 * 256);
	CU_ASSERT_EQUAL(due(&r, 10000, 32), 0);
	free(memory);
}

/*
 * HC-07, HC-42: in a flood the ring is full before anything is due. It forgets all, takes nothing for a
 * second, and looks again; when the flood is over it is as before.
 */
static void ring_flood(void)
{
	struct weir_synack_ring r;
	void *memory = ring_open(&r, 64);
	uint32_t now_ms = 0xffffff00; /* the clock wraps in between */
	unsigned int taken = 0;

	for (unsigned int i = 0; i < 80000; i++, now_ms += i % 8 == 0) { /* 8 a millisecond: 10 s */
		struct weir_synack *s = weir_synack_push(&r, now_ms);

		if (s != NULL)
			s->sent_ms = now_ms;
		taken += s != NULL;
		CU_ASSERT_EQUAL(due(&r, now_ms, 32), 0);
	}
	CU_ASSERT_TRUE(taken >= 64 * 9 && taken <= 64 * 10);
	weir_synack_clear(&r);
	now_ms += 1000;
	for (uint32_t i = 0; i < 64; i++)
		push(&r, i, now_ms);
	CU_ASSERT_EQUAL(due(&r, now_ms + 1000, 1000), 64);
	CU_ASSERT_EQUAL(due(&r, now_ms + 3000, 1000), 64);
	CU_ASSERT_EQUAL(due(&r, now_ms + 9000, 1000), 0);
	free(memory);
}

/* HC-07: a second of silence is one, and is over for good, even when the clock has gone round. */
static void ring_silence(void)
{
	struct weir_synack_ring r;
	void *memory = ring_open(&r, 4);
	uint32_t start = 0xffffff00;

	for (uint32_t i = 0; i < 4; i++)
		push(&r, i, start);
	CU_ASSERT_PTR_NULL(weir_synack_push(&r, start));
	CU_ASSERT_PTR_NULL(weir_synack_push(&r, start + 999));
	push(&r, 4, start + 1000);
	push(&r, 5, start); /* 50 days later */
	free(memory);
}

/*
 * HC-07: at a rate that leaves room for the first repetition only, only the second is given up; when
 * that is over, what still stands in the ring has both, once each.
 */
static void ring_busy(void)
{
	struct weir_synack_ring r;
	void *memory = ring_open(&r, 64);
	unsigned int sent = 0;

	for (uint32_t i = 0; i < 600; i++) { /* one every 20 ms: 50 wait for their first */
		push(&r, i, 20 * i);
		sent += due(&r, 20 * i, 32);
	}
	CU_ASSERT_EQUAL(sent, 600 - 50);
	CU_ASSERT_EQUAL(due(&r, 20 * 600 + 3000, 10000), 50 + 64);
	free(memory);
}

/* A power of two, and no larger than it must be. */
static void ring_sizes(void)
{
	static const uint32_t sizes[][2] = {{1, 1}, {2, 2}, {3, 4}, {4, 4}, {5, 8}, {1000, 1024}};
	struct weir_synack_ring r;

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		free(ring_open(&r, sizes[i][0]));
		CU_ASSERT_EQUAL(r.size, sizes[i][1]);
	}
}

static void ring_none(void)
{
	struct weir_synack_ring r;
	void *memory = ring_open(&r, 0);

	CU_ASSERT_PTR_NULL(weir_synack_push(&r, 0));
	CU_ASSERT_EQUAL(due(&r, 5000, 100), 0);
	free(memory);
}

static void grace_open(struct weir_grace *s, struct weir_arena *a, uint32_t conns)
{
	*a = (struct weir_arena){.base = NULL};
	weir_grace_init(s, a, conns);
	CU_ASSERT_EQUAL(a->used, s->lines * sizeof(*s->line));
	*a = arena_of(a->used);
	weir_grace_init(s, a, conns);
}

/* HC-08: the same segment again after the grace period; another one of its tuple does not count. */
static void grace(void)
{
	const uint32_t late = WEIR_GRACE_MS + 2 * WEIR_GRACE_UNIT_MS;
	uint64_t hash = 0x123456789abcdef0;
	struct weir_grace s;
	struct weir_arena a;

	grace_open(&s, &a, 100);
	for (uint32_t round = 0; round < 3; round++) { /* the clock wraps in the second one */
		uint32_t t = 0xfffff000 - 400000 + round * 400000;

		CU_ASSERT_FALSE(weir_grace_over(&s, hash, 5, 7, t));
		CU_ASSERT_FALSE(weir_grace_over(&s, hash, 5, 7,
			t + WEIR_GRACE_MS - WEIR_GRACE_UNIT_MS));
		CU_ASSERT_TRUE(weir_grace_over(&s, hash, 5, 7, t + late));
		CU_ASSERT_FALSE(weir_grace_over(&s, hash, 5, 8, t + late)); /* later data */
		CU_ASSERT_FALSE(weir_grace_over(&s, hash, 6, 7, t + late)); /* a new incarnation */
		CU_ASSERT_FALSE(weir_grace_over(&s, hash + 1, 5, 7, t + late));
		CU_ASSERT_TRUE(weir_grace_over(&s, hash, 5, 7, t + WEIR_GRACE_FORGET_MS - late));
		CU_ASSERT_FALSE(weir_grace_over(&s, hash, 5, 7, t + WEIR_GRACE_FORGET_MS + late));
	}
	free(a.base);
}

/* HC-08: a line forgets what was not seen for longest; what comes again stays. */
static void grace_full(void)
{
	uint64_t seed = 8, others = 0;
	unsigned int known = 0;
	struct weir_grace s;
	struct weir_arena a;

	grace_open(&s, &a, 1);
	others = s.lines * WEIR_GRACE_WAYS / 4; /* between two of its segments */
	for (uint32_t i = 0; i < 100; i++) {
		const uint64_t hash = unit_random(&seed);

		for (uint32_t t = 0; t < 2 * WEIR_GRACE_MS; t += WEIR_GRACE_MS / 2) {
			known += weir_grace_over(&s, hash, i, 0, t);
			for (uint64_t n = 0; n < others; n++)
				weir_grace_over(&s, unit_random(&seed), 0, 0, t);
		}
	}
	CU_ASSERT_TRUE(known >= 99); /* one of its four segments is late enough */
	free(a.base);
}

static void spent_open(struct weir_spent *s, struct weir_arena *a, uint32_t conns)
{
	*a = (struct weir_arena){.base = NULL};
	weir_spent_init(s, a, conns);
	CU_ASSERT_EQUAL(a->used, s->lines * sizeof(*s->line));
	*a = arena_of(a->used);
	weir_spent_init(s, a, conns);
}

/* HC-35: what was noted is known; what was not is not. */
static void spent(void)
{
	struct weir_spent s;
	struct weir_arena a;
	unsigned int known = 0;
	uint64_t seed = 35;

	spent_open(&s, &a, 1);
	CU_ASSERT_FALSE(weir_spent_is(&s, 0, 0)); /* places that were never used */
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t hash = unit_random(&seed);
		uint32_t isn = (uint32_t)unit_random(&seed);

		CU_ASSERT_FALSE(weir_spent_is(&s, hash, isn));
		weir_spent_note(&s, hash, isn);
		CU_ASSERT_TRUE(weir_spent_is(&s, hash, isn));
		CU_ASSERT_FALSE(weir_spent_is(&s, hash, isn + 1));
		CU_ASSERT_FALSE(weir_spent_is(&s, hash ^ 1ull << 40, isn));
	}
	for (uint32_t isn = 0; isn < 1000; isn++) /* many of one tuple */
		weir_spent_note(&s, 0x1234567812345678, isn);
	for (uint32_t isn = 0; isn < 1000; isn++)
		known += weir_spent_is(&s, 0x1234567812345678, isn);
	CU_ASSERT_EQUAL(known, 1000); /* 4096 places hold them, whatever the hash does */
	free(a.base);
}

/* HC-35: as many evictions as the table has connections, in whatever time: all are known. */
static void spent_for_life(void)
{
	const uint32_t conns = 100000;
	unsigned int forgotten = 0;
	struct weir_spent s;
	struct weir_arena a;
	uint64_t seed;

	spent_open(&s, &a, conns);
	for (unsigned int round = 0; round < 3; round++) {
		seed = 36 + round;
		for (uint32_t i = 0; i < conns; i++)
			weir_spent_note(&s, unit_random(&seed), i);
	}
	seed = 36 + 2;
	for (uint32_t i = 0; i < conns; i++)
		forgotten += !weir_spent_is(&s, unit_random(&seed), i);
	printf("  %u of %u cookies forgotten within their life; %zu KiB\n", forgotten, conns,
		a.used / 1024);
	CU_ASSERT_EQUAL(forgotten, 0);
	free(a.base);
}

static void sources_open(struct weir_sources *s, uint32_t rate, unsigned int workers,
	struct weir_arena *a)
{
	*a = (struct weir_arena){.base = NULL};
	weir_sources_init(s, a, rate, workers);
	CU_ASSERT_EQUAL(a->used, 2 * WEIR_SOURCES * sizeof(*s->row[0]));
	*a = arena_of(a->used);
	weir_sources_init(s, a, rate, workers);
}

/* How many of n in that second are let pass. */
static unsigned int let_pass(struct weir_sources *s, uint64_t hash, uint64_t now_s, unsigned int n)
{
	unsigned int passed = 0;

	while (n-- > 0)
		passed += weir_sources_take(s, hash, now_s);
	return passed;
}

/* HC-35: so many a second, shared among workers, rounded up; a second knows nothing of the last one. */
static void sources(void)
{
	const uint64_t hash = 5ull << 32 | 3, beside = WEIR_SOURCES, above = beside << 32;
	struct weir_sources s;
	struct weir_arena a;

	sources_open(&s, 9, 4, &a);
	CU_ASSERT_EQUAL(let_pass(&s, hash, 1000, 10), 3);
	CU_ASSERT_EQUAL(let_pass(&s, hash, 1001, 10), 3);
	/* who shares one place with it does not share its fate; who shares both does */
	CU_ASSERT_EQUAL(let_pass(&s, hash + beside + (1ull << 32), 1001, 3), 3);
	CU_ASSERT_EQUAL(let_pass(&s, hash + above + 1, 1001, 3), 3);
	CU_ASSERT_EQUAL(let_pass(&s, hash + beside - (1ull << 32), 1001, 3), 3);
	CU_ASSERT_EQUAL(let_pass(&s, hash + above + beside, 1001, 1), 0);
	/* two rows: a place of one is not the same place of the other */
	CU_ASSERT_EQUAL(let_pass(&s, 7ull << 32 | 8, 1002, 3), 3);
	CU_ASSERT_EQUAL(let_pass(&s, 8ull << 32 | 7, 1002, 3), 3);
	free(a.base);

	sources_open(&s, WEIR_SOURCES_MAX - 1, 1, &a); /* counts end, they do not begin again */
	CU_ASSERT_EQUAL(let_pass(&s, hash, 1, 150000), WEIR_SOURCES_MAX - 1);
	free(a.base);

	sources_open(&s, 0, 4, &a);
	CU_ASSERT_EQUAL(let_pass(&s, hash, 1, 100000), 100000);
	free(a.base);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-07 SYN-ACKs are due after 1 s and 3 s, in order", ring_times},
		{"HC-07 no more than the limit at once", ring_limit},
		{"HC-07 a flood wraps the ring into silence", ring_flood},
		{"HC-07 silence lasts a second", ring_silence},
		{"HC-07 where the second repetition has no room", ring_busy},
		{"HC-07 a ring of none", ring_none},
		{"HC-07 sizes of rings", ring_sizes},
		{"HC-35 new connections of one source", sources},
		{"HC-35 spent cookies", spent},
		{"HC-35 spent cookies are kept for their life", spent_for_life},
		{"HC-08 the same segment after the grace period", grace},
		{"HC-08 the one seen last stays", grace_full},
	};

	return unit_main("tcp", tests, sizeof(tests) / sizeof(tests[0]));
}
