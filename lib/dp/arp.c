// SPDX-License-Identifier: BSD-3-Clause
#include "dp/arp.h"

#include "dp/mbuf.h"
#include "wire/arp.h"

#define STEP 32 /* next hops or endpoints looked at per call */

bool weir_arp_ours(const struct weir_policy *p, const struct weir_addr *addr,
	unsigned int interface)
{
	const struct weir_endpoint *s = weir_endpoint_find(&p->endpoints, addr, 0);

	if (s == NULL)
		return false;
	if (weir_neigh_subnet(&p->interfaces[interface], weir_addr_v4_be(addr)) != NULL)
		return true;
	for (uint32_t i = 0; i < p->n_interfaces; i++)
		if (weir_neigh_subnet(&p->interfaces[i], weir_addr_v4_be(addr)) != NULL)
			return false;
	return true;
}

static void answer(struct weir_tx *tx, struct weir_pkt *pkt, const struct weir_arp_hdr *asked)
{
	struct rte_mbuf *m;
	uint32_t asker_be, ours_be;
	uint8_t mac[6];

	memcpy(mac, asked->sender_mac, sizeof(mac));
	memcpy(&asker_be, asked->sender_ip, 4);
	memcpy(&ours_be, asked->target_ip, 4);
	pkt->frame.len = pkt->frame.head_len = weir_build_arp(pkt->frame.data, WEIR_ARP_REPLY,
		weir_tx_nic(tx, pkt->port)->mac, ours_be, mac, asker_be);
	m = weir_mbuf_of(pkt);
	weir_tx_to_mac(tx, m, pkt->port, mac);
}

void weir_arp_receive(struct weir_tx *tx, struct weir_pkt *pkt)
{
	const struct weir_arp_hdr *arp = weir_arp(&pkt->frame);
	struct weir_addr target;
	uint32_t sender_be, target_be;
	bool learned;

	memcpy(&sender_be, arp->sender_ip, 4);
	memcpy(&target_be, arp->target_ip, 4);
	target = weir_addr_v4(target_be);
	learned = weir_neigh_learn(tx->neighs, pkt->port, sender_be, arp->sender_mac, tx->now_ns);
	if (arp->op_be == weir_be16(WEIR_ARP_REQUEST) &&
		weir_arp_ours(tx->neighs->policy, &target, pkt->port)) {
		pkt->fate = WEIR_FATE_arp_reply;
		answer(tx, pkt, arp);
	} else {
		pkt->fate = learned ? WEIR_FATE_arp_learned : WEIR_FATE_arp_other;
		rte_pktmbuf_free(pkt->buf);
	}
	weir_count(&tx->counters->fate[pkt->fate], 1);
}

/* Once a second a pass over all next hops: an ARP request for each that is due. */
static void keep_nexthops(struct weir_arp_keeper *k, struct weir_tx *tx)
{
	uint32_t n = tx->neighs->policy->n_nexthops;

	if (k->next_nexthop == 0) {
		if (tx->now_ns < k->next_pass_ns)
			return;
		k->next_pass_ns = tx->now_ns + WEIR_NEIGH_RETRY_NS;
	}
	for (unsigned int i = 0; i < STEP && k->next_nexthop < n; i++)
		weir_tx_ask(tx, (uint16_t)k->next_nexthop++, WEIR_NEIGH_RETRY_NS);
	if (k->next_nexthop >= n)
		k->next_nexthop = 0;
}

static void announce(struct weir_arp_keeper *k, struct weir_tx *tx, const struct weir_addr *addr)
{
	const struct weir_policy *p = tx->neighs->policy;

	for (unsigned int i = 0; i < p->n_interfaces; i++)
		if (k->announcing >> p->interfaces[i].port & 1 && weir_arp_ours(p, addr, i))
			weir_tx_arp_request(tx, (uint8_t)i, weir_addr_v4_be(addr),
				weir_addr_v4_be(addr));
}

/* After a port has come up, a pass over all endpoints: announces VIPs and local addresses there. */
static void keep_announced(struct weir_arp_keeper *k, struct weir_tx *tx)
{
	const struct weir_policy *p = tx->neighs->policy;

	if (k->next_endpoint == 0) {
		k->announcing = 0;
		for (unsigned int port = 0; port < tx->n_ports; port++) {
			uint32_t now =
				__atomic_load_n(&tx->port[port].nic->announce, __ATOMIC_RELAXED);

			if (now != k->announced[port])
				k->announcing |= 1u << port;
			k->announced[port] = now;
		}
		if (k->announcing == 0)
			return;
	}
	for (unsigned int i = 0; i < STEP && k->next_endpoint <= p->endpoints.mask; i++) {
		const struct weir_endpoint *s = &p->endpoints.slots[k->next_endpoint++];

		if (s->kind == WEIR_ENDPOINT_VIP || s->kind == WEIR_ENDPOINT_LOCAL)
			announce(k, tx, &s->addr);
	}
	if (k->next_endpoint > p->endpoints.mask)
		k->next_endpoint = 0;
}

void weir_arp_keep(struct weir_arp_keeper *k, struct weir_tx *tx)
{
	keep_nexthops(k, tx);
	keep_announced(k, tx);
}

void weir_arp_announce(struct weir_arp_keeper *k, const struct weir_tx *tx)
{
	for (unsigned int port = 0; port < tx->n_ports; port++)
		k->announced[port] =
			__atomic_load_n(&tx->port[port].nic->announce, __ATOMIC_RELAXED) - 1;
	k->next_endpoint = 0;
}
