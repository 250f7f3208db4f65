/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host beside us: a port may have a host interface, by which the kernel of this machine uses the port, too
 * (dp/host.h). Here is decided what the kernel gets of what arrives: frames to addresses of ours, to groups and to all
 * that synweir itself has no use for, and all frames of VLANs that are not synweir's. Never what is for a VIP, nor
 * what belongs to a connection. Pure functions of the frame and an immutable policy.
 *
 * The kernel's frames are in classes, each with a token bucket of its own in every worker, so that a flood of one
 * class leaves the others alone. Routing protocols are in the first class only if they come from where a
 * neighbour is: from an address on the link, from a configured peer, or with a TTL of 255 where the protocol asks
 * for that (RFC 5082).
 */
#ifndef WEIR_FLOW_HOST_H
#define WEIR_FLOW_HOST_H

#include "flow/policy.h"
#include "flow/pkt.h"

/*
 * Is a packet with that fate one for the kernel perhaps, which weir_host_class() decides? It has not been dropped
 * because it is malformed or for want of something.
 */
static inline bool weir_host_may_want(uint8_t fate);

/* The class of a frame that came by that port, which has a host interface; WEIR_HOST_CLASSES: it is not the kernel's. */
enum weir_host_class weir_host_class(const struct weir_policy *p, unsigned int port,
	const struct weir_frame *f);

/*
 * No connection has been found for a packet with this key, of kind BACKEND: is it of a connection of the kernel? The
 * kernel's ports are those above synweir's local ports, and those below. `interface`: it came by.
 */
bool weir_host_has_conn(const struct weir_policy *p, const struct weir_key *key,
	unsigned int interface);

/*
 * Does the kernel get a copy of that packet, of kind ARP or ND? Not of requests: synweir answers those for our addresses,
 * and the kernel has no others but link-local ones. Answers and announcements keep what it knows as new as what
 * synweir knows.
 */
bool weir_host_wants_neighbour(const struct weir_pkt *pkt);

/* What a class is called: "routing". */
const char *weir_host_class_name(enum weir_host_class class);

/* inline definitions */

static inline bool weir_host_may_want(uint8_t fate)
{
	switch (fate) {
	case WEIR_FATE_other_ethertype:
	case WEIR_FATE_other_mac:
	case WEIR_FATE_ip_options:
	case WEIR_FATE_ip_fragment:
	case WEIR_FATE_ipv6_extension:
	case WEIR_FATE_ipsec:
	case WEIR_FATE_other_protocol:
	case WEIR_FATE_martian: /* IPv6: from a link-local address, or from none */
	case WEIR_FATE_not_ours:
	case WEIR_FATE_icmp_other:
		return true;
	default: /* an enum of a hundred */
		return false;
	}
}

#endif
