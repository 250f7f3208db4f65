/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What both neighbour protocols (dp/arp.h, dp/nd.h) share: which addresses are ours to answer for, how often, and
 * what happens when another host says that it has one of them (HC-67). Belongs to the worker that has tx.
 */
#ifndef WEIR_DP_OURS_H
#define WEIR_DP_OURS_H

#include "dp/tx.h"

/* A worker's budget of answers: so many to known next hops, and as many to all others (HC-67). */
#define WEIR_NEIGH_ANSWERS_PER_S 1000

/*
 * addr is ours on that interface: a VIP or local address is ours on the interfaces whose subnets contain
 * it, or on all interfaces when no subnet does.
 */
bool weir_is_ours(const struct weir_policy *p, const struct weir_addr *addr,
	unsigned int interface);

/* One of our MAC addresses, on whatever port: what we have sent comes back. */
bool weir_is_our_mac(const struct weir_tx *tx, const uint8_t mac[6]);

/* An answer to that host may be sent now. false: its budget is used up. */
bool weir_may_answer(struct weir_tx *tx, uint8_t interface, const struct weir_addr *addr,
	const uint8_t mac[6]);

/*
 * RFC 5227 §2.4: another host, which has that MAC, uses addr, an address of ours. It is noted for the log, and
 * the address is defended by an announcement (b), but not against a host that does the same: once in 10 s by each
 * worker, whatever other addresses are claimed meanwhile.
 */
void weir_take_conflict(struct weir_tx *tx, uint8_t interface, const struct weir_addr *addr,
	const uint8_t mac[6]);

/* The fate of a packet by which a host claimed an address. */
enum weir_fate weir_fate_of_claim(enum weir_neigh_claim claim, enum weir_fate learned,
	enum weir_fate doubted, enum weir_fate other);

#endif
