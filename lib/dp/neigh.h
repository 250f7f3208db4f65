/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours: the MAC addresses of the policy's next hops, static or learned, by ARP (dp/arp.c) or IPv6's
 * neighbour discovery (dp/nd.c). The worker that receives such a frame writes, all workers read: atomic
 * words, each by itself. Clients' neighbours are not here: a connection keeps the MAC that its client's
 * frames came from (struct weir_neighbour), so a flood looks up no neighbour.
 *
 * HC-67: anybody on the link may claim any address, so a claim is no proof. Only the answer to a
 * request of ours is learned. A next hop that is known is asked by unicast, every
 * WEIR_NEIGH_REFRESH_NS, and at once when there is doubt: another MAC claims its address, or it does
 * not answer our SYNs. While it answers, nothing changes. When it did not answer WEIR_NEIGH_PROBES
 * times, all that may be it are asked, and the answer to that is the new MAC. Meanwhile the old one is used.
 */
#ifndef WEIR_DP_NEIGH_H
#define WEIR_DP_NEIGH_H

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "flow/nexthop.h"

#define WEIR_NEIGH_RETRY_NS   1000000000ull  /* between broadcast requests without an answer */
#define WEIR_NEIGH_URGENT_NS  100000000ull   /* ... while packets are dropped for want of it */
#define WEIR_NEIGH_REFRESH_NS 30000000000ull /* since the last answer, before the next request */
#define WEIR_NEIGH_MEMBER_NS                                                                       \
	1000000000ull /* ... of one of several routers: another one can take over */
#define WEIR_NEIGH_PROBE_NS  500000000ull  /* a known next hop may take so long to answer */
#define WEIR_NEIGH_PROBES    2             /* unicast requests without an answer: it is not there */
#define WEIR_NEIGH_ANSWER_NS 1000000000ull /* what comes later answers nothing */
/* RFC 4861 §10, RFC 7559 §2: between router solicitations; it doubles each time, so often at most */
#define WEIR_NEIGH_ROUTERS_NS      4000000000ull
#define WEIR_NEIGH_ROUTERS_DOUBLED 8

struct weir_neigh {
	/* atomics, each by itself */
	uint64_t mac;                    /* the MAC's six bytes, then two zeroes; 0: not known */
	uint64_t asked_ns, confirmed_ns; /* the last request, the last answer */
	uint32_t probes;                 /* requests to a known MAC since its last answer */
	uint32_t doubted;                /* 1: it is to be asked now */
	/* of an advertised router (weir_nd_any_router()): which one, until when it is one; 0: none is known */
	uint64_t router, router_until_ns;
	uint32_t solicited; /* router solicitations without a router */
} __attribute__((aligned(64)));

/* The request that is due. */
enum weir_neigh_request {
	WEIR_NEIGH_NO_REQUEST,
	WEIR_NEIGH_UNICAST,   /* to the MAC that is known */
	WEIR_NEIGH_BROADCAST, /* to all that may have the address: with IPv6 to its group */
	WEIR_NEIGH_ROUTERS,   /* to all routers: which of them are there? */
};

/* What became of a sender's claim. */
enum weir_neigh_claim {
	WEIR_NEIGH_NO_HOP,  /* not about a next hop, or nothing new */
	WEIR_NEIGH_LEARNED, /* the answer to our request */
	WEIR_NEIGH_DOUBTED, /* another MAC than the known one: that one is asked */
};

struct weir_neighs {
	const struct weir_policy *policy;
	struct weir_neigh *at; /* by index into the policy's nexthops */
	uint16_t *order;       /* those indices by interface and address */
	/* of the request: our address in the next hop's subnet; unspecified: we have none that fits */
	struct weir_addr *sender;
	uint32_t n_down; /* atomic: members of groups that are, as the keeper saw them last */
};

/* Takes memory for the policy's next hops, none of them known. Measures when the arena does. */
void weir_neighs_init(struct weir_neighs *n, struct weir_arena *arena,
	const struct weir_policy *policy);

/* Copies MACs from `before` for next hops that both have, where it has the later answer. */
void weir_neighs_follow(struct weir_neighs *n, const struct weir_neighs *before);

/* The MAC of that next hop; false: unknown, mac is zeroed. */
static inline bool weir_neigh_mac(const struct weir_neighs *n, uint16_t nexthop, uint8_t mac[6]);

/*
 * The request that is due, if any; it is noted as sent. retry_ns: between broadcasts. A static
 * next hop is never asked.
 */
enum weir_neigh_request weir_neigh_due(struct weir_neighs *n, uint16_t nexthop, uint64_t now_ns,
	uint64_t retry_ns);

/* A host on that interface says that it has addr. is_reply: the claim answers a request. */
enum weir_neigh_claim weir_neigh_claim(struct weir_neighs *n, uint8_t interface,
	const struct weir_addr *addr, const uint8_t mac[6], bool is_reply, uint64_t now_ns);

/*
 * An advertisement of that router came in by that interface, for which it wants to be a router for so long; 0: no longer.
 * It is taken when the interface's gateway is an advertised one and has no router that answers, and no time ends
 * earlier than was said before (HC-67: anybody may send it). false: it changes nothing.
 */
bool weir_neigh_router(struct weir_neighs *n, uint8_t interface, const struct weir_addr *router,
	uint16_t lifetime_s, uint64_t now_ns);

/* The host with that address has answered, and is no router: RFC 4861 §7.3.3. */
void weir_neigh_no_router(struct weir_neighs *n, uint8_t interface, const struct weir_addr *addr);

/* The address that the next hop has at present: of an advertised router its own. */
struct weir_addr weir_neigh_addr(const struct weir_neighs *n, uint16_t nexthop);

/* It was known, and does not answer any more: its group's flows go by other members. */
bool weir_neigh_is_down(const struct weir_neighs *n, uint16_t nexthop);

/* It has a MAC address and is not down. */
bool weir_neigh_is_live(const struct weir_neighs *n, uint16_t nexthop);

/* As people are shown it. */
struct weir_nexthop_record weir_neigh_look(const struct weir_neighs *n, uint16_t nexthop,
	uint64_t now_ns);

/* The next hop does not answer what is sent to it: it is verified, unless it was a moment ago. */
void weir_neigh_doubt(struct weir_neighs *n, uint16_t nexthop, uint64_t now_ns);

/* That is a next hop on that interface, with the MAC that is known. */
bool weir_neigh_is_known(const struct weir_neighs *n, uint8_t interface,
	const struct weir_addr *addr, const uint8_t mac[6]);

/* The first of the interface's own addresses whose subnet holds addr, or NULL. */
const struct weir_interface_addr *weir_neigh_subnet(const struct weir_interface *interface,
	const struct weir_addr *addr);

/* inline definitions */

static inline bool weir_neigh_mac(const struct weir_neighs *n, uint16_t nexthop, uint8_t mac[6])
{
	uint64_t word = __atomic_load_n(&n->at[nexthop].mac, __ATOMIC_RELAXED);

	memcpy(mac, &word, 6);
	return word != 0;
}

#endif
