/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backends that die and come back, refuse, or are late; clients that die; workers that are not
 * scheduled; packet buffers that run out. Reloads: reload.h.
 */
#ifndef WEIR_SIM_FAULT_H
#define WEIR_SIM_FAULT_H

#include "queue.h"
#include "random.h"

struct sim_world;
struct sim_host;

/* Of one host at a time. */
struct sim_trouble {
	struct sim_timer over;
	struct sim_host *host; /* NULL: none */
	uint64_t delay_ns;     /* of its link, before */
};

struct sim_faults {
	struct sim_world *world;
	struct sim_random random;
	struct sim_timer next;
	struct sim_trouble backend, client;
	uint64_t front_ns; /* end of the last trouble in synweir itself */
};

/*
 * When those that have begun are over, as far as is known by then: the next one is not, which may come
 * still. 0: there were none.
 */
uint64_t sim_faults_over_ns(const struct sim_faults *f);

/* From now on, until the world takes no more connections. */
void sim_faults_begin(struct sim_faults *f, struct sim_world *w);

#endif
