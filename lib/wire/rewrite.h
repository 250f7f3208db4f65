/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Giving a forwarded packet its new addresses. What is above the IP header learns of it by the
 * checksum delta of the pseudo header.
 */
#ifndef WEIR_WIRE_REWRITE_H
#define WEIR_WIRE_REWRITE_H

#include "base/csum.h"
#include "wire/frame.h"
#include "wire/seg.h"

/* The IP header of a parsed packet has at least one hop left. */
static inline bool weir_rewrite_may_pass(const struct weir_frame *f)
{
	const struct weir_ipv4_hdr *ip = (const void *)(f->data + sizeof(struct weir_eth_hdr));

	return ip->ttl > 1;
}

/*
 * New source and destination, one hop less; the IP checksum is right again. Returns the delta
 * that the addresses add to the TCP checksum. INVARIANT: weir_rewrite_may_pass().
 */
static inline uint64_t weir_rewrite_addrs(const struct weir_frame *f, const struct weir_addr *src,
	const struct weir_addr *dst)
{
	struct weir_ipv4_hdr *ip = (void *)(f->data + sizeof(struct weir_eth_hdr));
	const uint16_t one_hop_less =
		weir_be16(0xfeff); /* TTL is its word's upper byte: ~m + m - 0x100 */
	uint64_t delta = 0;

	delta = weir_csum_delta32(delta, ip->src_be, src->w[3]);
	delta = weir_csum_delta32(delta, ip->dst_be, dst->w[3]);
	ip->ttl--;
	ip->csum = weir_csum_apply(ip->csum, delta + one_hop_less);
	ip->src_be = src->w[3];
	ip->dst_be = dst->w[3];
	return delta;
}

#endif
