// SPDX-License-Identifier: BSD-3-Clause
#include "base/seq.h"
#include "tcp/window.h"

/*
 * How far back a repetition or an old acknowledgement may reach at least: an unscaled window and a
 * segment, whatever window was really offered. conntrack uses the same.
 */
#define OLD_ENOUGH 66000u

static uint32_t reach(const struct weir_conn *c, enum weir_side side)
{
	uint32_t wnd = (uint32_t)c->max_wnd[side] << weir_window_shift(c, side);

	return wnd > OLD_ENOUGH ? wnd : OLD_ENOUGH;
}

/* What the backend has sent in all, modulo 2^32: it began after the cookie. */
static uint32_t backend_sent(const struct weir_conn *c)
{
	return c->track[WEIR_BACKEND].end + c->seq_delta[WEIR_BACKEND] - (c->cookie + 1);
}

/*
 * The lowest acknowledgement that `side` may repeat. A client's that is lower than the beginning is
 * the cookie of one that began anew, and must not pass for an old one of this connection (HC-24).
 */
static uint32_t oldest_ack(const struct weir_conn *c, enum weir_side side)
{
	uint32_t back = reach(c, side);

	if (side == WEIR_CLIENT && !c->outgrown && backend_sent(c) < back)
		back = backend_sent(c);
	return c->track[weir_other(side)].end - back;
}

bool weir_window_acks(const struct weir_conn *c, enum weir_side side, const struct weir_seg *seg)
{
	enum weir_side other = weir_other(side);
	uint32_t ack = seg->ack - c->seq_delta[other];

	return weir_seq_le(ack, c->track[other].end) && weir_seq_le(oldest_ack(c, side), ack);
}

enum weir_window weir_window_check(const struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg)
{
	enum weir_side other = weir_other(side);
	const struct weir_track *sent = &c->track[side];

	/* A segment may begin at the window's edge: a zero-window probe does (RFC 9293 §3.8.6.1). */
	if (!weir_seq_le(seg->seq, sent->max_end) ||
		!weir_seq_le(sent->end - reach(c, other), weir_seg_end(seg)))
		return WEIR_WINDOW_OUT;
	return weir_window_acks(c, side, seg) ? WEIR_WINDOW_IN : WEIR_WINDOW_ACK;
}

void weir_window_update(struct weir_conn *c, enum weir_side side, const struct weir_seg *seg)
{
	enum weir_side other = weir_other(side);
	struct weir_track *sent = &c->track[side];
	struct weir_track *acked = &c->track[other];
	uint32_t ack = seg->ack - c->seq_delta[other];
	uint32_t edge = ack + ((uint32_t)seg->wnd << weir_window_shift(c, side));

	sent->end = weir_seq_max(sent->end, weir_seg_end(seg));
	if (side == WEIR_BACKEND && backend_sent(c) > INT32_MAX)
		c->outgrown = 1;
	acked->acked = weir_seq_max(acked->acked, ack);
	acked->max_end = weir_seq_max(acked->max_end, edge);
	if (seg->wnd > c->max_wnd[side])
		c->max_wnd[side] = seg->wnd;
}

enum weir_rst weir_window_rst(const struct weir_conn *c, enum weir_side side, uint32_t seq)
{
	const struct weir_track *sent = &c->track[side];

	/* The receiver expects something from the highest it acknowledged to the highest sent. */
	if (seq == sent->acked || seq == sent->end)
		return WEIR_RST_EXACT;
	return weir_seq_between(sent->acked, seq, weir_seq_max(sent->max_end, sent->end))
		? WEIR_RST_IN
		: WEIR_RST_OUT;
}
