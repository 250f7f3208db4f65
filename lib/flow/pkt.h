/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet on its way through the core: what a shell (worker, pcap tool, simulator, fuzzer) hands in,
 * and what the core decides about it. The buffer stays the shell's.
 */
#ifndef WEIR_FLOW_PKT_H
#define WEIR_FLOW_PKT_H

#include <stdint.h>

#include "base/fate.h"
#include "flow/key.h"
#include "wire/frame.h"
#include "wire/parse.h"
#include "wire/seg.h"

/* The Ethernet neighbour that a client is reached through. */
struct weir_neighbour {
	uint8_t mac[6];
	uint8_t interface; /* index into the policy's interfaces */
	uint8_t known;
};

enum weir_send {
	WEIR_SEND_NOTHING, /* it ends here; fate to_host: it is the kernel's, and a shell that has one passes it on */
	WEIR_SEND_BACK,      /* by the port and to the MAC it came from: in-place replies */
	WEIR_SEND_NEIGHBOUR, /* to pkt->neighbour */
	WEIR_SEND_NEXTHOP,   /* to pkt->nexthop: the shell knows its MAC address or finds it out */
	WEIR_SEND_HELD,      /* the core keeps the buffer until it comes out of weir_proxy_out */
};

/* What the policy makes of a packet: flow/classify.h. */
enum weir_kind {
	WEIR_KIND_NONE,    /* fate says why: dropped */
	WEIR_KIND_CLIENT,  /* TCP from a client to a service: key is set */
	WEIR_KIND_BACKEND, /* TCP from a backend: key is set */
	WEIR_KIND_CLOSED,  /* TCP to a VIP's port without a service */
	WEIR_KIND_ICMP_ERROR, /* about what we sent to a backend or client: key is of that side, seg holds
	                         the quoted segment */
	WEIR_KIND_PING,       /* ICMP echo request to one of our addresses */
	/* for the shell, and last: the neighbour protocols of IPv4 and IPv6 */
	WEIR_KIND_ARP,
	WEIR_KIND_ND,
};

/* Packets that are worked on together, at most. */
#define WEIR_BURST 64

struct weir_pkt {
	/* from the shell */
	struct weir_frame frame;
	uint8_t interface;   /* it came in by; index into the policy's interfaces */
	uint32_t generation; /* handed over: of the policy that classified it */
	void *buf;           /* the shell's handle, opaque to the core */

	/* from weir_classify() */
	uint8_t kind; /* enum weir_kind */
	uint8_t hops; /* WEIR_KIND_ICMP_ERROR: to how many workers the shell has passed it along; 0 */
	struct weir_key key;

	/* from the core */
	uint8_t send; /* enum weir_send */
	uint8_t fate; /* enum weir_fate; the shell counts it */
	uint16_t nexthop;
	struct weir_neighbour neighbour;
	uint32_t
		conn; /* the connection it belonged to, or WEIR_CONN_NONE: for tools that explain */

	struct weir_seg seg;
};

/* Parses the frame into the view. When the result is WEIR_PARSED_BAD, pkt->fate says why. */
static inline enum weir_parsed weir_pkt_parse(struct weir_pkt *pkt)
{
	struct weir_parse_result r = weir_parse(&pkt->frame, &pkt->seg);

	if (r.parsed == WEIR_PARSED_BAD)
		pkt->fate = (uint8_t)r.fate;
	return r.parsed;
}

#endif
