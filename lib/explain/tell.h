/* SPDX-License-Identifier: BSD-3-Clause */
/* A segment of flow/trace.h in words: what a ladder draws, and whose it is. */
#ifndef WEIR_EXPLAIN_TELL_H
#define WEIR_EXPLAIN_TELL_H

#include "explain/ladders.h"
#include "flow/trace.h"

struct weir_told {
	struct weir_arrow arrow; /* its texts and of's are below, or constants */
	struct weir_ladder_of of;
	char client[64], service[112], backend[144], options[64];
};

/* false: it is of no client and service that could be named. p: the policy that its numbers are of. */
bool weir_tell(struct weir_told *told, const struct weir_trace *t, const struct weir_policy *p);

#endif
