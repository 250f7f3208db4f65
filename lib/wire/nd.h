/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbour discovery (RFC 4861) over Ethernet: IPv6's neighbour protocol, as wire/arp.h is IPv4's. Messages
 * are ICMPv6; what is here knows no policy and keeps nothing. All functions are pure but for the frame that
 * is written; any thread may call them.
 */
#ifndef WEIR_WIRE_ND_H
#define WEIR_WIRE_ND_H

#include "wire/frame.h"
#include "wire/seg.h"

/* Messages, by their ICMPv6 type: RFC 4861 §4. */
enum weir_nd_type {
	WEIR_ND_ROUTER_SOLICITATION = 133,
	WEIR_ND_ROUTER_ADVERTISEMENT = 134,
	WEIR_ND_SOLICITATION = 135,
	WEIR_ND_ADVERTISEMENT = 136,
	WEIR_ND_REDIRECT = 137,
};

static inline bool weir_nd_is_type(uint8_t icmp_type)
{
	return icmp_type >= WEIR_ND_ROUTER_SOLICITATION && icmp_type <= WEIR_ND_REDIRECT;
}

/* Flags of an advertisement: RFC 4861 §4.4. */
#define WEIR_ND_ROUTER    0x80
#define WEIR_ND_SOLICITED 0x40
#define WEIR_ND_OVERRIDE  0x20

/* So many options are walked; a message with more of them is malformed. */
#define WEIR_ND_OPTIONS_MAX 32

/* A good message. What a type does not have is 0. */
struct weir_nd {
	uint8_t type;  /* enum weir_nd_type */
	uint8_t flags; /* of an advertisement: WEIR_ND_* */
	bool is_probe; /* a solicitation by what has no address yet: duplicate address detection */
	/* the link-layer address: the sender's; of an advertisement, its target's */
	bool has_mac;
	uint8_t mac[6];
	uint8_t hop_limit;       /* of a router advertisement; 0: it does not say */
	uint16_t lifetime_s;     /* of a router advertisement; 0: it is no default router */
	uint32_t mtu;            /* of a router advertisement, as it says it; 0: it does not */
	struct weir_addr target; /* of a solicitation or advertisement */
};

/*
 * Reads the message of a frame that weir_parse() called WEIR_PARSED_ND, and checks it as RFC 4861 §6.1 and §7.1
 * ask: seg has its addresses and offsets, and its checksum is right. false: *why says what is wrong, and *nd
 * is half filled in. A redirect is nd_other: RFC 4861 §8.2 forbids a router to follow it.
 */
bool weir_nd_read(const struct weir_frame *f, const struct weir_seg *seg, struct weir_nd *nd,
	enum weir_fate *why);

/*
 * A message of neighbour discovery to a group's MAC address (RFC 2464 §7), as far as the fixed headers tell: the
 * groups that hosts ask in. Of a frame that has at least an Ethernet header.
 */
bool weir_nd_is_to_group(const struct weir_frame *f);

/* The group that a host with this address is in, so that it can be asked for: RFC 4291 §2.7.1. */
struct weir_addr weir_nd_solicited_node(const struct weir_addr *addr);

/*
 * A next hop's address that stands for the router that advertises itself: fe80::, which is any router's on the link (RFC
 * 4291 §2.6.1) and no host's own. An advertised router is known by the last 64 bits of its link-local address, not 0;
 * what begins with other bits than fe80::/64 is none (RFC 4291 §2.5.6).
 */
static inline struct weir_addr weir_nd_any_router(void)
{
	return (struct weir_addr){.b = {0xfe, 0x80}};
}

static inline bool weir_nd_is_any_router(const struct weir_addr *a)
{
	const struct weir_addr any = weir_nd_any_router();

	return weir_addr_eq(a, &any);
}

/* 0: a is no such address. */
static inline uint64_t weir_nd_router_id(const struct weir_addr *a)
{
	return a->q[0] == weir_nd_any_router().q[0] ? a->q[1] : 0;
}

static inline struct weir_addr weir_nd_router(uint64_t id)
{
	struct weir_addr a = weir_nd_any_router();

	a.q[1] = id;
	return a;
}

/*
 * Building: each writes a frame of WEIR_ND_FRAME_MAX bytes at most, the Ethernet addresses included, at an even
 * address, and returns its length. The sender's MAC address is in the message, unless it is a probe.
 */
#define WEIR_ND_FRAME_MAX 86

/* Is there a host that has this address already? From no address: RFC 4862 §5.4.2. */
uint16_t weir_build_nd_probe(uint8_t *frame, const uint8_t sender_mac[6],
	const struct weir_addr *target);

/* Which routers are there? From no address: RFC 4861 §6.3.7. */
uint16_t weir_build_nd_router_solicitation(uint8_t *frame, const uint8_t sender_mac[6]);

/* Which MAC address has the target? To target_mac, or with NULL to all that may have it. */
uint16_t weir_build_nd_solicitation(uint8_t *frame, const uint8_t sender_mac[6],
	const struct weir_addr *sender, const uint8_t *target_mac, const struct weir_addr *target);

/*
 * The target, an address of the sender's, has the MAC address sender_mac: to `to` at to_mac, or with both NULL to
 * all nodes (unsolicited, or in answer to a probe). flags: WEIR_ND_*; to all nodes never SOLICITED.
 */
uint16_t weir_build_nd_advertisement(uint8_t *frame, const uint8_t sender_mac[6],
	const struct weir_addr *target, uint8_t flags, const uint8_t *to_mac,
	const struct weir_addr *to);

#endif
