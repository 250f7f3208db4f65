/* SPDX-License-Identifier: BSD-3-Clause */
/* From bytes to a view, or to the name of what is wrong with them. */
#ifndef WEIR_WIRE_PARSE_H
#define WEIR_WIRE_PARSE_H

#include "wire/seg.h"

enum weir_parsed {
	WEIR_PARSED_TCP, /* pkt->seg is filled in */
	WEIR_PARSED_ARP, /* an Ethernet/IPv4 ARP request or reply follows the Ethernet header */
	WEIR_PARSED_ICMP, /* an IPv4 ICMP message (RFC 792) of at least 8 bytes, IP header without options */
	WEIR_PARSED_BAD, /* pkt->fate says why */
};

/*
 * Parses pkt->data. Checks everything that can be checked without memory of other packets: lengths,
 * the IP checksum, fragments, source addresses, flag combinations (HC-10; SYN, SYN|ACK, RST,
 * RST|ACK, ACK, FIN|ACK pass, with any of PSH, URG, ECE, CWR), ports, the TCP checksum when
 * pkt->csum says UNKNOWN, the ICMP checksum. Trailing Ethernet padding is allowed: the IP length
 * counts. A checksum over bytes that are in other buffers (beyond head_len) is not verified.
 */
enum weir_parsed weir_parse(struct weir_pkt *pkt);

#endif
