// SPDX-License-Identifier: BSD-3-Clause
/*
 * Segments of a spliced connection: judged by the window (window.h), tracked (FINs, timers), translated
 * (translate.h) and passed to the other side.
 */
#include <string.h>

#include "base/seq.h"
#include "tcp/engine.h"
#include "tcp/entry.h"
#include "tcp/handshake.h"
#include "tcp/inserted.h"
#include "wire/l3.h"

static unsigned int side_bit(enum weir_side side)
{
	return 1u << side;
}

/* The packet leaves towards the other side, translated into its numbers. */
static inline void pass_on(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	struct weir_service_counters *count = service_counters(px, &c->client);

	if (side == WEIR_CLIENT) /* here: translation reads the same cache line of the backend */
		pkt->nexthop = px->policy->backends[c->backend].nexthop;
	weir_translate(c, px->policy, side, pkt);
	if (side == WEIR_CLIENT) {
		pkt->send = WEIR_SEND_NEXTHOP;
		pkt->fate = WEIR_FATE_to_backend;
		weir_count(&count->pkts_in, 1);
		weir_count(&count->bytes_in, pkt->seg.payload_len);
	} else {
		pkt->send = WEIR_SEND_NEIGHBOUR;
		pkt->neighbour = c->neighbour;
		pkt->fate = WEIR_FATE_to_client;
		weir_count(&count->pkts_out, 1);
		weir_count(&count->bytes_out, pkt->seg.payload_len);
	}
	if (pkt->seg.sack_blocks != 0 && side == WEIR_CLIENT && (c->flags & WEIR_CONN_STRIP_SACK))
		event(px, WEIR_EVENT_sack_stripped);
}

/*
 * HC-22, RFC 5961 §3. An exact RST is forwarded and pending: it takes effect unless its receiver goes
 * on sending, which shows that the receiver did not believe it. One in the window but not exact is
 * forwarded for its receiver to challenge.
 */
static void forward_rst(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	switch (weir_window_rst(c, side, pkt->seg.seq)) {
	case WEIR_RST_OUT:
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	case WEIR_RST_EXACT:
		if (!is_active(c)) /* RFC 1337: TIME_WAIT neither ends nor is prolonged by a RST */
			break;
		c->flags |= WEIR_CONN_RST_PENDING;
		c->reset_by = side;
		/* not at the end of what was sent, which forged data moves */
		if (side == WEIR_CLIENT &&
			(pkt->seg.seq == c->track[WEIR_CLIENT].acked ||
				pkt->seg.seq == weir_window_asked(c)))
			c->quiet = WEIR_QUIET_GONE;
		weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
		break;
	case WEIR_RST_IN:
		break;
	}
	pass_on(px, c, side, pkt);
}

/*
 * A segment with SYN of a spliced connection. The backend retransmits its SYN-ACK if our ACK was lost:
 * it is answered here, until the connection has moved on. If the ACK was the client's own, then the
 * client answers (HC-71).
 */
static void handle_syn(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;

	if (side == WEIR_CLIENT || !(seg->flags & WEIR_TCP_ACK)) {
		drop(pkt,
			side == WEIR_CLIENT ? WEIR_FATE_stray_syn_ack : WEIR_FATE_syn_from_backend);
		return;
	}
	if (seg->seq != c->cookie - c->seq_delta[WEIR_BACKEND] ||
		((c->flags & WEIR_CONN_TS) && seg->ts_off == 0)) {
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	}
	if (c->calm && !weir_inserts(px, c)) {
		weir_entry_pass_syn(px, c, side, pkt);
		return;
	}
	drop(pkt, WEIR_FATE_backend_syn_ack);
	if (c->state == WEIR_ESTABLISHED && !c->fin_noted) /* see struct weir_handshake */
		weir_send_ack_to_backend(px, c, seg->tsval);
}

/* The side's FIN is part of the state; otherwise one is recorded at most. */
static bool fin_counts(const struct weir_conn *c, enum weir_side side)
{
	if (c->state == WEIR_ESTABLISHED)
		return false;
	return c->closer == side || (c->state != WEIR_FIN_WAIT_1 && c->state != WEIR_FIN_WAIT_2);
}

/*
 * A FIN is acknowledged by exactly its number: nothing follows it. So its receiver has all bytes before
 * it, and a recorded one counts from here on.
 */
static void acknowledge_fin(struct weir_proxy *px, struct weir_conn *c, enum weir_side sender,
	uint32_t ack)
{
	if (!(c->fin_sent & ~c->fin_acked & side_bit(sender)) || ack != c->fin_seq[sender])
		return;
	if (!fin_counts(c, sender))
		weir_conn_step(px, c, sender, WEIR_TCP_FIN_SENT);
	c->fin_acked |= side_bit(sender);
	c->fin_again = 0;
	weir_conn_step(px, c, sender, WEIR_TCP_FIN_ACKED);
}

/*
 * HC-64: the side waits for the acknowledgement of its FIN, and retransmits it or what is before it: the
 * FIN is not forged, and the short timer begins.
 */
static __attribute__((noinline, cold)) void note_repetition(struct weir_conn *c,
	enum weir_side side, const struct weir_seg *seg)
{
	if (fin_counts(c, side) && !(c->fin_acked & side_bit(side)) &&
		(seg->payload_len > 0 || (seg->flags & WEIR_TCP_FIN)))
		c->fin_again = 1;
}

/* The side goes on beyond its FIN, which was not acknowledged: it was forged. */
static __attribute__((noinline, cold)) void cancel_fin(struct weir_proxy *px, struct weir_conn *c,
	enum weir_side side)
{
	c->fin_sent &= ~side_bit(side);
	c->fin_again = 0;
	if (fin_counts(c, side))
		weir_conn_step(px, c, side, WEIR_TCP_FIN_CANCELLED);
}

/*
 * HC-64: a FIN below what was sent is stale and changes nothing. One at exactly the highest number sent
 * counts at once: a blind sender would have to guess that number. One ahead of a gap, or after bytes that
 * are retransmitted, is recorded: it counts when it is acknowledged. Data beyond either cancels it until
 * then.
 */
static void note_fin(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg)
{
	const uint32_t seg_end = weir_seg_end(seg), sent_end = c->track[side].end;

	if (c->fin_sent & side_bit(side)) {
		if (weir_seq_le(seg_end, c->fin_seq[side])) {
			note_repetition(c, side, seg);
			return;
		}
		if (c->fin_acked & side_bit(side))
			return;
		cancel_fin(px, c, side);
	}
	if (!(seg->flags & WEIR_TCP_FIN) || weir_seq_le(seg_end, sent_end))
		return;
	c->flags &= (uint8_t)~WEIR_CONN_WND_UPDATE; /* what it needs shares memory with fin_seq */
	c->fin_noted = 1;
	c->fin_sent |= side_bit(side);
	c->fin_seq[side] = seg_end;
	if (seg->seq == sent_end)
		weir_conn_step(px, c, side, WEIR_TCP_FIN_SENT);
}

/*
 * HC-31: FINs are tracked by sequence number and its acknowledgement, not by counting flags.
 * INVARIANT: before weir_window_update(), which counts the segment as sent.
 */
static inline void track_fins(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg)
{
	enum weir_side other = weir_other(side);

	if (c->fin_sent == 0 && !(seg->flags & WEIR_TCP_FIN))
		return;
	acknowledge_fin(px, c, other, seg->ack - c->seq_delta[other]);
	note_fin(px, c, side, seg);
}

/*
 * A valid segment of `side` restarts the connection's timer. It also cancels a pending RST that it was
 * the receiver of, and ends the retransmission of window updates to the client. In TIME_WAIT only a
 * retransmitted FIN restarts the timer: its ACK may get lost again (RFC 9293 §3.10.7.4).
 */
static inline void refresh_timer(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg)
{
	if ((c->flags & WEIR_CONN_RST_PENDING) && side != c->reset_by)
		c->flags &= (uint8_t)~WEIR_CONN_RST_PENDING;
	if (side == WEIR_CLIENT)
		c->flags &= (uint8_t)~WEIR_CONN_WND_UPDATE;
	if (c->flags & (WEIR_CONN_RST_PENDING | WEIR_CONN_WND_UPDATE))
		return;
	if (c->state == WEIR_ESTABLISHED) /* INVARIANT: what weir_conn_timeout_ms() returns */
		weir_conn_timer(px, c, conn_service(px, c)->timeouts.established_ms);
	else if (c->state > WEIR_ESTABLISHED &&
		(c->state != WEIR_TIME_WAIT || (seg->flags & WEIR_TCP_FIN)))
		weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
}

/* Its neighbour may have changed: another router may have taken over. */
static inline void learn_from_client(struct weir_conn *c, const struct weir_pkt *pkt)
{
	memcpy(c->neighbour.mac, weir_eth_src(&pkt->frame), sizeof(c->neighbour.mac));
	c->neighbour.interface = pkt->interface;
	if (pkt->seg.payload_len > 0)
		c->quiet = WEIR_QUIET_HEARD;
}

/*
 * HC-80: what a backend has sent before it had all inserted bytes, and what came late: it acknowledges what the
 * client has not sent. Lost, it comes again.
 */
static __attribute__((noinline, cold)) bool drop_late(const struct weir_proxy *px,
	const struct weir_conn *c, struct weir_pkt *pkt)
{
	if (!weir_is_inserted(c, px->policy, pkt->seg.ack - c->seq_delta[WEIR_CLIENT]))
		return false;
	drop(pkt,
		weir_has_data_or_fin(&pkt->seg) ? WEIR_FATE_header_unacked : WEIR_FATE_header_ack);
	return true;
}

/* After weir_window_update(): the backend has acknowledged more before. */
static inline bool acks_less(const struct weir_conn *c, const struct weir_seg *seg)
{
	return seg->ack - c->seq_delta[WEIR_CLIENT] != c->track[WEIR_CLIENT].acked;
}

/* Inlined twice, with `side` a constant. */
static inline __attribute__((always_inline)) void forward(struct weir_proxy *px,
	struct weir_conn *c, enum weir_side side, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;

	if (!weir_l3_may_forward(&pkt->frame, &pkt->seg)) {
		weir_reply_time_exceeded(px, WEIR_REPLY_PEER, pkt);
		return;
	}
	if (seg->flags & WEIR_TCP_RST) {
		forward_rst(px, c, side, pkt);
		return;
	}
	if (seg->flags & WEIR_TCP_SYN) {
		handle_syn(px, c, side, pkt);
		return;
	}
	switch (weir_window_check(c, side, seg)) {
	case WEIR_WINDOW_OUT:
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	case WEIR_WINDOW_ACK:
		drop(pkt, WEIR_FATE_bad_ack);
		return;
	case WEIR_WINDOW_IN:
		break;
	}
	track_fins(px, c, side, seg);
	weir_window_update(c, side, seg);
	if (side == WEIR_CLIENT)
		learn_from_client(c, pkt);
	else if (__builtin_expect(acks_less(c, seg), 0) && drop_late(px, c, pkt))
		return;
	refresh_timer(px, c, side, seg);
	pass_on(px, c, side, pkt);
}

void weir_forward(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	if (side == WEIR_CLIENT)
		forward(px, c, WEIR_CLIENT, pkt);
	else
		forward(px, c, WEIR_BACKEND, pkt);
}

/* Not inlined into this file's other functions, which established connections go through. */
__attribute__((noinline)) void weir_forward_as_is(struct weir_proxy *px, struct weir_conn *c,
	enum weir_side side, struct weir_pkt *pkt)
{
	pass_on(px, c, side, pkt);
}
