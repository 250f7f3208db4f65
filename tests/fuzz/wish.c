// SPDX-License-Identifier: BSD-3-Clause
#include "wish.h"

#include "flow/nexthop.h"

#define VIPS    4
#define POOL    8
#define GATEWAY SHELL_BACKEND(0, 0)

void wish_room(struct weir_policy *p)
{
	p->limits.services = WISH_SERVICES;
	p->limits.listeners = WISH_LISTENERS;
	p->limits.backends = WISH_BACKENDS;
}

/*
 * A configuration
 */

static uint32_t pool_addr(unsigned int i)
{
	return i == POOL - 1 ? SHELL_VIP(VIPS - 1) : SHELL_BACKEND(i / 4, i % 4);
}

struct making {
	struct weir_policy *p;
	const struct weir_policy *from;
	bool has_vip[VIPS];
	uint8_t mode_of[POOL]; /* of the services that have it already, + 1 */
};

/* config/ refuses backends that services of both modes share, and addresses that are VIPs, too. */
static bool is_allowed(const struct making *m, unsigned int backend, uint8_t mode)
{
	if (backend == POOL - 1 && m->has_vip[VIPS - 1])
		return false;
	return m->mode_of[backend] == 0 || m->mode_of[backend] == mode + 1;
}

static void add_backend(struct making *m, unsigned int backend, uint16_t weight, uint8_t egress)
{
	struct weir_policy *p = m->p;
	struct weir_service *s = &p->services[p->n_services];
	struct weir_backend *b = &p->backends[p->n_backends];
	struct weir_nexthop hop = {.interface = egress,
		.addr = weir_addr_v4(weir_be32(backend % 3 == 0 ? pool_addr(backend) : GATEWAY))};

	m->mode_of[backend] = s->mode + 1;
	*b = (struct weir_backend){.addr = weir_addr_v4(weir_be32(pool_addr(backend))),
		.port_be = weir_be16(SHELL_BACKEND_PORT),
		.service = (uint16_t)p->n_services,
		.egress = egress};
	b->nexthop = weir_policy_nexthop(p, &hop);
	p->members[p->n_members++] =
		(struct weir_member){.backend = (uint16_t)p->n_backends++, .weight = weight};
	s->n_members++;
}

/* how: bits 0, 1: both ports, the second one; 2: the other mode; 3: another scale; 4: another egress. */
static void add_service(struct making *m, unsigned int vip, struct fuzz_in *in)
{
	uint8_t how = fuzz_u8(in), members = fuzz_u8(in), weights = fuzz_u8(in);
	const struct weir_addr addr = weir_addr_v4(weir_be32(SHELL_VIP(vip)));
	struct weir_policy *p = m->p;
	struct weir_service *s = &p->services[p->n_services];
	uint16_t number = (uint16_t)p->n_services;

	*s = m->from->services[0];
	s->mode = (vip + (how >> 2 & 1)) % 2 == 0 ? WEIR_MODE_FULLNAT : WEIR_MODE_NAT;
	s->life = WEIR_LIFE_LIVE;
	s->scheduler = weights % 3;
	s->profile.wscale = how & 8 ? 3 : 7;
	s->profile.sack = !(how & 32);
	s->profile.timestamps = !(how & 64);
	s->profile.ecn = how & 128;
	s->first_member = p->n_members;
	s->n_members = 0;
	if ((how & 3) != 2)
		weir_policy_listen(p, number, &addr, weir_be16(SHELL_VIP_PORT));
	if (how & 3)
		weir_policy_listen(p, number, &addr, weir_be16(SHELL_VIP_PORT + 1));
	for (unsigned int i = 0; i < POOL; i++)
		if (members >> i & 1 && is_allowed(m, i, s->mode))
			add_backend(m, i, weights >> (i % 4 * 2) & 3,
				how & 16 ? SHELL_CLIENTS : SHELL_BACKENDS);
	p->n_services++;
}

/* A byte which VIPs (bits 0-3; 4-7: in which order), then for each of them three more. */
static struct weir_policy *build(const struct weir_policy *from, struct fuzz_in *in)
{
	const unsigned int n = VIPS * POOL;
	struct making m = {.from = from};
	uint8_t vips = fuzz_u8(in);

	m.p = weir_policy_alloc(&(struct weir_policy_room){VIPS, 2 * VIPS, n, n, n});
	m.p->n_workers = from->n_workers;
	m.p->n_ports = from->n_ports;
	m.p->n_interfaces = from->n_interfaces;
	memcpy(m.p->interfaces, from->interfaces, sizeof(from->interfaces));
	memcpy(m.p->ports, from->ports, sizeof(from->ports));
	m.p->limits = from->limits;
	m.p->limits.source_rate = vips & 64 ? 3 : 0;
	m.p->drain_ms = from->drain_ms;
	for (unsigned int i = 0; i < VIPS; i++)
		m.has_vip[i] = vips >> i & 1;
	for (unsigned int i = 0; i < VIPS; i++) {
		unsigned int vip = (i + (vips >> 4)) % VIPS;

		if (m.has_vip[vip])
			add_service(&m, vip, in);
	}
	return m.p;
}

/*
 * What is derived from it
 */

static bool same_listener(const struct weir_listener *a, const struct weir_listener *b)
{
	return a->port_be == b->port_be && weir_addr_eq(&a->vip, &b->vip);
}

static bool same_backend(const struct weir_backend *a, const struct weir_backend *b)
{
	return a->port_be == b->port_be && weir_addr_eq(&a->addr, &b->addr);
}

/* The number under which a wanted listener is live; there must be one, and one only. */
static uint32_t find_live(const struct weir_policy *p, const struct weir_listener *wanted)
{
	uint32_t found = 0, at = 0;

	for (uint32_t i = 0; i < p->n_listeners; i++) {
		if (p->listeners[i].life != WEIR_LIFE_LIVE ||
			!same_listener(&p->listeners[i], wanted))
			continue;
		found++;
		at = i;
	}
	FUZZ_MUST(found == 1);
	return at;
}

static uint32_t live_listeners(const struct weir_policy *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_listeners; i++) {
		const struct weir_listener *l = &p->listeners[i];

		if (l->life != WEIR_LIFE_LIVE)
			continue;
		FUZZ_MUST(l->service < p->n_services);
		FUZZ_MUST(p->services[l->service].life == WEIR_LIFE_LIVE);
		n++;
	}
	return n;
}

/* Members in order, with weights; each of them lives under a number of that service. */
static void check_members(const struct weir_policy *next, const struct weir_service *has,
	const struct weir_policy *wanted, const struct weir_service *want)
{
	FUZZ_MUST(has->n_members == want->n_members);
	for (uint32_t i = 0; i < want->n_members; i++) {
		const struct weir_member *got = &next->members[has->first_member + i];
		const struct weir_member *asked = &wanted->members[want->first_member + i];
		const struct weir_backend *b = &next->backends[got->backend];

		FUZZ_MUST(got->weight == asked->weight);
		FUZZ_MUST(b->life == WEIR_LIFE_LIVE && &next->services[b->service] == has);
		FUZZ_MUST(same_backend(b, &wanted->backends[asked->backend]));
		FUZZ_MUST(weir_addr_eq(&next->nexthops[b->nexthop].addr,
			&wanted->nexthops[wanted->backends[asked->backend].nexthop].addr));
	}
}

static void check_service(const struct weir_policy *next, const struct weir_policy *wanted,
	uint32_t service)
{
	const struct weir_service *want = &wanted->services[service], *has = NULL;

	for (uint32_t i = 0; i < wanted->n_listeners; i++) {
		const struct weir_listener *l = &wanted->listeners[i];
		const struct weir_endpoint *e;
		uint32_t at;

		if (l->service != service)
			continue;
		at = find_live(next, l);
		e = weir_endpoint_find(&next->endpoints, &l->vip, l->port_be);
		FUZZ_MUST(e != NULL && e->kind == WEIR_ENDPOINT_LISTENER && e->index == at);
		FUZZ_MUST(has == NULL || has == &next->services[next->listeners[at].service]);
		has = &next->services[next->listeners[at].service];
	}
	FUZZ_MUST(has != NULL && has->mode == want->mode);
	FUZZ_MUST(has->scheduler == want->scheduler && has->profile.sack == want->profile.sack);
	check_members(next, has, wanted, want);
}

static void check_wanted(const struct weir_policy *next, const struct weir_policy *wanted)
{
	uint32_t live = 0;

	for (uint32_t i = 0; i < next->n_services; i++)
		live += next->services[i].life == WEIR_LIFE_LIVE;
	FUZZ_MUST(live == wanted->n_services);
	FUZZ_MUST(live_listeners(next) == wanted->n_listeners);
	FUZZ_MUST(next->n_members == wanted->n_members);
	FUZZ_MUST(next->n_services <= WISH_SERVICES && next->n_listeners <= WISH_LISTENERS &&
		next->n_backends <= WISH_BACKENDS);
	for (uint32_t i = 0; i < wanted->n_services; i++)
		check_service(next, wanted, i);
}

/*
 * Connections
 */

/* FNV-1a. */
static void mix(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * 0x100000001b3ull;
}

/* What the worker's connections are of, by those policy's numbers. */
static uint64_t meaning(const struct weir_proxy *px, const struct weir_policy *p)
{
	static const struct weir_addr nobody;
	uint64_t hash = 0xcbf29ce484222325ull;

	for (uint32_t i = 0; i < px->table.fresh; i++) {
		const struct weir_conn *c = weir_table_conn(&px->table, i);
		const struct weir_listener *l = &p->listeners[c->client.id];
		const struct weir_backend *b = &p->backends[c->backend];

		if (weir_addr_eq(&c->client.addr, &nobody))
			continue;
		mix(&hash, i);
		mix(&hash, l->vip.w[3]);
		mix(&hash, l->port_be);
		if (!(c->flags & WEIR_CONN_KEYED_BACKEND))
			continue;
		mix(&hash, b->addr.w[3]);
		mix(&hash, b->key_id);
		mix(&hash, p->services[b->service].mode);
	}
	return hash;
}

static void publish(struct world *w, struct weir_policy *wish, const struct weir_policy *wanted)
{
	struct shell *s = w->s;
	const struct weir_policy *before = s->policy;
	uint32_t generation = before->generation;

	if (shell_publish(s, wish) != WEIR_REFUSAL_NONE) {
		FUZZ_MUST(s->policy == before && s->old == NULL);
		return;
	}
	FUZZ_MUST(s->policy->generation == generation + 1);
	if (wanted != NULL)
		check_wanted(s->policy, wanted);
	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		FUZZ_MUST(meaning(&s->workers[i].px, s->old) ==
			meaning(&s->workers[i].px, s->policy));
}

void wish_publish(struct world *w, struct fuzz_in *in)
{
	struct fuzz_in again = *in;
	struct weir_policy *wish = build(w->s->policy, in);
	struct weir_policy *wanted = build(w->s->policy, &again);

	if (w->s->old == NULL)
		publish(w, wish, wanted);
	else
		weir_policy_free(wish);
	weir_policy_free(wanted);
}

void wish_vacate(struct world *w)
{
	if (w->s->old == NULL)
		publish(w, shell_wanted(w->s->policy), NULL);
}

void wish_adopt(struct world *w, unsigned int worker)
{
	const struct weir_proxy *px = &w->s->workers[worker].px;
	uint64_t before = meaning(px, px->policy);

	shell_adopt(w->s, worker);
	FUZZ_MUST(meaning(px, px->policy) == before);
	world_check_limits(w);
}

static void adopt_all(struct world *w)
{
	for (unsigned int i = 0; i < w->s->policy->n_workers; i++)
		wish_adopt(w, i);
}

void wish_end(struct world *w)
{
	const struct weir_policy *p;

	adopt_all(w);
	/* What is retired is orphaned or vacated by the first; what was shared, then, by the others. */
	for (unsigned int i = 0; i < 3; i++) {
		wish_vacate(w);
		adopt_all(w);
	}
	p = w->s->policy;
	for (uint32_t i = 0; i < p->n_services; i++)
		FUZZ_MUST(p->services[i].life != WEIR_LIFE_RETIRED);
	for (uint32_t i = 0; i < p->n_listeners; i++)
		FUZZ_MUST(p->listeners[i].life == WEIR_LIFE_LIVE ||
			p->listeners[i].life == WEIR_LIFE_VACANT);
	for (uint32_t i = 0; i < p->n_backends; i++)
		FUZZ_MUST(p->backends[i].life != WEIR_LIFE_RETIRED);
}
