/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMPv6 (RFC 4443) behind wire/icmp.h, which has the contracts. */
#ifndef WEIR_WIRE_ICMP6_H
#define WEIR_WIRE_ICMP6_H

#include "wire/icmp.h"

/* As weir_icmp_read(), of a message of IPv6. */
struct weir_icmp weir_icmp6_read(const struct weir_frame *f, const struct weir_seg *seg,
	struct weir_seg *quoted);

/* As weir_icmp_requote(), which has asked whether it may be passed on. */
bool weir_icmp6_requote(struct weir_frame *f, const struct weir_seg *quoted,
	const struct weir_seg *as, const struct weir_addr *from);

/* As weir_icmp_time_exceeded(), of a segment of IPv6. */
void weir_icmp6_time_exceeded(struct weir_frame *f, const struct weir_seg *seg,
	const struct weir_addr *from);

/* As weir_icmp_echo_reply(), of a message of IPv6. */
void weir_icmp6_echo_reply(const struct weir_frame *f, const struct weir_seg *seg);

#endif
