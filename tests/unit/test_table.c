// SPDX-License-Identifier: BSD-3-Clause
/* flow/table: against a naive list, and at full load. */
#include "flow/held.h"
#include "flow/wheel.h"
#include "tables.h"

static uint32_t find(const struct weir_table *t, const struct weir_key *k)
{
	return weir_table_lookup(t, k, weir_key_hash(&t->secret, k));
}

/* The n-th key of a side; all differ. Every eighth is IPv6, which the table does not mind. */
static struct weir_key key_of(enum weir_side side, uint32_t n)
{
	struct weir_key k = {
		.addr = weir_addr_v4(0x0a000000u + (n >> 4)),
		.port_be = (uint16_t)(n & 15),
		.id = side == WEIR_BACKEND ? WEIR_KEY_BACKEND | 3 : 3,
	};

	if (n % 8 == 0)
		k.addr.b[0] = 0x20;
	return k;
}

static struct weir_key *field_of(const struct weir_table *t, enum weir_side side, uint32_t conn)
{
	struct weir_conn *c = weir_table_conn(t, conn);

	return side == WEIR_CLIENT ? &c->client : &c->local;
}

/* The slow twin: who stands under the n-th key of either side. */
#define TWIN_KEYS 700

struct twin {
	uint32_t conn[2][TWIN_KEYS];
	uint32_t key[2][TWIN_KEYS]; /* of a conn, by side; TWIN_KEYS: none */
	bool taken[TWIN_KEYS];
	uint32_t n_taken, n_keys;
};

static bool put_in(struct weir_table *t, const struct weir_key *key, uint32_t conn)
{
	return weir_table_insert(t, key, weir_key_hash(&t->secret, key), conn);
}

static bool take_out(struct weir_table *t, const struct weir_key *key, uint32_t conn)
{
	return weir_table_remove(t, key, weir_key_hash(&t->secret, key), conn);
}

static void twin_start(struct twin *w)
{
	memset(w, 0, sizeof(*w));
	for (unsigned int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < TWIN_KEYS; i++) {
			w->conn[side][i] = WEIR_CONN_NONE;
			w->key[side][i] = TWIN_KEYS;
		}
}

static void twin_remove(struct twin *w, struct weir_table *t, enum weir_side side, uint32_t conn,
	bool *good)
{
	uint32_t n = w->key[side][conn];
	struct weir_key k = key_of(side, n);

	*good &= take_out(t, &k, conn);
	w->key[side][conn] = TWIN_KEYS;
	w->conn[side][n] = WEIR_CONN_NONE;
	w->n_keys--;
}

/* Keys whose first choice was the bucket, living elsewhere. */
static uint32_t spilled_of(const struct weir_bucket_line *b)
{
	uint32_t n = 0;

	for (unsigned int kind = 0; kind < WEIR_BUCKET_KINDS; kind++)
		n += b->spilled[kind];
	return n;
}

/* A miss has to read the second line, too. */
static bool looks_twice(const struct weir_table *t, const struct weir_key *key, uint64_t hash)
{
	return weir_table_probe(t, key, hash) == WEIR_TABLE_UNSURE;
}

/* Every bucket's `used` counts its tags; returns the sums over all buckets. */
static void sum_buckets(const struct weir_table *t, uint64_t *used, uint64_t *spilled, bool *good)
{
	*used = 0;
	*spilled = 0;
	for (uint32_t i = 0; i < t->n_buckets; i++) {
		const struct weir_bucket_line *b = &t->buckets[i];
		uint32_t n = 0;

		for (unsigned int slot = 0; slot < WEIR_BUCKET_SLOTS; slot++)
			n += b->tag[slot] != 0;
		*good &= n == b->used;
		*used += b->used;
		*spilled += spilled_of(b);
	}
}

/* Pairs of keys in one bucket that only a look at the conn tells apart. */
static unsigned int same_tags(const struct weir_table *t)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < t->n_buckets; i++)
		for (unsigned int a = 0; a < WEIR_BUCKET_SLOTS; a++)
			for (unsigned int b = 0; b < a; b++)
				n += t->buckets[i].tag[a] != 0 &&
					t->buckets[i].tag[a] == t->buckets[i].tag[b];
	return n;
}

/* A random thing done to both; *good becomes false when they differ. */
static void twin_step(struct twin *w, struct weir_table *t, uint64_t *seed, bool *good)
{
	uint64_t r = unit_random(seed);
	enum weir_side side = r & 1 ? WEIR_BACKEND : WEIR_CLIENT;
	uint32_t n = (uint32_t)(r >> 8) % TWIN_KEYS;
	uint32_t conn = (uint32_t)(r >> 32) % t->capacity;
	struct weir_key k = key_of(side, n);
	uint32_t taken;

	switch (r >> 1 & 7) {
	case 0:
	case 1:
		taken = weir_table_take(t);
		*good &= (taken == WEIR_CONN_NONE) == (w->n_taken == t->capacity);
		if (taken == WEIR_CONN_NONE)
			break;
		*good &= !w->taken[taken];
		w->taken[taken] = true;
		w->n_taken++;
		break;
	case 2:
		if (!w->taken[conn])
			break;
		for (side = WEIR_CLIENT; side <= WEIR_BACKEND; side++)
			if (w->key[side][conn] != TWIN_KEYS)
				twin_remove(w, t, side, conn, good);
		weir_table_give(t, conn);
		w->taken[conn] = false;
		w->n_taken--;
		break;
	case 3:
		if (w->key[side][conn] != TWIN_KEYS)
			twin_remove(w, t, side, conn, good);
		break;
	case 4: /* a key that leads nowhere, or to another conn */
		if (w->conn[side][n] != conn)
			*good &= !take_out(t, &k, conn);
		break;
	default:
		if (!w->taken[conn] || w->conn[side][n] != WEIR_CONN_NONE ||
			w->key[side][conn] != TWIN_KEYS)
			break;
		*field_of(t, side, conn) = k;
		*good &= put_in(t, &k, conn);
		w->conn[side][n] = conn;
		w->key[side][conn] = n;
		w->n_keys++;
	}
}

static void table_twin(void)
{
	static const uint32_t capacities[] = {1, 2, 3, 5, 17, 300, TWIN_KEYS};
	static struct twin w;
	uint64_t seed = 1, used, spilled;
	struct weir_arena arena;
	struct weir_table t;
	bool good = true;

	for (unsigned int c = 0; c < sizeof(capacities) / sizeof(capacities[0]); c++) {
		table_make(&t, &arena, capacities[c]);
		twin_start(&w);
		for (uint32_t step = 0; step < 60000; step++) {
			struct weir_key client = key_of(WEIR_CLIENT, step % TWIN_KEYS);
			struct weir_key backend = key_of(WEIR_BACKEND, step % TWIN_KEYS);

			twin_step(&w, &t, &seed, &good);
			good &= find(&t, &client) == w.conn[WEIR_CLIENT][step % TWIN_KEYS];
			good &= find(&t, &backend) == w.conn[WEIR_BACKEND][step % TWIN_KEYS];
			good &= t.count == w.n_taken;
		}
		sum_buckets(&t, &used, &spilled, &good);
		CU_ASSERT_EQUAL(used, w.n_keys);
		CU_ASSERT(spilled <= used);

		for (uint32_t conn = 0; conn < t.capacity; conn++)
			for (unsigned int side = 0; side < 2; side++)
				if (w.key[side][conn] != TWIN_KEYS)
					twin_remove(&w, &t, side, conn, &good);
		sum_buckets(&t, &used, &spilled, &good);
		CU_ASSERT_EQUAL(used, 0);
		CU_ASSERT_EQUAL(spilled, 0);
		CU_ASSERT_TRUE(good);
		free(arena.base);
	}
}

#define FULL 200000u

/* All conns in use with both keys; then FULL times one of them is replaced: no insert fails. */
static uint32_t fill_and_replace(struct weir_table *t, uint32_t key_no[FULL])
{
	uint32_t failed = 0, lost = 0, next = 0;
	uint64_t seed = 2;

	for (uint32_t i = 0; i < 2 * FULL; i++) {
		uint32_t conn = i < FULL ? weir_table_take(t) : unit_random(&seed) % FULL;

		for (unsigned int side = 0; side < 2; side++) {
			struct weir_key *k = field_of(t, side, conn);

			if (i >= FULL && !take_out(t, k, conn))
				lost++;
			*k = key_of(side, next);
			if (!put_in(t, k, conn))
				failed++;
		}
		key_no[conn] = next++;
	}
	CU_ASSERT_EQUAL(failed, 0);
	CU_ASSERT_EQUAL(lost, 0);
	CU_ASSERT_EQUAL(weir_table_take(t), WEIR_CONN_NONE);
	return next;
}

/* In a full table all keys are found, and unknown ones are not. */
static void table_full_load(void)
{
	uint32_t lost = 0, found = 0, unknown_at_two = 0;
	static uint32_t key_no[FULL];
	uint64_t used, spilled;
	struct weir_arena arena;
	struct weir_table t;
	uint32_t next;
	bool good = true;

	table_make(&t, &arena, FULL);
	next = fill_and_replace(&t, key_no);
	for (uint32_t conn = 0; conn < FULL; conn++) {
		struct weir_key unknown = key_of(WEIR_CLIENT, next + conn);
		uint64_t hash = weir_key_hash(&t.secret, &unknown);

		for (unsigned int side = 0; side < 2; side++) {
			struct weir_key k = key_of(side, key_no[conn]);

			lost += find(&t, &k) != conn;
		}
		found += weir_table_lookup(&t, &unknown, hash) != WEIR_CONN_NONE;
		unknown_at_two += looks_twice(&t, &unknown, hash);
	}
	CU_ASSERT_EQUAL(lost, 0);
	CU_ASSERT_EQUAL(found, 0);
	/* the header says 9.6 % */
	CU_ASSERT(unknown_at_two < FULL * 11ull / 100);
	sum_buckets(&t, &used, &spilled, &good);
	CU_ASSERT_TRUE(good);
	CU_ASSERT_EQUAL(used, 2 * FULL);
	/* 15 bits of hash: 8 pairs, where 14 would make 16 */
	CU_ASSERT(same_tags(&t) < 13);
	free(arena.base);
}

/* With half of the conns in use few lookups that miss have to look twice: a flood's are cheap. */
static void table_half_load(void)
{
	uint32_t second_lines = 0;
	struct weir_arena arena;
	struct weir_table t;

	table_make(&t, &arena, FULL);
	for (uint32_t i = 0; i < FULL / 2; i++) {
		uint32_t conn = weir_table_take(&t);

		for (unsigned int side = 0; side < 2; side++) {
			*field_of(&t, side, conn) = key_of(side, i);
			CU_ASSERT_TRUE_FATAL(put_in(&t, field_of(&t, side, conn), conn));
		}
	}
	for (uint32_t i = 0; i < FULL; i++) {
		struct weir_key stranger = key_of(WEIR_CLIENT, FULL + i);

		second_lines += looks_twice(&t, &stranger, weir_key_hash(&t.secret, &stranger));
	}
	CU_ASSERT(second_lines < FULL * 1ull / 100);
	free(arena.base);
}

/* Two conns have one bucket for all: the ninth key finds it full and changes nothing. */
static void table_insert_refused(void)
{
	struct weir_arena arena;
	struct weir_table t;
	struct weir_key k;

	table_make(&t, &arena, 2);
	CU_ASSERT_EQUAL_FATAL(t.n_buckets, 1);
	CU_ASSERT_EQUAL(weir_table_take(&t), 0);
	for (uint32_t n = 0; n < WEIR_BUCKET_SLOTS; n++) {
		k = key_of(WEIR_CLIENT, n);
		CU_ASSERT_TRUE(put_in(&t, &k, 0));
	}
	for (uint32_t n = 100; n < 200; n++) {
		struct weir_bucket_line before = t.buckets[0];

		k = key_of(WEIR_CLIENT, n);
		CU_ASSERT_FALSE(put_in(&t, &k, 0));
		CU_ASSERT_EQUAL(memcmp(&before, &t.buckets[0], sizeof(before)), 0);
	}
	for (uint32_t n = 0; n < WEIR_BUCKET_SLOTS; n++) {
		k = key_of(WEIR_CLIENT, n);
		weir_table_conn(&t, 0)->client = k;
		CU_ASSERT_EQUAL(find(&t, &k), 0);
		CU_ASSERT_TRUE(take_out(&t, &k, 0));
		CU_ASSERT_EQUAL(find(&t, &k), WEIR_CONN_NONE);
	}
	free(arena.base);
}

/* Whatever the hash, a key's two buckets differ: where there are two, all of both can be used. */
static void table_two_choices(void)
{
	uint64_t seed = 1;

	for (uint32_t round = 0; round < 100; round++) {
		uint32_t first = (uint32_t)(unit_random(&seed) >> 40), n = 0;
		struct weir_arena arena;
		struct weir_table t;
		struct weir_key k;

		table_make(&t, &arena, 4);
		CU_ASSERT_EQUAL_FATAL(t.n_buckets, 2);
		weir_table_take(&t);
		do
			k = key_of(WEIR_CLIENT, first + n);
		while (put_in(&t, &k, 0) && ++n < 100);
		CU_ASSERT_EQUAL(n, 2 * WEIR_BUCKET_SLOTS);
		free(arena.base);
	}
}

/*
 * One bucket, one conn, and a backend key that is written in the conn but not inserted: it is never
 * found, nor removed, whatever the tags.
 */
static void table_sides_apart(void)
{
	uint32_t confused = 0, missed = 0;
	struct weir_arena arena;
	struct weir_table t;
	struct weir_conn *c;

	table_make(&t, &arena, 1);
	c = weir_table_conn(&t, weir_table_take(&t));
	for (uint32_t n = 0; n < 300000; n++) {
		c->client = key_of(WEIR_CLIENT, n);
		c->local = key_of(WEIR_BACKEND, n);
		put_in(&t, &c->client, 0);
		confused += t.buckets[0].tag[0] & 1; /* the backend's mark */
		confused += find(&t, &c->local) != WEIR_CONN_NONE;
		confused += take_out(&t, &c->local, 0);
		missed += find(&t, &c->client) != 0;
		missed += !take_out(&t, &c->client, 0);
	}
	CU_ASSERT_EQUAL(confused, 0);
	CU_ASSERT_EQUAL(missed, 0);
	CU_ASSERT_EQUAL(t.buckets[0].used, 0);
	free(arena.base);
}

/* One bucket, so no bit of the hash is needed to find it: each of them has its say in the tag. */
static void table_tag_of_all_bits(void)
{
	uint32_t silent = 0;
	struct weir_arena arena;
	struct weir_table t;

	table_make(&t, &arena, 1);
	weir_table_take(&t);
	for (uint32_t n = 0; n < 100; n++) {
		struct weir_key *k = field_of(&t, n & 1, 0);
		uint64_t hash;

		*k = key_of(n & 1, n);
		hash = weir_key_hash(&t.secret, k);
		put_in(&t, k, 0);
		CU_ASSERT_EQUAL(weir_table_probe(&t, k, hash), 0);
		for (unsigned int bit = 0; bit < 64; bit++)
			silent += weir_table_probe(&t, k, hash ^ 1ull << bit) != WEIR_CONN_NONE;
		take_out(&t, k, 0);
	}
	CU_ASSERT_EQUAL(silent, 0);
	free(arena.base);
}

/* A bucket in which strangers have so many slots. */
static void crowd(struct weir_bucket_line *line, uint32_t used)
{
	memset(line, 0, sizeof(*line));
	memset(line->tag, 0xff, used * sizeof(line->tag[0]));
	line->used = used;
}

/* The first bucket of a key, by where lookups of its hash begin. */
static uint32_t first_bucket(const struct weir_table *t, const struct weir_key *k)
{
	const struct weir_bucket_line *line = weir_table_line(t, weir_key_hash(&t->secret, k));

	return (uint32_t)(line - t->buckets);
}

/* A key is put into its first bucket up to CROWDED, then into the emptier of two; ties stay. */
static void table_when_to_spill(void)
{
	struct weir_arena arena;
	struct weir_table t;

	table_make(&t, &arena, 4);
	CU_ASSERT_EQUAL_FATAL(t.n_buckets, 2);
	weir_table_take(&t);
	for (uint32_t in_first = 0; in_first < WEIR_BUCKET_SLOTS; in_first++)
		for (uint32_t in_second = 0; in_second < WEIR_BUCKET_SLOTS; in_second++) {
			bool spills = in_first >= WEIR_BUCKET_CROWDED && in_second < in_first;
			struct weir_key k = key_of(WEIR_CLIENT, 8 * in_first + in_second);
			struct weir_bucket_line *first = &t.buckets[first_bucket(&t, &k)];
			struct weir_bucket_line *second =
				first == t.buckets ? &t.buckets[1] : t.buckets;

			crowd(first, in_first);
			crowd(second, in_second);
			CU_ASSERT_TRUE(put_in(&t, &k, 0));
			CU_ASSERT_EQUAL(first->used, in_first + !spills);
			CU_ASSERT_EQUAL(second->used, in_second + spills);
			CU_ASSERT_EQUAL(spilled_of(first), spills);
			CU_ASSERT_EQUAL(spilled_of(second), 0);
		}
	free(arena.base);
}

/* As many of one kind as can be counted live elsewhere: no more of them, and none is forgotten. */
static void table_spilled_is_bounded(void)
{
	struct weir_key k = key_of(WEIR_CLIENT, 1);
	struct weir_bucket_line *first;
	struct weir_arena arena;
	struct weir_table t;

	table_make(&t, &arena, 4);
	weir_table_take(&t);
	first = &t.buckets[first_bucket(&t, &k)];
	crowd(first, WEIR_BUCKET_SLOTS);
	memset(first->spilled, UINT8_MAX, sizeof(first->spilled));
	CU_ASSERT_FALSE(put_in(&t, &k, 0));
	CU_ASSERT_EQUAL(spilled_of(first), UINT8_MAX * WEIR_BUCKET_KINDS);
	memset(first->spilled, UINT8_MAX - 1, sizeof(first->spilled));
	CU_ASSERT_TRUE(put_in(&t, &k, 0));
	CU_ASSERT_EQUAL(spilled_of(first), (UINT8_MAX - 1) * WEIR_BUCKET_KINDS + 1);
	free(arena.base);
}

/* From a full bucket keys go everywhere, as often one place behind it as any other number. */
#define RING 16

static void table_spills_everywhere(void)
{
	uint32_t by_distance[RING] = {0}, n = 0;
	struct weir_arena arena;
	struct weir_table t;

	table_make(&t, &arena, 2 * RING);
	CU_ASSERT_EQUAL_FATAL(t.n_buckets, RING);
	weir_table_take(&t);
	for (; n < 200 * (RING - 1); n++) {
		struct weir_key k = key_of(WEIR_CLIENT, n);
		uint32_t first = first_bucket(&t, &k);

		memset(t.buckets, 0, RING * sizeof(*t.buckets));
		crowd(&t.buckets[first], WEIR_BUCKET_SLOTS);
		CU_ASSERT_TRUE(put_in(&t, &k, 0));
		for (uint32_t far = 0; far < RING; far++)
			by_distance[far] += t.buckets[(first + far) % RING].used == 1;
	}
	CU_ASSERT_EQUAL(by_distance[0], 0);
	for (uint32_t far = 1; far < RING; far++) {
		CU_ASSERT(by_distance[far] > 140);
		CU_ASSERT(by_distance[far] < 260);
	}
	free(arena.base);
}

/* Who does not know the secret does not know which keys meet in a bucket. */
static void table_secret_matters(void)
{
	static const struct weir_sipkey other_secret = {1, 2};
	struct weir_arena arena, other_arena = {NULL, 0, 0};
	struct weir_table t, other;
	uint32_t same = 0;

	table_make(&t, &arena, 1000);
	weir_table_init(&other, &other_arena, 1000, &other_secret);
	unit_arena_fill(&other_arena);
	weir_table_init(&other, &other_arena, 1000, &other_secret);
	for (uint32_t n = 0; n < 1000; n++) {
		struct weir_key k = key_of(WEIR_CLIENT, n);

		same += first_bucket(&t, &k) == first_bucket(&other, &k);
	}
	CU_ASSERT_EQUAL(memcmp(&t.secret, &secret, sizeof(secret)), 0);
	CU_ASSERT(same < 10); /* 2 by chance: there are 500 buckets */
	free(arena.base);
	free(other_arena.base);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"table against a list", table_twin},
		{"table full, with churn: no insert fails", table_full_load},
		{"table half full: misses touch one line", table_half_load},
		{"table refuses a key whose buckets are full", table_insert_refused},
		{"table gives every key two buckets", table_two_choices},
		{"table keeps a conn's two keys apart", table_sides_apart},
		{"table tags keys by all bits of the hash", table_tag_of_all_bits},
		{"table spills from crowded to emptier buckets only", table_when_to_spill},
		{"table counts what lives elsewhere, up to a bound", table_spilled_is_bounded},
		{"table spills into every bucket alike", table_spills_everywhere},
		{"table places keys by its secret", table_secret_matters},
	};

	return unit_main("table", tests, sizeof(tests) / sizeof(tests[0]));
}
