/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's start and end for a program that comes and goes. */
#ifndef WEIRGEN_EAL_H
#define WEIRGEN_EAL_H

#include "options.h"

/* 0, or -1 after a line on stderr. */
int eal_start(const struct options *o);

/* The lcores to run on, one a port or one for all; returns how many, or -1 after a line on stderr. */
int eal_lcores(const struct options *o, unsigned int lcores[OPTIONS_PORTS]);

/* Leaves no file behind. */
void eal_end(void);

#endif
