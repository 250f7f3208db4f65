/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backend choice, per worker: nothing is shared but the health bitmap, so the counts are this
 * worker's own. A struct weir_sched is used by one thread; times are in nanoseconds of its clock.
 *
 * A backend that failed WEIR_SCHED_FALL clients in a row is held down for WEIR_SCHED_HOLD_DOWN_NS,
 * then tried again. Failures of one client count once: the backend's firewall may reject that client
 * and no other (HC-65), and a client can make its connections fail as often as it likes. A choice prefers, in this order, a backend that is
 * healthy (flow/health.h), that is not held down, and that is not the one to avoid. When a service
 * has no such backend, the next best one is chosen all the same: a wrong guess about all of them
 * must not take the service down.
 *
 * Choosing is in two parts: weir_sched_pick() looks and changes nothing, so it may be asked as
 * often as one likes; weir_sched_commit() makes the choice count.
 */
#ifndef WEIR_FLOW_SCHED_H
#define WEIR_FLOW_SCHED_H

#include "base/arena.h"
#include "flow/health.h"
#include "flow/policy.h"

#define WEIR_SCHED_FALL         3
#define WEIR_SCHED_HOLD_DOWN_NS 2000000000ull

struct weir_sched_backend {
	uint32_t active; /* connections opened to it and not ended */
	uint16_t fails;  /* in a row, of different clients */
	uint16_t n_failed;
	uint64_t hold_down_until_ns;
	struct weir_addr failed[WEIR_SCHED_FALL - 1]; /* n_failed clients whose failures count */
};

struct weir_sched {
	/*
	 * Per service: where the next pick begins in its slots (lc: members), or past them, which
	 * is at their beginning. Workers start apart.
	 */
	uint32_t *cursor;
	struct weir_sched_backend *backends;
	const struct weir_health *health;
};

struct weir_choice {
	uint16_t backend; /* WEIR_NONE16: no backend of the service has weight */
	uint32_t at;      /* where it is in the service's slots (lc: members) */
};

/*
 * Takes memory from the arena (which may only measure) for every number that there may ever be. All
 * backends are healthy until weir_sched_heed().
 */
void weir_sched_init(struct weir_sched *s, struct weir_arena *arena, const struct weir_policy *p,
	unsigned int worker);

/* From here on by that bitmap, which stays the caller's and where it is. */
void weir_sched_heed(struct weir_sched *s, const struct weir_health *health);

/*
 * From here on by p, a later generation of the policy than `generation`, the one s went by. What s
 * knows about numbers that were given away since is forgotten.
 */
void weir_sched_adopt(struct weir_sched *s, const struct weir_policy *p, uint32_t generation);

/*
 * The backend for the next connection of the service. `avoid` is a backend not to choose when there
 * is another one as good (WEIR_NONE16: none). rr and wrr take the next of the service's order, lc
 * the least active / weight, ties in turn. Pure; bounded by the service's slots, for lc by its
 * members.
 */
struct weir_choice weir_sched_pick(const struct weir_sched *s, const struct weir_policy *p,
	uint16_t service, uint16_t avoid, uint64_t now_ns);

/*
 * That choice, picked under the same policy, is taken: the next pick begins after it. No effect
 * when it is none.
 */
static inline void weir_sched_commit(struct weir_sched *s, uint16_t service,
	struct weir_choice choice)
{
	if (choice.backend != WEIR_NONE16)
		s->cursor[service] = choice.at + 1;
}

/* A connection was opened to / ended with the backend. */
void weir_sched_open(struct weir_sched *s, uint16_t backend);
void weir_sched_close(struct weir_sched *s, uint16_t backend);

/* The backend has answered a SYN: its failures are forgotten, and its hold-down ends. */
void weir_sched_answered(struct weir_sched *s, uint16_t backend);

/*
 * It has not, and the connection was that client's. true: this failure begins a hold-down; failures
 * during one change nothing. After it one more client is enough, but not the one that began it.
 */
bool weir_sched_failed(struct weir_sched *s, uint16_t backend, const struct weir_addr *client,
	uint64_t now_ns);

#endif
