/* SPDX-License-Identifier: BSD-3-Clause */
/* From bytes to a view, or to the name of what is wrong with them. */
#ifndef WEIR_WIRE_PARSE_H
#define WEIR_WIRE_PARSE_H

#include "base/fate.h"
#include "wire/frame.h"
#include "wire/seg.h"

enum weir_parsed {
	WEIR_PARSED_TCP, /* the view is filled in */
	WEIR_PARSED_ARP, /* an Ethernet/IPv4 ARP request or reply follows the Ethernet header */
	/* a good message of neighbour discovery, wire/nd.h reads it; or a query for groups, wire/mld.h */
	WEIR_PARSED_ND,
	WEIR_PARSED_ICMP, /* an ICMP message of at least 8 bytes: wire/icmp.h */
	WEIR_PARSED_BAD,  /* the fate says why */
};

struct weir_parse_result {
	enum weir_parsed parsed;
	enum weir_fate fate; /* for WEIR_PARSED_BAD */
};

/*
 * Parses the frame f into *seg. Checks everything that can be checked without memory of other packets:
 * lengths, the IP checksum, fragments, source addresses, flag combinations (HC-10; SYN, SYN|ACK, RST,
 * RST|ACK, ACK, FIN|ACK pass, with any of PSH, URG, ECE, CWR), ports, the TCP checksum when
 * f->csum says UNKNOWN, the ICMP checksum. Trailing Ethernet padding is allowed: the IP length
 * counts. A checksum over bytes that are in other buffers (beyond head_len) is not verified.
 *
 * *seg is set as a whole for WEIR_PARSED_TCP, but for tsval and tsecr without timestamps; for WEIR_PARSED_ICMP and WEIR_PARSED_ND its addresses, offsets and family
 * are. Otherwise it may be half filled in. Pure: any thread may call it.
 */
struct weir_parse_result weir_parse(const struct weir_frame *f, struct weir_seg *seg);

#endif
