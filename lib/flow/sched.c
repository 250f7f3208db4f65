// SPDX-License-Identifier: BSD-3-Clause
/* Owns a worker's cursors, and what it knows of each backend: connections, failures, hold-down. */
#include "flow/sched.h"

/* What speaks against a backend, the gravest highest: the least sum wins. */
enum {
	RANK_AVAILABLE = 0,
	RANK_AVOIDED = 1,
	RANK_HELD_DOWN = 2,
	RANK_UNHEALTHY = 4,
	RANK_NONE = 8
};

static const struct weir_health all_healthy;

/* What the service's cursor walks over. */
static uint32_t order_len(const struct weir_service *sv)
{
	return sv->scheduler == WEIR_SCHED_LC ? sv->n_members : sv->n_slots;
}

void weir_sched_init(struct weir_sched *s, struct weir_arena *arena, const struct weir_policy *p,
	unsigned int worker)
{
	s->cursor = weir_arena_take(arena, weir_policy_service_room(p) * sizeof(*s->cursor));
	s->backends = weir_arena_take(arena, weir_policy_backend_room(p) * sizeof(*s->backends));
	s->health = &all_healthy;
	for (uint32_t i = 0; s->cursor != NULL && i < p->n_services; i++)
		s->cursor[i] = order_len(&p->services[i]) * worker / p->n_workers;
}

void weir_sched_heed(struct weir_sched *s, const struct weir_health *health)
{
	s->health = health;
}

void weir_sched_adopt(struct weir_sched *s, const struct weir_policy *p, uint32_t generation)
{
	for (uint32_t i = 0; i < p->n_backends; i++)
		if (p->backends[i].since > generation)
			s->backends[i] = (struct weir_sched_backend){0};
}

static unsigned int rank_of(const struct weir_sched *s, uint16_t backend, uint16_t avoid,
	uint64_t now_ns)
{
	unsigned int rank = backend == avoid ? RANK_AVOIDED : RANK_AVAILABLE;

	if (now_ns < s->backends[backend].hold_down_until_ns)
		rank |= RANK_HELD_DOWN;
	if (!weir_health_is_good(s->health, backend))
		rank |= RANK_UNHEALTHY;
	return rank;
}

/*
 * rr, wrr: the next of the order among those of the least rank. Not in line, so that the usual case
 * of weir_sched_pick() needs few registers.
 */
static __attribute__((noinline)) struct weir_choice next_in_order(const struct weir_sched *s,
	const struct weir_policy *p, const struct weir_service *sv, uint32_t from, uint16_t avoid,
	uint64_t now_ns)
{
	struct weir_choice best = {.backend = WEIR_NONE16};
	unsigned int least = RANK_NONE;
	uint32_t at = from;

	for (uint32_t i = 0; i < sv->n_slots && least != RANK_AVAILABLE; i++) {
		uint16_t backend = p->slots[sv->first_slot + at];
		unsigned int rank = rank_of(s, backend, avoid, now_ns);

		if (rank < least) {
			least = rank;
			best = (struct weir_choice){backend, at};
		}
		at = at + 1 == sv->n_slots ? 0 : at + 1;
	}
	return best;
}

/* Backend a has less to do for its weight than b: active / weight, cross-multiplied. */
static bool is_less_active(const struct weir_sched *s, struct weir_member a, struct weir_member b)
{
	return (uint64_t)s->backends[a.backend].active * b.weight <
		(uint64_t)s->backends[b.backend].active * a.weight;
}

/* lc: of the least rank the least active; the first of equals. */
static __attribute__((noinline)) struct weir_choice least_active(const struct weir_sched *s,
	const struct weir_policy *p, const struct weir_service *sv, uint32_t from, uint16_t avoid,
	uint64_t now_ns)
{
	struct weir_member best = {.backend = WEIR_NONE16};
	unsigned int least = RANK_NONE;
	uint32_t at = from, best_at = 0;

	for (uint32_t i = 0; i < sv->n_members; i++) {
		struct weir_member m = p->members[sv->first_member + at];
		unsigned int rank = rank_of(s, m.backend, avoid, now_ns);

		if (m.weight != 0 &&
			(rank < least || (rank == least && is_less_active(s, m, best)))) {
			least = rank;
			best = m;
			best_at = at;
		}
		at = at + 1 == sv->n_members ? 0 : at + 1;
	}
	return (struct weir_choice){best.backend, best_at};
}

struct weir_choice weir_sched_pick(const struct weir_sched *s, const struct weir_policy *p,
	uint16_t service, uint16_t avoid, uint64_t now_ns)
{
	const struct weir_service *sv = &p->services[service];
	uint32_t cursor = s->cursor[service], from = cursor < order_len(sv) ? cursor : 0;
	uint16_t next;

	if (sv->scheduler == WEIR_SCHED_LC)
		return least_active(s, p, sv, from, avoid, now_ns);
	if (sv->n_slots == 0)
		return (struct weir_choice){.backend = WEIR_NONE16};
	next = p->slots[sv->first_slot + from]; /* nearly always the one */
	return rank_of(s, next, avoid, now_ns) == RANK_AVAILABLE
		? (struct weir_choice){next, from}
		: next_in_order(s, p, sv, from, avoid, now_ns);
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
	s->backends[backend].fails = 0;
	s->backends[backend].n_failed = 0;
	s->backends[backend].hold_down_until_ns = 0;
}

/* This client's failure counts already. */
static bool has_failed(const struct weir_sched_backend *b, const struct weir_addr *client)
{
	for (unsigned int i = 0; i < b->n_failed; i++)
		if (weir_addr_eq(&b->failed[i], client))
			return true;
	return false;
}

bool weir_sched_failed(struct weir_sched *s, uint16_t backend, const struct weir_addr *client,
	uint64_t now_ns)
{
	struct weir_sched_backend *b = &s->backends[backend];

	if (now_ns < b->hold_down_until_ns || has_failed(b, client))
		return false;
	if (b->fails + 1 < WEIR_SCHED_FALL) {
		b->failed[b->n_failed++] = *client;
		b->fails++;
		return false;
	}
	b->fails = WEIR_SCHED_FALL - 1;
	b->failed[0] = *client;
	b->n_failed = 1;
	b->hold_down_until_ns = now_ns + WEIR_SCHED_HOLD_DOWN_NS;
	return true;
}
