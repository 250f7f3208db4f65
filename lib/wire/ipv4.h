/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 (RFC 791) behind wire/l3.h, which is what the rest of the tree calls. Headers have no options: the
 * reader drops those that do by name, and we send none.
 */
#ifndef WEIR_WIRE_IPV4_H
#define WEIR_WIRE_IPV4_H

#include "base/csum.h"
#include "wire/datagram.h"
#include "wire/eth.h"
#include "wire/seg.h"

#define WEIR_IPV4_LEN    ((unsigned int)sizeof(struct weir_ipv4_hdr))
#define WEIR_IPV4_L3_OFF WEIR_ETH_LEN
#define WEIR_IPV4_L4_OFF (WEIR_IPV4_L3_OFF + WEIR_IPV4_LEN)
#define WEIR_IPV4_TTL    64 /* of what we send: RFC 1340 */

static inline struct weir_ipv4_hdr *weir_ipv4(uint8_t *frame)
{
	return (struct weir_ipv4_hdr *)(frame + WEIR_IPV4_L3_OFF);
}

/*
 * May a host have this address? Not "this" network and loopback (RFC 1122 §3.2.1.3), nor multicast,
 * reserved and broadcast (224.0.0.0 and above).
 */
static inline bool weir_ipv4_is_host(uint32_t addr_be)
{
	uint8_t first = (uint8_t)(weir_be32(addr_be) >> 24);

	return (uint8_t)(first - 1) < 223 && first != 127;
}

/* The sum of both addresses. */
static inline uint64_t weir_ipv4_addr_sum(uint32_t src_be, uint32_t dst_be)
{
	return (uint64_t)src_be + dst_be;
}

/*
 * Reads the header of a frame with head_len >= WEIR_IPV4_L4_OFF and checks it. false: *why says what is
 * wrong, and *d is not set.
 */
static inline bool weir_ipv4_read(const struct weir_frame *f, struct weir_datagram *d,
	enum weir_fate *why);

/* Writes type and header in front of l4_len bytes of TCP that begin at WEIR_IPV4_L4_OFF: DF, id 0. */
void weir_ipv4_build(uint8_t *frame, uint32_t src_be, uint32_t dst_be, uint16_t l4_len);

/* That header alone. */
void weir_ipv4_fill(struct weir_ipv4_hdr *ip, uint32_t src_be, uint32_t dst_be, uint16_t l4_len);

/* A header that is built gets another protocol, type of service and TTL; the checksum is right again. */
void weir_ipv4_set(struct weir_ipv4_hdr *ip, uint8_t proto, uint8_t tos, uint8_t ttl);

/*
 * A built header without its destination, which added up to `sum`, gets its destination and checksum.
 * Returns what the destination adds to the pseudo header's sum.
 */
static inline uint64_t weir_ipv4_set_dst(uint8_t *frame, uint32_t dst_be, uint16_t sum);

/* Writes a header: its first three words, as they lie in memory, with a checksum of 0 in them; addresses, checksum. */
static inline void weir_ipv4_write(struct weir_ipv4_hdr *ip, const uint32_t words[3],
	uint32_t src_be, uint32_t dst_be);

/* New addresses, the TTL less by one, the checksum updated. Returns the change of the pseudo header's sum. */
static inline uint64_t weir_ipv4_rewrite(uint8_t *frame, uint32_t src_be, uint32_t dst_be);

/* The header goes back to its sender with a new TTL; the checksum is updated. */
void weir_ipv4_turn_around(uint8_t *frame);

/* inline definitions */

static inline bool weir_ipv4_read(const struct weir_frame *f, struct weir_datagram *d,
	enum weir_fate *why)
{
	const struct weir_ipv4_hdr *ip = weir_ipv4(f->data);
	const bool version_right = ip->version_ihl == 0x45;
	/* wraps, and is too long, when the header says less than its own length */
	const uint32_t l4_len = weir_be16(ip->len_be) - WEIR_IPV4_LEN;

	if (__builtin_expect(!version_right, 0))
		*why = ip->version_ihl >> 4 != 4 || (ip->version_ihl & 0xf) < WEIR_IPV4_LEN / 4
			? WEIR_FATE_ip_header
			: WEIR_FATE_ip_options;
	else if (__builtin_expect(l4_len > f->len - WEIR_IPV4_L4_OFF, 0))
		*why = (int32_t)l4_len < 0 ? WEIR_FATE_ip_header : WEIR_FATE_truncated;
	else if (__builtin_expect(weir_csum_fold(weir_csum_header(0, ip, WEIR_IPV4_LEN)) != 0xffff,
			 0))
		*why = WEIR_FATE_ip_checksum;
	else if (__builtin_expect((ip->frag_be & weir_be16(WEIR_IPV4_MF | WEIR_IPV4_OFF)) != 0, 0))
		*why = WEIR_FATE_ip_fragment;
	else if (__builtin_expect(ip->ttl == 0, 0))
		*why = WEIR_FATE_ip_ttl;
	else if (__builtin_expect(!weir_ipv4_is_host(ip->src_be), 0))
		*why = WEIR_FATE_martian;
	else {
		*d = (struct weir_datagram){
			.addr_sum = weir_ipv4_addr_sum(ip->src_be, ip->dst_be),
			.l4_len = l4_len,
			.family = WEIR_FAMILY_IPV4,
			.proto = ip->proto,
			.l3_off = WEIR_IPV4_L3_OFF,
			.l4_off = WEIR_IPV4_L4_OFF,
		};
		return true;
	}
	return false;
}

static inline void weir_ipv4_write(struct weir_ipv4_hdr *ip, const uint32_t words[3],
	uint32_t src_be, uint32_t dst_be)
{
	__builtin_memcpy(ip, words, 12);
	ip->src_be = src_be;
	ip->dst_be = dst_be;
	ip->csum = weir_csum_finish((uint64_t)words[0] + words[1] + words[2] + src_be + dst_be);
}

static inline uint64_t weir_ipv4_set_dst(uint8_t *frame, uint32_t dst_be, uint16_t sum)
{
	struct weir_ipv4_hdr *ip = weir_ipv4(frame);

	ip->dst_be = dst_be;
	ip->csum = weir_csum_finish((uint64_t)sum + dst_be);
	return dst_be;
}

static inline uint64_t weir_ipv4_rewrite(uint8_t *frame, uint32_t src_be, uint32_t dst_be)
{
	struct weir_ipv4_hdr *ip = weir_ipv4(frame);
	const uint16_t one_hop_less =
		weir_be16(0xfeff); /* TTL is its word's upper byte: ~m + m - 0x100 */
	uint64_t delta = 0;

	delta = weir_csum_delta32(delta, ip->src_be, src_be);
	delta = weir_csum_delta32(delta, ip->dst_be, dst_be);
	ip->ttl--;
	ip->csum = weir_csum_apply(ip->csum, delta + one_hop_less);
	ip->src_be = src_be;
	ip->dst_be = dst_be;
	return delta;
}

#endif
