/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Newcomers after all has healed: when the last fault is over, the wires are good and the attackers are
 * silent, whoever comes is served within SIM_SERVED_S, whatever there was before.
 */
#ifndef WEIR_SIM_VISIT_H
#define WEIR_SIM_VISIT_H

#include "queue.h"
#include "random.h"

#define SIM_VISITS 16

/*
 * What a newcomer may have to wait for, at worst, is room (HC-61): connections that are silent count as
 * idle after 15 s, and the hand that evicts them takes four turns of 2 s for its four grades. All else is
 * shorter: a backend is held down for 2 s, budgets are full again after 1 s, and a client that was
 * refused or not heard tries again every second or two.
 */
#define SIM_SERVED_S 30

struct sim_world;
struct sim_conn;

struct sim_visit {
	struct sim_world *world;
	struct sim_timer next, due;
	struct sim_conn *conn; /* the last try; NULL: none yet */
	uint32_t number, tries;
};

struct sim_visits {
	struct sim_world *world;
	struct sim_random random;
	struct sim_timer heal;
	struct sim_visit visit[SIM_VISITS];
	uint32_t left; /* not served yet */
};

/* All heals at that time, or when the last fault is over; then they come, within a minute. */
void sim_visits_begin(struct sim_visits *v, struct sim_world *w, uint64_t at_ns);

#endif
