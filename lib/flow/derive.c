// SPDX-License-Identifier: BSD-3-Clause
/*
 * Owns the numbers: which of them a next generation keeps, retires, vacates and gives away. First
 * all that is running is retired, then what is wanted is found among it or added, then both are
 * checked together.
 */
#include "flow/derive.h"

#include "flow/life.h"
#include "flow/nexthop.h"
#include "flow/same.h"
#include "flow/vacancies.h"

#include <errno.h>

/* A policy being made, and what of it is found by what, so that nothing is looked for among all. */
struct making {
	const struct weir_policy *running, *wanted;
	struct weir_policy *next;
	struct weir_derivation *s;
	struct weir_index listeners, backends; /* next's, but vacant ones; of backends the first */
	uint16_t *
		same; /* of a backend of next: another one with its address and port, or WEIR_NONE16 */
	/* wanted's live listeners, of each service: the first, and of each listener the one after it */
	uint16_t *first_wanted, *next_wanted;
	struct weir_vacancies no_service, no_listener, no_backend;
	bool other_listeners; /* the service at hand has one that it had not before */
};

static bool same_endpoint(const struct weir_backend *a, const struct weir_backend *b)
{
	return a->port_be == b->port_be && weir_addr_eq(&a->addr, &b->addr);
}

static int refuse_service(struct making *m, enum weir_refusal why, uint32_t at)
{
	m->s->refusal = why;
	m->s->at_service = true;
	m->s->at = at;
	return -EINVAL;
}

static int refuse_backend(struct making *m, enum weir_refusal why, uint32_t at)
{
	m->s->refusal = why;
	m->s->at_service = false;
	m->s->at = at;
	return -EINVAL;
}

/* Listener i of next has its address and port. */
static void note_listener(struct making *m, uint32_t i)
{
	const struct weir_listener *l = &m->next->listeners[i];

	weir_index_put(&m->listeners, &l->vip, l->port_be, (uint16_t)i);
	weir_vacancies_take(&m->no_listener, i);
}

/* The last backend of next with that address and port, or WEIR_NONE16. */
static uint16_t last_same(const struct making *m, const struct weir_backend *b)
{
	uint16_t i = weir_index_find(&m->backends, &b->addr, b->port_be);

	while (i != WEIR_NONE16 && m->same[i] != WEIR_NONE16)
		i = m->same[i];
	return i;
}

/* Likewise backend i, whose number is greater than those of others that have the same. */
static void note_backend(struct making *m, uint32_t i)
{
	const struct weir_backend *b = &m->next->backends[i];
	const uint16_t last = last_same(m, b);

	m->same[i] = WEIR_NONE16;
	if (last == WEIR_NONE16)
		weir_index_put(&m->backends, &b->addr, b->port_be, (uint16_t)i);
	else
		m->same[last] = (uint16_t)i;
	weir_vacancies_take(&m->no_backend, i);
}

/*
 * What there was: everything is retired until it turns out to be wanted
 */

static void retire_listeners(struct making *m)
{
	const struct weir_policy *p = m->running;

	m->next->n_listeners = p->n_listeners;
	for (uint32_t i = 0; i < p->n_listeners; i++) {
		m->next->listeners[i] = p->listeners[i];
		m->next->listeners[i].life = weir_life_of_listener(p, m->s->busy_listeners, i);
		if (m->next->listeners[i].life != WEIR_LIFE_VACANT)
			note_listener(m, i);
	}
}

static void retire_services(struct making *m)
{
	const struct weir_policy *p = m->running;

	m->next->n_services = p->n_services;
	for (uint32_t i = 0; i < p->n_services; i++) {
		struct weir_service *s = &m->next->services[i];

		*s = p->services[i];
		s->first_member = s->n_members = s->first_slot = s->n_slots = 0;
		s->life = weir_life_of_service(p, m->s->busy_listeners, m->s->busy_backends, i);
		if (s->life != WEIR_LIFE_VACANT)
			weir_vacancies_take(&m->no_service, i);
	}
}

static void retire_backends(struct making *m)
{
	const struct weir_policy *p = m->running;

	m->next->n_backends = p->n_backends;
	for (uint32_t i = 0; i < p->n_backends; i++) {
		m->next->backends[i] = p->backends[i];
		m->next->backends[i].life = weir_life_of_backend(p, m->s->busy_backends, i);
		if (m->next->backends[i].life != WEIR_LIFE_VACANT)
			note_backend(m, i);
	}
}

/*
 * What is wanted
 */

static bool is_wanted(const struct weir_listener *l, uint32_t service)
{
	return l->service == service && l->life == WEIR_LIFE_LIVE;
}

/*
 * The service in the making that has one of the wanted service's listeners. An orphaned one has
 * none any more: it comes back under another number, and its VIP is announced again.
 */
static uint16_t find_service(const struct making *m, uint32_t wanted)
{
	for (uint16_t i = m->first_wanted[wanted]; i != WEIR_NONE16; i = m->next_wanted[i]) {
		const struct weir_listener *l = &m->wanted->listeners[i];
		uint16_t found = weir_index_find(&m->listeners, &l->vip, l->port_be);

		if (found != WEIR_INDEX_NONE)
			return m->next->listeners[found].service;
	}
	return WEIR_NONE16;
}

static int add_listener(struct making *m, uint32_t at, uint16_t service,
	const struct weir_listener *wanted)
{
	struct weir_policy *next = m->next;
	uint32_t i = weir_index_find(&m->listeners, &wanted->vip, wanted->port_be);
	uint32_t since = next->generation;
	const bool is_new = i == WEIR_INDEX_NONE;

	if (!is_new) {
		if (next->listeners[i].service != service)
			return refuse_service(m, WEIR_REFUSAL_LISTENER, at);
		since = next->listeners[i].since;
		m->other_listeners |= m->running->listeners[i].life != WEIR_LIFE_LIVE;
	} else {
		i = weir_vacancies_from(&m->no_listener, 0);
		if (i == weir_policy_listener_room(m->running))
			return refuse_service(m, WEIR_REFUSAL_LISTENERS, at);
		next->n_listeners += i == next->n_listeners;
		m->other_listeners = true;
	}
	next->listeners[i] = *wanted;
	next->listeners[i].since = since;
	next->listeners[i].service = service;
	if (is_new)
		note_listener(m, i);
	return 0;
}

/* Service number `service` in the making gets all that wanted service number `at` has. */
static int add_listeners(struct making *m, uint32_t at, uint16_t service)
{
	int err = 0;

	m->other_listeners = false;
	for (uint16_t i = m->first_wanted[at]; i != WEIR_NONE16 && err == 0; i = m->next_wanted[i])
		err = add_listener(m, at, service, &m->wanted->listeners[i]);
	return err;
}

/* A listener of the service was there before and is not any more, or the other way round. */
static bool has_other_listeners(const struct making *m, uint16_t service)
{
	bool others = m->other_listeners;

	for (uint16_t i = m->running->services[service].first_listener; i != WEIR_NONE16;
		i = m->running->listeners[i].next)
		others |= is_wanted(&m->running->listeners[i], service) &&
			!is_wanted(&m->next->listeners[i], service);
	return others;
}

static void count_service(struct making *m, uint32_t i, const struct weir_service *wanted)
{
	const struct weir_service *was = &m->running->services[i];

	if (was->life != WEIR_LIFE_LIVE)
		m->s->services.added++;
	else if (!weir_same_service(was, wanted) || has_other_listeners(m, (uint16_t)i))
		m->s->services.changed++;
}

/* What the running service i cannot become. */
static enum weir_refusal refusal_of(const struct making *m, uint32_t i,
	const struct weir_service *wanted)
{
	const struct weir_service *was = &m->running->services[i];

	if (m->next->services[i].life == WEIR_LIFE_LIVE)
		return WEIR_REFUSAL_LISTENER; /* another one is it already */
	if (wanted->mode != was->mode)
		return WEIR_REFUSAL_MODE;
	if (wanted->profile.wscale != was->profile.wscale)
		return WEIR_REFUSAL_WSCALE;
	return WEIR_REFUSAL_NONE;
}

static int add_service(struct making *m, uint32_t at, uint16_t *number)
{
	const struct weir_service *wanted = &m->wanted->services[at];
	struct weir_policy *next = m->next;
	uint32_t i = find_service(m, at), since = next->generation;
	bool is_new = i == WEIR_NONE16;
	enum weir_refusal why;
	int err;

	if (wanted->mode == WEIR_MODE_FULLNAT && next->pools_each == 0)
		return refuse_service(m, WEIR_REFUSAL_POOLS, at);
	if (is_new) {
		i = weir_vacancies_from(&m->no_service, 0);
		if (i == weir_policy_service_room(m->running))
			return refuse_service(m, WEIR_REFUSAL_SERVICES, at);
		weir_vacancies_take(&m->no_service, i);
		next->n_services += i == next->n_services;
		m->s->services.added++;
	} else {
		why = refusal_of(m, i, wanted);
		if (why != WEIR_REFUSAL_NONE)
			return refuse_service(m, why, at);
		since = m->running->services[i].since;
	}
	next->services[i] = *wanted;
	next->services[i].since = since;
	next->services[i].first_member = next->n_members;
	*number = (uint16_t)i;
	err = add_listeners(m, at, *number);
	if (err == 0 && !is_new)
		count_service(m, i, wanted);
	return err;
}

/* The service's backend in the making with that address and port, or WEIR_NONE16. */
static uint16_t find_backend(const struct making *m, uint16_t service, const struct weir_backend *b)
{
	uint16_t i = weir_index_find(&m->backends, &b->addr, b->port_be);

	while (i != WEIR_NONE16 && m->next->backends[i].service != service)
		i = m->same[i];
	return i;
}

/* INVARIANT: of backends that share an endpoint the first stays the first: its number is in keys. */
static uint32_t vacant_backend(struct making *m, const struct weir_backend *b)
{
	const uint16_t last = last_same(m, b);

	return weir_vacancies_from(&m->no_backend, last == WEIR_NONE16 ? 0 : last + 1u);
}

/* All that share an endpoint are of one mode: weir_backend.key_id. */
static bool has_other_mode(const struct making *m, uint8_t mode, const struct weir_backend *b)
{
	const uint16_t i = weir_index_find(&m->backends, &b->addr, b->port_be);

	return i != WEIR_INDEX_NONE && m->next->services[m->next->backends[i].service].mode != mode;
}

static void count_backend(struct making *m, uint32_t i, const struct weir_backend *wanted,
	const struct weir_member *member)
{
	const struct weir_backend *was = &m->running->backends[i];

	if (was->life != WEIR_LIFE_LIVE)
		m->s->backends.added++;
	else if (strcmp(was->name, wanted->name) != 0 ||
		!weir_same_member(weir_policy_member(m->running, (uint16_t)i), member) ||
		!weir_nexthop_same(m->running, was->nexthop, m->wanted, wanted->nexthop))
		m->s->backends.changed++;
}

/* Of a number that was given away before. */
static void obey(const struct making *m, struct weir_member *member)
{
	const struct weir_orders *orders = m->s->orders;
	const uint16_t configured = weir_member_configured(member);
	uint16_t weight;

	if (orders == NULL)
		return;
	weight = m->next->backends[member->backend].since < m->next->generation
		? weir_orders_weight(orders, member->backend, configured)
		: configured;
	member->displaced = weight == configured ? 0 : (uint16_t)(configured + 1);
	member->weight = weight;
}

static int add_backend(struct making *m, uint16_t service, const struct weir_member *member)
{
	const struct weir_backend *wanted = &m->wanted->backends[member->backend];
	struct weir_policy *next = m->next;
	uint32_t i = find_backend(m, service, wanted), since = next->generation;
	const bool is_new = i == WEIR_NONE16;
	struct weir_backend *b;

	if (has_other_mode(m, next->services[service].mode, wanted))
		return refuse_backend(m, WEIR_REFUSAL_SHARED, member->backend);
	if (!is_new) {
		if (wanted->egress != next->backends[i].egress)
			return refuse_backend(m, WEIR_REFUSAL_EGRESS, member->backend);
		since = next->backends[i].since;
		count_backend(m, i, wanted, member);
	} else {
		i = vacant_backend(m, wanted);
		if (i == weir_policy_backend_room(m->running))
			return refuse_backend(m, WEIR_REFUSAL_BACKENDS, member->backend);
		next->n_backends += i == next->n_backends;
		m->s->backends.added++;
	}
	b = &next->backends[i];
	*b = *wanted;
	b->since = since;
	b->service = service;
	if (is_new)
		note_backend(m, i);
	b->nexthop = weir_nexthop_copy(next, m->wanted, wanted->nexthop);
	next->members[next->n_members] = *member;
	next->members[next->n_members].backend = (uint16_t)i;
	obey(m, &next->members[next->n_members++]);
	return 0;
}

static int add_wanted(struct making *m)
{
	int err = 0;

	for (uint32_t at = 0; at < m->wanted->n_services && err == 0; at++) {
		const struct weir_service *wanted = &m->wanted->services[at];
		uint16_t number;

		if (wanted->life != WEIR_LIFE_LIVE)
			continue;
		err = add_service(m, at, &number);
		for (uint32_t i = 0; i < wanted->n_members && err == 0; i++)
			err = add_backend(m, number, &m->wanted->members[wanted->first_member + i]);
	}
	return err;
}

/*
 * What is kept is reached as before. Last, so that no next hop is resolved that no backend has any
 * more.
 */
static void keep_ways(struct making *m)
{
	for (uint32_t i = 0; i < m->running->n_backends; i++) {
		struct weir_backend *b = &m->next->backends[i];

		if (b->life == WEIR_LIFE_RETIRED || b->life == WEIR_LIFE_ORPHANED)
			b->nexthop = weir_nexthop_keep(m->next, m->running, b->nexthop);
	}
}

/* The listener of that life on that address, whatever its port, or NULL. */
static const struct weir_listener *find_vip(const struct weir_policy *p,
	const struct weir_addr *vip, enum weir_life life)
{
	for (uint32_t i = 0; i < p->n_listeners; i++)
		if (p->listeners[i].life == life && weir_addr_eq(&p->listeners[i].vip, vip))
			return &p->listeners[i];
	return NULL;
}

static uint32_t find_endpoint(const struct weir_policy *p, const struct weir_backend *b)
{
	uint32_t i = 0;

	while (i < p->n_backends &&
		(p->backends[i].life != WEIR_LIFE_LIVE || !same_endpoint(&p->backends[i], b)))
		i++;
	return i;
}

static int check_addresses(struct making *m, const struct weir_index *retired,
	const struct weir_index *live)
{
	const struct weir_policy *p = m->next;

	for (uint32_t i = 0; i < p->n_backends; i++) {
		const struct weir_backend *b = &p->backends[i];

		if (b->life == WEIR_LIFE_LIVE &&
			weir_index_find(retired, &b->addr, 0) != WEIR_INDEX_NONE)
			return refuse_backend(m, WEIR_REFUSAL_ENDPOINT,
				find_endpoint(m->wanted, b));
		if (b->life == WEIR_LIFE_RETIRED &&
			weir_index_find(live, &b->addr, 0) != WEIR_INDEX_NONE)
			return refuse_service(m, WEIR_REFUSAL_ENDPOINT,
				find_vip(m->wanted, &b->addr, WEIR_LIFE_LIVE)->service);
	}
	return 0;
}

/* An address is ours or a backend's, whatever the port; what is retired still has its address. */
static int check_endpoints(struct making *m)
{
	const struct weir_policy *p = m->next;
	struct weir_index vips[2] = {0}; /* by life: live ones, retired ones */
	int err = weir_index_init(&vips[0], p->n_listeners, &p->steer_secret);

	if (err == 0)
		err = weir_index_init(&vips[1], p->n_listeners, &p->steer_secret);
	for (uint32_t i = 0; i < p->n_listeners && err == 0; i++) {
		const struct weir_listener *l = &p->listeners[i];

		if (l->life == WEIR_LIFE_LIVE || l->life == WEIR_LIFE_RETIRED)
			weir_index_put(&vips[l->life == WEIR_LIFE_RETIRED], &l->vip, 0,
				(uint16_t)i);
	}
	if (err == 0)
		err = check_addresses(m, &vips[1], &vips[0]);
	weir_index_free(&vips[0]);
	weir_index_free(&vips[1]);
	return err;
}

static void count_removed(struct making *m)
{
	for (uint32_t i = 0; i < m->running->n_services; i++)
		m->s->services.removed += m->running->services[i].life == WEIR_LIFE_LIVE &&
			m->next->services[i].life != WEIR_LIFE_LIVE;
	for (uint32_t i = 0; i < m->running->n_backends; i++)
		m->s->backends.removed += m->running->backends[i].life == WEIR_LIFE_LIVE &&
			m->next->backends[i].life != WEIR_LIFE_LIVE;
}

static bool is_group(const struct weir_policy *p, uint16_t nexthop)
{
	return nexthop < p->n_nexthops && weir_nexthop_is_group(&p->nexthops[nexthop]);
}

static void copy_gateways(struct making *m)
{
	for (uint32_t i = 0; i < m->next->n_interfaces; i++)
		for (unsigned int f = 0; f < 2; f++) {
			const uint16_t wanted = m->wanted->interfaces[i].gateways[f];

			m->next->interfaces[i].gateways[f] = is_group(m->wanted, wanted)
				? weir_nexthop_copy(m->next, m->wanted, wanted)
				: WEIR_NONE16;
		}
}

/* All that has no number of its own. */
static void copy_numberless(struct making *m)
{
	const struct weir_policy *running = m->running, *wanted = m->wanted;
	struct weir_policy *next = m->next;

	next->generation = running->generation + 1;
	next->n_workers = running->n_workers;
	next->n_ports = running->n_ports;
	memcpy(next->ports, running->ports, sizeof(next->ports));
	next->n_interfaces = running->n_interfaces;
	memcpy(next->interfaces, running->interfaces, sizeof(next->interfaces));
	for (uint32_t i = 0; i < next->n_interfaces; i++) {
		next->interfaces[i].no_clients = wanted->interfaces[i].no_clients;
		next->interfaces[i].loose = wanted->interfaces[i].loose;
	}
	next->limits = wanted->limits;
	next->limits.services = weir_policy_service_room(running);
	next->limits.listeners = weir_policy_listener_room(running);
	next->limits.backends = weir_policy_backend_room(running);
	next->drain_ms = wanted->drain_ms;
	next->steer_secret = running->steer_secret;
	next->pools_each = running->pools_each;
}

static uint16_t *numbers(uint32_t n)
{
	uint16_t *at = malloc((n + 1) * sizeof(*at));

	for (uint32_t i = 0; at != NULL && i <= n; i++)
		at[i] = WEIR_NONE16;
	return at;
}

static int begin(struct making *m, const struct weir_policy_room *room)
{
	const struct weir_policy *wanted = m->wanted;

	m->next = weir_policy_alloc(room);
	m->same = numbers(room->backends);
	m->first_wanted = numbers(wanted->n_services);
	m->next_wanted = numbers(wanted->n_listeners);
	if (m->next == NULL || m->same == NULL || m->first_wanted == NULL ||
		m->next_wanted == NULL ||
		weir_index_init(&m->listeners, room->listeners, &m->running->steer_secret) != 0 ||
		weir_index_init(&m->backends, room->backends, &m->running->steer_secret) != 0 ||
		weir_vacancies_init(&m->no_service, room->services) != 0 ||
		weir_vacancies_init(&m->no_listener, room->listeners) != 0 ||
		weir_vacancies_init(&m->no_backend, room->backends) != 0)
		return -ENOMEM;
	for (uint32_t i = wanted->n_listeners; i-- > 0;) {
		const struct weir_listener *l = &wanted->listeners[i];

		if (l->life != WEIR_LIFE_LIVE)
			continue;
		m->next_wanted[i] = m->first_wanted[l->service];
		m->first_wanted[l->service] = (uint16_t)i;
	}
	return 0;
}

/* All but what it is about. */
static void end(struct making *m)
{
	weir_index_free(&m->listeners);
	weir_index_free(&m->backends);
	weir_vacancies_free(&m->no_service);
	weir_vacancies_free(&m->no_listener);
	weir_vacancies_free(&m->no_backend);
	free(m->same);
	free(m->first_wanted);
	free(m->next_wanted);
}

static int make(struct making *m)
{
	int err;

	copy_numberless(m);
	retire_listeners(m);
	retire_services(m);
	retire_backends(m);
	err = add_wanted(m);
	if (err == 0)
		err = check_endpoints(m);
	copy_gateways(m);
	keep_ways(m);
	if (err == 0)
		err = weir_policy_finish(m->next);
	if (err == 0)
		count_removed(m);
	return err;
}

int weir_policy_derive(const struct weir_policy *running, const struct weir_policy *wanted,
	struct weir_derivation *s)
{
	const struct weir_policy_room room = {.services = weir_policy_service_room(running),
		.listeners = weir_policy_listener_room(running),
		.backends = weir_policy_backend_room(running),
		.members = wanted->n_members,
		.nexthops = running->n_nexthops + wanted->n_nexthops};
	struct making m = {.running = running, .wanted = wanted, .s = s};
	int err;

	s->services = s->backends = (struct weir_change){0};
	s->refusal = WEIR_REFUSAL_NONE;
	err = begin(&m, &room);
	if (err == 0)
		err = make(&m);
	end(&m);
	if (err != 0) {
		weir_policy_free(m.next);
		m.next = NULL;
	}
	s->next = m.next;
	return err;
}
