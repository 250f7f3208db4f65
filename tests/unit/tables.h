/* SPDX-License-Identifier: BSD-3-Clause */
/* A table in memory of its own, for the tests of flow/table. */
#ifndef WEIR_TESTS_TABLES_H
#define WEIR_TESTS_TABLES_H

#include "flow/table.h"
#include "unit.h"

static const struct weir_sipkey secret = {0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull};

/* The memory is arena->base, for free(). */
static inline void table_make(struct weir_table *t, struct weir_arena *arena, uint32_t capacity)
{
	memset(arena, 0, sizeof(*arena));
	weir_table_init(t, arena, capacity, &secret);
	unit_arena_fill(arena);
	weir_table_init(t, arena, capacity, &secret);
}

#endif
