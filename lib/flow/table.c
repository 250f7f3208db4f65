// SPDX-License-Identifier: BSD-3-Clause
#include "flow/table.h"

#include "flow/held.h"
#include "flow/wheel.h"

_Static_assert(WEIR_HELD_NONE == WEIR_CONN_NONE, "held doubles as the link of free conns");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	"matches() counts slots from the low byte");

typedef uint16_t tags_vec __attribute__((vector_size(16)));
typedef int8_t bytes_vec __attribute__((vector_size(8)));

/* All eight tags are compared at once: byte i of the result is 1 where slot i has the tag. */
static inline uint64_t matches(const struct weir_bucket_line *line, uint16_t tag)
{
	tags_vec tags;

	memcpy(&tags, line->tag, sizeof(tags));
	return (uint64_t) __builtin_convertvector(tags == tag, bytes_vec) & 0x0101010101010101ull;
}

static inline unsigned int first_match(uint64_t m)
{
	return (unsigned int)__builtin_ctzll(m) >> 3;
}

/* table.h says why these bits. The side makes a conn's two keys differ even in one bucket. */
static inline uint16_t tag_of(const struct weir_key *key, uint64_t hash)
{
	uint16_t tag = (uint16_t)(hash * 0x9e3779b97f4a7c15ull >> 49 << 1);

	if (key->id & WEIR_KEY_BACKEND)
		return tag | 1;
	return tag ? tag : 2;
}

static inline uint32_t first_bucket(const struct weir_table *t, uint64_t hash)
{
	return (uint32_t)((hash & 0xffffffff) * t->n_buckets >> 32);
}

static inline uint32_t second_bucket(const struct weir_table *t, uint32_t first, uint64_t hash)
{
	uint32_t i = first + 1 + (uint32_t)((hash >> 32) * (t->n_buckets - 1) >> 32);

	return i < t->n_buckets ? i : i - t->n_buckets;
}

void weir_table_init(struct weir_table *t, struct weir_arena *arena, uint32_t capacity,
	const struct weir_sipkey *secret)
{
	uint32_t keys_at_half_load = capacity * 2 * 2;

	*t = (struct weir_table){
		.secret = *secret,
		.capacity = capacity,
		.free_head = WEIR_CONN_NONE,
		.n_buckets = (keys_at_half_load + WEIR_BUCKET_SLOTS - 1) / WEIR_BUCKET_SLOTS,
	};
	t->buckets = weir_arena_take(arena, (size_t)t->n_buckets * sizeof(*t->buckets));
	t->conns = weir_arena_take(arena, (size_t)capacity * sizeof(*t->conns));
}

uint32_t weir_table_take(struct weir_table *t)
{
	uint32_t conn = t->free_head;
	struct weir_conn *c;

	if (conn != WEIR_CONN_NONE) {
		c = &t->conns[conn];
		t->free_head = c->held;
	} else if (t->fresh < t->capacity) {
		conn = t->fresh++;
		c = &t->conns[conn];
	} else {
		return WEIR_CONN_NONE;
	}
	c->held = WEIR_HELD_NONE;
	c->wheel_prev = WEIR_WHEEL_OFF;
	t->count++;
	return conn;
}

/* Zeroed now rather than when it is taken: now its lines are in the cache. */
void weir_table_give(struct weir_table *t, uint32_t conn)
{
	struct weir_conn *c = &t->conns[conn];

	memset(c, 0, sizeof(*c));
	c->held = t->free_head;
	t->free_head = conn;
	t->count--;
}

bool weir_table_insert(struct weir_table *t, const struct weir_key *key, uint32_t conn)
{
	uint64_t hash = weir_key_hash(&t->secret, key);
	uint32_t at = first_bucket(t, hash);
	struct weir_bucket_line *first = &t->buckets[at];
	struct weir_bucket_line *into = first;
	unsigned int slot;

	if (first->used >= WEIR_BUCKET_CROWDED) {
		struct weir_bucket_line *second = &t->buckets[second_bucket(t, at, hash)];

		if (second->used < first->used)
			into = second;
	}
	if (into->used == WEIR_BUCKET_SLOTS)
		return false;
	slot = first_match(matches(into, 0));
	into->tag[slot] = tag_of(key, hash);
	into->conn[slot] = conn;
	into->used++;
	first->spilled += into != first;
	return true;
}

static inline bool stands_under(const struct weir_table *t, uint32_t conn,
	const struct weir_key *key)
{
	const struct weir_conn *c = &t->conns[conn];

	return weir_key_eq(key, key->id & WEIR_KEY_BACKEND ? &c->local : &c->client);
}

/* The slot of line that key has, or WEIR_BUCKET_SLOTS. */
static inline unsigned int find_in(const struct weir_table *t, const struct weir_bucket_line *line,
	const struct weir_key *key, uint16_t tag)
{
	for (uint64_t m = matches(line, tag); m != 0; m &= m - 1) {
		unsigned int slot = first_match(m);

		if (stands_under(t, line->conn[slot], key))
			return slot;
	}
	return WEIR_BUCKET_SLOTS;
}

bool weir_table_remove(struct weir_table *t, const struct weir_key *key, uint32_t conn)
{
	uint64_t hash = weir_key_hash(&t->secret, key);
	uint16_t tag = tag_of(key, hash);
	uint32_t at = first_bucket(t, hash);
	struct weir_bucket_line *first = &t->buckets[at];
	struct weir_bucket_line *line = first;
	unsigned int slot = find_in(t, line, key, tag);

	if (slot == WEIR_BUCKET_SLOTS && first->spilled != 0) {
		line = &t->buckets[second_bucket(t, at, hash)];
		slot = find_in(t, line, key, tag);
	}
	if (slot == WEIR_BUCKET_SLOTS || line->conn[slot] != conn)
		return false;
	line->tag[slot] = 0;
	line->used--;
	first->spilled -= line != first;
	return true;
}

uint32_t weir_table_find(const struct weir_table *t, const struct weir_key *key, uint64_t hash)
{
	uint16_t tag = tag_of(key, hash);
	uint32_t at = first_bucket(t, hash);
	const struct weir_bucket_line *line = &t->buckets[at];
	unsigned int slot = find_in(t, line, key, tag);

	if (slot == WEIR_BUCKET_SLOTS && line->spilled != 0) {
		line = &t->buckets[second_bucket(t, at, hash)];
		slot = find_in(t, line, key, tag);
	}
	return slot == WEIR_BUCKET_SLOTS ? WEIR_CONN_NONE : line->conn[slot];
}

uint32_t weir_table_guess(const struct weir_table *t, const struct weir_key *key, uint64_t hash)
{
	const struct weir_bucket_line *line = &t->buckets[first_bucket(t, hash)];
	uint64_t m = matches(line, tag_of(key, hash));

	if (m != 0)
		return line->conn[first_match(m)];
	return line->spilled != 0 ? WEIR_TABLE_UNSURE : WEIR_CONN_NONE;
}

uint32_t weir_table_confirm(const struct weir_table *t, const struct weir_key *key, uint64_t hash,
	uint32_t guess)
{
	if (guess == WEIR_CONN_NONE || (guess != WEIR_TABLE_UNSURE && stands_under(t, guess, key)))
		return guess;
	return weir_table_find(t, key, hash);
}
