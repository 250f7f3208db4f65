// SPDX-License-Identifier: BSD-3-Clause
#include <stdbool.h>
#include <string.h>

#include "wire/arp.h"

/* No host has a group address (RFC 1812 §3.3.2). */
bool weir_arp_check(const struct weir_frame *f, enum weir_fate *why)
{
	const struct weir_arp_hdr *arp = weir_arp(f);
	uint16_t op;

	*why = WEIR_FATE_arp_malformed;
	if (f->head_len < WEIR_ARP_FRAME_LEN) {
		*why = weir_frame_cut(f, WEIR_ARP_FRAME_LEN);
		return false;
	}
	op = weir_be16(arp->op_be);
	return arp->hw_be == weir_be16(1) && arp->proto_be == weir_be16(WEIR_ETH_IPV4) &&
		arp->hw_len == 6 && arp->proto_len == 4 && (arp->sender_mac[0] & 1) == 0 &&
		(op == WEIR_ARP_REQUEST || op == WEIR_ARP_REPLY);
}

uint16_t weir_build_arp(uint8_t *frame, uint16_t op, const uint8_t sender_mac[6],
	uint32_t sender_be, const uint8_t target_mac[6], uint32_t target_be)
{
	struct weir_eth_hdr *eth = (void *)frame;
	struct weir_arp_hdr *arp = (void *)(frame + WEIR_ETH_LEN);

	if (op == WEIR_ARP_REQUEST)
		memset(eth->dst, 0xff, 6);
	else
		memcpy(eth->dst, target_mac, 6);
	memcpy(eth->src, sender_mac, 6);
	eth->type_be = weir_be16(WEIR_ETH_ARP);

	arp->hw_be = weir_be16(1); /* Ethernet */
	arp->proto_be = weir_be16(WEIR_ETH_IPV4);
	arp->hw_len = 6;
	arp->proto_len = 4;
	arp->op_be = weir_be16(op);
	memcpy(arp->sender_mac, sender_mac, 6);
	memcpy(arp->sender_ip, &sender_be, 4);
	memcpy(arp->target_mac, target_mac, 6);
	memcpy(arp->target_ip, &target_be, 4);
	return WEIR_ARP_FRAME_LEN;
}
