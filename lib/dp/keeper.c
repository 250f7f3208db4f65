// SPDX-License-Identifier: BSD-3-Clause
#include "dp/keeper.h"

#define STEP     32            /* next hops or endpoints looked at per call */
#define PASS_NS  250000000ull  /* between looks at a next hop */
#define PROBE_NS 1000000000ull /* RFC 4862 §5.1: DupAddrDetectTransmits 1, RetransTimer 1 s */

static void keep_nexthop(struct weir_keeper *k, struct weir_tx *tx, uint16_t nexthop)
{
	weir_tx_ask(tx, nexthop, WEIR_NEIGH_RETRY_NS);
	k->n_down += tx->neighs->policy->nexthops[nexthop].is_member &&
		weir_neigh_is_down(tx->neighs, nexthop);
}

/* Four times a second a pass over all next hops: a request for each that is due. */
static void keep_nexthops(struct weir_keeper *k, struct weir_tx *tx)
{
	uint32_t n = tx->neighs->policy->n_nexthops;

	if (k->next_nexthop == 0) {
		if (tx->now_ns < k->next_pass_ns)
			return;
		k->next_pass_ns = tx->now_ns + PASS_NS;
		k->n_down = 0;
	}
	for (unsigned int i = 0; i < STEP && k->next_nexthop < n; i++)
		keep_nexthop(k, tx, (uint16_t)k->next_nexthop++);
	if (k->next_nexthop < n)
		return;
	k->next_nexthop = 0;
	__atomic_store_n(&tx->neighs->n_down, k->n_down, __ATOMIC_RELAXED);
}

/* On one interface, in that walk. */
static void say(struct weir_keeper *k, struct weir_tx *tx, uint8_t interface,
	const struct weir_addr *addr)
{
	const bool probed = !weir_addr_is_v4(addr), at_first = k->walk == WEIR_KEEPER_PROBE;

	k->probed |= probed;
	if (probed) /* RFC 4862 §5.4.2: before it is probed for; RFC 3810 §6.1: and once more */
		weir_tx_report(tx, interface, WEIR_MLD_JOIN, addr);
	if (probed && at_first)
		weir_tx_probe(tx, interface, addr);
	else if (probed != at_first)
		weir_tx_announce(tx, interface, addr);
}

static void say_everywhere(struct weir_keeper *k, struct weir_tx *tx, const struct weir_addr *addr)
{
	const struct weir_policy *p = tx->neighs->policy;

	for (unsigned int i = 0; i < p->n_interfaces; i++)
		if (k->announcing >> p->interfaces[i].port & 1 && weir_is_ours(p, addr, i))
			say(k, tx, (uint8_t)i, addr);
}

/* true: the walk is over. */
static bool walk_on(struct weir_keeper *k, struct weir_tx *tx)
{
	const struct weir_policy *p = tx->neighs->policy;

	for (unsigned int i = 0; i < STEP && k->next_endpoint <= p->endpoints.mask; i++) {
		const struct weir_endpoint *s = &p->endpoints.slots[k->next_endpoint++];

		if (s->kind == WEIR_ENDPOINT_VIP || s->kind == WEIR_ENDPOINT_LOCAL)
			say_everywhere(k, tx, &s->addr);
	}
	if (k->next_endpoint <= p->endpoints.mask)
		return false;
	k->next_endpoint = 0;
	return true;
}

/* The ports that have come up since the last look. */
static uint32_t ports_up(struct weir_keeper *k, const struct weir_tx *tx)
{
	uint32_t up = 0;

	for (unsigned int port = 0; port < tx->n_ports; port++) {
		uint32_t now = __atomic_load_n(&tx->port[port].nic->announce, __ATOMIC_RELAXED);

		if (now != k->announced[port])
			up |= 1u << port;
		k->announced[port] = now;
	}
	return up;
}

/* What comes up during a walk waits for the next one. */
static void keep_announced(struct weir_keeper *k, struct weir_tx *tx)
{
	switch ((enum weir_keeper_walk)k->walk) {
	case WEIR_KEEPER_REST:
		k->announcing = ports_up(k, tx);
		if (k->announcing == 0)
			return;
		k->walk = WEIR_KEEPER_PROBE;
		k->probed = false;
		/* fallthrough */
	case WEIR_KEEPER_PROBE:
		if (!walk_on(k, tx))
			return;
		k->announce_ns = tx->now_ns + PROBE_NS;
		k->walk = k->probed ? WEIR_KEEPER_WAIT : WEIR_KEEPER_REST;
		return;
	case WEIR_KEEPER_WAIT:
		if (tx->now_ns < k->announce_ns)
			return;
		k->walk = WEIR_KEEPER_ANNOUNCE;
		return;
	case WEIR_KEEPER_ANNOUNCE:
		if (walk_on(k, tx))
			k->walk = WEIR_KEEPER_REST;
		return;
	}
}

void weir_keeper_turn(struct weir_keeper *k, struct weir_tx *tx)
{
	keep_nexthops(k, tx);
	keep_announced(k, tx);
	weir_mld_turn(&k->groups, tx);
}

void weir_keeper_announce(struct weir_keeper *k, const struct weir_tx *tx)
{
	for (unsigned int port = 0; port < tx->n_ports; port++)
		k->announced[port] =
			__atomic_load_n(&tx->port[port].nic->announce, __ATOMIC_RELAXED) - 1;
	k->walk = WEIR_KEEPER_REST;
	k->next_endpoint = 0;
}
