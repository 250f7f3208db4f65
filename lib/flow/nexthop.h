/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next hops, and groups of them: several routers on one interface that lead to the same destinations, of
 * which each flow has one (ECMP, dp/multipath.h). A group stands in the policy's nexthops[] beside its
 * members, so that a backend's next hop is one number in any case; where several gateways lead to clients,
 * the interface has the group's number.
 *
 * While a policy is made: one thread.
 */
#ifndef WEIR_FLOW_NEXTHOP_H
#define WEIR_FLOW_NEXTHOP_H

#include "flow/policy.h"

/* What is known of a next hop's MAC address. */
enum weir_nexthop_state {
	WEIR_NEXTHOP_INCOMPLETE,  /* asked for, never answered */
	WEIR_NEXTHOP_REACHABLE,   /* it answers */
	WEIR_NEXTHOP_PROBE,       /* it is asked again, and has not answered yet */
	WEIR_NEXTHOP_UNREACHABLE, /* it has not answered; the MAC is that of its last answer */
	WEIR_NEXTHOP_STATIC,      /* configured; it is never asked */
};

/* A next hop as it is shown to people. */
struct weir_nexthop_record {
	struct weir_addr addr; /* of an advertised router its own; fe80:: while there is none */
	uint8_t interface;     /* in the policy's interfaces[] */
	uint8_t mac[6];        /* all zero: not known */
	uint8_t state;         /* enum weir_nexthop_state */
	bool is_router;        /* backends or clients are behind it */
	bool is_member;        /* of a group */
	bool is_group;         /* it has members, and nothing of all that but the interface */
	uint64_t age_ms;       /* since its last answer; 0: static, or it never answered */
};

/* "reachable" */
const char *weir_nexthop_state_name(unsigned int state);

/*
 * The number of that next hop, by address and interface; met before or new: there must be room for
 * it. A static MAC that it has, and the one met before had not, is its MAC from here on.
 */
uint16_t weir_policy_nexthop(struct weir_policy *p, const struct weir_nexthop *hop);

/*
 * The number of the group of those next hops, which are on one interface, 1..WEIR_NEXTHOP_MEMBERS_MAX; met before or
 * new, as above. One alone is its own group.
 */
uint16_t weir_policy_group(struct weir_policy *p, const uint16_t *members, unsigned int n);

/* from's next hop, or group, i in `to`, in which there must be room for it and its members. Its number there. */
uint16_t weir_nexthop_copy(struct weir_policy *to, const struct weir_policy *from, uint16_t i);

/* The same, but one that `to` has already keeps the MAC that it has there, or has none. */
uint16_t weir_nexthop_keep(struct weir_policy *to, const struct weir_policy *from, uint16_t i);

/* The same addresses. */
bool weir_nexthop_same(const struct weir_policy *a, uint16_t i, const struct weir_policy *b,
	uint16_t j);

/* Its address, a group's first. */
const struct weir_addr *weir_nexthop_addr(const struct weir_policy *p, uint16_t i);

/* It, or a member of it, is in that subnet. */
bool weir_nexthop_in(const struct weir_policy *p, uint16_t i,
	const struct weir_interface_addr *net);

#endif
