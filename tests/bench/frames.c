// SPDX-License-Identifier: BSD-3-Clause
#include "frames.h"

#include "base/csum.h"
#include "pages.h"
#include "wire/l3.h"
#include "world.h"

uint64_t frames_random(void)
{
	static uint64_t state = 42;
	uint64_t z = (state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

struct frame *frames_alloc(uint32_t n)
{
	enum pages got;

	return pages_map(((size_t)n + WEIR_BURST) * sizeof(struct frame), &got);
}

void frame_keep(struct frame *f, const struct weir_header *h)
{
	f->len = weir_build_tcp(f->data, h);
}

/* What is longer by len then: where IP says so. */
static void lengthen_ip(uint8_t *frame, enum weir_family family, uint16_t len)
{
	struct weir_ipv6_hdr *six = weir_ipv6(frame);
	struct weir_ipv4_hdr *four = weir_ipv4(frame);

	if (family == WEIR_FAMILY_IPV6) {
		six->len_be = weir_be16((uint16_t)(weir_be16(six->len_be) + len));
		return;
	}
	four->len_be = weir_be16((uint16_t)(weir_be16(four->len_be) + len));
	four->csum = 0;
	four->csum = weir_csum_finish(weir_csum_add(0, four, sizeof(*four)));
}

void frame_add_payload(struct frame *f, const struct weir_header *h, uint16_t len)
{
	const enum weir_family family = weir_l3_family(&h->src);
	const unsigned int l4_off = weir_l3_header_end(family);
	const uint64_t addrs = weir_l3_addr_sum(family, &h->src, &h->dst);
	struct weir_tcp_hdr *tcp = (void *)(f->data + l4_off);
	uint16_t l4_len;

	memset(f->data + f->len, 'x', len);
	f->len += len;
	l4_len = (uint16_t)(f->len - l4_off);
	lengthen_ip(f->data, family, len);
	tcp->csum = 0;
	tcp->csum = weir_csum_finish(weir_csum_add(weir_pseudo_sum(addrs, l4_len), tcp, l4_len));
}

struct weir_addr frame_addr_of(enum weir_family family, uint32_t host)
{
	struct weir_addr a = {.q = {0, 0}};

	if (family == WEIR_FAMILY_IPV4)
		return weir_addr_v4(weir_be32(host));
	a.w[0] = weir_be32(0x20010db8);
	a.w[1] = weir_be32(host);
	a.w[3] = weir_be32(1);
	return a;
}

struct weir_addr frame_addr(const struct world *w, uint32_t host)
{
	return frame_addr_of(w->family, host);
}

static struct weir_header client_header(const struct world *w, uint32_t client, uint16_t port)
{
	return (struct weir_header){.src = frame_addr(w, client),
		.dst = frame_addr(w, WORLD_VIP),
		.sport_be = weir_be16(port),
		.dport_be = weir_be16(80),
		.seq = (uint32_t)frames_random(),
		.wnd = 64240,
		.wscale = WEIR_WSCALE_NONE,
		.ts = true,
		.tsval = (uint32_t)frames_random()};
}

struct weir_header frame_syn(const struct world *w, uint32_t client, uint16_t port)
{
	struct weir_header h = client_header(w, client, port);

	h.flags = WEIR_TCP_SYN;
	h.mss = weir_l3_mss(w->family, 1500);
	h.wscale = 7;
	h.sack_ok = true;
	return h;
}

/* 128.0.0.0 .. 190.255.255.255: none of those that dialogue_establish() uses. */
static uint32_t random_client(void)
{
	return 0x80000000u + (uint32_t)(frames_random() % 0x3f000000u);
}

static uint16_t random_port(void)
{
	return (uint16_t)(frames_random() | 1024);
}

void frame_make_syn(struct frame *f, const struct world *w)
{
	struct weir_header h = frame_syn(w, random_client(), random_port());

	frame_keep(f, &h);
}

void frame_make_bad_ack(struct frame *f, const struct world *w)
{
	struct weir_header h = client_header(w, random_client(), random_port());

	h.flags = WEIR_TCP_ACK;
	h.ack = (uint32_t)frames_random();
	h.tsecr = (uint32_t)frames_random();
	frame_keep(f, &h);
}

static const struct weir_conn *random_conn(const struct world *w)
{
	return weir_table_conn(&w->px.table, (uint32_t)(frames_random() % w->px.table.count));
}

/* What one side has sent and been told, in its own numbers, as a pure ACK. */
static struct weir_header ack_header(const struct weir_conn *c, enum weir_side side)
{
	enum weir_side other = weir_other(side);

	return (struct weir_header){.seq = c->track[side].end,
		.ack = c->track[other].end + c->seq_delta[other],
		.wnd = 501,
		.flags = WEIR_TCP_ACK,
		.wscale = WEIR_WSCALE_NONE,
		.ts = true,
		.tsval = (uint32_t)frames_random(),
		.tsecr = (uint32_t)frames_random()};
}

void frame_make_client(struct frame *f, const struct world *w)
{
	const struct weir_conn *c = random_conn(w);
	struct weir_header h = ack_header(c, WEIR_CLIENT);

	h.src = c->client.addr;
	h.sport_be = c->client.port_be;
	h.dst = w->policy->listeners[0].vip;
	h.dport_be = w->policy->listeners[0].port_be;
	frame_keep(f, &h);
}

void frame_make_backend(struct frame *f, const struct world *w)
{
	const struct weir_conn *c = random_conn(w);
	struct weir_header h = ack_header(c, WEIR_BACKEND);

	h.src = w->policy->backends[c->backend].addr;
	h.sport_be = w->policy->backends[c->backend].port_be;
	h.dst = c->local.addr;
	h.dport_be = c->local.port_be;
	frame_keep(f, &h);
}

void frame_make_either(struct frame *f, const struct world *w)
{
	(frames_random() & 1 ? frame_make_client : frame_make_backend)(f, w);
}

uint32_t frames_fill(struct frame *frames, uint32_t n, const struct world *w, frame_maker *make,
	frame_maker *other, unsigned int percent)
{
	uint32_t others = 0;

	for (uint32_t i = 0; i < n; i++) {
		bool is_other = frames_random() % 100 < percent;

		(is_other ? other : make)(&frames[i], w);
		others += is_other;
	}
	return others;
}
