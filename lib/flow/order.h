/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order in which a service's backends take turns: round robin, by weight or not.
 *
 * Made once for a policy, on the control side; the workers walk over it (flow/sched.h). Pure
 * functions of their arguments.
 */
#ifndef WEIR_FLOW_ORDER_H
#define WEIR_FLOW_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#define WEIR_SLOTS_MAX 4096 /* of one service's order */

/* A backend of a service. */
struct weir_member {
	uint16_t backend;
	uint16_t weight; /* in force; 0: no new connections */
	bool backup;     /* connections only while no other backend can take them */
	/* what the configuration says, + 1, while an order is in its place (flow/orders.h); else 0 */
	uint16_t displaced;
	uint32_t max_conns; /* open connections, all workers together; 0: any */
};

/* What the member gets while all goes well: its weight; a backup nothing. */
static inline uint32_t weir_member_share(const struct weir_member *m)
{
	return m->backup ? 0 : m->weight;
}

/* The weight that the configuration gives it. */
static inline uint16_t weir_member_configured(const struct weir_member *m)
{
	return m->displaced == 0 ? m->weight : (uint16_t)(m->displaced - 1);
}

/* The members of one service, in the order of the configuration. */
struct weir_members {
	const struct weir_member *at;
	uint32_t n; /* at most WEIR_SLOTS_MAX */
};

/* Room for work: one for each member. */
struct weir_turn {
	uint32_t weight; /* slots that the member gets */
	int32_t credit;
};

/*
 * Says how many slots each member gets (turns[].weight) and returns their sum, the order's length,
 * at most WEIR_SLOTS_MAX; 0: no member has a share. A member gets its share, or 1 if `equal` (rr),
 * divided by the greatest common divisor of all. What would be longer than WEIR_SLOTS_MAX is scaled
 * down, with one slot at least for each that has a share.
 */
uint32_t weir_order_weigh(struct weir_members members, bool equal, struct weir_turn *turns);

/* Fills the n_slots that weir_order_weigh() returned with backends. Uses up the turns. */
void weir_order_fill(struct weir_members members, struct weir_turn *turns, uint16_t *slots,
	uint32_t n_slots);

#endif
