// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "tcp/parts.h"

/* A header that goes back to where pkt came from. */
static struct weir_header header_back(const struct weir_seg *seg)
{
	return (struct weir_header){
		.src = seg->dst,
		.dst = seg->src,
		.sport_be = seg->dport_be,
		.dport_be = seg->sport_be,
		.wscale = WEIR_WSCALE_NONE,
	};
}

static void send_back(struct weir_pkt *pkt, const struct weir_header *h, enum weir_fate fate)
{
	pkt->len = pkt->head_len = weir_build_tcp(pkt->data, h);
	pkt->csum = WEIR_CSUM_GOOD;
	pkt->send = WEIR_SEND_BACK;
	pkt->fate = (uint8_t)fate;
}

void weir_reply_rst(struct weir_pkt *pkt, enum weir_fate fate)
{
	const struct weir_seg *seg = &pkt->seg;
	struct weir_header h = header_back(seg);

	if (seg->flags & WEIR_TCP_ACK) {
		h.seq = seg->ack;
		h.flags = WEIR_TCP_RST;
	} else {
		h.ack = weir_seg_end(seg) + ((seg->flags & WEIR_TCP_SYN) != 0);
		h.flags = WEIR_TCP_RST | WEIR_TCP_ACK;
	}
	send_back(pkt, &h, fate);
}

void weir_reply_rst_budgeted(struct weir_proxy *px, struct weir_bucket *budget,
	struct weir_pkt *pkt, enum weir_fate fate)
{
	if (pkt->seg.flags & WEIR_TCP_RST)
		drop(pkt, WEIR_FATE_stray_rst);
	else if (weir_bucket_take(budget, px->now_ns))
		weir_reply_rst(pkt, fate);
	else
		drop(pkt, WEIR_FATE_reply_budget);
}

static uint8_t mss_index(uint16_t mss)
{
	uint8_t i = WEIR_COOKIE_MSS - 1;

	while (i > 0 && weir_cookie_mss[i] > mss)
		i--;
	return i;
}

struct weir_agreed weir_reply_agree(const struct weir_proxy *px, uint16_t service,
	const struct weir_seg *syn)
{
	const struct weir_profile *profile = &px->policy->services[service].profile;
	const uint8_t ecn_setup = WEIR_TCP_ECE | WEIR_TCP_CWR; /* RFC 3168 §6.1.1 */

	return (struct weir_agreed){
		.mss_index = mss_index(syn->mss),
		.wscale = syn->wscale,
		.sack = syn->sack_ok && profile->sack,
		.ts = syn->ts_off != 0 && profile->timestamps && !px->no_timestamps[service],
		.ecn = (syn->flags & ecn_setup) == ecn_setup && profile->ecn,
	};
}

/* The SYN-ACK that announces what was agreed; h has addresses and acknowledgement already. */
static void fill_syn_ack(struct weir_header *h, const struct weir_service *svc,
	const struct weir_agreed *agreed, uint32_t isn, uint32_t tsval, uint32_t client_tsval)
{
	h->seq = isn;
	h->flags = WEIR_TCP_SYN | WEIR_TCP_ACK | (agreed->ecn ? WEIR_TCP_ECE : 0);
	h->mss = svc->profile.mss;
	h->wscale = agreed->wscale == WEIR_WSCALE_NONE ? WEIR_WSCALE_NONE : svc->profile.wscale;
	h->sack_ok = agreed->sack;
	h->ts = agreed->ts;
	h->tsval = tsval;
	h->tsecr = client_tsval;
}

/*
 * HC-04: the true window is what may be held, by bytes and by packets of the size that the client is
 * asked for (RFC 6691: less timestamps). Past half of the pool it is 0 and opens later.
 */
static uint16_t early_window(struct weir_proxy *px, const struct weir_service *svc)
{
	const uint32_t pkts = WEIR_HELD_PKTS_MAX * (svc->profile.mss - 12u);
	const uint32_t bytes = px->policy->limits.held_bytes;

	if (px->held.count > px->held.capacity / 2) {
		px->squeezed_until_ns = px->now_ns + WEIR_COOKIE_LIFE_MS * 1000000ull;
		event(px, WEIR_EVENT_window_closed);
		return 0;
	}
	return (uint16_t)(pkts < bytes ? pkts : bytes);
}

static void remember(struct weir_proxy *px, const struct weir_pkt *pkt,
	const struct weir_cookie *cookie, const struct weir_hop *hop, uint16_t wnd)
{
	struct weir_synack *s = weir_synack_push(&px->synacks);

	if (s == NULL)
		return;
	*s = (struct weir_synack){
		.client = pkt->key,
		.client_isn = pkt->seg.seq,
		.isn = cookie->isn,
		.tsval = cookie->tsval,
		.client_tsval = pkt->seg.tsval,
		.sent_ms = (uint32_t)now_ms(px),
		.hop = *hop,
		.wnd = wnd,
		.agreed = cookie->agreed,
	};
}

void weir_reply_syn_ack(struct weir_proxy *px, struct weir_pkt *pkt,
	const struct weir_cookie *cookie)
{
	const struct weir_service *svc = &px->policy->services[pkt->key.id];
	struct weir_header h = header_back(&pkt->seg);
	struct weir_hop hop = {.port = pkt->port, .known = 1};

	memcpy(hop.mac, pkt->data + 6, sizeof(hop.mac));
	h.ack = pkt->seg.seq + 1; /* HC-10: data on the SYN is not acknowledged */
	h.wnd = early_window(px, svc);
	fill_syn_ack(&h, svc, &cookie->agreed, cookie->isn, cookie->tsval, pkt->seg.tsval);
	remember(px, pkt, cookie, &hop, h.wnd);
	send_back(pkt, &h, WEIR_FATE_syn_cookie);
}

void weir_reply_syn_ack_again(struct weir_proxy *px, const struct weir_synack *s)
{
	const struct weir_service *svc = &px->policy->services[s->client.id];
	struct weir_dest dest = {.send = WEIR_SEND_HOP, .hop = s->hop};
	struct weir_header h = {
		.src = svc->vip,
		.dst = s->client.addr,
		.sport_be = svc->port_be,
		.dport_be = s->client.port_be,
		.ack = s->client_isn + 1,
		.wnd = s->wnd,
	};

	fill_syn_ack(&h, svc, &s->agreed, s->isn, s->tsval, s->client_tsval);
	px->outlet.header(px->outlet.shell, &h, &dest);
	event(px, WEIR_EVENT_syn_ack_resent);
}
