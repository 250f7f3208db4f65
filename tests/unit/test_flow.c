// SPDX-License-Identifier: BSD-3-Clause
/* flow/'s smaller nouns: local ports, held packets, counters, inquiries. */
#include "flow/counters.h"
#include "flow/held.h"
#include "flow/inquiry.h"
#include "flow/localport.h"
#include "unit.h"

/* Local ports */

static uint32_t ports_end = 65536;

static void ports_make(struct weir_localports *p, struct weir_arena *arena, unsigned int worker,
	unsigned int workers, uint64_t *seed)
{
	const struct weir_localports_luck luck = {(uint32_t)unit_random(seed),
		(uint32_t)unit_random(seed), (uint32_t)unit_random(seed)};

	memset(arena, 0, sizeof(*arena));
	weir_localports_init(p, arena, worker, workers, ports_end, &luck);
	unit_arena_fill(arena);
	weir_localports_init(p, arena, worker, workers, ports_end, &luck);
}

/* What must be so after every step: bits, counts and summary say the same. */
static uint32_t ports_wrong(const struct weir_localports *p, const bool used[65536])
{
	uint32_t n = 0, bad = 0;

	for (uint32_t port = p->first; port <= 65535; port += p->workers) {
		bad += weir_localports_has(p, (uint16_t)port) != used[port];
		n += used[port];
	}
	for (uint32_t w = 0; w < (p->count + 63) / 64; w++) {
		uint32_t places = p->count - w * 64 < 64 ? p->count - w * 64 : 64;
		bool full = (uint32_t)__builtin_popcountll(p->used[w]) == places;

		bad += full != (p->full[w / 64] >> w % 64 & 1);
	}
	return bad + (n != p->in_use);
}

/* Fills up and empties again and again: each port is free when it is taken, and 0 says all are taken. */
static void localport_balance(void)
{
	static const uint8_t numbers[] = {1, 3, 7, 8, 21, WEIR_WORKERS_MAX};
	uint64_t seed = 1;
	struct weir_localports p;
	struct weir_arena arena;
	uint32_t bad = 0;

	for (unsigned int i = 0; i < sizeof(numbers); i++) {
		static bool used[65536];
		unsigned int workers = numbers[i], worker = unit_random(&seed) % workers;

		memset(used, 0, sizeof(used));
		ports_make(&p, &arena, worker, workers, &seed);
		for (uint32_t step = 0; step < 8 * p.count; step++) {
			uint64_t r = unit_random(&seed);
			uint16_t some = (uint16_t)(p.first + (r >> 16) % p.count * workers);
			bool filling = step / p.count % 4 < 2;

			if ((r & 7) < (filling ? 7 : 1)) {
				uint16_t port = weir_localports_take(&p);

				bad += port == 0 ? p.in_use != p.count : used[port];
				used[port] = port != 0;
			} else if (used[some]) {
				weir_localports_give(&p, some);
				used[some] = false;
			}
			if (step % 4096 == 0)
				bad += ports_wrong(&p, used);
		}
		bad += ports_wrong(&p, used);
		free(arena.base);
	}
	CU_ASSERT_EQUAL(bad, 0);
}

/* All ports from 1024 up to the end belong to exactly one worker, and each can be had exactly once. */
static void share_out(uint32_t end)
{
	uint64_t seed = 2;

	ports_end = end;

	for (unsigned int workers = 1; workers <= WEIR_WORKERS_MAX; workers += 3) {
		static uint8_t times[65536];
		uint32_t bad = 0;

		memset(times, 0, sizeof(times));
		for (unsigned int worker = 0; worker < workers; worker++) {
			struct weir_localports p;
			struct weir_arena arena;
			uint16_t port;

			ports_make(&p, &arena, worker, workers, &seed);
			while ((port = weir_localports_take(&p)) != 0) {
				times[port]++;
				bad += weir_localport_owner(port, workers) != worker;
			}
			bad += p.in_use != p.count;
			free(arena.base);
		}
		for (uint32_t port = 0; port < 65536; port++)
			bad += times[port] != (port >= WEIR_LOCALPORT_FIRST && port < end);
		CU_ASSERT_EQUAL(bad, 0);
	}
	ports_end = 65536;
}

/* Beside the kernel of the host there are fewer. */
static void localport_shared_out(void)
{
	share_out(65536);
	share_out(WEIR_LOCALPORT_KERNEL);
}

/* HC-33: a port given back is taken again when all others had their turn, 64 more or less. */
static void localport_oldest_first(void)
{
	static uint32_t last[65536];
	uint64_t seed = 999;
	struct weir_localports p;
	struct weir_arena arena;
	uint32_t early = 0;

	memset(last, 0, sizeof(last));
	ports_make(&p, &arena, 0, 1, &seed);
	for (uint32_t i = 1; i < 3 * p.count; i++) {
		uint16_t port = weir_localports_take(&p);

		early += last[port] != 0 && i - last[port] < p.count - 64;
		last[port] = i;
		weir_localports_give(&p, port);
	}
	CU_ASSERT_EQUAL(early, 0);
	free(arena.base);
}

/* RFC 6056: whoever sees a port, or how far two are apart, cannot tell the next one. */
static void localport_unpredictable(void)
{
	static uint16_t steps[65536], port[2000];
	uint64_t seed = 4;
	struct weir_localports p;
	struct weir_arena arena;
	uint32_t often = 0;

	memset(steps, 0, sizeof(steps));
	ports_make(&p, &arena, 0, 1, &seed);
	for (uint32_t i = 0; i < 2000; i++) {
		port[i] = weir_localports_take(&p);
		if (i > 0)
			steps[(uint16_t)(port[i] - port[i - 1])]++;
	}
	for (uint32_t i = 0; i < 65536; i++)
		often = steps[i] > often ? steps[i] : often;
	CU_ASSERT_TRUE(often < 2000 / 20);
	free(arena.base);
}

/* A full pool: looks begin at those taken longest ago, and what is given back is had at once. */
static void localport_full(void)
{
	static uint32_t taken[65536];
	uint64_t seed = 4711;
	struct weir_localports p;
	struct weir_arena arena;
	uint32_t bad = 0;
	uint16_t port;

	ports_make(&p, &arena, 3, 5, &seed);
	for (uint32_t i = 0; (port = weir_localports_take(&p)) != 0; i++)
		taken[port] = i;
	weir_localports_look_again(&p);
	for (uint32_t i = 0; i < p.count; i++) {
		port = weir_localports_look(&p);
		bad += port == 0 || taken[port] / 64 != i / 64;
	}
	CU_ASSERT_EQUAL(bad, 0);
	for (uint32_t i = 0; i < 3 * p.count; i++) {
		port = weir_localports_look(&p);
		weir_localports_give(&p, port);
		bad += weir_localports_take(&p) != port;
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT_EQUAL(weir_localports_take(&p), 0);
	free(arena.base);
}

/* Held packets */

#define LISTS    5u
#define HELD_MAX 40u

/* Several lists share the pool; each is a queue. seq is the packet's mark, payload_len its size. */
static void held_twin(void)
{
	uint32_t head[LISTS], queue[LISTS][HELD_MAX], n[LISTS] = {0}, total = 0, mark = 0, bad = 0,
						      found = 0;
	struct weir_arena arena = {NULL, 0, 0};
	uint64_t seed = 1;
	struct weir_held h;

	weir_held_init(&h, &arena, HELD_MAX, 2);
	unit_arena_fill(&arena);
	weir_held_init(&h, &arena, HELD_MAX, 2);
	for (uint32_t l = 0; l < LISTS; l++)
		head[l] = WEIR_HELD_NONE;
	for (uint32_t step = 0; step < 50000; step++) {
		uint64_t r = unit_random(&seed);
		uint32_t l = (uint32_t)(r >> 8) % LISTS, pkts, bytes, sum = 0;
		uint32_t start = mark + (uint32_t)(r >> 16) % 1400, end = start;
		struct weir_pkt pkt = {.seg = {.seq = mark, .payload_len = mark % 1400}};

		if ((r & 7) < (step / 500 % 2 ? 5 : 3)) {
			bad += weir_held_put(&h, l & 1, &head[l], &pkt) != (total < HELD_MAX);
			if (total < HELD_MAX) {
				queue[l][n[l]++] = mark++;
				total++;
			}
		} else {
			bad += weir_held_get(&h, &head[l], &pkt) != (n[l] > 0);
			if (n[l] > 0) {
				bad += pkt.seg.seq != queue[l][0];
				memmove(queue[l], queue[l] + 1, --n[l] * sizeof(queue[l][0]));
				total--;
			}
		}
		for (uint32_t i = 0; i < n[l]; i++) {
			sum += queue[l][i] % 1400;
			if (queue[l][i] + queue[l][i] % 1400 > end)
				end = queue[l][i] + queue[l][i] % 1400;
		}
		bad += weir_held_end(&h, head[l], start) != end;
		found += end != start;
		weir_held_sum(&h, head[l], &pkts, &bytes);
		bad += pkts != n[l] || bytes != sum || h.count != total;
		bad += h.of[0] != n[0] + n[2] + n[4] || h.of[1] != n[1] + n[3];
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT(mark > 10000);
	CU_ASSERT(found > 100);
	free(arena.base);
}

/* HC-65: one greedy sharer, or all but one of them, leave some for the last one. */
static void held_shares(void)
{
	for (uint32_t greedy = 1; greedy < 8; greedy++) {
		uint32_t head = WEIR_HELD_NONE, least = 1024 / (3 * greedy + 1) - 2, n = 0;
		struct weir_arena arena = {NULL, 0, 0};
		struct weir_pkt pkt = {0};
		struct weir_held h;
		bool more = true;

		weir_held_init(&h, &arena, 1024, 8);
		unit_arena_fill(&arena);
		weir_held_init(&h, &arena, 1024, 8);
		while (more) {
			more = false;
			for (uint32_t s = 0; s < greedy; s++)
				if (weir_held_may(&h, s))
					more |= weir_held_put(&h, s, &head, &pkt);
		}
		CU_ASSERT_TRUE(weir_held_is_tight(&h, 0));
		CU_ASSERT_TRUE(1024 - h.count >= least);
		while (!weir_held_is_tight(&h, 7))
			n += weir_held_put(&h, 7, &head, &pkt);
		CU_ASSERT_TRUE(n >= least / 2);
		free(arena.base);
	}
}

static void held_without_pool(void)
{
	struct weir_arena arena = {NULL, 0, 0};
	uint32_t head = WEIR_HELD_NONE;
	struct weir_pkt pkt = {0};
	struct weir_held h;

	weir_held_init(&h, &arena, 0, 1);
	CU_ASSERT_FALSE(weir_held_put(&h, 0, &head, &pkt));
	CU_ASSERT_EQUAL(head, WEIR_HELD_NONE);
	CU_ASSERT_FALSE(weir_held_get(&h, &head, &pkt));
}

/* Counters */

static void counters_start_at_zero(void)
{
	struct weir_policy policy = {.n_services = 3, .n_listeners = 5, .n_backends = 7};
	struct weir_arena arena = {NULL, 0, 0};
	struct weir_counters c, zero;

	memset(&c, 0xff, sizeof(c));
	weir_counters_init(&c, &arena, &policy);
	unit_arena_fill(&arena);
	weir_counters_init(&c, &arena, &policy);
	CU_ASSERT_EQUAL(arena.used, arena.size);
	weir_count(&c.service[2].bytes_out, 5);
	weir_count(&c.service[2].bytes_out, 6);
	weir_gauge(&c.backend[6].active, 9);
	weir_gauge(&c.backend[6].active, 4);
	CU_ASSERT_EQUAL(weir_counted(&c.service[2].bytes_out), 11);
	CU_ASSERT_EQUAL(weir_counted(&c.backend[6].active), 4);
	weir_gauge(&c.listener[4].conns, 3);
	CU_ASSERT_EQUAL(weir_counted(&c.listener[4].conns), 3);
	c.service = NULL;
	c.listener = NULL;
	c.backend = NULL;
	memset(&zero, 0, sizeof(zero));
	CU_ASSERT_EQUAL(memcmp(&c, &zero, sizeof(c)), 0);
	free(arena.base);
}

/* Inquiries */

#define ASKED 3000u

/* Two listeners a service. */
static struct weir_listener asked_listeners[14];
static const struct weir_policy asked_policy = {.listeners = asked_listeners, .n_listeners = 14};

/* A table whose conns are told apart by client; every 5th was given back. */
static void inquiry_table(struct weir_table *t, struct weir_arena *arena)
{
	static const struct weir_sipkey secret = {1, 2};

	for (uint16_t i = 0; i < 14; i++)
		asked_listeners[i].service = i % 7;
	memset(arena, 0, sizeof(*arena));
	weir_table_init(t, arena, 2 * ASKED, &secret);
	unit_arena_fill(arena);
	weir_table_init(t, arena, 2 * ASKED, &secret);
	for (uint32_t i = 0; i < ASKED; i++) {
		struct weir_conn *c = weir_table_conn(t, weir_table_take(t));

		c->client.addr = weir_addr_v4(1 + i % 100);
		c->client.id = (uint16_t)(i % 14);
		c->backend = (uint16_t)(i % 11);
		c->state = (uint8_t)(i % WEIR_STATES);
		c->cookie = i;
	}
	for (uint32_t i = 0; i < ASKED; i += 5)
		weir_table_give(t, i);
}

static bool asked_for(const struct weir_inquiry *q, uint32_t i)
{
	if (i % 5 == 0 || (q->by_client && !(q->client.w[3] == 1 + i % 100)))
		return false;
	return (q->service == WEIR_NONE16 || q->service == i % 7) &&
		(q->backend == WEIR_NONE16 || q->backend == i % 11) &&
		(q->conn_state == WEIR_NONE16 || q->conn_state == i % WEIR_STATES);
}

/* Asks until all has been seen; the differences to going through all by hand. */
static uint32_t ask(struct weir_inquiry *q, const struct weir_table *t)
{
	uint32_t next = 0, bad = 0, rounds = 0;

	for (q->cursor = 0; q->cursor != WEIR_INQUIRY_END && rounds < 10000; rounds++) {
		uint32_t from = q->cursor, limit = q->limit;

		q->state = WEIR_INQUIRY_ASKED;
		weir_inquiry_serve(q, t, &asked_policy, 42 + rounds);
		bad += q->state != WEIR_INQUIRY_ANSWERED || q->now_tick != 42 + rounds;
		bad += q->n_found > limit || q->n_found > WEIR_INQUIRY_FOUND;
		bad += q->cursor != WEIR_INQUIRY_END && q->cursor > from + WEIR_INQUIRY_SCAN;
		for (uint32_t i = 0; i < q->n_found; i++, next++) {
			while (next < ASKED && !asked_for(q, next))
				next++;
			bad += q->found[i].cookie != next;
		}
	}
	for (; next < ASKED; next++)
		bad += asked_for(q, next);
	return bad + (q->cursor != WEIR_INQUIRY_END);
}

static void inquiry_answers(void)
{
	struct weir_arena arena;
	struct weir_table t;
	uint64_t seed = 3;
	uint32_t bad = 0;

	inquiry_table(&t, &arena);
	for (uint32_t i = 0; i < 300; i++) {
		uint64_t r = unit_random(&seed);
		struct weir_inquiry q = {
			.client = weir_addr_v4(1 + (r >> 32) % 120),
			.by_client = (r & 3) == 0,
			.service = r & 4 ? WEIR_NONE16 : r >> 8 & 7,
			.backend = r & 8 ? WEIR_NONE16 : r >> 16 & 15,
			.conn_state = r & 16 ? WEIR_NONE16 : r >> 24 & 7,
			.limit = 1 + (r >> 40) % WEIR_INQUIRY_FOUND,
		};

		bad += ask(&q, &t);
	}
	CU_ASSERT_EQUAL(bad, 0);
	free(arena.base);
}

/* What the asker wrote wrongly does no harm, and who did not ask gets no answer. */
static void inquiry_odd(void)
{
	struct weir_inquiry q = {.service = WEIR_NONE16,
		.backend = WEIR_NONE16,
		.conn_state = WEIR_NONE16,
		.limit = 0xffffffff};
	struct weir_arena arena;
	struct weir_table t;

	inquiry_table(&t, &arena);
	weir_inquiry_serve(&q, &t, &asked_policy, 1);
	CU_ASSERT_EQUAL(q.state, WEIR_INQUIRY_IDLE);
	CU_ASSERT_EQUAL(q.n_found, 0);
	CU_ASSERT_EQUAL(ask(&q, &t), 0);

	q.cursor = 0xfffffff0;
	q.state = WEIR_INQUIRY_ASKED;
	weir_inquiry_serve(&q, &t, &asked_policy, 1);
	CU_ASSERT_EQUAL(q.state, WEIR_INQUIRY_ANSWERED);
	CU_ASSERT_EQUAL(q.n_found, 0);
	CU_ASSERT_EQUAL(q.cursor, WEIR_INQUIRY_END);
	free(arena.base);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"local ports are taken and given", localport_balance},
		{"local ports are shared out among the workers", localport_shared_out},
		{"HC-33 local ports come oldest first", localport_oldest_first},
		{"RFC 6056 the next local port cannot be told", localport_unpredictable},
		{"local ports when all are taken", localport_full},
		{"HC-04 held packets against queues", held_twin},
		{"held packets without a pool", held_without_pool},
		{"HC-65 shares of the held packets", held_shares},
		{"counters start at zero", counters_start_at_zero},
		{"inquiry answers what was asked", inquiry_answers},
		{"inquiry and odd questions", inquiry_odd},
	};

	return unit_main("flow", tests, sizeof(tests) / sizeof(tests[0]));
}
