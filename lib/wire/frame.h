/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame: the bytes, how many of them there are, and what the device found out about them. All that
 * wire/ knows of a packet. The bytes belong to the caller; wire/ keeps no pointer to them.
 */
#ifndef WEIR_WIRE_FRAME_H
#define WEIR_WIRE_FRAME_H

#include <stdint.h>

#include "base/fate.h"

/* What the device found out about the TCP checksum. */
enum weir_csum_state {
	WEIR_CSUM_UNKNOWN, /* nothing: software verifies */
	WEIR_CSUM_GOOD,
	WEIR_CSUM_BAD,
	WEIR_CSUM_PARTIAL, /* data is good, the field is not filled in (a virtual port's local sender) */
};

/*
 * INVARIANT: so many bytes in front of data are the frame's, too, in every frame that the engine gets: a segment
 * that leaves as IPv6 and came as IPv4 begins so much earlier (wire/cross.h).
 */
#define WEIR_FRAME_FRONT 20

/* WEIR_HEADER_FRAME_MAX of wire/build.h, and an ICMPv6 error with 64 bits of TCP in its quote. */
#define WEIR_FRAME_ROOM 110

struct weir_frame {
	uint8_t *data;     /* Ethernet header first, at an even address */
	uint32_t len;      /* bytes of the whole frame */
	uint16_t head_len; /* bytes at data that are contiguous, <= len */
	/* bytes that may be used at data: WEIR_FRAME_ROOM at least, for replies and errors */
	uint16_t room;
	uint8_t csum; /* enum weir_csum_state */
};

/* The fate of a frame whose first `end` bytes are needed and are more than head_len. */
static inline enum weir_fate weir_frame_cut(const struct weir_frame *f, uint32_t end)
{
	return f->len < end ? WEIR_FATE_short_frame : WEIR_FATE_split_headers;
}

#endif
