// SPDX-License-Identifier: BSD-3-Clause
#include "dp/multipath.h"

#include "base/siphash.h"
#include "wire/peek.h"

static struct weir_peek peek(const struct rte_mbuf *m)
{
	const struct weir_frame f = {
		.data = rte_pktmbuf_mtod(m, uint8_t *), .len = m->pkt_len, .head_len = m->data_len};
	struct weir_peek p = {0};

	(void)weir_peek(&f, &p); /* what it does not know is zero */
	return p;
}

uint64_t weir_multipath_hash(const struct weir_policy *p, const struct rte_mbuf *m)
{
	const struct weir_peek flow = peek(m);
	const uint64_t words[] = {flow.src.q[0], flow.src.q[1], flow.dst.q[0], flow.dst.q[1],
		(uint64_t)flow.sport << 16 | flow.dport};

	return weir_siphash13_words(&p->steer_secret, words, 5, 0, 0);
}

/* One of n, by the hash's upper half. */
static unsigned int share(uint32_t hash, unsigned int n)
{
	return (unsigned int)((uint64_t)hash * n >> 32);
}

uint16_t weir_multipath_choose(const struct weir_neighs *n, uint16_t group, uint64_t hash)
{
	const struct weir_nexthop *g = &n->policy->nexthops[group];
	const uint16_t first = g->members[share((uint32_t)hash, g->n_members)];
	uint16_t live[WEIR_NEXTHOP_MEMBERS_MAX];
	unsigned int n_live = 0;

	if (weir_neigh_is_live(n, first))
		return first;
	for (unsigned int i = 0; i < g->n_members; i++)
		if (weir_neigh_is_live(n, g->members[i]))
			live[n_live++] = g->members[i];
	/* by other bits than those that chose the first: or its flows would go by one of the others */
	return n_live != 0 ? live[share((uint32_t)(hash >> 32), n_live)] : first;
}

/* A member of the group, which is down, has that MAC address. */
static bool is_of_down_member(const struct weir_neighs *n, const struct weir_nexthop *group,
	const uint8_t mac[6])
{
	uint8_t its[6];

	for (unsigned int i = 0; i < group->n_members; i++)
		if (weir_neigh_is_down(n, group->members[i]) &&
			weir_neigh_mac(n, group->members[i], its) &&
			memcmp(its, mac, sizeof(its)) == 0)
			return true;
	return false;
}

void weir_multipath_stand_in(const struct weir_neighs *n, uint8_t interface,
	const struct rte_mbuf *m, uint8_t mac[6])
{
	const struct weir_policy *p = n->policy;
	const struct weir_peek flow = peek(m);
	const uint16_t group = p->interfaces[interface].gateways[!weir_addr_is_v4(&flow.dst)];
	uint16_t member;
	uint8_t its[6];

	if (group >= p->n_nexthops || !is_of_down_member(n, &p->nexthops[group], mac))
		return;
	member = weir_multipath_choose(n, group, weir_multipath_hash(p, m));
	if (weir_neigh_is_live(n, member) && weir_neigh_mac(n, member, its))
		memcpy(mac, its, sizeof(its));
}
