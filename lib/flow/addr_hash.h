/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keyed hash of an address or its prefix, for tables that are counted in, not compared against: three
 * multiplications instead of SipHash's eight rounds. The key is secret and the hash is never shown, so
 * an attacker cannot choose addresses that meet. Any thread.
 */
#ifndef WEIR_FLOW_ADDR_HASH_H
#define WEIR_FLOW_ADDR_HASH_H

#include "base/siphash.h"
#include "wire/addr.h"

/* What one subscriber or site usually has (HC-60): 24 bits of an IPv4 address, 56 of an IPv6 one. */
static inline struct weir_addr weir_addr_prefix(const struct weir_addr *a);

/* What one host may choose from: an IPv4 address; of an IPv6 one the upper 64 bits (RFC 4291 §2.5.4). */
static inline struct weir_addr weir_addr_source(const struct weir_addr *a);

/* Of the address's source. All 64 bits are usable, each half by itself. */
static inline uint64_t weir_addr_hash(const struct weir_sipkey *key, const struct weir_addr *a);

/* inline definitions */

__extension__ typedef unsigned __int128 weir_u128;

static inline struct weir_addr weir_addr_prefix(const struct weir_addr *a)
{
	struct weir_addr p = *a;

	if (weir_addr_is_v4(a)) {
		p.b[15] = 0;
	} else {
		p.b[7] = 0;
		p.q[1] = 0;
	}
	return p;
}

static inline struct weir_addr weir_addr_source(const struct weir_addr *a)
{
	struct weir_addr s = *a;

	if (!weir_addr_is_v4(a))
		s.q[1] = 0;
	return s;
}

static inline uint64_t weir_addr_hash(const struct weir_sipkey *key, const struct weir_addr *a)
{
	const struct weir_addr s = weir_addr_source(a);
	weir_u128 m = (weir_u128)(s.q[0] ^ key->k0) * (s.q[1] ^ key->k1);

	uint64_t folded = ((uint64_t)m ^ (uint64_t)(m >> 64)) * 0x9e3779b97f4a7c15ull;

	return folded ^ folded >> 32;
}

#endif
