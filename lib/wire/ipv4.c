// SPDX-License-Identifier: BSD-3-Clause
#include "wire/ipv4.h"

static inline void fill(struct weir_ipv4_hdr *ip, uint32_t src_be, uint32_t dst_be, uint16_t l4_len)
{
	const uint16_t len = (uint16_t)(WEIR_IPV4_LEN + l4_len);
	const uint32_t words[3] = {
		weir_bytes32(0x45, 0, (uint8_t)(len >> 8), (uint8_t)len),
		weir_bytes32(0, 0, WEIR_IPV4_DF >> 8, 0),
		weir_bytes32(WEIR_IPV4_TTL, WEIR_PROTO_TCP, 0, 0),
	};

	weir_ipv4_write(ip, words, src_be, dst_be);
}

void weir_ipv4_fill(struct weir_ipv4_hdr *ip, uint32_t src_be, uint32_t dst_be, uint16_t l4_len)
{
	fill(ip, src_be, dst_be, l4_len);
}

void weir_ipv4_build(uint8_t *frame, uint32_t src_be, uint32_t dst_be, uint16_t l4_len)
{
	struct weir_eth_hdr *eth = (struct weir_eth_hdr *)frame;

	eth->type_be = weir_be16(WEIR_ETH_IPV4);
	fill(weir_ipv4(frame), src_be, dst_be, l4_len);
}

void weir_ipv4_set(struct weir_ipv4_hdr *ip, uint8_t proto, uint8_t tos, uint8_t ttl)
{
	ip->tos = tos;
	ip->ttl = ttl;
	ip->proto = proto;
	ip->csum = 0;
	ip->csum = weir_csum_finish(weir_csum_header(0, ip, WEIR_IPV4_LEN));
}

void weir_ipv4_turn_around(uint8_t *frame)
{
	struct weir_ipv4_hdr *ip = weir_ipv4(frame);
	const uint32_t sender_be = ip->src_be;
	const uint16_t from = weir_be16((uint16_t)(ip->ttl << 8 | ip->proto));
	const uint16_t to = weir_be16((uint16_t)(WEIR_IPV4_TTL << 8 | ip->proto));

	ip->src_be = ip->dst_be;
	ip->dst_be = sender_be; /* the addresses change places: the sum stays */
	ip->csum = weir_csum_apply(ip->csum, weir_csum_delta16(0, from, to));
	ip->ttl = WEIR_IPV4_TTL;
}
