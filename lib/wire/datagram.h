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
	uint32_t l4_len; /* bytes behind the IP headers; all of them are in the frame */
	uint8_t family;  /* enum weir_family */
	uint8_t proto;   /* of what is behind the IP headers: WEIR_PROTO_* */
	/* where the IP header begins in the frame, and what is behind it and its extensions */
	uint8_t l3_off, l4_off;
};

/*
 * The sum of the pseudo header in front of a protocol, to go on from with base/csum.h. RFC 9293 §3.1 and RFC
 * 8200 §8.1 lay it out differently and come to the same sum.
 */
static inline uint64_t weir_pseudo_sum_of(uint8_t proto, uint64_t addr_sum, uint16_t l4_len)
{
	return addr_sum + weir_be16(proto) + weir_be16(l4_len);
}

/* In front of TCP. */
static inline uint64_t weir_pseudo_sum(uint64_t addr_sum, uint16_t l4_len)
{
	return weir_pseudo_sum_of(WEIR_PROTO_TCP, addr_sum, l4_len);
}

#endif
