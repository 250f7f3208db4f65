/* SPDX-License-Identifier: BSD-3-Clause */
/* What the limits of a configuration add up to, for "synweir -t". */
#ifndef WEIR_SYNWEIR_CAPACITY_H
#define WEIR_SYNWEIR_CAPACITY_H

#include "flow/policy.h"

/* Connections and memory, in all and for each worker, and what each service can have. To stdout. */
void weir_capacity_print(const struct weir_policy *p);

#endif
