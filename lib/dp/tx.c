// SPDX-License-Identifier: BSD-3-Clause
#include "dp/tx.h"

#include <rte_ethdev.h>

#include "dp/multipath.h"
#include "dp/tag.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/nd.h"

static inline void count_fate(struct weir_tx *tx, enum weir_fate fate, uint64_t n)
{
	weir_count(&tx->counters->fate[fate], n);
}

struct rte_mbuf *weir_tx_new(struct weir_tx *tx)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(tx->pool);

	if (m != NULL)
		count_fate(tx, WEIR_FATE_created, 1);
	else
		weir_count(&tx->counters->event[WEIR_EVENT_no_mbuf], 1);
	return m;
}

/*
 * Sending
 */

/* Drops what the device did not take. */
static void drop_rest(struct weir_tx *tx, struct weir_tx_port *p, unsigned int from)
{
	bool up = __atomic_load_n(&p->nic->link_up, __ATOMIC_RELAXED);

	count_fate(tx, up ? WEIR_FATE_tx_full : WEIR_FATE_port_down, p->n - from);
	rte_pktmbuf_free_bulk(&p->frames[from], p->n - from);
}

static void flush_to_device(struct weir_tx *tx, struct weir_tx_port *p, unsigned int port)
{
	struct weir_port_counters *c = &tx->counters->port[port];
	unsigned int sent = 0;
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < p->n; i++)
		bytes +=
			p->frames[i]
				->pkt_len; /* read now: after the call a sent buffer is the device's */
	for (unsigned int try = 0; sent < p->n && try < WEIR_TX_TRIES; try++)
		sent += rte_eth_tx_burst(p->nic->id, p->queue, &p->frames[sent],
			(uint16_t)(p->n - sent));
	for (unsigned int i = sent; i < p->n; i++)
		bytes -= p->frames[i]->pkt_len;
	weir_count(&c->tx_pkts, sent);
	weir_count(&c->tx_bytes, bytes);
	if (sent < p->n)
		drop_rest(tx, p, sent);
	p->n = 0;
}

static void flush_to_worker(struct weir_tx *tx, struct weir_tx_port *p, unsigned int port)
{
	unsigned int given;

	for (unsigned int i = 0; i < p->n; i++)
		p->frames[i]->port = (uint16_t)port;
	given = rte_ring_sp_enqueue_burst(p->home, (void **)p->frames, p->n, NULL);
	weir_count(&tx->counters->handed_out, given);
	if (given < p->n) {
		count_fate(tx, WEIR_FATE_handover_full, p->n - given);
		rte_pktmbuf_free_bulk(&p->frames[given], p->n - given);
	}
	p->n = 0;
}

static void flush_port(struct weir_tx *tx, unsigned int port)
{
	struct weir_tx_port *p = &tx->port[port];

	if (p->n == 0)
		return;
	if (p->home == NULL)
		flush_to_device(tx, p, port);
	else
		flush_to_worker(tx, p, port);
}

void weir_tx_flush(struct weir_tx *tx)
{
	for (unsigned int i = 0; i < tx->n_ports; i++)
		flush_port(tx, i);
}

static inline void gather(struct weir_tx *tx, struct rte_mbuf *m, unsigned int port)
{
	struct weir_tx_port *p = &tx->port[port];

	p->frames[p->n++] = m;
	if (p->n == WEIR_TX_GATHER)
		flush_port(tx, port);
}

unsigned int weir_tx_relay(struct weir_tx *tx, struct rte_ring *from)
{
	struct rte_mbuf *frames[WEIR_BURST];
	unsigned int n = rte_ring_sc_dequeue_burst(from, (void **)frames, WEIR_BURST, NULL);

	weir_count(&tx->counters->handed_in, n);
	for (unsigned int i = 0; i < n; i++)
		gather(tx, frames[i], frames[i]->port);
	return n;
}

/*
 * Addressing
 */

/* By an interface: with its VLAN's tag. */
static inline void leave(struct weir_tx *tx, struct rte_mbuf *m,
	const struct weir_interface *interface)
{
	if (unlikely(interface->vlan != 0))
		weir_tag_put_on(m, interface->vlan, tx->port[interface->port].nic->tx_vlan);
	gather(tx, m, interface->port);
}

void weir_tx_to_mac(struct weir_tx *tx, struct rte_mbuf *m, uint8_t interface, const uint8_t mac[6])
{
	const struct weir_interface *by = &tx->neighs->policy->interfaces[interface];
	struct weir_eth_hdr *eth = rte_pktmbuf_mtod(m, struct weir_eth_hdr *);

	memcpy(eth->dst, mac, sizeof(eth->dst));
	memcpy(eth->src, tx->port[by->port].nic->mac, sizeof(eth->src));
	leave(tx, m, by);
}

/* The member of the group by which the frame's flow goes; of no group itself. */
static uint16_t member_for(const struct weir_tx *tx, const struct rte_mbuf *m, uint16_t nexthop)
{
	const struct weir_policy *p = tx->neighs->policy;

	if (!weir_nexthop_is_group(&p->nexthops[nexthop]))
		return nexthop;
	return weir_multipath_choose(tx->neighs, nexthop, weir_multipath_hash(p, m));
}

static void to_unknown(struct weir_tx *tx, struct rte_mbuf *m, uint16_t nexthop)
{
	const uint16_t member = member_for(tx, m, nexthop);
	uint8_t mac[6];

	if (member != nexthop && weir_neigh_mac(tx->neighs, member, mac)) {
		weir_tx_to_mac(tx, m, tx->neighs->policy->nexthops[member].interface, mac);
		return;
	}
	count_fate(tx, WEIR_FATE_no_neighbour, 1);
	rte_pktmbuf_free(m);
	weir_tx_ask(tx, member, WEIR_NEIGH_URGENT_NS);
}

void weir_tx_to_nexthop(struct weir_tx *tx, struct rte_mbuf *m, uint16_t nexthop)
{
	uint8_t mac[6];

	if (likely(weir_neigh_mac(tx->neighs, nexthop, mac)))
		weir_tx_to_mac(tx, m, tx->neighs->policy->nexthops[nexthop].interface, mac);
	else
		to_unknown(tx, m, nexthop);
}

void weir_tx_to_doubted(struct weir_tx *tx, struct rte_mbuf *m, uint16_t nexthop)
{
	weir_neigh_doubt(tx->neighs, member_for(tx, m, nexthop), tx->now_ns);
	weir_tx_to_nexthop(tx, m, nexthop);
}

void weir_tx_to_neighbour(struct weir_tx *tx, struct rte_mbuf *m, const struct weir_neighbour *to)
{
	uint8_t mac[6];

	memcpy(mac, to->mac, sizeof(mac));
	if (unlikely(__atomic_load_n(&tx->neighs->n_down, __ATOMIC_RELAXED) != 0))
		weir_multipath_stand_in(tx->neighs, to->interface, m, mac);
	weir_tx_to_mac(tx, m, to->interface, mac);
}

void weir_tx_on_port(struct weir_tx *tx, struct rte_mbuf *m, unsigned int port)
{
	gather(tx, m, port);
}

void weir_tx_frame(struct weir_tx *tx, struct rte_mbuf *m, uint8_t interface)
{
	leave(tx, m, &tx->neighs->policy->interfaces[interface]);
}

/*
 * Neighbours
 */

static void ask_routers(struct weir_tx *tx, uint8_t interface)
{
	struct rte_mbuf *m = weir_tx_new(tx);

	if (m == NULL)
		return;
	m->pkt_len = m->data_len = weir_build_nd_router_solicitation(rte_pktmbuf_mtod(m, uint8_t *),
		weir_tx_nic(tx, interface)->mac);
	weir_tx_frame(tx, m, interface);
}

void weir_tx_ask(struct weir_tx *tx, uint16_t nexthop, uint64_t retry_ns)
{
	const struct weir_nexthop *hop = &tx->neighs->policy->nexthops[nexthop];
	const struct weir_addr *sender = &tx->neighs->sender[nexthop];
	struct weir_addr addr;
	uint8_t mac[6];

	switch (weir_neigh_due(tx->neighs, nexthop, tx->now_ns, retry_ns)) {
	case WEIR_NEIGH_UNICAST:
		weir_neigh_mac(tx->neighs, nexthop, mac);
		addr = weir_neigh_addr(tx->neighs, nexthop);
		weir_tx_request(tx, hop->interface, sender, &addr, mac);
		break;
	case WEIR_NEIGH_BROADCAST:
		addr = weir_neigh_addr(tx->neighs, nexthop);
		weir_tx_request(tx, hop->interface, sender, &addr, NULL);
		break;
	case WEIR_NEIGH_ROUTERS:
		ask_routers(tx, hop->interface);
		break;
	case WEIR_NEIGH_NO_REQUEST:
		break;
	}
}

static uint16_t build_request(uint8_t *frame, const uint8_t ours[6], const struct weir_addr *sender,
	const struct weir_addr *addr, const uint8_t *to)
{
	static const uint8_t unknown[6];
	uint16_t len;

	if (!weir_addr_is_v4(addr))
		return weir_build_nd_solicitation(frame, ours, sender, to, addr);
	len = weir_build_arp(frame, WEIR_ARP_REQUEST, ours, weir_addr_v4_be(sender), unknown,
		weir_addr_v4_be(addr));
	if (to != NULL)
		memcpy(frame, to, 6);
	return len;
}

void weir_tx_request(struct weir_tx *tx, uint8_t interface, const struct weir_addr *sender,
	const struct weir_addr *addr, const uint8_t *to)
{
	struct rte_mbuf *m = weir_tx_new(tx);

	if (m == NULL)
		return;
	m->pkt_len = m->data_len = build_request(rte_pktmbuf_mtod(m, uint8_t *),
		weir_tx_nic(tx, interface)->mac, sender, addr, to);
	weir_tx_frame(tx, m, interface);
}

void weir_tx_announce(struct weir_tx *tx, uint8_t interface, const struct weir_addr *addr)
{
	struct rte_mbuf *m;

	if (weir_addr_is_v4(addr)) { /* RFC 5227 §3 */
		weir_tx_request(tx, interface, addr, addr, NULL);
		return;
	}
	m = weir_tx_new(tx);
	if (m == NULL)
		return;
	m->pkt_len = m->data_len = weir_build_nd_advertisement(rte_pktmbuf_mtod(m, uint8_t *),
		weir_tx_nic(tx, interface)->mac, addr, WEIR_ND_OVERRIDE, NULL, NULL);
	weir_tx_frame(tx, m, interface);
}

void weir_tx_probe(struct weir_tx *tx, uint8_t interface, const struct weir_addr *addr)
{
	struct rte_mbuf *m = weir_tx_new(tx);

	if (m == NULL)
		return;
	m->pkt_len = m->data_len = weir_build_nd_probe(rte_pktmbuf_mtod(m, uint8_t *),
		weir_tx_nic(tx, interface)->mac, addr);
	weir_tx_frame(tx, m, interface);
}

void weir_tx_report(struct weir_tx *tx, uint8_t interface, enum weir_mld_report why,
	const struct weir_addr *addr)
{
	struct rte_mbuf *m = weir_tx_new(tx);

	if (m == NULL)
		return;
	m->pkt_len = m->data_len = weir_build_mld_report(rte_pktmbuf_mtod(m, uint8_t *),
		weir_tx_nic(tx, interface)->mac, why, addr);
	weir_tx_frame(tx, m, interface);
}
