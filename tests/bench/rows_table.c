// SPDX-License-Identifier: BSD-3-Clause
/* The table by itself: cold keys, at several loads. A connection stands in it under two keys. */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "cycles.h"
#include "report.h"

#define LOT  256u /* connections removed and inserted at a time */
#define LOTS 256u

struct run {
	struct weir_table table;
	void *memory;
	size_t bytes;
	uint32_t n;      /* conns in use */
	uint32_t *order; /* all of them, in an order of no meaning; a ring */
	uint32_t oldest; /* index in it */
	bool hit;        /* find what is there, or what is not */
};

static struct weir_key random_key(uint16_t id)
{
	return (struct weir_key){.addr = weir_addr_v4((uint32_t)frames_random()),
		.port_be = (uint16_t)frames_random(),
		.id = id};
}

static uint64_t hash(const struct run *r, const struct weir_key *key)
{
	return weir_key_hash(&r->table.secret, key);
}

/* A new connection under two new keys. */
static void add(struct run *r, uint32_t at)
{
	uint32_t conn = weir_table_take(&r->table);
	struct weir_conn *c = weir_table_conn(&r->table, conn);

	c->client = random_key(0);
	c->local = random_key(WEIR_KEY_BACKEND);
	/* the wide choice of random keys makes one twice less likely than the row is exact */
	if (!weir_table_insert(&r->table, &c->client, hash(r, &c->client), conn) ||
		!weir_table_insert(&r->table, &c->local, hash(r, &c->local), conn))
		abort();
	r->order[at] = conn;
}

static void drop(struct run *r, uint32_t at)
{
	struct weir_conn *c = weir_table_conn(&r->table, r->order[at]);

	if (!weir_table_remove(&r->table, &c->client, hash(r, &c->client), r->order[at]) ||
		!weir_table_remove(&r->table, &c->local, hash(r, &c->local), r->order[at]))
		abort();
	weir_table_give(&r->table, r->order[at]);
}

/* LOT connections go, as many come. Returns the cycles of each half. */
static void churn(struct run *r, uint64_t *removing, uint64_t *inserting)
{
	uint32_t first = r->oldest;
	uint64_t start = cycles(), middle;

	for (uint32_t i = 0; i < LOT; i++)
		drop(r, (first + i) % r->n);
	middle = cycles();
	for (uint32_t i = 0; i < LOT; i++)
		add(r, (first + i) % r->n);
	*removing = middle - start;
	*inserting = cycles() - middle;
	r->oldest = (first + LOT) % r->n;
}

static uint64_t run_insert(void *ctx, unsigned int lot)
{
	uint64_t removing, inserting;

	churn(ctx, &removing, &inserting);
	return inserting;
}

static uint64_t run_remove(void *ctx, unsigned int lot)
{
	uint64_t removing, inserting;

	churn(ctx, &removing, &inserting);
	return removing;
}

/* By bursts, as the conductor does: hash all and prefetch their lines, then look at them. */
static uint64_t find_burst(const struct run *r, const struct weir_key keys[WEIR_BURST])
{
	uint64_t hash[WEIR_BURST], start = cycles(), took;
	unsigned int found = 0;

	for (unsigned int i = 0; i < WEIR_BURST; i++) {
		hash[i] = weir_key_hash(&r->table.secret, &keys[i]);
		__builtin_prefetch(weir_table_line(&r->table, hash[i]));
	}
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		found += weir_table_lookup(&r->table, &keys[i], hash[i]) != WEIR_CONN_NONE;
	took = cycles() - start;
	if (found != (r->hit ? WEIR_BURST : 0))
		abort();
	return took;
}

static uint64_t run_find(void *ctx, unsigned int lot)
{
	const struct run *r = ctx;
	struct weir_key keys[WEIR_BURST];
	uint64_t sum = 0;

	for (unsigned int at = 0; at < 2 * LOT; at += WEIR_BURST) {
		for (unsigned int i = 0; i < WEIR_BURST; i++) {
			uint32_t conn = r->order[frames_random() % r->n];
			const struct weir_conn *c = weir_table_conn(&r->table, conn);

			/* an id that no key has: never found */
			keys[i] = !r->hit ? random_key(1) : i & 1 ? c->client : c->local;
		}
		sum += find_burst(r, keys);
	}
	return sum;
}

static void row(const struct rows_options *o, struct run *r, const char *name, unsigned int percent,
	samples_fn *fn)
{
	struct samples_job job = {
		.full = fn, .ctx = r, .lots = LOTS, .per_lot = 2 * LOT, .rounds = o->rounds};
	struct samples result = {0};
	char text[64];

	snprintf(text, sizeof(text), "%s_%u%%", name, percent);
	samples_take(&job, &result);
	report_cycles(text, "conns", r->n, &result);
}

static void open_table(struct run *r, uint32_t capacity)
{
	const struct weir_sipkey secret = {42, 43};
	struct weir_arena arena = {0};
	enum pages got;

	weir_table_init(&r->table, &arena, capacity, &secret);
	r->bytes = arena.used;
	r->memory = pages_map(r->bytes, &got);
	arena = (struct weir_arena){.base = r->memory, .size = r->bytes};
	weir_table_init(&r->table, &arena, capacity, &secret);
}

/* n connections in a table that they fill to so many percent: half as many of the keys' slots. */
static void at_load(const struct rows_options *o, uint32_t n, unsigned int percent)
{
	struct run r = {.n = n, .order = calloc(n, sizeof(uint32_t))};

	if (r.order == NULL)
		abort();
	open_table(&r, (uint32_t)((uint64_t)n * 100 / percent));
	for (uint32_t i = 0; i < n; i++)
		add(&r, i);
	row(o, &r, "table_insert", percent, run_insert);
	row(o, &r, "table_remove", percent, run_remove);
	r.hit = true;
	row(o, &r, "table_find", percent, run_find);
	r.hit = false;
	row(o, &r, "table_miss", percent, run_find);
	pages_unmap(r.memory, r.bytes);
	free(r.order);
}

void rows_table(const struct rows_options *o, uint32_t connections)
{
	at_load(o, connections, 50);
	at_load(o, connections, 75);
	at_load(o, connections, 100);
}
