// SPDX-License-Identifier: BSD-3-Clause
/*
 * The proxy engine: the decision about each packet of a burst, and the work that time brings.
 * The decision picks one of the handlers (accept.c, connect.c, forward.c, reply.c) by what the packet
 * is and what the table has for it; it changes no connection itself.
 */
#include "base/seq.h"
#include "flow/classify.h"
#include "flow/host.h"
#include "tcp/burst.h"
#include "tcp/calm.h"
#include "tcp/gates.h"
#include "tcp/handshake.h"
#include "tcp/inserted.h"
#include "wire/icmp.h"

/* Bound of one weir_proxy_tick(): what is left is done by the next one. */
#define TICK_EXPIRIES 64

/*
 * The client's segment cannot be new data of this connection, so it is checked for a new incarnation
 * first. Past both FINs the client cannot send new data; after a RST a segment that fits the old
 * numbers may do so by chance.
 */
static bool is_past_close(const struct weir_conn *c, const struct weir_pkt *pkt)
{
	if (c->state == WEIR_CLOSED || (c->flags & WEIR_CONN_RST_PENDING))
		return true;
	return c->state == WEIR_TIME_WAIT && weir_seq_lt(c->fin_seq[WEIR_CLIENT], pkt->seg.seq);
}

static uint32_t grace_ms(const struct weir_seg *seg)
{
	return weir_has_data_or_fin(seg) ? WEIR_GRACE_MS : WEIR_GRACE_BARE_MS;
}

/*
 * HC-08: a segment without a connection and without a valid cookie. Within the grace period it is
 * dropped: it may have overtaken the segment that opens the connection. The same one again after that:
 * RST, in budget.
 */
static void handle_unproven(struct weir_proxy *px, struct weir_pkt *pkt, uint64_t hash)
{
	const uint32_t age_ms = weir_grace_age_ms(&px->grace, hash, pkt->seg.ack, pkt->seg.seq,
		(uint32_t)now_ms(px));

	if (age_ms != 0 && age_ms >= grace_ms(&pkt->seg))
		weir_reply_rst_budgeted(px, WEIR_REPLY_UNKNOWN, pkt, WEIR_FATE_refused_stray);
	else
		drop(pkt,
			pkt->seg.flags & WEIR_TCP_FIN ? WEIR_FATE_stray_fin : WEIR_FATE_bad_cookie);
}

/*
 * A connection that was reset or given up stays in the table until its cookie expires. A side that
 * keeps sending, or challenges our RST (RFC 5961 §3.2), gets an RST at the number it expects. A client
 * that acknowledges other numbers may be a new incarnation whose first segment is still in flight.
 */
static void handle_closed(struct weir_proxy *px, const struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	if (pkt->seg.flags & WEIR_TCP_RST)
		drop(pkt, WEIR_FATE_after_close);
	else if (side == WEIR_CLIENT && !weir_window_acks(c, side, &pkt->seg) &&
		!weir_is_own_handshake(px, c, pkt))
		handle_unproven(px, pkt, weir_key_hash(&px->table.secret, &pkt->key));
	else if (side == WEIR_CLIENT && c->tries == WEIR_TRIES_SILENT)
		drop(pkt, WEIR_FATE_no_backend_drop);
	else
		weir_reply_rst_budgeted(px, WEIR_REPLY_PEER, pkt, WEIR_FATE_refused_closed);
}

/* A segment of a connection in SYN_SENT, SYN_RCVD or HEADER_SENT. */
static __attribute__((noinline)) void handle_unspliced(struct weir_proxy *px, struct weir_conn *c,
	enum weir_side side, struct weir_pkt *pkt)
{
	if (c->state == WEIR_HEADER_SENT)
		weir_inserted_segment(px, c, side, pkt);
	else if (c->state == WEIR_SYN_RCVD)
		weir_calm_segment(px, c, side, pkt);
	else if (side == WEIR_BACKEND)
		weir_connect_answer(px, c, pkt);
	else
		weir_accept_early(px, c, pkt);
}

/* Both ends are there, as far as is known: the windows alone decide. */
static inline bool is_flowing(const struct weir_conn *c)
{
	return c->state >= WEIR_ESTABLISHED && c->state < WEIR_TIME_WAIT &&
		!(c->flags & WEIR_CONN_RST_PENDING);
}

/* A segment of a connection that has ended, or may have. true: it was looked at in full. */
static __attribute__((noinline)) bool handle_end(struct weir_proxy *px, struct weir_conn *c,
	enum weir_side side, struct weir_pkt *pkt)
{
	if (side == WEIR_CLIENT && is_past_close(c, pkt) && weir_incarnation(px, c, pkt))
		return true;
	if (c->state == WEIR_CLOSED) {
		handle_closed(px, c, side, pkt);
		return true;
	}
	if (side == WEIR_CLIENT && c->state == WEIR_TIME_WAIT &&
		weir_is_own_handshake(px, c, pkt)) {
		weir_reply_rst_budgeted(px, WEIR_REPLY_PEER, pkt, WEIR_FATE_refused_closed);
		return true;
	}
	weir_forward(px, c, side, pkt);
	return false;
}

/* A segment of a connection. Inlined twice, with `side` a constant. */
static inline __attribute__((always_inline)) void handle_known(struct weir_proxy *px,
	struct weir_conn *c, enum weir_side side, struct weir_pkt *pkt)
{
	pkt->conn = conn_index(px, c);
	if (is_flowing(c))
		weir_forward(px, c, side, pkt);
	else if (c->state != WEIR_CLOSED && c->state < WEIR_ESTABLISHED)
		handle_unspliced(px, c, side, pkt);
	else if (handle_end(px, c, side, pkt))
		return;
	/* past the close that was looked at above, and a guess counts once */
	if (side == WEIR_CLIENT && pkt->send == WEIR_SEND_NOTHING &&
		(pkt->fate == WEIR_FATE_out_of_window || pkt->fate == WEIR_FATE_bad_ack) &&
		!is_past_close(c, pkt))
		weir_incarnation(px, c, pkt);
}

/* A client's segment without a connection, whose cookie was checked and is wrong. */
static void handle_bad_cookie(struct weir_proxy *px, struct weir_pkt *pkt, uint64_t hash)
{
	note_bad_cookie(px, pkt);
	handle_unproven(px, pkt, hash);
}

/* A client's segment without a connection, with a valid cookie. */
static void handle_valid_cookie(struct weir_proxy *px, const struct weir_burst *b, unsigned int i)
{
	struct weir_pkt *pkt = &b->pkts[i];
	unsigned int slot = b->slot[i];
	const struct weir_cookie *cookie = &b->acks.cookies[slot];

	if (lacks_timestamps(px, pkt)) {
		handle_unproven(px, pkt, b->hash[i]);
		return;
	}
	if (may_be_guess(px, pkt)) {
		drop(pkt, WEIR_FATE_cookie_guess);
		return;
	}
	if (!weir_spent_is(&px->spent, b->hash[i], cookie->isn)) {
		weir_accept(px, pkt, b->hash[i], cookie, b->probes >> slot & 1);
		return;
	}
	event(px, WEIR_EVENT_cookie_stale);
	handle_unproven(px, pkt, b->hash[i]);
	if (pkt->send == WEIR_SEND_NOTHING)
		drop(pkt, WEIR_FATE_old_cookie);
}

/* Drops a RST or SYN-ACK without a connection; false: it is neither. */
static bool drop_stray(struct weir_pkt *pkt)
{
	if (!(pkt->seg.flags & (WEIR_TCP_RST | WEIR_TCP_SYN)))
		return false;
	drop(pkt, pkt->seg.flags & WEIR_TCP_RST ? WEIR_FATE_stray_rst : WEIR_FATE_stray_syn_ack);
	return true;
}

/* A client's segment without a connection; it is no SYN. */
static void handle_unknown_client(struct weir_proxy *px, const struct weir_burst *b, unsigned int i)
{
	unsigned int slot = b->slot[i];

	if (slot != WEIR_NO_SLOT && (b->good >> slot & 1))
		handle_valid_cookie(px, b, i);
	else if (slot != WEIR_NO_SLOT)
		handle_bad_cookie(px, &b->pkts[i], b->hash[i]);
	else if (!drop_stray(&b->pkts[i]))
		handle_unproven(px, &b->pkts[i], b->hash[i]);
}

static void handle_closed_port(struct weir_proxy *px, struct weir_pkt *pkt)
{
	if (px->policy->limits.refuse_closed_ports)
		weir_reply_rst_budgeted(px, WEIR_REPLY_UNKNOWN, pkt, WEIR_FATE_refused_port);
	else
		drop(pkt, WEIR_FATE_closed_port);
}

/* The SYN is counted, and may be answered by that listener. NULL: its send and fate are set. */
static inline __attribute__((always_inline)) const struct weir_listener *
admit_syn(struct weir_proxy *px, struct weir_pkt *pkt)
{
	const struct weir_listener *l = &px->policy->listeners[pkt->key.id];

	if (l->life != WEIR_LIFE_LIVE) {
		handle_closed_port(px, pkt);
		return NULL;
	}
	event(px, WEIR_EVENT_syn_received);
	weir_count(&px->counters.service[l->service].syn, 1);
	if (!px->draining)
		return l;
	drop(pkt, WEIR_FATE_draining);
	return NULL;
}

/*
 * The SYN is looked up, and its SYN-ACK may be retransmitted, unless that ring is flooded (decision 0110).
 * Out of line: in a flood of unknown addresses none is.
 */
static __attribute__((noinline)) void answer_noted_syn(struct weir_proxy *px, uint16_t service,
	struct weir_pkt *pkt, struct weir_cookie *cookie)
{
	struct weir_synack_ring *ring =
		weir_known_is(&px->known, &pkt->key.addr) ? &px->known_synacks : &px->synacks;
	const bool flooded = weir_synack_silent(ring, service, px->now_ns);

	if (!flooded && weir_answer_known(px, pkt, cookie))
		return;
	weir_reply_syn_ack(px, pkt, cookie);
	if (!flooded)
		weir_reply_note(px, ring, pkt, service, cookie);
}

static inline __attribute__((always_inline)) void answer_syn(struct weir_proxy *px,
	const struct weir_listener *l, struct weir_pkt *pkt, struct weir_cookie *cookie)
{
	if (l->profile.require_timestamps && pkt->seg.ts_off == 0)
		drop(pkt, WEIR_FATE_plain_syn);
	else if (is_calm(px, l->service) || weir_known_may_be(&px->known, &pkt->key.addr))
		answer_noted_syn(px, l->service, pkt, cookie);
	else
		weir_reply_syn_ack(px, pkt, cookie);
}

/* HC-70: the backend answers it. Out of line: a flood is answered by cookies. */
static __attribute__((noinline)) void handle_calm_syn(struct weir_proxy *px,
	const struct weir_burst *b, unsigned int i)
{
	struct weir_pkt *pkt = &b->pkts[i];
	const struct weir_listener *l = admit_syn(px, pkt);
	struct weir_cookie cookie;

	if (l == NULL || weir_calm_syn(px, pkt, b->hash[i], weir_burst_conn(px, b, i)))
		return;
	weir_burst_cookie(px, pkt, &cookie);
	answer_syn(px, l, pkt, &cookie);
}

static inline void handle_syn(struct weir_proxy *px, struct weir_burst *b, unsigned int i)
{
	struct weir_pkt *pkt = &b->pkts[i];
	const uint8_t slot = b->slot[i];
	const struct weir_listener *l;

	if (__builtin_expect(slot == WEIR_NO_SLOT, 0)) {
		handle_calm_syn(px, b, i);
		return;
	}
	l = admit_syn(px, pkt);
	if (l != NULL)
		answer_syn(px, l, pkt, &b->syns.cookies[slot]);
}

/* A backend's segment without a connection: an RST frees what the backend still has of it. */
static void handle_unknown_backend(struct weir_proxy *px, struct weir_pkt *pkt)
{
	const uint8_t kind = pkt->seg.flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST);

	if (weir_host_has_conn(px->policy, &pkt->key, pkt->interface))
		drop(pkt, WEIR_FATE_to_host);
	else if (!weir_is_return_path(px->policy, pkt))
		drop(pkt, WEIR_FATE_not_ours);
	else if (kind == WEIR_TCP_SYN)
		drop(pkt, WEIR_FATE_syn_from_backend);
	else
		weir_reply_rst_budgeted(px, WEIR_REPLY_PEER, pkt, WEIR_FATE_refused_stray);
}

static void answer_ping(struct weir_proxy *px, struct weir_pkt *pkt)
{
	if (!weir_may_reply(px, WEIR_REPLY_UNKNOWN, pkt))
		return;
	weir_icmp_echo_reply(&pkt->frame, &pkt->seg);
	pkt->send = WEIR_SEND_BACK;
	pkt->fate = WEIR_FATE_icmp_echo;
}

static inline void decide_client(struct weir_proxy *px, struct weir_burst *b, unsigned int i)
{
	struct weir_pkt *pkt = &b->pkts[i];
	struct weir_conn *c;

	if (weir_is_client_syn(pkt))
		handle_syn(px, b, i);
	else if ((c = weir_burst_conn(px, b, i)) != NULL)
		handle_known(px, c, WEIR_CLIENT, pkt);
	else if (is_open(px, pkt->key.id))
		handle_unknown_client(px, b, i);
	else
		handle_closed_port(px, pkt);
}

static inline void decide_backend(struct weir_proxy *px, const struct weir_burst *b, unsigned int i)
{
	struct weir_pkt *pkt = &b->pkts[i];
	struct weir_conn *c = weir_burst_conn(px, b, i);

	if (c != NULL)
		handle_known(px, c, WEIR_BACKEND, pkt);
	else
		handle_unknown_backend(px, pkt);
}

/* Packets that are neither a client's nor a backend's TCP. */
static void decide_other(struct weir_proxy *px, const struct weir_burst *b, unsigned int i)
{
	struct weir_pkt *pkt = &b->pkts[i];

	switch ((enum weir_kind)pkt->kind) {
	case WEIR_KIND_ICMP_ERROR:
		weir_icmp_error(px, weir_burst_conn(px, b, i), pkt);
		break;
	case WEIR_KIND_PING:
		answer_ping(px, pkt);
		break;
	case WEIR_KIND_CLOSED:
		handle_closed_port(px, pkt);
		break;
	case WEIR_KIND_CLIENT:
	case WEIR_KIND_BACKEND:
	case WEIR_KIND_NONE:
	case WEIR_KIND_ARP:
	case WEIR_KIND_ND:
		pkt->send = WEIR_SEND_NOTHING; /* the shell handles these itself */
	}
}

static void decide(struct weir_proxy *px, struct weir_burst *b, unsigned int i)
{
	struct weir_pkt *pkt = &b->pkts[i];

	pkt->conn = WEIR_CONN_NONE;
	if (pkt->kind == WEIR_KIND_CLIENT)
		decide_client(px, b, i);
	else if (pkt->kind == WEIR_KIND_BACKEND)
		decide_backend(px, b, i);
	else
		decide_other(px, b, i);
}

void weir_proxy_burst(struct weir_proxy *px, struct weir_pkt *pkts, unsigned int n, uint64_t now_ns)
{
	struct weir_burst b;

	enter(px, now_ns);
	weir_burst_prepare(px, &b, pkts, n);
	for (unsigned int i = 0; i < n; i++)
		decide(px, &b, i);
}

static void update_gauges(struct weir_proxy *px)
{
	struct weir_counters *c = &px->counters;

	weir_gauge(&c->conns, px->table.count);
	weir_gauge(&c->held, px->held.count);
	weir_gauge(&c->local_ports, px->local_ports);
	for (unsigned int s = 0; s < WEIR_STATES; s++)
		weir_gauge(&c->conns_by_state[s], px->by_state[s]);
}

void weir_proxy_tick(struct weir_proxy *px, uint64_t now_ns)
{
	enter(px, now_ns);
	if (weir_keys_update(&px->keys, (now_ns + px->wall_offset_ns) / 1000000000))
		event(px, WEIR_EVENT_key_rotated);
	weir_expire_due(px, TICK_EXPIRIES);
	weir_conn_recycle(px);
	weir_local_recycle(px);
	weir_pressure_tick(px);
	weir_sweep_tick(px);
	weir_known_tick(&px->known, px->now_ns);
	weir_reply_syn_acks_again(px);
	weir_gates_tick(px);
	update_gauges(px);
}

void weir_proxy_set_wall_offset(struct weir_proxy *px, uint64_t wall_offset_ns)
{
	px->wall_offset_ns = wall_offset_ns;
}

void weir_proxy_drain(struct weir_proxy *px)
{
	check_reentry(px);
	px->draining = true;
}

bool weir_proxy_reset_all(struct weir_proxy *px, unsigned int limit, uint64_t now_ns)
{
	uint32_t fresh = px->table.fresh;

	enter(px, now_ns);
	/* More are looked at than are reset, so that a table full of ended ones does not delay the end. */
	for (uint32_t i = 0; i < 64 * limit && i < fresh && weir_proxy_active(px) > 0; i++) {
		struct weir_conn *c = conn_at(px, px->recycle_hand % fresh);

		px->recycle_hand = (px->recycle_hand + 1) % fresh;
		/* A free conn is zeroed but for its list link, so its state is CLOSED. */
		if (!is_active(c))
			continue;
		weir_expire_reset(px, c, WEIR_EVENT_conn_drained);
		if (--limit == 0)
			break;
	}
	update_gauges(px);
	return weir_proxy_active(px) == 0;
}

uint32_t weir_proxy_active(const struct weir_proxy *px)
{
	return px->table.count - px->by_state[WEIR_CLOSED] - px->by_state[WEIR_TIME_WAIT];
}
