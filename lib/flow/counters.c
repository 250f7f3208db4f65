// SPDX-License-Identifier: BSD-3-Clause
#include "flow/counters.h"

#include "flow/conn.h"

_Static_assert(sizeof(((struct weir_counters *)0)->conns_by_state) ==
		WEIR_STATES * sizeof(uint64_t),
	"a gauge for every state");

void weir_counters_init(struct weir_counters *c, struct weir_arena *arena,
	const struct weir_policy *p)
{
	memset(c, 0, sizeof(*c));
	c->service = weir_arena_take(arena, weir_policy_service_room(p) * sizeof(*c->service));
	c->listener = weir_arena_take(arena, weir_policy_listener_room(p) * sizeof(*c->listener));
	c->backend = weir_arena_take(arena, weir_policy_backend_room(p) * sizeof(*c->backend));
}

static void clear(void *block, size_t bytes)
{
	uint64_t *at = block;

	for (size_t i = 0; i < bytes / sizeof(*at); i++)
		weir_gauge(&at[i], 0);
}

void weir_counters_adopt(struct weir_counters *c, const struct weir_policy *p, uint32_t generation)
{
	for (uint32_t i = 0; i < p->n_services; i++)
		if (p->services[i].since > generation)
			clear(&c->service[i], sizeof(c->service[i]));
	for (uint32_t i = 0; i < p->n_listeners; i++)
		if (p->listeners[i].since > generation)
			clear(&c->listener[i], sizeof(c->listener[i]));
	for (uint32_t i = 0; i < p->n_backends; i++)
		if (p->backends[i].since > generation)
			clear(&c->backend[i], sizeof(c->backend[i]));
}
