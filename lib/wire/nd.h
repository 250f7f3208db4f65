/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbour discovery (RFC 4861): IPv6's neighbour protocol. */
#ifndef WEIR_WIRE_ND_H
#define WEIR_WIRE_ND_H

#include <stdbool.h>
#include <stdint.h>

/* Messages of neighbour discovery, by their ICMPv6 type: RFC 4861 §4. */
enum weir_nd_type {
	WEIR_ND_ROUTER_SOLICITATION = 133,
	WEIR_ND_ROUTER_ADVERTISEMENT = 134,
	WEIR_ND_SOLICITATION = 135,
	WEIR_ND_ADVERTISEMENT = 136,
	WEIR_ND_REDIRECT = 137,
};

static inline bool weir_nd_is_type(uint8_t icmp_type)
{
	return icmp_type >= WEIR_ND_ROUTER_SOLICITATION && icmp_type <= WEIR_ND_REDIRECT;
}

#endif
