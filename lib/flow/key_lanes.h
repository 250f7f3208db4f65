/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keys of a burst, hashed together in vector lanes. The messages of the two address families differ in
 * length, so each family has lanes of its own; a burst may have keys of both. Belongs to one thread,
 * on whose stack it lies.
 */
#ifndef WEIR_FLOW_KEY_LANES_H
#define WEIR_FLOW_KEY_LANES_H

#include "flow/key.h"

struct weir_key_lanes {
	/* of IPv4 keys, by place; what lies at the place of another key is hashed for nothing */
	struct weir_siplanes word;
	/* of the others, side by side in order of place: address, address, port and id */
	struct weir_siplanes long_words[3];
	uint8_t place[WEIR_SIP_MANY]; /* of the others */
	unsigned int n_long;          /* how many others */
};

/* No keys. */
static inline void weir_key_lanes_begin(struct weir_key_lanes *l)
{
	l->n_long = 0;
}

/* Puts a key in at place i < WEIR_SIP_MANY. Places are filled in order, from 0 on. */
static inline void weir_key_lanes_put(struct weir_key_lanes *l, unsigned int i,
	const struct weir_key *key);

/* For each of the n keys that were put in: hashes->lane[i] = weir_key_hash(secret, key i). */
static inline void weir_key_lanes_hash(const struct weir_key_lanes *l,
	const struct weir_sipkey *secret, unsigned int n, struct weir_siplanes *hashes);

/* inline definitions */

void weir_key_lanes_put_long(struct weir_key_lanes *l, unsigned int i, const struct weir_key *key);
void weir_key_lanes_hash_long(const struct weir_key_lanes *l, const struct weir_sipkey *secret,
	struct weir_siplanes *hashes);

static inline void weir_key_lanes_put(struct weir_key_lanes *l, unsigned int i,
	const struct weir_key *key)
{
	l->word.lane[i] = weir_key_word_v4(key);
	if (__builtin_expect(!weir_addr_is_v4(&key->addr), 0))
		weir_key_lanes_put_long(l, i, key);
}

static inline void weir_key_lanes_hash(const struct weir_key_lanes *l,
	const struct weir_sipkey *secret, unsigned int n, struct weir_siplanes *hashes)
{
	const struct weir_sipshape shape = {.words = 1};

	if (l->n_long < n)
		weir_siphash13_many(secret, &l->word, shape, n, hashes);
	if (l->n_long > 0)
		weir_key_lanes_hash_long(l, secret, hashes);
}

#endif
