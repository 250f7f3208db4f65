// SPDX-License-Identifier: BSD-3-Clause
#include "dp/arp.h"

#include "dp/mbuf.h"
#include "wire/arp.h"

#define STEP               32             /* next hops or endpoints looked at per call */
#define PASS_NS            250000000ull   /* between looks at a next hop */
#define DEFEND_INTERVAL_NS 10000000000ull /* RFC 5227 §1.1: DEFEND_INTERVAL */

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

static bool is_our_mac(const struct weir_tx *tx, const uint8_t mac[6])
{
	for (unsigned int i = 0; i < tx->n_ports; i++)
		if (memcmp(tx->port[i].nic->mac, mac, 6) == 0)
			return true;
	return false;
}

/*
 * RFC 5227 §2.4: another host uses an address of ours. It is noted for the log, and the address is
 * defended by an announcement (b), but not against a host that does the same: once in 10 s.
 */
static void take_conflict(struct weir_tx *tx, const struct weir_pkt *pkt,
	const struct weir_arp_hdr *arp, uint32_t addr_be)
{
	uint64_t mac = 0;

	memcpy(&mac, arp->sender_mac, sizeof(arp->sender_mac));
	weir_gauge(&tx->counters->conflict_mac, mac);
	weir_gauge(&tx->counters->conflict_addr_be, addr_be);
	weir_count(&tx->counters->event[WEIR_EVENT_address_conflict], 1);
	if (tx->defended_ns != 0 && tx->now_ns < tx->defended_ns + DEFEND_INTERVAL_NS)
		return;
	tx->defended_ns = tx->now_ns;
	weir_tx_arp_request(tx, pkt->port, addr_be, addr_be, NULL);
}

/* A request for an address of ours: answered within the budget. */
static void take_request(struct weir_tx *tx, struct weir_pkt *pkt, const struct weir_arp_hdr *arp,
	uint32_t sender_be)
{
	bool peer = weir_neigh_is_known(tx->neighs, pkt->port, sender_be, arp->sender_mac);

	if (weir_bucket_take(&tx->arp_replies[peer], tx->now_ns)) {
		pkt->fate = WEIR_FATE_arp_reply;
		answer(tx, pkt, arp);
	} else {
		pkt->fate = WEIR_FATE_reply_budget;
		rte_pktmbuf_free(pkt->buf);
	}
}

static uint8_t fate_of_claim(enum weir_neigh_claim claim)
{
	switch (claim) {
	case WEIR_NEIGH_LEARNED:
		return WEIR_FATE_arp_learned;
	case WEIR_NEIGH_DOUBTED:
		return WEIR_FATE_arp_unverified;
	case WEIR_NEIGH_NO_HOP:
		break;
	}
	return WEIR_FATE_arp_other;
}

void weir_arp_receive(struct weir_tx *tx, struct weir_pkt *pkt)
{
	const struct weir_arp_hdr *arp = weir_arp(&pkt->frame);
	const bool is_request = arp->op_be == weir_be16(WEIR_ARP_REQUEST);
	struct weir_addr sender, target;
	uint32_t sender_be, target_be;
	enum weir_neigh_claim claim;

	memcpy(&sender_be, arp->sender_ip, 4);
	memcpy(&target_be, arp->target_ip, 4);
	sender = weir_addr_v4(sender_be);
	target = weir_addr_v4(target_be);
	claim = weir_neigh_claim(tx->neighs, pkt->port, sender_be, arp->sender_mac, !is_request,
		tx->now_ns);
	if (weir_arp_ours(tx->neighs->policy, &sender, pkt->port) &&
		!is_our_mac(tx, arp->sender_mac))
		take_conflict(tx, pkt, arp, sender_be);
	if (is_request && weir_arp_ours(tx->neighs->policy, &target, pkt->port)) {
		take_request(tx, pkt, arp, sender_be);
	} else {
		pkt->fate = fate_of_claim(claim);
		rte_pktmbuf_free(pkt->buf);
	}
	weir_count(&tx->counters->fate[pkt->fate], 1);
}

/* Four times a second a pass over all next hops: an ARP request for each that is due. */
static void keep_nexthops(struct weir_arp_keeper *k, struct weir_tx *tx)
{
	uint32_t n = tx->neighs->policy->n_nexthops;

	if (k->next_nexthop == 0) {
		if (tx->now_ns < k->next_pass_ns)
			return;
		k->next_pass_ns = tx->now_ns + PASS_NS;
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
				weir_addr_v4_be(addr), NULL);
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
