/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A look at a frame that the parser does not take: what it is about, as far as that decides whether the host's kernel
 * gets it (flow/host.h). Nothing is verified but that the bytes are there: the kernel verifies by itself.
 */
#ifndef WEIR_WIRE_PEEK_H
#define WEIR_WIRE_PEEK_H

#include "wire/addr.h"
#include "wire/frame.h"

#define WEIR_ETH_LLDP 0x88cc /* IEEE 802.1AB */

/* Numbers in host order. */
struct weir_peek {
	uint16_t type; /* Ethernet's, behind the tags */
	bool tagged;   /* it has one VLAN tag, or two */
	bool group;    /* to a group of MAC addresses, or all */
	bool is_ip;    /* what follows is set */
	bool has_ports;
	uint8_t proto, ttl; /* IPv6: of what is behind the extension headers */
	uint8_t icmp_type;  /* of ICMP and ICMPv6 */
	struct weir_addr src, dst;
	uint16_t sport, dport; /* of TCP and UDP, of a first fragment, too */
};

/* Valid on its own link only: 169.254.0.0/16 (RFC 3927), fe80::/10. */
bool weir_peek_is_link_local(const struct weir_addr *a);

/* false: the frame has no whole header of Ethernet or, if it says so, of IP. */
bool weir_peek(const struct weir_frame *f, struct weir_peek *p);

#endif
