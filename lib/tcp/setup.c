// SPDX-License-Identifier: BSD-3-Clause
/* Set-up of the proxy engine, and what changes with another policy. */
#include <string.h>

#include "base/share.h"
#include "tcp/engine.h"
#include "tcp/gates.h"

/* Distance of two pools' first ports: by the golden ratio, so few multiples of it spread well. */
#define POOL_DISTANCE 0x9e3779b1u

/* Each use of randomness has its own: what one shows says nothing of another. */
enum seed_use {
	SEED_TABLE,
	SEED_ISN,
	SEED_LOCAL_PORTS,
	SEED_ADDR, /* px->addr_secret */
	SEED_REPLIES,
};

static struct weir_sipkey derive(const uint8_t seed[32], enum seed_use use)
{
	struct weir_sipkey halves[2];
	uint64_t words[3];

	memcpy(halves, seed, sizeof(halves));
	memcpy(words, &halves[1], sizeof(halves[1]));
	words[2] = 2ull * use;
	halves[1].k0 = weir_siphash24_words(&halves[0], words, 3, 0, 0);
	words[2]++;
	halves[1].k1 = weir_siphash24_words(&halves[0], words, 3, 0, 0);
	return halves[1];
}

/*
 * A pool of local ports for each (backend, local address) that may ever exist. Their first ports lie
 * far apart: a backend that is removed and added under another number still has the former ports in
 * TIME_WAIT, and gets SYNs from others.
 */
static void init_pools(struct weir_proxy *px, struct weir_arena *arena, const uint8_t seed[32])
{
	const struct weir_policy *p = px->policy;
	const uint32_t n = weir_policy_backend_room(p) * p->pools_each;
	const struct weir_sipkey secret = derive(seed, SEED_LOCAL_PORTS);
	struct weir_localports_luck luck = {(uint32_t)secret.k0, (uint32_t)(secret.k0 >> 32), 0};

	px->pools = weir_arena_take(arena, n * sizeof(*px->pools));
	px->short_pools[0] = WEIR_LOCALPORT_NONE;
	for (uint32_t i = 0; i < n; i++) {
		struct weir_localports measured;
		const uint64_t number = i;

		luck.random = (uint32_t)weir_siphash24_words(&secret, &number, 1, 0, 0);
		weir_localports_init(px->pools ? &px->pools[i] : &measured, arena, px->worker,
			p->n_workers, p->local_ports_end, &luck);
		luck.start += POOL_DISTANCE;
	}
}

static void limit_replies(struct weir_proxy *px, const struct weir_policy *p)
{
	weir_replies_limit(&px->replies, p->limits.reply_budget,
		weir_share(p->limits.prefix_replies, p->n_workers));
}

/* HC-65: an equal part for each service, and what those with more leave to the others: rounded up. */
static void share_table(struct weir_proxy *px, const struct weir_policy *p)
{
	uint32_t live = 0;

	for (uint32_t i = 0; i < p->n_services; i++)
		live += p->services[i].life == WEIR_LIFE_LIVE;
	px->fair = live > 1 ? px->table.capacity / live : px->table.capacity;
	px->reserve =
		(uint32_t)(((uint64_t)px->table.capacity * p->limits.service_reserve + 99) / 100);
}

/* Known clients have a ring of their own, for seconds of them in a flood (HC-07). */
static void init_synacks(struct weir_proxy *px, struct weir_arena *arena, uint32_t conns)
{
	const uint32_t room = weir_policy_service_room(px->policy);
	const uint32_t size = px->policy->limits.syn_ack_ring;
	const uint32_t larger = conns / 4 < 65536 ? conns / 4 : 65536;

	weir_synack_init(&px->synacks, arena, size, room);
	weir_synack_init(&px->known_synacks, arena, size == 0 || size > larger ? size : larger,
		room);
	px->resends = weir_arena_take(arena, room * sizeof(*px->resends));
	weir_known_init(&px->known, arena, &px->addr_secret, px->now_ns);
}

void weir_proxy_init(struct weir_proxy *px, struct weir_arena *arena,
	const struct weir_policy *policy, unsigned int worker, const uint8_t seed[32],
	const struct weir_proxy_ops *ops, uint64_t now_ns, uint64_t wall_offset_ns,
	const struct weir_keyring *keyring)
{
	const struct weir_limits *limits = &policy->limits;
	uint32_t share = (limits->connections + policy->n_workers - 1) / policy->n_workers;
	const struct weir_sipkey table_secret = derive(seed, SEED_TABLE);
	const struct weir_sipkey reply_secret = derive(seed, SEED_REPLIES);

	memset(px, 0, sizeof(*px));
	px->policy = policy;
	px->generation = policy->generation;
	px->worker = (uint16_t)worker;
	px->ops = *ops;
	px->now_ns = now_ns;
	px->wall_offset_ns = wall_offset_ns;
	px->isn_secret = derive(seed, SEED_ISN);
	px->addr_secret = derive(seed, SEED_ADDR);
	weir_keys_init(&px->keys, keyring, (now_ns + wall_offset_ns) / 1000000000);
	weir_table_init(&px->table, arena, share, &table_secret);
	weir_wheel_init(&px->wheel, arena, px->table.conns, now_ns);
	weir_sched_init(&px->sched, arena, policy, worker);
	init_pools(px, arena, seed);
	weir_held_init(&px->held, arena, limits->held_packets, weir_policy_service_room(policy));
	px->squeezed_until_ns = weir_arena_take(arena,
		weir_policy_service_room(policy) * sizeof(*px->squeezed_until_ns));
	init_synacks(px, arena, share);
	weir_grace_init(&px->grace, arena, share);
	weir_spent_init(&px->spent, arena, share);
	weir_sources_init(&px->sources, arena, limits->source_rate, policy->n_workers);
	weir_crowd_init(&px->crowd, arena, share, &px->addr_secret);
	weir_crowd_cap(&px->crowd, limits->source_connections, limits->prefix_connections,
		policy->n_workers);
	px->settled =
		weir_arena_take(arena, weir_policy_service_room(policy) * sizeof(*px->settled));
	share_table(px, policy);
	weir_guesses_init(&px->guesses, arena, limits->plain_guesses, policy->n_workers);
	weir_halfopen_init(&px->half_open, arena, px->table.conns,
		weir_policy_service_room(policy));
	weir_gates_init(px, arena);
	weir_counters_init(&px->counters, arena, policy);
	weir_bucket_init(&px->syn_lookups, px->synacks.size, now_ns);
	weir_replies_init(&px->replies, arena, weir_policy_service_room(policy) + 1, share,
		&reply_secret, now_ns);
	limit_replies(px, policy);
}

void weir_proxy_heed(struct weir_proxy *px, const struct weir_health *health)
{
	weir_sched_heed(&px->sched, health);
}

void weir_proxy_obey(struct weir_proxy *px, const struct weir_orders *orders)
{
	px->orders = orders;
}

void weir_proxy_adopt(struct weir_proxy *px, const struct weir_policy *policy)
{
	const struct weir_limits *limits = &policy->limits;
	bool renumbered = false; /* a listener's number stands for another listener */

	check_reentry(px);
	weir_sched_adopt(&px->sched, policy, px->generation, px->now_ns);
	weir_counters_adopt(&px->counters, policy, px->generation);
	for (uint32_t i = 0; i < policy->n_listeners; i++)
		renumbered |= policy->listeners[i].since > px->generation;
	if (renumbered) {
		weir_synack_clear(&px->synacks, weir_policy_service_room(policy));
		weir_synack_clear(&px->known_synacks, weir_policy_service_room(policy));
	}
	weir_sources_limit(&px->sources, limits->source_rate, policy->n_workers);
	weir_crowd_cap(&px->crowd, limits->source_connections, limits->prefix_connections,
		policy->n_workers);
	share_table(px, policy);
	weir_guesses_limit(&px->guesses, limits->plain_guesses, policy->n_workers);
	limit_replies(px, policy);
	px->policy = policy;
	weir_gates_adopt(px, px->generation);
	px->generation = policy->generation;
}
