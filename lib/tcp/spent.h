/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spent cookies: those within their lifetime that must not open a connection again (HC-35). Usually a
 * connection that has ended stays in the table until its cookie expires. One that leaves earlier, since
 * a new incarnation replaced it (HC-24, HC-32) or since it was evicted, leaves its cookie here: a late
 * duplicate of its segments must neither open it again nor replace the new incarnation. Belongs to one
 * worker.
 *
 * There are four places for each connection of the table, so that all cookies are kept for their whole
 * life (64 s) as long as no more connections are evicted in that time than the table has. That is the
 * rate it is made for: a table that is filled faster than once in 64 s is too small.
 */
#ifndef WEIR_TCP_SPENT_H
#define WEIR_TCP_SPENT_H

#include <stdbool.h>

#include "base/arena.h"

#define WEIR_SPENT_WAYS 16

struct weir_spent {
	/* marks, the newest first: it takes the place of the oldest in its line; 0: never used */
	uint32_t (*line)[WEIR_SPENT_WAYS];
	uint32_t lines; /* a power of two */
};

/* conns: of this worker's table. 16 to 32 bytes for each. */
void weir_spent_init(struct weir_spent *s, struct weir_arena *arena, uint32_t conns);

/* hash: of the client's key; isn: the cookie. */
void weir_spent_note(struct weir_spent *s, uint64_t hash, uint32_t isn);
/* What was not noted is, with odds of 16 in 2^31. */
bool weir_spent_is(const struct weir_spent *s, uint64_t hash, uint32_t isn);

#endif
