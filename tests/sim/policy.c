// SPDX-License-Identifier: BSD-3-Clause
#include "policy.h"

#include <stdlib.h>

#include "world.h"

static void fill_backends(struct weir_policy *p, unsigned int s, enum weir_family family,
	uint32_t n_each)
{
	for (uint32_t i = 0; i < n_each; i++) {
		uint16_t b = (uint16_t)p->n_backends++;

		p->backends[b] = (struct weir_backend){
			.addr = ip_addr(family, SHELL_BACKEND(s, i)),
			.port_be = weir_be16(SHELL_BACKEND_PORT),
			.service = (uint16_t)s,
			.nexthop = b,
			.egress = SHELL_BACKENDS,
		};
		p->nexthops[b] = (struct weir_nexthop){
			.addr = p->backends[b].addr, .interface = SHELL_BACKENDS};
		p->members[p->n_members++] = (struct weir_member){.backend = b, .weight = 1};
	}
	p->n_nexthops = p->n_backends;
}

/* config/keys.c */
static const struct weir_timeouts defaults = {.established_ms = SIM_POLICY_IDLE_MS,
	.half_close_ms = 300000,
	.closing_ms = 60000,
	.time_wait_ms = 64000,
	.connect_ms = 200,
	.rst_pending_ms = 5000};

static struct weir_pphdr_form some_header(struct sim_random *r)
{
	const bool v2 = sim_chance(r, 700000);

	return (struct weir_pphdr_form){.version = v2 ? WEIR_PPHDR_V2 : WEIR_PPHDR_V1,
		.unique_id = v2 && sim_chance(r, 500000),
		.crc32c = v2 && sim_chance(r, 500000)};
}

/*
 * Timeouts are short, so that they happen; applications' keep-alives (plan.c) are shorter. The scale
 * is one that the backends' small buffers can be told in: with 14 a window below 16 KB is none. Segments are as large as every backend takes.
 */
static void fill_service(struct weir_policy *p, unsigned int s, const struct sim_spec *spec,
	uint32_t n_each, uint16_t mss, struct sim_random *r)
{
	static const enum weir_scheduler schedulers[] = {
		WEIR_SCHED_RR, WEIR_SCHED_WRR, WEIR_SCHED_LC};
	const enum weir_family family = sim_family_of(spec->family, s);
	const struct weir_addr vip = ip_addr(family, SHELL_VIP(s));

	p->services[s] = (struct weir_service){
		.mode = s % 2 == 0 ? WEIR_MODE_FULLNAT : WEIR_MODE_NAT,
		.scheduler = (uint8_t)schedulers[sim_below(r, 3)],
		.profile = {.mss = mss,
			.wscale = (uint8_t)sim_below(r, 10),
			.sack = sim_chance(r, 800000),
			.timestamps = spec->profile->timestamps},
		.timeouts = {.established_ms = sim_between(r, 120000, 300000),
			.half_close_ms = sim_between(r, 60000, 300000),
			.closing_ms = 60000,
			.time_wait_ms = 60000,
			.connect_ms = 200,
			.rst_pending_ms = sim_between(r, 5000, 8000)},
		.first_member = p->n_members,
		.n_members = n_each,
	};
	if (spec->profile->manner == SIM_LONG)
		p->services[s].timeouts = defaults;
	if (spec->profile->manner == SIM_HEADER) {
		p->services[s].pphdr = some_header(r);
		p->services[s].profile.wscale = 0; /* as are backends' first windows */
	}
	weir_policy_listen(p, (uint16_t)s, &vip, weir_be16(SHELL_VIP_PORT));
	fill_backends(p, s, family, n_each);
}

static struct weir_limits limits(const struct sim_profile *profile, uint32_t n_workers,
	struct sim_random *r)
{
	struct weir_limits l = {
		.connections = 2048 * n_workers,
		.held_packets = 1024,
		.held_bytes = sim_between(r, 1000, 14600),
		.syn_ack_ring = 4096,
		.reply_budget = 1000,
		.adaptive_start = 60,
		.adaptive_end = 100,
		.refuse_closed_ports = sim_chance(r, 500000),
	};

	if (profile->manner == SIM_BOTS || profile->manner == SIM_BOTS_MANY) {
		l.connections = SIM_POLICY_OF_ALL;
		l.source_connections = SIM_POLICY_OF_SOURCE;
	}
	if (profile->manner == SIM_TENANT)
		l.held_packets = 64;
	if (profile->tight) {
		l.connections = sim_between(r, 8, 64) * n_workers;
		l.held_packets = sim_between(r, 2, 32);
		l.syn_ack_ring = sim_below(r, 16);
		l.reply_budget = sim_between(r, 1, 20);
		l.plain_guesses = sim_chance(r, 300000) ? sim_between(r, 1, 5) : 0;
		l.source_rate = sim_chance(r, 300000) ? sim_between(r, 1, 5) : 0;
	}
	return l;
}

static void fill_interfaces(struct weir_policy *p, enum weir_family family)
{
	struct weir_interface *clients = &p->interfaces[SHELL_CLIENTS];
	struct weir_interface *backends = &p->interfaces[SHELL_BACKENDS];
	const uint8_t prefix = ip_prefix(family, 24);

	clients->addrs[clients->n_addrs++] =
		(struct weir_interface_addr){ip_addr(family, 0xc6336401), prefix};
	for (unsigned int i = 0; i < 2; i++)
		backends->addrs[backends->n_addrs++] =
			(struct weir_interface_addr){ip_addr(family, SHELL_LOCAL + i), prefix};
}

struct weir_policy *sim_policy(const struct sim_spec *spec, uint32_t n_each, const uint16_t *mss,
	struct sim_random *r)
{
	const struct sim_profile *profile = spec->profile;
	struct sim_random aside = *r; /* what else is random does not depend on the mode */
	const uint32_t n = SIM_SERVICES * n_each;
	struct weir_policy *p =
		weir_policy_alloc(&(struct weir_policy_room){.services = SIM_SERVICES,
			.listeners = SIM_SERVICES,
			.backends = n,
			.members = n,
			.nexthops = n});

	if (p == NULL)
		abort();
	p->n_workers = sim_between(r, 1, profile->workers);
	p->n_ports = p->n_interfaces = 2;
	p->ports[SHELL_CLIENTS].mtu = p->ports[SHELL_BACKENDS].mtu = 1500;
	p->interfaces[SHELL_CLIENTS] = (struct weir_interface){.port = SHELL_CLIENTS};
	p->interfaces[SHELL_BACKENDS] =
		(struct weir_interface){.port = SHELL_BACKENDS, .no_clients = true};
	for (unsigned int s = 0; s < 2; s++) /* which are of both families, if there are two */
		if (s == 0 || spec->family == SIM_BOTH)
			fill_interfaces(p, sim_family_of(spec->family, s));
	p->n_services = SIM_SERVICES;
	for (unsigned int s = 0; s < SIM_SERVICES; s++)
		fill_service(p, s, spec, n_each, mss[s], r);
	p->limits = limits(profile, p->n_workers, r);
	for (unsigned int i = 0; i < sizeof(shell_secret); i++)
		shell_secret[i] = (uint8_t)sim_random(r);
	sim_mode_configure(p, spec->mode, profile->tight, &aside);
	p->steer_secret = (struct weir_sipkey){sim_random(r), sim_random(r)};
	return p;
}

void sim_policy_squeeze(struct sim_front *f, struct sim_random *r)
{
	shell_squeeze_ports(f->shell, sim_between(r, 2, 20));
}
