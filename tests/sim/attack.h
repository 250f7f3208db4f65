/* SPDX-License-Identifier: BSD-3-Clause */
/* Attackers: floods from addresses that are not theirs, and guesses inside connections of others. */
#ifndef WEIR_SIM_ATTACK_H
#define WEIR_SIM_ATTACK_H

#include "queue.h"
#include "random.h"
#include "shell.h"

struct sim_world;

#define SIM_ATTACK_STREAM 0 /* what data of an attacker begins with: the id of no stream */

struct sim_attack {
	struct sim_world *world;
	struct sim_random random;
	struct sim_timer timer;
	uint64_t gap_ns;      /* on average, between two packets */
	enum shell_port port; /* the packet's */
	uint32_t forged;      /* cookies that were right by sabotage */
};

/* pps packets a second from now on, until the world takes no more connections. */
void sim_attack_begin(struct sim_attack *a, struct sim_world *w, uint32_t pps);

#endif
