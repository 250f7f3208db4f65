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
	c->service = weir_arena_take(arena, p->n_services * sizeof(*c->service));
	c->backend = weir_arena_take(arena, p->n_backends * sizeof(*c->backend));
}
