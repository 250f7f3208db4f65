/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a service or a backend is the same in two generations of the policy: what a reload says it changed. */
#ifndef WEIR_FLOW_SAME_H
#define WEIR_FLOW_SAME_H

#include "flow/policy.h"

/* But for its listeners and members. */
bool weir_same_service(const struct weir_service *a, const struct weir_service *b);

/* a may be NULL: there was none. */
bool weir_same_member(const struct weir_member *a, const struct weir_member *b);

#endif
