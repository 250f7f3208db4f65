// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/parts.h"

/* How often a connection may move to another backend or local port before its client gets RST. */
#define SWITCHES_MAX 3

/* What the backend must acknowledge: our SYN. */
static uint32_t expected_ack(const struct weir_conn *c)
{
	return c->track[WEIR_CLIENT].acked + c->seq_delta[WEIR_CLIENT];
}

static void give_up(struct weir_proxy *px, struct weir_conn *c)
{
	weir_conn_drop_held(px, c);
	weir_send_rst_to_client(px, c);
	weir_conn_step(px, c, WEIR_BACKEND, WEIR_TCP_RESET);
	event(px, WEIR_EVENT_conn_failed);
	weir_count(&px->counters.service[c->client.id].failed, 1);
}

/* A look only: nobody loses his turn. */
bool weir_answer_has_other(struct weir_proxy *px, const struct weir_conn *c)
{
	uint32_t *cursor = &px->sched.cursor[c->client.id], turn = *cursor;
	uint16_t other =
		weir_sched_pick(&px->sched, px->policy, c->client.id, c->backend, px->now_ns);

	*cursor = turn;
	return c->switches < SWITCHES_MAX && other != WEIR_NONE16 && other != c->backend;
}

void weir_answer_failed(struct weir_proxy *px, struct weir_conn *c)
{
	uint16_t failed = c->backend;
	enum weir_fate why;

	if (!is_removed(px, failed) && weir_sched_failed(&px->sched, failed, px->now_ns))
		event(px, WEIR_EVENT_backend_marked_down);
	if (!weir_answer_has_other(px, c)) {
		give_up(px, c);
		return;
	}
	c->switches++;
	weir_conn_detach_backend(px, c);
	if (weir_open_backend(px, c, failed, &why))
		event(px, WEIR_EVENT_backend_retried);
	else
		give_up(px, c);
}

/*
 * nat: our SYN goes out again from the same port, as the first repetition. Once: what the backend had
 * under way comes in dozens, all of it from the older connection. Should it not do, the timer goes on.
 */
static void repeat_syn(struct weir_proxy *px, struct weir_conn *c)
{
	if (c->tries > 0)
		return;
	c->tries++;
	weir_send_syn(px, c);
	weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
	event(px, WEIR_EVENT_backend_syn_resent);
}

/*
 * HC-13, RFC 9293 §3.10.7.3: the backend still has an older connection on this pair. RST ends that
 * one, if it can be ended; fullnat's SYN goes out again from another local port.
 */
static void old_connection(struct weir_proxy *px, struct weir_conn *c, uint32_t ack)
{
	uint16_t backend = c->backend;
	enum weir_fate why;

	weir_send_rst_at(px, c, ack);
	if (!(c->flags & WEIR_CONN_LOCAL_PORT)) {
		repeat_syn(px, c);
		return;
	}
	if (c->switches >= SWITCHES_MAX) {
		give_up(px, c);
		return;
	}
	c->switches++;
	event(px, WEIR_EVENT_backend_retried);
	weir_conn_detach_backend(px, c);
	if ((is_removed(px, backend) || !weir_open_to(px, c, backend)) &&
		!weir_open_backend(px, c, backend, &why))
		give_up(px, c);
}

/* Both spaces are known: what was counted in the client's view moves to the backend's own. */
static void splice(struct weir_conn *c, const struct weir_seg *seg)
{
	uint32_t wnd_edge = c->track[WEIR_CLIENT].acked + seg->wnd; /* unscaled on a SYN */
	uint32_t open = c->track[WEIR_BACKEND].max_end - c->track[WEIR_BACKEND].acked;

	c->seq_delta[WEIR_BACKEND] = c->cookie - seg->seq;
	if (c->flags & WEIR_CONN_TS)
		c->ts_delta[WEIR_BACKEND] = c->opening.cookie_tsval - seg->tsval;
	c->track[WEIR_BACKEND] =
		(struct weir_track){seg->seq + 1, seg->seq + 1, seg->seq + 1 + open};
	c->track[WEIR_CLIENT].max_end = wnd_edge;
	/* RFC 7323 §1.3: an offer that answers none of ours does not count */
	c->backend_unscaled = c->no_wscale || seg->wscale == WEIR_WSCALE_NONE;
	c->wscale_backend = c->backend_unscaled ? 0 : seg->wscale & 0xf;
	c->max_wnd[WEIR_BACKEND] = seg->wnd >> c->wscale_backend;
	if ((c->flags & WEIR_CONN_SACK) && !seg->sack_ok)
		c->flags |= WEIR_CONN_STRIP_SACK;
}

/* The third step towards the backend: the client's early segments, in order, or else our own ACK. */
static void release(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *syn_ack)
{
	bool acked = false; /* a segment that does not fit the backend's window stays behind */
	struct weir_pkt pkt;

	while (weir_held_get(&px->held, &c->held, &pkt)) {
		weir_forward(px, c, WEIR_CLIENT, &pkt);
		acked |= pkt.send != WEIR_SEND_NOTHING;
		px->ops.packet(px->ops.shell, &pkt);
		event(px, WEIR_EVENT_held_flushed);
	}
	if (!acked)
		weir_send_ack_to_backend(px, c, syn_ack->tsval);
}

static void establish(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *seg)
{
	splice(c, seg);
	c->tries = 0;
	weir_sched_answered(&px->sched, c->backend);
	weir_conn_step(px, c, WEIR_BACKEND, WEIR_TCP_SYN_ACK);
	release(px, c, seg);
	if (c->flags & WEIR_CONN_WND_UPDATE) {
		weir_send_window_update(px, c);
		weir_conn_timer(px, c, conn_service(px, c)->timeouts.connect_ms);
	}
	event(px, WEIR_EVENT_conn_established);
	weir_count(&px->counters.service[c->client.id].established, 1);
	weir_count(&px->counters.backend[c->backend].established, 1);
}

/*
 * HC-03: the client was promised what this backend lacks, and cannot be told otherwise any more. The
 * next ones are promised no timestamps: this worker has learned.
 */
static void backend_lacks_timestamps(struct weir_proxy *px, struct weir_conn *c,
	struct weir_pkt *pkt)
{
	weir_send_rst_at(px, c, pkt->seg.ack);
	drop(pkt, WEIR_FATE_backend_timestamps);
	px->no_timestamps[c->client.id] = true;
	give_up(px, c);
}

static void syn_ack(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	if ((c->flags & WEIR_CONN_TS) && pkt->seg.ts_off == 0) {
		backend_lacks_timestamps(px, c, pkt);
		return;
	}
	drop(pkt, WEIR_FATE_backend_syn_ack);
	establish(px, c, &pkt->seg);
}

static void refused(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	drop(pkt, WEIR_FATE_backend_refused);
	weir_count(&px->counters.backend[c->backend].refused, 1);
	weir_answer_failed(px, c);
}

void weir_answer(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	const uint8_t kind = seg->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST);
	bool acks_syn = (seg->flags & WEIR_TCP_ACK) && seg->ack == expected_ack(c);

	if (kind & WEIR_TCP_RST) {
		if (acks_syn)
			refused(px, c, pkt);
		else
			drop(pkt, WEIR_FATE_stray_rst);
	} else if (!(kind & WEIR_TCP_ACK)) {
		drop(pkt, WEIR_FATE_syn_from_backend);
	} else if (!acks_syn) {
		drop(pkt, WEIR_FATE_backend_old_ack);
		old_connection(px, c, seg->ack);
	} else if (kind & WEIR_TCP_SYN) {
		syn_ack(px, c, pkt);
	} else {
		drop(pkt, WEIR_FATE_out_of_window);
	}
}
