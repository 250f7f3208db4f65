// SPDX-License-Identifier: BSD-3-Clause
#include "profile.h"

#include <string.h>

#include "queue.h"

#define ALL  ((1u << SIM_KINDS) - 1)
#define SOME ((1u << SIM_EXCHANGE) | (1u << SIM_SERVED) | (1u << SIM_BOTH_CLOSE))

#define CLEAN                                                                                      \
	{                                                                                          \
		.delay_ns = 20 * SIM_MS, .jitter_ns = SIM_MS                                       \
	}
#define LOSSY                                                                                      \
	{                                                                                          \
		.loss = 20000, .dup = 10000, .reorder = 50000, .ghost = 2000, .corrupt = 5000,     \
		.truncate = 2000, .delay_ns = 60 * SIM_MS, .jitter_ns = 20 * SIM_MS,               \
		.late_ns = 100 * SIM_MS                                                            \
	}
#define AWFUL                                                                                      \
	{                                                                                          \
		.loss = 100000, .dup = 80000, .reorder = 200000, .ghost = 10000, .corrupt = 20000, \
		.truncate = 20000, .delay_ns = 200 * SIM_MS, .jitter_ns = 50 * SIM_MS,             \
		.late_ns = 2000 * SIM_MS                                                           \
	}

const struct sim_profile sim_profiles[] = {
	{"one", CLEAN, 300, 1, 1, 1000, 1, ALL, 0, true, false, false, false, true, SIM_USUAL},
	{"clean", CLEAN, 300, 16, 3, 1000, 1, ALL, 0, true, false, false, false, true, SIM_USUAL},
	{"plain", CLEAN, 300, 16, 3, 1000, 1, ALL, 0, false, false, false, false, true, SIM_USUAL},
	{"lossy", LOSSY, 300, 16, 3, 1000, 1, ALL, 0, true, false, false, false, true, SIM_USUAL},
	{"lossy-plain", LOSSY, 300, 16, 3, 1000, 2, ALL, 0, false, false, false, false, true,
		SIM_USUAL},
	{"awful", AWFUL, 1800, 8, 3, 1000, 2, ALL, 0, true, false, false, false, false, SIM_USUAL},
	{"reuse", LOSSY, 300, 4, 2, 6, 1, SOME, 0, true, false, false, false, true, SIM_USUAL},
	{"reuse-plain", CLEAN, 300, 4, 2, 6, 1, SOME, 0, false, false, false, false, true,
		SIM_USUAL},
	{"workers", LOSSY, 300, 16, 3, 1000, 7, ALL, 0, true, false, false, false, true, SIM_USUAL},
	{"flood", LOSSY, 300, 16, 3, 1000, 3, ALL, 400, true, false, false, false, true, SIM_USUAL},
	{"faults", LOSSY, 300, 16, 3, 1000, 3, ALL, 0, true, true, false, false, true, SIM_USUAL},
	{"tight", LOSSY, 300, 16, 2, 20, 2, ALL, 50, true, false, true, false, false, SIM_USUAL},
	{"mix", AWFUL, 1800, 16, 3, 30, 5, ALL, 100, true, true, true, false, false, SIM_USUAL},
	{"learning", LOSSY, 300, 16, 3, 1000, 3, ALL, 0, true, false, false, true, true, SIM_USUAL},
	{"heal", AWFUL, 1800, 16, 3, 1000, 3, ALL, 200, true, true, false, false, false, SIM_HEALS},
	{"heal-tight", AWFUL, 1800, 16, 3, 30, 2, ALL, 100, true, true, true, false, false,
		SIM_HEALS_LATE},
	{"blind", LOSSY, 300, 16, 3, 1000, 3, ALL, 0, false, false, false, false, true, SIM_BESET},
	{"replay", LOSSY, 300, 8, 2, 12, 3, SOME, 0, true, false, false, false, true, SIM_REPLAYED},
	{"bots", LOSSY, 300, 16, 3, 1000, 2, ALL, 0, true, false, false, false, true, SIM_BOTS},
	{"bots-many", LOSSY, 300, 16, 3, 1000, 2, ALL, 0, true, false, false, false, false,
		SIM_BOTS_MANY},
	{"tenant", CLEAN, 300, 16, 3, 1000, 2, SOME, 0, true, false, false, false, true,
		SIM_TENANT},
	{"long", LOSSY, 1800, 16, 3, 1000, 2, ALL, 0, true, false, false, false, true, SIM_LONG},
	{"header", LOSSY, 300, 16, 3, 1000, 3, ALL, 0, true, false, false, false, true, SIM_HEADER},
	{"header-mix", AWFUL, 1800, 16, 3, 30, 5, ALL, 0, true, true, true, false, false,
		SIM_HEADER},
};

const unsigned int sim_n_profiles = sizeof(sim_profiles) / sizeof(sim_profiles[0]);

const struct sim_profile *sim_profile_find(const char *name)
{
	for (unsigned int i = 0; i < sim_n_profiles; i++)
		if (strcmp(sim_profiles[i].name, name) == 0)
			return &sim_profiles[i];
	return NULL;
}
