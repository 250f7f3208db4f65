// SPDX-License-Identifier: BSD-3-Clause
#include <assert.h>
#include <string.h>

#include "tcp/keys.h"

/* Tries to read a ring that is being written: writing takes less than a microsecond. */
#define READS 1000

/* INVARIANT: words are read before the version is read again, and written after it was made odd. */
static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* key(epoch): SipHash-2-4 under the master secret, once for either half. */
static void put_key(struct weir_sipkey *to, const struct weir_sipkey *master, uint64_t epoch)
{
	store(&to->k0, weir_siphash24_words(master, &epoch, 1, 0, 1));
	store(&to->k1, weir_siphash24_words(master, &epoch, 1, 1, 1));
}

void weir_keyring_fill(struct weir_keyring *r, const uint8_t secret[16], uint64_t wall_s)
{
	uint64_t epoch = wall_s / WEIR_EPOCH_S;
	struct weir_sipkey master;

	if (r->version != 0 && load(&r->first) == epoch - 1)
		return;
	memcpy(&master, secret, sizeof(master));
	__atomic_store_n(&r->version, r->version + 1, __ATOMIC_RELAXED);
	store(&r->first, epoch - 1);
	for (unsigned int i = 0; i < WEIR_KEYRING_EPOCHS; i++)
		put_key(&r->key[i], &master, epoch - 1 + i);
	__atomic_store_n(&r->version, r->version + 1, __ATOMIC_RELEASE);
	explicit_bzero(&master, sizeof(master));
}

/* Both keys of that epoch. false: the ring has them not, or is being written. */
static bool read_once(struct weir_keys *k, uint64_t epoch, bool *torn)
{
	const struct weir_keyring *r = k->ring;
	uint32_t version = __atomic_load_n(&r->version, __ATOMIC_ACQUIRE);
	uint64_t at = epoch - load(&r->first);
	struct weir_sipkey key[2];
	bool has = version != 0 && at >= 1 && at < WEIR_KEYRING_EPOCHS;

	for (unsigned int i = 0; has && i < 2; i++) {
		key[i].k0 = load(&r->key[at - i].k0);
		key[i].k1 = load(&r->key[at - i].k1);
	}
	*torn = version & 1 || version != __atomic_load_n(&r->version, __ATOMIC_RELAXED);
	if (*torn || !has)
		return false;
	k->epoch = epoch;
	k->key[epoch & 1] = key[0];
	k->key[~epoch & 1] = key[1];
	return true;
}

static bool take_keys(struct weir_keys *k, uint64_t epoch)
{
	bool torn = true;

	for (unsigned int i = 0; torn && i < READS; i++)
		if (read_once(k, epoch, &torn))
			return true;
	return false;
}

void weir_keys_init(struct weir_keys *k, const struct weir_keyring *ring, uint64_t wall_s)
{
	bool taken;

	*k = (struct weir_keys){.ring = ring};
	taken = take_keys(k, wall_s / WEIR_EPOCH_S);
	assert(taken);
	(void)taken;
}

bool weir_keys_update(struct weir_keys *k, uint64_t wall_s)
{
	uint64_t epoch = wall_s / WEIR_EPOCH_S;

	return epoch != k->epoch && take_keys(k, epoch);
}
