// SPDX-License-Identifier: BSD-3-Clause
#include "deed.h"

#include <stdio.h>

uint64_t sim_deeds[SIM_DEEDS];

static uint64_t fates[WEIR_FATES], events[WEIR_EVENTS];

static const char *const names[SIM_DEEDS] = {
#define DEED(name, text) #name,
#include "deed.def"
#undef DEED
};

void sim_deeds_of_core(const struct shell *s)
{
	for (unsigned int i = 0; i < WEIR_FATES; i++)
		fates[i] += shell_fates(s, (enum weir_fate)i);
	for (unsigned int i = 0; i < WEIR_EVENTS; i++)
		events[i] += shell_events(s, (enum weir_event)i);
}

static void print(const char *name, uint64_t n)
{
	printf("%-22s %12llu\n", name, (unsigned long long)n);
}

bool sim_deeds_print(void)
{
	bool all = true;

	for (unsigned int i = 0; i < WEIR_FATES; i++)
		print(weir_fates[i].name, fates[i]);
	for (unsigned int i = 0; i < WEIR_EVENTS; i++)
		print(weir_events[i].name, events[i]);
	for (unsigned int i = 0; i < SIM_DEEDS; i++) {
		print(names[i], sim_deeds[i]);
		all &= sim_deeds[i] > 0;
	}
	for (unsigned int i = 0; i < SIM_DEEDS; i++)
		if (sim_deeds[i] == 0)
			fprintf(stderr, "sim: never happened: %s\n", names[i]);
	return all;
}
