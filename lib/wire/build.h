/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Building frames that synweir sends in its own name. All of them are header-only TCP over IPv4, or
 * ARP and ICMP. TCP's and ICMP's L2 addresses are written by the shell.
 */
#ifndef WEIR_WIRE_BUILD_H
#define WEIR_WIRE_BUILD_H

#include "wire/frame.h"
#include "wire/seg.h"

/* A header-only TCP segment to be built. */
struct weir_header {
	struct weir_addr src, dst;
	uint16_t sport_be, dport_be;
	uint32_t seq, ack;
	uint16_t wnd; /* as it goes into the header */
	uint8_t flags;
	/* options, written in Linux's order: MSS, SACK-permitted, timestamps, window scale */
	uint8_t wscale; /* WEIR_WSCALE_NONE: none */
	uint16_t mss;   /* 0: none */
	bool sack_ok;
	bool ts;
	uint32_t tsval, tsecr; /* when ts */
};

/* The longest frame weir_build_tcp() makes: Ethernet, IPv4, TCP with 20 bytes of options. */
#define WEIR_HEADER_FRAME_MAX 74

/*
 * Writes Ethernet (type only), IPv4 (DF, TTL 64, id 0) and TCP with both checksums into frame,
 * which has room for WEIR_HEADER_FRAME_MAX bytes. Returns the frame's length. Never fails.
 */
uint16_t weir_build_tcp(uint8_t *frame, const struct weir_header *h);

/*
 * ARP in 42 bytes, the Ethernet addresses included: from the sender, a request to everybody, a reply
 * to target_mac. op is WEIR_ARP_REQUEST or WEIR_ARP_REPLY. Returns WEIR_ARP_FRAME_LEN.
 */
#define WEIR_ARP_FRAME_LEN 42
uint16_t weir_build_arp(uint8_t *frame, uint16_t op, const uint8_t sender_mac[6],
	uint32_t sender_be, const uint8_t target_mac[6], uint32_t target_be);

/*
 * Turns an ICMP echo request at f->data (WEIR_PARSED_ICMP) into its reply, in place, with a TTL of
 * 64. L3 and L4 only; checksums are updated, so that a wrong one stays wrong.
 */
void weir_build_echo_reply(const struct weir_frame *f);

/*
 * Recomputes the TCP checksum of f, which was parsed into seg, from the bytes as they are now (contiguous
 * frames only: head_len == len). For frames that came in as WEIR_CSUM_PARTIAL.
 */
void weir_build_tcp_csum(const struct weir_frame *f, const struct weir_seg *seg);

#endif
