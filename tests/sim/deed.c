// SPDX-License-Identifier: BSD-3-Clause
#include "deed.h"

#include <stdio.h>

uint64_t sim_deeds[SIM_DEEDS];

static uint64_t fates[WEIR_FATES], events[WEIR_EVENTS];

/* Everything of deed.def, and where it is counted. */
static const struct {
	const char *name;
	const uint64_t *n;
} due[] = {
#define DEED(name, text) {#name, &sim_deeds[SIM_DID_##name]},
#define FATE(name)       {#name, &fates[WEIR_FATE_##name]},
#define EVENT(name)      {#name, &events[WEIR_EVENT_##name]},
#include "deed.def"
};

void sim_deeds_of_core(const struct shell *s)
{
	for (unsigned int i = 0; i < WEIR_FATES; i++)
		fates[i] += shell_fates(s, (enum weir_fate)i);
	for (unsigned int i = 0; i < WEIR_EVENTS; i++)
		events[i] += shell_events(s, (enum weir_event)i);
}

bool sim_deeds_print(void)
{
	bool all = true;

	for (unsigned int i = 0; i < sizeof(due) / sizeof(due[0]); i++) {
		printf("%-22s %12llu\n", due[i].name, (unsigned long long)*due[i].n);
		if (*due[i].n > 0)
			continue;
		fprintf(stderr, "sim: never happened: %s\n", due[i].name);
		all = false;
	}
	return all;
}
