// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/grace.h"

void weir_grace_init(struct weir_grace *s, struct weir_arena *arena)
{
	s->at = weir_arena_take(arena, WEIR_GRACE_ENTRIES * sizeof(*s->at));
}
