// SPDX-License-Identifier: BSD-3-Clause
/* tcp/: the small memories of a worker: SYN-ACKs to retransmit, grace period, sources, spent cookies. */
#include <stdlib.h>

#include "tcp/known.h"
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

#define SHARERS 3
#define MS      1000000ull

static void *ring_open(struct weir_synack_ring *r, uint32_t size)
{
	struct weir_arena a = {.base = NULL};

	*r = (struct weir_synack_ring){.head = 7, .due = {5, 3}, .waiting = 9}; /* as it was */
	weir_synack_init(r, &a, size, SHARERS);
	a = arena_of(a.used ? a.used : 64);
	weir_synack_init(r, &a, size, SHARERS);
	return a.base;
}

static void push_of(struct weir_synack_ring *r, uint16_t sharer, uint32_t isn, uint64_t now_ms)
{
	struct weir_synack *s = weir_synack_push(r, sharer, now_ms * MS);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->isn = isn;
}

static void push(struct weir_synack_ring *r, uint32_t isn, uint64_t now_ms)
{
	push_of(r, 0, isn, now_ms);
}

/* How many are due now, looking at no more than `limit`. */
static unsigned int due(struct weir_synack_ring *r, uint64_t now_ms, unsigned int limit)
{
	unsigned int n = 0;

	while (weir_synack_due(r, now_ms * MS, &limit) != NULL)
		n++;
	return n;
}

/* HC-07 */
static void ring_times(void)
{
	struct weir_synack_ring r;
	void *memory = ring_open(&r, 10); /* 16 */
	uint64_t start = 0xfffffc00;      /* the clock's low half wraps in between */
	unsigned int limit = 100;
	const struct weir_synack *s;

	CU_ASSERT_EQUAL(r.size, 16);
	r.head = r.due[0] = r.due[1] = 0xfffffffd; /* so do the places' */
	for (uint32_t i = 0; i < 8; i++)
		push(&r, 100 + i, start + i);
	CU_ASSERT_EQUAL(due(&r, start + 999, 100), 0);
	for (uint32_t i = 0; i < 8; i++) {
		s = weir_synack_due(&r, (start + 1000 + i) * MS, &limit);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		CU_ASSERT_EQUAL(s->isn, 100 + i);
		CU_ASSERT_PTR_NULL(weir_synack_due(&r, (start + 1000 + i) * MS, &limit));
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

	for (uint32_t i = 0; i < 192; i++)
		push(&r, i, 0);
	CU_ASSERT_EQUAL(due(&r, 10000, 0), 0);
	for (unsigned int calls = 0; calls < 12; calls++) {
		unsigned int n = due(&r, 10000, 32);

		CU_ASSERT_TRUE(n <= 32);
		sent += n;
	}
	CU_ASSERT_EQUAL(sent, 2 * 192);
	CU_ASSERT_EQUAL(due(&r, 10000, 32), 0);
	free(memory);
}

/*
 * HC-07, HC-42: in a flood a sharer's part is full before anything is due. It is forgotten, and takes
 * nothing for a second, and is looked at again; when the flood is over it is as before.
 */
static void ring_flood(void)
{
	struct weir_synack_ring r;
	void *memory = ring_open(&r, 64);
	uint64_t now_ms = 0xffffff00;
	unsigned int taken = 0;

	for (unsigned int i = 0; i < 80000; i++, now_ms += i % 8 == 0) { /* 8 a millisecond: 10 s */
		taken += weir_synack_push(&r, 0, now_ms * MS) != NULL;
		CU_ASSERT_EQUAL(due(&r, now_ms, 32), 0);
	}
	CU_ASSERT_TRUE(taken >= 48 * 9 && taken <= 48 * 10);
	weir_synack_clear(&r, SHARERS);
	now_ms += 1000;
	for (uint32_t i = 0; i < 48; i++)
		push(&r, i, now_ms);
	CU_ASSERT_EQUAL(due(&r, now_ms + 1000, 1000), 48);
	CU_ASSERT_EQUAL(due(&r, now_ms + 3000, 1000), 48);
	CU_ASSERT_EQUAL(due(&r, now_ms + 9000, 1000), 0);
	free(memory);
}

/* HC-65: a flood of one sharer's leaves the others theirs, first and second time. */
static void ring_shared(void)
{
	struct weir_synack_ring r;
	void *memory = ring_open(&r, 64);
	unsigned int sent = 0, asked = 0;

	for (uint32_t ms = 0; ms < 20000; ms++) {
		unsigned int limit = 32;
		const struct weir_synack *s;

		for (unsigned int i = 0; i < 8; i++)
			weir_synack_push(&r, 1, ms * MS);
		if (ms % 100 == 0 && ms < 16000) { /* ten at once, for the first or second time */
			push_of(&r, 2, ms, ms);
			asked++;
		}
		while ((s = weir_synack_due(&r, ms * MS, &limit)) != NULL) {
			CU_ASSERT_EQUAL(s->sharer, 2);
			sent++;
		}
	}
	CU_ASSERT_TRUE(weir_synack_silent(&r, 1, 20000 * MS));
	CU_ASSERT_EQUAL(asked, 160);
	CU_ASSERT_TRUE(sent >= 160 && sent <= 320);
	printf("  %u entries, %u retransmissions beside a flood\n", asked, sent);
	free(memory);
}

/* HC-07: a second of silence is one. */
static void ring_silence(void)
{
	struct weir_synack_ring r;
	void *memory = ring_open(&r, 4);
	uint64_t start = 0xffffff00;

	for (uint32_t i = 0; i < 3; i++)
		push(&r, i, start);
	CU_ASSERT_PTR_NULL(weir_synack_push(&r, 0, start * MS));
	CU_ASSERT_PTR_NULL(weir_synack_push(&r, 0, (start + 999) * MS));
	CU_ASSERT_PTR_NOT_NULL(weir_synack_push(&r, 1, (start + 999) * MS));
	push(&r, 4, start + 1000);
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

	for (uint32_t i = 0; i < 600; i++) { /* one every 25 ms: 40 wait for their first */
		push(&r, i, 25 * i);
		sent += due(&r, 25 * i, 32);
	}
	CU_ASSERT_EQUAL(sent, 600 - 40);
	CU_ASSERT_EQUAL(due(&r, 25 * 600 + 3000, 10000), 40 + 64);
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

	CU_ASSERT_PTR_NULL(weir_synack_push(&r, 2, 0));
	CU_ASSERT_TRUE(weir_synack_silent(&r, 0, UINT64_MAX - 1));
	CU_ASSERT_EQUAL(due(&r, 5000, 100), 0);
	free(memory);
}

/* How many of n are granted. */
static unsigned int resends(struct weir_resend *b, uint64_t syns, uint64_t now_s, unsigned int n)
{
	unsigned int granted = 0;

	while (n-- > 0)
		if (weir_resend_has(b, syns, now_s * 1000000000)) {
			weir_resend_take(b);
			granted++;
		}
	return granted;
}

/* HC-42: one for every sixteen SYNs and one in two seconds; some are saved. */
static void resend_budget(void)
{
	struct weir_resend b = {0};

	CU_ASSERT_EQUAL(resends(&b, 0, 1000, 100), 8);
	CU_ASSERT_EQUAL(resends(&b, 160, 1000, 100), 10);
	CU_ASSERT_EQUAL(resends(&b, 175, 1000, 100), 0);
	CU_ASSERT_EQUAL(resends(&b, 176, 1000, 100), 1);
	CU_ASSERT_EQUAL(resends(&b, 176, 1001, 100), 0);
	CU_ASSERT_EQUAL(resends(&b, 176, 1002, 100), 1);
	CU_ASSERT_EQUAL(resends(&b, 176, 100000, 100), 8);
	CU_ASSERT_EQUAL(resends(&b, 1000000, 100000, 100), WEIR_RESEND_MOST);
	CU_ASSERT_EQUAL(resends(&b, 0, 100000, 100),
		WEIR_RESEND_MOST); /* counters begin at 0 again */
}

/* n addresses of that kind, from number `first`. */
static struct weir_addr some_addr(uint32_t number, bool v6)
{
	struct weir_addr a = {.q = {weir_be32(0x20010db8), 0}};

	if (!v6)
		return weir_addr_v4(weir_be32(0x01000000u + number * 37));
	a.w[1] = weir_be32(number);
	a.b[15] = 1; /* the last four bytes of all are the same */
	return a;
}

/* HC-07: who completed a handshake is known for two to four minutes, and next to nobody else is. */
static void known_clients(void)
{
	uint64_t seed = 11;

	for (unsigned int v6 = 0; v6 < 8; v6++) { /* every other time */
		const struct weir_sipkey key = {unit_random(&seed), unit_random(&seed)};
		struct weir_arena a = {.base = NULL};
		unsigned int right = 0, wrong = 0;
		struct weir_known k;

		weir_known_init(&k, &a, &key, 5);
		unit_arena_fill(&a);
		weir_known_init(&k, &a, &key, 5);
		for (uint32_t i = 0; i < 10000; i++) {
			const struct weir_addr addr = some_addr(i, v6 % 2);

			weir_known_note(&k, &addr);
		}
		weir_known_tick(&k, 5 + WEIR_KNOWN_NS);
		weir_known_tick(&k, 4 + 2 * WEIR_KNOWN_NS);
		for (uint32_t i = 0; i < 110000; i++) {
			const struct weir_addr addr = some_addr(i, v6 % 2);

			*(i < 10000 ? &right : &wrong) += weir_known_is(&k, &addr);
		}
		CU_ASSERT_EQUAL(right, 10000);
		CU_ASSERT_TRUE(wrong < 100000 / 1000);
		printf("  of 100 000 others %u\n", wrong);
		weir_known_tick(&k, 5 + 2 * WEIR_KNOWN_NS);
		for (uint32_t i = 0; i < 10000; i++) {
			const struct weir_addr addr = some_addr(i, v6 % 2);

			CU_ASSERT_FALSE(weir_known_is(&k, &addr));
		}
		free(a.base);
	}
}

static void grace_open(struct weir_grace *s, struct weir_arena *a, uint32_t conns)
{
	*a = (struct weir_arena){.base = NULL};
	weir_grace_init(s, a, conns);
	CU_ASSERT_EQUAL(a->used, s->lines * sizeof(*s->line));
	*a = arena_of(a->used);
	weir_grace_init(s, a, conns);
}

static bool is_over(struct weir_grace *s, uint64_t hash, uint32_t ack, uint32_t seq,
	uint32_t now_ms)
{
	return weir_grace_age_ms(s, hash, ack, seq, now_ms) >= WEIR_GRACE_MS;
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

		CU_ASSERT_FALSE(is_over(&s, hash, 5, 7, t));
		CU_ASSERT_FALSE(is_over(&s, hash, 5, 7, t + WEIR_GRACE_MS - WEIR_GRACE_UNIT_MS));
		CU_ASSERT_TRUE(is_over(&s, hash, 5, 7, t + late));
		CU_ASSERT_FALSE(is_over(&s, hash, 5, 8, t + late)); /* later data */
		CU_ASSERT_FALSE(is_over(&s, hash, 6, 7, t + late)); /* a new incarnation */
		CU_ASSERT_FALSE(is_over(&s, hash + 1, 5, 7, t + late));
		CU_ASSERT_TRUE(is_over(&s, hash, 5, 7, t + WEIR_GRACE_FORGET_MS - late));
		CU_ASSERT_FALSE(is_over(&s, hash, 5, 7, t + WEIR_GRACE_FORGET_MS + late));
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
			known += is_over(&s, hash, i, 0, t);
			for (uint64_t n = 0; n < others; n++)
				is_over(&s, unit_random(&seed), 0, 0, t);
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

/*
 * HC-35: so many a second, by base/share.h: of 9, four workers have 3 each and three deviations more. A
 * second knows nothing of the last one.
 */
static void sources(void)
{
	const uint64_t hash = 5ull << 32 | 3, beside = WEIR_SOURCES, above = beside << 32;
	struct weir_sources s;
	struct weir_arena a;

	sources_open(&s, 9, 4, &a);
	CU_ASSERT_EQUAL(let_pass(&s, hash, 1000, 20), 9);
	CU_ASSERT_EQUAL(let_pass(&s, hash, 1001, 20), 9);
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
		{"HC-65 a ring is shared", ring_shared},
		{"HC-42 the budget of retransmissions", resend_budget},
		{"HC-07 known clients", known_clients},
		{"HC-35 new connections of one source", sources},
		{"HC-35 spent cookies", spent},
		{"HC-35 spent cookies are kept for their life", spent_for_life},
		{"HC-08 the same segment after the grace period", grace},
		{"HC-08 the one seen last stays", grace_full},
	};

	return unit_main("tcp", tests, sizeof(tests) / sizeof(tests[0]));
}
