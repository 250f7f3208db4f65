/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From one address family to the other: the IP header of a TCP segment is exchanged for one of the other family
 * (RFC 7915 §4.1, §5.1), behind wire/l3.h. TCP stays where it is in memory: the frame begins 20 bytes earlier, or
 * later by what its header and extension headers have over an IPv4 header, and so does the Ethernet header, of
 * which only the type is written. Traffic class and type of service are each other; hop limits go on.
 *
 * The IPv6 header has flow label 0 and no extension header, as have the frames that we build (wire/build.h). The IPv4
 * header has DF and identification 0 when the datagram is larger than what every IPv6 link takes. A smaller one
 * may be fragmented, because an IPv6 sender makes no smaller ones (RFC 8201 §4); its identification is made of
 * the sequence number, which is another one for every segment that is long enough for a fragment.
 *
 * ICMP errors are translated here too (RFC 7915 §4.2, §5.2), behind weir_icmp_requote().
 */
#ifndef WEIR_WIRE_CROSS_H
#define WEIR_WIRE_CROSS_H

#include "wire/frame.h"
#include "wire/seg.h"

/*
 * Each as weir_l3_rewrite(), for a segment of the other family: f and the offsets and family of seg are of the frame
 * as it is now.
 */
uint64_t weir_cross_to_ipv6(struct weir_frame *f, struct weir_seg *seg, const struct weir_addr *src,
	const struct weir_addr *dst);
uint64_t weir_cross_to_ipv4(struct weir_frame *f, struct weir_seg *seg, const struct weir_addr *src,
	const struct weir_addr *dst);

/*
 * As weir_icmp_requote(), where `as` and `from` are of the other family than the message. It begins where it did, and is
 * up to 40 bytes longer: false also when there is no room for that, or when the other family has no such error.
 */
bool weir_cross_requote(struct weir_frame *f, const struct weir_seg *quoted,
	const struct weir_seg *as, const struct weir_addr *from);

#endif
