/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Building TCP frames, which synweir sends in its own name: header-only ones, but for a PROXY header. Their Ethernet addresses are written
 * by the shell. Source and destination are of one family; the source's decides the IP header.
 * Pure but for the frame that is written; any thread may call this.
 */
#ifndef WEIR_WIRE_BUILD_H
#define WEIR_WIRE_BUILD_H

#include "wire/frame.h"
#include "wire/seg.h"

/* A TCP segment to be built. */
struct weir_header { /* numbers in host order unless the name says _be */
	struct weir_addr src, dst;
	uint16_t sport_be, dport_be;
	uint32_t seq, ack;
	uint16_t wnd; /* as it goes into the header */
	uint8_t flags;
	/* options, written in Linux's order: MSS, SACK-permitted, timestamps, window scale */
	uint8_t wscale; /* WEIR_WSCALE_NONE: none */
	uint16_t mss;   /* 0: none */
	bool sack_ok;
	bool ts;
	uint32_t tsval, tsecr; /* when ts */
	/* for weir_build_segment(): at most WEIR_BUILD_PAYLOAD_MAX bytes of the caller's */
	uint16_t payload_len;
	const uint8_t *payload;
};

/* Bytes of TCP options in it, at most. */
#define WEIR_BUILD_OPTIONS_MAX 20

/* The longest frame weir_build_tcp() makes: Ethernet, IPv6, TCP with 20 bytes of options. */
#define WEIR_HEADER_FRAME_MAX 94

/*
 * Writes a header-only segment: Ethernet (type only), IP (TTL or hop limit 64; IPv4: DF, id 0; IPv6: flow label 0) and TCP with its checksums into frame,
 * which has room for WEIR_HEADER_FRAME_MAX bytes. Returns the frame's length. Never fails.
 */
uint16_t weir_build_tcp(uint8_t *frame, const struct weir_header *h);

#define WEIR_BUILD_PAYLOAD_MAX 128

/* The longest frame weir_build_segment() makes. */
#define WEIR_BUILD_FRAME_MAX (WEIR_HEADER_FRAME_MAX + WEIR_BUILD_PAYLOAD_MAX)

/* The same with its payload. frame has room for WEIR_BUILD_FRAME_MAX bytes, at an even address. */
uint16_t weir_build_segment(uint8_t *frame, const struct weir_header *h);

#endif
