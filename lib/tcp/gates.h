/* SPDX-License-Identifier: BSD-3-Clause */
/* The gates of all services in one worker (gate.h): what their load is, and when each is looked at. */
#ifndef WEIR_TCP_GATES_H
#define WEIR_TCP_GATES_H

#include "tcp/proxy.h"

/* A gate for every number that a service may have, in memory cut from arena, which may only measure. */
void weir_gates_init(struct weir_proxy *px, struct weir_arena *arena);

/* px has another policy: services that have their numbers since after `generation` are new. */
void weir_gates_adopt(struct weir_proxy *px, uint32_t generation);

/* Looks whether the service's gate changes, and in a flood clears its queue of what is stale. */
void weir_gates_look(struct weir_proxy *px, uint32_t service);

/* The service has one more entry. In "never" nothing follows from that. */
static inline void weir_gates_entry(struct weir_proxy *px, uint32_t service);

/* Time passes: what changes slowly, the end of a flood, is seen within WEIR_GATES_ROUND_MS. */
static inline void weir_gates_tick(struct weir_proxy *px);

/* inline definitions */

#define WEIR_GATES_ROUND_MS 64

static inline void weir_gates_entry(struct weir_proxy *px, uint32_t service)
{
	if (px->gates[service].rule.mode != WEIR_SYN_COOKIES_NEVER)
		weir_gates_look(px, service);
}

/* A millisecond is over: some services have their turn. */
void weir_gates_turn(struct weir_proxy *px);

static inline void weir_gates_tick(struct weir_proxy *px)
{
	if (px->now_ns >= px->gates_due_ns)
		weir_gates_turn(px);
}

#endif
