/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator has ordered at run time, beside the configuration: how the SYNs of a service are
 * answered (HC-45), and which backends take new connections. Like health (flow/health.h): one for the
 * whole process, no part of a policy, kept over reloads and until the process ends. Every field is an
 * atomic by itself, read and written relaxed.
 *
 * Workers read syn_cookies. What is ordered about a backend they meet as a weight in the next generation
 * of the policy, which weir_policy_derive() makes by this.
 */
#ifndef WEIR_FLOW_ORDERS_H
#define WEIR_FLOW_ORDERS_H

#include "flow/policy.h"

enum weir_admin {
	WEIR_ADMIN_READY, /* its weight */
	WEIR_ADMIN_DRAIN, /* no new connections, those that are open go on */
	WEIR_ADMIN_MAINT, /* the same; the operator is at work on it, and says so */
};

struct weir_orders {
	uint8_t syn_cookies[WEIR_SERVICES_MAX]; /* 0: as configured; else the mode + 1 */
	uint8_t admin[WEIR_BACKENDS_MAX];       /* enum weir_admin */
	uint16_t weight[WEIR_BACKENDS_MAX];     /* 0: as configured; else the weight + 1 */
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

/* Any thread; o may be NULL: nothing is ordered. */
static inline enum weir_admin weir_orders_admin(const struct weir_orders *o, uint32_t backend)
{
	return o == NULL ? WEIR_ADMIN_READY
			 : (enum weir_admin)__atomic_load_n(&o->admin[backend], __ATOMIC_RELAXED);
}

/* Control side. In force with the next generation. */
static inline void weir_orders_set_admin(struct weir_orders *o, uint32_t backend,
	enum weir_admin admin)
{
	__atomic_store_n(&o->admin[backend], (uint8_t)admin, __ATOMIC_RELAXED);
}

/* Likewise. order: 0, or the weight + 1. */
static inline void weir_orders_set_weight(struct weir_orders *o, uint32_t backend, uint16_t order)
{
	__atomic_store_n(&o->weight[backend], order, __ATOMIC_RELAXED);
}

/* Any thread. The weight of a backend that the configuration gives that one. */
static inline uint16_t weir_orders_weight(const struct weir_orders *o, uint32_t backend,
	uint16_t configured)
{
	uint16_t order = __atomic_load_n(&o->weight[backend], __ATOMIC_RELAXED);

	if (weir_orders_admin(o, backend) != WEIR_ADMIN_READY)
		return 0;
	return order == 0 ? configured : (uint16_t)(order - 1);
}

/* Control side, before p is published: nothing is ordered for numbers that it gave away since then. */
static inline void weir_orders_adopt(struct weir_orders *o, const struct weir_policy *p,
	uint32_t generation)
{
	for (uint32_t i = 0; i < p->n_services; i++)
		if (p->services[i].since > generation)
			weir_orders_set(o, i, 0);
	for (uint32_t i = 0; i < p->n_backends; i++) {
		if (p->backends[i].since <= generation)
			continue;
		weir_orders_set_admin(o, i, WEIR_ADMIN_READY);
		weir_orders_set_weight(o, i, 0);
	}
}

#endif
