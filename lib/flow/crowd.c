// SPDX-License-Identifier: BSD-3-Clause
#include "flow/crowd.h"

#include "base/share.h"

/* A line for each so many connections, so that a counter of two has one or two of them. */
#define CONNS_PER_LINE 16
#define LINES_MIN      64

/* An address with so much of its cap is an offender, refused or not. */
#define OFFENDING(cap) ((cap) == 0 ? UINT32_MAX : (cap) / 4)

void weir_crowd_init(struct weir_crowd *c, struct weir_arena *arena, uint32_t conns,
	const struct weir_sipkey *key)
{
	const size_t line = WEIR_CROWD_LINE * sizeof(uint32_t);

	c->key = *key;
	for (c->lines = LINES_MIN; c->lines < conns / CONNS_PER_LINE;)
		c->lines *= 2;
	c->of_address = weir_arena_take(arena, c->lines * line);
	c->of_prefix = weir_arena_take(arena, c->lines * line);
	c->offenders = weir_arena_take(arena, WEIR_OFFENDERS * sizeof(*c->offenders));
	weir_crowd_cap(c, 0, 0, 1);
}

void weir_crowd_cap(struct weir_crowd *c, uint32_t address, uint32_t prefix, unsigned int workers)
{
	c->address_cap = weir_share(address, workers);
	c->prefix_cap = weir_share(prefix, workers);
	c->offending = OFFENDING(c->address_cap);
}

/* An address's two counters, in the two parts of one line. */
struct pair {
	uint32_t *a, *b;
};

static inline struct pair pair_of(const struct weir_crowd *c, uint32_t *counters,
	const struct weir_addr *addr)
{
	uint64_t hash = weir_addr_hash(&c->key, addr);
	uint32_t *line = &counters[(hash & (c->lines - 1)) * WEIR_CROWD_LINE];

	return (struct pair){line + (hash >> 58 & 7), line + 8 + (hash >> 61)};
}

static uint32_t read(struct pair p)
{
	uint32_t a = __atomic_load_n(p.a, __ATOMIC_RELAXED);
	uint32_t b = __atomic_load_n(p.b, __ATOMIC_RELAXED);

	return a < b ? a : b;
}

static void change(struct pair p, uint32_t by)
{
	__atomic_store_n(p.a, *p.a + by, __ATOMIC_RELAXED);
	__atomic_store_n(p.b, *p.b + by, __ATOMIC_RELAXED);
}

static bool is_of(const struct weir_offender_slot *slot, const struct weir_addr *client)
{
	return slot->addr[0] == client->q[0] && slot->addr[1] == client->q[1];
}

/* INVARIANT: words are written after the version was made odd, and read before it is read again. */
static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void write_slot(struct weir_offender_slot *slot, const struct weir_addr *client,
	uint64_t refused)
{
	__atomic_store_n(&slot->version, slot->version + 1, __ATOMIC_RELAXED);
	store(&slot->addr[0], client->q[0]);
	store(&slot->addr[1], client->q[1]);
	store(&slot->refused, refused);
	__atomic_store_n(&slot->version, slot->version + 1, __ATOMIC_RELEASE);
}

/* Adds to what the address has been refused; it takes the place of the one least refused in its set. */
static __attribute__((noinline)) void note(struct weir_crowd *c, const struct weir_addr *client,
	unsigned int refused)
{
	uint64_t set =
		weir_addr_hash(&c->key, client) >> 32 & (WEIR_OFFENDERS / WEIR_OFFENDER_WAYS - 1);
	struct weir_offender_slot *at = &c->offenders[set * WEIR_OFFENDER_WAYS], *slot = at;

	for (unsigned int i = 0; i < WEIR_OFFENDER_WAYS; i++) {
		if (is_of(&at[i], client)) {
			slot = &at[i];
			break;
		}
		if (at[i].refused < slot->refused)
			slot = &at[i];
	}
	write_slot(slot, client, (is_of(slot, client) ? slot->refused : 0) + refused);
}

enum weir_crowd_room weir_crowd_take(struct weir_crowd *c, const struct weir_addr *client)
{
	const struct weir_addr source = weir_addr_source(client), prefix = weir_addr_prefix(client);
	const struct pair one = pair_of(c, c->of_address, &source);
	const struct pair all = pair_of(c, c->of_prefix, &prefix);
	const uint32_t now = read(one);

	if (c->address_cap != 0 && now >= c->address_cap) {
		note(c, &source, 1);
		return WEIR_CROWD_ADDRESS_FULL;
	}
	if (c->prefix_cap != 0 && read(all) >= c->prefix_cap) {
		note(c, &source, 1);
		return WEIR_CROWD_PREFIX_FULL;
	}
	change(one, 1);
	change(all, 1);
	if (now == c->offending)
		note(c, &source, 0);
	return WEIR_CROWD_ROOM;
}

void weir_crowd_give(struct weir_crowd *c, const struct weir_addr *client)
{
	const struct weir_addr prefix = weir_addr_prefix(client);

	change(pair_of(c, c->of_prefix, &prefix), -1u);
	change(pair_of(c, c->of_address, client), -1u);
}

uint32_t weir_crowd_now(const struct weir_crowd *c, const struct weir_addr *client)
{
	return read(pair_of(c, c->of_address, client));
}

bool weir_crowd_offender(const struct weir_crowd *c, uint32_t i, struct weir_offender *out)
{
	static const struct weir_addr none;
	const struct weir_offender_slot *slot = &c->offenders[i];
	uint32_t before = __atomic_load_n(&slot->version, __ATOMIC_ACQUIRE);

	out->addr.q[0] = load(&slot->addr[0]);
	out->addr.q[1] = load(&slot->addr[1]);
	out->refused = load(&slot->refused);
	return !(before & 1) && before == __atomic_load_n(&slot->version, __ATOMIC_RELAXED) &&
		!weir_addr_eq(&out->addr, &none);
}
