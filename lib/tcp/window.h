/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Windows of a spliced connection (HC-21), after van Rooij, "Real Stateful TCP Packet Filtering in
 * IP Filter" (2000), as pf and Linux' conntrack do it: who watches in the middle knows for each
 * direction the highest end sent, the highest acknowledgement and the largest window.
 *
 * Segments are as they came (their sender's view); everything is compared in the space of whoever
 * counts the bytes.
 */
#ifndef WEIR_TCP_WINDOW_H
#define WEIR_TCP_WINDOW_H

#include "flow/conn.h"

enum weir_window {
	WEIR_WINDOW_IN,
	WEIR_WINDOW_OUT, /* sequence number neither new data in the window nor a recent repetition */
	WEIR_WINDOW_ACK, /* acknowledges what was never sent, or what was acknowledged long ago */
};

/* How far the window field of `side` is shifted: what it offered itself, or 0. */
static inline unsigned int weir_window_shift(const struct weir_conn *c, enum weir_side side)
{
	if (side == WEIR_BACKEND)
		return c->wscale_backend;
	return c->wscale_client;
}

/* It acknowledges something that the other side sent, now or lately; else it is of another connection. */
bool weir_window_acks(const struct weir_conn *c, enum weir_side side, const struct weir_seg *seg);

/* Judges a segment without SYN or RST from `side`. Nothing is changed. */
enum weir_window weir_window_check(const struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg);

/* Remembers a segment that was judged WEIR_WINDOW_IN and is being forwarded. */
void weir_window_update(struct weir_conn *c, enum weir_side side, const struct weir_seg *seg);

enum weir_rst {
	WEIR_RST_OUT,   /* not in the window */
	WEIR_RST_IN,    /* in the window: the receiver will challenge it (RFC 5961 §3) */
	WEIR_RST_EXACT, /* at what the receiver expects next, as far as can be known here */
};

enum weir_rst weir_window_rst(const struct weir_conn *c, enum weir_side side, uint32_t seq);

/* Sequence number after the segment: payload and FIN. */
static inline uint32_t weir_seg_end(const struct weir_seg *seg)
{
	return seg->seq + seg->payload_len + ((seg->flags & WEIR_TCP_FIN) != 0);
}

#endif
