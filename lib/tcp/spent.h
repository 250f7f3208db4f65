/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cookies that are alive but must open nothing any more (HC-35). A connection that ends in peace
 * stays in the table until its cookie is dead. One that goes earlier, because its client began anew
 * (HC-24, HC-32) or to make room, leaves its cookie here: a late duplicate of its segments must
 * neither open it again nor replace its successor.
 */
#ifndef WEIR_TCP_SPENT_H
#define WEIR_TCP_SPENT_H

#include <stdbool.h>

#include "base/arena.h"

#define WEIR_SPENT 4096

struct weir_spent {
	uint64_t *at; /* lines of a few: a newcomer takes the oldest one's place; 0: never used */
};

void weir_spent_init(struct weir_spent *s, struct weir_arena *arena);

/* hash: of the client's key; isn: the cookie. */
void weir_spent_note(struct weir_spent *s, uint64_t hash, uint32_t isn);
bool weir_spent_is(const struct weir_spent *s, uint64_t hash, uint32_t isn);

#endif
