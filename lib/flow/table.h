/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connection table of one worker: every connection is in it under one or two keys. One thread,
 * the worker's, uses it; keys are in network byte order.
 *
 * A bucket is one cache line: eight 16-bit tags, eight 32-bit connection indices, and counts of
 * the keys that wanted this bucket and live in their second one, by kinds of tags. A key has two
 * buckets. It goes into the first one until that is crowded, then into the emptier of the two. A
 * lookup that misses reads the second line only when a key of its kind lives there, and two lines
 * at most. Nothing is ever moved, so an insert is bounded. No tombstones: a removed slot is free at
 * once.
 *
 * What the hash's bits are for: the low half picks the first bucket, the high half how far from it
 * the second one lies (never 0, when there are two buckets), both by range reduction, so the number
 * of buckets is any. The tag is 15 bits of the hash times an odd number, which all 64 bits
 * take part in, so keys that meet in a bucket have independent tags at any size; its lowest bit is
 * the key's side.
 *
 * Sizing: two keys per connection fill half of the slots when all connections are in use: 32 bytes
 * of buckets per connection. Measured with churn at that load: less than 1 insert in 10^9 meets two
 * full buckets (at 5/8 load 3 in 10^5, at 3/4 7 in 10^3), 9.6 % of misses touch a second line; with
 * half of the connections in use 0.3 %.
 */
#ifndef WEIR_FLOW_TABLE_H
#define WEIR_FLOW_TABLE_H

#include "base/arena.h"
#include "flow/conn.h"

#define WEIR_BUCKET_SLOTS   8
#define WEIR_BUCKET_KINDS   8 /* of tags: their upper three bits */
#define WEIR_BUCKET_CROWDED 5 /* keys in a bucket, from which on the second one is considered */
#define WEIR_TABLE_MAX      (1u << 27) /* conns */

struct weir_bucket_line {
	uint16_t tag[WEIR_BUCKET_SLOTS];  /* 0: free; never 0 for a key */
	uint32_t conn[WEIR_BUCKET_SLOTS]; /* index into the table's conns */
	/* keys that have this bucket for their first and are in their second, by their tag's kind */
	uint8_t spilled[WEIR_BUCKET_KINDS];
	uint32_t used; /* slots taken */
	uint32_t pad;
};

_Static_assert(sizeof(struct weir_bucket_line) == 64, "a bucket is a cache line");

struct weir_table {
	struct weir_bucket_line *buckets;
	struct weir_conn *conns;
	struct weir_sipkey secret;
	uint32_t n_buckets;
	uint32_t capacity;  /* conns */
	uint32_t fresh;     /* conns from here on were never used */
	uint32_t free_head; /* list of used and freed conns through conn->held */
	uint32_t count;     /* conns in use */
};

/*
 * Takes memory for `capacity` conns (1 .. WEIR_TABLE_MAX) and their keys, at most 192 bytes per
 * conn. Measures when the arena does. Touches none of it: the arena is zeroed, so 10 M conns start
 * at once and pages become real when they are needed.
 */
void weir_table_init(struct weir_table *t, struct weir_arena *arena, uint32_t capacity,
	const struct weir_sipkey *secret);

/*
 * A conn that no key leads to yet, or WEIR_CONN_NONE when all are in use. It is zeroed, but for
 * held (WEIR_HELD_NONE) and wheel_prev (WEIR_WHEEL_OFF). Free conns have client.addr all zero,
 * which is no client's address: that is how a walk over conns tells them.
 */
uint32_t weir_table_take(struct weir_table *t);

/* Gives a conn back. INVARIANT: its keys have been removed, its timer is off the wheel. */
void weir_table_give(struct weir_table *t, uint32_t conn);

/*
 * In all that follow, hash is weir_key_hash(&t->secret, key).
 *
 * Makes `conn` findable under key; the key that side's field holds (client or local) must equal it.
 * INVARIANT: no conn stands under the key yet (find first). false when both buckets are full, or
 * the first one is and as many as can be counted live elsewhere: the connection cannot be had (a
 * named drop), nothing changed.
 */
bool weir_table_insert(struct weir_table *t, const struct weir_key *key, uint64_t hash,
	uint32_t conn);

/* Ends that; false when the key did not lead to conn. The conn's field must still equal the key. */
bool weir_table_remove(struct weir_table *t, const struct weir_key *key, uint64_t hash,
	uint32_t conn);

/* The conn under key, or WEIR_CONN_NONE. */
uint32_t weir_table_lookup(const struct weir_table *t, const struct weir_key *key, uint64_t hash);

/*
 * The same in two steps, for many keys at a time. The first touches the first bucket's line only
 * and says which conn it probably is, for prefetching: WEIR_CONN_NONE is for sure,
 * WEIR_TABLE_UNSURE leads to no conn. The second, nothing having changed in between, says for all
 * but WEIR_CONN_NONE what weir_table_lookup() does.
 */
#define WEIR_TABLE_UNSURE 0xfffffffeu
static inline uint32_t weir_table_probe(const struct weir_table *t, const struct weir_key *key,
	uint64_t hash);
static inline uint32_t weir_table_confirm(const struct weir_table *t, const struct weir_key *key,
	uint64_t hash, uint32_t guess);

static inline struct weir_conn *weir_table_conn(const struct weir_table *t, uint32_t conn)
{
	return &t->conns[conn];
}

/* The line a find will touch first, for prefetching. */
static inline const void *weir_table_line(const struct weir_table *t, uint64_t hash);

/* inline definitions */

static inline uint32_t weir_table_first(const struct weir_table *t, uint64_t hash)
{
	return (uint32_t)((hash & 0xffffffff) * t->n_buckets >> 32);
}

static inline const void *weir_table_line(const struct weir_table *t, uint64_t hash)
{
	return &t->buckets[weir_table_first(t, hash)];
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	"weir_table_matches() counts slots from the low byte");

typedef uint16_t weir_tags_vec __attribute__((vector_size(16)));
typedef int8_t weir_bytes_vec __attribute__((vector_size(8)));

/* All eight tags are compared at once: byte i of the result is 1 where slot i has the tag. */
static inline uint64_t weir_table_matches(const struct weir_bucket_line *line, uint16_t tag)
{
	weir_tags_vec tags;

	memcpy(&tags, line->tag, sizeof(tags));
	return (uint64_t) __builtin_convertvector(tags == tag, weir_bytes_vec) &
		0x0101010101010101ull;
}

static inline unsigned int weir_table_first_match(uint64_t m)
{
	return (unsigned int)__builtin_ctzll(m) >> 3;
}

/* Which bits: above. The side makes a conn's two keys differ even in one bucket. */
static inline uint16_t weir_table_tag_of(const struct weir_key *key, uint64_t hash)
{
	const uint16_t side = key->id >> 15; /* WEIR_KEY_BACKEND */
	uint16_t tag = (uint16_t)(hash * 0x9e3779b97f4a7c15ull >> 49 << 1) | side;

	return tag ? tag : 2;
}

/* Of those that live in their second buckets only one kind in eight is worth a look there. */
static inline unsigned int weir_table_kind(uint16_t tag)
{
	return tag >> 13;
}

/* Is it the conn's key? */
static inline bool weir_table_stands(const struct weir_table *t, uint32_t conn,
	const struct weir_key *key)
{
	const struct weir_conn *c = &t->conns[conn];

	return weir_key_eq(key, key->id & WEIR_KEY_BACKEND ? &c->local : &c->client);
}

static inline uint32_t weir_table_probe(const struct weir_table *t, const struct weir_key *key,
	uint64_t hash)
{
	const struct weir_bucket_line *line = &t->buckets[weir_table_first(t, hash)];
	uint16_t tag = weir_table_tag_of(key, hash);
	uint64_t m = weir_table_matches(line, tag);

	if (m != 0)
		return line->conn[weir_table_first_match(m)];
	return line->spilled[weir_table_kind(tag)] != 0 ? WEIR_TABLE_UNSURE : WEIR_CONN_NONE;
}

static inline uint32_t weir_table_confirm(const struct weir_table *t, const struct weir_key *key,
	uint64_t hash, uint32_t guess)
{
	if (guess != WEIR_TABLE_UNSURE && weir_table_stands(t, guess, key))
		return guess;
	return weir_table_lookup(t, key, hash);
}

#endif
