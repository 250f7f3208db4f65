// SPDX-License-Identifier: BSD-3-Clause
/*
 * Segments of half-open entries but the client's SYN: what a SYN-ACK, an ACK or an RST does to them. What
 * passes is for its receiver to judge, as between two hosts; an entry follows only what it can be sure of.
 */
#include "tcp/calm.h"

#include "base/seq.h"
#include "tcp/entry.h"
#include "tcp/handshake.h"
#include "tcp/inserted.h"
#include "wire/l3.h"

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
	weir_handshake_note_mss(c, seg->mss);
	if (seg->ts_off == 0)
		c->flags &= (uint8_t)~WEIR_CONN_TS;
	weir_sched_answered(&px->sched, c->backend);
}

/* The backend acknowledges the client's SYN, and some of the data on it or none. */
static bool acks_syn(const struct weir_conn *c, const struct weir_seg *seg)
{
	const struct weir_track *sent = &c->track[WEIR_CLIENT];

	return (seg->flags & WEIR_TCP_ACK) &&
		weir_seq_between(sent->acked, seg->ack - c->seq_delta[WEIR_CLIENT], sent->end);
}

/*
 * A SYN-ACK of something else passes: the client ends that by RST (RFC 9293 §3.5.2). A bare SYN, which may be
 * a simultaneous open, proves nothing, so a SYN-ACK of the client's SYN counts after it, too (HC-63).
 */
static void backend_syn(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	if (acks_syn(c, &pkt->seg) || (!weir_calm_answered(c) && !(pkt->seg.flags & WEIR_TCP_ACK)))
		learn(px, c, &pkt->seg);
	weir_entry_pass_syn(px, c, WEIR_BACKEND, pkt);
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
		weir_entry_leave_backend(px, c);
		return;
	}
	weir_connect_blame(px, c);
	event(px, WEIR_EVENT_conn_failed);
	weir_count(&service_counters(px, &c->client)->failed, 1);
	if (tells_client(px, &c->client))
		weir_forward_as_is(px, c, WEIR_BACKEND, pkt);
	else
		drop(pkt, WEIR_FATE_backend_refused);
	weir_entry_leave(px, c);
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
	weir_entry_leave(px, c);
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
	weir_entry_leave(px, c);
}

/* The client's address is proved. */
static void establish(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *ack)
{
	const bool inserts = weir_inserts(px, c);

	weir_conn_step(px, c, WEIR_CLIENT, inserts ? WEIR_TCP_HEADER : WEIR_TCP_ACKED);
	if (inserts) {
		/* what the handshake of a cookie would know: TSvals as each end has seen them */
		weir_handshake_start(c, ack->tsecr, ack->tsval + c->ts_delta[WEIR_CLIENT]);
		weir_inserted_begin(px, c);
	} else {
		weir_handshake_end(c);
	}
	if (weir_table_pressed(px,
		    weir_entry_service(px,
			    c))) /* a newcomer with a proved address: now room is made */
		weir_pressure_begin(px);
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
	weir_entry_give_up(px, c);
	pkt->conn = WEIR_CONN_NONE;
	weir_reply_rst_budgeted(px, WEIR_REPLY_REFUSAL, pkt, why);
}

/* The third step, which may have data or FIN; in a simultaneous open it is a SYN-ACK. */
static void client_ack(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const bool syn = pkt->seg.flags & WEIR_TCP_SYN;
	enum weir_fate why;

	if (!weir_calm_answered(c) || !weir_window_acks(c, WEIR_CLIENT, &pkt->seg) ||
		(syn && weir_inserts(px, c))) { /* HC-80: no simultaneous open */
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
	if (c->state == WEIR_HEADER_SENT)
		weir_inserted_segment(px, c, WEIR_CLIENT, pkt);
	else if (syn)
		weir_entry_pass_syn(px, c, WEIR_CLIENT, pkt);
	else
		weir_forward(px, c, WEIR_CLIENT, pkt);
}

void weir_calm_segment(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	if (!weir_l3_may_forward(&pkt->frame, &pkt->seg))
		weir_reply_time_exceeded(px, WEIR_REPLY_PEER, pkt);
	else if (side == WEIR_BACKEND)
		backend_segment(px, c, pkt);
	else if (!(pkt->seg.flags & WEIR_TCP_RST))
		client_ack(px, c, pkt);
	else if (weir_calm_answered(c))
		handle_rst(px, c, WEIR_CLIENT, pkt);
	else
		early_rst(px, c, pkt);
}
