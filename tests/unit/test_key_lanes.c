// SPDX-License-Identifier: BSD-3-Clause
/*
 * flow/key_lanes: keys of both address families, hashed together and pushed through the table, in each
 * kind of vectors that this CPU has.
 */
#include "flow/key_lanes.h"
#include "tables.h"

static const unsigned int vector_bits[] = {512, 256, 64};

/* How the families are mixed in a burst. */
enum mix {
	ALL_V4,
	ALL_V6,
	ALTERNATING,
	RANDOM,
	LAST_V6,
	MIXES,
};

static bool is_v6(enum mix mix, unsigned int i, unsigned int n, uint64_t *seed)
{
	switch (mix) {
	case ALL_V4:
		return false;
	case ALL_V6:
		return true;
	case ALTERNATING:
		return i & 1;
	case RANDOM:
		return unit_random(seed) & 1;
	case LAST_V6:
		return i + 1 == n;
	case MIXES:
		break;
	}
	return false;
}

static struct weir_key any_key(bool v6, uint64_t *seed)
{
	uint64_t r = unit_random(seed);
	struct weir_key k = {.addr = weir_addr_v4((uint32_t)r),
		.port_be = (uint16_t)(r >> 32),
		.id = (uint16_t)(r >> 48)};

	/* 2001:db8::/32, some with the interface identifier of a mapped address */
	if (v6) {
		k.addr.q[0] = unit_random(seed);
		k.addr.b[0] = 0x20;
		if (unit_random(seed) % 4 != 0)
			k.addr.q[1] = unit_random(seed);
	}
	return k;
}

static void hash_together(const struct weir_key *keys, unsigned int n, struct weir_siplanes *hashes)
{
	struct weir_key_lanes lanes;

	memset(&lanes, 0xee, sizeof(lanes)); /* of the burst before */
	weir_key_lanes_begin(&lanes);
	for (unsigned int i = 0; i < n; i++)
		weir_key_lanes_put(&lanes, i, &keys[i]);
	weir_key_lanes_hash(&lanes, &secret, n, hashes);
}

/* Whatever the burst, each key's hash is the one that it has alone. */
static void lanes_hash_as_one(void)
{
	uint64_t seed = 5;

	for (unsigned int v = 0; v < sizeof(vector_bits) / sizeof(vector_bits[0]); v++) {
		weir_siphash_limit(vector_bits[v]);
		for (unsigned int i = 0; i < MIXES * (WEIR_SIP_MANY + 1); i++) {
			const unsigned int n = i / MIXES;
			struct weir_key keys[WEIR_SIP_MANY];
			struct weir_siplanes hashes;

			for (unsigned int k = 0; k < n; k++)
				keys[k] = any_key(is_v6(i % MIXES, k, n, &seed), &seed);
			hash_together(keys, n, &hashes);
			for (unsigned int k = 0; k < n; k++)
				CU_ASSERT_EQUAL(hashes.lane[k], weir_key_hash(&secret, &keys[k]));
		}
	}
	weir_siphash_limit(512);
}

#define KEYS 4096

/* All keys of a burst, as tcp/burst.c looks them up. */
static void expect_found(const struct weir_table *t, const struct weir_key *keys,
	const uint32_t *conns, unsigned int n)
{
	struct weir_siplanes hashes;
	uint32_t guess[WEIR_SIP_MANY];

	hash_together(keys, n, &hashes);
	for (unsigned int i = 0; i < n; i++)
		guess[i] = weir_table_probe(t, &keys[i], hashes.lane[i]);
	for (unsigned int i = 0; i < n; i++) {
		if (guess[i] != WEIR_CONN_NONE)
			guess[i] = weir_table_confirm(t, &keys[i], hashes.lane[i], guess[i]);
		CU_ASSERT_EQUAL(guess[i], conns[i]);
		CU_ASSERT_EQUAL(weir_table_lookup(t, &keys[i], hashes.lane[i]), conns[i]);
	}
}

/* Puts bursts of keys in, both families mixed. */
static void insert_all(struct weir_table *t, struct weir_key *keys, uint32_t *conns, uint64_t *seed)
{
	for (unsigned int at = 0; at < KEYS; at += WEIR_SIP_MANY) {
		struct weir_siplanes hashes;

		for (unsigned int i = at; i < at + WEIR_SIP_MANY; i++) {
			keys[i] = any_key(is_v6(at / WEIR_SIP_MANY % MIXES, i - at, WEIR_SIP_MANY,
						  seed),
				seed);
			keys[i].id = 3;
			keys[i].port_be = (uint16_t)i; /* all differ */
		}
		hash_together(keys + at, WEIR_SIP_MANY, &hashes);
		for (unsigned int i = at; i < at + WEIR_SIP_MANY; i++) {
			conns[i] = weir_table_take(t);
			CU_ASSERT_NOT_EQUAL_FATAL(conns[i], WEIR_CONN_NONE);
			weir_table_conn(t, conns[i])->client = keys[i];
			CU_ASSERT_TRUE(weir_table_insert(t, &keys[i], hashes.lane[i - at],
				conns[i]));
		}
	}
}

/* Takes every other key out. */
static void remove_half(struct weir_table *t, const struct weir_key *keys, uint32_t *conns)
{
	for (unsigned int at = 0; at < KEYS; at += WEIR_SIP_MANY) {
		struct weir_siplanes hashes;

		hash_together(keys + at, WEIR_SIP_MANY, &hashes);
		for (unsigned int i = at; i < at + WEIR_SIP_MANY; i += 2) {
			uint64_t hash = hashes.lane[i - at];

			CU_ASSERT_TRUE(weir_table_remove(t, &keys[i], hash, conns[i]));
			CU_ASSERT_FALSE(weir_table_remove(t, &keys[i], hash, conns[i]));
			conns[i] = WEIR_CONN_NONE;
		}
	}
}

/* Inserted, found by probe and confirm, taken out again, and an unknown key is not found. */
static void lanes_through_table(void)
{
	static struct weir_key keys[KEYS];
	static uint32_t conns[KEYS], none[WEIR_SIP_MANY];
	uint64_t seed = 11;

	memset(none, 0xff, sizeof(none)); /* WEIR_CONN_NONE */
	for (unsigned int v = 0; v < sizeof(vector_bits) / sizeof(vector_bits[0]); v++) {
		struct weir_key unknown[WEIR_SIP_MANY];
		struct weir_arena arena;
		struct weir_table t;

		weir_siphash_limit(vector_bits[v]);
		table_make(&t, &arena, KEYS);
		insert_all(&t, keys, conns, &seed);
		for (unsigned int at = 0; at < KEYS; at += WEIR_SIP_MANY)
			expect_found(&t, keys + at, conns + at, WEIR_SIP_MANY);
		for (unsigned int i = 0; i < WEIR_SIP_MANY; i++) {
			unknown[i] = keys[i * 7];
			unknown[i].addr.b[15] ^= 1;
		}
		expect_found(&t, unknown, none, WEIR_SIP_MANY);
		remove_half(&t, keys, conns);
		for (unsigned int at = 0; at < KEYS; at += WEIR_SIP_MANY)
			expect_found(&t, keys + at, conns + at, WEIR_SIP_MANY);
		free(arena.base);
	}
	weir_siphash_limit(512);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"keys hashed together are hashed as each alone", lanes_hash_as_one},
		{"keys of both families go in, are found, come out", lanes_through_table},
	};

	return unit_main("key_lanes", tests, sizeof(tests) / sizeof(tests[0]));
}
