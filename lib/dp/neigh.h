/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Ethernet addresses of the policy's next hops. Written by whichever worker hears the answer,
 * read by all: one atomic word each. Clients' neighbours are not here: they are remembered from
 * their own frames (struct weir_neighbour), so a flood looks nothing up.
 */
#ifndef WEIR_DP_NEIGH_H
#define WEIR_DP_NEIGH_H

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "flow/policy.h"

#define WEIR_NEIGH_RETRY_NS   1000000000ull  /* between requests, while nobody answers */
#define WEIR_NEIGH_URGENT_NS  100000000ull   /* ... and packets wait for it */
#define WEIR_NEIGH_REFRESH_NS 30000000000ull /* since the last answer, before asking again */

struct weir_neigh {
	/* atomics, each by itself */
	uint64_t mac; /* the address's bytes first, then zeroes; 0: not known */
	uint64_t asked_ns, confirmed_ns;
} __attribute__((aligned(64)));

struct weir_neighs {
	const struct weir_policy *policy;
	struct weir_neigh *at; /* by index into the policy's nexthops */
	uint16_t *order;       /* those indices by port and address */
	uint32_t *sender_be;   /* who asks: our address in the next hop's subnet */
};

/* Takes memory for the policy's next hops, none of them known. Measures when the arena does. */
void weir_neighs_init(struct weir_neighs *n, struct weir_arena *arena,
	const struct weir_policy *policy);

/* What is known of next hops that both have, where `before` has heard of them later. */
void weir_neighs_follow(struct weir_neighs *n, const struct weir_neighs *before);

/* The address of that next hop; false while it is not known. */
static inline bool weir_neigh_mac(const struct weir_neighs *n, uint16_t nexthop, uint8_t mac[6]);

/*
 * Whether a request is to be sent now: the next hop is not known or not heard of lately, and was
 * not asked within retry_ns. true notes that it is asked.
 */
bool weir_neigh_due(struct weir_neighs *n, uint16_t nexthop, uint64_t now_ns, uint64_t retry_ns);

/* What somebody on that port says of himself. false: no next hop of ours. */
bool weir_neigh_learn(struct weir_neighs *n, uint8_t port, uint32_t addr_be, const uint8_t mac[6],
	uint64_t now_ns);

/* The first of the port's own addresses whose subnet holds addr, or NULL. */
const struct weir_port_addr *weir_neigh_subnet(const struct weir_port *port, uint32_t addr_be);

/* inline definitions */

static inline bool weir_neigh_mac(const struct weir_neighs *n, uint16_t nexthop, uint8_t mac[6])
{
	uint64_t word = __atomic_load_n(&n->at[nexthop].mac, __ATOMIC_RELAXED);

	memcpy(mac, &word, 6);
	return word != 0;
}

#endif
