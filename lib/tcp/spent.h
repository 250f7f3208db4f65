/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spent cookies: those within their lifetime that must not open a connection again (HC-35). Usually a
 * connection that has ended stays in the table until its cookie expires. One that leaves earlier, since
 * a new incarnation replaced it (HC-24, HC-32) or since it was evicted, leaves its cookie here: a late
 * duplicate of its segments must neither open it again nor replace the new incarnation. Belongs to one
 * worker.
 */
#ifndef WEIR_TCP_SPENT_H
#define WEIR_TCP_SPENT_H

#include <stdbool.h>

#include "base/arena.h"

#define WEIR_SPENT 4096

struct weir_spent {
	uint64_t *
		at; /* sets of 8: a new entry takes the place of the oldest in its set; 0: never used */
};

void weir_spent_init(struct weir_spent *s, struct weir_arena *arena);

/* hash: of the client's key; isn: the cookie. */
void weir_spent_note(struct weir_spent *s, uint64_t hash, uint32_t isn);
bool weir_spent_is(const struct weir_spent *s, uint64_t hash, uint32_t isn);

#endif
