/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which families a world speaks. A service, its VIP and its backends are of one; clients have an address of
 * either and use what the service has. Hosts are numbers (tests/lib/ip.h), the same in both.
 */
#ifndef WEIR_SIM_FAMILY_H
#define WEIR_SIM_FAMILY_H

#include "ip.h"

enum sim_family {
	SIM_IPV4,
	SIM_IPV6,
	SIM_BOTH, /* of each mode, and of those with a banner, one service in either */
	SIM_FAMILIES
};

extern const char *const sim_family_names[SIM_FAMILIES];

/* The family of that name; SIM_FAMILIES: there is none. */
enum sim_family sim_family_find(const char *name);

/* What a service and its backends speak. */
enum weir_family sim_family_of(enum sim_family world, unsigned int service);

/* What a path carries as one segment's payload when IPv4 carries that much: less in IPv6, whose header is longer. */
static inline uint16_t sim_family_mss(enum weir_family family, uint16_t ipv4)
{
	return (uint16_t)(family == WEIR_FAMILY_IPV6 ? ipv4 - 20 : ipv4);
}

/* RFC 9293 §3.7.1: without the option. */
static inline uint16_t sim_family_mss_default(enum weir_family family)
{
	return family == WEIR_FAMILY_IPV6 ? 1220 : 536;
}

#endif
