/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lazy timing wheel over the conns of one table. One thread, the worker's, uses it. Time is
 * counted in ticks of 8 ms, which wrap like sequence numbers.
 *
 * A packet that moves a deadline later only writes conn->deadline. The wheel finds out when the
 * conn's slot comes by, and links it into the slot where it belongs by then; beyond the horizon
 * that is the farthest one. Only a deadline that moves earlier costs a relink. Every conn in use is
 * linked exactly once, or not at all (wheel_prev == WEIR_WHEEL_OFF); the first of a slot has
 * WEIR_WHEEL_HEAD | slot for wheel_prev.
 *
 * INVARIANT: a conn's slot comes by no later than its deadline, while the wheel keeps up.
 * Deadlines lie within 2^31 ticks (198 days) of now.
 */
#ifndef WEIR_FLOW_WHEEL_H
#define WEIR_FLOW_WHEEL_H

#include "base/arena.h"
#include "base/seq.h"
#include "flow/conn.h"

#define WEIR_TICK_NS     8000000ull /* 8 ms */
#define WEIR_WHEEL_SLOTS 8192u      /* horizon: 65 s */
#define WEIR_WHEEL_OFF   0xfffffffeu
#define WEIR_WHEEL_HEAD  0x80000000u
#define WEIR_WHEEL_STEPS 1024u /* slots per call at most */

struct weir_wheel {
	uint32_t *slots; /* first conn of each, or WEIR_CONN_NONE */
	struct weir_conn *conns;
	uint32_t tick; /* slots up to and including this tick have been emptied */
};

/* Ticks wrap after 397 days of uptime; they compare like sequence numbers. */
static inline uint32_t weir_tick(uint64_t now_ns)
{
	return (uint32_t)(now_ns / WEIR_TICK_NS);
}

/* The tick by which at least delay_ms have passed. */
static inline uint32_t weir_tick_after(uint64_t now_ns, uint64_t delay_ms)
{
	return (uint32_t)((now_ns + delay_ms * 1000000 + WEIR_TICK_NS - 1) / WEIR_TICK_NS);
}

/* Takes memory from the arena, which may only measure. No conn is linked. */
void weir_wheel_init(struct weir_wheel *w, struct weir_arena *arena, struct weir_conn *conns,
	uint64_t now_ns);

/* Links a conn that is off the wheel, at conns[conn].deadline. */
void weir_wheel_add(struct weir_wheel *w, uint32_t conn);

/* Unlinks; nothing happens when it is off the wheel. */
void weir_wheel_remove(struct weir_wheel *w, uint32_t conn);

/*
 * Sets the deadline of a conn that is on the wheel. Later than before: one store. Earlier: relinks.
 */
static inline void weir_wheel_set(struct weir_wheel *w, uint32_t conn, uint32_t deadline);

/* The same, for a deadline that is earlier than before. */
void weir_wheel_advance(struct weir_wheel *w, uint32_t conn, uint32_t deadline);

/*
 * Goes on towards now, looking at no more than `limit` conns and WEIR_WHEEL_STEPS slots, and
 * returns the next conn whose deadline has passed (<= now), unlinked, or WEIR_CONN_NONE when there
 * is none (or a limit is reached: the others wait for the next call). *limit is counted down by the
 * conns looked at. A clock that goes back waits until it has caught up; one that jumps ahead by
 * more than the horizon is caught up with in one turn of the wheel.
 */
uint32_t weir_wheel_expired(struct weir_wheel *w, uint64_t now_ns, unsigned int *limit);

/* inline definitions */

static inline void weir_wheel_set(struct weir_wheel *w, uint32_t conn, uint32_t deadline)
{
	struct weir_conn *c = &w->conns[conn];

	if (weir_seq_lt(deadline, c->deadline))
		weir_wheel_advance(w, conn, deadline);
	else
		c->deadline = deadline;
}

#endif
