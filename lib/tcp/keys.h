/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cookie keys. key(epoch) = PRF(master secret, epoch), an epoch being WEIR_EPOCH_S seconds of wall
 * clock: nodes with the same secret and clock accept each other's cookies without any messages.
 * Two generations are valid; the cookie's generation bit is the epoch's lowest bit, so a check is one
 * hash. A struct weir_keys belongs to one worker.
 *
 * tcp/ owns the TCP logic: bytes, time and policy in, verdict out. It has no clock, allocation, log, DPDK.
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

/* secret: the master secret, as bytes: k0 little-endian, then k1. wall_s: seconds since 1970, UTC. */
void weir_keys_init(struct weir_keys *k, const uint8_t secret[16], uint64_t wall_s);

/* Changes to the epoch of wall_s; true if it is another one. The clock may step either way. */
bool weir_keys_update(struct weir_keys *k, uint64_t wall_s);

static inline unsigned int weir_keys_generation(const struct weir_keys *k)
{
	return (unsigned int)(k->epoch & 1);
}

#endif
