/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An attacker that stands beside a world for its whole length and knows who talks to whom, by address and
 * port, but not where they are in their conversations (RFC 5961). The simulator lets it hit windows as
 * often as it likes, which costs a real one 2^16 packets and more each time, but none of the numbers that
 * cost 2^31. What must hold: no honest connection ends or has other bytes because of it.
 *
 * From the wrong side it may say anything, exact numbers included: HC-66.
 */
#ifndef WEIR_SIM_BLIND_H
#define WEIR_SIM_BLIND_H

#include "queue.h"
#include "random.h"
#include "shell.h"

struct sim_world;

struct sim_blind {
	struct sim_world *world;
	struct sim_random random;
	struct sim_timer timer;
};

/* From now on, until the world takes no more connections. */
void sim_blind_begin(struct sim_blind *b, struct sim_world *w);

#endif
