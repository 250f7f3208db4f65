// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/listing.h"
#include "ctl/listing_checks.h"
#include "ctl/listing_host.h"
#include "ctl/listing_neighbours.h"
#include "ctl/listing_policy.h"
#include "ctl/listing_ports.h"
#include "ctl/listing_sources.h"
#include "ctl/names.h"

#include <stdio.h>
#include <unistd.h>

void weir_row_endpoint(struct weir_row *row, const char *name, const struct weir_addr *addr,
	uint16_t port_be)
{
	char text[WEIR_ADDR_TEXT], endpoint[WEIR_ADDR_TEXT + 8];

	weir_addr_text(addr, text);
	snprintf(endpoint, sizeof(endpoint), weir_addr_is_v4(addr) ? "%s:%u" : "[%s]:%u", text,
		weir_be16(port_be));
	weir_row_text(row, name, endpoint);
}

static uint32_t one(const struct weir_view *v)
{
	return 1;
}

static void row_time(struct weir_row *row, const char *name, time_t at)
{
	char text[32];
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	weir_row_text(row, name, at != 0 ? text : "");
}

static void reload_rows(const struct weir_view *v, struct weir_row *row)
{
	struct weir_reload_log log = weir_reload_look(v->reload);

	weir_row_number(row, "generation", v->policy->generation);
	weir_row_number(row, "reloads", log.good);
	row_time(row, "last_reload", log.good_at);
	weir_row_number(row, "reloads_failed", log.bad);
	row_time(row, "last_failure", log.bad_at);
	log.text[100] = '\0'; /* what a telemetry string takes; all of it is in the log */
	weir_row_text(row, "last_outcome", log.text);
}

static uint32_t live_services(const struct weir_policy *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_services; i++)
		n += p->services[i].life == WEIR_LIFE_LIVE;
	return n;
}

static void info_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	weir_row_text(row, "version", v->version);
	weir_row_number(row, "pid", (uint64_t)getpid());
	weir_row_text(row, "config_file", v->config_file);
	weir_row_text(row, "file_prefix", v->file_prefix);
	row_time(row, "started", v->started);
	weir_row_number(row, "uptime_s", (uint64_t)now.tv_sec - v->started_ns / 1000000000);
	if (v->reload != NULL)
		reload_rows(v, row);
	weir_row_number(row, "workers", v->policy->n_workers);
	weir_row_number(row, "ports", v->policy->n_ports);
	weir_row_number(row, "services", live_services(v->policy));
	weir_row_number(row, "services_max", weir_policy_service_room(v->policy));
	weir_row_number(row, "backends", v->policy->n_members);
	weir_row_number(row, "backends_max", weir_policy_backend_room(v->policy));
	weir_row_number(row, "conns", weir_view_conns(v));
	weir_row_number(row, "conns_max", v->policy->limits.connections);
	weir_row_number(row, "memory_bytes", v->memory_bytes);
	weir_row_number(row, "mbufs", v->mbufs);
	weir_row_text(row, "flood", weir_counted(&v->flood) ? "yes" : "no");
}

static const char *life_name(enum weir_life life)
{
	switch (life) {
	case WEIR_LIFE_LIVE:
		return "live";
	case WEIR_LIFE_RETIRED:
		return "removed";
	case WEIR_LIFE_ORPHANED:
	case WEIR_LIFE_VACANT:
		break;
	}
	return "";
}

static uint32_t services(const struct weir_view *v)
{
	return v->policy->n_services;
}

static bool service_is_vacant(const struct weir_view *v, uint32_t i)
{
	return v->policy->services[i].life >= WEIR_LIFE_ORPHANED;
}

/* What its workers do with SYNs now. */
static const char *gate_name(const struct weir_view *v, uint32_t service,
	const struct weir_service_counters *c)
{
	if (v->policy->services[service].life != WEIR_LIFE_LIVE)
		return "";
	if (c->calm == 0)
		return "cookies";
	return c->calm == v->policy->n_workers ? "calm" : "both";
}

static void service_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const struct weir_service *s = &v->policy->services[i];
	const struct weir_service_counters c = weir_view_service(v, i);
	const struct weir_listener *l = weir_policy_listener_of(v->policy, (uint16_t)i);
	uint64_t active = 0;

	for (uint16_t b = s->first_backend; b != WEIR_NONE16; b = v->policy->backends[b].next)
		active += weir_view_backend(v, b).active;
	weir_row_text(row, "name", s->name);
	if (l != NULL)
		weir_row_endpoint(row, "vip", &l->vip, l->port_be);
	weir_row_text(row, "mode", weir_mode_name(s->mode));
	weir_row_text(row, "scheduler", weir_scheduler_name(s->scheduler));
	weir_row_text(row, "proxy_protocol", weir_pphdr_version_name(s->pphdr.version));
	weir_row_text(row, "state", life_name(s->life));
	weir_row_number(row, "backends", s->n_members);
	weir_row_number(row, "active", active);
	weir_row_number(row, "syn", c.syn);
	weir_row_number(row, "cookies_ok", c.cookies_ok);
	weir_row_number(row, "opened", c.opened);
	weir_row_number(row, "established", c.established);
	weir_row_number(row, "failed", c.failed);
	weir_row_number(row, "source_limited", c.crowded);
	weir_row_number(row, "refused", c.refused);
	weir_row_number(row, "timed_out", c.timed_out);
	weir_row_number(row, "unreachable", c.unreachable);
	weir_row_number(row, "half_open", c.half_open);
	weir_row_text(row, "syn_cookies",
		weir_syn_cookies_name(weir_orders_mode(v->orders, v->policy, i)));
	weir_row_text(row, "gate", gate_name(v, i, &c));
	weir_row_number(row, "switches", c.switches);
	weir_row_number(row, "switched_s", c.switches == 0 ? 0 : c.switched_s);
	weir_row_number(row, "pkts_in", c.pkts_in);
	weir_row_number(row, "bytes_in", c.bytes_in);
	weir_row_number(row, "pkts_out", c.pkts_out);
	weir_row_number(row, "bytes_out", c.bytes_out);
}

static uint32_t backends(const struct weir_view *v)
{
	return v->policy->n_backends;
}

static bool backend_is_vacant(const struct weir_view *v, uint32_t i)
{
	return v->policy->backends[i].life >= WEIR_LIFE_ORPHANED;
}

/* What keeps new connections from it, or what it is. */
static const char *backend_state(const struct weir_view *v, uint32_t i, const struct weir_member *m)
{
	const enum weir_admin admin = weir_orders_admin(v->orders, i);

	if (m == NULL)
		return life_name(v->policy->backends[i].life);
	if (admin != WEIR_ADMIN_READY)
		return admin == WEIR_ADMIN_DRAIN ? "drain" : "maint";
	if (v->health != NULL && !weir_health_is_good(v->health, (uint16_t)i))
		return "down";
	return m->backup ? "backup" : "live";
}

static void backend_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const struct weir_backend *b = &v->policy->backends[i];
	const struct weir_backend_counters c = weir_view_backend(v, i);
	const struct weir_member *m = weir_policy_member(v->policy, (uint16_t)i);

	weir_row_text(row, "service", v->policy->services[b->service].name);
	weir_row_text(row, "name", b->name);
	weir_row_endpoint(row, "address", &b->addr, b->port_be);
	weir_row_text(row, "port", v->policy->interfaces[b->egress].name);
	weir_row_text(row, "state", backend_state(v, i, m));
	weir_row_number(row, "weight", m != NULL ? m->weight : 0);
	weir_row_number(row, "configured_weight", m != NULL ? weir_member_configured(m) : 0);
	weir_row_number(row, "active", c.active);
	weir_row_number(row, "opened", c.opened);
	weir_row_number(row, "established", c.established);
	weir_row_number(row, "refused", c.refused);
	weir_row_number(row, "timed_out", c.timed_out);
	weir_row_number(row, "unreachable", c.unreachable);
	weir_checks_add(v, i, row);
}

static uint32_t workers(const struct weir_view *v)
{
	return v->policy->n_workers;
}

static void worker_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const struct weir_view_worker *w = &v->worker[i];
	const struct weir_balance b = weir_view_balance(v, i);

	weir_row_number(row, "worker", i);
	weir_row_number(row, "lcore", w->lcore);
	weir_row_signed(row, "cpu", w->cpu);
	weir_row_number(row, "conns", weir_counted(&w->counters->conns));
	weir_row_number(row, "conns_max", w->conns_max);
	weir_row_number(row, "held", b.held);
	weir_row_number(row, "held_max", v->policy->limits.held_packets);
	weir_row_number(row, "local_ports", weir_counted(&w->counters->local_ports));
	weir_row_number(row, "rx", b.rx);
	weir_row_number(row, "tx", b.tx);
	weir_row_number(row, "dropped", b.dropped);
	weir_row_number(row, "handed_in", b.handed_in);
	weir_row_number(row, "handed_out", b.handed_out);
	weir_row_number(row, "loops", weir_counted(&w->counters->loops));
	weir_row_number(row, "busy_loops", weir_counted(&w->counters->busy_loops));
	weir_row_number(row, "memory_bytes", w->memory_bytes);
}

static uint32_t fates_and_events(const struct weir_view *v)
{
	return WEIR_FATES + WEIR_EVENTS;
}

/* The i-th fate when they are ordered by class. */
static unsigned int fate_by_class(uint32_t i)
{
	for (unsigned int c = WEIR_CLASS_PASS; c <= WEIR_CLASS_CONSUME; c++)
		for (unsigned int f = 0; f < WEIR_FATES; f++)
			if (weir_fates[f].class == c && i-- == 0)
				return f;
	return 0;
}

static void add_shares(const struct weir_view *v, bool is_fate, unsigned int at,
	struct weir_row *row)
{
	weir_row_list(row, "workers", WEIR_FIELD_NUMBERS);
	for (unsigned int w = 0; w < v->policy->n_workers; w++) {
		const struct weir_counters *c = v->worker[w].counters;

		weir_row_list_number(row, weir_counted(is_fate ? &c->fate[at] : &c->event[at]));
	}
}

/* Every fate by class, then the events: the total, and each worker's share. */
static void drops_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const bool is_fate = i < WEIR_FATES;
	const unsigned int at = is_fate ? fate_by_class(i) : i - WEIR_FATES;

	weir_row_text(row, "class", is_fate ? weir_fate_class_name(weir_fates[at].class) : "event");
	weir_row_text(row, "name", is_fate ? weir_fates[at].name : weir_events[at].name);
	weir_row_number(row, "total", is_fate ? weir_view_fate(v, at) : weir_view_event(v, at));
	add_shares(v, is_fate, at, row);
	weir_row_text(row, "text", is_fate ? weir_fates[at].text : weir_events[at].text);
}

static void accounting_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const struct weir_balance b = weir_view_balance(v, i);

	weir_row_number(row, "worker", i);
	weir_row_number(row, "rx", b.rx);
	weir_row_number(row, "created", b.created);
	weir_row_number(row, "handed_in", b.handed_in);
	weir_row_number(row, "tx", b.tx);
	weir_row_number(row, "dropped", b.dropped);
	weir_row_number(row, "consumed", b.consumed);
	weir_row_number(row, "handed_out", b.handed_out);
	weir_row_number(row, "held", b.held);
	weir_row_signed(row, "balance", b.balance);
}

const struct weir_listing weir_listings[WEIR_LISTINGS] = {
	{"/synweir/info", "What runs. No parameters", 1, one, info_row, NULL},
	{"/synweir/services", "Services and their counters. Parameters: cursor", 16, services,
		service_row, service_is_vacant},
	{"/synweir/backends", "Backends and their counters. Parameters: cursor", 16, backends,
		backend_row, backend_is_vacant},
	{"/synweir/checks", "Health checks. Parameters: cursor", 16, backends, weir_checks_row,
		weir_checks_is_vacant},
	{"/synweir/workers", "Workers. Parameters: cursor", 24, workers, worker_row, NULL},
	{"/synweir/drops", "Packets' fates and events. Parameters: cursor", 4, fates_and_events,
		drops_row, NULL},
	{"/synweir/ports", "Ports. Parameters: cursor", 8, weir_ports_count, weir_ports_row, NULL},
	{"/synweir/interfaces", "Ports' VLANs and what has no tag. Parameters: cursor", 16,
		weir_interfaces_count, weir_interfaces_row, NULL},
	{"/synweir/neighbours", "Backends and routers on our links. Parameters: cursor", 24,
		weir_neighbours_count, weir_neighbours_row, weir_neighbours_is_vacant},
	{"/synweir/host", "Host interfaces, by class. Parameters: cursor", 24, weir_hosts_count,
		weir_hosts_row, weir_hosts_is_vacant},
	{"/synweir/sources", "Addresses with many connections. Parameters: cursor", 24,
		weir_sources_count, weir_sources_row, NULL},
	{"/synweir/limits", "Limits in force. No parameters", 1, one, weir_limits_row, NULL},
	{"/synweir/memory", "What takes how much memory. Parameters: cursor", 24, weir_memory_count,
		weir_memory_row, NULL},
	{"/synweir/policy", "What is configured for services. Parameters: cursor", 16, services,
		weir_policy_row, service_is_vacant},
	{"/synweir/accounting", "Each worker's packet balance. Parameters: cursor", 24, workers,
		accounting_row, NULL},
};

bool weir_listing_row(const struct weir_listing *l, const struct weir_view *v, uint32_t i,
	struct weir_row *row)
{
	if (l->is_vacant != NULL && l->is_vacant(v, i))
		return false;
	weir_row_clear(row);
	l->row(v, i, row);
	return true;
}
