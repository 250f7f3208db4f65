/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An attacker that hears what clients say, for the whole length of a world, and says the beginnings of
 * their conversations again: as they were, at once or much later; and from elsewhere, with the numbers
 * that were good for them. What must hold: no handshake opens a second connection (HC-35), and none one
 * for another address.
 */
#ifndef WEIR_SIM_REPLAYER_H
#define WEIR_SIM_REPLAYER_H

#include "queue.h"
#include "random.h"
#include "wire.h"

#define SIM_REPLAYS 256

struct sim_world;

struct sim_replayer {
	struct sim_world *world; /* NULL: there is no replayer */
	struct sim_random random;
	struct sim_timer timer;
	struct {
		uint32_t len;
		uint8_t frame[SIM_FRAME_MAX];
	} heard[SIM_REPLAYS]; /* the last ones, in a ring */
	uint32_t n;
};

/* From now on, until the world takes no more connections. */
void sim_replayer_begin(struct sim_replayer *r, struct sim_world *w);

/* A client's frame reaches synweir. */
void sim_replayer_hear(struct sim_replayer *r, const uint8_t *frame, uint32_t len);

#endif
