// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: what a worker begins with, and how it is made to end. */
#include <stdlib.h>
#include <string.h>

#include "modes.h"

/* A proxy of its own over that policy, set up in a struct that was something else before. */
struct started {
	struct weir_proxy px;
	void *memory;
};

static void start(struct started *w, const struct weir_policy *p, const uint8_t seed[32])
{
	const struct weir_proxy_ops ops = {0};
	struct weir_arena arena = {0};

	weir_proxy_init(&w->px, &arena, p, 0, seed, &ops, SHELL_START_NS, 0);
	w->memory = calloc(1, arena.used);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->memory);
	arena = (struct weir_arena){.base = w->memory, .size = arena.used};
	memset(&w->px, 0xa5, sizeof(w->px));
	weir_proxy_init(&w->px, &arena, p, 0, seed, &ops, SHELL_START_NS, 0);
}

/* Whatever was there before, nothing has happened yet. */
static void from_nothing(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	const uint8_t seed[32] = {1};
	struct started w;

	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	p->generation = 3;
	start(&w, p, seed);
	IS(w.px.generation, 3);
	IS(w.px.now_ns, SHELL_START_NS);
	IS(w.px.squeezed_until_ns, 0);
	IS(w.px.local_ports, 0);
	IS(w.px.recycle_hand, 0);
	CU_ASSERT_FALSE(w.px.draining);
	for (unsigned int i = 0; i < WEIR_STATES; i++)
		IS(w.px.by_state[i], 0);
	for (unsigned int i = 0; i < WEIR_EVENTS; i++)
		IS(w.px.counters.event[i], 0);
	for (unsigned int i = 0; i < WEIR_FATES; i++)
		IS(w.px.counters.fate[i], 0);
	free(w.memory);
	weir_policy_free(p);
}

/* All of the seed counts: where keys stand, what ISNs are, and which local port is the first. */
static void by_seed(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	uint8_t seed[32], other[32];
	struct started w;

	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	for (unsigned int i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)(i + 1);
	start(&w, p, seed);
	IS(memcmp(&w.px.table.secret, seed, 16), 0);
	IS(memcmp(&w.px.isn_secret, seed + 16, 16), 0);
	IS(w.px.pools[0].cursor, 0x04030201ull * w.px.pools[0].count >> 32);
	free(w.memory);

	memset(other, 0xee, sizeof(other));
	start(&w, p, other);
	IS(memcmp(&w.px.table.secret, other, 16), 0);
	IS(memcmp(&w.px.isn_secret, other + 16, 16), 0);
	IS(w.px.pools[0].cursor, 0xeeeeeeeeull * w.px.pools[0].count >> 32);
	free(w.memory);
	weir_policy_free(p);
}

/*
 * Pools begin far apart: whoever gets another number is not asked on the ports that its former number's
 * pool gave out last, where it may be in TIME_WAIT.
 */
static void pools_apart(void)
{
	struct weir_policy *p = shell_policy(1, 8);
	const uint8_t seed[32] = {1};
	struct started w;
	uint32_t n;

	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	start(&w, p, seed);
	n = shell_pools(&w.px);
	CU_ASSERT_FATAL(n >= 16);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < i; j++) {
			uint32_t apart = (w.px.pools[i].cursor + w.px.pools[i].count -
						 w.px.pools[j].cursor) %
				w.px.pools[i].count;

			CU_ASSERT(apart > 100 && apart < w.px.pools[i].count - 100);
		}
	free(w.memory);
	weir_policy_free(p);
}

/* HC-54: a reset is of the moment that it is asked for at: what it leaves behind lasts from then on. */
static void reset_at(unsigned int service)
{
	struct shell *s = shell_usual();
	struct weir_proxy *px = &s->workers[0].px;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	s->now_ns += 5000000000ull;
	CU_ASSERT_TRUE(weir_proxy_reset_all(px, 10, s->now_ns));
	IS(px->now_ns, s->now_ns);
	IS(talk_state(&t), WEIR_CLOSED);
	IS(talk_conn(&t)->deadline, weir_tick_after(s->now_ns, WEIR_COOKIE_LIFE_MS));
	shell_clear(s);
	shell_close(s);
}

static void hc54_reset_at(void)
{
	each_mode(reset_at);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"a worker begins with nothing", from_nothing},
		{"a worker begins with its seed", by_seed},
		{"pools of local ports begin apart", pools_apart},
		{"HC-54 a reset is of its moment", hc54_reset_at},
	};

	return unit_main("proxy start", tests, sizeof(tests) / sizeof(tests[0]));
}
