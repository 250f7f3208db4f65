/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several routers to the same destinations (ECMP): which of a group's members (flow/nexthop.h) a flow goes by. All frames of a
 * flow have the same hash of addresses and ports, under the policy's secret, and while all members answer that
 * is all that counts. A member that is down leaves the choice: its flows are spread over the others, whose
 * own flows stay where they are; they come back when it answers again. Pure functions of the frame and the
 * neighbour table; any worker may call them.
 */
#ifndef WEIR_DP_MULTIPATH_H
#define WEIR_DP_MULTIPATH_H

#include <rte_mbuf.h>

#include "dp/neigh.h"

/* The hash of the flow of a frame that is to be sent, without a tag. */
uint64_t weir_multipath_hash(const struct weir_policy *p, const struct rte_mbuf *m);

/* The group's member for that flow. When no member is live, the one that it would have if all were. */
uint16_t weir_multipath_choose(const struct weir_neighs *n, uint16_t group, uint64_t hash);

/*
 * m is for that MAC address on that interface, a client's neighbour. When the interface has several gateways and
 * this is one that is down, mac is another one's from here on, if one is live.
 */
void weir_multipath_stand_in(const struct weir_neighs *n, uint8_t interface,
	const struct rte_mbuf *m, uint8_t mac[6]);

#endif
