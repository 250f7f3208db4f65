// SPDX-License-Identifier: BSD-3-Clause
/* Owns the links between conns (wheel_next, wheel_prev) and the slots that they begin at. */
#include "flow/wheel.h"

#include "base/seq.h"

#define SLOT_MASK (WEIR_WHEEL_SLOTS - 1)

_Static_assert((WEIR_WHEEL_SLOTS & SLOT_MASK) == 0, "ticks become slots by a mask");
_Static_assert((WEIR_WHEEL_HEAD | SLOT_MASK) < WEIR_WHEEL_OFF, "a head is not taken for OFF");

void weir_wheel_init(struct weir_wheel *w, struct weir_arena *arena, struct weir_conn *conns,
	uint64_t now_ns)
{
	w->slots = weir_arena_take(arena, WEIR_WHEEL_SLOTS * sizeof(*w->slots));
	w->conns = conns;
	w->tick = weir_tick(now_ns);
	for (uint32_t i = 0; w->slots != NULL && i < WEIR_WHEEL_SLOTS; i++)
		w->slots[i] = WEIR_CONN_NONE;
}

static void link_at(struct weir_wheel *w, uint32_t conn, uint32_t slot)
{
	struct weir_conn *c = &w->conns[conn];

	c->wheel_next = w->slots[slot];
	c->wheel_prev = WEIR_WHEEL_HEAD | slot;
	if (c->wheel_next != WEIR_CONN_NONE)
		w->conns[c->wheel_next].wheel_prev = conn;
	w->slots[slot] = conn;
}

void weir_wheel_add(struct weir_wheel *w, uint32_t conn)
{
	uint32_t soonest = w->tick + 1;
	uint32_t farthest = w->tick + WEIR_WHEEL_SLOTS;
	uint32_t at = weir_seq_max(w->conns[conn].deadline, soonest);

	if (weir_seq_lt(farthest, at))
		at = farthest;
	link_at(w, conn, at & SLOT_MASK);
}

void weir_wheel_remove(struct weir_wheel *w, uint32_t conn)
{
	struct weir_conn *c = &w->conns[conn];

	if (c->wheel_prev == WEIR_WHEEL_OFF)
		return;
	if (c->wheel_prev & WEIR_WHEEL_HEAD)
		w->slots[c->wheel_prev & SLOT_MASK] = c->wheel_next;
	else
		w->conns[c->wheel_prev].wheel_next = c->wheel_next;
	if (c->wheel_next != WEIR_CONN_NONE)
		w->conns[c->wheel_next].wheel_prev = c->wheel_prev;
	c->wheel_prev = WEIR_WHEEL_OFF;
}

void weir_wheel_advance(struct weir_wheel *w, uint32_t conn, uint32_t deadline)
{
	w->conns[conn].deadline = deadline;
	weir_wheel_remove(w, conn);
	weir_wheel_add(w, conn);
}

/* The next conn of the slot is needed soon, and has left the caches long ago. */
static inline void fetch_next(const struct weir_wheel *w, uint32_t conn)
{
	const struct weir_conn *next;

	if (w->conns[conn].wheel_next == WEIR_CONN_NONE)
		return;
	next = &w->conns[w->conns[conn].wheel_next];
	__builtin_prefetch(&next->state, 1);
	__builtin_prefetch(&next->wheel_next, 1);
}

/*
 * Conns of the current slot that are not due are linked again. INVARIANT: into another slot, because
 * their deadline is after `now`, and so after the current tick: the slot empties.
 */
uint32_t weir_wheel_expired(struct weir_wheel *w, uint64_t now_ns, unsigned int *limit)
{
	uint32_t now = weir_tick(now_ns);
	uint32_t steps = 0;

	if (weir_seq_lt(w->tick + WEIR_WHEEL_SLOTS, now))
		w->tick = now - WEIR_WHEEL_SLOTS;
	while (weir_seq_lt(w->tick, now)) {
		uint32_t conn = w->slots[(w->tick + 1) & SLOT_MASK];

		if (conn == WEIR_CONN_NONE) {
			if (++steps > WEIR_WHEEL_STEPS)
				break;
			w->tick++;
			continue;
		}
		if (*limit == 0)
			break;
		--*limit;
		fetch_next(w, conn);
		weir_wheel_remove(w, conn);
		if (weir_seq_le(w->conns[conn].deadline, now))
			return conn;
		weir_wheel_add(w, conn);
	}
	return WEIR_CONN_NONE;
}
