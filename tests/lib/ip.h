/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP headers of either family as tests write and read them, without the code under test. A host is a number of
 * 32 bits. In IPv4 it is the address; in IPv6 it is in the upper half of one, 2001:db8:NUMBER::1, so that each
 * host has a /64 of its own and what is a /24 for IPv4 is a /56 for IPv6 (flow/crowd.h).
 */
#ifndef WEIR_TESTS_IP_H
#define WEIR_TESTS_IP_H

#include <stddef.h>
#include <stdint.h>

#include "wire/addr.h"
#include "wire/datagram.h"

#define IP_OFF     14 /* of the IP header in a frame */
#define IP_LEN_MAX 40

/* A packet's IP header, without options or extension headers. */
struct datagram {
	uint8_t family;    /* enum weir_family; 0 is IPv4, too */
	uint8_t proto;     /* WEIR_PROTO_* */
	uint8_t hop_limit; /* TTL */
	uint32_t src, dst; /* hosts; of one that was read: 0 when it is none of a test's */
	uint16_t l4_len;   /* bytes behind the header */
};

/* The family's address of a host, and whose address that is: 0, if no test's. */
struct weir_addr ip_addr(enum weir_family family, uint32_t host);
uint32_t ip_host(const struct weir_addr *addr);

/* A subnet's bits as the policy counts them, of a subnet of IPv4 with that many. */
uint8_t ip_prefix(enum weir_family family, uint8_t bits);

static inline size_t ip_len(enum weir_family family)
{
	return family == WEIR_FAMILY_IPV6 ? 40 : 20;
}

/* Where the upper layer begins in a frame of that family. */
static inline size_t ip_l4_off(enum weir_family family)
{
	return IP_OFF + ip_len(family);
}

/* Of a frame, by its Ethernet type: IPv6, or anything else. */
enum weir_family ip_family(const uint8_t *frame);

/* Writes Ethernet's type and the header; returns where the upper layer begins. */
uint8_t *ip_write(uint8_t *frame, const struct datagram *ip);

/* Reads a header of either family, of a frame or of what an error quotes; all its bytes must be there. */
struct datagram ip_read(const uint8_t *at);

/* The header's own checksum is right, if the family has one. */
bool ip_sum_right(const uint8_t *at);

/*
 * The sum over pseudo header and upper layer, not complemented: 0xffff when the checksum is right. (ICMP has a
 * pseudo header in IPv6 only.)
 */
uint16_t ip_l4_sum(const uint8_t *at);

/* Makes the checksums of a frame right for the bytes as they are. */
void ip_mend(uint8_t *frame);

#endif
