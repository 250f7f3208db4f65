/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARP (RFC 826), IPv4's neighbour protocol: requests for our addresses are answered within a budget, conflicts are
 * noted (dp/ours.h), and the MACs of next hops are learned (dp/neigh.h). dp/keeper.h sends our own requests.
 */
#ifndef WEIR_DP_ARP_H
#define WEIR_DP_ARP_H

#include "dp/ours.h"

/* Handles a received ARP frame (WEIR_KIND_ARP): frees or reuses its buffer, counts its fate. */
void weir_arp_receive(struct weir_tx *tx, struct weir_pkt *pkt);

#endif
