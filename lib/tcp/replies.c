// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/replies.h"

#define PREFIXES 16384u
#define SHARE    15 /* times what is left */

/* A challenge in so many units of 2^26 ns: in 537 ms. Linux's tcp_invalid_ratelimit is 500 ms. */
#define CHALLENGE_UNITS 8
#define UNIT(now_ns)    ((uint16_t)((now_ns) >> 26))

void weir_replies_init(struct weir_replies *r, struct weir_arena *arena, uint32_t sharers,
	uint32_t conns, const struct weir_sipkey *key, uint64_t now_ns)
{
	*r = (struct weir_replies){.key = *key, .connections = 1, .second = now_ns / 1000000000};
	while (r->connections < conns) /* one each: or its own would tell of another one */
		r->connections *= 2;
	for (unsigned int kind = 0; kind < WEIR_REPLIES; kind++) {
		weir_bucket_init(&r->budget[kind], 0, now_ns);
		r->of[kind] = weir_arena_take(arena, sharers * sizeof(*r->of[kind]));
	}
	r->of_prefix = weir_arena_take(arena, PREFIXES * sizeof(*r->of_prefix));
	r->challenged = weir_arena_take(arena, r->connections * sizeof(*r->challenged));
}

void weir_replies_limit(struct weir_replies *r, uint32_t rate, uint32_t prefix_limit)
{
	r->rate = rate;
	r->prefix_limit = prefix_limit;
	for (unsigned int kind = 0; kind < WEIR_REPLIES; kind++)
		weir_bucket_rate(&r->budget[kind], rate);
}

/* Between half and one and a half times the limit, which is the average. */
static uint32_t vary(uint32_t limit, uint32_t random)
{
	const uint32_t half = limit / 2;

	return limit - half + (uint32_t)((2ull * half + 1) * random >> 32);
}

static void turn(struct weir_replies *r, uint64_t second)
{
	if (r->second == second)
		return;
	r->second = second;
	r->random = weir_siphash24_words(&r->key, &second, 1, 0, 0);
	for (unsigned int kind = 0; kind < WEIR_REPLIES; kind++)
		weir_bucket_rate(&r->budget[kind],
			vary(r->rate, (uint32_t)(r->random >> 16 * kind)));
}

static uint32_t counted(const struct weir_replies *r, const struct weir_reply_count *c)
{
	return c->second == (uint32_t)r->second ? c->n : 0;
}

static void count(const struct weir_replies *r, struct weir_reply_count *c)
{
	*c = (struct weir_reply_count){(uint32_t)r->second, counted(r, c) + 1};
}

/* Where the prefix's answers are counted. NULL: it has had as many as it may. */
static struct weir_reply_count *prefix_of(const struct weir_replies *r, const struct weir_addr *to)
{
	const struct weir_addr prefix = weir_addr_prefix(to);
	const uint64_t hash = weir_addr_hash(&r->key, &prefix);
	const uint64_t random = (hash ^ r->random) * 0x9e3779b97f4a7c15ull;
	struct weir_reply_count *c = &r->of_prefix[hash & (PREFIXES - 1)];

	return counted(r, c) < vary(r->prefix_limit, (uint32_t)(random >> 32)) ? c : NULL;
}

bool weir_replies_prefix(struct weir_replies *r, const struct weir_addr *to, uint64_t now_ns)
{
	struct weir_reply_count *c;

	turn(r, now_ns / 1000000000);
	if (r->prefix_limit == 0)
		return true;
	c = prefix_of(r, to);
	if (c != NULL)
		count(r, c);
	return c != NULL;
}

bool weir_replies_take(struct weir_replies *r, enum weir_reply_kind kind, uint32_t sharer,
	const struct weir_addr *to, uint64_t now_ns, enum weir_fate *why)
{
	struct weir_bucket *budget = &r->budget[kind];
	struct weir_reply_count *of = &r->of[kind][sharer];

	turn(r, now_ns / 1000000000);
	*why = WEIR_FATE_reply_budget;
	if (!weir_bucket_has(budget, now_ns))
		return false;
	if (counted(r, of) * budget->cost_ns >= SHARE * weir_bucket_left_ns(budget, now_ns))
		return false;
	*why = WEIR_FATE_prefix_budget;
	if (to != NULL && !weir_replies_prefix(r, to, now_ns))
		return false;
	count(r, of);
	return weir_bucket_take(budget, now_ns);
}

bool weir_replies_challenge(struct weir_replies *r, uint32_t conn, uint32_t sharer,
	const struct weir_addr *to, uint64_t now_ns, enum weir_fate *why)
{
	uint16_t *last = &r->challenged[conn & (r->connections - 1)];
	const uint16_t unit = UNIT(now_ns);

	*why = WEIR_FATE_challenge_limit;
	if (*last != 0 && (uint16_t)(unit - *last) < CHALLENGE_UNITS)
		return false;
	if (!weir_replies_take(r, WEIR_REPLY_PEER, sharer, to, now_ns, why))
		return false;
	*last = unit + (unit == 0); /* 0: never */
	return true;
}
