/* SPDX-License-Identifier: BSD-3-Clause */
/* From the command line to the report: DPDK, ports, threads, time. */
#ifndef WEIRGEN_RUN_H
#define WEIRGEN_RUN_H

#include "options.h"

/* The status to exit with. */
int run(const struct options *o);

#endif
