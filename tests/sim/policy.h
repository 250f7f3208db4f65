/* SPDX-License-Identifier: BSD-3-Clause */
/* How synweir is configured in a world. */
#ifndef WEIR_SIM_POLICY_H
#define WEIR_SIM_POLICY_H

#include "flow/policy.h"
#include "front.h"
#include "profile.h"

/* After that long without a packet nothing is remembered: longer than any timeout in any policy. */
#define SIM_POLICY_QUIET_MS 400000u
/* ... in a world of long conversations so much more: the default idle time. */
#define SIM_POLICY_IDLE_MS 7440000u

/* Beside a botnet: the table, and what an address may have of it, all workers together. */
#define SIM_POLICY_OF_ALL    512u
#define SIM_POLICY_OF_SOURCE 16u

/* SIM_SERVICES services with n_each backends each; mss is theirs. Not finished: for sim_front_open(). */
struct weir_policy *sim_policy(const struct sim_spec *spec, uint32_t n_each, const uint16_t *mss,
	struct sim_random *r);

/* Local ports are few. */
void sim_policy_squeeze(struct sim_front *f, struct sim_random *r);

#endif
