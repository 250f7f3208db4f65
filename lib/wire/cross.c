// SPDX-License-Identifier: BSD-3-Clause
#include "wire/cross.h"

#include "wire/ipv4.h"
#include "wire/ipv6.h"

/* The longest IPv4 datagram that fits every IPv6 link when it has IPv6's header: RFC 7915 §5.1. */
#define FITS_EVERY_LINK (WEIR_IPV6_MTU_MIN - (WEIR_IPV6_LEN - WEIR_IPV4_LEN))

_Static_assert(WEIR_FRAME_FRONT == sizeof(struct weir_ipv6_hdr) - sizeof(struct weir_ipv4_hdr),
	"an IPv6 header fits in front of TCP");

/* The frame begins `bytes` later, or earlier when that is negative. */
static void move_start(struct weir_frame *f, struct weir_seg *seg, int bytes)
{
	f->data += bytes;
	f->len -= (uint32_t)bytes;
	f->head_len = (uint16_t)(f->head_len - bytes);
	f->room = (uint16_t)(f->room - bytes);
	seg->l4_off = (uint8_t)(seg->l4_off - bytes);
}

uint64_t weir_cross_to_ipv6(struct weir_frame *f, struct weir_seg *seg, const struct weir_addr *src,
	const struct weir_addr *dst)
{
	const struct weir_ipv4_hdr was = *weir_ipv4(f->data);
	const uint16_t from = weir_csum_fold(weir_ipv4_addr_sum(was.src_be, was.dst_be));

	move_start(f, seg, -WEIR_FRAME_FRONT);
	seg->family = WEIR_FAMILY_IPV6;
	weir_ipv6_build(f->data, src, dst, WEIR_PROTO_TCP, (uint8_t)(was.ttl - 1),
		(uint16_t)(weir_be16(was.len_be) - WEIR_IPV4_LEN));
	weir_ipv6_set_class(weir_ipv6(f->data), was.tos);
	return weir_ipv6_addr_sum(src, dst) + (uint16_t)~from;
}

/* RFC 6864 §4.1: of a datagram that may be fragmented. Consecutive numbers differ in the upper bits, too. */
static uint16_t identification(uint32_t seq)
{
	return (uint16_t)(seq * 0x9e3779b1u >> 16);
}

/* All of its header but the checksum is there. */
static void sum_up(struct weir_ipv4_hdr *ip)
{
	ip->csum = 0;
	ip->csum = weir_csum_finish(weir_csum_header(0, ip, WEIR_IPV4_LEN));
}

uint64_t weir_cross_to_ipv4(struct weir_frame *f, struct weir_seg *seg, const struct weir_addr *src,
	const struct weir_addr *dst)
{
	const struct weir_ipv6_hdr was = *weir_ipv6(f->data);
	const struct weir_addr was_src = weir_ipv6_addr(was.src), was_dst = weir_ipv6_addr(was.dst);
	const uint16_t from = weir_csum_fold(weir_ipv6_addr_sum(&was_src, &was_dst));
	const uint32_t src_be = weir_addr_v4_be(src), dst_be = weir_addr_v4_be(dst);
	/* the longest IPv6 packet is 20 bytes too long: its checksum is wrong then */
	const uint32_t len = WEIR_IPV4_LEN + weir_seg_l4_len(seg);
	struct weir_ipv4_hdr *ip;

	move_start(f, seg, seg->l4_off - (int)WEIR_IPV4_L4_OFF);
	seg->family = WEIR_FAMILY_IPV4;
	weir_ipv4_build(f->data, src_be, dst_be, weir_seg_l4_len(seg));
	ip = weir_ipv4(f->data);
	ip->tos = weir_ipv6_class(&was);
	ip->ttl = (uint8_t)(was.hop_limit - 1);
	if (len <= FITS_EVERY_LINK) {
		ip->frag_be = 0;
		ip->id_be = weir_be16(identification(seg->seq));
	}
	sum_up(ip);
	return weir_ipv4_addr_sum(src_be, dst_be) + (uint16_t)~from;
}
