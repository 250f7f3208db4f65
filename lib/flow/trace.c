// SPDX-License-Identifier: BSD-3-Clause
#include "flow/trace.h"

const char *weir_end_state_name(enum weir_end_state s)
{
	static const char *const names[WEIR_END_STATES] = {
		[WEIR_END_UNKNOWN] = "-",
		[WEIR_END_LISTEN] = "LISTEN",
		[WEIR_END_SYN_SENT] = "SYN_SENT",
		[WEIR_END_SYN_RCVD] = "SYN_RCVD",
		[WEIR_END_ESTABLISHED] = "ESTABLISHED",
		[WEIR_END_FIN_WAIT_1] = "FIN_WAIT_1",
		[WEIR_END_FIN_WAIT_2] = "FIN_WAIT_2",
		[WEIR_END_CLOSE_WAIT] = "CLOSE_WAIT",
		[WEIR_END_CLOSING] = "CLOSING",
		[WEIR_END_LAST_ACK] = "LAST_ACK",
		[WEIR_END_TIME_WAIT] = "TIME_WAIT",
		[WEIR_END_CLOSED] = "CLOSED",
	};

	return names[s];
}

/* Both FINs were forwarded, and one is acknowledged: that end's own, or the other's. */
static enum weir_end_state last_ack(const struct weir_conn *c, enum weir_side side)
{
	const bool own = c->fin_acked >> side & 1, closer = c->closer == side;

	if (own)
		return WEIR_END_FIN_WAIT_2;
	return closer ? WEIR_END_CLOSING : WEIR_END_LAST_ACK;
}

enum weir_end_state weir_end_state(const struct weir_conn *c, enum weir_side side)
{
	const bool client = side == WEIR_CLIENT, closer = c->closer == side;

	switch ((enum weir_state)c->state) {
	case WEIR_CLOSED:
		return WEIR_END_CLOSED;
	case WEIR_SYN_RCVD:
		if (client)
			return WEIR_END_SYN_SENT;
		return c->tries == 0 ? WEIR_END_SYN_RCVD : WEIR_END_LISTEN;
	case WEIR_SYN_SENT:
		return client ? WEIR_END_ESTABLISHED : WEIR_END_LISTEN;
	case WEIR_HEADER_SENT:
	case WEIR_ESTABLISHED:
		return WEIR_END_ESTABLISHED;
	case WEIR_FIN_WAIT_1:
		return closer ? WEIR_END_FIN_WAIT_1 : WEIR_END_ESTABLISHED;
	case WEIR_FIN_WAIT_2:
		return closer ? WEIR_END_FIN_WAIT_2 : WEIR_END_CLOSE_WAIT;
	case WEIR_CLOSING:
		return WEIR_END_CLOSING;
	case WEIR_LAST_ACK:
		return last_ack(c, side);
	case WEIR_TIME_WAIT:
		return closer ? WEIR_END_TIME_WAIT : WEIR_END_CLOSED;
	case WEIR_STATES:
		break;
	}
	return WEIR_END_UNKNOWN;
}

static void fill_conn(struct weir_trace *t, const struct weir_conn *c)
{
	t->has_conn = true;
	t->client = c->client.addr;
	t->client_port_be = c->client.port_be;
	t->listener = c->client.id;
	t->local = c->local.addr;
	t->local_port_be = c->local.port_be;
	t->backend = c->backend;
	t->state[WEIR_CLIENT] = (uint8_t)weir_end_state(c, WEIR_CLIENT);
	t->state[WEIR_BACKEND] = (uint8_t)weir_end_state(c, WEIR_BACKEND);
}

/* Of no connection: whose it is, the client's key tells. */
static void fill_key(struct weir_trace *t, const struct weir_pkt *pkt)
{
	if (pkt->key.id & WEIR_KEY_BACKEND)
		return;
	t->client = pkt->key.addr;
	t->client_port_be = pkt->key.port_be;
	t->listener = pkt->key.id;
	if ((pkt->seg.flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN)
		t->state[WEIR_CLIENT] = WEIR_END_SYN_SENT;
}

static void fill_segment(struct weir_trace *t, const struct weir_seg *seg)
{
	t->seq = seg->seq;
	t->ack = seg->ack;
	t->wnd = seg->wnd;
	t->payload_len = seg->payload_len;
	t->flags = seg->flags;
	t->ts = seg->ts_off != 0;
	t->mss = seg->mss;
	t->wscale = seg->wscale;
	t->sack_ok = seg->sack_ok;
}

void weir_trace_packet(struct weir_trace *t, const struct weir_pkt *pkt, const struct weir_conn *c)
{
	*t = (struct weir_trace){.what = WEIR_TRACE_RECEIVED,
		.fate = pkt->fate,
		.send = pkt->send,
		.listener = WEIR_NONE16,
		.backend = WEIR_NONE16,
		.icmp = pkt->kind == WEIR_KIND_ICMP_ERROR,
		.side = pkt->key.id & WEIR_KEY_BACKEND ? WEIR_BACKEND : WEIR_CLIENT};
	fill_segment(t, &pkt->seg);
	if (c != NULL)
		fill_conn(t, c);
	else
		fill_key(t, pkt);
}

/* The frame as it is now; false: it is not TCP. */
static bool parse_again(struct weir_pkt *to, const struct weir_pkt *pkt)
{
	*to = (struct weir_pkt){.frame = pkt->frame, .key = pkt->key};
	to->frame.csum = WEIR_CSUM_GOOD;
	if (weir_pkt_parse(to) != WEIR_PARSED_TCP)
		return false;
	to->fate = pkt->fate;
	to->send = pkt->send;
	return true;
}

bool weir_trace_answer(struct weir_trace *t, const struct weir_pkt *pkt, const struct weir_conn *c)
{
	struct weir_pkt answer;

	if (pkt->kind > WEIR_KIND_BACKEND || pkt->send != WEIR_SEND_BACK ||
		!parse_again(&answer, pkt))
		return false;
	weir_trace_packet(t, &answer, c);
	t->what = WEIR_TRACE_SENT;
	if (c == NULL && answer.seg.flags & WEIR_TCP_SYN)
		t->state[WEIR_CLIENT] = WEIR_END_SYN_SENT;
	return true;
}

void weir_trace_released(struct weir_trace *t, const struct weir_pkt *pkt,
	const struct weir_conn *c)
{
	struct weir_pkt now;

	if (pkt->fate == WEIR_FATE_to_backend && parse_again(&now, pkt)) {
		weir_trace_packet(t, &now, c);
		t->side = WEIR_BACKEND;
	} else {
		weir_trace_packet(t, pkt, c);
	}
	t->what = WEIR_TRACE_RELEASED;
}

/* By its addresses: a SYN-ACK that is retransmitted, say. */
static void fill_client(struct weir_trace *t, const struct weir_header *h,
	const struct weir_policy *p)
{
	t->client = h->dst;
	t->client_port_be = h->dport_be;
	if (h->flags & WEIR_TCP_SYN)
		t->state[WEIR_CLIENT] = WEIR_END_SYN_SENT;
	for (uint32_t i = 0; i < p->n_listeners; i++)
		if (weir_addr_eq(&p->listeners[i].vip, &h->src) &&
			p->listeners[i].port_be == h->sport_be)
			t->listener = (uint16_t)i;
}

void weir_trace_header(struct weir_trace *t, const struct weir_header *h, const struct weir_conn *c,
	enum weir_side to, const struct weir_policy *p)
{
	*t = (struct weir_trace){.what = WEIR_TRACE_SENT,
		.listener = WEIR_NONE16,
		.backend = WEIR_NONE16,
		.fate = WEIR_FATE_created,
		.side = (uint8_t)to,
		.seq = h->seq,
		.ack = h->ack,
		.wnd = h->wnd,
		.payload_len = h->payload_len,
		.flags = h->flags,
		.mss = h->mss,
		.wscale = h->wscale,
		.sack_ok = h->sack_ok,
		.ts = h->ts};
	if (c != NULL)
		fill_conn(t, c);
	else
		fill_client(t, h, p);
}
