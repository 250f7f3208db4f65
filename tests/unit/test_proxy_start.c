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
	static struct weir_keyring keyring;

	weir_keyring_fill(&keyring, shell_secret, SHELL_START_NS / 1000000000);
	weir_proxy_init(&w->px, &arena, p, 0, seed, &ops, SHELL_START_NS, 0, &keyring);
	w->memory = calloc(1, arena.used);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->memory);
	arena = (struct weir_arena){.base = w->memory, .size = arena.used};
	memset(&w->px, 0xa5, sizeof(w->px));
	weir_proxy_init(&w->px, &arena, p, 0, seed, &ops, SHELL_START_NS, 0, &keyring);
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
	IS(w.px.squeezed_until_ns[0], 0);
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

/* What a seed becomes, in words of 32 bits. */
#define SECRETS 11

static void secrets_of(const struct weir_policy *p, const uint8_t seed[32],
	uint32_t secrets[SECRETS])
{
	struct started w;

	start(&w, p, seed);
	memcpy(secrets, &w.px.table.secret, 16);
	memcpy(secrets + 4, &w.px.isn_secret, 16);
	secrets[8] = w.px.pools[0].start;
	secrets[9] = w.px.pools[0].stride;
	secrets[10] = w.px.pools[0].random;
	free(w.memory);
}

/*
 * All of the seed counts for everything: where keys stand, what ISNs are, which local ports come. None
 * of them shows the seed, or another one.
 */
static void by_seed(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	uint32_t of[SECRETS], others[SECRETS];
	uint8_t seed[32];

	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	for (unsigned int i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)(i + 1);
	secrets_of(p, seed, of);
	for (unsigned int i = 0; i < sizeof(seed); i++) {
		seed[i] ^= 0x80;
		secrets_of(p, seed, others);
		seed[i] ^= 0x80;
		for (unsigned int k = 0; k < SECRETS; k++)
			CU_ASSERT_NOT_EQUAL(of[k], others[k]);
	}
	for (unsigned int k = 0; k < SECRETS; k++) {
		for (unsigned int i = 0; i + 4 <= sizeof(seed); i++)
			CU_ASSERT_NOT_EQUAL(memcmp(&of[k], &seed[i], 4), 0);
		for (unsigned int i = 0; i < k; i++)
			CU_ASSERT_NOT_EQUAL(of[k], of[i]);
	}
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
			const struct weir_localports *a = &w.px.pools[i], *b = &w.px.pools[j];
			uint64_t steps = (uint64_t)(a->start + a->count - b->start) * a->back;
			uint32_t apart = (uint32_t)(steps % a->count);

			IS(a->stride, b->stride);
			CU_ASSERT(a->random != b->random);

			CU_ASSERT(apart > 100 && apart < a->count - 100);
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
