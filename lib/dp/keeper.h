/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What synweir says to its neighbours without being asked: requests for the MACs of next hops (dp/neigh.h), and
 * announcements of our addresses when a port has come up or a VIP is new (RFC 5227 §3, RFC 4861 §7.2.6).
 * An IPv6 address is probed for a second before it is announced (RFC 4862 §5.4), and its group is reported (dp/mld.h). One worker does this for all; the
 * work is bounded per loop.
 */
#ifndef WEIR_DP_KEEPER_H
#define WEIR_DP_KEEPER_H

#include "dp/mld.h"
#include "dp/ours.h"

/* A walk over all endpoints, some a call. */
enum weir_keeper_walk {
	WEIR_KEEPER_REST,
	WEIR_KEEPER_PROBE,    /* announces IPv4 addresses, probes for IPv6 ones */
	WEIR_KEEPER_WAIT,     /* a host that has one of them may say so */
	WEIR_KEEPER_ANNOUNCE, /* the IPv6 ones */
};

struct weir_keeper {
	struct weir_mld_walk groups;
	uint64_t next_pass_ns; /* over the next hops */
	uint32_t next_nexthop;
	uint32_t n_down; /* members of groups, in this pass so far */
	uint8_t walk;    /* enum weir_keeper_walk */
	bool probed;     /* this walk has met an IPv6 address */
	uint32_t next_endpoint;
	uint64_t announce_ns;               /* the end of WEIR_KEEPER_WAIT */
	uint32_t announcing;                /* bit per port */
	uint32_t announced[WEIR_PORTS_MAX]; /* weir_nic.announce as last seen */
};

/* From the next weir_keeper_turn() on, all our addresses are announced on all interfaces. */
void weir_keeper_announce(struct weir_keeper *k, const struct weir_tx *tx);

/* Sends requests and announcements that are due: a bounded number per call. */
void weir_keeper_turn(struct weir_keeper *k, struct weir_tx *tx);

#endif
