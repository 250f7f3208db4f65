// SPDX-License-Identifier: BSD-3-Clause
/* From the draft's checks, and the numbers that the policy gives backends, to what the checker follows. */
#include "config/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The draft's service that has the address and port of a live one. */
static const struct weir_draft_service *drafted_service(const struct weir_draft *d,
	const struct weir_policy *p, uint32_t service)
{
	const struct weir_listener *l = weir_policy_listener_of(p, (uint16_t)service);
	const uint16_t i = weir_index_find(&d->vips, &l->vip, l->port_be);

	return i != WEIR_INDEX_NONE ? &d->services[i] : NULL;
}

static const struct weir_draft_backend *drafted_backend(const struct weir_draft_service *s,
	const struct weir_backend *b)
{
	for (uint32_t i = 0; i < s->n_backends; i++)
		if (s->backends[i].backend.port_be == b->port_be &&
			weir_addr_eq(&s->backends[i].backend.addr, &b->addr))
			return &s->backends[i];
	return NULL;
}

/* The backend of that number; its own address and port for checks stand over its service's. */
static void add_target(struct weir_check_plan *plan, const struct weir_policy *p, uint32_t number,
	const struct weir_draft_backend *from)
{
	const struct weir_backend *b = &p->backends[number];
	struct weir_check_target *to = &plan->targets[plan->n_targets++];
	static const struct weir_addr none;

	*to = (struct weir_check_target){.backend = (uint16_t)number,
		.since = b->since,
		.check = plan->n_checks - 1,
		.addr = b->addr,
		.port_be = b->port_be};
	if (!weir_addr_eq(&plan->checks[to->check].address, &none))
		to->addr = plan->checks[to->check].address;
	if (plan->checks[to->check].port_be != 0)
		to->port_be = plan->checks[to->check].port_be;
	if (!weir_addr_eq(&from->check.addr, &none))
		to->addr = from->check.addr;
	if (from->check.port_be != 0)
		to->port_be = from->check.port_be;
	memcpy(to->service, p->services[b->service].name, sizeof(to->service));
	memcpy(to->name, b->name, sizeof(to->name));
}

static void add_service(struct weir_check_plan *plan, const struct weir_policy *p, uint32_t service,
	const struct weir_draft_service *from)
{
	const struct weir_service *s = &p->services[service];

	plan->checks[plan->n_checks++] = from->check.check;
	for (uint32_t i = 0; i < s->n_members; i++) {
		const uint32_t number = p->members[s->first_member + i].backend;
		const struct weir_draft_backend *b = drafted_backend(from, &p->backends[number]);

		if (b != NULL && b->check.enabled)
			add_target(plan, p, number, b);
	}
}

int weir_config_plan(const struct weir_draft *d, const struct weir_policy *p,
	struct weir_check_plan **out)
{
	struct weir_check_plan *plan = calloc(1, sizeof(*plan));
	uint32_t checks = 0;

	if (plan == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->n_services; i++)
		checks += d->services[i].has_check;
	plan->checks = calloc(checks + 1, sizeof(*plan->checks));
	plan->targets = calloc(p->n_members + 1, sizeof(*plan->targets));
	if (plan->checks == NULL || plan->targets == NULL) {
		weir_check_plan_free(plan);
		return -ENOMEM;
	}
	for (uint32_t i = 0; checks > 0 && i < p->n_services; i++) {
		const struct weir_draft_service *s =
			p->services[i].life == WEIR_LIFE_LIVE ? drafted_service(d, p, i) : NULL;

		if (s != NULL && s->has_check)
			add_service(plan, p, i, s);
	}
	*out = plan;
	return 0;
}
