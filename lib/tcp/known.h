/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Known clients: addresses that completed a handshake in the last minutes, in two Bloom filters that take
 * turns. One is filled while both are asked, and every WEIR_KNOWN_NS the older one is emptied, so that an
 * address stays known for one to two turns. An address has two bits of a filter: the place of the first
 * is cheap to find, because in a flood every SYN asks for it; the second decides. Belongs to one worker.
 */
#ifndef WEIR_TCP_KNOWN_H
#define WEIR_TCP_KNOWN_H

#include "base/arena.h"
#include "flow/addr_hash.h"

#define WEIR_KNOWN_BITS_LOG2 20 /* of each filter: 128 KiB, right for some 100 000 addresses */
#define WEIR_KNOWN_NS        120000000000ull

struct weir_known {
	uint64_t (*word)[2]; /* of both filters */
	uint64_t factor;     /* odd and secret */
	struct weir_sipkey key;
	uint64_t turn_ends_ns;
	unsigned int filled; /* which filter is */
};

void weir_known_init(struct weir_known *k, struct weir_arena *arena, const struct weir_sipkey *key,
	uint64_t now_ns);

/* Time passes: empties a filter when its turn begins. */
static inline void weir_known_tick(struct weir_known *k, uint64_t now_ns);

void weir_known_note(struct weir_known *k, const struct weir_addr *client);

/* false is certain. Of addresses that are not known one in a thousand is with 10 000, one in 30 with 100 000. */
bool weir_known_is(const struct weir_known *k, const struct weir_addr *client);

/* The same by the first bit only, for a few instructions: with 100 000 known addresses one in six may be. */
static inline bool weir_known_may_be(const struct weir_known *k, const struct weir_addr *client);

/* inline definitions */

/* A turn is over. */
void weir_known_turn(struct weir_known *k, uint64_t now_ns);

static inline void weir_known_tick(struct weir_known *k, uint64_t now_ns)
{
	if (now_ns >= k->turn_ends_ns)
		weir_known_turn(k, now_ns);
}

static inline bool weir_known_has(const struct weir_known *k, uint64_t place)
{
	const uint64_t *words = k->word[place / 64];

	return (words[0] | words[1]) >> place % 64 & 1;
}

/*
 * By multiplication with a secret factor, whose topmost bits depend on every bit of the address; of IPv6's, of its
 * source (flow/addr_hash.h): the other half of it is whatever the host likes, and often 1.
 */
static inline uint64_t weir_known_place(const struct weir_known *k, const struct weir_addr *client)
{
	const uint64_t source = client->q[0] != 0 ? client->q[0] : weir_addr_v4_be(client);

	return source * k->factor >> (64 - WEIR_KNOWN_BITS_LOG2);
}

static inline bool weir_known_may_be(const struct weir_known *k, const struct weir_addr *client)
{
	return weir_known_has(k, weir_known_place(k, client));
}

#endif
