/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP of a frame that weir_parse() called WEIR_PARSED_ICMP: pings, and errors about what we sent. The
 * interface is the same for both families.
 */
#ifndef WEIR_WIRE_ICMP_H
#define WEIR_WIRE_ICMP_H

#include "wire/frame.h"
#include "wire/seg.h"

enum weir_icmp_kind {
	WEIR_ICMP_PING,  /* an echo request */
	WEIR_ICMP_ERROR, /* a final error about a segment of ours; *quoted is set */
	WEIR_ICMP_BAD,   /* the fate says why */
};

struct weir_icmp {
	enum weir_icmp_kind kind;
	enum weir_fate fate; /* for WEIR_ICMP_BAD */
};

/*
 * Reads the message. An error counts when it quotes a TCP segment that was sent from the address the error
 * goes to (RFC 792, RFC 4443: all errors do; else it is forged), and when it is final:
 * "unreachable", but not "fragmentation needed". Then *quoted has the quoted segment's addresses, ports and sequence number, the rest of it
 * 0; otherwise *quoted is not touched.
 */
struct weir_icmp weir_icmp_read(const struct weir_frame *f, const struct weir_seg *seg,
	struct weir_seg *quoted);

/*
 * Turns an echo request (WEIR_ICMP_PING) into its reply, in place, with a new TTL. L3 and L4 only; checksums
 * are updated, so that a wrong one stays wrong.
 */
void weir_icmp_echo_reply(const struct weir_frame *f, const struct weir_seg *seg);

#endif
