/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multicast listener discovery (RFC 3810, and RFC 2710's messages for what speaks those only): a host says which
 * groups it listens to. A switch that snoops on it does not forward a neighbour solicitation whose group it has
 * not heard of (RFC 4541 §3): so we report the solicited-node groups of our addresses. What is here keeps nothing. All
 * functions are pure but for the frame that is written; any thread may call them.
 */
#ifndef WEIR_WIRE_MLD_H
#define WEIR_WIRE_MLD_H

#include "wire/frame.h"
#include "wire/seg.h"

#define WEIR_MLD_QUERY 130 /* its ICMPv6 type */

struct weir_mld_query {
	bool old;          /* of RFC 2710: its sender knows no other reports */
	uint32_t delay_ms; /* a report is to come within that time */
};

/*
 * Reads the query in a frame of which weir_parse() has seg's addresses and offsets, and whose checksum is right; checks it as RFC
 * 3810 §5.1.14 and §6.2 ask. false: *why says what is wrong, and *q is not set.
 */
bool weir_mld_read_query(const struct weir_frame *f, const struct weir_seg *seg,
	struct weir_mld_query *q, enum weir_fate *why);

/*
 * A query to a group's MAC address, as far as the fixed headers tell. Of a frame that has at least an Ethernet
 * header.
 */
bool weir_mld_is_to_group(const struct weir_frame *f);

/* Why a report is sent. */
enum weir_mld_report {
	WEIR_MLD_JOIN,   /* we have begun to listen */
	WEIR_MLD_ANSWER, /* we were asked */
	WEIR_MLD_OLD,    /* ... by RFC 2710's query */
};

#define WEIR_MLD_FRAME_MAX 90

/*
 * A report that we listen to the solicited-node group of addr: a frame with its Ethernet addresses, at an even
 * address; returns its length. It comes from no address, as that of a host without a link-local one (RFC 3590 §4).
 */
uint16_t weir_build_mld_report(uint8_t *frame, const uint8_t sender_mac[6],
	enum weir_mld_report why, const struct weir_addr *addr);

#endif
