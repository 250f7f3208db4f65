/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP segments as tests say them, and frames made of them without the code under test. Hosts by number (ip.h),
 * ports in host order.
 */
#ifndef WEIR_TESTS_SEGMENT_H
#define WEIR_TESTS_SEGMENT_H

#include "ip.h"

#define SEGMENT_FRAME_MAX 2048

struct segment {
	uint8_t family; /* enum weir_family; 0: IPv4 */
	uint32_t src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t wnd;
	uint8_t flags; /* WEIR_TCP_* */
	uint8_t ttl;
	uint8_t opt_len;
	uint8_t opt[40];
	uint16_t payload_len;
	uint32_t
		offset; /* of the payload's first byte in its stream: segment_byte() from there on */
	uint8_t src_mac[6]; /* the Ethernet source; the destination is nobody's business here */
};

/* The byte at that place of a stream. */
uint8_t segment_byte(uint32_t offset);

/* Options, one after the other; segment_frame() pads them with NOPs to whole words. */
void segment_nop(struct segment *s);
void segment_mss(struct segment *s, uint16_t mss);
void segment_wscale(struct segment *s, uint8_t shift);
void segment_sack_ok(struct segment *s);
void segment_timestamps(struct segment *s, uint32_t tsval, uint32_t tsecr);
/* n blocks: left, right, left, right ... */
void segment_sack(struct segment *s, const uint32_t *edges, unsigned int n);

/* Writes the frame; returns its length. */
size_t segment_frame(const struct segment *s, uint8_t frame[SEGMENT_FRAME_MAX]);

/* What an ICMP error says, in each family's own way. */
enum segment_error {
	SEGMENT_NO_HOST, /* destination unreachable: the host, or its address (RFC 792, RFC 4443 §3.1) */
	SEGMENT_NO_PORT, /* ... the port */
	SEGMENT_TOO_BIG, /* fragmentation needed, packet too big (RFC 1191, RFC 4443 §3.2) */
	SEGMENT_EXPIRED, /* time exceeded in transit (RFC 792, RFC 4443 §3.3) */
	SEGMENT_ERRORS
};

/* That error, from `from`, about a TCP frame, of its family: quotes 8 bytes of TCP. */
size_t segment_error(const uint8_t *about, uint32_t from, enum segment_error error,
	uint8_t frame[SEGMENT_FRAME_MAX]);

/* ICMP destination unreachable of IPv4 with any code. */
size_t segment_unreachable(const uint8_t *about, uint32_t from, uint8_t code,
	uint8_t frame[SEGMENT_FRAME_MAX]);

/* The error that a good frame is, or SEGMENT_ERRORS. */
enum segment_error segment_error_of(const uint8_t *frame);

/* ICMP echo request. */
size_t segment_ping(uint32_t src, uint32_t dst, uint8_t frame[SEGMENT_FRAME_MAX]);

#endif
