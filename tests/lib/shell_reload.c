// SPDX-License-Identifier: BSD-3-Clause
/* The shell's part of a reload: what the control side does. */
#include <stdlib.h>

#include "shell.h"

#include "flow/nexthop.h"

/* What connections refer to, as the workers' gauges say. */
struct busy {
	bool listeners[WEIR_LISTENERS_MAX], backends[WEIR_BACKENDS_MAX];
};

static void look(const struct shell *s, struct busy *busy)
{
	for (unsigned int w = 0; w < s->policy->n_workers; w++) {
		const struct weir_counters *c = &s->workers[w].px.counters;

		for (uint32_t i = 0; i < s->policy->n_listeners; i++)
			busy->listeners[i] |= weir_counted(&c->listener[i].conns) != 0;
		for (uint32_t i = 0; i < s->policy->n_backends; i++)
			busy->backends[i] |= weir_counted(&c->backend[i].conns) != 0;
	}
}

enum weir_refusal shell_publish(struct shell *s, struct weir_policy *wanted)
{
	struct busy *busy = calloc(1, sizeof(*busy));
	struct weir_derivation how = {
		.busy_listeners = busy->listeners, .busy_backends = busy->backends};
	int err;

	if (s->old != NULL)
		shell_die("a worker has not adopted the policy before");
	look(s, busy);
	err = weir_policy_derive(s->policy, wanted, &how);
	free(busy);
	weir_policy_free(wanted);
	if (err == 0) {
		s->old = s->policy;
		s->policy = how.next;
	} else if (how.refusal == WEIR_REFUSAL_NONE) {
		shell_die("no memory");
	}
	return how.refusal;
}

void shell_adopt(struct shell *s, unsigned int worker)
{
	if (s->workers[worker].px.policy == s->policy)
		return;
	weir_proxy_adopt(&s->workers[worker].px, s->policy);
	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		if (s->workers[i].px.policy != s->policy)
			return;
	weir_policy_free(s->old);
	s->old = NULL;
}

enum weir_refusal shell_reload(struct shell *s, struct weir_policy *wanted)
{
	enum weir_refusal refusal = shell_publish(s, wanted);

	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		shell_adopt(s, i);
	return refusal;
}

static void copy_member(struct weir_policy *to, const struct weir_policy *from,
	const struct weir_member *m)
{
	struct weir_backend *b = &to->backends[to->n_backends];
	const struct weir_nexthop *hop = &from->nexthops[from->backends[m->backend].nexthop];

	*b = from->backends[m->backend];
	b->service = (uint16_t)to->n_services;
	b->nexthop = weir_policy_nexthop(to, hop);
	to->members[to->n_members++] =
		(struct weir_member){.backend = (uint16_t)to->n_backends++, .weight = m->weight};
}

/* Of service number i, to the last service. */
static void copy_listeners(struct weir_policy *to, const struct weir_policy *from, uint32_t i)
{
	for (uint32_t l = 0; l < from->n_listeners; l++) {
		const struct weir_listener *listener = &from->listeners[l];

		if (listener->service == i && listener->life == WEIR_LIFE_LIVE)
			weir_policy_listen(to, (uint16_t)to->n_services, &listener->vip,
				listener->port_be);
	}
}

struct weir_policy *shell_wanted(const struct weir_policy *from)
{
	struct weir_policy *to =
		weir_policy_alloc(&(struct weir_policy_room){.services = from->n_services + 1,
			.listeners = from->n_listeners + 2,
			.backends = from->n_members + 1,
			.members = from->n_members + 1,
			.nexthops = from->n_members + 1});

	to->n_workers = from->n_workers;
	to->n_ports = from->n_ports;
	to->n_interfaces = from->n_interfaces;
	memcpy(to->interfaces, from->interfaces, sizeof(to->interfaces));
	memcpy(to->ports, from->ports, sizeof(to->ports));
	to->limits = from->limits;
	to->drain_ms = from->drain_ms;
	for (uint32_t i = 0; i < from->n_services; i++) {
		const struct weir_service *service = &from->services[i];

		if (service->life != WEIR_LIFE_LIVE)
			continue;
		to->services[to->n_services] = *service;
		to->services[to->n_services].first_member = to->n_members;
		copy_listeners(to, from, i);
		for (uint32_t m = 0; m < service->n_members; m++)
			copy_member(to, from, &from->members[service->first_member + m]);
		to->n_services++;
	}
	return to;
}
