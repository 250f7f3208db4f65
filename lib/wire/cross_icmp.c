// SPDX-License-Identifier: BSD-3-Clause
/*
 * ICMP errors from one family to the other: RFC 7915 §4.2 and §5.2. The message is made of what the old one
 * says: what happened, for which MTU, and of which datagram. Both are short, and the old one is copied first.
 */
#include <string.h>

#include "wire/cross.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#define LONGER (WEIR_IPV6_LEN - WEIR_IPV4_LEN) /* what IPv6 takes more of an MTU */

#define FRAG_NEEDED 4 /* code of WEIR_ICMP_UNREACHABLE */

/* As error, and as what of our datagram it sends back: 64 bits of TCP (wire/icmp.h). */
struct message4 {
	struct weir_icmp_hdr icmp;
	struct weir_ipv4_hdr ip;
	uint16_t sport_be, dport_be;
	uint32_t seq_be;
} __attribute__((packed, aligned(2)));

struct message6 {
	struct weir_icmp_hdr icmp;
	struct weir_ipv6_hdr ip;
	uint16_t sport_be, dport_be;
	uint32_t seq_be;
} __attribute__((packed, aligned(2)));

/* Type and code together; 0: that family has none. */
static uint16_t kind(uint8_t type, uint8_t code)
{
	return (uint16_t)(type << 8 | code);
}

/* IPv4's "unreachable", by its code: no route, administratively prohibited, port; the others are dropped. */
static uint16_t unreachable6(uint8_t code)
{
	static const uint8_t to[] = {[0] = 0,
		[1] = 0,
		[3] = 4,
		[5] = 0,
		[6] = 0,
		[7] = 0,
		[8] = 0,
		[9] = 1,
		[10] = 1,
		[11] = 0,
		[12] = 0,
		[13] = 1,
		[15] = 1};

	/* 2: protocol, which is TCP, and has no "unreachable" in IPv6; 14: of no meaning there */
	return code >= sizeof(to) || code == 2 || code == 14
		? 0
		: kind(WEIR_ICMP6_UNREACHABLE, to[code]);
}

static uint16_t kind6(const struct weir_icmp_hdr *icmp)
{
	if (icmp->type == WEIR_ICMP_TIME_EXCEEDED)
		return kind(WEIR_ICMP6_TIME_EXCEEDED, icmp->code);
	return icmp->code == FRAG_NEEDED ? kind(WEIR_ICMP6_TOO_BIG, 0) : unreachable6(icmp->code);
}

static uint16_t unreachable4(uint8_t code)
{
	static const uint8_t to[] = {1, 10, 1, 1, 3}; /* host, host prohibited, host, host, port */

	return code >= sizeof(to) ? 0 : kind(WEIR_ICMP_UNREACHABLE, to[code]);
}

static uint16_t kind4(const struct weir_icmp_hdr *icmp)
{
	if (icmp->type == WEIR_ICMP6_TIME_EXCEEDED)
		return kind(WEIR_ICMP_TIME_EXCEEDED, icmp->code);
	return icmp->type == WEIR_ICMP6_TOO_BIG ? kind(WEIR_ICMP_UNREACHABLE, FRAG_NEEDED)
						: unreachable4(icmp->code);
}

/* RFC 1191 §5: a router that does not know how to say the MTU says 0. The next lower that links have (§7.1). */
static uint16_t plateau(uint16_t len)
{
	static const uint16_t mtu[] = {32000, 17914, 8166, 4352, 2002, 1492};

	for (unsigned int i = 0; i < sizeof(mtu) / sizeof(mtu[0]); i++)
		if (mtu[i] < len)
			return mtu[i];
	return 0;
}

/* Not less than every IPv6 link has: smaller packets may be fragmented on their way (cross.h). */
static uint32_t mtu6(const struct message4 *was)
{
	const uint16_t said = weir_be16(was->icmp.seq_be);
	const uint32_t mtu = (said != 0 ? said : plateau(weir_be16(was->ip.len_be))) + LONGER;

	return mtu < WEIR_IPV6_MTU_MIN ? WEIR_IPV6_MTU_MIN : mtu;
}

/* 0: no link has such an MTU (RFC 8201 §4). */
static uint16_t mtu4(const struct weir_icmp_hdr *icmp)
{
	const uint32_t mtu = (uint32_t)weir_be16(icmp->id_be) << 16 | weir_be16(icmp->seq_be);

	if (mtu < WEIR_IPV6_MTU_MIN)
		return 0;
	return (uint16_t)(mtu - LONGER > UINT16_MAX ? UINT16_MAX : mtu - LONGER);
}

static void set_kind(struct weir_icmp_hdr *icmp, uint16_t kind)
{
	*icmp = (struct weir_icmp_hdr){.type = (uint8_t)(kind >> 8), .code = (uint8_t)kind};
}

static void set_quote6(struct message6 *m, const struct message4 *was, const struct weir_seg *as)
{
	weir_ipv6_fill(&m->ip, &as->src, &as->dst, WEIR_PROTO_TCP, was->ip.ttl,
		(uint16_t)(weir_be16(was->ip.len_be) - WEIR_IPV4_LEN));
	weir_ipv6_set_class(&m->ip, was->ip.tos);
	m->sport_be = as->sport_be;
	m->dport_be = as->dport_be;
	m->seq_be = weir_be32(as->seq);
}

static bool requote_as_ipv6(struct weir_frame *f, const struct weir_seg *quoted,
	const struct weir_seg *as, const struct weir_addr *from)
{
	const uint8_t hop_limit = (uint8_t)(weir_ipv4(f->data)->ttl - 1);
	struct message6 *m = (void *)(f->data + WEIR_IPV6_L4_OFF);
	struct message4 was;
	uint16_t what;
	uint64_t pseudo;

	memcpy(&was, f->data + quoted->l4_off, sizeof(was));
	what = kind6(&was.icmp);
	if (what == 0 || f->room < WEIR_IPV6_L4_OFF + sizeof(*m))
		return false;
	set_quote6(m, &was, as);
	set_kind(&m->icmp, what);
	if (m->icmp.type == WEIR_ICMP6_TOO_BIG) {
		m->icmp.id_be = weir_be16((uint16_t)(mtu6(&was) >> 16));
		m->icmp.seq_be = weir_be16((uint16_t)mtu6(&was));
	}
	pseudo = weir_pseudo_sum_of(WEIR_PROTO_ICMP6, weir_ipv6_addr_sum(from, &as->src),
		sizeof(*m));
	m->icmp.csum = weir_csum_finish(weir_csum_add(pseudo, m, sizeof(*m)));
	weir_ipv6_build(f->data, from, &as->src, WEIR_PROTO_ICMP6, hop_limit, sizeof(*m));
	f->len = f->head_len = (uint16_t)(WEIR_IPV6_L4_OFF + sizeof(*m));
	return true;
}

static void set_quote4(struct message4 *m, const struct message6 *was, const struct weir_seg *as)
{
	weir_ipv4_fill(&m->ip, weir_addr_v4_be(&as->src), weir_addr_v4_be(&as->dst),
		weir_be16(was->ip.len_be));
	weir_ipv4_set(&m->ip, WEIR_PROTO_TCP, weir_ipv6_class(&was->ip), was->ip.hop_limit);
	m->sport_be = as->sport_be;
	m->dport_be = as->dport_be;
	m->seq_be = weir_be32(as->seq);
}

static bool requote_as_ipv4(struct weir_frame *f, const struct weir_seg *quoted,
	const struct weir_seg *as, const struct weir_addr *from)
{
	const uint8_t ttl = (uint8_t)(weir_ipv6(f->data)->hop_limit - 1);
	struct message4 *m = (void *)(f->data + WEIR_IPV4_L4_OFF);
	struct message6 was;
	uint16_t what;

	memcpy(&was, f->data + quoted->l4_off, sizeof(was));
	what = kind4(&was.icmp);
	if (what == 0 || (was.icmp.type == WEIR_ICMP6_TOO_BIG && mtu4(&was.icmp) == 0))
		return false;
	set_quote4(m, &was, as);
	set_kind(&m->icmp, what);
	if (was.icmp.type == WEIR_ICMP6_TOO_BIG)
		m->icmp.seq_be = weir_be16(mtu4(&was.icmp));
	m->icmp.csum = weir_csum_finish(weir_csum_add(0, m, sizeof(*m)));
	weir_ipv4_build(f->data, weir_addr_v4_be(from), weir_addr_v4_be(&as->src), sizeof(*m));
	weir_ipv4_set(weir_ipv4(f->data), WEIR_PROTO_ICMP, 0, ttl);
	f->len = f->head_len = (uint16_t)(WEIR_IPV4_L4_OFF + sizeof(*m));
	return true;
}

bool weir_cross_requote(struct weir_frame *f, const struct weir_seg *quoted,
	const struct weir_seg *as, const struct weir_addr *from)
{
	if (weir_addr_is_v4(from))
		return requote_as_ipv4(f, quoted, as, from);
	return requote_as_ipv6(f, quoted, as, from);
}
