// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/suspects.h"

void weir_suspects_init(struct weir_suspects *s, struct weir_arena *arena)
{
	s->at = weir_arena_take(arena, WEIR_SUSPECTS * sizeof(*s->at));
}

bool weir_suspects_note(struct weir_suspects *s, uint64_t hash, uint32_t ack, uint32_t now_ms)
{
	struct weir_suspect *known = &s->at[hash % WEIR_SUSPECTS];
	uint32_t tag = ((uint32_t)(hash >> 32) ^ ack) | 1; /* 0: never used */
	uint32_t age_ms = now_ms - known->first_ms;

	if (known->tag == tag && age_ms < WEIR_SUSPECT_FORGET_MS)
		return age_ms >= WEIR_SUSPECT_PATIENCE_MS;
	known->tag = tag;
	known->first_ms = now_ms;
	return false;
}
