// SPDX-License-Identifier: BSD-3-Clause
/*
 * Owns a policy's memory, and all that weir_policy_finish() makes of what the maker has filled in.
 */
#include "flow/policy.h"

#include "flow/localport.h"
#include "flow/maglev.h"
#include "flow/nexthop.h"

#include <errno.h>
#include <stdlib.h>

/* Every member of a service gets its slot, however small its weight: weir_order_weigh(). */
_Static_assert(WEIR_MEMBERS_MAX <= WEIR_SLOTS_MAX, "a service's members fit its order");

static void *zeroed(uint32_t n, size_t bytes)
{
	return calloc(n != 0 ? n : 1, bytes);
}

struct weir_policy *weir_policy_alloc(const struct weir_policy_room *room)
{
	struct weir_policy *p = zeroed(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->services = zeroed(room->services, sizeof(*p->services));
	p->listeners = zeroed(room->listeners, sizeof(*p->listeners));
	p->backends = zeroed(room->backends, sizeof(*p->backends));
	p->members = zeroed(room->members, sizeof(*p->members));
	p->nexthops = zeroed(room->nexthops, sizeof(*p->nexthops));
	if (p->services && p->listeners && p->backends && p->members && p->nexthops &&
		weir_index_init(&p->hops, room->nexthops, &p->steer_secret) == 0)
		return p;
	weir_policy_free(p);
	return NULL;
}

void weir_policy_free(struct weir_policy *p)
{
	if (p == NULL)
		return;
	free(p->services);
	free(p->listeners);
	free(p->backends);
	free(p->members);
	free(p->nexthops);
	free(p->slots);
	free(p->endpoints.slots);
	free(p->syn_acks);
	free(p->answers);
	weir_index_free(&p->hops);
	free(p);
}

uint16_t weir_policy_listen(struct weir_policy *p, uint16_t service, const struct weir_addr *vip,
	uint16_t port_be)
{
	p->listeners[p->n_listeners] =
		(struct weir_listener){.vip = *vip, .port_be = port_be, .service = service};
	return (uint16_t)p->n_listeners++;
}

const struct weir_listener *weir_policy_listener_of(const struct weir_policy *p, uint16_t service)
{
	const struct weir_listener *found = NULL;

	if (service >= p->n_services)
		return NULL;
	for (uint16_t i = p->services[service].first_listener; i != WEIR_NONE16;
		i = p->listeners[i].next) {
		if (p->listeners[i].life == WEIR_LIFE_LIVE)
			return &p->listeners[i];
		if (found == NULL)
			found = &p->listeners[i];
	}
	return found;
}

const struct weir_member *weir_policy_member(const struct weir_policy *p, uint16_t backend)
{
	const struct weir_service *s = &p->services[p->backends[backend].service];

	for (uint32_t m = s->first_member; m < s->first_member + s->n_members; m++)
		if (p->members[m].backend == backend)
			return &p->members[m];
	return NULL;
}

uint16_t weir_policy_weight(const struct weir_policy *p, uint16_t backend)
{
	const struct weir_member *m = weir_policy_member(p, backend);

	return m != NULL ? m->weight : 0;
}

/* Also the key_ids: a backend whose endpoint is there already has the first one's. */
static void put_backends(struct weir_policy *p)
{
	for (uint32_t i = 0; i < p->n_backends; i++) {
		struct weir_backend *b = &p->backends[i];
		const struct weir_endpoint *s;

		if (b->life == WEIR_LIFE_VACANT)
			continue;
		s = weir_endpoint_find(&p->endpoints, &b->addr, b->port_be);
		b->key_id = s != NULL && s->kind == WEIR_ENDPOINT_BACKEND ? s->index : (uint16_t)i;
		weir_endpoints_put(&p->endpoints, &b->addr, b->port_be, WEIR_ENDPOINT_BACKEND,
			b->key_id);
	}
}

/* The VIP is ours because of this listener. */
static bool has_vip(const struct weir_listener *l)
{
	return l->life == WEIR_LIFE_LIVE || l->life == WEIR_LIFE_RETIRED;
}

/* What comes later takes the place of what came before: see weir_policy_finish(). */
static void put_all(struct weir_policy *p)
{
	for (uint32_t i = 0; i < p->n_interfaces; i++)
		for (uint32_t j = 0; j < p->interfaces[i].n_addrs; j++)
			weir_endpoints_put(&p->endpoints, &p->interfaces[i].addrs[j].addr, 0,
				WEIR_ENDPOINT_LOCAL, (uint16_t)i);
	for (uint32_t i = 0; i < p->n_listeners; i++)
		if (has_vip(&p->listeners[i]))
			weir_endpoints_put(&p->endpoints, &p->listeners[i].vip, 0,
				WEIR_ENDPOINT_VIP, (uint16_t)i);
	put_backends(p);
	for (uint32_t i = 0; i < p->n_listeners; i++)
		if (has_vip(&p->listeners[i]))
			weir_endpoints_put(&p->endpoints, &p->listeners[i].vip,
				p->listeners[i].port_be, WEIR_ENDPOINT_LISTENER, (uint16_t)i);
}

/* The interfaces by which clients come, and those by which anything does: a bit each. */
static uint64_t client_doors(const struct weir_policy *p, uint64_t *loose)
{
	uint64_t doors = 0;

	*loose = 0;
	for (uint32_t i = 0; i < p->n_interfaces; i++) {
		const struct weir_interface *interface = &p->interfaces[i];

		*loose |= (uint64_t)interface->loose << i;
		doors |= (uint64_t)!interface->no_clients << i;
	}
	return doors | *loose;
}

/* HC-66: one address and port may be several backends', and reached by another way after a reload. */
static void put_doors(struct weir_policy *p)
{
	uint64_t loose, clients = client_doors(p, &loose);

	for (uint32_t i = 0; i <= p->endpoints.mask; i++) {
		struct weir_endpoint *e = &p->endpoints.slots[i];

		e->doors = e->kind == WEIR_ENDPOINT_BACKEND ? loose : clients;
	}
	for (uint32_t i = 0; i < p->n_backends; i++) {
		const struct weir_backend *b = &p->backends[i];
		const struct weir_endpoint *e;

		if (b->life == WEIR_LIFE_VACANT)
			continue;
		e = weir_endpoint_find(&p->endpoints, &b->addr, b->port_be);
		if (e->kind == WEIR_ENDPOINT_BACKEND)
			p->endpoints.slots[e - p->endpoints.slots].doors |= 1ull << b->egress;
	}
}

/* The interfaces in whose subnets the address is, or all: a bit each. */
static uint64_t answers_for(const struct weir_policy *p, const struct weir_addr *addr)
{
	uint64_t on_link = 0;

	for (uint32_t i = 0; i < p->n_interfaces; i++)
		for (uint32_t j = 0; j < p->interfaces[i].n_addrs; j++) {
			const struct weir_interface_addr *a = &p->interfaces[i].addrs[j];

			if (weir_addr_in(addr, &a->addr, a->prefix))
				on_link |= 1ull << i;
		}
	return on_link != 0 ? on_link : UINT64_MAX;
}

/* So that a request for an address (ARP, neighbour discovery) costs one look-up. */
static void put_answers(struct weir_policy *p)
{
	for (uint32_t i = 0; i <= p->endpoints.mask; i++) {
		struct weir_endpoint *e = &p->endpoints.slots[i];

		if (e->kind == WEIR_ENDPOINT_VIP)
			p->answers[e->index] = answers_for(p, &e->addr);
		else if (e->kind == WEIR_ENDPOINT_LOCAL)
			e->doors = answers_for(p, &e->addr);
	}
}

/* With the first key that is good, or the last one that is tried. */
static int finish_endpoints(struct weir_policy *p)
{
	uint32_t most = 2 * p->n_listeners + p->n_backends, size;
	struct weir_endpoint *slots;

	for (uint32_t i = 0; i < p->n_interfaces; i++)
		most += p->interfaces[i].n_addrs;
	size = weir_endpoints_size(most);
	slots = zeroed(size, sizeof(*slots));
	p->answers = zeroed(p->n_listeners, sizeof(*p->answers));
	if (slots == NULL || p->answers == NULL) {
		free(slots);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < WEIR_ENDPOINT_KEYS; i++) {
		weir_endpoints_begin(&p->endpoints, slots, size, &p->steer_secret, i);
		put_all(p);
		if (weir_endpoints_reach(&p->endpoints) <= WEIR_ENDPOINT_GOOD_REACH)
			break;
	}
	put_doors(p);
	put_answers(p);
	return 0;
}

void weir_policy_chain(struct weir_policy *p)
{
	for (uint32_t i = 0; i < p->n_services; i++)
		p->services[i].first_listener = p->services[i].first_backend = WEIR_NONE16;
	for (uint32_t i = p->n_listeners; i-- > 0;) {
		struct weir_listener *l = &p->listeners[i];

		if (l->life == WEIR_LIFE_VACANT)
			continue;
		l->next = p->services[l->service].first_listener;
		p->services[l->service].first_listener = (uint16_t)i;
	}
	for (uint32_t i = p->n_backends; i-- > 0;) {
		struct weir_backend *b = &p->backends[i];

		b->shared = false;
		if (b->life == WEIR_LIFE_VACANT)
			continue;
		b->next = p->services[b->service].first_backend;
		p->services[b->service].first_backend = (uint16_t)i;
	}
	for (uint32_t i = 0; i < p->n_backends; i++)
		if (p->backends[i].life != WEIR_LIFE_VACANT && p->backends[i].key_id != i)
			p->backends[p->backends[i].key_id].shared = true;
}

static struct weir_members members_of(const struct weir_policy *p, const struct weir_service *s)
{
	return (struct weir_members){p->members + s->first_member, s->n_members};
}

/* Room for work while slots are made; each one for every member of the policy. */
struct slot_work {
	struct weir_turn *turns;
	struct weir_maglev_turn *maglev;
	uint64_t *identity;
};

/* Says in w->turns how many slots each member gets, where that is the scheduler's way. */
static uint32_t count_slots(const struct weir_policy *p, const struct weir_service *s,
	const struct slot_work *w)
{
	bool equal = s->scheduler == WEIR_SCHED_RR;
	uint32_t n;

	if (s->scheduler == WEIR_SCHED_LC || s->scheduler == WEIR_SCHED_WLC ||
		s->scheduler == WEIR_SCHED_RANDOM)
		return 0;
	n = weir_order_weigh(members_of(p, s), equal, w->turns);
	return s->scheduler == WEIR_SCHED_MAGLEV && n != 0 ? s->table_size : n;
}

/* By address and port, under no secret: the same in every process and generation. */
static uint64_t identity_of(const struct weir_backend *b)
{
	static const struct weir_sipkey none;
	uint64_t words[3] = {b->addr.q[0], b->addr.q[1], b->port_be};

	return weir_siphash13_words(&none, words, 3, 0, 0);
}

static void fill_slots(const struct weir_policy *p, const struct weir_service *s,
	const struct slot_work *w)
{
	struct weir_members members = members_of(p, s);
	uint16_t *slots = p->slots + s->first_slot;

	if (s->scheduler != WEIR_SCHED_MAGLEV) {
		weir_order_fill(members, w->turns, slots, s->n_slots);
		return;
	}
	for (uint32_t i = 0; i < members.n; i++)
		w->identity[i] = identity_of(&p->backends[members.at[i].backend]);
	weir_maglev_fill(members, w->identity, w->maglev, slots, s->n_slots);
}

static bool has_backups(struct weir_members members)
{
	for (uint32_t i = 0; i < members.n; i++)
		if (members.at[i].backup)
			return true;
	return false;
}

static int make_slots(struct weir_policy *p, const struct slot_work *w)
{
	for (uint32_t i = 0; i < p->n_services; i++) {
		struct weir_service *s = &p->services[i];

		s->first_slot = p->n_slots;
		s->n_slots = count_slots(p, s, w);
		p->n_slots += s->n_slots;
	}
	p->slots = zeroed(p->n_slots, sizeof(*p->slots));
	if (p->slots == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n_services; i++) {
		p->services[i].has_backups = has_backups(members_of(p, &p->services[i]));
		if (count_slots(p, &p->services[i], w) != 0)
			fill_slots(p, &p->services[i], w);
	}
	return 0;
}

static int finish_slots(struct weir_policy *p)
{
	struct slot_work w = {zeroed(p->n_members, sizeof(*w.turns)),
		zeroed(p->n_members, sizeof(*w.maglev)), zeroed(p->n_members, sizeof(*w.identity))};
	int err = w.turns != NULL && w.maglev != NULL && w.identity != NULL ? make_slots(p, &w)
									    : -ENOMEM;

	free(w.turns);
	free(w.maglev);
	free(w.identity);
	return err;
}

/* The endpoints are there by now: they know which addresses are VIPs. */
static void finish_locals(const struct weir_policy *p, struct weir_backend *b)
{
	const struct weir_interface *egress = &p->interfaces[b->egress];
	uint16_t any = 0, near = 0;

	for (unsigned int i = 0; i < egress->n_addrs; i++) {
		const struct weir_interface_addr *a = &egress->addrs[i];

		if (!weir_addr_same_family(&a->addr, weir_nexthop_addr(p, b->nexthop)) ||
			weir_endpoint_find(&p->endpoints, &a->addr, 0)->kind == WEIR_ENDPOINT_VIP)
			continue;
		any |= (uint16_t)(1u << i);
		if (weir_nexthop_in(p, b->nexthop, a))
			near |= (uint16_t)(1u << i);
	}
	b->locals = near != 0 ? near : any;
}

static uint32_t local_ports_end(const struct weir_policy *p)
{
	for (uint32_t i = 0; i < p->n_ports; i++)
		if (weir_port_has_host(&p->ports[i]))
			return WEIR_LOCALPORT_KERNEL;
	return 65536;
}

static uint32_t pools_each(const struct weir_policy *p)
{
	bool fullnat = false;
	uint32_t most = 0;

	for (uint32_t i = 0; i < p->n_services; i++)
		fullnat |= p->services[i].mode == WEIR_MODE_FULLNAT;
	for (uint32_t i = 0; fullnat && i < p->n_interfaces; i++)
		if (p->interfaces[i].n_addrs > most)
			most = p->interfaces[i].n_addrs;
	return most;
}

struct weir_header weir_listener_syn_ack(const struct weir_policy *p, uint16_t listener,
	unsigned int has)
{
	const struct weir_listener *l = &p->listeners[listener];
	const struct weir_service *s = &p->services[l->service];

	return (struct weir_header){
		.src = l->vip,
		.sport_be = l->port_be,
		.flags = WEIR_TCP_SYN | WEIR_TCP_ACK | (has & WEIR_SYN_ACK_ECN ? WEIR_TCP_ECE : 0),
		.mss = s->profile.mss,
		.wscale = has & WEIR_SYN_ACK_WSCALE ? s->profile.wscale : WEIR_WSCALE_NONE,
		.sack_ok = has & WEIR_SYN_ACK_SACK,
		.ts = has & WEIR_SYN_ACK_TS,
	};
}

static int finish_syn_acks(struct weir_policy *p)
{
	p->syn_acks = zeroed(p->n_listeners * WEIR_SYN_ACKS, sizeof(*p->syn_acks));
	if (p->syn_acks == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n_listeners; i++)
		p->listeners[i].profile = p->services[p->listeners[i].service].profile;
	for (uint32_t i = 0; i < p->n_listeners * WEIR_SYN_ACKS; i++) {
		struct weir_header h =
			weir_listener_syn_ack(p, (uint16_t)(i / WEIR_SYN_ACKS), i % WEIR_SYN_ACKS);

		weir_template_make(&p->syn_acks[i], &h);
	}
	return 0;
}

static void finish_interfaces(struct weir_policy *p)
{
	memset(p->interface_of, WEIR_NONE8, sizeof(p->interface_of));
	for (uint32_t i = 0; i < p->n_interfaces; i++)
		p->interface_of[p->interfaces[i].port][p->interfaces[i].vlan] = (uint8_t)i;
}

int weir_policy_finish(struct weir_policy *p)
{
	int err = finish_endpoints(p);

	if (err == 0)
		err = finish_syn_acks(p);
	if (err != 0)
		return err;
	finish_interfaces(p);
	weir_policy_chain(p);
	for (uint32_t i = 0; i < p->n_backends; i++)
		if (p->backends[i].life != WEIR_LIFE_VACANT)
			finish_locals(p, &p->backends[i]);
	if (p->generation == 0)
		p->pools_each = pools_each(p);
	p->local_ports_end = local_ports_end(p);
	return finish_slots(p);
}
