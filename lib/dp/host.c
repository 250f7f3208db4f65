// SPDX-License-Identifier: BSD-3-Clause
#include "dp/host.h"

#include "wire/vlan.h"

#define TAGS_BYTES (2 * WEIR_VLAN_LEN) /* one more than synweir has taken off */

/* So much of the ring may be used when a frame of that class is put in: the last quarter is for routing protocols. */
static const uint32_t shares[WEIR_HOST_CLASSES] = {
	[WEIR_HOST_ROUTING] = WEIR_FRAMES,
	[WEIR_HOST_NEIGHBOUR] = WEIR_FRAMES * 3 / 4,
	[WEIR_HOST_ICMP] = WEIR_FRAMES / 2,
	[WEIR_HOST_REST] = WEIR_FRAMES / 2,
};

void weir_host_init(struct weir_host_end *e, struct weir_arena *arena, const struct weir_policy *p,
	unsigned int worker, uint64_t now_ns)
{
	uint32_t room = 0;

	for (unsigned int i = 0; i < p->n_ports; i++) {
		const struct weir_port *port = &p->ports[i];

		if (!weir_port_has_host(port))
			continue;
		e->ports |= 1u << i;
		room = RTE_MAX(room, port->mtu + (uint32_t)WEIR_ETH_LEN + TAGS_BYTES);
		for (unsigned int c = 0; c < WEIR_HOST_CLASSES; c++)
			weir_bucket_init(&e->buckets[i][c], port->host.rate[c], now_ns);
	}
	if (e->ports == 0)
		return;
	weir_frames_init(&e->to, arena, room);
	if (worker == 0)
		weir_frames_init(&e->from, arena, room);
}

/* Room for a tag in front, which vlan becomes; the frame begins with an Ethernet header in one piece. */
static void copy_bytes(struct weir_slot *slot, const struct rte_mbuf *m, uint16_t vlan)
{
	slot->len = vlan != 0 ? WEIR_VLAN_LEN : 0;
	for (; m != NULL; m = m->next) {
		memcpy(slot->data + slot->len, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
		slot->len = (uint16_t)(slot->len + m->data_len);
	}
	if (vlan != 0)
		weir_vlan_put_on(slot->data, vlan);
}

enum weir_fate weir_host_copy(struct weir_host_end *e, struct weir_tx *tx, const struct rte_mbuf *m,
	unsigned int port, uint16_t vlan, enum weir_host_class class)
{
	struct weir_host_counters *c = &tx->counters->port[port].host;
	struct weir_slot *slot;

	/* the ring first: what does not fit uses up no rate */
	if (weir_frames_count(&e->to) >= shares[class] || m->pkt_len + WEIR_VLAN_LEN > e->to.room) {
		weir_count(&c->full[class], 1);
		return WEIR_FATE_host_full;
	}
	if (!weir_bucket_take(&e->buckets[port][class], tx->now_ns)) {
		weir_count(&c->limited[class], 1);
		return WEIR_FATE_host_limit;
	}
	slot = weir_frames_free(&e->to);
	copy_bytes(slot, m, vlan);
	slot->port = (uint8_t)port;
	slot->class = (uint8_t) class;
	weir_frames_put(&e->to);
	weir_count(&c->passed[class], 1);
	weir_count(&c->passed_bytes, m->pkt_len);
	return WEIR_FATE_to_host;
}

/* false: no buffer is free, or it does not fit into one. */
static bool send_one(struct weir_tx *tx, const struct weir_slot *slot)
{
	struct weir_host_counters *c = &tx->counters->port[slot->port].host;
	struct rte_mbuf *m = rte_pktmbuf_alloc(tx->pool);
	char *data = m != NULL ? rte_pktmbuf_append(m, slot->len) : NULL;

	if (data == NULL) {
		rte_pktmbuf_free(m);
		weir_count(&tx->counters->event[WEIR_EVENT_no_mbuf], 1);
		return false;
	}
	memcpy(data, slot->data, slot->len);
	weir_count(&tx->counters->fate[WEIR_FATE_from_host], 1);
	weir_count(&c->sent, 1);
	weir_count(&c->sent_bytes, slot->len);
	weir_tx_on_port(tx, m, slot->port);
	return true;
}

unsigned int weir_host_send(struct weir_host_end *e, struct weir_tx *tx)
{
	unsigned int n = 0;

	for (; n < WEIR_HOST_BURST; n++) {
		const struct weir_slot *slot = weir_frames_next(&e->from);

		if (slot == NULL || !send_one(tx, slot))
			break; /* without a buffer it waits for the next loop */
		weir_frames_take(&e->from);
	}
	return n;
}
