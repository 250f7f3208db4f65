/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backend choice, per worker: nothing is shared but the health bitmap, so the counts are this
 * worker's own. A struct weir_sched is used by one thread; times are in nanoseconds of its clock.
 *
 * A backend that failed WEIR_SCHED_FALL clients in a row is held down for WEIR_SCHED_HOLD_DOWN_NS,
 * then tried again. Failures of one client count once: the backend's firewall may reject that client
 * and no other (HC-65), and a client can make its connections fail as often as it likes. One counts again
 * WEIR_SCHED_AGAIN_NS after the last that did, if no client's connection was accepted in between: all
 * clients may be behind one address.
 *
 * A client whose address is not proved may be forged, and so may be any number of them. What such
 * clients see fail holds a backend down only if it has answered none for WEIR_SCHED_DOUBT_NS: one that
 * answers others is not held down by them, and one that answers none is, a little later.
 *
 * A backend that is not healthy (flow/health.h) is never chosen. Among the others a choice prefers one that is
 * not held down, and then one that is not the one to avoid. When a service has no such backend, the
 * next best one is chosen all the same: a wrong guess about all of them must not take the service down.
 * A backup is chosen only when no other is healthy, not held down and
 * not to be avoided; one that has as many connections as it may have (max_conns) never: half-open
 * entries, which may be forged, do not count there, but others are preferred. In slow start
 * (slow_start of the service) a backend that a reload added, or that answers after a hold-down, takes
 * part in a growing share of the choices.
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
#define WEIR_SCHED_AGAIN_NS     1000000000ull
#define WEIR_SCHED_DOUBT_NS     200000000ull

struct weir_sched_backend {
	uint32_t active; /* connections opened to it and not ended */
	uint32_t most;   /* so many at most: weir_policy_max_conns() */
	uint16_t fails;  /* in a row, that count */
	uint16_t n_failed;
	uint32_t entries; /* of `active`: half-open */
	uint64_t hold_down_until_ns;
	uint64_t failed_ns;        /* the last failure that counted */
	uint64_t failing_since_ns; /* the first of them */
	uint64_t
		risen_ns; /* slow start: when it came or came back; 0: it was there from the start */
	struct weir_addr failed[WEIR_SCHED_FALL - 1]; /* n_failed clients whose failures count */
};

struct weir_sched {
	/*
	 * Per service: where the next pick begins in its slots (lc, wlc: members), or past them, which
	 * is at their beginning; or how many were made (sh, maglev, random). Workers start apart.
	 */
	uint32_t *cursor;
	struct weir_sched_backend *backends;
	const struct weir_health *health;
};

struct weir_choice {
	uint16_t backend; /* WEIR_NONE16: none of the service has weight, is healthy and has room */
	uint32_t at;      /* what the cursor moves on from */
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
 * knows about numbers that were given away since is forgotten; their slow start begins now.
 */
void weir_sched_adopt(struct weir_sched *s, const struct weir_policy *p, uint32_t generation,
	uint64_t now_ns);

/*
 * The backend for the next connection of the service, which is that client's. `avoid` is a backend not
 * to choose when there is another one as good (WEIR_NONE16: none). rr and wrr take the next of the
 * service's order, lc the least active, wlc the least active / weight, ties in turn, sh and maglev the
 * one that the client's address leads to, random the less active / weight of two. Pure; bounded by the
 * service's slots (rr, wrr) and members (the others, which look at all of them only when the first few
 * cannot be had; lc and wlc always do).
 */
struct weir_choice weir_sched_pick(const struct weir_sched *s, const struct weir_policy *p,
	uint16_t service, uint16_t avoid, const struct weir_addr *client, uint64_t now_ns);

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

/* One that was opened to it is half-open (HC-70) from here on, or no more. */
static inline void weir_sched_half_open(struct weir_sched *s, uint16_t backend, bool more)
{
	s->backends[backend].entries += more ? 1 : -1u;
}

/* It has as many connections as it may have, half-open ones aside. */
static inline bool weir_sched_is_full(const struct weir_sched *s, uint16_t backend)
{
	const struct weir_sched_backend *b = &s->backends[backend];

	return b->active - b->entries >= b->most;
}

/* The backend has answered a SYN: its failures are forgotten, and its hold-down ends. */
void weir_sched_answered(struct weir_sched *s, uint16_t backend);

/*
 * It has not, and the connection was that client's; proved: it has finished a handshake. true: this failure begins a hold-down; failures
 * during one change nothing. After it one more is enough.
 */
bool weir_sched_failed(struct weir_sched *s, uint16_t backend, const struct weir_addr *client,
	bool proved, uint64_t now_ns);

#endif
