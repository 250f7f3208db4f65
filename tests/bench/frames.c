// SPDX-License-Identifier: BSD-3-Clause
#include "frames.h"

#include "base/csum.h"
#include "pages.h"
#include "wire/ipv4.h"
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

void frame_add_payload(struct frame *f, uint16_t len)
{
	struct weir_ipv4_hdr *ip = (void *)(f->data + sizeof(struct weir_eth_hdr));
	struct weir_tcp_hdr *tcp = (void *)(ip + 1);
	uint16_t ip_len = weir_be16(ip->len_be), l4_len;

	memset(f->data + f->len, 'x', len);
	f->len += len;
	ip_len = (uint16_t)(ip_len + len);
	l4_len = (uint16_t)(ip_len - sizeof(*ip));
	ip->len_be = weir_be16(ip_len);
	ip->csum = 0;
	ip->csum = weir_csum_finish(weir_csum_add(0, ip, sizeof(*ip)));
	tcp->csum = 0;
	tcp->csum = weir_csum_finish(weir_csum_add(weir_pseudo_sum(weir_ipv4_addr_sum(ip->src_be,
									   ip->dst_be),
							   l4_len),
		tcp, l4_len));
}

static struct weir_header client_header(uint32_t client_be, uint16_t port)
{
	struct weir_addr vip;

	weir_addr_parse(WORLD_VIP, &vip);
	return (struct weir_header){.src = weir_addr_v4(client_be),
		.dst = vip,
		.sport_be = weir_be16(port),
		.dport_be = weir_be16(80),
		.seq = (uint32_t)frames_random(),
		.wnd = 64240,
		.wscale = WEIR_WSCALE_NONE,
		.ts = true,
		.tsval = (uint32_t)frames_random()};
}

struct weir_header frame_syn(uint32_t client_be, uint16_t port)
{
	struct weir_header h = client_header(client_be, port);

	h.flags = WEIR_TCP_SYN;
	h.mss = 1460;
	h.wscale = 7;
	h.sack_ok = true;
	return h;
}

/* 128.0.0.0 .. 190.255.255.255: none of those that dialogue_establish() uses. */
static uint32_t random_client(void)
{
	return weir_be32(0x80000000u + (uint32_t)(frames_random() % 0x3f000000u));
}

static uint16_t random_port(void)
{
	return (uint16_t)(frames_random() | 1024);
}

void frame_make_syn(struct frame *f, const struct world *w)
{
	struct weir_header h = frame_syn(random_client(), random_port());

	frame_keep(f, &h);
}

void frame_make_bad_ack(struct frame *f, const struct world *w)
{
	struct weir_header h = client_header(random_client(), random_port());

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
