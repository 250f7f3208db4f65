// SPDX-License-Identifier: BSD-3-Clause
/* Owns IPv6's header as we write it, and the walk over extension headers. */
#include "wire/ipv6.h"

/* Options of hop-by-hop and destination options headers: RFC 8200 §4.2. */
#define OPT_PAD1    0
#define OPT_ACTIONS 0xc0 /* what a host does that does not know the option; 0: it skips it */

/* A routing header's fields behind next header and length: RFC 8200 §4.4. */
#define ROUTING_TYPE 2
#define ROUTING_LEFT 3

/*
 * May all options be skipped? Of those that must not be (RFC 8200 §4.2 has the packet discarded when they are
 * unknown) none is known here: a jumbo payload (RFC 2675) is one of them. DEVIATION: their senders are told
 * nothing. Linear in the bytes, which are bounded.
 */
static bool may_skip(const uint8_t *at, const uint8_t *end, enum weir_fate *why)
{
	while (at < end) {
		if (*at == OPT_PAD1) {
			at++;
			continue;
		}
		*why = WEIR_FATE_ipv6_extension;
		if (end - at < 2 || at[1] > end - at - 2)
			return false;
		*why = WEIR_FATE_ipv6_option;
		if (*at & OPT_ACTIONS)
			return false;
		at += 2 + at[1];
	}
	return true;
}

/*
 * RFC 8200 §4.4: one that has no segments left is ignored; with some left the packet would be ours to route.
 * DEVIATION: type 0 is dropped in any case, as RFC 5095 §4.2 asks of what filters in front of others.
 */
static bool is_travelled(const uint8_t *ext, enum weir_fate *why)
{
	*why = WEIR_FATE_ipv6_routing;
	return ext[ROUTING_TYPE] != 0 && ext[ROUTING_LEFT] == 0;
}

/* One extension header. They all begin with the next one's number and their own length in 8 bytes less one. */
static bool step(const struct weir_frame *f, struct weir_ipv6_upper *u, enum weir_fate *why)
{
	const uint8_t *ext = f->data + u->l4_off;
	uint32_t len;

	*why = WEIR_FATE_ipv6_extension;
	if (u->l4_len < 8)
		return false;
	if (f->head_len < u->l4_off + 8u) {
		*why = WEIR_FATE_split_headers;
		return false;
	}
	len = 8 * (ext[1] + 1u);
	if (len > u->l4_len || u->l4_off + len > WEIR_IPV6_L4_OFF + WEIR_IPV6_EXT_BYTES_MAX)
		return false;
	if (f->head_len < u->l4_off + len) {
		*why = WEIR_FATE_split_headers;
		return false;
	}
	if (u->proto == WEIR_EXT_ROUTING ? !is_travelled(ext, why)
					 : !may_skip(ext + 2, ext + len, why))
		return false;
	u->proto = ext[0];
	u->l4_off = (uint8_t)(u->l4_off + len);
	u->l4_len -= len;
	return true;
}

/* What is neither walked nor an upper layer; WEIR_FATES: any other number. */
static enum weir_fate refusal(uint8_t proto)
{
	switch (proto) {
	case WEIR_EXT_HOP_BY_HOP: /* RFC 8200 §4.1: only the first one may be of hop-by-hop options */
		return WEIR_FATE_ipv6_extension;
	case WEIR_EXT_FRAGMENT:
		return WEIR_FATE_ip_fragment;
	case WEIR_EXT_ESP:
	case WEIR_EXT_AH:
		return WEIR_FATE_ipsec;
	}
	return WEIR_FATES;
}

static bool is_walked(uint8_t proto, unsigned int nth)
{
	return proto == WEIR_EXT_DESTINATION || proto == WEIR_EXT_ROUTING ||
		(proto == WEIR_EXT_HOP_BY_HOP && nth == 0);
}

bool weir_ipv6_walk(const struct weir_frame *f, struct weir_ipv6_upper *u, enum weir_fate *why)
{
	for (unsigned int nth = 0; is_walked(u->proto, nth); nth++) {
		*why = WEIR_FATE_ipv6_extension;
		if (nth == WEIR_IPV6_EXT_MAX || !step(f, u, why))
			return false;
	}
	*why = refusal(u->proto);
	return *why == WEIR_FATES;
}

static inline void fill(struct weir_ipv6_hdr *ip, const struct weir_addr *src,
	const struct weir_addr *dst, uint8_t proto, uint8_t hop_limit, uint16_t l4_len)
{
	*ip = (struct weir_ipv6_hdr){
		.version_class = 6 << 4,
		.len_be = weir_be16(l4_len),
		.next = proto,
		.hop_limit = hop_limit,
	};
	memcpy(ip->src, src, sizeof(*src));
	memcpy(ip->dst, dst, sizeof(*dst));
}

void weir_ipv6_fill(struct weir_ipv6_hdr *ip, const struct weir_addr *src,
	const struct weir_addr *dst, uint8_t proto, uint8_t hop_limit, uint16_t l4_len)
{
	fill(ip, src, dst, proto, hop_limit, l4_len);
}

void weir_ipv6_build(uint8_t *frame, const struct weir_addr *src, const struct weir_addr *dst,
	uint8_t proto, uint8_t hop_limit, uint16_t l4_len)
{
	struct weir_eth_hdr *eth = (struct weir_eth_hdr *)frame;

	eth->type_be = weir_be16(WEIR_ETH_IPV6);
	fill(weir_ipv6(frame), src, dst, proto, hop_limit, l4_len);
}

void weir_ipv6_turn_around(uint8_t *frame)
{
	struct weir_ipv6_hdr *ip = weir_ipv6(frame);
	const struct weir_addr sender = weir_ipv6_addr(ip->src);

	memcpy(ip->src, ip->dst, sizeof(ip->src));
	memcpy(ip->dst, &sender, sizeof(ip->dst));
	ip->hop_limit = WEIR_IPV6_HOP_LIMIT;
}

uint64_t weir_ipv6_addr_sum(const struct weir_addr *src, const struct weir_addr *dst)
{
	return weir_ipv6_narrow(weir_ipv6_wide_sum(src, dst));
}
