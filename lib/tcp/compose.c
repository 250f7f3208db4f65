// SPDX-License-Identifier: BSD-3-Clause
/* Segments of synweir's own to one side of a connection: header only, in that side's numbers. */
#include "tcp/calm.h"
#include "tcp/engine.h"
#include "tcp/handshake.h"

static void send_to_backend(struct weir_proxy *px, const struct weir_conn *c, struct weir_header *h)
{
	const struct weir_backend *bk = &px->policy->backends[c->backend];
	struct weir_dest dest = {.send = WEIR_SEND_NEXTHOP,
		.nexthop = bk->nexthop,
		.unanswered = (c->state == WEIR_SYN_SENT || c->state == WEIR_HEADER_SENT) &&
			c->tries > 0};

	h->src = c->local.addr;
	h->sport_be = c->local.port_be;
	h->dst = bk->addr;
	h->dport_be = bk->port_be;
	send_header(px, h, &dest);
}

static void send_to_client(struct weir_proxy *px, const struct weir_conn *c, struct weir_header *h)
{
	const struct weir_listener *listener = &px->policy->listeners[c->client.id];
	struct weir_dest dest = {.send = WEIR_SEND_NEIGHBOUR, .neighbour = c->neighbour};

	h->src = listener->vip;
	h->sport_be = listener->port_be;
	h->dst = c->client.addr;
	h->dport_be = c->client.port_be;
	send_header(px, h, &dest);
}

uint16_t weir_open_window(const struct weir_conn *c, enum weir_side side, unsigned int shift)
{
	const struct weir_track *t = &c->track[side];
	uint32_t wnd = (t->max_end - t->acked) >> shift;

	return wnd > 0xffff ? 0xffff : (uint16_t)wnd;
}

/*
 * RFC 9293 §3.7.1: the largest segment that may come back. The client's, but held to the profile: no
 * port takes more (config/check_service.c holds the profile to every port's MTU), and a profile that is
 * lowered for a narrow path is meant for both directions.
 */
static uint16_t mss_for_backend(const struct weir_proxy *px, const struct weir_conn *c)
{
	const uint16_t *row = weir_cookie_mss_of(weir_l3_family(&c->client.addr));
	const uint16_t client = row[c->mss_index], ours = conn_service(px, c)->profile.mss;

	return client < ours ? client : ours;
}

void weir_send_syn(struct weir_proxy *px, const struct weir_conn *c)
{
	struct weir_header h = {
		.seq = weir_backend_isn(c),
		.flags =
			WEIR_TCP_SYN | (c->flags & WEIR_CONN_ECN ? WEIR_TCP_ECE | WEIR_TCP_CWR : 0),
		.wnd = weir_open_window(c, WEIR_BACKEND,
			0), /* RFC 7323 §2.2: never scaled on a SYN */
		.mss = mss_for_backend(px, c),
		.wscale = c->no_wscale ? WEIR_WSCALE_NONE : c->wscale_client,
		.sack_ok = c->flags & WEIR_CONN_SACK,
		.ts = c->flags & WEIR_CONN_TS,
		.tsval = weir_handshake_syn_tsval(c),
	};

	send_to_backend(px, c, &h);
}

void weir_send_ack_to_backend(struct weir_proxy *px, const struct weir_conn *c, uint32_t tsecr)
{
	struct weir_header h = {
		.seq = c->track[WEIR_CLIENT].acked + c->seq_delta[WEIR_CLIENT],
		.ack = c->track[WEIR_BACKEND].acked,
		.flags = WEIR_TCP_ACK,
		.wnd = weir_open_window(c, WEIR_BACKEND,
			c->backend_unscaled ? 0 : c->wscale_client),
		.wscale = WEIR_WSCALE_NONE,
		.ts = c->flags & WEIR_CONN_TS,
		/* The client's TSvals go on from here; a later clock would make them old (PAWS). */
		.tsval = weir_handshake_syn_tsval(c),
		.tsecr = tsecr,
	};

	send_to_backend(px, c, &h);
}

void weir_send_inserted(struct weir_proxy *px, const struct weir_conn *c, uint32_t seq,
	const uint8_t *bytes, uint32_t len)
{
	struct weir_header h = {
		.seq = seq + c->seq_delta[WEIR_CLIENT],
		.ack = c->track[WEIR_BACKEND].acked,
		.flags = WEIR_TCP_ACK | (len > 0 ? WEIR_TCP_PSH : 0),
		.wnd = weir_open_window(c, WEIR_BACKEND,
			c->backend_unscaled ? 0 : c->wscale_client),
		.wscale = WEIR_WSCALE_NONE,
		.ts = c->flags & WEIR_CONN_TS,
		.tsval = weir_handshake_syn_tsval(c), /* as in weir_send_ack_to_backend() */
		.tsecr = weir_handshake_cookie_tsval(c) - c->ts_delta[WEIR_BACKEND],
		.payload = bytes,
		.payload_len = (uint16_t)len,
	};

	send_to_backend(px, c, &h);
}

void weir_send_window_update(struct weir_proxy *px, const struct weir_conn *c)
{
	struct weir_header h = {
		.seq = c->track[WEIR_BACKEND].acked + c->seq_delta[WEIR_BACKEND],
		.ack = c->track[WEIR_CLIENT].acked,
		.flags = WEIR_TCP_ACK,
		.wnd = weir_open_window(c, WEIR_CLIENT, c->wscale_shown),
		.wscale = WEIR_WSCALE_NONE,
		.ts = c->flags & WEIR_CONN_TS,
		.tsval = weir_handshake_cookie_tsval(c),
		.tsecr = weir_handshake_client_tsval(c),
	};

	send_to_client(px, c, &h);
	event(px, WEIR_EVENT_window_update);
}

/*
 * While segments are in flight the number that the receiver expects is known as a range: not below
 * what it has acknowledged, not above what was sent to it. At the upper end the RST is exact, or is
 * challenged (RFC 5961 §3.2); the challenge ACK finds a CLOSED connection, which answers exactly.
 */
void weir_send_rst_to_client(struct weir_proxy *px, const struct weir_conn *c)
{
	struct weir_header h = {
		.seq = c->track[WEIR_BACKEND].end + c->seq_delta[WEIR_BACKEND],
		.ack = c->track[WEIR_CLIENT].acked,
		.flags = WEIR_TCP_RST | WEIR_TCP_ACK,
		.wscale = WEIR_WSCALE_NONE,
	};

	send_to_client(px, c, &h);
}

void weir_send_rst_to_backend(struct weir_proxy *px, const struct weir_conn *c)
{
	struct weir_header h = {
		.seq = c->track[WEIR_CLIENT].end + c->seq_delta[WEIR_CLIENT],
		.ack = c->track[WEIR_BACKEND].acked,
		.flags = WEIR_TCP_RST | WEIR_TCP_ACK,
		.wscale = WEIR_WSCALE_NONE,
	};

	/* the backend's numbers are unknown */
	if (c->state == WEIR_SYN_SENT || (c->state == WEIR_SYN_RCVD && !weir_calm_answered(c))) {
		h.ack = 0;
		h.flags = WEIR_TCP_RST;
	}
	send_to_backend(px, c, &h);
}

void weir_send_rst_at(struct weir_proxy *px, const struct weir_conn *c, uint32_t seq)
{
	struct weir_header h = {.seq = seq, .flags = WEIR_TCP_RST, .wscale = WEIR_WSCALE_NONE};

	send_to_backend(px, c, &h);
}
