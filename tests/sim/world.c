// SPDX-License-Identifier: BSD-3-Clause
#include "world.h"

#include <stdlib.h>

#include "check.h"
#include "deed.h"
#include "policy.h"

#define CLIENT_STREAM  0x434c49000000ull
#define BACKEND_STREAM 0x42414300000000ull

static struct sim_world *world_of(struct sim_host *h)
{
	return h->world;
}

struct sim_host *sim_world_client(struct sim_world *w, uint32_t addr)
{
	uint32_t i = addr - SIM_CLIENT_ADDR;

	return i < w->n_clients ? &w->clients[i] : NULL;
}

/*
 * The network
 */

static void to_front_from_client(struct sim_link *link, const uint8_t *frame, uint32_t len)
{
	struct sim_front *f = link->end;
	struct sim_world *w = f->world;

	sim_replayer_hear(&w->replayer, frame, len);
	sim_front_receive(f, SHELL_CLIENTS, frame, len);
}

static void to_front_from_backend(struct sim_link *link, const uint8_t *frame, uint32_t len)
{
	sim_front_receive(link->end, SHELL_BACKENDS, frame, len);
}

static struct sim_host *backend_at(struct sim_world *w, uint32_t addr)
{
	uint32_t off = addr - SHELL_BACKEND(0, 0);

	return off / 10 < SIM_SERVICES && off % 10 < w->n_each ? &w->backends[off / 10][off % 10]
							       : NULL;
}

static void out(struct sim_front *f, const struct shell_out *o, struct sim_tuple who)
{
	struct sim_world *w = f->world;
	uint32_t dst = ip_host(&o->seg.dst);
	struct sim_host *h;

	w->stats.frames += sim_sabotage_copies(w->sabotage);
	sim_check_storm(w, who);
	if (!sim_sabotage(w->sabotage, f->shell, o))
		return;
	if (w->sabotage == SIM_SABOTAGE_DEAF && w->queue.now_ns >= w->end_ns &&
		o->fate == WEIR_FATE_syn_cookie)
		return;
	if (o->port == SHELL_BACKENDS) {
		sim_check_to_backend(w, o, who);
		h = backend_at(w, dst);
	} else {
		sim_check_to_client(w, o, who);
		h = sim_world_client(w, dst);
	}
	if (h == NULL && sim_bots_have(&w->bots, dst))
		sim_bots_hear(&w->bots, o->data, o->len);
	else if (h == NULL)
		w->stats.answered +=
			o->fate == WEIR_FATE_to_client ? 0 : sim_sabotage_copies(w->sabotage);
	else
		sim_link_send(&h->down, o->data, o->len);
}

static uint32_t some(struct sim_random *r, uint32_t most)
{
	return sim_chance(r, 300000) ? 0 : sim_below(r, most + 1);
}

/* A link somewhere between perfect and the profile's worst. */
static struct sim_quality quality(struct sim_random *r, const struct sim_quality *worst)
{
	return (struct sim_quality){
		.loss = some(r, worst->loss),
		.dup = some(r, worst->dup),
		.reorder = some(r, worst->reorder),
		.ghost = some(r, worst->ghost),
		.corrupt = some(r, worst->corrupt),
		.truncate = some(r, worst->truncate),
		.delay_ns = 20000 + sim_random(r) % worst->delay_ns,
		.jitter_ns = some(r, (uint32_t)worst->jitter_ns),
		.late_ns = worst->late_ns ? sim_random(r) % worst->late_ns : 0,
	};
}

/*
 * Connections
 */

/* How long a dead client's late packet may keep the backend that it opened: to a keep-alive or two. */
static uint64_t ghost_until_ns(const struct sim_conn *c)
{
	if (c->plan.kind != SIM_EARLY_ABORT || c->backend == NULL || c->backend->peer == NULL)
		return 0;
	return c->backend->began_ns + 60 * SIM_S;
}

static void on_deadline(struct sim_timer *t)
{
	struct sim_conn *c = sim_owner(t, struct sim_conn, deadline);
	struct sim_world *w = c->client.world;
	uint64_t until_ns = ghost_until_ns(c);

	if (w->queue.now_ns < until_ns) {
		sim_queue_set(&w->queue, t, until_ns);
		return;
	}
	sim_check_judge(c);
	c->judged = true;
	w->open--;
}

/* Judged while its packets are still remembered. */
void sim_world_ended(struct sim_world *w, struct sim_conn *c)
{
	bool both = c->client.end != SIM_END_NONE && c->backend != NULL &&
		c->backend->end != SIM_END_NONE;
	bool early = c->plan.kind == SIM_EARLY_ABORT && c->backend == NULL;

	if (!c->judged && (both || early))
		sim_queue_set(&w->queue, &c->deadline, w->queue.now_ns + (both ? 5 : 60) * SIM_S);
}

static const struct sim_flavour *flavour_for(struct sim_world *w, bool needs_ts)
{
	return &sim_flavours[sim_below(&w->random, needs_ts ? SIM_FLAVOURS_TS : SIM_FLAVOURS)];
}

/* From the first free of the host's ports on. All are busy: a little later. */
static void on_start(struct sim_timer *t)
{
	struct sim_conn *c = sim_owner(t, struct sim_conn, start);
	struct sim_world *w = c->client.world;
	const struct sim_flavour *f = flavour_for(w, false);

	for (uint32_t i = 0; i < w->ports && c->client.peer == NULL; i++) {
		sim_app_connect(&c->client, c, f);
		if (c->client.peer == NULL)
			c->who.port = (uint16_t)(SIM_PORT_FIRST +
				(c->who.port - SIM_PORT_FIRST + 1u) % w->ports);
	}
	if (c->client.peer == NULL)
		sim_queue_set(&w->queue, t, w->queue.now_ns + 500 * SIM_MS);
	else
		sim_queue_set(&w->queue, &c->deadline,
			w->queue.now_ns + w->profile->patience_s * SIM_S +
				c->plan.takes_ms * SIM_MS);
}

static struct sim_conn *new_conn(struct sim_world *w, struct sim_host *h, unsigned int service,
	enum sim_kind kind)
{
	struct sim_conn *c = calloc(1, sizeof(*c));

	w->conns = realloc(w->conns, (w->n_conns + 1) * sizeof(struct sim_conn *));
	if (c == NULL || w->conns == NULL)
		abort();
	c->index = w->n_conns;
	c->service = (uint16_t)service;
	c->banner = sim_service_banner(service);
	c->who.addr = h->addr;
	c->who.port = (uint16_t)(SIM_PORT_FIRST + sim_below(&w->random, w->ports));
	c->start.fire = on_start;
	c->deadline.fire = on_deadline;
	if (w->profile->manner == SIM_LONG)
		sim_plan_make_long(&c->plan, &w->random, c->banner);
	else if (w->profile->manner == SIM_BESET)
		sim_plan_make_lasting(&c->plan, &w->random, c->banner);
	else
		sim_plan_make(&c->plan, &w->random, kind, c->banner);
	sim_app_init(&c->client, w, h, WEIR_CLIENT, CLIENT_STREAM + c->index);
	w->conns[w->n_conns++] = c;
	w->open++;
	return c;
}

void sim_world_again(struct sim_world *w, const struct sim_conn *c)
{
	struct sim_conn *again = new_conn(w, c->client.host, c->service, SIM_EXCHANGE);

	again->who = c->who;
	sim_queue_set(&w->queue, &again->start,
		w->queue.now_ns + sim_between(&w->random, 1, 3000) * SIM_MS);
}

struct sim_conn *sim_world_visit(struct sim_world *w, uint32_t number, uint16_t port)
{
	struct sim_conn *c = new_conn(w, &w->clients[number % w->n_clients], number % SIM_SERVICES,
		SIM_EXCHANGE);

	c->who.port = port;
	sim_queue_set(&w->queue, &c->start, w->queue.now_ns);
	return c;
}

static enum sim_kind some_kind(struct sim_world *w)
{
	uint32_t kind;

	do
		kind = sim_below(&w->random, SIM_KINDS);
	while (!(w->profile->kinds >> kind & 1));
	return (enum sim_kind)kind;
}

/* A hostile tenant's has no honest clients. */
static unsigned int some_service(struct sim_world *w)
{
	if (w->profile->manner == SIM_TENANT)
		return sim_between(&w->random, 1, SIM_SERVICES - 1);
	return sim_below(&w->random, SIM_SERVICES);
}

static void plan_conns(struct sim_world *w, uint32_t n)
{
	uint64_t span = w->end_ns - w->begin_ns;

	for (uint32_t i = 0; i < n; i++) {
		struct sim_host *h = &w->clients[sim_below(&w->random, w->n_clients)];
		enum sim_kind kind = some_kind(w); /* first: kept seeds depend on it */
		struct sim_conn *c = new_conn(w, h, some_service(w), kind);

		sim_queue_set(&w->queue, &c->start, w->begin_ns + sim_random(&w->random) % span);
	}
}

static void accepted(struct sim_host *h, struct sim_peer *p)
{
	struct sim_world *w = world_of(h);
	struct sim_app *a = malloc(sizeof(*a));
	unsigned int service = (h->addr - SHELL_BACKEND(0, 0)) / 10;

	w->apps = realloc(w->apps, (w->n_apps + 1) * sizeof(struct sim_app *));
	if (a == NULL || w->apps == NULL)
		abort();
	sim_app_init(a, w, h, WEIR_BACKEND, BACKEND_STREAM + w->n_apps);
	w->apps[w->n_apps++] = a;
	a->header_due = w->front.shell->policy->services[service].pphdr.version;
	/* where segments are lost anyway, some do not wait for it before they speak */
	a->waits = w->n_apps % 8 != 0;
	sim_app_accept(a, p, sim_service_banner(service));
}

/*
 * Beginning and end
 */

static const struct sim_user user = {
	accepted, sim_app_connected, sim_app_readable, sim_app_ended, sim_check_garbled};

static void make_host(struct sim_world *w, struct sim_host *h, uint32_t addr,
	void (*deliver)(struct sim_link *, const uint8_t *, uint32_t))
{
	sim_host_init(h, &w->queue, addr, &w->random);
	h->world = w;
	h->user = &user;
	h->seals = sim_mode_is_calm(w->spec.mode);
	h->watch = sim_check_received;
	h->up.deliver = deliver;
	h->up.end = &w->front;
	h->up.quality = quality(&w->random, &w->profile->worst);
	h->down.quality = quality(&w->random, &w->profile->worst);
}

static void make_hosts(struct sim_world *w)
{
	const struct sim_profile *p = w->profile;

	w->n_clients = sim_between(&w->random, 1, p->clients);
	w->n_each = sim_between(&w->random, 1, p->backends);
	for (uint32_t i = 0; i < w->n_clients; i++)
		make_host(w, &w->clients[i], SIM_CLIENT_ADDR + i, to_front_from_client);
	for (unsigned int s = 0; s < SIM_SERVICES; s++) {
		const enum weir_family family = sim_family_of(w->spec.family, s);

		w->mss[s] = sim_family_mss(family, 1460);
		for (uint32_t i = 0; i < w->n_each; i++) {
			struct sim_host *h = &w->backends[s][i];

			make_host(w, h, SHELL_BACKEND(s, i), to_front_from_backend);
			h->listen = SHELL_BACKEND_PORT;
			h->flavour = flavour_for(w, p->timestamps && !p->lacking);
			if (p->manner == SIM_HEADER && sim_chance(&w->random, 300000))
				h->flavour = &sim_flavour_narrow;
			if (p->manner == SIM_HEADER && h->flavour->wscale == 0)
				h->first_wnd = sim_between(&w->random, 1, 200);
			if (w->mss[s] > sim_flavour_mss(h->flavour, family))
				w->mss[s] = sim_flavour_mss(h->flavour, family);
		}
	}
}

/* Clocks begin anywhere, at times where ticks or milliseconds wrap in 32 bits. */
static uint64_t begin(struct sim_random *r)
{
	switch (sim_below(r, 8)) {
	case 0:
		return ((1ull << 32) - sim_between(r, 1, 60000)) * SIM_MS;
	case 1:
		return ((1ull << 32) - sim_between(r, 1, 8000)) * WEIR_TICK_NS;
	default:
		return 1000 * SIM_S + sim_random(r) % (1000000 * SIM_S);
	}
}

/* Addresses of which each may have SIM_POLICY_OF_SOURCE connections: a quarter of the table, or all of it. */
static const struct sim_botnet some_bots = {.addrs = 8, .each = 150, .slow = 200000},
			       many_bots = {.addrs = 60, .each = 20, .slow = 0};

static const struct sim_botnet tenant_bots = {.addrs = 8, .each = 40, .tenant = true};

/* Its backends answer nothing, its clients send at once what is held for them. */
static void begin_tenant(struct sim_world *w)
{
	if (w->spec.alone)
		return;
	for (uint32_t i = 0; i < w->n_each; i++)
		sim_host_set_power(&w->backends[0][i], SIM_DEAD);
	sim_bots_begin(&w->bots, w, &tenant_bots);
}

static void begin_manner(struct sim_world *w)
{
	switch (w->profile->manner) {
	case SIM_BESET:
		sim_blind_begin(&w->blind, w);
		break;
	case SIM_REPLAYED:
		sim_replayer_begin(&w->replayer, w);
		break;
	case SIM_BOTS:
		sim_bots_begin(&w->bots, w, &some_bots);
		break;
	case SIM_BOTS_MANY:
		sim_bots_begin(&w->bots, w, &many_bots);
		sim_visits_begin(&w->visits, w, w->end_ns);
		break;
	case SIM_HEALS:
		sim_visits_begin(&w->visits, w, w->end_ns);
		break;
	case SIM_TENANT:
		begin_tenant(w);
		break;
	case SIM_USUAL:
	case SIM_HEADER:
	case SIM_HEALS_LATE:
	case SIM_LONG:
		break;
	}
}

struct sim_world *sim_world_new(const struct sim_spec *spec, struct sim_trace *trace)
{
	const struct sim_profile *p = spec->profile;
	struct sim_world *w = calloc(1, sizeof(*w));
	struct weir_policy *policy;

	if (w == NULL)
		abort();
	w->random.state = spec->seed;
	w->spec = *spec;
	w->profile = p;
	w->trace = trace;
	w->resenders_before = sim_deeds[SIM_DID_resender];
	w->queue.now_ns = begin(&w->random);
	w->begin_ns = w->queue.now_ns;
	w->end_ns = w->begin_ns + spec->minutes * 60 * SIM_S;
	w->ports = p->ports;
	make_hosts(w);
	policy = sim_policy(spec, w->n_each, w->mss, &w->random);
	w->front.queue = &w->queue;
	w->front.trace = trace;
	w->front.world = w;
	w->front.out = out;
	w->front.random = sim_random_fork(&w->random);
	sim_front_open(&w->front, policy);
	if (p->tight)
		sim_policy_squeeze(&w->front, &w->random);
	plan_conns(w, spec->conns);
	sim_attack_begin(&w->attack, w, p->flood_pps);
	if (p->faults)
		sim_faults_begin(&w->faults, w);
	if (p->manner == SIM_LONG)
		w->front.tick_ns = 50 * SIM_MS; /* for hours */
	else
		sim_reloads_begin(&w->reloads, w); /* which change idle times */
	if (spec->mode == SIM_FLAP)
		sim_flap_begin(&w->flap, w);
	begin_manner(w);
	return w;
}

/* Until all connections that are planned by now have come to their end. */
static void run_all(struct sim_world *w)
{
	while (w->open > 0 || w->visits.left > 0 || w->queue.now_ns < w->end_ns)
		sim_queue_step(&w->queue);
}

void sim_world_run(struct sim_world *w)
{
	uint64_t quiet_ns;

	run_all(w);
	if (w->profile->manner == SIM_HEALS_LATE) {
		sim_visits_begin(&w->visits, w, w->queue.now_ns);
		run_all(w);
	}
	w->front.tick_ns = 50 * SIM_MS;
	quiet_ns = w->queue.now_ns + SIM_POLICY_QUIET_MS * SIM_MS;
	if (w->profile->manner == SIM_LONG)
		quiet_ns += SIM_POLICY_IDLE_MS * SIM_MS;
	while (w->queue.now_ns < quiet_ns)
		sim_queue_step(&w->queue);
	sim_check_quiet(w);
}

static void free_hosts(struct sim_world *w)
{
	for (uint32_t i = 0; i < w->n_clients; i++)
		sim_host_free(&w->clients[i]);
	for (unsigned int s = 0; s < SIM_SERVICES; s++)
		for (uint32_t i = 0; i < w->n_each; i++)
			sim_host_free(&w->backends[s][i]);
}

void sim_world_free(struct sim_world *w)
{
	free_hosts(w);
	sim_front_close(&w->front);
	sim_reloads_end(&w->reloads);
	for (uint32_t i = 0; i < w->n_conns; i++)
		free(w->conns[i]);
	for (uint32_t i = 0; i < w->n_apps; i++)
		free(w->apps[i]);
	free(w->conns);
	free(w->apps);
	sim_queue_free(&w->queue);
	free(w);
}
