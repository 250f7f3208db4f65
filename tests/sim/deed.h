/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts what happens in the worlds of a run, by deed.def. */
#ifndef WEIR_SIM_DEED_H
#define WEIR_SIM_DEED_H

#include <stdbool.h>
#include <stdint.h>

#include "shell.h"

enum sim_deed {
#define DEED(name, text) SIM_DID_##name,
#define FATE(name)
#define EVENT(name)
#include "deed.def"
#undef DEED
#undef FATE
#undef EVENT
	SIM_DEEDS
};

extern uint64_t sim_deeds[SIM_DEEDS];

static inline void sim_did(enum sim_deed deed)
{
	sim_deeds[deed]++;
}

/* What happened in a world's core goes to what happened in all of them. */
void sim_deeds_of_core(const struct shell *s);

/* Prints everything; false: something never happened, which is said last. */
bool sim_deeds_print(void);

#endif
