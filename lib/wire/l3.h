/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The seam between the address families and all that is above: nothing outside wire/ knows which family a
 * packet is of, how long its headers are or where its addresses stand. Each function here asks the
 * family's own file (wire/ipv4.h, wire/ipv6.h): by seg->family for frames that were parsed, by the family of
 * the source for those that are built. (Not of the destination: a template's is not known yet.) Parsing
 * branches by the Ethernet type, in wire/parse.c.
 *
 * Exceptions: ARP and neighbour discovery are a family's own (dp/arp.c, dp/nd.c); the transmit flags of an
 * mbuf name the family (dp/mbuf.h); hashes of keys and cookies choose a message by the address (flow/key.h,
 * tcp/cookie.c). All functions are pure but for the bytes they are given; any thread may call them.
 */
#ifndef WEIR_WIRE_L3_H
#define WEIR_WIRE_L3_H

#include "wire/ipv4.h"
#include "wire/ipv6.h"

/* IPv4 is what most packets are: its branch is the one that falls through. */
static inline bool weir_l3_is_ipv4(enum weir_family family)
{
	return __builtin_expect(family == WEIR_FAMILY_IPV4, 1);
}

/* The family's row in a table that has one for each: IPv4's, then IPv6's. */
#define WEIR_L3_ROWS 2

static inline unsigned int weir_l3_row(enum weir_family family)
{
	return family == WEIR_FAMILY_IPV6;
}

/* The family of a frame that is built from src. */
static inline enum weir_family weir_l3_family(const struct weir_addr *src)
{
	return weir_addr_is_v4(src) ? WEIR_FAMILY_IPV4 : WEIR_FAMILY_IPV6;
}

/* Where TCP begins in a frame that is built. */
static inline unsigned int weir_l3_header_end(enum weir_family family)
{
	return weir_l3_is_ipv4(family) ? WEIR_IPV4_L4_OFF : WEIR_IPV6_L4_OFF;
}

/* ... of that family whose header is the longer one. */
static inline unsigned int weir_l3_header_end_max(void)
{
	return WEIR_IPV6_L4_OFF;
}

/* The largest MSS that a link of that MTU has room for (RFC 9293 §3.7.1): less both headers. */
static inline uint16_t weir_l3_mss(enum weir_family family, uint16_t mtu)
{
	const unsigned int ip_len = weir_l3_is_ipv4(family) ? WEIR_IPV4_LEN : WEIR_IPV6_LEN;

	return (uint16_t)(mtu - ip_len - sizeof(struct weir_tcp_hdr));
}

/* The addresses of a datagram that was read. */
static inline void weir_l3_addrs(const struct weir_frame *f, const struct weir_datagram *d,
	struct weir_addr *src, struct weir_addr *dst)
{
	if (weir_l3_is_ipv4(d->family)) {
		const struct weir_ipv4_hdr *ip = weir_ipv4(f->data);

		*src = weir_addr_v4(ip->src_be);
		*dst = weir_addr_v4(ip->dst_be);
	} else {
		*src = weir_ipv6_addr(weir_ipv6(f->data)->src);
		*dst = weir_ipv6_addr(weir_ipv6(f->data)->dst);
	}
}

/* The sum of both addresses, the pseudo header's first part: for weir_pseudo_sum(). */
static inline uint64_t weir_l3_addr_sum(enum weir_family family, const struct weir_addr *src,
	const struct weir_addr *dst)
{
	if (weir_l3_is_ipv4(family))
		return weir_ipv4_addr_sum(weir_addr_v4_be(src), weir_addr_v4_be(dst));
	return weir_ipv6_addr_sum(src, dst);
}

/* Writes Ethernet's type and the IP header in front of l4_len bytes of TCP at weir_l3_header_end(). */
static inline void weir_l3_build(uint8_t *frame, enum weir_family family,
	const struct weir_addr *src, const struct weir_addr *dst, uint16_t l4_len)
{
	if (weir_l3_is_ipv4(family))
		weir_ipv4_build(frame, weir_addr_v4_be(src), weir_addr_v4_be(dst), l4_len);
	else
		weir_ipv6_build(frame, src, dst, WEIR_PROTO_TCP, WEIR_IPV6_HOP_LIMIT, l4_len);
}

/* The IP header's own sum in a frame that weir_l3_build() made; 0 for a family without a checksum. */
static inline uint16_t weir_l3_header_sum(uint8_t *frame, enum weir_family family)
{
	return weir_l3_is_ipv4(family) ? (uint16_t)~weir_ipv4(frame)->csum : 0;
}

/*
 * Gives a destination to a header that was built to the address 0 (of either family) and added up to
 * header_sum. Returns what it adds to the pseudo header's sum.
 */
static inline uint64_t weir_l3_set_dst(uint8_t *frame, enum weir_family family,
	const struct weir_addr *dst, uint16_t header_sum)
{
	if (weir_l3_is_ipv4(family))
		return weir_ipv4_set_dst(frame, weir_addr_v4_be(dst), header_sum);
	return weir_ipv6_set_dst(frame, dst);
}

/* TTL or hop limit as the packet came in. (A TTL of 0 is not parsed, a hop limit of 0 is: RFC 8200 §3.) */
static inline uint8_t weir_l3_hop_limit(const struct weir_frame *f, const struct weir_seg *seg)
{
	if (weir_l3_is_ipv4(seg->family))
		return weir_ipv4(f->data)->ttl;
	return weir_ipv6(f->data)->hop_limit;
}

/* The packet may be forwarded: less by one, its hop limit is not 0. */
static inline bool weir_l3_may_forward(const struct weir_frame *f, const struct weir_seg *seg)
{
	return weir_l3_hop_limit(f, seg) > 1;
}

/* All but IPv4 to IPv4: as weir_l3_rewrite(). */
uint64_t weir_l3_rewrite_other(struct weir_frame *f, struct weir_seg *seg,
	const struct weir_addr *src, const struct weir_addr *dst);

/*
 * New source and destination for a TCP segment, the hop limit less by one; the IP header's checksum is right again.
 * Both are of one family, but not always of the packet's: then the header is exchanged for one of that family
 * (wire/cross.h), the frame begins elsewhere, and seg says where things are in it now. TCP stays where it is in
 * memory, and seg keeps what it says of it and of the addresses. Returns the delta that the addresses add to the
 * TCP checksum. INVARIANT: weir_l3_may_forward(); src and dst are hosts' addresses.
 */
static inline uint64_t weir_l3_rewrite(struct weir_frame *f, struct weir_seg *seg,
	const struct weir_addr *src, const struct weir_addr *dst)
{
	/* of hosts' addresses only IPv4's begin with zeroes (wire/ipv6.h): one word tells */
	if (weir_l3_is_ipv4(seg->family) && __builtin_expect(src->q[0] == 0, 1))
		return weir_ipv4_rewrite(f->data, weir_addr_v4_be(src), weir_addr_v4_be(dst));
	return weir_l3_rewrite_other(f, seg, src, dst);
}

/* The sum of both addresses as they stand in the frame now. */
static inline uint64_t weir_l3_addr_sum_of(const struct weir_frame *f, const struct weir_seg *seg)
{
	const struct weir_datagram d = {.family = seg->family};
	struct weir_addr src, dst;

	weir_l3_addrs(f, &d, &src, &dst);
	return weir_l3_addr_sum(seg->family, &src, &dst);
}

/* Empties the IP header's checksum, where the family has one: a device fills it in. */
static inline void weir_l3_zero_csum(const struct weir_frame *f, const struct weir_seg *seg)
{
	if (weir_l3_is_ipv4(seg->family))
		weir_ipv4(f->data)->csum = 0;
}

/* A host may have this address, and so send from it: what the parser calls a martian is none. */
static inline bool weir_l3_is_host(const struct weir_addr *addr)
{
	if (weir_addr_is_v4(addr))
		return weir_ipv4_is_host(weir_addr_v4_be(addr));
	return weir_ipv6_is_host(addr);
}

#endif
