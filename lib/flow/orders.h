/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator has ordered at run time, beside the configuration: how the SYNs of a service are
 * answered (HC-45). Like health (flow/health.h): one for the whole process, no part of a policy, kept
 * over reloads; the control side writes, every worker reads, both relaxed.
 */
#ifndef WEIR_FLOW_ORDERS_H
#define WEIR_FLOW_ORDERS_H

#include "flow/policy.h"

struct weir_orders {
	uint8_t syn_cookies[WEIR_SERVICES_MAX]; /* atomics: 0: as configured; else the mode + 1 */
};

/* Any thread. How that service's SYNs are to be answered; o may be NULL: as the policy says. */
static inline enum weir_syn_cookies weir_orders_mode(const struct weir_orders *o,
	const struct weir_policy *p, uint32_t service)
{
	uint8_t order = o == NULL ? 0 : __atomic_load_n(&o->syn_cookies[service], __ATOMIC_RELAXED);

	return (enum weir_syn_cookies)(order == 0 ? p->services[service].syn_cookies : order - 1);
}

/* Control side. order: 0, or an enum weir_syn_cookies + 1. */
static inline void weir_orders_set(struct weir_orders *o, uint32_t service, uint8_t order)
{
	__atomic_store_n(&o->syn_cookies[service], order, __ATOMIC_RELAXED);
}

/* Control side, before p is published: nothing is ordered for numbers that it gave away since then. */
static inline void weir_orders_adopt(struct weir_orders *o, const struct weir_policy *p,
	uint32_t generation)
{
	for (uint32_t i = 0; i < p->n_services; i++)
		if (p->services[i].since > generation)
			weir_orders_set(o, i, 0);
}

#endif
