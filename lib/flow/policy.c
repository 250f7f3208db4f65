// SPDX-License-Identifier: BSD-3-Clause
#include "flow/policy.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(2 * WEIR_SERVICES_MAX + WEIR_BACKENDS_MAX + WEIR_PORTS_MAX * WEIR_LOCALS_MAX <
		UINT16_MAX,
	"the steps between any two stations fit weir_endpoint.reach");
/* Every member of a service gets its slot, however small its weight: order_weights(). */
_Static_assert(WEIR_BACKENDS_MAX <= WEIR_SLOTS_MAX, "a service's members fit its order");

static void *zeroed(uint32_t n, size_t bytes)
{
	return calloc(n != 0 ? n : 1, bytes);
}

struct weir_policy *weir_policy_alloc(uint32_t services, uint32_t backends, uint32_t members,
	uint32_t nexthops)
{
	struct weir_policy *p = zeroed(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->services = zeroed(services, sizeof(*p->services));
	p->backends = zeroed(backends, sizeof(*p->backends));
	p->members = zeroed(members, sizeof(*p->members));
	p->nexthops = zeroed(nexthops, sizeof(*p->nexthops));
	if (p->services && p->backends && p->members && p->nexthops)
		return p;
	weir_policy_free(p);
	return NULL;
}

void weir_policy_free(struct weir_policy *p)
{
	if (p == NULL)
		return;
	free(p->services);
	free(p->backends);
	free(p->members);
	free(p->nexthops);
	free(p->slots);
	free(p->endpoints);
	free(p->syn_acks);
	free(p);
}

uint16_t weir_policy_nexthop(struct weir_policy *p, const struct weir_addr *addr, uint8_t port)
{
	uint32_t i = 0;

	while (i < p->n_nexthops &&
		(p->nexthops[i].port != port || !weir_addr_eq(&p->nexthops[i].addr, addr)))
		i++;
	if (i == p->n_nexthops)
		p->nexthops[p->n_nexthops++] = (struct weir_nexthop){.addr = *addr, .port = port};
	return (uint16_t)i;
}

uint16_t weir_policy_weight(const struct weir_policy *p, uint16_t backend)
{
	const struct weir_service *s = &p->services[p->backends[backend].service];

	for (uint32_t m = s->first_member; m < s->first_member + s->n_members; m++)
		if (p->members[m].backend == backend)
			return p->members[m].weight;
	return 0;
}

const struct weir_endpoint *weir_policy_endpoint_beyond(const struct weir_policy *p, uint32_t home,
	const struct weir_addr *addr, uint16_t port_be)
{
	uint32_t reach = p->endpoints[home].reach;

	for (uint32_t i = 1; i <= reach; i++) {
		const struct weir_endpoint *s = &p->endpoints[(home + i) & p->endpoint_mask];

		if (weir_endpoint_is(s, addr, port_be))
			return s;
	}
	return NULL;
}

/* What stands there already is replaced: the last word counts. */
static void put_endpoint(struct weir_policy *p, const struct weir_addr *addr, uint16_t port_be,
	enum weir_endpoint_kind kind, uint16_t index)
{
	uint32_t at = weir_endpoint_slot(p, addr, port_be);
	struct weir_endpoint *home = &p->endpoints[at];

	for (uint32_t i = 0; i <= p->endpoint_mask; i++) {
		struct weir_endpoint *s = &p->endpoints[(at + i) & p->endpoint_mask];

		if (s->kind != WEIR_ENDPOINT_NONE &&
			(s->port_be != port_be || !weir_addr_eq(&s->addr, addr)))
			continue;
		*s = (struct weir_endpoint){*addr, port_be, index, (uint16_t)kind, s->reach};
		if (i > home->reach)
			home->reach = (uint16_t)i;
		return;
	}
}

/* Also the key_ids: a backend whose station stands already has the first one's. */
static void put_backends(struct weir_policy *p)
{
	for (uint32_t i = 0; i < p->n_backends; i++) {
		struct weir_backend *b = &p->backends[i];
		const struct weir_endpoint *s;

		if (b->life == WEIR_LIFE_VACANT)
			continue;
		s = weir_policy_endpoint(p, &b->addr, b->port_be);
		b->key_id = s != NULL && s->kind == WEIR_ENDPOINT_BACKEND ? s->index : (uint16_t)i;
		put_endpoint(p, &b->addr, b->port_be, WEIR_ENDPOINT_BACKEND, b->key_id);
	}
}

/* Its VIP is ours. */
static bool has_vip(const struct weir_service *s)
{
	return s->life == WEIR_LIFE_LIVE || s->life == WEIR_LIFE_RETIRED;
}

static int finish_endpoints(struct weir_policy *p)
{
	uint32_t most = 2 * p->n_services + p->n_backends;
	uint32_t size = 2;

	p->endpoint_shift = 63;
	for (uint32_t i = 0; i < p->n_ports; i++)
		most += p->ports[i].n_addrs;
	for (; size < 4 * most; size *= 2)
		p->endpoint_shift--;
	p->endpoints = zeroed(size, sizeof(*p->endpoints));
	if (p->endpoints == NULL)
		return -ENOMEM;
	p->endpoint_mask = size - 1;

	for (uint32_t i = 0; i < p->n_ports; i++)
		for (uint32_t j = 0; j < p->ports[i].n_addrs; j++)
			put_endpoint(p, &p->ports[i].addrs[j].addr, 0, WEIR_ENDPOINT_LOCAL,
				(uint16_t)i);
	for (uint32_t i = 0; i < p->n_services; i++)
		if (has_vip(&p->services[i]))
			put_endpoint(p, &p->services[i].vip, 0, WEIR_ENDPOINT_VIP, (uint16_t)i);
	put_backends(p);
	for (uint32_t i = 0; i < p->n_services; i++)
		if (has_vip(&p->services[i]))
			put_endpoint(p, &p->services[i].vip, p->services[i].port_be,
				WEIR_ENDPOINT_SERVICE, (uint16_t)i);
	return 0;
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* A member of a service whose order is being made. */
struct turn {
	uint32_t weight; /* slots that it gets */
	int32_t credit;
};

/*
 * How many slots each member gets: its weight (rr: 1), by the greatest common divisor of all. What
 * would be more than WEIR_SLOTS_MAX is scaled down, one slot at least for each. Returns their sum.
 */
static uint32_t order_weights(const struct weir_policy *p, const struct weir_service *s,
	struct turn *turns)
{
	uint32_t divisor = 0, sum = 0, n = 0, total = 0;

	for (uint32_t i = 0; i < s->n_members; i++) {
		uint32_t weight = p->members[s->first_member + i].weight;

		turns[i].weight = s->scheduler == WEIR_SCHED_RR ? weight != 0 : weight;
		turns[i].credit = 0;
		divisor = gcd(divisor, turns[i].weight);
		sum += turns[i].weight;
		n += weight != 0;
	}
	for (uint32_t i = 0; i < s->n_members; i++) {
		if (turns[i].weight == 0)
			continue;
		if (sum / divisor <= WEIR_SLOTS_MAX)
			turns[i].weight /= divisor;
		else
			turns[i].weight = 1 + turns[i].weight * (WEIR_SLOTS_MAX - n) / sum;
		total += turns[i].weight;
	}
	return total;
}

/*
 * nginx's smooth weighted round robin: every turn each gets its weight as credit, the richest has
 * the turn and pays the sum of all. A heavy backend's turns so come spread out, not in a row.
 */
static void smooth_order(const struct weir_policy *p, const struct weir_service *s,
	struct turn *turns, uint16_t *slots)
{
	for (uint32_t slot = 0; slot < s->n_slots; slot++) {
		uint32_t richest = 0;

		for (uint32_t i = 0; i < s->n_members; i++) {
			turns[i].credit += (int32_t)turns[i].weight;
			if (turns[i].credit > turns[richest].credit)
				richest = i;
		}
		turns[richest].credit -= (int32_t)s->n_slots;
		slots[slot] = p->members[s->first_member + richest].backend;
	}
}

static int finish_slots(struct weir_policy *p)
{
	struct turn *turns = zeroed(p->n_members, sizeof(*turns));

	if (turns == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n_services; i++) {
		struct weir_service *s = &p->services[i];

		s->first_slot = p->n_slots;
		s->n_slots = s->scheduler == WEIR_SCHED_LC ? 0 : order_weights(p, s, turns);
		p->n_slots += s->n_slots;
	}
	p->slots = zeroed(p->n_slots, sizeof(*p->slots));
	for (uint32_t i = 0; p->slots != NULL && i < p->n_services; i++) {
		const struct weir_service *s = &p->services[i];

		if (s->n_slots == 0)
			continue;
		order_weights(p, s, turns);
		smooth_order(p, s, turns, p->slots + s->first_slot);
	}
	free(turns);
	return p->slots != NULL ? 0 : -ENOMEM;
}

/* Stations are there already: they know which addresses are VIPs. */
static void finish_locals(const struct weir_policy *p, struct weir_backend *b)
{
	const struct weir_port *port = &p->ports[b->egress];
	const struct weir_addr *hop = &p->nexthops[b->nexthop].addr;
	uint16_t any = 0, near = 0;

	for (unsigned int i = 0; i < port->n_addrs; i++) {
		const struct weir_port_addr *a = &port->addrs[i];

		if (weir_policy_endpoint(p, &a->addr, 0)->kind == WEIR_ENDPOINT_VIP)
			continue;
		any |= (uint16_t)(1u << i);
		if (weir_addr_in(hop, &a->addr, a->prefix))
			near |= (uint16_t)(1u << i);
	}
	b->locals = near != 0 ? near : any;
}

static uint32_t pools_each(const struct weir_policy *p)
{
	bool fullnat = false;
	uint32_t most = 0;

	for (uint32_t i = 0; i < p->n_services; i++)
		fullnat |= p->services[i].mode == WEIR_MODE_FULLNAT;
	for (uint32_t i = 0; fullnat && i < p->n_ports; i++)
		if (p->ports[i].n_addrs > most)
			most = p->ports[i].n_addrs;
	return most;
}

struct weir_header weir_service_syn_ack(const struct weir_service *s, unsigned int has)
{
	return (struct weir_header){
		.src = s->vip,
		.sport_be = s->port_be,
		.flags = WEIR_TCP_SYN | WEIR_TCP_ACK | (has & WEIR_SYN_ACK_ECN ? WEIR_TCP_ECE : 0),
		.mss = s->profile.mss,
		.wscale = has & WEIR_SYN_ACK_WSCALE ? s->profile.wscale : WEIR_WSCALE_NONE,
		.sack_ok = has & WEIR_SYN_ACK_SACK,
		.ts = has & WEIR_SYN_ACK_TS,
	};
}

static int finish_syn_acks(struct weir_policy *p)
{
	p->syn_acks = zeroed(p->n_services * WEIR_SYN_ACKS, sizeof(*p->syn_acks));
	if (p->syn_acks == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n_services * WEIR_SYN_ACKS; i++) {
		struct weir_header h =
			weir_service_syn_ack(&p->services[i / WEIR_SYN_ACKS], i % WEIR_SYN_ACKS);

		weir_form_make(&p->syn_acks[i], &h);
	}
	return 0;
}

int weir_policy_finish(struct weir_policy *p)
{
	int err = finish_endpoints(p);

	if (err == 0)
		err = finish_syn_acks(p);
	if (err != 0)
		return err;
	for (uint32_t i = 0; i < p->n_backends; i++)
		if (p->backends[i].life != WEIR_LIFE_VACANT)
			finish_locals(p, &p->backends[i]);
	if (p->generation == 0)
		p->pools_each = pools_each(p);
	return finish_slots(p);
}
