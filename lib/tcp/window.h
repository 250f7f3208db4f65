/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Window tracking of a spliced connection (HC-21), after van Rooij, "Real Stateful TCP Packet
 * Filtering in IP Filter" (2000), as pf and Linux' conntrack do it: for each direction the highest
 * end sent, the highest acknowledgement number and the largest window are known in the middle.
 *
 * A segment's numbers are its sender's view; they are compared in the sequence space of the side that
 * sends the bytes in question.
 */
#ifndef WEIR_TCP_WINDOW_H
#define WEIR_TCP_WINDOW_H

#include "base/seq.h"
#include "flow/conn.h"

enum weir_window {
	WEIR_WINDOW_IN,
	WEIR_WINDOW_OUT, /* neither new data in the window nor a recent retransmission */
	WEIR_WINDOW_ACK, /* acknowledges what was never sent, or is far too old */
};

/* How far the window field of `side` is shifted: what it offered itself, or 0. */
static inline unsigned int weir_window_shift(const struct weir_conn *c, enum weir_side side)
{
	if (side == WEIR_BACKEND)
		return c->wscale_backend;
	return c->wscale_client;
}

/* Its acknowledgement number fits what the other side has sent; else it is of another connection. */
static inline bool weir_window_acks(const struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg);

/* Checks a segment without SYN or RST from `side`. Nothing is changed. */
static inline enum weir_window weir_window_check(const struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg);

/* Tracks a segment that was WEIR_WINDOW_IN and is being forwarded. */
static inline void weir_window_update(struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg);

enum weir_rst {
	WEIR_RST_OUT,   /* not in the window */
	WEIR_RST_IN,    /* in the window: the receiver will challenge it (RFC 5961 §3) */
	WEIR_RST_EXACT, /* at what the receiver expects next, as far as can be known here */
};

/*
 * What a challenge ACK to the client says that it expects: the highest number acknowledged. But a client
 * that starts from that ISN again takes it for an answer to its SYN, if none of its bytes was acknowledged,
 * and is silent; so, once such a SYN has come, one below. To a client that knows c both are old.
 */
static inline uint32_t weir_window_asked(const struct weir_conn *c);

enum weir_rst weir_window_rst(const struct weir_conn *c, enum weir_side side, uint32_t seq);

/* inline definitions */

/*
 * How far below the highest number a retransmission or an old acknowledgement may be at least: an
 * unscaled window and a segment, whatever window was offered. The name and value are conntrack's.
 */
#define WEIR_MAXACKWINDOW 66000u

static inline uint32_t weir_window_reach(const struct weir_conn *c, enum weir_side side)
{
	uint32_t wnd = (uint32_t)c->max_wnd[side] << weir_window_shift(c, side);

	return wnd > WEIR_MAXACKWINDOW ? wnd : WEIR_MAXACKWINDOW;
}

/* Bytes that the backend has sent in all, modulo 2^32. Its first one follows the cookie. */
static inline uint32_t weir_backend_sent(const struct weir_conn *c)
{
	return c->track[WEIR_BACKEND].end + c->seq_delta[WEIR_BACKEND] - (c->cookie + 1);
}

/*
 * How far below the highest number sent an acknowledgement of `side` may be. One of the client's below the first
 * byte may be the cookie of a new incarnation: it must not pass as an old one of this connection
 * (HC-24). Below 2^31.
 */
static inline uint32_t weir_ack_reach(const struct weir_conn *c, enum weir_side side)
{
	uint32_t back = weir_window_reach(c, side);

	if (side == WEIR_CLIENT && !c->isn_stale && weir_backend_sent(c) < back)
		back = weir_backend_sent(c);
	return back;
}

static inline bool weir_window_acks(const struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg)
{
	enum weir_side other = weir_other(side);
	uint32_t ack = seg->ack - c->seq_delta[other];

	/* neither above the highest number sent, nor too far below: one comparison for both */
	return c->track[other].end - ack <= weir_ack_reach(c, side);
}

static inline uint32_t weir_window_asked(const struct weir_conn *c)
{
	const bool below = c->state >= WEIR_ESTABLISHED && c->isn_again;

	return c->track[WEIR_CLIENT].acked - (below ? 1 : 0);
}

static inline enum weir_window weir_window_check(const struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg)
{
	enum weir_side other = weir_other(side);
	const struct weir_track *sent = &c->track[side];

	/* A segment may begin at the window's edge: a zero-window probe does (RFC 9293 §3.8.6.1). */
	if (!weir_seq_le(seg->seq, sent->max_end) ||
		!weir_seq_le(sent->end - weir_window_reach(c, other), weir_seg_end(seg)))
		return WEIR_WINDOW_OUT;
	return weir_window_acks(c, side, seg) ? WEIR_WINDOW_IN : WEIR_WINDOW_ACK;
}

static inline void weir_window_update(struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg)
{
	enum weir_side other = weir_other(side);
	struct weir_track *sent = &c->track[side];
	struct weir_track *acked = &c->track[other];
	uint32_t ack = seg->ack - c->seq_delta[other];
	uint32_t edge = ack + ((uint32_t)seg->wnd << weir_window_shift(c, side));

	/* not by an empty segment: what it skips was lost or is late, a FIN perhaps (HC-64) */
	if (weir_seg_end(seg) != seg->seq)
		sent->end = weir_seq_max(sent->end, weir_seg_end(seg));
	if (side == WEIR_BACKEND && weir_backend_sent(c) > INT32_MAX)
		c->isn_stale = 1;
	acked->acked = weir_seq_max(acked->acked, ack);
	acked->max_end = weir_seq_max(acked->max_end, edge);
	if (seg->wnd > c->max_wnd[side])
		c->max_wnd[side] = seg->wnd;
}

#endif
