// SPDX-License-Identifier: BSD-3-Clause
/*
 * Owns the buckets, and the list of free conns through conn->held. What is in a conn is its user's.
 */
#include "flow/table.h"

#include "flow/held.h"
#include "flow/wheel.h"

_Static_assert(WEIR_HELD_NONE == WEIR_CONN_NONE, "held doubles as the link of free conns");
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

bool weir_table_insert(struct weir_table *t, const struct weir_key *key, uint64_t hash,
	uint32_t conn)
{
	uint32_t at = weir_table_first(t, hash);
	struct weir_bucket_line *first = &t->buckets[at];
	struct weir_bucket_line *into = first;
	uint16_t tag = weir_table_tag_of(key, hash);
	uint8_t *spilled = &first->spilled[weir_table_kind(tag)];
	unsigned int slot;

	if (first->used >= WEIR_BUCKET_CROWDED && *spilled < UINT8_MAX) {
		struct weir_bucket_line *second = &t->buckets[second_bucket(t, at, hash)];

		if (second->used < first->used)
			into = second;
	}
	if (into->used == WEIR_BUCKET_SLOTS)
		return false;
	slot = weir_table_first_match(weir_table_matches(into, 0));
	into->tag[slot] = tag;
	into->conn[slot] = conn;
	into->used++;
	*spilled += into != first;
	return true;
}

/* The slot of line that key has, or WEIR_BUCKET_SLOTS. */
static inline unsigned int find_in(const struct weir_table *t, const struct weir_bucket_line *line,
	const struct weir_key *key, uint16_t tag)
{
	for (uint64_t m = weir_table_matches(line, tag); m != 0; m &= m - 1) {
		unsigned int slot = weir_table_first_match(m);

		if (weir_table_stands(t, line->conn[slot], key))
			return slot;
	}
	return WEIR_BUCKET_SLOTS;
}

bool weir_table_remove(struct weir_table *t, const struct weir_key *key, uint64_t hash,
	uint32_t conn)
{
	uint16_t tag = weir_table_tag_of(key, hash);
	uint32_t at = weir_table_first(t, hash);
	struct weir_bucket_line *first = &t->buckets[at];
	struct weir_bucket_line *line = first;
	uint8_t *spilled = &first->spilled[weir_table_kind(tag)];
	unsigned int slot = find_in(t, line, key, tag);

	if (slot == WEIR_BUCKET_SLOTS && *spilled != 0) {
		line = &t->buckets[second_bucket(t, at, hash)];
		slot = find_in(t, line, key, tag);
	}
	if (slot == WEIR_BUCKET_SLOTS || line->conn[slot] != conn)
		return false;
	line->tag[slot] = 0;
	line->used--;
	*spilled -= line != first;
	return true;
}

uint32_t weir_table_lookup(const struct weir_table *t, const struct weir_key *key, uint64_t hash)
{
	uint16_t tag = weir_table_tag_of(key, hash);
	uint32_t at = weir_table_first(t, hash);
	const struct weir_bucket_line *line = &t->buckets[at];
	unsigned int slot = find_in(t, line, key, tag);

	if (slot == WEIR_BUCKET_SLOTS && line->spilled[weir_table_kind(tag)] != 0) {
		line = &t->buckets[second_bucket(t, at, hash)];
		slot = find_in(t, line, key, tag);
	}
	return slot == WEIR_BUCKET_SLOTS ? WEIR_CONN_NONE : line->conn[slot];
}
