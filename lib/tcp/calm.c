// SPDX-License-Identifier: BSD-3-Clause
/*
 * Half-open entries: what a SYN, a SYN-ACK, an ACK, an RST or silence does to them. What passes is
 * for its receiver to judge, as between two hosts; an entry follows only what it can be sure of.
 */
#include "tcp/calm.h"

#include <string.h>

#include "base/seq.h"
#include "tcp/engine.h"
#include "tcp/gates.h"
#include "tcp/handshake.h"
#include "wire/l3.h"
#include "wire/opt.h"

static uint16_t service_of(const struct weir_proxy *px, const struct weir_conn *c)
{
	return weir_policy_service_of(px->policy, c->client.id);
}

/* Its timer was set once, by its first SYN. */
uint32_t weir_calm_age_ms(const struct weir_proxy *px, const struct weir_conn *c)
{
	const int32_t left = (int32_t)(c->deadline - weir_tick(px->now_ns)); /* < 0: overdue */
	const int64_t left_ms = left * (int64_t)(WEIR_TICK_NS / 1000000);

	return left_ms < WEIR_HALF_OPEN_MS ? (uint32_t)(WEIR_HALF_OPEN_MS - left_ms) : 0;
}

/* The entry leaves. No RST is sent. */
static void leave(struct weir_proxy *px, struct weir_conn *c)
{
	struct weir_hashes hashes = weir_conn_hashes(px, c);

	weir_conn_step(px, c, WEIR_CLIENT, WEIR_TCP_RESET);
	weir_conn_end(px, c, &hashes);
}

/* The entry leaves; the backend, which may have one of its own, gets RST. */
static void give_up(struct weir_proxy *px, struct weir_conn *c)
{
	if (c->flags & WEIR_CONN_KEYED_BACKEND)
		weir_send_rst_to_backend(px, c);
	leave(px, c);
}

void weir_calm_expired(struct weir_proxy *px, struct weir_conn *c)
{
	if (!weir_calm_answered(c) && (c->flags & WEIR_CONN_KEYED_BACKEND))
		weir_connect_count_silent(px, c);
	event(px, WEIR_EVENT_half_open_expired);
	give_up(px, c);
}

void weir_calm_evict(struct weir_proxy *px, struct weir_conn *c)
{
	event(px, WEIR_EVENT_half_open_evicted);
	give_up(px, c);
}

/* How long the headers of a segment are where they are longer, on this side of c or on the other. */
static inline unsigned int headers_len(const struct weir_conn *c, const struct weir_seg *seg)
{
	unsigned int end = seg->l4_off; /* with extension headers */

	if (__builtin_expect(!weir_addr_same_family(&c->client.addr, &c->local.addr), 0) &&
		end < weir_l3_header_end_max())
		end = weir_l3_header_end_max();
	return end - seg->l3_off + (unsigned int)sizeof(struct weir_tcp_hdr);
}

/*
 * The MSS option of a SYN or SYN-ACK held to what every port can carry, as a router does whose links
 * are narrower than its neighbours'. All other options stay as they are, whatever they are.
 */
static void clamp_mss(const struct weir_proxy *px, const struct weir_conn *c, struct weir_pkt *pkt)
{
	struct weir_tcp_hdr *tcp = (void *)(pkt->frame.data + pkt->seg.l4_off);
	uint8_t *options = (uint8_t *)(tcp + 1);
	struct weir_changes ch = {0};
	struct weir_opt_iter it;
	const unsigned int headers = headers_len(c, &pkt->seg);
	uint16_t most = UINT16_MAX;

	for (uint32_t i = 0; i < px->policy->n_ports; i++)
		if (px->policy->ports[i].mtu - headers < most)
			most = (uint16_t)(px->policy->ports[i].mtu - headers);
	if (pkt->seg.mss <= most)
		return;
	for (weir_opt_start(&it, options, pkt->seg.opt_len); weir_opt_next(&it);) {
		const unsigned int off = (unsigned int)(it.data - (const uint8_t *)tcp);
		const uint16_t most_be = weir_be16(most);
		uint16_t was_be;

		if (it.kind != WEIR_OPT_MSS || it.data_len != 2)
			continue;
		memcpy(&was_be, it.data, 2);
		memcpy((uint8_t *)tcp + off, &most_be, 2);
		weir_changes_at(&ch, off, weir_csum_delta16(0, weir_be16(was_be), most));
	}
	tcp->csum = weir_csum_apply(tcp->csum, ch.memory + weir_csum_swap(ch.value));
}

static void pass_syn(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	clamp_mss(px, c, pkt);
	weir_forward_as_is(px, c, side, pkt);
}

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
	c->flags |= (uint8_t)((seg->ts_off != 0 ? WEIR_CONN_TS : 0) |
		(seg->sack_ok ? WEIR_CONN_SACK : 0));
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
	leave(px, c);
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
	leave(px, c);
	pkt->conn = WEIR_CONN_NONE;
	return has_no_place(px, pkt);
}

/* What the entry keeps of its SYN. */
static void note_syn(struct weir_proxy *px, struct weir_conn *c, const struct weir_pkt *pkt)
{
	const uint32_t start = pkt->seg.seq + 1;

	c->calm = 1;
	c->no_wscale = 1;
	c->tries = 1;
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
	pass_syn(px, c, WEIR_CLIENT, pkt);
	weir_gates_look(px, service_of(px, c));
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

/* The backend is given up for c: what it may have of the connection ends. */
static void leave_backend(struct weir_proxy *px, struct weir_conn *c)
{
	weir_connect_blame(px, c);
	c->switches++;
	weir_conn_detach_backend(px, c);
}

/* HC-74: the client's own SYN, retransmitted, tries another backend. false: none can be had. */
static bool try_another(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *syn,
	enum weir_fate *why)
{
	const uint16_t avoid = c->backend;

	if (c->flags & WEIR_CONN_KEYED_BACKEND) {
		weir_connect_count_silent(px, c);
		weir_send_rst_to_backend(px, c); /* in case it did receive a SYN */
		leave_backend(px, c);
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
		pass_syn(px, c, WEIR_CLIENT, pkt);
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
	pass_syn(px, c, WEIR_CLIENT, pkt);
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
		give_up(px, c);
		return;
	}
	if (is_active(c) && (c->flags & WEIR_CONN_KEYED_BACKEND))
		weir_send_rst_to_backend(px, c);
	weir_conn_evict(px, c);
}

bool weir_calm_syn(struct weir_proxy *px, struct weir_pkt *pkt, uint64_t hash, struct weir_conn *c)
{
	bool is_new;

	pkt->conn = WEIR_CONN_NONE;
	if (c != NULL && c->state == WEIR_SYN_SENT)
		return false; /* the client accepted a cookie, which another one may follow (HC-24) */
	is_new = c == NULL || is_past(px, c, &pkt->seg);
	if (is_new && px->gates[weir_policy_service_of(px->policy, pkt->key.id)].cookies)
		return false; /* no entry begins, whatever there was before */
	if (!weir_l3_may_forward(&pkt->frame, &pkt->seg)) {
		drop(pkt, WEIR_FATE_ip_ttl);
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

/* RFC 7323 §1.3, §2.2: scaling is on if both offer it; the windows of SYN and SYN-ACK are unscaled. */
static void agree_on_scale(struct weir_conn *c, const struct weir_seg *answer)
{
	if (c->no_wscale || answer->wscale == WEIR_WSCALE_NONE)
		c->wscale_client = c->wscale_backend = 0;
	else
		c->wscale_backend = answer->wscale & 0xf;
	c->wscale_shown = c->wscale_backend; /* each end scales by what the other has said */
	c->max_wnd[WEIR_BACKEND] = answer->wnd >> c->wscale_backend;
}

/* The backend's SYN-ACK, or its SYN in a simultaneous open: both sequence spaces are known now. */
static void learn(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *seg)
{
	const uint32_t next = seg->seq + 1, wnd = c->max_wnd[WEIR_CLIENT];
	struct weir_track *client = &c->track[WEIR_CLIENT];

	c->tries = 0;
	c->cookie = seg->seq;
	if (seg->flags & WEIR_TCP_ACK)
		client->acked = seg->ack - c->seq_delta[WEIR_CLIENT];
	client->max_end = weir_seq_max(client->acked + seg->wnd, client->end);
	agree_on_scale(c, seg);
	c->track[WEIR_BACKEND] = (struct weir_track){next + seg->payload_len, next, next + wnd};
	c->max_wnd[WEIR_CLIENT] = (uint16_t)(wnd >> c->wscale_client);
	if (seg->ts_off == 0)
		c->flags &= (uint8_t)~WEIR_CONN_TS;
	if (!seg->sack_ok)
		c->flags &= (uint8_t)~WEIR_CONN_SACK;
	weir_sched_answered(&px->sched, c->backend);
}

/* The backend acknowledges the client's SYN, and some of the data on it or none. */
static bool acks_syn(const struct weir_conn *c, const struct weir_seg *seg)
{
	const struct weir_track *sent = &c->track[WEIR_CLIENT];

	return (seg->flags & WEIR_TCP_ACK) &&
		weir_seq_between(sent->acked, seg->ack - c->seq_delta[WEIR_CLIENT], sent->end);
}

/* A SYN-ACK of something else passes: the client ends that by RST (RFC 9293 §3.5.2). */
static void backend_syn(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	if (!weir_calm_answered(c) && (acks_syn(c, &pkt->seg) || !(pkt->seg.flags & WEIR_TCP_ACK)))
		learn(px, c, &pkt->seg);
	pass_syn(px, c, WEIR_BACKEND, pkt);
}

/*
 * HC-74: refused. With another backend the client is not told: its next SYN goes there. Without, it
 * gets the RST.
 */
static void backend_refuses(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	weir_connect_count_refused(px, c);
	if (weir_connect_has_other(px, c)) {
		drop(pkt, WEIR_FATE_backend_refused);
		leave_backend(px, c);
		return;
	}
	weir_connect_blame(px, c);
	event(px, WEIR_EVENT_conn_failed);
	weir_count(&service_counters(px, &c->client)->failed, 1);
	if (tells_client(px, &c->client))
		weir_forward_as_is(px, c, WEIR_BACKEND, pkt);
	else
		drop(pkt, WEIR_FATE_backend_refused);
	leave(px, c);
}

/* A soft error (RFC 5461 §2): the client's next SYN tries another backend, or this one again. */
void weir_calm_unreachable(struct weir_proxy *px, struct weir_conn *c)
{
	if (weir_connect_has_other(px, c))
		leave_backend(px, c);
	else
		weir_connect_blame(px, c);
}

/* An RST after the SYN-ACK, of either side (RFC 5961 §3). */
static void handle_rst(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	const enum weir_rst rst = weir_window_rst(c, side, pkt->seg.seq);

	if (rst == WEIR_RST_OUT) {
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	}
	weir_forward_as_is(px, c, side, pkt);
	if (rst == WEIR_RST_IN)
		return;
	event(px, WEIR_EVENT_conn_reset);
	leave(px, c);
}

static void backend_segment(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;

	if (seg->flags & WEIR_TCP_SYN) {
		backend_syn(px, c, pkt);
	} else if (seg->flags & WEIR_TCP_RST) {
		if (weir_calm_answered(c))
			handle_rst(px, c, WEIR_BACKEND, pkt);
		else if (acks_syn(c, seg))
			backend_refuses(px, c, pkt);
		else
			drop(pkt, WEIR_FATE_stray_rst);
	} else if (!weir_calm_answered(
			   c)) { /* of an older connection: the client ends that by RST (HC-13) */
		weir_forward_as_is(px, c, WEIR_BACKEND, pkt);
	} else if (weir_window_check(c, WEIR_BACKEND, seg) == WEIR_WINDOW_IN) {
		weir_window_update(c, WEIR_BACKEND, seg);
		weir_forward_as_is(px, c, WEIR_BACKEND, pkt);
	} else {
		drop(pkt, WEIR_FATE_out_of_window);
	}
}

/* Before the SYN-ACK: an RST ends this connection, or the older one that the backend spoke of. */
static void early_rst(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const bool exact = pkt->seg.seq == weir_client_snd_start(c);

	if (c->flags & WEIR_CONN_KEYED_BACKEND)
		weir_forward_as_is(px, c, WEIR_CLIENT, pkt);
	else
		drop(pkt, exact ? WEIR_FATE_client_abort : WEIR_FATE_stray_rst);
	if (!exact)
		return;
	event(px, WEIR_EVENT_conn_reset);
	leave(px, c);
}

/* The client's address is proved. */
static void establish(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *ack)
{
	weir_conn_step(px, c, WEIR_CLIENT, WEIR_TCP_ACKED);
	weir_handshake_end(c);
	if (weir_table_pressed(px,
		    service_of(px, c))) /* a newcomer with a proved address: now room is made */
		weir_pressure_begin(px);
	/* what the handshake of a cookie would know: TSvals as each end has seen them */
	weir_handshake_start(c, ack->tsecr, ack->tsval + c->ts_delta[WEIR_CLIENT]);
	weir_known_note(&px->known, &c->client.addr);
	event(px, WEIR_EVENT_conn_opened);
	event(px, WEIR_EVENT_conn_established);
	weir_count(&service_counters(px, &c->client)->opened, 1);
	weir_count(&service_counters(px, &c->client)->established, 1);
	weir_count(&px->counters.backend[c->backend].established, 1);
}

/* HC-35, HC-60: the address has or opens too many connections, or the backend has: both ends are told. */
static void refuse_source(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt,
	enum weir_fate why)
{
	event(px, WEIR_EVENT_conn_failed);
	weir_count(&service_counters(px, &c->client)->failed, 1);
	give_up(px, c);
	pkt->conn = WEIR_CONN_NONE;
	weir_reply_rst_budgeted(px, WEIR_REPLY_REFUSAL, pkt, why);
}

/* The third step, which may have data or FIN; in a simultaneous open it is a SYN-ACK. */
static void client_ack(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const bool syn = pkt->seg.flags & WEIR_TCP_SYN;
	enum weir_fate why;

	if (!weir_calm_answered(c) || !weir_window_acks(c, WEIR_CLIENT, &pkt->seg)) {
		drop(pkt, syn ? WEIR_FATE_stray_syn_ack : WEIR_FATE_bad_ack);
		return;
	}
	if (!syn && weir_window_check(c, WEIR_CLIENT, &pkt->seg) != WEIR_WINDOW_IN) {
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	}
	why = WEIR_FATE_no_backend;
	if (weir_sched_is_full(&px->sched, c->backend) || !weir_may_open(px, &c->client, &why)) {
		refuse_source(px, c, pkt, why);
		return;
	}
	establish(px, c, &pkt->seg);
	if (syn)
		pass_syn(px, c, WEIR_CLIENT, pkt);
	else
		weir_forward(px, c, WEIR_CLIENT, pkt);
}

void weir_calm_segment(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	if (!weir_l3_may_forward(&pkt->frame, &pkt->seg))
		drop(pkt, WEIR_FATE_ip_ttl);
	else if (side == WEIR_BACKEND)
		backend_segment(px, c, pkt);
	else if (!(pkt->seg.flags & WEIR_TCP_RST))
		client_ack(px, c, pkt);
	else if (weir_calm_answered(c))
		handle_rst(px, c, WEIR_CLIENT, pkt);
	else
		early_rst(px, c, pkt);
}
