/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of a number in the next generation of the policy, unless its listener, service or
 * backend is wanted again (flow/derive.h): enum weir_life, one step further, as soon as no connection
 * refers to it.
 *
 * busy_listeners and busy_backends: what connections refer to, by p's numbers; NULL: it may be
 * anything. Pure functions, of the control side.
 */
#ifndef WEIR_FLOW_LIFE_H
#define WEIR_FLOW_LIFE_H

#include "flow/policy.h"

/* enum weir_life */
uint8_t weir_life_of_listener(const struct weir_policy *p, const bool *busy_listeners, uint32_t i);
uint8_t weir_life_of_service(const struct weir_policy *p, const bool *busy_listeners,
	const bool *busy_backends, uint32_t i);
uint8_t weir_life_of_backend(const struct weir_policy *p, const bool *busy_backends, uint32_t i);

/*
 * There is something retired that no connection refers to any more: a next generation would vacate
 * it.
 */
bool weir_policy_has_idle(const struct weir_policy *p, const bool *busy_listeners,
	const bool *busy_backends);

#endif
