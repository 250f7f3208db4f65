// SPDX-License-Identifier: BSD-3-Clause
/* The neighbour table: an array by next hop, and an order by (interface, address) for learning. */
#include "dp/neigh.h"

/* Next hops are searched in this order: by interface, then by address. */
static uint64_t rank(uint8_t interface, uint32_t addr_be)
{
	return (uint64_t)interface << 32 | addr_be;
}

static uint64_t rank_of(const struct weir_policy *p, uint16_t nexthop)
{
	return rank(p->nexthops[nexthop].interface, weir_addr_v4_be(&p->nexthops[nexthop].addr));
}

/* Insertion sort, once a policy: some thousands at most, mostly in order already. */
static void sort(struct weir_neighs *n)
{
	for (uint32_t i = 0; i < n->policy->n_nexthops; i++) {
		uint64_t r = rank_of(n->policy, (uint16_t)i);
		uint32_t at = i;

		for (; at > 0 && rank_of(n->policy, n->order[at - 1]) > r; at--)
			n->order[at] = n->order[at - 1];
		n->order[at] = (uint16_t)i;
	}
}

const struct weir_interface_addr *weir_neigh_subnet(const struct weir_interface *interface,
	uint32_t addr_be)
{
	struct weir_addr addr = weir_addr_v4(addr_be);

	for (unsigned int i = 0; i < interface->n_addrs; i++)
		if (weir_addr_in(&addr, &interface->addrs[i].addr, interface->addrs[i].prefix))
			return &interface->addrs[i];
	return NULL;
}

static uint32_t sender_for(const struct weir_policy *p, const struct weir_nexthop *hop)
{
	const struct weir_interface *interface = &p->interfaces[hop->interface];
	const struct weir_interface_addr *a =
		weir_neigh_subnet(interface, weir_addr_v4_be(&hop->addr));

	if (a != NULL)
		return weir_addr_v4_be(&a->addr);
	return interface->n_addrs > 0 ? weir_addr_v4_be(&interface->addrs[0].addr) : 0;
}

void weir_neighs_init(struct weir_neighs *n, struct weir_arena *arena,
	const struct weir_policy *policy)
{
	n->policy = policy;
	n->at = weir_arena_take(arena, policy->n_nexthops * sizeof(*n->at));
	n->order = weir_arena_take(arena, policy->n_nexthops * sizeof(*n->order));
	n->sender_be = weir_arena_take(arena, policy->n_nexthops * sizeof(*n->sender_be));
	if (n->at == NULL || n->order == NULL || n->sender_be == NULL)
		return;
	sort(n);
	for (uint32_t i = 0; i < policy->n_nexthops; i++)
		n->sender_be[i] = sender_for(policy, &policy->nexthops[i]);
}

bool weir_neigh_due(struct weir_neighs *n, uint16_t nexthop, uint64_t now_ns, uint64_t retry_ns)
{
	struct weir_neigh *at = &n->at[nexthop];
	uint64_t asked = __atomic_load_n(&at->asked_ns, __ATOMIC_RELAXED);
	uint64_t confirmed = __atomic_load_n(&at->confirmed_ns, __ATOMIC_RELAXED);

	if (asked != 0 && now_ns < asked + retry_ns)
		return false;
	if (confirmed != 0 && now_ns < confirmed + WEIR_NEIGH_REFRESH_NS)
		return false;
	/* two workers may get here at once: then two requests are sent, which does no harm */
	__atomic_store_n(&at->asked_ns, now_ns, __ATOMIC_RELAXED);
	return true;
}

/* The place in the order of the first one whose rank is r or more. */
static uint32_t find(const struct weir_neighs *n, uint64_t r)
{
	uint32_t from = 0, to = n->policy->n_nexthops;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (rank_of(n->policy, n->order[middle]) < r)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool weir_neigh_learn(struct weir_neighs *n, uint8_t interface, uint32_t addr_be,
	const uint8_t mac[6], uint64_t now_ns)
{
	uint64_t r = rank(interface, addr_be), word = 0;
	uint32_t at = find(n, r);
	bool learned = false;

	memcpy(&word, mac, 6);
	for (; word != 0 && at < n->policy->n_nexthops; at++) {
		struct weir_neigh *neigh = &n->at[n->order[at]];

		if (rank_of(n->policy, n->order[at]) != r)
			break;
		__atomic_store_n(&neigh->mac, word, __ATOMIC_RELAXED);
		__atomic_store_n(&neigh->confirmed_ns, now_ns, __ATOMIC_RELAXED);
		learned = true;
	}
	return learned;
}

/* The next hop with that rank, or NULL. */
static const struct weir_neigh *find_same(const struct weir_neighs *n, uint64_t r)
{
	uint32_t at = find(n, r);

	if (at == n->policy->n_nexthops || rank_of(n->policy, n->order[at]) != r)
		return NULL;
	return &n->at[n->order[at]];
}

void weir_neighs_follow(struct weir_neighs *n, const struct weir_neighs *before)
{
	for (uint32_t i = 0; i < n->policy->n_nexthops; i++) {
		const struct weir_neigh *from = find_same(before, rank_of(n->policy, (uint16_t)i));
		uint64_t confirmed;

		if (from == NULL)
			continue;
		confirmed = __atomic_load_n(&from->confirmed_ns, __ATOMIC_RELAXED);
		if (confirmed <= __atomic_load_n(&n->at[i].confirmed_ns, __ATOMIC_RELAXED))
			continue;
		__atomic_store_n(&n->at[i].mac, __atomic_load_n(&from->mac, __ATOMIC_RELAXED),
			__ATOMIC_RELAXED);
		__atomic_store_n(&n->at[i].confirmed_ns, confirmed, __ATOMIC_RELAXED);
	}
}
