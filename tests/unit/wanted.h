/* SPDX-License-Identifier: BSD-3-Clause */
/* What the operator wants next: changes to shell_wanted(). */
#ifndef WEIR_TESTS_WANTED_H
#define WEIR_TESTS_WANTED_H

#include "flow/nexthop.h"
#include "modes.h"

#define NEW_BACKEND 0x0a000063u /* 10.0.0.99 */

static inline void drop_member(struct weir_policy *p, unsigned int service, unsigned int i)
{
	struct weir_service *s = &p->services[service];
	uint32_t at = s->first_member + i;

	memmove(&p->members[at], &p->members[at + 1],
		(--p->n_members - at) * sizeof(p->members[0]));
	s->n_members--;
	for (uint32_t j = service + 1; j < p->n_services; j++)
		p->services[j].first_member--;
}

/* To the last service, whose members are the last ones. */
static inline void add_member(struct weir_policy *p, uint32_t addr, uint16_t port)
{
	struct weir_backend *b = &p->backends[p->n_backends];

	*b = (struct weir_backend){.addr = weir_addr_v4(weir_be32(addr)),
		.port_be = weir_be16(port),
		.service = (uint16_t)(p->n_services - 1),
		.egress = SHELL_BACKENDS};
	b->nexthop = weir_policy_nexthop(p,
		&(struct weir_nexthop){.addr = b->addr, .interface = SHELL_BACKENDS});
	p->members[p->n_members++] =
		(struct weir_member){.backend = (uint16_t)p->n_backends++, .weight = 1};
	p->services[p->n_services - 1].n_members++;
}

static inline void drop_service(struct weir_policy *p, unsigned int service)
{
	uint32_t left = 0;

	while (p->services[service].n_members > 0)
		drop_member(p, service, 0);
	memmove(&p->services[service], &p->services[service + 1],
		(--p->n_services - service) * sizeof(p->services[0]));
	for (uint32_t i = 0; i < p->n_listeners; i++)
		if (p->listeners[i].service != service)
			p->listeners[left++] = p->listeners[i];
	p->n_listeners = left;
	for (uint32_t i = 0; i < left; i++)
		p->listeners[i].service -= p->listeners[i].service > service;
}

/* Service number 2, fullnat like the first, with one backend. */
static inline void add_service(struct weir_policy *p)
{
	const struct weir_addr vip = weir_addr_v4(weir_be32(SHELL_VIP(2)));
	struct weir_service *s = &p->services[p->n_services];

	*s = p->services[0]; /* that it may have been, if there is none */
	s->mode = WEIR_MODE_FULLNAT;
	weir_policy_listen(p, (uint16_t)p->n_services++, &vip, weir_be16(SHELL_VIP_PORT));
	s->first_member = p->n_members;
	s->n_members = 0;
	add_member(p, NEW_BACKEND, SHELL_BACKEND_PORT);
}

/* Room for 4 services and 8 backends. */
static inline struct shell *shell_roomy(unsigned int n_workers, unsigned int n_each)
{
	struct weir_policy *p = shell_policy(n_workers, n_each);

	p->limits.services = 4;
	p->limits.backends = 8;
	return shell_open(p, SHELL_START_NS);
}

/* The address of the backend that client number n is connected to. */
static inline uint32_t picked(struct shell *s, unsigned int service, unsigned int n)
{
	struct talk t;

	talk_init(&t, s, service, n);
	talk_open(&t);
	return t.backend_addr;
}

#endif
