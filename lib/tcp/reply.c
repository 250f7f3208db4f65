// SPDX-License-Identifier: BSD-3-Clause
/*
 * Answers in the buffer of the packet that they answer: SYN-ACK, RST, challenge ACK. Sending one needs
 * no memory, route or ARP: it leaves by the port and to the neighbour that the packet came from.
 */
#include <string.h>

#include "tcp/engine.h"
#include "tcp/handshake.h"
#include "wire/icmp.h"

/* SYN-ACKs of a ring that are retransmitted in one tick, at most: what is left is done by the next one. */
#define TICK_SYN_ACKS 32

/* A header to the segment's sender. */
static struct weir_header header_back(const struct weir_seg *seg)
{
	return (struct weir_header){
		.src = seg->dst,
		.dst = seg->src,
		.sport_be = seg->dport_be,
		.dport_be = seg->sport_be,
		.wscale = WEIR_WSCALE_NONE,
	};
}

/* The packet's buffer holds our frame now. */
static void sent_back(struct weir_pkt *pkt, enum weir_fate fate)
{
	pkt->frame.csum = WEIR_CSUM_GOOD;
	pkt->send = WEIR_SEND_BACK;
	pkt->fate = (uint8_t)fate;
}

void weir_reply_rst(struct weir_pkt *pkt, enum weir_fate fate)
{
	const struct weir_seg *seg = &pkt->seg;
	struct weir_header h = header_back(seg);

	if (seg->flags & WEIR_TCP_ACK) {
		h.seq = seg->ack;
		h.flags = WEIR_TCP_RST;
	} else {
		h.ack = weir_seg_end(seg) + ((seg->flags & WEIR_TCP_SYN) != 0);
		h.flags = WEIR_TCP_RST | WEIR_TCP_ACK;
	}
	pkt->frame.len = pkt->frame.head_len = weir_build_tcp(pkt->frame.data, &h);
	sent_back(pkt, fate);
}

/* Whose part of the budgets the answer is of: a service's number, or the one after all services'. */
static uint32_t sharer_of(const struct weir_proxy *px, const struct weir_pkt *pkt)
{
	const struct weir_policy *p = px->policy;

	if (pkt->kind == WEIR_KIND_CLIENT)
		return weir_policy_service_of(p, pkt->key.id);
	if (pkt->kind == WEIR_KIND_BACKEND)
		return p->backends[pkt->key.id & ~WEIR_KEY_BACKEND].service;
	return weir_policy_service_room(p);
}

/* A backend's address is proved by the port that it comes by (HC-66). */
static const struct weir_addr *unproved(const struct weir_pkt *pkt)
{
	return pkt->kind == WEIR_KIND_BACKEND ? NULL : &pkt->seg.src;
}

bool weir_may_reply(struct weir_proxy *px, enum weir_reply_kind kind, struct weir_pkt *pkt)
{
	enum weir_fate why;

	if (weir_replies_take(&px->replies, kind, sharer_of(px, pkt), unproved(pkt), px->now_ns,
		    &why))
		return true;
	drop(pkt, why);
	return false;
}

/*
 * Our address by which a traceroute of the sender shows us: of the interface's, one in its subnet if there is one (RFC 1812
 * §4.3.2.4). Where clients come by an interface without addresses, the VIP. NULL: none.
 */
static const struct weir_addr *own_address(const struct weir_proxy *px, const struct weir_pkt *pkt)
{
	const struct weir_interface *by = &px->policy->interfaces[pkt->interface];
	const struct weir_addr *any = pkt->kind == WEIR_KIND_CLIENT ? &pkt->seg.dst : NULL;

	for (unsigned int i = by->n_addrs; i-- > 0;) {
		const struct weir_interface_addr *a = &by->addrs[i];

		if (weir_addr_in(&pkt->seg.src, &a->addr, a->prefix))
			return &a->addr;
		if (weir_addr_same_family(&pkt->seg.src, &a->addr))
			any = &a->addr;
	}
	return any;
}

void weir_reply_time_exceeded(struct weir_proxy *px, enum weir_reply_kind kind,
	struct weir_pkt *pkt)
{
	const struct weir_addr *from = own_address(px, pkt);

	if (from == NULL) {
		drop(pkt, WEIR_FATE_ip_ttl);
	} else if (weir_may_reply(px, kind, pkt)) {
		weir_icmp_time_exceeded(&pkt->frame, &pkt->seg, from);
		sent_back(pkt, WEIR_FATE_time_exceeded);
	}
}

static bool may_challenge(struct weir_proxy *px, const struct weir_conn *c, struct weir_pkt *pkt)
{
	enum weir_fate why;

	if (weir_replies_challenge(&px->replies, conn_index(px, c), sharer_of(px, pkt),
		    unproved(pkt), px->now_ns, &why))
		return true;
	drop(pkt, why);
	return false;
}

void weir_reply_rst_budgeted(struct weir_proxy *px, enum weir_reply_kind kind, struct weir_pkt *pkt,
	enum weir_fate fate)
{
	if (pkt->seg.flags & WEIR_TCP_RST)
		drop(pkt, WEIR_FATE_stray_rst);
	else if (weir_may_reply(px, kind, pkt))
		weir_reply_rst(pkt, fate);
}

static unsigned int syn_ack_has(const struct weir_agreed *a)
{
	return (a->ts ? WEIR_SYN_ACK_TS : 0) | (a->sack ? WEIR_SYN_ACK_SACK : 0) |
		(a->wscale != WEIR_WSCALE_NONE ? WEIR_SYN_ACK_WSCALE : 0) |
		(a->ecn ? WEIR_SYN_ACK_ECN : 0);
}

/*
 * HC-04: the true window is what may be held, by bytes and by packets of the size that the client is
 * asked for (RFC 6691: less timestamps).
 */
static uint16_t early_room(const struct weir_proxy *px, const struct weir_profile *profile)
{
	const uint32_t pkts = WEIR_HELD_PKTS_MAX * (profile->mss - 12u);
	const uint32_t bytes = px->policy->limits.held_bytes;

	return (uint16_t)(pkts < bytes ? pkts : bytes);
}

/* The window of a SYN-ACK; while its service has more packets held than are free it is 0, and opens later. */
static uint16_t early_window(struct weir_proxy *px, const struct weir_listener *l)
{
	if (weir_held_is_tight(&px->held, l->service)) {
		px->squeezed_until_ns[l->service] = px->now_ns + WEIR_COOKIE_LIFE_MS * 1000000ull;
		event(px, WEIR_EVENT_window_closed);
		return 0;
	}
	return early_room(px, &l->profile);
}

/* The window that c's client has been shown: before ESTABLISHED what may be held. */
static uint16_t shown_window(const struct weir_proxy *px, const struct weir_conn *c)
{
	uint32_t wnd = early_room(px, &conn_service(px, c)->profile) >> c->wscale_shown;

	if (c->state >= WEIR_ESTABLISHED)
		return weir_open_window(c, WEIR_CLIENT, c->wscale_shown);
	if (c->flags & WEIR_CONN_WND_UPDATE) /* it was told 0; a window update follows */
		return 0;
	return wnd > 0 ? (uint16_t)wnd : 1;
}

/*
 * In SYN_SENT the backend's track counts in the client's view. From ESTABLISHED on current timestamps are unknown:
 * the segment has none, and if its receiver misses them, it knows the connection.
 */
static void challenge(struct weir_proxy *px, const struct weir_conn *c, struct weir_pkt *pkt)
{
	struct weir_header h = header_back(&pkt->seg);

	h.seq = c->track[WEIR_BACKEND].end + c->seq_delta[WEIR_BACKEND];
	h.ack = weir_window_asked(c);
	h.flags = WEIR_TCP_ACK;
	h.wnd = shown_window(px, c);
	if (c->state < WEIR_ESTABLISHED && (c->flags & WEIR_CONN_TS)) {
		h.ts = true;
		h.tsval = weir_handshake_cookie_tsval(c);
		h.tsecr = weir_handshake_client_tsval(c);
	}
	pkt->frame.len = pkt->frame.head_len = weir_build_tcp(pkt->frame.data, &h);
	sent_back(pkt, WEIR_FATE_challenged);
}

void weir_reply_challenge(struct weir_proxy *px, const struct weir_conn *c, struct weir_pkt *pkt)
{
	if (may_challenge(px, c, pkt))
		challenge(px, c, pkt);
}

/* The neighbour that the packet came from. */
static struct weir_neighbour sender(const struct weir_pkt *pkt)
{
	struct weir_neighbour n = {.interface = pkt->interface, .known = 1};

	memcpy(n.mac, weir_eth_src(&pkt->frame), sizeof(n.mac));
	return n;
}

void weir_refuse_incarnation(struct weir_proxy *px, const struct weir_conn *c, struct weir_pkt *pkt)
{
	const struct weir_dest dest = {.send = WEIR_SEND_NEIGHBOUR, .neighbour = sender(pkt)};
	struct weir_header rst = header_back(&pkt->seg);

	if (!may_challenge(px, c, pkt))
		return;
	rst.seq = pkt->seg.ack;
	rst.flags = WEIR_TCP_RST;
	send_header(px, &rst, &dest);
	challenge(px, c, pkt);
}

void weir_reply_syn_ack(struct weir_proxy *px, struct weir_pkt *pkt,
	const struct weir_cookie *cookie)
{
	const struct weir_policy *p = px->policy;
	const struct weir_listener *l = &p->listeners[pkt->key.id];
	const struct weir_template_fields fields = {
		.dst = &pkt->seg.src,
		.dport_be = pkt->seg.sport_be,
		.wnd = early_window(px, l),
		.seq = cookie->isn,
		.ack = pkt->seg.seq + 1, /* HC-10: data on the SYN is not acknowledged */
		.tsval = cookie->tsval,
		.tsecr = pkt->seg.tsval,
	};

	pkt->frame.len = pkt->frame.head_len = weir_template_fill(pkt->frame.data,
		weir_policy_syn_ack(p, pkt->key.id, syn_ack_has(&cookie->agreed)), &fields);
	sent_back(pkt, WEIR_FATE_syn_cookie);
}

void weir_reply_note(struct weir_proxy *px, struct weir_synack_ring *ring,
	const struct weir_pkt *pkt, uint16_t service, const struct weir_cookie *cookie)
{
	struct weir_synack *s = weir_synack_push(ring, service, px->now_ns);

	if (s == NULL)
		return;
	s->client = pkt->key;
	s->client_isn = pkt->seg.seq;
	s->isn = cookie->isn;
	s->tsval = cookie->tsval;
	s->client_tsval = pkt->seg.tsval;
	s->neighbour = sender(pkt);
	s->agreed = cookie->agreed;
}

static void syn_ack_again(struct weir_proxy *px, const struct weir_synack *s)
{
	struct weir_dest dest = {.send = WEIR_SEND_NEIGHBOUR, .neighbour = s->neighbour};
	struct weir_header h =
		weir_listener_syn_ack(px->policy, s->client.id, syn_ack_has(&s->agreed));

	h.dst = s->client.addr;
	h.dport_be = s->client.port_be;
	h.seq = s->isn;
	h.ack = s->client_isn + 1;
	h.wnd = early_window(px, &px->policy->listeners[s->client.id]);
	h.tsval = s->tsval;
	h.tsecr = s->client_tsval;
	send_header(px, &h, &dest);
	event(px, WEIR_EVENT_syn_ack_resent);
}

/* No connection was opened by that SYN-ACK's cookie. An ended one of another cookie does not count. */
static bool is_unanswered(const struct weir_proxy *px, const struct weir_synack *s)
{
	uint64_t hash = weir_key_hash(&px->table.secret, &s->client);
	uint32_t conn = weir_table_lookup(&px->table, &s->client, hash);
	const struct weir_conn *c;

	if (weir_spent_is(&px->spent, hash, s->isn))
		return false;
	if (conn == WEIR_CONN_NONE)
		return true;
	c = weir_table_conn(&px->table, conn);
	return !is_active(c) && c->cookie != s->isn;
}

/* HC-42: the client's address may be forged, and the more so if it is unknown. Both limits, or neither. */
static bool may_resend(struct weir_proxy *px, const struct weir_synack *s, bool known)
{
	struct weir_resend *budget = &px->resends[s->sharer];
	const uint64_t syns = px->counters.service[s->sharer].syn;

	if ((known || weir_resend_has(budget, syns, px->now_ns)) &&
		weir_replies_prefix(&px->replies, &s->client.addr, px->now_ns)) {
		if (!known)
			weir_resend_take(budget);
		return true;
	}
	event(px, WEIR_EVENT_syn_ack_withheld);
	return false;
}

/* HC-07: without a connection by now, the SYN-ACK or the client's ACK was lost. */
static void again(struct weir_proxy *px, struct weir_synack_ring *ring, unsigned int limit)
{
	const struct weir_synack *s;

	while ((s = weir_synack_due(ring, px->now_ns, &limit)) != NULL)
		if (!px->draining && is_open(px, s->client.id) && is_unanswered(px, s) &&
			may_resend(px, s, ring == &px->known_synacks))
			syn_ack_again(px, s);
}

void weir_reply_syn_acks_again(struct weir_proxy *px)
{
	if (!weir_synack_done(&px->known_synacks))
		again(px, &px->known_synacks, TICK_SYN_ACKS);
	if (!weir_synack_done(&px->synacks))
		again(px, &px->synacks, TICK_SYN_ACKS);
}
