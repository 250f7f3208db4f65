// SPDX-License-Identifier: BSD-3-Clause
/*
 * ICMP errors about what we sent: believed when what they quote is in flight (RFC 5927 §7), as only a host on the
 * way can know. One about our SYN makes the connection look for another backend, all others are passed on to
 * the end that sent the segment, in its own numbers: path MTU discovery goes through (HC-28).
 */
#include "base/seq.h"
#include "flow/host.h"
#include "tcp/calm.h"
#include "tcp/engine.h"
#include "tcp/handshake.h"
#include "wire/icmp.h"

/* A SYN is on its way to the backend, ours or the client's. */
static bool is_connecting(const struct weir_conn *c)
{
	return c->state == WEIR_SYN_SENT || (c->state == WEIR_SYN_RCVD && !weir_calm_answered(c));
}

/* HC-12: our unanswered SYN went nowhere. */
static void backend_unreachable(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	drop(pkt, WEIR_FATE_backend_unreachable);
	weir_connect_count_unreachable(px, c);
	if (c->state == WEIR_SYN_RCVD)
		weir_calm_unreachable(px, c);
	else
		weir_connect_failed(px, c);
}

/* seq, in the sender's own numbers: it was sent and is not acknowledged. */
static bool is_in_flight(const struct weir_conn *c, enum weir_side sender, uint32_t seq)
{
	const struct weir_track *sent = &c->track[sender];

	return c->state > WEIR_SYN_SENT && c->state < WEIR_TIME_WAIT &&
		weir_seq_le(sent->acked, seq) && weir_seq_lt(seq, sent->end);
}

/*
 * To the end that sent the segment, as if from its peer: what routers there are behind us is not for clients,
 * and a backend may not accept packets of a client's routers.
 */
static void pass_on(struct weir_proxy *px, const struct weir_conn *c, enum weir_side sender,
	struct weir_pkt *pkt, uint32_t seq)
{
	const struct weir_listener *l = &px->policy->listeners[c->client.id];
	const struct weir_backend *bk = &px->policy->backends[c->backend];
	struct weir_seg as = {.seq = seq};

	if (sender == WEIR_CLIENT) {
		as.src = c->client.addr, as.sport_be = c->client.port_be;
		as.dst = l->vip, as.dport_be = l->port_be;
	} else {
		as.src = bk->addr, as.sport_be = bk->port_be;
		as.dst = c->local.addr, as.dport_be = c->local.port_be;
	}
	if (!weir_icmp_requote(&pkt->frame, &pkt->seg, &as, &as.dst))
		return;
	pkt->fate = WEIR_FATE_icmp_forwarded;
	pkt->send = sender == WEIR_CLIENT ? WEIR_SEND_NEIGHBOUR : WEIR_SEND_NEXTHOP;
	pkt->neighbour = c->neighbour;
	pkt->nexthop = bk->nexthop;
}

void weir_icmp_error(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const enum weir_side sender = pkt->key.id & WEIR_KEY_BACKEND ? WEIR_CLIENT : WEIR_BACKEND;
	uint32_t seq;

	drop(pkt, WEIR_FATE_icmp_other);
	if (c == NULL) {
		if (sender == WEIR_CLIENT &&
			weir_host_has_conn(px->policy, &pkt->key, pkt->interface))
			drop(pkt, WEIR_FATE_to_host);
		return;
	}
	pkt->conn = conn_index(px, c);
	if (is_connecting(c)) {
		if (sender == WEIR_CLIENT && pkt->seg.seq == weir_backend_isn(c) &&
			weir_icmp_is_final(&pkt->frame, &pkt->seg))
			backend_unreachable(px, c, pkt);
		return;
	}
	seq = pkt->seg.seq - c->seq_delta[sender];
	if (is_in_flight(c, sender, seq))
		pass_on(px, c, sender, pkt, seq);
}
