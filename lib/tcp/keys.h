/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cookie keys. key(epoch) = PRF(master secret, epoch), an epoch being WEIR_EPOCH_S seconds of wall
 * clock: nodes with the same secret and clock accept each other's cookies without any messages.
 * Two generations are valid; the cookie's generation bit is the epoch's lowest bit, so a check is one
 * hash.
 *
 * The master secret stays on the control side. That derives the keys of the epochs around now into a
 * keyring, which the workers read: they never see the secret, and what they have is of no use in an
 * hour. A struct weir_keys belongs to one worker.
 *
 * tcp/ owns the TCP logic: bytes, time and policy in, verdict out. It has no clock, allocation, log, DPDK.
 */
#ifndef WEIR_TCP_KEYS_H
#define WEIR_TCP_KEYS_H

#include <stdbool.h>

#include "base/siphash.h"

#define WEIR_EPOCH_S        32 /* a cookie is good for one to two epochs */
#define WEIR_COOKIE_LIFE_MS (2 * WEIR_EPOCH_S * 1000)

/* The epoch before now's, now's, and what the control side may be late by: at least an epoch. */
#define WEIR_KEYRING_EPOCHS 4

/* All zero at first. One thread writes, any may read at the same time, without a lock. */
struct weir_keyring {
	/* atomics */
	uint32_t version; /* odd: it is being written */
	uint64_t first;   /* the epoch of key[0]; the others follow */
	struct weir_sipkey key[WEIR_KEYRING_EPOCHS];
};

struct weir_keys {
	const struct weir_keyring *ring;
	struct weir_sipkey key[2]; /* by generation bit */
	uint64_t epoch;            /* the current one */
};

/*
 * Control side, at least once in WEIR_EPOCH_S and before workers are told another time: the keys
 * around wall_s, seconds since 1970, UTC. secret: the master secret, as bytes: k0 little-endian, then
 * k1; always the same. Nothing of it remains but keys.
 */
void weir_keyring_fill(struct weir_keyring *r, const uint8_t secret[16], uint64_t wall_s);

/* Keys out of that ring, which has those of wall_s, and stays the caller's. */
void weir_keys_init(struct weir_keys *k, const struct weir_keyring *ring, uint64_t wall_s);

/*
 * Changes to the epoch of wall_s; true if it is another one. The clock may step either way. When the
 * ring has no keys of that epoch (the control side is late) the old ones stay, false.
 */
bool weir_keys_update(struct weir_keys *k, uint64_t wall_s);

static inline unsigned int weir_keys_generation(const struct weir_keys *k)
{
	return (unsigned int)(k->epoch & 1);
}

#endif
