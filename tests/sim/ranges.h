/* SPDX-License-Identifier: BSD-3-Clause */
/* A small set of sequence numbers: what is there beyond a gap, or was SACKed. */
#ifndef WEIR_SIM_RANGES_H
#define WEIR_SIM_RANGES_H

#include <stdbool.h>

#include "wire.h"

#define SIM_RANGES_MAX 128

/* Disjoint, ascending; `last` is the one that was touched last. */
struct sim_ranges {
	uint32_t n, last;
	struct sim_range at[SIM_RANGES_MAX];
};

/* false: no room for another range; nothing was added. */
bool sim_ranges_add(struct sim_ranges *r, uint32_t left, uint32_t right);
/* Forgets everything before seq. */
void sim_ranges_cut(struct sim_ranges *r, uint32_t seq);
/* The range that holds seq, or NULL. */
const struct sim_range *sim_ranges_find(const struct sim_ranges *r, uint32_t seq);
/* The first number from seq on that is in none. */
uint32_t sim_ranges_gap(const struct sim_ranges *r, uint32_t seq);
/* How far from seq on there is nothing, at most `limit`. */
uint32_t sim_ranges_free(const struct sim_ranges *r, uint32_t seq, uint32_t limit);

#endif
