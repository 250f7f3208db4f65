/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours: the MAC addresses of the policy's next hops, learned by ARP. The worker that receives an
 * ARP reply writes, all workers read: one atomic word each. Clients' neighbours are not here: a
 * connection keeps the MAC that its client's frames came from (struct weir_neighbour), so a flood
 * looks up no neighbour. IPv4 only, as ARP is: addresses are in network order.
 */
#ifndef WEIR_DP_NEIGH_H
#define WEIR_DP_NEIGH_H

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "flow/policy.h"

#define WEIR_NEIGH_RETRY_NS   1000000000ull  /* between requests without an answer */
#define WEIR_NEIGH_URGENT_NS  100000000ull   /* ... while packets are dropped for want of it */
#define WEIR_NEIGH_REFRESH_NS 30000000000ull /* since the last answer, before the next request */

struct weir_neigh {
	/* atomics, each by itself */
	uint64_t mac; /* the MAC's six bytes, then two zeroes; 0: not known */
	uint64_t asked_ns, confirmed_ns;
} __attribute__((aligned(64)));

struct weir_neighs {
	const struct weir_policy *policy;
	struct weir_neigh *at; /* by index into the policy's nexthops */
	uint16_t *order;       /* those indices by interface and address */
	uint32_t *sender_be;   /* of the ARP request: our address in the next hop's subnet */
};

/* Takes memory for the policy's next hops, none of them known. Measures when the arena does. */
void weir_neighs_init(struct weir_neighs *n, struct weir_arena *arena,
	const struct weir_policy *policy);

/* Copies MACs from `before` for next hops that both have, where it has the later answer. */
void weir_neighs_follow(struct weir_neighs *n, const struct weir_neighs *before);

/* The MAC of that next hop; false: unknown, mac is zeroed. */
static inline bool weir_neigh_mac(const struct weir_neighs *n, uint16_t nexthop, uint8_t mac[6]);

/*
 * An ARP request is due: the next hop's MAC is unknown, or not confirmed for WEIR_NEIGH_REFRESH_NS,
 * and no request was sent within retry_ns. true notes that one is sent now.
 */
bool weir_neigh_due(struct weir_neighs *n, uint16_t nexthop, uint64_t now_ns, uint64_t retry_ns);

/*
 * An ARP sender on that interface states its MAC. false: it is no next hop of ours, nothing is
 * learned.
 */
bool weir_neigh_learn(struct weir_neighs *n, uint8_t interface, uint32_t addr_be,
	const uint8_t mac[6], uint64_t now_ns);

/* The first of the interface's own addresses whose subnet holds addr, or NULL. */
const struct weir_interface_addr *weir_neigh_subnet(const struct weir_interface *interface,
	uint32_t addr_be);

/* inline definitions */

static inline bool weir_neigh_mac(const struct weir_neighs *n, uint16_t nexthop, uint8_t mac[6])
{
	uint64_t word = __atomic_load_n(&n->at[nexthop].mac, __ATOMIC_RELAXED);

	memcpy(mac, &word, 6);
	return word != 0;
}

#endif
