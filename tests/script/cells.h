/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which cells of the state table (docs/states.md) the scripts of this process have stepped through.
 * The program is linked with weir_state_step() wrapped: every step is seen, whoever makes it.
 */
#ifndef WEIR_SCRIPT_CELLS_H
#define WEIR_SCRIPT_CELLS_H

#include <stdbool.h>
#include <stdio.h>

/* From now on steps count, or do not: those of a script's end are nobody's. */
void cells_count(bool on);

/* Prints the cells that can be reached and were not, and those that cannot and were; how many. */
unsigned int cells_wrong(FILE *out);

/* How many can be reached: each is counted for each side that can do it. */
unsigned int cells_reachable(void);

#endif
