// SPDX-License-Identifier: BSD-3-Clause
#include "dp/nd.h"

#include "dp/mbuf.h"
#include "dp/mld.h"
#include "wire/eth.h"
#include "wire/nd.h"

/* What a message says, and which MAC address its sender has, or the target of an advertisement. */
struct message {
	struct weir_nd nd;
	struct weir_addr src;
	uint8_t mac[6];
};

/* Without the option the frame itself tells the address. */
static bool read_message(const struct weir_pkt *pkt, struct message *m, enum weir_fate *why)
{
	if (!weir_nd_read(&pkt->frame, &pkt->seg, &m->nd, why))
		return false;
	m->src = pkt->seg.src;
	memcpy(m->mac, m->nd.has_mac ? m->nd.mac : weir_eth_src(&pkt->frame), sizeof(m->mac));
	return true;
}

/*
 * In the solicitation's own buffer, which has room for it: RFC 4861 §7.2.4. What has no address yet asks whether
 * ours is taken: all nodes hear that it is.
 */
static void answer(struct weir_tx *tx, struct weir_pkt *pkt, const struct message *m)
{
	const uint8_t *ours = weir_tx_nic(tx, pkt->interface)->mac;
	uint8_t *f = pkt->frame.data;

	if (m->nd.is_probe)
		pkt->frame.len = weir_build_nd_advertisement(f, ours, &m->nd.target,
			WEIR_ND_OVERRIDE, NULL, NULL);
	else
		pkt->frame.len = weir_build_nd_advertisement(f, ours, &m->nd.target,
			WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE, m->mac, &m->src);
	pkt->frame.head_len = (uint16_t)pkt->frame.len;
	weir_tx_frame(tx, weir_mbuf_of(pkt), pkt->interface);
}

/* For an address of ours: answered within the budget. */
static enum weir_fate take_request(struct weir_tx *tx, struct weir_pkt *pkt,
	const struct message *m)
{
	if (pkt->frame.room < WEIR_ND_FRAME_MAX)
		return WEIR_FATE_nd_other;
	if (!weir_may_answer(tx, pkt->interface, &m->src, m->mac))
		return WEIR_FATE_reply_budget;
	answer(tx, pkt, m);
	return WEIR_FATE_nd_reply;
}

/* The sender may be a next hop under another MAC, or use an address of ours. */
static enum weir_fate take_solicitation(struct weir_tx *tx, struct weir_pkt *pkt,
	const struct message *m)
{
	const struct weir_policy *p = tx->neighs->policy;
	const bool for_us = weir_is_ours(p, &m->nd.target, pkt->interface);
	const struct weir_addr *claimed = m->nd.is_probe ? &m->nd.target : &m->src;
	enum weir_neigh_claim claim;

	if (weir_is_our_mac(tx, weir_eth_src(&pkt->frame)))
		return WEIR_FATE_nd_other; /* what we have sent to a group comes back */
	claim = weir_neigh_claim(tx->neighs, pkt->interface, claimed, m->mac, false, tx->now_ns);
	if (weir_is_ours(p, claimed, pkt->interface))
		weir_take_conflict(tx, pkt->interface, claimed, m->mac);
	if (for_us)
		return take_request(tx, pkt, m);
	return weir_fate_of_claim(claim, WEIR_FATE_nd_learned, WEIR_FATE_nd_unverified,
		WEIR_FATE_nd_other);
}

/*
 * RFC 4861 §7.2.5. An answer to our solicitation has the flag; without a MAC address in it, it confirms one that is
 * known and tells none.
 */
static enum weir_fate take_advertisement(struct weir_tx *tx, struct weir_pkt *pkt,
	const struct message *m)
{
	const bool tells = m->nd.has_mac ||
		weir_neigh_is_known(tx->neighs, pkt->interface, &m->nd.target, m->mac);
	enum weir_neigh_claim claim;

	if (weir_is_our_mac(tx, m->mac) || !tells)
		return WEIR_FATE_nd_other;
	claim = weir_neigh_claim(tx->neighs, pkt->interface, &m->nd.target, m->mac,
		m->nd.flags & WEIR_ND_SOLICITED, tx->now_ns);
	if (claim == WEIR_NEIGH_LEARNED && !(m->nd.flags & WEIR_ND_ROUTER))
		weir_neigh_no_router(tx->neighs, pkt->interface, &m->nd.target);
	if (weir_is_ours(tx->neighs->policy, &m->nd.target, pkt->interface))
		weir_take_conflict(tx, pkt->interface, &m->nd.target, m->mac);
	return weir_fate_of_claim(claim, WEIR_FATE_nd_learned, WEIR_FATE_nd_unverified,
		WEIR_FATE_nd_other);
}

/* RFC 4861 §6.3.4, for `gateway6 = "auto"`. A router's preference (RFC 4191) does not matter: the first one is taken. */
static enum weir_fate take_router(struct weir_tx *tx, const struct weir_pkt *pkt,
	const struct message *m)
{
	if (weir_is_our_mac(tx, weir_eth_src(&pkt->frame)) ||
		!weir_neigh_router(tx->neighs, pkt->interface, &m->src, m->nd.lifetime_s,
			tx->now_ns))
		return WEIR_FATE_nd_other;
	return WEIR_FATE_nd_router;
}

static enum weir_fate take(struct weir_tx *tx, struct weir_pkt *pkt)
{
	enum weir_fate why;
	struct message m;

	if (!read_message(pkt, &m, &why))
		return why; /* the parser has read it already: it is good */
	switch ((enum weir_nd_type)m.nd.type) {
	case WEIR_ND_SOLICITATION:
		return take_solicitation(tx, pkt, &m);
	case WEIR_ND_ADVERTISEMENT:
		return take_advertisement(tx, pkt, &m);
	case WEIR_ND_ROUTER_ADVERTISEMENT:
		return take_router(tx, pkt, &m);
	case WEIR_ND_ROUTER_SOLICITATION:
	case WEIR_ND_REDIRECT:
		break;
	}
	return WEIR_FATE_nd_other;
}

/* RFC 3810 §6.2. The answer is not to its sender alone, and comes once a second at most. */
static enum weir_fate take_query(struct weir_tx *tx, const struct weir_pkt *pkt)
{
	struct weir_mld_query q;
	enum weir_fate why;

	if (!weir_mld_read_query(&pkt->frame, &pkt->seg, &q, &why))
		return why; /* the parser has read it already: it is good */
	weir_mld_ask(tx->mld, pkt->interface, &q, tx->now_ns);
	return WEIR_FATE_mld_query;
}

void weir_nd_receive(struct weir_tx *tx, struct weir_pkt *pkt)
{
	const bool query = pkt->frame.data[pkt->seg.l4_off] == WEIR_MLD_QUERY;

	pkt->fate = (uint8_t)(query ? take_query(tx, pkt) : take(tx, pkt));
	if (pkt->fate != WEIR_FATE_nd_reply)
		rte_pktmbuf_free(pkt->buf);
	weir_count(&tx->counters->fate[pkt->fate], 1);
}
