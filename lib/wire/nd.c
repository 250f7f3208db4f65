// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "base/csum.h"
#include "wire/ipv6.h"
#include "wire/nd.h"

/* Hop limit of every message: no router has forwarded it (RFC 4861 §3.1, §11.2). */
#define ND_HOP_LIMIT 255

/* Options: RFC 4861 §4.6. Kind, length in 8 bytes, data. */
#define OPT_SOURCE_MAC 1
#define OPT_TARGET_MAC 2
#define OPT_MTU        5

/* Offsets in a message. */
#define ND_CODE       1
#define ND_CSUM       2
#define ND_FLAGS      4 /* of an advertisement */
#define ND_TARGET     8 /* of a solicitation or advertisement */
#define RA_HOP_LIMIT  4
#define RA_LIFETIME   6
#define ND_TARGET_END 24
#define RA_OPTIONS    16
#define RS_OPTIONS    8

static uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* No host has a group address. RFC 2464 §6: an Ethernet address takes one unit of 8 bytes. */
static bool take_mac(struct weir_nd *nd, const uint8_t *opt)
{
	if (opt[1] != 1 || (opt[2] & 1) != 0)
		return false;
	nd->has_mac = true;
	memcpy(nd->mac, opt + 2, sizeof(nd->mac));
	return true;
}

/* The message's own link-layer address option, by its type: RFC 4861 §4.1 to §4.4. */
static uint8_t mac_option(uint8_t type)
{
	return type == WEIR_ND_ADVERTISEMENT ? OPT_TARGET_MAC : OPT_SOURCE_MAC;
}

/* RFC 4861 §4.6: a length of 0 makes the message invalid, an unknown option is skipped. */
static bool read_options(struct weir_nd *nd, const uint8_t *at, const uint8_t *end)
{
	for (unsigned int n = 0; at < end; n++) {
		if (n == WEIR_ND_OPTIONS_MAX || end - at < 8 || at[1] == 0 || 8 * at[1] > end - at)
			return false;
		if (at[0] == mac_option(nd->type) && !take_mac(nd, at))
			return false;
		if (at[0] == OPT_MTU && at[1] == 1 && nd->type == WEIR_ND_ROUTER_ADVERTISEMENT)
			nd->mtu = (uint32_t)load_be16(at + 4) << 16 | load_be16(at + 6);
		at += 8 * at[1];
	}
	return true;
}

/* Where the options begin; 0: it is not of the types that are read. */
static unsigned int options_of(uint8_t type)
{
	switch (type) {
	case WEIR_ND_ROUTER_SOLICITATION:
		return RS_OPTIONS;
	case WEIR_ND_ROUTER_ADVERTISEMENT:
		return RA_OPTIONS;
	case WEIR_ND_SOLICITATION:
	case WEIR_ND_ADVERTISEMENT:
		return ND_TARGET_END;
	}
	return 0;
}

static void read_fixed(struct weir_nd *nd, const uint8_t *msg)
{
	*nd = (struct weir_nd){.type = msg[0]};
	if (nd->type == WEIR_ND_ROUTER_ADVERTISEMENT) {
		nd->hop_limit = msg[RA_HOP_LIMIT];
		nd->lifetime_s = load_be16(msg + RA_LIFETIME);
	}
	if (nd->type == WEIR_ND_SOLICITATION || nd->type == WEIR_ND_ADVERTISEMENT)
		nd->target = weir_ipv6_addr(msg + ND_TARGET);
	if (nd->type == WEIR_ND_ADVERTISEMENT)
		nd->flags = msg[ND_FLAGS] & (WEIR_ND_ROUTER | WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE);
}

static bool is_solicited_node(const struct weir_addr *a)
{
	const struct weir_addr group = weir_nd_solicited_node(a);

	return weir_addr_eq(&group, a);
}

/* Not a group (RFC 4861 §7.1), and no IPv4 address that would pass for one of ours above wire/. */
static bool may_be_target(const struct weir_addr *a)
{
	return !weir_ipv6_is_multicast(a) && !weir_ipv6_is_special(a);
}

/*
 * What sender, destination and message must have to do with each other. From the unspecified address only
 * solicitations come: those for a router, and those that ask whether an address is taken already (RFC 4862
 * §5.4.3), and neither says where the sender is.
 */
static bool fits(struct weir_nd *nd, const struct weir_seg *seg)
{
	const bool from_none = weir_ipv6_is_unspecified(&seg->src);

	switch (nd->type) {
	case WEIR_ND_ROUTER_SOLICITATION: /* §6.1.1 */
		return !from_none || !nd->has_mac;
	case WEIR_ND_ROUTER_ADVERTISEMENT: /* §6.1.2 */
		return weir_ipv6_is_link_local(&seg->src);
	case WEIR_ND_SOLICITATION: /* §7.1.1 */
		nd->is_probe = from_none;
		if (!may_be_target(&nd->target))
			return false;
		return !from_none || (is_solicited_node(&seg->dst) && !nd->has_mac);
	case WEIR_ND_ADVERTISEMENT: /* §7.1.2 */
		return !from_none && may_be_target(&nd->target) &&
			!((nd->flags & WEIR_ND_SOLICITED) && weir_ipv6_is_multicast(&seg->dst));
	}
	return false;
}

bool weir_nd_read(const struct weir_frame *f, const struct weir_seg *seg, struct weir_nd *nd,
	enum weir_fate *why)
{
	struct weir_ipv6_hdr *ip = weir_ipv6(f->data);
	const uint8_t *msg = f->data + seg->l4_off;
	const uint32_t end = WEIR_IPV6_L4_OFF + weir_be16(ip->len_be);
	const unsigned int options = options_of(msg[0]);

	*why = WEIR_FATE_nd_other;
	if (options == 0)
		return false;
	*why = WEIR_FATE_nd_malformed;
	if (ip->hop_limit != ND_HOP_LIMIT || msg[ND_CODE] != 0 || seg->l4_off + options > end)
		return false;
	if (f->head_len < end) {
		*why = WEIR_FATE_split_headers;
		return false;
	}
	read_fixed(nd, msg);
	return read_options(nd, msg + options, f->data + end) && fits(nd, seg);
}

bool weir_nd_is_to_group(const struct weir_frame *f)
{
	const struct weir_eth_hdr *eth = weir_eth(f);

	return eth->type_be == weir_be16(WEIR_ETH_IPV6) && eth->dst[0] == 0x33 &&
		eth->dst[1] == 0x33 && f->head_len > WEIR_IPV6_L4_OFF &&
		weir_ipv6(f->data)->next == WEIR_PROTO_ICMP6 &&
		weir_nd_is_type(f->data[WEIR_IPV6_L4_OFF]);
}

struct weir_addr weir_nd_solicited_node(const struct weir_addr *addr)
{
	struct weir_addr group = {.b = {0xff, 0x02, [11] = 0x01, [12] = 0xff}};

	memcpy(group.b + 13, addr->b + 13, 3);
	return group;
}

/* RFC 2464 §7. */
static void group_mac(const struct weir_addr *group, uint8_t mac[6])
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group->b + 12, 4);
}

/* A message of len bytes, which is there but for its checksum: that, and what is around it. */
static uint16_t wrap(uint8_t *frame, const uint8_t sender_mac[6], const uint8_t to_mac[6],
	const struct weir_addr *src, const struct weir_addr *dst, uint16_t len)
{
	struct weir_eth_hdr *eth = (struct weir_eth_hdr *)frame;
	uint8_t *msg = frame + WEIR_IPV6_L4_OFF;
	uint64_t sum = weir_ipv6_addr_sum(src, dst);
	uint16_t csum;

	memcpy(eth->dst, to_mac, sizeof(eth->dst));
	memcpy(eth->src, sender_mac, sizeof(eth->src));
	weir_ipv6_build(frame, src, dst, WEIR_PROTO_ICMP6, ND_HOP_LIMIT, len);
	sum = weir_csum_add(weir_pseudo_sum_of(WEIR_PROTO_ICMP6, sum, len), msg, len);
	csum = weir_csum_finish(sum);
	memcpy(msg + ND_CSUM, &csum, sizeof(csum));
	return (uint16_t)(WEIR_IPV6_L4_OFF + len);
}

/* The message's last two parts, target and option (which: 0, none), then all else. */
static uint16_t finish(uint8_t *frame, const uint8_t sender_mac[6], const uint8_t to_mac[6],
	const struct weir_addr *src, const struct weir_addr *dst, uint8_t option)
{
	uint8_t *msg = frame + WEIR_IPV6_L4_OFF;

	if (option == 0)
		return wrap(frame, sender_mac, to_mac, src, dst, ND_TARGET_END);
	msg[ND_TARGET_END] = option;
	msg[ND_TARGET_END + 1] = 1;
	memcpy(msg + ND_TARGET_END + 2, sender_mac, 6);
	return wrap(frame, sender_mac, to_mac, src, dst, ND_TARGET_END + 8);
}

/* Type, code 0, no checksum yet, flags, target. */
static void begin(uint8_t *frame, uint8_t type, uint8_t flags, const struct weir_addr *target)
{
	uint8_t *msg = frame + WEIR_IPV6_L4_OFF;

	memset(msg, 0, ND_TARGET);
	msg[0] = type;
	msg[ND_FLAGS] = flags;
	memcpy(msg + ND_TARGET, target, sizeof(*target));
}

uint16_t weir_build_nd_probe(uint8_t *frame, const uint8_t sender_mac[6],
	const struct weir_addr *target)
{
	const struct weir_addr none = {.q = {0, 0}}, group = weir_nd_solicited_node(target);
	uint8_t mac[6];

	group_mac(&group, mac);
	begin(frame, WEIR_ND_SOLICITATION, 0, target);
	return finish(frame, sender_mac, mac, &none, &group, 0);
}

uint16_t weir_build_nd_router_solicitation(uint8_t *frame, const uint8_t sender_mac[6])
{
	const struct weir_addr none = {.q = {0, 0}}, routers = {.b = {0xff, 0x02, [15] = 0x02}};
	uint8_t mac[6];

	group_mac(&routers, mac);
	memset(frame + WEIR_IPV6_L4_OFF, 0, RS_OPTIONS);
	frame[WEIR_IPV6_L4_OFF] = WEIR_ND_ROUTER_SOLICITATION;
	return wrap(frame, sender_mac, mac, &none, &routers, RS_OPTIONS);
}

uint16_t weir_build_nd_solicitation(uint8_t *frame, const uint8_t sender_mac[6],
	const struct weir_addr *sender, const uint8_t *target_mac, const struct weir_addr *target)
{
	const struct weir_addr group = weir_nd_solicited_node(target);
	uint8_t mac[6];

	begin(frame, WEIR_ND_SOLICITATION, 0, target);
	if (target_mac != NULL)
		return finish(frame, sender_mac, target_mac, sender, target, OPT_SOURCE_MAC);
	group_mac(&group, mac);
	return finish(frame, sender_mac, mac, sender, &group, OPT_SOURCE_MAC);
}

uint16_t weir_build_nd_advertisement(uint8_t *frame, const uint8_t sender_mac[6],
	const struct weir_addr *target, uint8_t flags, const uint8_t *to_mac,
	const struct weir_addr *to)
{
	const struct weir_addr all_nodes = {.b = {0xff, 0x02, [15] = 0x01}};
	uint8_t mac[6];

	begin(frame, WEIR_ND_ADVERTISEMENT, flags, target);
	if (to_mac != NULL && to != NULL)
		return finish(frame, sender_mac, to_mac, target, to, OPT_TARGET_MAC);
	group_mac(&all_nodes, mac);
	return finish(frame, sender_mac, mac, target, &all_nodes, OPT_TARGET_MAC);
}
