/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame on its way, and the view of the TCP segment in it.
 *
 * struct weir_pkt is what a shell (worker, pcap tool, simulator, fuzzer) hands to the core: a buffer
 * it owns and what it knows of it. The parser fills the view once; nobody parses again.
 */
#ifndef WEIR_WIRE_SEG_H
#define WEIR_WIRE_SEG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fate.h"
#include "wire/addr.h"
#include "wire/hdr.h"

/* What the device found out about the TCP checksum. */
enum weir_csum_state {
	WEIR_CSUM_UNKNOWN, /* nothing: software verifies */
	WEIR_CSUM_GOOD,
	WEIR_CSUM_BAD,
	WEIR_CSUM_PARTIAL, /* data is good, the field is not filled in (a virtual port's local sender) */
};

/* The TCP segment in a frame. Numbers in host order unless the name says _be. */
struct weir_seg {
	struct weir_addr src, dst;
	uint16_t sport_be, dport_be;
	uint32_t seq, ack;
	uint16_t wnd;         /* as in the header, unscaled */
	uint16_t payload_len; /* bytes */
	uint8_t flags;        /* WEIR_TCP_* */
	uint8_t l4_off;       /* offset of the TCP header in the frame; the IP header is at 14 */
	uint8_t opt_len;      /* bytes of TCP options */

	/* options; offsets count from the TCP header's start, 0: not there */
	uint8_t ts_off;   /* of TSval (8 bytes: TSval, TSecr), may be odd */
	uint8_t sack_off; /* of the first SACK block's left edge, may be odd */
	uint8_t sack_blocks;
	/* on SYN and SYN-ACK only */
	uint8_t wscale; /* WEIR_WSCALE_NONE: not offered; else 0..14 */
	bool sack_ok;
	uint16_t mss;          /* WEIR_TCP_MSS_DEFAULT when not offered */
	uint32_t tsval, tsecr; /* when ts_off != 0 */
};

#define WEIR_WSCALE_NONE 0xff

/* A station to send to: the Ethernet neighbour a client is reached through. */
struct weir_neighbour {
	uint8_t mac[6];
	uint8_t port; /* index into the policy's ports */
	uint8_t known;
};

enum weir_send {
	WEIR_SEND_NOTHING,
	WEIR_SEND_BACK,      /* by the port and to the MAC it came from: in-place replies */
	WEIR_SEND_NEIGHBOUR, /* to pkt->neighbour */
	WEIR_SEND_NEXTHOP,   /* to pkt->nexthop: the shell knows its MAC address or finds it out */
	WEIR_SEND_HELD,      /* the core keeps the buffer until it comes out of weir_proxy_out */
};

/* What the policy makes of a packet: flow/classify.h. */
enum weir_kind {
	WEIR_KIND_NONE,       /* fate says why: dropped */
	WEIR_KIND_CLIENT,     /* TCP from a client to a service: key is set */
	WEIR_KIND_BACKEND,    /* TCP from a backend: key is set */
	WEIR_KIND_CLOSED,     /* TCP to a VIP's port without a service */
	WEIR_KIND_ICMP_ERROR, /* destination unreachable, about what we sent to a backend: key is set,
	                         seg holds the quoted segment */
	WEIR_KIND_PING,       /* ICMP echo request to one of our addresses */
	WEIR_KIND_ARP,        /* for the shell */
};

/* What a connection is looked up by: flow/key.h. */
struct weir_key {
	struct weir_addr addr;
	uint16_t port_be;
	uint16_t id;
};

/* Packets that are worked on together, at most. */
#define WEIR_BURST 64

struct weir_pkt {
	/* from the shell */
	uint8_t *data;     /* frame, at an even address; head_len bytes of it are contiguous */
	void *buf;         /* the shell's handle, opaque to the core */
	uint32_t len;      /* of the whole frame */
	uint16_t head_len; /* of the contiguous bytes at data, <= len */
	/* bytes that may be used at data: WEIR_HEADER_FRAME_MAX (wire/build.h) at least, for replies */
	uint16_t room;
	uint8_t port; /* it came in by; index into the policy's ports */
	uint8_t csum; /* enum weir_csum_state */

	/* from weir_classify() */
	uint8_t kind; /* enum weir_kind */
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

/* Sequence number after the segment: payload and FIN. */
static inline uint32_t weir_seg_end(const struct weir_seg *seg)
{
	return seg->seq + seg->payload_len + ((seg->flags & WEIR_TCP_FIN) != 0);
}

#endif
