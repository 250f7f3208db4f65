/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attackers guess, and a cookie without timestamps has 27 bits: now and then one is right, by honest
 * odds. That alone is forgiven, to the connection it opens or replaces, and it is counted: more luck
 * than so many guesses can have is a failure.
 */
#ifndef WEIR_SIM_LUCK_H
#define WEIR_SIM_LUCK_H

#include "trace.h"

struct sim_front;
struct weir_pkt;

#define SIM_LUCK_MAX 64 /* of a world: far beyond what is plausible */

struct sim_luck {
	uint32_t n;
	struct {
		struct sim_tuple who;
		uint16_t service;
		uint64_t at_ns;
	} at[SIM_LUCK_MAX];
};

/* An attacker's packet, classified, is about to be worked on by its owner. Too much luck fails. */
void sim_luck_note(struct sim_luck *l, const struct sim_front *f, const struct weir_pkt *pkt,
	unsigned int owner);

/* That client's tuple was guessed right, towards that service, not before that time. */
bool sim_luck_had(const struct sim_luck *l, struct sim_tuple who, unsigned int service,
	uint64_t since_ns);

/* Of all worlds of this run: guesses of cookies, and those that were right. */
struct sim_odds {
	uint64_t guesses, right;
	double expected; /* to be right, by the documented odds of each guess */
};

extern struct sim_odds sim_odds;

#endif
