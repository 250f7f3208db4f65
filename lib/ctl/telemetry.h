/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rte_telemetry commands under /synweir, which weirctl uses. Answers are made in telemetry's own
 * threads: these read counters and ask workers, and never touch what a worker owns.
 */
#ifndef WEIR_CTL_TELEMETRY_H
#define WEIR_CTL_TELEMETRY_H

#include "ctl/view.h"

/*
 * Registers the commands; after rte_eal_init(), once per process. The view must stay valid until
 * the process ends, as commands cannot be taken back. 0 or -errno.
 */
int weir_telemetry_start(const struct weir_view *view);

#endif
