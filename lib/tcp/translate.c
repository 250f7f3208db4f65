// SPDX-License-Identifier: BSD-3-Clause
#include <stddef.h>
#include <string.h>

#include "tcp/translate.h"
#include "tcp/window.h"
#include "wire/opt.h"
#include "wire/rewrite.h"

/* Every change of a header field goes through these, so that none is missing in the checksum. */
static void set16(uint16_t *field, uint16_t value, uint64_t *delta)
{
	*delta = weir_csum_delta16(*delta, *field, value);
	*field = value;
}

/* Adds to a 32-bit number at an offset from the TCP header; in the options that may be odd. */
static void add32(uint8_t *tcp, unsigned int off, uint32_t add, uint64_t *delta)
{
	uint32_t from, to;

	memcpy(&from, tcp + off, 4);
	to = weir_be32(weir_be32(from) + add);
	memcpy(tcp + off, &to, 4);
	*delta = off & 1 ? weir_csum_delta32_odd(*delta, from, to)
			 : weir_csum_delta32(*delta, from, to);
}

/* RFC 2018 §3: left and right edges, acknowledging the other side's data. */
static void shift_sack(uint8_t *tcp, const struct weir_seg *seg, uint32_t add, uint64_t *delta)
{
	for (unsigned int i = 0; i < 2u * seg->sack_blocks; i++)
		add32(tcp, seg->sack_off + 4 * i, add, delta);
}

/* HC-03: the backend never offered SACK, so it gets NOPs. Kind and length stand before the blocks. */
static void strip_sack(uint8_t *tcp, const struct weir_seg *seg, uint64_t *delta)
{
	const unsigned int from = seg->sack_off - 2u;
	const unsigned int to = seg->sack_off + 8u * seg->sack_blocks;

	for (unsigned int i = from; i < to; i++) {
		uint16_t was = tcp[i], is = WEIR_OPT_NOP;

		if (i & 1) { /* the low byte of its checksum word */
			was = weir_be16(was);
			is = weir_be16(is);
		} else {
			was = weir_be16((uint16_t)(was << 8));
			is = weir_be16((uint16_t)(is << 8));
		}
		*delta = weir_csum_delta16(*delta, was, is);
		tcp[i] = WEIR_OPT_NOP;
	}
}

uint16_t weir_translate_window(const struct weir_conn *c, enum weir_side side, uint16_t wnd)
{
	uint32_t bytes = (uint32_t)wnd << weir_window_shift(c, side);
	unsigned int shown = side == WEIR_BACKEND ? c->wscale_shown
		: c->backend_unscaled             ? 0
						  : c->wscale_client;

	bytes >>= shown;
	return bytes > 0xffff ? 0xffff : (uint16_t)bytes;
}

void weir_translate(const struct weir_conn *c, const struct weir_policy *p, enum weir_side side,
	struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	const struct weir_service *svc = &p->services[c->client.id];
	const struct weir_backend *bk = &p->backends[c->backend];
	struct weir_tcp_hdr *tcp = (void *)(pkt->data + seg->l4_off);
	uint32_t ack_add = 0u - c->seq_delta[weir_other(side)];
	uint64_t d;

	if (side == WEIR_CLIENT) {
		d = weir_rewrite_addrs(pkt, &c->local.addr, &bk->addr);
		set16(&tcp->sport_be, c->local.port_be, &d);
		set16(&tcp->dport_be, bk->port_be, &d);
	} else {
		d = weir_rewrite_addrs(pkt, &svc->vip, &c->client.addr);
		set16(&tcp->sport_be, svc->port_be, &d);
		set16(&tcp->dport_be, c->client.port_be, &d);
	}
	add32((uint8_t *)tcp, offsetof(struct weir_tcp_hdr, seq_be), c->seq_delta[side], &d);
	set16(&tcp->wnd_be, weir_be16(weir_translate_window(c, side, seg->wnd)), &d);
	if (seg->flags & WEIR_TCP_ACK)
		add32((uint8_t *)tcp, offsetof(struct weir_tcp_hdr, ack_be), ack_add, &d);
	if (seg->ts_off != 0) {
		add32((uint8_t *)tcp, seg->ts_off, c->ts_delta[side], &d);
		if (seg->flags &
			WEIR_TCP_ACK) /* RFC 7323 §3.2: TSecr means something with ACK only */
			add32((uint8_t *)tcp, seg->ts_off + 4u, 0u - c->ts_delta[weir_other(side)],
				&d);
	}
	if (seg->sack_blocks != 0 && side == WEIR_CLIENT && (c->flags & WEIR_CONN_STRIP_SACK))
		strip_sack((uint8_t *)tcp, seg, &d);
	else if (seg->sack_blocks != 0)
		shift_sack((uint8_t *)tcp, seg, ack_add, &d);
	tcp->csum = weir_csum_apply(tcp->csum, d);
}
