/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIGTERM and SIGINT while the daemon starts, which takes a while where there is much memory to fill:
 * the first is kept until the start is done, a second one ends the process at once.
 */
#ifndef WEIR_SYNWEIR_START_SIGNALS_H
#define WEIR_SYNWEIR_START_SIGNALS_H

#include <stdbool.h>

/* A thread of its own waits for them; all threads block them already. 0 or an errno. */
int weir_start_signals_begin(void);

/* Ends that thread. Whether a signal came. */
bool weir_start_signals_end(void);

#endif
