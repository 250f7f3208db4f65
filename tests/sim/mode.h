/* SPDX-License-Identifier: BSD-3-Clause */
/* How the services of a world answer SYNs (HC-45), and who changes that while connections begin. */
#ifndef WEIR_SIM_MODE_H
#define WEIR_SIM_MODE_H

#include "flow/orders.h"
#include "queue.h"
#include "random.h"

struct sim_world;
struct weir_policy;

enum sim_mode {
	SIM_ALWAYS,   /* with cookies */
	SIM_NEVER,    /* ... never: backends answer */
	SIM_ADAPTIVE, /* as the gates see fit: their marks are so low that they change */
	SIM_FLAP,     /* every service changes twice a second, as ordered at run time */
	SIM_MODES
};

extern const char *const sim_mode_names[SIM_MODES];

/* The mode of that name; SIM_MODES: there is none. */
enum sim_mode sim_mode_find(const char *name);

/* Services may have half-open entries. */
static inline bool sim_mode_is_calm(enum sim_mode mode)
{
	return mode != SIM_ALWAYS;
}

/* The policy's services are of that mode; tight: queues are too small. */
void sim_mode_configure(struct weir_policy *p, enum sim_mode mode, bool tight,
	struct sim_random *r);

struct sim_flap {
	struct sim_world *world;
	struct sim_timer timer;
	struct sim_random random;
	struct weir_orders orders;
	uint32_t changes;
};

/* Services change, one after the other, as long as the world has connections. */
void sim_flap_begin(struct sim_flap *f, struct sim_world *w);

#endif
