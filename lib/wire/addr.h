/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An IP address: 16 bytes in network order everywhere above wire/, IPv4 as ::ffff:a.b.c.d (RFC 4291
 * §2.5.5.2). All functions are pure; any thread may call them.
 *
 * wire/ owns what is on the wire: headers, parsing, the one TCP option iterator, building frames.
 * It knows no connection, no policy, no clock, no DPDK.
 */
#ifndef WEIR_WIRE_ADDR_H
#define WEIR_WIRE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

struct weir_addr {
	union {
		uint8_t b[16];
		uint32_t w[4]; /* network order; w[3] is the IPv4 address: weir_addr_v4_be() */
		uint64_t q[2];
	};
} __attribute__((packed, aligned(4))); /* 4: so that a key of address, port, id is 20 bytes */

/* The longest text of an address, with its NUL (INET6_ADDRSTRLEN). */
#define WEIR_ADDR_TEXT 46

/* Bytes 8 to 11 of a mapped address, as the word that a load of them gives. */
static inline uint32_t weir_addr_mark(void)
{
	const uint8_t mark[4] = {0, 0, 0xff, 0xff};
	uint32_t word;

	__builtin_memcpy(&word, mark, 4);
	return word;
}

static inline struct weir_addr weir_addr_v4(uint32_t addr_be)
{
	const uint32_t half[2] = {weir_addr_mark(), addr_be};
	struct weir_addr a;

	/* two stores of the width that addresses are compared in: the loads need not wait for them */
	a.q[0] = 0;
	__builtin_memcpy(&a.q[1], half, 8);
	return a;
}

/* The IPv4 address in a mapped one, network order. For other addresses it is their last four bytes. */
static inline uint32_t weir_addr_v4_be(const struct weir_addr *a)
{
	return a->w[3];
}

static inline bool weir_addr_is_v4(const struct weir_addr *a)
{
	return (a->q[0] | (a->w[2] ^ weir_addr_mark())) == 0;
}

static inline bool weir_addr_eq(const struct weir_addr *a, const struct weir_addr *b)
{
	return ((a->q[0] ^ b->q[0]) | (a->q[1] ^ b->q[1])) == 0;
}

/* The unspecified address of a family: 0.0.0.0 or ::. */
static inline struct weir_addr weir_addr_any(bool v4)
{
	const struct weir_addr none = {.q = {0, 0}};

	return v4 ? weir_addr_v4(0) : none;
}

static inline bool weir_addr_same_family(const struct weir_addr *a, const struct weir_addr *b)
{
	return weir_addr_is_v4(a) == weir_addr_is_v4(b);
}

/*
 * a lies in the subnet of net: they are of one family, and their first `prefix` bits (0..128; IPv4 counts from
 * 96) are the same. So ::/0 has no IPv4 address in it.
 */
static inline bool weir_addr_in(const struct weir_addr *a, const struct weir_addr *net,
	unsigned int prefix)
{
	unsigned int whole = prefix / 8, rest = prefix % 8;

	if (!weir_addr_same_family(a, net) || __builtin_memcmp(a->b, net->b, whole) != 0)
		return false;
	return rest == 0 || (a->b[whole] ^ net->b[whole]) >> (8 - rest) == 0;
}

/* Writes the text ("192.0.2.1", "2001:db8::1" as RFC 5952 has it) into text[WEIR_ADDR_TEXT] and returns text. */
const char *weir_addr_text(const struct weir_addr *a, char *text);

/*
 * 0; -EINVAL: text is no address; -EAFNOSUPPORT: it is an IPv4 address mapped into IPv6, which is written as what
 * it is. On failure *a is not touched.
 */
int weir_addr_parse(const char *text, struct weir_addr *a);

#endif
