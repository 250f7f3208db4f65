/* SPDX-License-Identifier: BSD-3-Clause */
/* Reloads: at random times another policy, which workers adopt at different moments (HC-51). */
#ifndef WEIR_SIM_RELOAD_H
#define WEIR_SIM_RELOAD_H

#include "queue.h"
#include "random.h"

struct sim_world;
struct weir_policy;

struct sim_reloads {
	struct sim_world *world;
	struct sim_random random;
	struct sim_timer next;
	struct weir_policy *all; /* with every backend */
};

/* From now on, until the world takes no more connections. */
void sim_reloads_begin(struct sim_reloads *r, struct sim_world *w);
void sim_reloads_end(struct sim_reloads *r);

#endif
