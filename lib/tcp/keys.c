// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "tcp/keys.h"

/* key(epoch): SipHash-2-4 under the master secret, once for either half. */
static struct weir_sipkey epoch_key(const struct weir_sipkey *master, uint64_t epoch)
{
	return (struct weir_sipkey){
		.k0 = weir_siphash24_words(master, &epoch, 1, 0, 1),
		.k1 = weir_siphash24_words(master, &epoch, 1, 1, 1),
	};
}

static void make_keys(struct weir_keys *k, uint64_t epoch)
{
	k->epoch = epoch;
	k->key[epoch & 1] = epoch_key(&k->master, epoch);
	k->key[~epoch & 1] = epoch_key(&k->master, epoch - 1);
}

void weir_keys_init(struct weir_keys *k, const uint8_t secret[16], uint64_t wall_s)
{
	memcpy(&k->master.k0, secret, 8);
	memcpy(&k->master.k1, secret + 8, 8);
	make_keys(k, wall_s / WEIR_EPOCH_S);
}

bool weir_keys_update(struct weir_keys *k, uint64_t wall_s)
{
	uint64_t epoch = wall_s / WEIR_EPOCH_S;

	if (epoch == k->epoch)
		return false;
	make_keys(k, epoch);
	return true;
}
