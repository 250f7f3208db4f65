// SPDX-License-Identifier: BSD-3-Clause
#include "flow/key_lanes.h"

void weir_key_lanes_put_long(struct weir_key_lanes *l, unsigned int i, const struct weir_key *key)
{
	const unsigned int k = l->n_long++;
	uint32_t tail;

	memcpy(&tail, &key->port_be, 4);
	l->long_words[0].lane[k] = key->addr.q[0];
	l->long_words[1].lane[k] = key->addr.q[1];
	l->long_words[2].lane[k] = tail;
	l->place[k] = (uint8_t)i;
}

void weir_key_lanes_hash_long(const struct weir_key_lanes *l, const struct weir_sipkey *secret,
	struct weir_siplanes *hashes)
{
	const struct weir_sipshape shape = {.words = 2, .tail_len = 4};
	struct weir_siplanes found;

	weir_siphash13_many(secret, l->long_words, shape, l->n_long, &found);
	for (unsigned int k = 0; k < l->n_long; k++)
		hashes->lane[l->place[k]] = found.lane[k];
}
