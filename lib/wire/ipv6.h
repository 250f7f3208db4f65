/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 (RFC 8200) behind wire/l3.h, which is what the rest of the tree calls. Out of line: what is in line there
 * costs registers where IPv4 passes, too.
 *
 * Extension headers are walked within a bound: hop-by-hop options, destination options and routing headers that
 * have been travelled to their end. They stay in the frame, and so do traffic class and flow label: a
 * forwarded packet keeps them. All else is dropped by name. We send no extension header.
 *
 * Addresses that are no IPv6 address of any host are dropped wherever they stand, those of IPv4 mapped into IPv6
 * above all (RFC 4291 §2.5.5.2): above wire/ they are IPv4's, and a packet that carries them must not pass for
 * one of IPv4.
 */
#ifndef WEIR_WIRE_IPV6_H
#define WEIR_WIRE_IPV6_H

#include <string.h>

#include "base/csum.h"
#include "wire/datagram.h"
#include "wire/eth.h"
#include "wire/seg.h"

#define WEIR_IPV6_LEN       ((unsigned int)sizeof(struct weir_ipv6_hdr))
#define WEIR_IPV6_L3_OFF    WEIR_ETH_LEN
#define WEIR_IPV6_L4_OFF    (WEIR_IPV6_L3_OFF + WEIR_IPV6_LEN) /* without extension headers */
#define WEIR_IPV6_MTU_MIN   1280u                              /* RFC 8200 §5: of every link */
#define WEIR_IPV6_HOP_LIMIT 64                                 /* of what we send */

/*
 * So many extension headers are walked, of so many bytes in all. Four is every one of RFC 8200 §4.1 that is
 * walked, each as often as it may be there; the bytes keep TCP's header in the first 256 of a frame.
 */
#define WEIR_IPV6_EXT_MAX       4
#define WEIR_IPV6_EXT_BYTES_MAX 128

static inline struct weir_ipv6_hdr *weir_ipv6(uint8_t *frame)
{
	return (struct weir_ipv6_hdr *)(frame + WEIR_IPV6_L3_OFF);
}

/* An address as it stands in a header, where it need not be aligned. */
static inline struct weir_addr weir_ipv6_addr(const uint8_t at[16])
{
	struct weir_addr a;

	memcpy(&a, at, sizeof(a));
	return a;
}

static inline bool weir_ipv6_is_multicast(const struct weir_addr *a)
{
	return a->b[0] == 0xff;
}

/* fe80::/10, which is valid on its own link only (RFC 4291 §2.5.6). */
static inline bool weir_ipv6_is_link_local(const struct weir_addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static inline bool weir_ipv6_is_unspecified(const struct weir_addr *a)
{
	return (a->q[0] | a->q[1]) == 0;
}

/*
 * Of ::/64, where no host's address is: unspecified, loopback, IPv4-compatible and IPv4-mapped (RFC 4291
 * §2.5.2, §2.5.3, §2.5.5), IPv4-translated (RFC 2765 §2.1).
 */
static inline bool weir_ipv6_is_special(const struct weir_addr *a)
{
	return a->q[0] == 0;
}

/*
 * May a host with this address speak TCP with a service? Link-local ones may not: a router must not forward
 * for them (RFC 4291 §2.5.6), and forwarding is what becomes of a connection.
 */
static inline bool weir_ipv6_is_host(const struct weir_addr *a)
{
	if (weir_ipv6_is_special(a))
		return false;
	if (__builtin_expect(a->b[0] < 0xfe, 1)) /* neither of the two below */
		return true;
	return !weir_ipv6_is_multicast(a) && !weir_ipv6_is_link_local(a);
}

/* The sum of both addresses; less than 2^33. */
uint64_t weir_ipv6_addr_sum(const struct weir_addr *src, const struct weir_addr *dst);

/* What stands behind the extension headers. */
struct weir_ipv6_upper {
	uint8_t proto; /* TCP, ICMPv6, or another one that is no extension header */
	uint8_t l4_off;
	uint32_t l4_len; /* bytes from there to the packet's end */
};

/*
 * Walks the extension headers, of which the first is u->proto at u->l4_off in the frame, to what is behind
 * them. All u->l4_len bytes are in the frame. false: *why says why it is dropped, and *u may be at any of
 * them.
 */
bool weir_ipv6_walk(const struct weir_frame *f, struct weir_ipv6_upper *u, enum weir_fate *why);

/*
 * Reads the header of a frame with head_len >= WEIR_IPV6_L4_OFF and what is between it and the upper layer.
 * false: *why says what is wrong, and *d is not set. An unspecified source passes with ICMPv6, for the caller
 * to judge. A hop limit of 0 passes: RFC 8200 §3 has a destination accept it.
 */
static inline bool weir_ipv6_read(const struct weir_frame *f, struct weir_datagram *d,
	enum weir_fate *why);

/* The same when the header itself says that TCP follows: d's offsets and protocol are constants then. */
static inline bool weir_ipv6_read_tcp(const struct weir_frame *f, struct weir_datagram *d,
	enum weir_fate *why);

/* Writes type and header in front of l4_len bytes of that protocol at WEIR_IPV6_L4_OFF. */
void weir_ipv6_build(uint8_t *frame, const struct weir_addr *src, const struct weir_addr *dst,
	uint8_t proto, uint8_t hop_limit, uint16_t l4_len);

/* That header alone. */
void weir_ipv6_fill(struct weir_ipv6_hdr *ip, const struct weir_addr *src,
	const struct weir_addr *dst, uint8_t proto, uint8_t hop_limit, uint16_t l4_len);

/* The traffic class of a header, and a header that has none yet gets one. */
static inline uint8_t weir_ipv6_class(const struct weir_ipv6_hdr *ip)
{
	return (uint8_t)(ip->version_class << 4 | ip->class_label >> 4);
}

static inline void weir_ipv6_set_class(struct weir_ipv6_hdr *ip, uint8_t class)
{
	ip->version_class |= class >> 4;
	ip->class_label |= (uint8_t)(class << 4);
}

/*
 * A built header without its destination gets it. Returns what the destination adds to the pseudo header's
 * sum.
 */
static inline uint64_t weir_ipv6_set_dst(uint8_t *frame, const struct weir_addr *dst);

/* New addresses, the hop limit less by one. Returns the change of the pseudo header's sum. */
static inline uint64_t weir_ipv6_rewrite(uint8_t *frame, const struct weir_addr *src,
	const struct weir_addr *dst);

/* The header goes back to its sender with a new hop limit. The pseudo header's sum stays. */
void weir_ipv6_turn_around(uint8_t *frame);

/* inline definitions */

/* The sum of both addresses, in all 64 bits. */
static inline uint64_t weir_ipv6_wide_sum(const struct weir_addr *src, const struct weir_addr *dst)
{
	const uint64_t sum = weir_csum_around(src->q[0], src->q[1]);

	return weir_csum_around(weir_csum_around(sum, dst->q[0]), dst->q[1]);
}

/* A sum of 64 bits as one to which fields may be added: less than 2^33. */
static inline uint64_t weir_ipv6_narrow(uint64_t sum)
{
	return (sum & 0xffffffff) + (sum >> 32);
}

static inline uint64_t weir_ipv6_set_dst(uint8_t *frame, const struct weir_addr *dst)
{
	memcpy(weir_ipv6(frame)->dst, dst, sizeof(*dst));
	return weir_ipv6_narrow(weir_csum_around(dst->q[0], dst->q[1]));
}

/* What the addresses were is taken off: a complement is one's complement's negative. */
static inline uint64_t weir_ipv6_rewrite(uint8_t *frame, const struct weir_addr *src,
	const struct weir_addr *dst)
{
	struct weir_ipv6_hdr *ip = weir_ipv6(frame);
	const struct weir_addr old_src = weir_ipv6_addr(ip->src), old_dst = weir_ipv6_addr(ip->dst);
	const uint64_t from = weir_ipv6_wide_sum(&old_src, &old_dst);
	const uint64_t to = weir_ipv6_wide_sum(src, dst);

	ip->hop_limit--;
	memcpy(ip->src, src, sizeof(*src));
	memcpy(ip->dst, dst, sizeof(*dst));
	return weir_ipv6_narrow(weir_csum_around(to, ~from));
}

/* No packet of that protocol comes from src, or goes to dst. */
static inline bool weir_ipv6_is_martian(const struct weir_addr *src, const struct weir_addr *dst,
	uint8_t proto)
{
	if (weir_ipv6_is_special(dst))
		return true;
	if (__builtin_expect(weir_ipv6_is_host(src), 1))
		return false;
	return proto != WEIR_PROTO_ICMP6 ||
		!(weir_ipv6_is_link_local(src) || weir_ipv6_is_unspecified(src));
}

static inline __attribute__((always_inline)) bool weir_ipv6_read_as(const struct weir_frame *f,
	struct weir_datagram *d, enum weir_fate *why, bool tcp)
{
	const struct weir_ipv6_hdr *ip = weir_ipv6(f->data);
	const struct weir_addr src = weir_ipv6_addr(ip->src), dst = weir_ipv6_addr(ip->dst);
	struct weir_ipv6_upper u = {
		tcp ? WEIR_PROTO_TCP : ip->next, (uint8_t)WEIR_IPV6_L4_OFF, weir_be16(ip->len_be)};

	*why = WEIR_FATE_ip_header;
	if (__builtin_expect(ip->version_class >> 4 != 6, 0))
		return false;
	*why = WEIR_FATE_truncated;
	if (__builtin_expect(u.l4_len > f->len - WEIR_IPV6_L4_OFF, 0))
		return false;
	if (!tcp && !weir_ipv6_walk(f, &u, why))
		return false;
	*why = WEIR_FATE_martian;
	if (__builtin_expect(weir_ipv6_is_martian(&src, &dst, u.proto), 0))
		return false;
	*d = (struct weir_datagram){
		.addr_sum = weir_ipv6_narrow(weir_ipv6_wide_sum(&src, &dst)),
		.l4_len = u.l4_len,
		.family = WEIR_FAMILY_IPV6,
		.proto = u.proto,
		.l3_off = WEIR_IPV6_L3_OFF,
		.l4_off = u.l4_off,
	};
	return true;
}

static inline bool weir_ipv6_read(const struct weir_frame *f, struct weir_datagram *d,
	enum weir_fate *why)
{
	return weir_ipv6_read_as(f, d, why, false);
}

static inline bool weir_ipv6_read_tcp(const struct weir_frame *f, struct weir_datagram *d,
	enum weir_fate *why)
{
	return weir_ipv6_read_as(f, d, why, true);
}

#endif
