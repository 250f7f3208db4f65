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
	WEIR_ICMP_ERROR, /* an error about a segment of ours; *quoted is set */
	WEIR_ICMP_BAD,   /* the fate says why */
};

struct weir_icmp {
	enum weir_icmp_kind kind;
	enum weir_fate fate; /* for WEIR_ICMP_BAD */
};

/*
 * Reads the message. An error is "unreachable" with all its codes, "packet too big" and "time exceeded", and
 * counts when it quotes a TCP segment that was sent from the address the error goes to (RFC 792, RFC 4443: all
 * errors do; else it is forged). Then *quoted has the quoted segment's addresses, ports, sequence number and
 * family, and the message's offsets; the rest of it is 0. Otherwise *quoted is not touched.
 */
struct weir_icmp weir_icmp_read(const struct weir_frame *f, const struct weir_seg *seg,
	struct weir_seg *quoted);

/*
 * The error that was read says that its way ends here: "unreachable", but not "fragmentation needed" (RFC 1122
 * §4.2.3.9), which is about one segment's size.
 */
bool weir_icmp_is_final(const struct weir_frame *f, const struct weir_seg *quoted);

/*
 * Makes of an error that was read, of either family, one of from's to as->src about its own segment: of *as the addresses, ports, sequence
 * number, as it sent them. From `from` on, one hop further. In place, shortened to the 64 bits of TCP that every
 * host understands (RFC 792); what the quote says of its own checksum is updated, the message's is right again.
 * false: it cannot be passed on (its TTL ends here; or it is not in one piece, so that it was not summed; or
 * weir_cross_requote() says why), and nothing was changed.
 */
bool weir_icmp_requote(struct weir_frame *f, const struct weir_seg *quoted,
	const struct weir_seg *as, const struct weir_addr *from);

/*
 * Turns a TCP segment that may not be forwarded any further (weir_l3_may_forward()) into the error that says so, from
 * `from`, an address of the segment's family, to its sender: in place, and quoting the IP header and the 64 bits behind
 * it (RFC 792), which is all that a traceroute needs and not much more than the segment had.
 *
 * DEVIATION: RFC 1812 §4.3.2.3 and RFC 4443 §2.4 quote as much as fits; a forged SYN would get ten times its length.
 */
void weir_icmp_time_exceeded(struct weir_frame *f, const struct weir_seg *seg,
	const struct weir_addr *from);

/*
 * Turns an echo request (WEIR_ICMP_PING) into its reply, in place, with a new TTL. L3 and L4 only; checksums
 * are updated, so that a wrong one stays wrong.
 */
void weir_icmp_echo_reply(const struct weir_frame *f, const struct weir_seg *seg);

#endif
