/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARP (RFC 826): requests for our addresses are answered within a budget, our addresses are announced
 * and defended (RFC 5227 §3, §2.4), and the MACs of next hops are requested and learned (dp/neigh.h).
 * The work is bounded per loop. IPv4's; IPv6 has neighbour discovery instead.
 */
#ifndef WEIR_DP_ARP_H
#define WEIR_DP_ARP_H

#include "dp/tx.h"

/* A worker's budget of replies: so many to known next hops, and as many to all others (HC-67). */
#define WEIR_ARP_REPLIES_PER_S 1000

/* Requests and announcements are sent by one worker for all. */
struct weir_arp_keeper {
	uint64_t next_pass_ns; /* over the next hops */
	uint32_t next_nexthop;
	uint32_t next_endpoint;             /* to announce */
	uint32_t announcing;                /* bit per port */
	uint32_t announced[WEIR_PORTS_MAX]; /* weir_nic.announce as last seen */
};

/*
 * addr is ours on that interface: a VIP or local address is ours on the interfaces whose subnets contain
 * it, or on all interfaces when no subnet does.
 */
bool weir_arp_ours(const struct weir_policy *p, const struct weir_addr *addr,
	unsigned int interface);

/* Handles a received ARP frame (WEIR_PARSED_ARP): frees or reuses its buffer, counts its fate. */
void weir_arp_receive(struct weir_tx *tx, struct weir_pkt *pkt);

/* From the next weir_arp_keep() on, all our addresses are announced on all interfaces. */
void weir_arp_announce(struct weir_arp_keeper *k, const struct weir_tx *tx);

/* Sends requests and announcements that are due: a bounded number per call. */
void weir_arp_keep(struct weir_arp_keeper *k, struct weir_tx *tx);

#endif
