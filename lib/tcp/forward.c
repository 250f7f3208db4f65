// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "base/seq.h"
#include "tcp/parts.h"
#include "wire/rewrite.h"

static unsigned int side_bit(enum weir_side side)
{
	return 1u << side;
}

/* The packet leaves towards the other side, in the other side's numbers. */
static inline void pass_on(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	struct weir_service_counters *count = &px->counters.service[c->client.id];

	if (side == WEIR_CLIENT) /* here, next to what translation reads of the backend */
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
 * HC-22, RFC 5961 §3: exact is believed, after a probation in which its receiver may prove by
 * going on that it was not; in the window but not exact is for the receiver to challenge.
 */
static void rst(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	switch (weir_window_rst(c, side, pkt->seg.seq)) {
	case WEIR_RST_OUT:
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	case WEIR_RST_EXACT:
		if (!is_active(c)) /* RFC 1337: TIME_WAIT neither ends for it nor lasts longer */
			break;
		c->flags |= WEIR_CONN_RST_PENDING;
		c->reset_by = side;
		weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
		break;
	case WEIR_RST_IN:
		break;
	}
	pass_on(px, c, side, pkt);
}

/* Our third step was lost: the backend says SYN-ACK again, until the connection has moved on. */
static void syn(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
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
	drop(pkt, WEIR_FATE_backend_syn_ack);
	if (c->state == WEIR_ESTABLISHED)
		weir_send_ack_to_backend(px, c, seg->tsval);
}

/* HC-31: by the FIN's sequence number and its acknowledgement. */
static inline void fins(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg)
{
	enum weir_side other = weir_other(side);
	uint32_t ack = seg->ack - c->seq_delta[other];

	if (c->fin_sent == 0 && !(seg->flags & WEIR_TCP_FIN))
		return;
	if ((c->fin_sent & ~c->fin_acked & side_bit(other)) &&
		weir_seq_le(c->fin_seq[other], ack)) {
		c->fin_acked |= side_bit(other);
		weir_conn_step(px, c, other, WEIR_TCP_FIN_ACKED);
	}
	if ((seg->flags & WEIR_TCP_FIN) && !(c->fin_sent & side_bit(side))) {
		c->flags &= (uint8_t)~WEIR_CONN_WND_UPDATE; /* its numbers make room for fin_seq */
		c->fin_sent |= side_bit(side);
		c->fin_seq[side] = weir_seg_end(seg);
		weir_conn_step(px, c, side, WEIR_TCP_FIN_SENT);
	}
}

/*
 * What the segment means for timers: the connection lives, and who speaks has heard us. In TIME_WAIT
 * only a FIN that comes again means more time: its ACK may be lost once more (RFC 9293 §3.10.7.4).
 */
static inline void heard(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	const struct weir_seg *seg)
{
	if ((c->flags & WEIR_CONN_RST_PENDING) && side != c->reset_by)
		c->flags &= (uint8_t)~WEIR_CONN_RST_PENDING;
	if (side == WEIR_CLIENT)
		c->flags &= (uint8_t)~WEIR_CONN_WND_UPDATE;
	if (c->flags & (WEIR_CONN_RST_PENDING | WEIR_CONN_WND_UPDATE))
		return;
	if (c->state == WEIR_ESTABLISHED) /* INVARIANT: as weir_conn_timeout_ms() would */
		weir_conn_timer(px, c, conn_service(px, c)->timeouts.established_ms);
	else if (c->state != WEIR_TIME_WAIT || (seg->flags & WEIR_TCP_FIN))
		weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
}

/* The client may be reached another way by now: a router took over from another. */
static inline void learn_neighbour(struct weir_conn *c, const struct weir_pkt *pkt)
{
	memcpy(c->neighbour.mac, pkt->data + 6, sizeof(c->neighbour.mac));
	c->neighbour.port = pkt->port;
}

/* `side` is a constant at both calls. */
static inline __attribute__((always_inline)) void forward(struct weir_proxy *px,
	struct weir_conn *c, enum weir_side side, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;

	if (!weir_rewrite_may_pass(pkt)) {
		drop(pkt, WEIR_FATE_ip_ttl);
		return;
	}
	if (seg->flags & WEIR_TCP_RST) {
		rst(px, c, side, pkt);
		return;
	}
	if (seg->flags & WEIR_TCP_SYN) {
		syn(px, c, side, pkt);
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
	weir_window_update(c, side, seg);
	if (side == WEIR_CLIENT)
		learn_neighbour(c, pkt);
	fins(px, c, side, seg);
	heard(px, c, side, seg);
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
