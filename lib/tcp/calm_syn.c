// SPDX-License-Identifier: BSD-3-Clause
/*
 * A client's SYN in calm mode: it makes an entry, comes again for one, tries another backend (HC-74), or is
 * of a new incarnation.
 */
#include <string.h>

#include "tcp/calm.h"
#include "tcp/entry.h"
#include "tcp/gates.h"
#include "tcp/handshake.h"
#include "wire/l3.h"

/*
 * What a SYN offers: the last word before the backend's answer counts. A window scale that was offered
 * once may be answered, even if a retransmission leaves it out.
 */
static void note_offer(struct weir_conn *c, const struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;

	if (seg->wscale != WEIR_WSCALE_NONE) {
		c->no_wscale = 0;
		c->wscale_client = seg->wscale & 0xf;
	}
	if (seg->ts_off != 0)
		c->flags |= WEIR_CONN_TS;
	c->max_wnd[WEIR_CLIENT] = seg->wnd;
	c->neighbour = (struct weir_neighbour){.interface = pkt->interface, .known = 1};
	memcpy(c->neighbour.mac, weir_eth_src(&pkt->frame), sizeof(c->neighbour.mac));
}

/* nat: the client's own numbers. fullnat: ours, which grow on a local port (HC-33). */
static void choose_numbers(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *syn)
{
	struct weir_numbers ours;

	if (!(c->flags & WEIR_CONN_LOCAL_PORT))
		return;
	ours = weir_connect_numbers(px, c);
	weir_backend_set_isn(c, ours.isn);
	if (syn->ts_off != 0)
		c->ts_delta[WEIR_CLIENT] = ours.tsval - syn->tsval;
}

/* false: no backend can be had; c has none. *why is the fate that says so. */
static bool choose_backend(struct weir_proxy *px, struct weir_conn *c, uint16_t avoid,
	const struct weir_seg *syn, enum weir_fate *why)
{
	if (!weir_connect(px, c, avoid, why))
		return false;
	choose_numbers(px, c, syn);
	c->tries = 1;
	return true;
}

/* The client is told as if the backend refused; its address is not proved, so within the budget. */
static void refuse(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt,
	enum weir_fate why)
{
	event(px, WEIR_EVENT_conn_failed);
	weir_count(&service_counters(px, &c->client)->failed, 1);
	weir_entry_leave(px, c);
	pkt->conn = WEIR_CONN_NONE;
	if (tells_client(px, &pkt->key))
		weir_reply_rst_budgeted(px, WEIR_REPLY_UNKNOWN, pkt, why);
	else
		drop(pkt, WEIR_FATE_no_backend_drop);
}

/* The queue has room for one more: if need be the oldest leaves. */
static void make_room(struct weir_proxy *px, uint16_t service)
{
	const struct weir_halfopen_queue *q = &px->half_open.of[service];

	if (q->count >= weir_policy_half_open(px->policy))
		weir_calm_evict(px, conn_at(px, q->oldest));
}

/* There is no place for an entry. false: the SYN gets a cookie; else it must come again. */
static bool has_no_place(const struct weir_proxy *px, struct weir_pkt *pkt)
{
	const uint16_t service = weir_policy_service_of(px->policy, pkt->key.id);

	if (px->gates[service].rule.mode != WEIR_SYN_COOKIES_NEVER)
		return false;
	drop(pkt, WEIR_FATE_no_entry);
	return true;
}

/* No backend can be had for the entry, which leaves. A cookie needs no local port. */
static bool cannot_connect(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt,
	enum weir_fate why)
{
	if (why != WEIR_FATE_no_local_port) {
		refuse(px, c, pkt, why);
		return true;
	}
	weir_entry_leave(px, c);
	pkt->conn = WEIR_CONN_NONE;
	return has_no_place(px, pkt);
}

/* What the entry keeps of its SYN. */
static void note_syn(struct weir_proxy *px, struct weir_conn *c, const struct weir_pkt *pkt)
{
	const uint32_t start = pkt->seg.seq + 1;

	c->calm = 1;
	c->no_wscale = 1;
	/* data on the SYN may be acknowledged with it (RFC 7413 §3) */
	c->track[WEIR_CLIENT] = (struct weir_track){start + pkt->seg.payload_len, start, start};
	note_offer(c, pkt);
	weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
}

/* false: there is no place for an entry, and the SYN is to be answered with a cookie. */
static bool open_entry(struct weir_proxy *px, struct weir_pkt *pkt, uint64_t hash)
{
	struct weir_conn *c;
	enum weir_fate why;

	if (weir_entries_pressed(px))
		return has_no_place(px, pkt);
	make_room(px, weir_policy_service_of(px->policy, pkt->key.id));
	c = weir_conn_begin_half_open(px, &pkt->key, hash);
	if (c == NULL)
		return has_no_place(px, pkt);
	note_syn(px, c, pkt);
	if (!choose_backend(px, c, WEIR_NONE16, &pkt->seg, &why))
		return cannot_connect(px, c, pkt, why);
	event(px, WEIR_EVENT_half_open);
	pkt->conn = conn_index(px, c);
	weir_entry_pass_syn(px, c, WEIR_CLIENT, pkt);
	weir_gates_entry(px, weir_entry_service(px, c));
	return true;
}

/*
 * The backend has not answered for as long as "connect" says; each further backend is given four times
 * as long, which keeps a client's retransmissions from using up all of them within a moment.
 */
static bool is_overdue(const struct weir_proxy *px, const struct weir_conn *c)
{
	return weir_calm_age_ms(px, c) >= conn_service(px, c)->timeouts.connect_ms
		<< 2 * c->switches;
}

/* HC-74: the client's own SYN, retransmitted, tries another backend. false: none can be had. */
static bool try_another(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *syn,
	enum weir_fate *why)
{
	const uint16_t avoid = c->backend;

	if (c->flags & WEIR_CONN_KEYED_BACKEND) {
		weir_connect_count_silent(px, c);
		weir_send_rst_to_backend(px, c); /* in case it did receive a SYN */
		weir_entry_leave_backend(px, c);
	}
	event(px, WEIR_EVENT_backend_retried);
	return choose_backend(px, c, avoid, syn, why);
}

static bool needs_another(const struct weir_proxy *px, const struct weir_conn *c)
{
	if (!(c->flags & WEIR_CONN_KEYED_BACKEND))
		return true;
	return is_overdue(px, c) && weir_connect_has_other(px, c);
}

/* HC-74: as long as a connection that a cookie opened waits for a backend that is alone. */
static bool has_waited_enough(const struct weir_proxy *px, const struct weir_conn *c)
{
	const uint32_t connect_ms = conn_service(px, c)->timeouts.connect_ms;

	return is_overdue(px, c) &&
		weir_calm_age_ms(px, c) >= connect_ms * ((1u << WEIR_SYN_TRIES_ALONE) - 1);
}

/* No backend answers, and the client is told so. */
static void end_unanswered(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	weir_connect_count_silent(px, c);
	weir_connect_blame(px, c);
	weir_send_rst_to_backend(px, c); /* in case it did receive a SYN */
	refuse(px, c, pkt, WEIR_FATE_no_backend);
}

/* The SYN is the one that made the entry. */
static bool is_same_syn(const struct weir_conn *c, const struct weir_seg *syn)
{
	return syn->seq + 1 == weir_client_snd_start(c);
}

/* A SYN for an entry: the same again, or one that its backend challenges (HC-71). As weir_calm_syn(). */
static bool handle_syn_again(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	enum weir_fate why;

	pkt->conn = conn_index(px, c);
	if (weir_calm_answered(c) || !is_same_syn(c, &pkt->seg)) {
		weir_entry_pass_syn(px, c, WEIR_CLIENT, pkt);
		return true;
	}
	note_offer(c, pkt);
	if (needs_another(px, c)) {
		if (!try_another(px, c, &pkt->seg, &why))
			return cannot_connect(px, c, pkt, why);
	} else if (has_waited_enough(px, c) && tells_client(px, &c->client)) {
		end_unanswered(px, c, pkt);
		return true;
	}
	weir_entry_pass_syn(px, c, WEIR_CLIENT, pkt);
	return true;
}

/*
 * The connection on a SYN's tuple has ended, or as good as: an exact RST was forwarded, and its receiver has
 * not sent since. A client's RST counts for less than in HC-63, because no cookie proves that the client is
 * there: nothing may be in flight, or what is exact here is not so at the backend.
 */
static bool has_ended(const struct weir_conn *c)
{
	const struct weir_track *client = &c->track[WEIR_CLIENT];

	if (!is_counted(c))
		return true;
	return !is_alive(c) && (c->flags & WEIR_CONN_RST_PENDING) &&
		(c->reset_by == WEIR_BACKEND || client->acked == client->end);
}

/* The client has begun another connection: what is on its tuple has ended, or got no answer. */
static bool is_past(const struct weir_proxy *px, const struct weir_conn *c,
	const struct weir_seg *syn)
{
	if (c->state != WEIR_SYN_RCVD)
		return has_ended(c);
	return !weir_calm_answered(c) && !is_same_syn(c, syn) &&
		(is_overdue(px, c) || !(c->flags & WEIR_CONN_KEYED_BACKEND));
}

/* That one leaves. */
static void clear_away(struct weir_proxy *px, struct weir_conn *c)
{
	if (c->state == WEIR_SYN_RCVD) {
		weir_entry_give_up(px, c);
		return;
	}
	if (is_active(c) && (c->flags & WEIR_CONN_KEYED_BACKEND))
		weir_send_rst_to_backend(px, c);
	weir_conn_evict(px, c);
}

static bool inserts_for(const struct weir_proxy *px, const struct weir_pkt *syn)
{
	return px->policy->services[weir_policy_service_of(px->policy, syn->key.id)]
		       .pphdr.version != WEIR_PPHDR_NONE;
}

bool weir_calm_syn(struct weir_proxy *px, struct weir_pkt *pkt, uint64_t hash, struct weir_conn *c)
{
	bool is_new;

	pkt->conn = WEIR_CONN_NONE;
	if (c != NULL && c->state == WEIR_SYN_SENT)
		return false; /* the client accepted a cookie, which another one may follow (HC-24) */
	if (pkt->seg.payload_len > 0 && inserts_for(px, pkt))
		return false; /* HC-80: its bytes would stand before ours */
	is_new = c == NULL || is_past(px, c, &pkt->seg);
	if (is_new && px->gates[weir_policy_service_of(px->policy, pkt->key.id)].cookies)
		return false; /* no entry begins, whatever there was before */
	if (!weir_l3_may_forward(&pkt->frame, &pkt->seg)) {
		weir_reply_time_exceeded(px, WEIR_REPLY_UNKNOWN, pkt);
		return true;
	}
	if (is_new) {
		if (c != NULL)
			clear_away(px, c);
		return open_entry(px, pkt, hash);
	}
	if (c->state == WEIR_SYN_RCVD)
		return handle_syn_again(px, c, pkt);
	/* RFC 5961 §4: as with cookies, for the backend may have forgotten the connection */
	pkt->conn = conn_index(px, c);
	weir_challenge_syn(px, c, pkt);
	return true;
}
