/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of the scheduler "maglev": which backend a hash belongs to, so that of the hashes of all
 * other backends few move when one comes or goes (Eisenbud et al., "Maglev: A Fast and Reliable
 * Software Network Load Balancer", NSDI 2016, §3.4).
 *
 * Made once for a policy, on the control side; the workers look into it (flow/sched.h). Pure functions
 * of their arguments: the same backends make the same table.
 */
#ifndef WEIR_FLOW_MAGLEV_H
#define WEIR_FLOW_MAGLEV_H

#include "flow/order.h"

/* Room for work: one for each member. */
struct weir_maglev_turn {
	uint32_t at, skip; /* the next place that it would like, and from there to the next */
	uint32_t credit;
};

/* Not a backend: what no place is left with. */
#define WEIR_MAGLEV_FREE 0xffff

/* The table's size is a prime, so that every member's list of places has all of them. */
bool weir_maglev_is_prime(uint32_t n);

/*
 * Fills n_slots (a prime) with the members' backends, in proportion to their shares
 * (weir_member_share()). identity[i]: what member i is known by, the same in every process and
 * generation; evenly spread over all 64 bits. Does nothing when no member has a share.
 */
void weir_maglev_fill(struct weir_members members, const uint64_t *identity,
	struct weir_maglev_turn *turns, uint16_t *slots, uint32_t n_slots);

#endif
