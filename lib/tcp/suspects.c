// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/suspects.h"

void weir_suspects_init(struct weir_suspects *s, struct weir_arena *arena)
{
	s->at = weir_arena_take(arena, WEIR_SUSPECTS * sizeof(*s->at));
}
