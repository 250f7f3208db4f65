/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP (RFC 826): IPv4's neighbour protocol over Ethernet. */
#ifndef WEIR_WIRE_ARP_H
#define WEIR_WIRE_ARP_H

#include <stdbool.h>

#include "wire/eth.h"

#define WEIR_ARP_FRAME_LEN 42

/* The message of a frame that weir_parse() called WEIR_PARSED_ARP. */
static inline struct weir_arp_hdr *weir_arp(const struct weir_frame *f)
{
	return (struct weir_arp_hdr *)(f->data + WEIR_ETH_LEN);
}

/* An Ethernet/IPv4 request or reply follows the Ethernet header; otherwise *why says what is wrong. */
bool weir_arp_check(const struct weir_frame *f, enum weir_fate *why);

/*
 * Writes a message of WEIR_ARP_FRAME_LEN bytes, the Ethernet addresses included: from the sender, a request
 * to everybody, a reply to target_mac. op is WEIR_ARP_REQUEST or WEIR_ARP_REPLY. Returns the length.
 */
uint16_t weir_build_arp(uint8_t *frame, uint16_t op, const uint8_t sender_mac[6],
	uint32_t sender_be, const uint8_t target_mac[6], uint32_t target_be);

#endif
