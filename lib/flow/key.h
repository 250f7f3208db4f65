/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a connection is looked up by.
 *
 * A connection has two tuples. The endpoint that is not the far one (VIP and port on the client's
 * side, backend and port on the backend's) is a short number, because there are only so many of
 * them; what varies is the far address, in network byte order as everywhere:
 *	client side:  client's address and port, listener
 *	backend side: local address and port (nat: the client's), backend
 *
 * flow/ owns what synweir remembers: connections, policy, ports, counters. Memory and time come in
 * as parameters; nothing here sends, logs or includes DPDK.
 */
#ifndef WEIR_FLOW_KEY_H
#define WEIR_FLOW_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/siphash.h"
#include "wire/addr.h"

/* An end of the connection: the sender of a packet, the end that closed first, a window's owner. */
enum weir_side {
	WEIR_CLIENT = 0,
	WEIR_BACKEND = 1,
};

static inline enum weir_side weir_other(enum weir_side s)
{
	return s == WEIR_CLIENT ? WEIR_BACKEND : WEIR_CLIENT;
}

struct weir_key {
	struct weir_addr addr;
	uint16_t port_be;
	uint16_t id; /* a listener's number, or WEIR_KEY_BACKEND | the backend's key_id */
};

#define WEIR_KEY_BACKEND 0x8000

static inline bool weir_key_eq(const struct weir_key *a, const struct weir_key *b)
{
	uint32_t x, y;

	memcpy(&x, &a->port_be, 4);
	memcpy(&y, &b->port_be, 4);
	return x == y && weir_addr_eq(&a->addr, &b->addr);
}

/* All of a key with an IPv4 address, in one word: what its hash is taken of. */
static inline uint64_t weir_key_word_v4(const struct weir_key *k)
{
	uint32_t tail;

	memcpy(&tail, &k->port_be, 4);
	return (uint64_t)tail << 32 | weir_addr_v4_be(&k->addr);
}

/* Keyed with the table's secret, because the client chooses its address and port. */
static inline uint64_t weir_key_hash(const struct weir_sipkey *secret, const struct weir_key *k)
{
	uint64_t w[2];
	uint32_t tail;

	if (weir_addr_is_v4(&k->addr)) {
		w[0] = weir_key_word_v4(k);
		return weir_siphash13_words(secret, w, 1, 0, 0);
	}
	memcpy(&tail, &k->port_be, 4);
	w[0] = k->addr.q[0];
	w[1] = k->addr.q[1];
	return weir_siphash13_words(secret, w, 2, tail, 4);
}

#endif
