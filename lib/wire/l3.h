/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The seam between the address families and all that is above: nothing outside wire/ knows which family a
 * packet is of, how long its headers are or where its addresses stand. Each function here asks the
 * family's own file (wire/ipv4.h); that is where a second family branches off, by seg->family for
 * frames that were parsed and by the address for those that are built. Parsing branches by the
 * Ethernet type, in wire/parse.c.
 *
 * Exceptions: ARP is IPv4's neighbour protocol (dp/arp.c, dp/neigh.c); the transmit flags of an mbuf name
 * the family (dp/mbuf.h); hashes of keys and cookies choose a message by the address (flow/key.h,
 * tcp/cookie.c). All functions are pure but for
 * the bytes they are given; any thread may call them.
 */
#ifndef WEIR_WIRE_L3_H
#define WEIR_WIRE_L3_H

#include "wire/ipv4.h"

/* Where TCP begins in a frame that is built from src to dst. */
static inline unsigned int weir_l3_header_end(const struct weir_addr *dst)
{
	return WEIR_IPV4_L4_OFF;
}

/* The addresses of a datagram that was read. */
static inline void weir_l3_addrs(const struct weir_frame *f, const struct weir_datagram *d,
	struct weir_addr *src, struct weir_addr *dst)
{
	const struct weir_ipv4_hdr *ip = weir_ipv4(f->data);

	*src = weir_addr_v4(ip->src_be);
	*dst = weir_addr_v4(ip->dst_be);
}

/* The sum of both addresses, the pseudo header's first part: for weir_pseudo_sum(). */
static inline uint64_t weir_l3_addr_sum(const struct weir_addr *src, const struct weir_addr *dst)
{
	return weir_ipv4_addr_sum(weir_addr_v4_be(src), weir_addr_v4_be(dst));
}

/* Writes Ethernet's type and the IP header in front of l4_len bytes of TCP at weir_l3_header_end(). */
static inline void weir_l3_build(uint8_t *frame, const struct weir_addr *src,
	const struct weir_addr *dst, uint16_t l4_len)
{
	weir_ipv4_build(frame, weir_addr_v4_be(src), weir_addr_v4_be(dst), l4_len);
}

/* The IP header's own sum in a frame that weir_l3_build() made; 0 for a family without a checksum. */
static inline uint16_t weir_l3_header_sum(uint8_t *frame)
{
	return (uint16_t)~weir_ipv4(frame)->csum;
}

/*
 * Gives a destination to a header that was built to the address 0 and added up to header_sum. Returns
 * what it adds to the pseudo header's sum.
 */
static inline uint64_t weir_l3_set_dst(uint8_t *frame, const struct weir_addr *dst,
	uint16_t header_sum)
{
	return weir_ipv4_set_dst(frame, weir_addr_v4_be(dst), header_sum);
}

/* TTL or hop limit as the packet came in: 1 or more, or it was not parsed. */
static inline uint8_t weir_l3_hop_limit(const struct weir_frame *f, const struct weir_seg *seg)
{
	return weir_ipv4(f->data)->ttl;
}

/* The packet may be forwarded: less by one, its hop limit is not 0. */
static inline bool weir_l3_may_forward(const struct weir_frame *f, const struct weir_seg *seg)
{
	return weir_l3_hop_limit(f, seg) > 1;
}

/*
 * New source and destination, of the packet's own family, the hop limit less by one; the IP header's checksum is
 * right again, seg keeps what it says. Returns the delta that the addresses add to the TCP checksum.
 * INVARIANT: weir_l3_may_forward().
 */
static inline uint64_t weir_l3_rewrite(const struct weir_frame *f, const struct weir_seg *seg,
	const struct weir_addr *src, const struct weir_addr *dst)
{
	return weir_ipv4_rewrite(f->data, weir_addr_v4_be(src), weir_addr_v4_be(dst));
}

/* The sum of both addresses as they stand in the frame now. */
static inline uint64_t weir_l3_addr_sum_of(const struct weir_frame *f, const struct weir_seg *seg)
{
	const struct weir_ipv4_hdr *ip = weir_ipv4(f->data);

	return weir_ipv4_addr_sum(ip->src_be, ip->dst_be);
}

/* Empties the IP header's checksum, where the family has one: a device fills it in. */
static inline void weir_l3_zero_csum(const struct weir_frame *f, const struct weir_seg *seg)
{
	weir_ipv4(f->data)->csum = 0;
}

/* A host may have this address, and so send from it: what the parser calls a martian is none. */
static inline bool weir_l3_is_host(const struct weir_addr *addr)
{
	return weir_ipv4_is_host(weir_addr_v4_be(addr));
}

#endif
