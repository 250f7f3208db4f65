/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers as they lie in a frame: packed, every field in network order. */
#ifndef WEIR_WIRE_HDR_H
#define WEIR_WIRE_HDR_H

#include <stdint.h>

struct weir_eth_hdr {
	uint8_t dst[6];
	uint8_t src[6];
	uint16_t type_be;
} __attribute__((packed, aligned(2)));

#define WEIR_ETH_IPV4 0x0800
#define WEIR_ETH_ARP  0x0806
#define WEIR_ETH_VLAN 0x8100
#define WEIR_ETH_QINQ 0x88a8
#define WEIR_ETH_IPV6 0x86dd

struct weir_arp_hdr { /* RFC 826, Ethernet and IPv4 */
	uint16_t hw_be, proto_be;
	uint8_t hw_len, proto_len;
	uint16_t op_be;
	uint8_t sender_mac[6];
	uint8_t sender_ip[4];
	uint8_t target_mac[6];
	uint8_t target_ip[4];
} __attribute__((packed, aligned(2)));

#define WEIR_ARP_REQUEST 1
#define WEIR_ARP_REPLY   2

struct weir_ipv4_hdr { /* RFC 791 §3.1 */
	uint8_t version_ihl;
	uint8_t tos;
	uint16_t len_be;
	uint16_t id_be;
	uint16_t frag_be;
	uint8_t ttl;
	uint8_t proto;
	uint16_t csum;
	uint32_t src_be, dst_be;
} __attribute__((packed, aligned(2)));

#define WEIR_IPV4_DF    0x4000
#define WEIR_IPV4_MF    0x2000
#define WEIR_IPV4_OFF   0x1fff
#define WEIR_PROTO_ICMP 1
#define WEIR_PROTO_TCP  6

struct weir_ipv6_hdr { /* RFC 8200 §3 */
	uint8_t version_class; /* version in the high four bits, the traffic class's first four in the low */
	uint8_t class_label; /* the traffic class's last four, the flow label's first four */
	uint16_t label_be;   /* the rest of the flow label */
	uint16_t len_be;     /* of what follows, extension headers included */
	uint8_t next; /* protocol or extension header that follows: WEIR_PROTO_*, WEIR_EXT_* */
	uint8_t hop_limit;
	uint8_t src[16], dst[16];
} __attribute__((packed, aligned(2)));

#define WEIR_PROTO_ICMP6 58

/* Extension headers, by the number that announces them: RFC 8200 §4. */
#define WEIR_EXT_HOP_BY_HOP  0
#define WEIR_EXT_ROUTING     43
#define WEIR_EXT_FRAGMENT    44
#define WEIR_EXT_ESP         50
#define WEIR_EXT_AH          51
#define WEIR_EXT_DESTINATION 60

/* RFC 792; an echo of RFC 4443 looks the same. In an error both words are 0, or an MTU. */
struct weir_icmp_hdr {
	uint8_t type, code;
	uint16_t csum;
	uint16_t id_be, seq_be;
} __attribute__((packed, aligned(2)));

#define WEIR_ICMP_ECHO_REPLY    0
#define WEIR_ICMP_UNREACHABLE   3
#define WEIR_ICMP_ECHO_REQUEST  8
#define WEIR_ICMP_TIME_EXCEEDED 11

#define WEIR_ICMP6_UNREACHABLE   1 /* RFC 4443 */
#define WEIR_ICMP6_TOO_BIG       2
#define WEIR_ICMP6_TIME_EXCEEDED 3
#define WEIR_ICMP6_ECHO_REQUEST  128
#define WEIR_ICMP6_ECHO_REPLY    129

struct weir_tcp_hdr { /* RFC 9293 §3.1 */
	uint16_t sport_be, dport_be;
	uint32_t seq_be, ack_be;
	uint8_t off; /* data offset in the high four bits, in 32-bit words */
	uint8_t flags;
	uint16_t wnd_be;
	uint16_t csum;
	uint16_t urg_be;
} __attribute__((packed, aligned(2)));

#define WEIR_TCP_FIN 0x01
#define WEIR_TCP_SYN 0x02
#define WEIR_TCP_RST 0x04
#define WEIR_TCP_PSH 0x08
#define WEIR_TCP_ACK 0x10
#define WEIR_TCP_URG 0x20
#define WEIR_TCP_ECE 0x40
#define WEIR_TCP_CWR 0x80

#define WEIR_TCP_WSCALE_MAX  14 /* RFC 7323 §2.3 */
#define WEIR_TCP_OPTIONS_MAX 40

/* What a SYN without that option means: RFC 9293 §3.7.1 (MUST-15). */
#define WEIR_TCP_MSS_DEFAULT      536
#define WEIR_TCP_MSS_DEFAULT_IPV6 1220

/* Network order as seen in a header, without <arpa/inet.h>. */
static inline uint16_t weir_be16(uint16_t x)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap16(x);
#else
	return x;
#endif
}

static inline uint32_t weir_be32(uint32_t x)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap32(x);
#else
	return x;
#endif
}

/* Four bytes of a header as the word that lies in memory: what a load finds, what a store leaves. */
static inline uint32_t weir_bytes32(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return weir_be32((uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d);
}

#endif
