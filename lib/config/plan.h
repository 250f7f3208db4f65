/* SPDX-License-Identifier: BSD-3-Clause */
/* Which backends are checked, and how: the plan of health/checker.h. */
#ifndef WEIR_CONFIG_PLAN_H
#define WEIR_CONFIG_PLAN_H

#include "config/draft.h"

/* Makes it of a checked draft and of the policy that was made of it. 0 or -ENOMEM. */
int weir_config_plan(const struct weir_draft *d, const struct weir_policy *p,
	struct weir_check_plan **out);

#endif
