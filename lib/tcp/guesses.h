/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limit of wrong cookies per address and second, for ACKs without timestamps: their MAC is short
 * enough to be guessed at line rate (tcp/cookie.c). An address that is over the limit is not believed
 * until the second is over, so that as many guesses a second as the limit says are worth
 * anything for a certain address. Belongs to one worker.
 *
 * A cell stands for all addresses that hash to it. A flood from random addresses fills every cell
 * alike; so that it does not keep every client out, the limit rises by WEIR_GUESSES_SPREAD times what
 * a cell has on average.
 */
#ifndef WEIR_TCP_GUESSES_H
#define WEIR_TCP_GUESSES_H

#include <stdbool.h>

#include "base/arena.h"

#define WEIR_GUESSES        65536
#define WEIR_GUESSES_SPREAD 4

struct weir_guess_cell {
	uint16_t second; /* low bits */
	uint16_t count;
};

struct weir_guesses {
	struct weir_guess_cell *cell;
	uint32_t limit; /* of this worker; 0: none */
	uint32_t total; /* wrong ones in `second` */
	uint16_t second;
};

/*
 * limit: per second and address, of all workers together, which share it as base/share.h says; 0: none.
 */
void weir_guesses_init(struct weir_guesses *g, struct weir_arena *arena, uint32_t limit,
	unsigned int workers);

/* Changes the limit from here on. */
void weir_guesses_limit(struct weir_guesses *g, uint32_t limit, unsigned int workers);

/* hash: keyed, of the address. One more wrong cookie. */
void weir_guesses_note(struct weir_guesses *g, uint64_t hash, uint64_t now_s);

/* A valid cookie of that address is not to be believed now: it may be the one guess that is right. */
bool weir_guesses_over(const struct weir_guesses *g, uint64_t hash, uint64_t now_s);

#endif
