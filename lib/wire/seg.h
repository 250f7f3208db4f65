/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The view of the TCP segment in a frame: filled in once by weir_parse(), read by everything above. It keeps
 * what the sender said, also when the frame has been rewritten; but family and offsets are of the frame as it is.
 */
#ifndef WEIR_WIRE_SEG_H
#define WEIR_WIRE_SEG_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/addr.h"
#include "wire/hdr.h"

/* The TCP segment in a frame. Numbers in host order unless the name says _be. */
struct weir_seg {
	struct weir_addr src, dst;
	uint16_t sport_be, dport_be;
	uint32_t seq, ack;
	uint16_t wnd;         /* as in the header, unscaled */
	uint16_t payload_len; /* bytes */
	uint8_t opt_len;      /* bytes of TCP options */

	/* offsets in the frame: of the IP header, of the TCP or ICMP header; and enum weir_family */
	uint8_t l3_off, l4_off;
	uint8_t family;

	/* options; offsets count from the TCP header's start, 0: not there */
	uint8_t ts_off;   /* of TSval (8 bytes: TSval, TSecr), may be odd */
	uint8_t sack_off; /* of the first SACK block's left edge, may be odd */
	uint8_t sack_blocks;
	/* on SYN and SYN-ACK only */
	uint8_t wscale; /* WEIR_WSCALE_NONE: not offered; else 0..14 */
	bool sack_ok;
	uint8_t flags; /* WEIR_TCP_*; here, so that what begins as a constant lies together */
	uint16_t mss;  /* the default of the family when not offered */
	uint32_t tsval, tsecr; /* when ts_off != 0 */
};

#define WEIR_WSCALE_NONE 0xff

/* Sequence number after the segment: payload and FIN. */
static inline uint32_t weir_seg_end(const struct weir_seg *seg)
{
	return seg->seq + seg->payload_len + ((seg->flags & WEIR_TCP_FIN) != 0);
}

/* Bytes from the TCP header to the segment's end. */
static inline uint16_t weir_seg_l4_len(const struct weir_seg *seg)
{
	return (uint16_t)(sizeof(struct weir_tcp_hdr) + seg->opt_len + seg->payload_len);
}

#endif
