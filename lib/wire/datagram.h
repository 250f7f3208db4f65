/* SPDX-License-Identifier: BSD-3-Clause */
/* What an IP header says, the same for both families: what a family's reader hands to TCP and ICMP. */
#ifndef WEIR_WIRE_DATAGRAM_H
#define WEIR_WIRE_DATAGRAM_H

#include <stdint.h>

#include "wire/hdr.h"

/* By the version field of the header. */
enum weir_family {
	WEIR_FAMILY_IPV4 = 4,
	WEIR_FAMILY_IPV6 = 6,
};

struct weir_datagram {
	uint64_t
		addr_sum; /* of both addresses, unfolded (base/csum.h): the pseudo header's first part */
	uint32_t l4_len;        /* bytes behind the IP header; all of them are in the frame */
	uint8_t family;         /* enum weir_family */
	uint8_t proto;          /* of what is behind the IP header: WEIR_PROTO_* */
	uint8_t l3_off, l4_off; /* where the IP header and what is behind it begin in the frame */
};

/*
 * The sum of the pseudo header in front of TCP, to go on from with base/csum.h. RFC 9293 §3.1 and RFC 8200
 * §8.1 lay it out differently and come to the same sum.
 */
static inline uint64_t weir_pseudo_sum(uint64_t addr_sum, uint16_t l4_len)
{
	return addr_sum + weir_be16(WEIR_PROTO_TCP) + weir_be16(l4_len);
}

#endif
