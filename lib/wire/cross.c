// SPDX-License-Identifier: BSD-3-Clause
#include "wire/cross.h"

#include "wire/ipv4.h"
#include "wire/ipv6.h"

/* The longest IPv4 datagram that fits every IPv6 link when it has IPv6's header: RFC 7915 §5.1. */
#define FITS_EVERY_LINK (WEIR_IPV6_MTU_MIN - (WEIR_IPV6_LEN - WEIR_IPV4_LEN))

_Static_assert(WEIR_FRAME_FRONT == sizeof(struct weir_ipv6_hdr) - sizeof(struct weir_ipv4_hdr),
	"an IPv6 header fits in front of TCP");

/* The frame begins `bytes` later, or earlier when that is negative, and is of that family and type. */
static inline void move_start(struct weir_frame *f, struct weir_seg *seg, int bytes,
	enum weir_family family, uint16_t eth_type)
{
	f->data += bytes;
	f->len -= (uint32_t)bytes;
	f->head_len = (uint16_t)(f->head_len - bytes);
	f->room = (uint16_t)(f->room - bytes);
	seg->l4_off = (uint8_t)(seg->l4_off - bytes);
	seg->family = (uint8_t)family;
	((struct weir_eth_hdr *)f->data)->type_be = weir_be16(eth_type);
}

uint64_t weir_cross_to_ipv6(struct weir_frame *f, struct weir_seg *seg, const struct weir_addr *src,
	const struct weir_addr *dst)
{
	const struct weir_ipv4_hdr *was = weir_ipv4(f->data);
	const uint16_t from = weir_csum_fold(weir_ipv4_addr_sum(was->src_be, was->dst_be));
	const uint16_t len = (uint16_t)(weir_be16(was->len_be) - WEIR_IPV4_LEN);
	const uint32_t words[2] = {weir_be32((uint32_t)6 << 28 | (uint32_t)was->tos << 20),
		weir_be32((uint32_t)len << 16 | WEIR_PROTO_TCP << 8 | (uint8_t)(was->ttl - 1))};
	struct weir_ipv6_hdr *ip;

	move_start(f, seg, -WEIR_FRAME_FRONT, WEIR_FAMILY_IPV6, WEIR_ETH_IPV6);
	ip = weir_ipv6(f->data);
	memcpy(ip, words, sizeof(words));
	memcpy(ip->src, src, sizeof(*src));
	memcpy(ip->dst, dst, sizeof(*dst));
	return (uint64_t)weir_csum_fold(weir_csum_header(weir_csum_header(0, src, 16), dst, 16)) +
		(uint16_t)~from;
}

/* RFC 6864 §4.1: of a datagram that may be fragmented. Consecutive numbers differ in the upper bits, too. */
static inline uint16_t identification(uint32_t seq)
{
	return (uint16_t)(seq * 0x9e3779b1u >> 16);
}

uint64_t weir_cross_to_ipv4(struct weir_frame *f, struct weir_seg *seg, const struct weir_addr *src,
	const struct weir_addr *dst)
{
	const struct weir_ipv6_hdr *was = weir_ipv6(f->data);
	const uint16_t from = weir_csum_fold(weir_csum_header(0, was->src, 32));
	/* the longest IPv6 packet is 20 bytes too long for IPv4: its checksum is wrong then */
	const uint16_t len = (uint16_t)(WEIR_IPV4_LEN + weir_seg_l4_len(seg));
	const uint32_t fragment =
		len <= FITS_EVERY_LINK ? (uint32_t)identification(seg->seq) << 16 : WEIR_IPV4_DF;
	const uint32_t words[3] = {
		weir_be32(0x45u << 24 | (uint32_t)weir_ipv6_class(was) << 16 | len),
		weir_be32(fragment),
		weir_be32((uint32_t)(was->hop_limit - 1) << 24 | WEIR_PROTO_TCP << 16)};

	move_start(f, seg, seg->l4_off - (int)WEIR_IPV4_L4_OFF, WEIR_FAMILY_IPV4, WEIR_ETH_IPV4);
	weir_ipv4_write(weir_ipv4(f->data), words, weir_addr_v4_be(src), weir_addr_v4_be(dst));
	return weir_ipv4_addr_sum(weir_addr_v4_be(src), weir_addr_v4_be(dst)) + (uint16_t)~from;
}
