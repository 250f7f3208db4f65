/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cookie keys. key(epoch) = PRF(master secret, epoch), an epoch being WEIR_EPOCH_S seconds of wall
 * clock: nodes with the same secret and clock accept each other's cookies and never talk about it.
 * Two generations live; the cookie's generation bit is the epoch's lowest bit, so a check is one hash.
 *
 * tcp/ owns what TCP says. Bytes, time, policy in; verdict out. No clock, memory, log, DPDK.
 */
#ifndef WEIR_TCP_KEYS_H
#define WEIR_TCP_KEYS_H

#include <stdbool.h>

#include "base/siphash.h"

#define WEIR_EPOCH_S        32 /* a cookie is good for one to two epochs */
#define WEIR_COOKIE_LIFE_MS (2 * WEIR_EPOCH_S * 1000)

struct weir_keys {
	struct weir_sipkey master;
	struct weir_sipkey key[2]; /* by generation bit */
	uint64_t epoch;            /* the current one */
};

/* secret: 16 bytes. wall_s: seconds since 1970. */
void weir_keys_init(struct weir_keys *k, const uint8_t secret[16], uint64_t wall_s);

/* Goes to the epoch of wall_s when it is another one; true if it was. A clock may step either way. */
bool weir_keys_update(struct weir_keys *k, uint64_t wall_s);

static inline unsigned int weir_keys_generation(const struct weir_keys *k)
{
	return (unsigned int)(k->epoch & 1);
}

#endif
