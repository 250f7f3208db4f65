/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The side path: ARP (RFC 826). Our addresses are answered for and announced, next hops are asked
 * for and listened to. Everything here is bounded per loop.
 */
#ifndef WEIR_DP_ARP_H
#define WEIR_DP_ARP_H

#include "dp/tx.h"

/* One worker does the house-keeping for all. */
struct weir_arp_keeper {
	uint64_t next_pass_ns; /* over the next hops */
	uint32_t next_nexthop;
	uint32_t next_station;              /* to announce */
	uint32_t announcing;                /* bit per port */
	uint32_t announced[WEIR_PORTS_MAX]; /* weir_nic's number that was last seen */
};

/*
 * An address of ours, as seen from that port: a VIP belongs to the ports whose subnets it lies in,
 * or to all when there is none; so does a port's own address.
 */
bool weir_arp_ours(const struct weir_policy *p, const struct weir_addr *addr, unsigned int port);

/* A received ARP frame (WEIR_PARSED_ARP). Takes its buffer, counts its fate. */
void weir_arp_receive(struct weir_tx *tx, struct weir_pkt *pkt);

/* All addresses of ours, on all ports: some may be new. */
void weir_arp_announce(struct weir_arp_keeper *k, const struct weir_tx *tx);

/* Requests and announcements that are due: a piece of the work each time. */
void weir_arp_keep(struct weir_arp_keeper *k, struct weir_tx *tx);

#endif
