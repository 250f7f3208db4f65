// SPDX-License-Identifier: BSD-3-Clause
/* Owns a worker's cursors, and what it knows of each backend: connections, failures, hold-down. */
#include "flow/sched.h"

#include "flow/addr_hash.h"

/* What speaks against a backend, the gravest highest: the least sum wins. */
enum {
	RANK_AVAILABLE = 0,
	RANK_RISING = 1, /* in slow start, and this one is not among its share */
	RANK_BACKUP = 2,
	RANK_CROWDED = 4, /* full, but for half-open entries, which may be forged */
	RANK_AVOIDED = 8,
	RANK_HELD_DOWN = 16,
	RANK_FULL = 32, /* from here on none is chosen */
	RANK_UNHEALTHY = 64,
	RANK_NONE = 128
};

/* Slots that a hash may lead to before the members are gone through. */
#define PROBES_MAX 16

/* Slots of an order that are looked at before the members are: heavy ones have many slots. */
#define TURNS_MAX 64

/* Members drawn at random until two of them are available. */
#define DRAWS_MAX 4

/* A choice being made. */
struct choosing {
	const struct weir_sched *s;
	const struct weir_policy *p;
	const struct weir_service *sv;
	uint64_t now_ns,
		seed; /* seed: of what is drawn at random; the same for all that is looked at */
	uint16_t avoid;
	/* the best so far, and what is known of it */
	uint8_t rank;
	struct weir_choice best;
	struct weir_member member;
};

static const struct weir_health all_healthy;

/* What the service's cursor walks over; 0: it counts. */
static uint32_t order_len(const struct weir_service *sv)
{
	switch ((enum weir_scheduler)sv->scheduler) {
	case WEIR_SCHED_RR:
	case WEIR_SCHED_WRR:
		return sv->n_slots;
	case WEIR_SCHED_LC:
	case WEIR_SCHED_WLC:
		return sv->n_members;
	case WEIR_SCHED_SH:
	case WEIR_SCHED_MAGLEV:
	case WEIR_SCHED_RANDOM:
		break;
	}
	return 0;
}

static void heed_max_conns(struct weir_sched *s, const struct weir_policy *p)
{
	for (uint32_t i = 0; s->backends != NULL && i < p->n_members; i++)
		s->backends[p->members[i].backend].most = weir_policy_max_conns(p, &p->members[i]);
}

void weir_sched_init(struct weir_sched *s, struct weir_arena *arena, const struct weir_policy *p,
	unsigned int worker)
{
	s->cursor = weir_arena_take(arena, weir_policy_service_room(p) * sizeof(*s->cursor));
	s->backends = weir_arena_take(arena, weir_policy_backend_room(p) * sizeof(*s->backends));
	s->health = &all_healthy;
	for (uint32_t i = 0; s->cursor != NULL && i < p->n_services; i++)
		s->cursor[i] = order_len(&p->services[i]) * worker / p->n_workers;
	heed_max_conns(s, p);
}

void weir_sched_heed(struct weir_sched *s, const struct weir_health *health)
{
	s->health = health;
}

void weir_sched_adopt(struct weir_sched *s, const struct weir_policy *p, uint32_t generation,
	uint64_t now_ns)
{
	for (uint32_t i = 0; i < p->n_backends; i++)
		if (p->backends[i].since > generation)
			s->backends[i] = (struct weir_sched_backend){.risen_ns = now_ns};
	heed_max_conns(s, p);
}

/* splitmix64's last steps: every bit of x is in every bit of the result. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* 0 .. n - 1, by a number of 32 bits. */
static uint32_t scale(uint32_t x, uint32_t n)
{
	return (uint32_t)((uint64_t)x * n >> 32);
}

/* It came, or came back, while this worker was running. */
static bool has_come(const struct weir_sched_backend *b)
{
	return (b->risen_ns | b->hold_down_until_ns) != 0;
}

/*
 * Slow start: the share of choices that it takes part in grows in proportion to the time since it
 * came. Not in line: rarely needed.
 */
static __attribute__((noinline)) bool is_rising(const struct choosing *ch, uint16_t backend)
{
	const struct weir_sched_backend *b = &ch->s->backends[backend];
	uint64_t whole = ch->sv->slow_start_ms * 1000000ull;
	uint64_t since = ch->now_ns -
		(b->hold_down_until_ns > b->risen_ns ? b->hold_down_until_ns : b->risen_ns);

	return since < whole &&
		scale((uint32_t)mix(ch->seed + backend), 1000) >= since * 1000 / whole;
}

static unsigned int rank_of(const struct choosing *ch, uint16_t backend)
{
	const struct weir_sched_backend *b = &ch->s->backends[backend];
	unsigned int rank = backend == ch->avoid ? RANK_AVOIDED : RANK_AVAILABLE;

	if (ch->now_ns < b->hold_down_until_ns)
		rank |= RANK_HELD_DOWN;
	if (!weir_health_is_good(ch->s->health, backend))
		rank |= RANK_UNHEALTHY;
	if (b->active >= b->most)
		rank |= weir_sched_is_full(ch->s, backend) ? RANK_FULL : RANK_CROWDED;
	if (has_come(b) && !(rank & RANK_HELD_DOWN) && is_rising(ch, backend))
		rank |= RANK_RISING;
	return rank;
}

static void choose(struct choosing *ch, unsigned int rank, struct weir_member m, uint32_t at)
{
	ch->rank = (uint8_t)rank;
	ch->member = m;
	ch->best = (struct weir_choice){m.backend, at};
}

static void look_at_slot(struct choosing *ch, uint32_t slot, uint32_t at)
{
	uint16_t backend = ch->p->slots[ch->sv->first_slot + slot];
	unsigned int rank = rank_of(ch, backend);

	if (rank < ch->rank)
		choose(ch, rank, (struct weir_member){.backend = backend}, at);
}

/* Backend a has less to do for its weight than b: active / weight, cross-multiplied. */
static bool is_less_active(const struct choosing *ch, struct weir_member a, struct weir_member b)
{
	bool equal = ch->sv->scheduler == WEIR_SCHED_LC;

	return (uint64_t)ch->s->backends[a.backend].active * (equal ? 1 : b.weight) <
		(uint64_t)ch->s->backends[b.backend].active * (equal ? 1 : a.weight);
}

/* at: where the next choice begins, less one. */
static void look_at_member(struct choosing *ch, uint32_t i, uint32_t at, bool by_load)
{
	struct weir_member m = ch->p->members[ch->sv->first_member + i];
	unsigned int rank = rank_of(ch, m.backend) | (m.backup ? RANK_BACKUP : 0);

	if (m.weight != 0 &&
		(rank < ch->rank ||
			(by_load && rank == ch->rank && is_less_active(ch, m, ch->member))))
		choose(ch, rank, m, at);
}

/* rr, wrr: the next of the order among those of the least rank. */
static void next_in_order(struct choosing *ch, uint32_t from)
{
	uint32_t at = from;

	for (uint32_t i = 0; i < ch->sv->n_slots && i < TURNS_MAX && ch->rank != RANK_AVAILABLE;
		i++) {
		look_at_slot(ch, at, at);
		at = at + 1 == ch->sv->n_slots ? 0 : at + 1;
	}
}

/* Of the least rank the first; by_load: the least active, the first of equals. */
static void look_at_all(struct choosing *ch, uint32_t from, bool by_load)
{
	uint32_t at = from;

	for (uint32_t i = 0; i < ch->sv->n_members; i++) {
		look_at_member(ch, at, at, by_load);
		at = at + 1 == ch->sv->n_members ? 0 : at + 1;
	}
}

/*
 * sh, maglev: where the client's hash leads, and if that backend cannot be had where the next hash
 * leads: so its clients spread over all others, and theirs stay where they are.
 */
static void by_hash(struct choosing *ch, uint64_t hash, uint32_t cursor)
{
	for (uint32_t i = 0; i < PROBES_MAX && ch->rank != RANK_AVAILABLE && ch->sv->n_slots != 0;
		i++) {
		look_at_slot(ch, scale((uint32_t)hash, ch->sv->n_slots), cursor);
		hash = mix(hash);
	}
	if (ch->rank != RANK_AVAILABLE)
		look_at_all(ch, scale((uint32_t)hash, ch->sv->n_members), false);
	ch->best.at = cursor;
}

/* random: the less active of two that are drawn (Mitzenmacher 2001), or else of all. */
static void of_two(struct choosing *ch, uint32_t cursor)
{
	unsigned int good = 0;
	uint64_t draw = mix(ch->seed);

	for (unsigned int i = 0; i < DRAWS_MAX && good < 2 && ch->sv->n_members != 0; i++) {
		uint32_t at = scale((uint32_t)draw, ch->sv->n_members);
		const struct weir_member *m = &ch->p->members[ch->sv->first_member + at];

		draw = mix(draw);
		if (weir_member_share(m) == 0 || rank_of(ch, m->backend) != RANK_AVAILABLE)
			continue;
		look_at_member(ch, at, cursor, true);
		good++;
	}
	if (good == 0)
		look_at_all(ch, scale((uint32_t)draw, ch->sv->n_members), true);
	ch->best.at = cursor;
}

/* The same for all workers and generations, but not to be foreseen: the key is secret. */
static uint64_t client_hash(const struct weir_policy *p, const struct weir_addr *client)
{
	uint64_t words[2] = {client->q[0], client->q[1]};

	return weir_siphash13_words(&p->steer_secret, words, 2, 0, 0);
}

static void choose_by_scheduler(struct choosing *ch, const struct weir_addr *client,
	uint32_t cursor)
{
	uint32_t from = cursor < order_len(ch->sv) ? cursor : 0;

	switch ((enum weir_scheduler)ch->sv->scheduler) {
	case WEIR_SCHED_RR:
	case WEIR_SCHED_WRR:
		next_in_order(ch, from);
		if (ch->rank != RANK_AVAILABLE && ch->sv->n_slots > TURNS_MAX) {
			look_at_all(ch, 0, false);
			ch->best.at = from;
		}
		break;
	case WEIR_SCHED_LC:
	case WEIR_SCHED_WLC:
		look_at_all(ch, from, true);
		break;
	case WEIR_SCHED_SH:
	case WEIR_SCHED_MAGLEV:
		by_hash(ch, client_hash(ch->p, client), cursor);
		break;
	case WEIR_SCHED_RANDOM:
		of_two(ch, cursor);
		break;
	}
}

/*
 * What weir_sched_pick() does when the next one in order is not the one. Not in line, so that the usual
 * case needs few registers.
 */
static __attribute__((noinline)) struct weir_choice pick_with_care(const struct weir_sched *s,
	const struct weir_policy *p, uint16_t service, uint16_t avoid,
	const struct weir_addr *client, uint64_t now_ns)
{
	uint32_t cursor = s->cursor[service];
	struct choosing ch = {.s = s,
		.p = p,
		.sv = &p->services[service],
		.now_ns = now_ns,
		.seed = p->steer_secret.k0 ^ (now_ns + cursor * 0x9e3779b97f4a7c15ull),
		.avoid = avoid,
		.rank = RANK_NONE,
		.best = {.backend = WEIR_NONE16}};

	choose_by_scheduler(&ch, client, cursor);
	if (ch.rank > RANK_BACKUP && ch.sv->has_backups) /* they are in no order */
		look_at_all(&ch, 0, false);
	if (ch.rank >= RANK_FULL)
		return (struct weir_choice){.backend = WEIR_NONE16};
	return ch.best;
}

/* Nothing speaks against it. */
static bool is_available(const struct weir_sched *s, const struct weir_service *sv,
	uint16_t backend, uint64_t now_ns)
{
	const struct weir_sched_backend *b = &s->backends[backend];

	return now_ns >= b->hold_down_until_ns && weir_health_is_good(s->health, backend) &&
		b->active < b->most && (sv->slow_start_ms == 0 || !has_come(b));
}

struct weir_choice weir_sched_pick(const struct weir_sched *s, const struct weir_policy *p,
	uint16_t service, uint16_t avoid, const struct weir_addr *client, uint64_t now_ns)
{
	const struct weir_service *sv = &p->services[service];
	uint32_t cursor = s->cursor[service], from = cursor < sv->n_slots ? cursor : 0;
	uint16_t next;

	if (sv->scheduler > WEIR_SCHED_WRR || sv->n_slots == 0)
		return pick_with_care(s, p, service, avoid, client, now_ns);
	next = p->slots[sv->first_slot + from]; /* nearly always the one */
	return next != avoid && is_available(s, sv, next, now_ns)
		? (struct weir_choice){next, from}
		: pick_with_care(s, p, service, avoid, client, now_ns);
}

void weir_sched_open(struct weir_sched *s, uint16_t backend)
{
	s->backends[backend].active++;
}

void weir_sched_close(struct weir_sched *s, uint16_t backend)
{
	s->backends[backend].active--;
}

void weir_sched_answered(struct weir_sched *s, uint16_t backend)
{
	struct weir_sched_backend *b = &s->backends[backend];

	b->fails = 0;
	b->n_failed = 0;
	if (b->hold_down_until_ns != 0)
		b->risen_ns = b->hold_down_until_ns;
	b->hold_down_until_ns = 0;
}

/* This client's failure counts already, and counted lately. */
static bool has_failed(const struct weir_sched_backend *b, const struct weir_addr *client,
	uint64_t now_ns)
{
	if (now_ns - b->failed_ns >= WEIR_SCHED_AGAIN_NS)
		return false;
	for (unsigned int i = 0; i < b->n_failed; i++)
		if (weir_addr_eq(&b->failed[i], client))
			return true;
	return false;
}

bool weir_sched_failed(struct weir_sched *s, uint16_t backend, const struct weir_addr *client,
	bool proved, uint64_t now_ns)
{
	struct weir_sched_backend *b = &s->backends[backend];
	const struct weir_addr source = weir_addr_source(client);

	if (now_ns < b->hold_down_until_ns || has_failed(b, &source, now_ns))
		return false;
	if (b->fails == 0)
		b->failing_since_ns = now_ns;
	if (!proved && b->fails + 1 >= WEIR_SCHED_FALL &&
		now_ns - b->failing_since_ns < WEIR_SCHED_DOUBT_NS)
		return false;
	b->failed_ns = now_ns;
	if (b->fails + 1 < WEIR_SCHED_FALL) {
		b->failed[b->n_failed++] = source;
		b->fails++;
		return false;
	}
	b->fails = WEIR_SCHED_FALL - 1;
	b->failed[0] = source;
	b->n_failed = 1;
	b->hold_down_until_ns = now_ns + WEIR_SCHED_HOLD_DOWN_NS;
	return true;
}
