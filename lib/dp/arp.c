// SPDX-License-Identifier: BSD-3-Clause
#include "dp/arp.h"

#include "dp/mbuf.h"
#include "wire/arp.h"

/* What the message says. */
struct arp {
	bool is_request;
	struct weir_addr sender, target;
	uint8_t mac[6]; /* the sender's */
};

static struct arp read_arp(const struct weir_frame *f)
{
	const struct weir_arp_hdr *hdr = weir_arp(f);
	struct arp a = {.is_request = hdr->op_be == weir_be16(WEIR_ARP_REQUEST)};
	uint32_t sender_be, target_be;

	memcpy(&sender_be, hdr->sender_ip, 4);
	memcpy(&target_be, hdr->target_ip, 4);
	memcpy(a.mac, hdr->sender_mac, sizeof(a.mac));
	a.sender = weir_addr_v4(sender_be);
	a.target = weir_addr_v4(target_be);
	return a;
}

/* In the request's own buffer. */
static void answer(struct weir_tx *tx, struct weir_pkt *pkt, const struct arp *asked)
{
	pkt->frame.len = pkt->frame.head_len = weir_build_arp(pkt->frame.data, WEIR_ARP_REPLY,
		weir_tx_nic(tx, pkt->interface)->mac, weir_addr_v4_be(&asked->target), asked->mac,
		weir_addr_v4_be(&asked->sender));
	weir_tx_to_mac(tx, weir_mbuf_of(pkt), pkt->interface, asked->mac);
}

/* A request for an address of ours: answered within the budget. */
static void take_request(struct weir_tx *tx, struct weir_pkt *pkt, const struct arp *a)
{
	if (weir_may_answer(tx, pkt->interface, &a->sender, a->mac)) {
		pkt->fate = WEIR_FATE_arp_reply;
		answer(tx, pkt, a);
	} else {
		pkt->fate = WEIR_FATE_reply_budget;
		rte_pktmbuf_free(pkt->buf);
	}
}

void weir_arp_receive(struct weir_tx *tx, struct weir_pkt *pkt)
{
	const struct weir_policy *p = tx->neighs->policy;
	const struct arp a = read_arp(&pkt->frame);
	enum weir_neigh_claim claim = weir_neigh_claim(tx->neighs, pkt->interface, &a.sender, a.mac,
		!a.is_request, tx->now_ns);

	if (weir_is_ours(p, &a.sender, pkt->interface) && !weir_is_our_mac(tx, a.mac))
		weir_take_conflict(tx, pkt->interface, &a.sender, a.mac);
	if (a.is_request && weir_is_ours(p, &a.target, pkt->interface)) {
		take_request(tx, pkt, &a);
	} else {
		pkt->fate = (uint8_t)weir_fate_of_claim(claim, WEIR_FATE_arp_learned,
			WEIR_FATE_arp_unverified, WEIR_FATE_arp_other);
		rte_pktmbuf_free(pkt->buf);
	}
	weir_count(&tx->counters->fate[pkt->fate], 1);
}
