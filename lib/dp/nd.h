/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbour discovery (RFC 4861), IPv6's neighbour protocol, by the rules of HC-67 that hold for ARP: solicitations
 * for our addresses are answered within a budget, conflicts are noted and defended (dp/ours.h), and the MACs of next hops
 * are learned from answers to our own solicitations only (dp/neigh.h). dp/keeper.h sends those.
 *
 * DEVIATION: RFC 4862 §5.4.5 gives an address up when another host has it. We log it and go on, as with IPv4: else
 * any host on the link could take a VIP away (decision 0093).
 */
#ifndef WEIR_DP_ND_H
#define WEIR_DP_ND_H

#include "dp/ours.h"

/* Handles a received message (WEIR_KIND_ND): frees or reuses its buffer, counts its fate. */
void weir_nd_receive(struct weir_tx *tx, struct weir_pkt *pkt);

#endif
