// SPDX-License-Identifier: BSD-3-Clause
#include "dp/frames.h"

void weir_frames_init(struct weir_frames *f, struct weir_arena *arena, uint32_t room)
{
	f->room = room;
	f->slot_bytes = ((uint32_t)sizeof(struct weir_slot) + room + 63) & ~63u;
	f->put = f->taken = 0;
	f->memory = weir_arena_take(arena, (size_t)WEIR_FRAMES * f->slot_bytes);
}
