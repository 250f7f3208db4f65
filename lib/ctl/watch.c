// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/watch.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/target.h"
#include "flow/sched.h"

/* An alarm is cleared after so long without its cause: one that comes and goes is one line, not many. */
#define QUIET_NS 5000000000ull

/* Rates over a shorter time are inexact; the step waits for the next call. */
#define STEP_MIN_NS 100000000ull

/*
 * A flood: SYNs without completed handshakes. A busy site completes nearly all of its SYNs and a scanned
 * one sees few, so both the number and the share must be high.
 */
#define FLOOD_BEGINS_PER_S 1000 /* SYNs not completed */
#define FLOOD_ENDS_PER_S   500
#define FLOOD_COMPLETED    0.5 /* of all SYNs: at most this share, while it lasts */

/* Shares of what there is room for. */
#define TABLE_BEGINS 0.90
#define TABLE_ENDS   0.80
#define HELD_BEGINS  0.50 /* workers announce window 0 from here on (HC-04) */
#define HELD_ENDS    0.25

/* An alarm. */
struct edge {
	bool on;
	uint64_t since_ns, last_ns; /* of the cause: its first and its latest step */
	double peak;
	uint64_t total;
};

enum edge_change {
	EDGE_SAME,
	EDGE_BEGAN,
	EDGE_ENDED,
};

/* Fates that raise an alarm: how many a second, in how many steps in a row. */
static const struct {
	enum weir_fate fate;
	unsigned int per_s, steps;
} fates[] = {
	{WEIR_FATE_bad_cookie, 1000, 1}, /* an ACK flood */
	{WEIR_FATE_no_backend, 1, 1},
	{WEIR_FATE_table_full, 1, 1},
	{WEIR_FATE_no_local_port, 1, 1},
	{WEIR_FATE_tx_full, 1, 1},
	{WEIR_FATE_no_neighbour, 1, 2}, /* one step is normal: the ARP reply is not there yet */
	/* a failover makes a few; more: two hosts have the address, or one claims it falsely */
	{WEIR_FATE_arp_unverified, 1, 3},
	{WEIR_FATE_handover_full, 1, 1},
	{WEIR_FATE_port_down, 1, 1},
};

#define FATES (sizeof(fates) / sizeof(fates[0]))

/* A counter that should not grow. */
struct loss_watch {
	struct edge edge;
	uint64_t was;
	unsigned int steps; /* in a row, above the limit */
};

struct port_watch {
	struct loss_watch missed, no_mbuf, truncated, partial;
	bool down;
	uint64_t down_since_ns;
	bool host_gone;
};

struct backend_watch {
	uint32_t since; /* weir_backend.since: tells one backend from the next under this number */
	bool down;
	uint64_t since_ns;
	uint64_t fails_was, established_was, marked_was;
	uint64_t in_a_row; /* failed since it last took a connection */
	uint64_t failed;   /* since it is down */
};

/* How a service's SYNs are answered (HC-45). */
struct gate_watch {
	uint32_t since; /* weir_service.since */
	bool known, cookies;
	uint64_t since_ns;
};

struct weir_watch {
	weir_watch_log_fn log;
	void *arg;
	uint64_t last_ns, now_ns; /* of the last step and of this one */

	struct edge flood;
	uint64_t syn_was, done_was;
	uint64_t flood_done; /* handshakes completed while it lasted */
	struct weir_target target;
	struct edge table, held, conflict;
	uint64_t conflicts_was[WEIR_WORKERS_MAX];
	struct loss_watch fate[FATES], no_mbuf;
	struct port_watch port[WEIR_PORTS_MAX];
	struct backend_watch *backend;
	struct gate_watch *gate; /* by service */
	uint64_t *withdrawn;     /* by service: weir_service_counters.timestamps_withdrawn */
};

__attribute__((format(printf, 3, 4))) static void say(const struct weir_watch *w,
	enum weir_watch_level level, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	w->log(w->arg, level, line);
}

struct figure {
	char text[24];
};

/* "999", "9.9 k", "210 k", "6.2 M": two digits at least are true. */
static struct figure figure(double x)
{
	static const char unit[] = {' ', 'k', 'M', 'G', 'T', 'P'};
	struct figure f;
	unsigned int u = 0;

	for (; x >= 999.5 && u + 1 < sizeof(unit); u++)
		x /= 1000;
	if (u == 0)
		snprintf(f.text, sizeof(f.text), "%.0f", x);
	else
		snprintf(f.text, sizeof(f.text), x < 99.5 ? "%.1f %c" : "%.0f %c", x, unit[u]);
	return f;
}

/* How long the cause lasted, rounded. */
static uint64_t lasted_s(const struct edge *e)
{
	return (e->last_ns - e->since_ns + 500000000) / 1000000000;
}

/*
 * One step of an edge. begins and goes_on are two thresholds of the same thing; value is what has a
 * peak, count what adds up.
 */
static enum edge_change edge_step(const struct weir_watch *w, struct edge *e, bool begins,
	bool goes_on, double value, uint64_t count)
{
	if (!e->on && !begins)
		return EDGE_SAME;
	if (!e->on) {
		*e = (struct edge){.on = true, .since_ns = w->last_ns, .last_ns = w->now_ns};
		e->peak = value;
		e->total = count;
		return EDGE_BEGAN;
	}
	if (goes_on) {
		e->last_ns = w->now_ns;
		e->total += count;
		if (value > e->peak)
			e->peak = value;
	}
	if (w->now_ns - e->last_ns < QUIET_NS)
		return EDGE_SAME;
	e->on = false;
	return EDGE_ENDED;
}

/* The growth of a counter since the last step. */
static uint64_t growth(uint64_t *was, uint64_t is)
{
	uint64_t by = is > *was ? is - *was : 0;

	*was = is;
	return by;
}

static double per_second(const struct weir_watch *w, uint64_t count)
{
	return (double)count * 1e9 / (double)(w->now_ns - w->last_ns);
}

static void step_flood(struct weir_watch *w, const struct weir_view *v)
{
	uint64_t syn = growth(&w->syn_was, weir_view_event(v, WEIR_EVENT_syn_received));
	uint64_t done = growth(&w->done_was, weir_view_event(v, WEIR_EVENT_cookie_accepted));
	double rate = per_second(w, syn), open = per_second(w, syn > done ? syn - done : 0);
	double share = syn > 0 ? (double)done / (double)syn : 1;
	bool goes_on = share <= FLOOD_COMPLETED && open >= FLOOD_ENDS_PER_S;
	const struct edge *e = &w->flood;
	char target[WEIR_TARGET_TEXT];

	weir_target_look(&w->target, v, target);
	switch (edge_step(w, &w->flood, goes_on && open >= FLOOD_BEGINS_PER_S, goes_on, rate,
		syn)) {
	case EDGE_BEGAN:
		w->flood_done = done;
		say(w, WEIR_WATCH_WARNING, "flood began: %s SYN/s, %.1f %% completed%s",
			figure(rate).text, 100 * share, target);
		break;
	case EDGE_ENDED:
		say(w, WEIR_WATCH_NOTICE,
			"flood ended after %" PRIu64
			" s: %s SYNs, %.1f %% completed, peak %s SYN/s",
			lasted_s(e), figure((double)e->total).text,
			100 * (double)w->flood_done / (double)e->total, figure(e->peak).text);
		break;
	case EDGE_SAME:
		w->flood_done += goes_on ? done : 0;
		break;
	}
}

/* The words for a counter of losses: "drops began: port front rx_missed 12 k/s (text)". */
struct loss {
	const char *what, *where, *name, *text;
	unsigned int per_s,
		steps; /* so many a second, in so many steps in a row, raise the alarm */
};

static void step_loss(struct weir_watch *w, struct loss_watch *lw, const struct loss *l,
	uint64_t is)
{
	uint64_t count = growth(&lw->was, is);
	double rate = per_second(w, count);

	/* one is one, though a step takes a little more than a second */
	lw->steps = rate >= l->per_s || (l->per_s == 1 && count > 0) ? lw->steps + 1 : 0;
	switch (edge_step(w, &lw->edge, lw->steps >= l->steps, count > 0, rate, count)) {
	case EDGE_BEGAN:
		say(w, WEIR_WATCH_WARNING, "%s began: %s%s %s/s (%s)", l->what, l->where, l->name,
			figure(rate).text, l->text);
		break;
	case EDGE_ENDED:
		say(w, WEIR_WATCH_NOTICE, "%s ended: %s%s after %" PRIu64 " s: %s, peak %s/s",
			l->what, l->where, l->name, lasted_s(&lw->edge),
			figure((double)lw->edge.total).text, figure(lw->edge.peak).text);
		break;
	case EDGE_SAME:
		break;
	}
}

static void step_fates(struct weir_watch *w, const struct weir_view *v)
{
	for (unsigned int i = 0; i < FATES; i++) {
		const struct weir_fate_info *f = &weir_fates[fates[i].fate];
		const struct loss loss = {f->class == WEIR_CLASS_DROP ? "drops" : "refusals", "",
			f->name, f->text, fates[i].per_s, fates[i].steps};

		step_loss(w, &w->fate[i], &loss, weir_view_fate(v, fates[i].fate));
	}
}

static void step_no_mbuf(struct weir_watch *w, const struct weir_view *v)
{
	const struct weir_event_info *e = &weir_events[WEIR_EVENT_no_mbuf];
	const struct loss loss = {"losses", "", e->name, e->text, 1, 1};

	step_loss(w, &w->no_mbuf, &loss, weir_view_event(v, WEIR_EVENT_no_mbuf));
}

/* How full the fullest worker is. */
struct level {
	uint64_t now, max;
	unsigned int worker;
	double share;
};

static void level_raise(struct level *l, unsigned int worker, uint64_t now, uint64_t max)
{
	double share = max > 0 ? (double)now / (double)max : 0;

	if (share > l->share)
		*l = (struct level){.now = now, .max = max, .worker = worker, .share = share};
}

static void step_level(struct weir_watch *w, struct edge *e, const struct level *l, double begins,
	double ends, const char *what)
{
	switch (edge_step(w, e, l->share >= begins, l->share >= ends, l->share, 0)) {
	case EDGE_BEGAN:
		say(w, WEIR_WATCH_WARNING,
			"%s filling up: worker %u has %" PRIu64 " of %" PRIu64 " (%.0f %%)", what,
			l->worker, l->now, l->max, 100 * l->share);
		break;
	case EDGE_ENDED:
		say(w, WEIR_WATCH_NOTICE, "%s have room again after %" PRIu64 " s: peak %.0f %%",
			what, lasted_s(e), 100 * e->peak);
		break;
	case EDGE_SAME:
		break;
	}
}

static void step_levels(struct weir_watch *w, const struct weir_view *v)
{
	struct level table = {0}, held = {0};

	for (unsigned int i = 0; i < v->policy->n_workers; i++) {
		const struct weir_view_worker *worker = &v->worker[i];

		level_raise(&table, i, weir_counted(&worker->counters->conns), worker->conns_max);
		level_raise(&held, i, weir_counted(&worker->counters->held),
			v->policy->limits.held_packets);
	}
	step_level(w, &w->table, &table, TABLE_BEGINS, TABLE_ENDS, "connections");
	step_level(w, &w->held, &held, HELD_BEGINS, HELD_ENDS, "held packets");
}

static void step_link(struct weir_watch *w, struct port_watch *p, bool down, const char *name)
{
	if (down == p->down)
		return;
	p->down = down;
	if (down) {
		p->down_since_ns = w->now_ns;
		say(w, WEIR_WATCH_WARNING, "link down: port %s", name);
	} else {
		say(w, WEIR_WATCH_NOTICE, "link up: port %s, after %" PRIu64 " s", name,
			(w->now_ns - p->down_since_ns) / 1000000000);
	}
}

static void step_host(struct weir_watch *w, struct port_watch *p, bool gone, const char *interface)
{
	if (gone && !p->host_gone)
		say(w, WEIR_WATCH_WARNING,
			"host interface deleted: %s: restart synweir to have it again", interface);
	p->host_gone = gone;
}

/*
 * Frames that the driver cannot tell from damaged ones. Nearly always it is the checksum or
 * segmentation offload of a virtual link, and these are the commands that turn it off.
 */
static void step_offloads(struct weir_watch *w, const struct weir_view *v, unsigned int i,
	const char *where)
{
	const struct weir_port_counters c = weir_view_port(v, i);
	const char *iface = v->port[i].iface[0] != '\0' ? v->port[i].iface : "INTERFACE";
	struct port_watch *p = &w->port[i];
	char partial_text[256], truncated_text[256];
	const struct loss partial = {"drops", where, "tcp_checksum_partial", partial_text, 1, 1};
	const struct loss truncated = {"drops", where, "truncated", truncated_text, 1, 1};

	snprintf(partial_text, sizeof(partial_text),
		"senders leave TCP checksums to their devices: run \"ethtool -K %s tx off\" here, "
		"and \"ethtool -K DEV tx off\" at the other end of each veth",
		iface);
	snprintf(truncated_text, sizeof(truncated_text),
		"packets exceed mtu = %u, or framesz: lower the MTU of the hosts, or on veth turn "
		"off segmentation offload: \"ethtool -K %s tx off\", at the other end, too",
		v->policy->ports[i].mtu, iface);
	step_loss(w, &p->partial, &partial, c.rx_partial);
	step_loss(w, &p->truncated, &truncated, c.rx_truncated);
}

static void step_port(struct weir_watch *w, const struct weir_view *v, unsigned int i)
{
	const struct weir_view_port *is = &v->port[i];
	const char *name = v->policy->ports[i].name;
	struct port_watch *p = &w->port[i];
	char where[WEIR_NAME_MAX + 8];
	const struct loss missed = {"drops", where, "rx_missed",
		"no free receive descriptor: the workers do not keep up", 1, 1};
	const struct loss no_mbuf = {"drops", where, "rx_no_mbuf", "no free packet buffer", 1, 1};

	snprintf(where, sizeof(where), "port %s ", name);
	step_link(w, p, weir_counted(&is->link_up) == 0, name);
	step_host(w, p, weir_counted(&is->host_gone) != 0, v->policy->ports[i].host.interface);
	step_loss(w, &p->missed, &missed, weir_counted(&is->rx_missed));
	step_loss(w, &p->no_mbuf, &no_mbuf, weir_counted(&is->rx_no_mbuf));
	step_offloads(w, v, i, where);
}

static void say_conflict(const struct weir_watch *w, const struct weir_counters *c)
{
	const struct weir_addr addr = {
		.q = {weir_counted(&c->conflict_addr[0]), weir_counted(&c->conflict_addr[1])}};
	uint64_t word = weir_counted(&c->conflict_mac);
	char text[WEIR_ADDR_TEXT];
	uint8_t mac[8];

	memcpy(mac, &word, sizeof(mac));
	say(w, WEIR_WATCH_WARNING,
		"address conflict began: %02x:%02x:%02x:%02x:%02x:%02x claims %s, which is ours: "
		"take "
		"it off that host",
		mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], weir_addr_text(&addr, text));
}

/* HC-67, RFC 5227 §2.4: told as the worker knows it that saw the latest one. */
static void step_conflict(struct weir_watch *w, const struct weir_view *v)
{
	const struct weir_counters *at = NULL;
	uint64_t count = 0;

	for (unsigned int i = 0; i < v->policy->n_workers; i++) {
		const struct weir_counters *c = v->worker[i].counters;
		uint64_t by = growth(&w->conflicts_was[i],
			weir_counted(&c->event[WEIR_EVENT_address_conflict]));

		count += by;
		at = by > 0 ? c : at;
	}
	switch (edge_step(w, &w->conflict, count > 0, count > 0, (double)count, count)) {
	case EDGE_BEGAN:
		say_conflict(w, at);
		break;
	case EDGE_ENDED:
		say(w, WEIR_WATCH_NOTICE, "address conflict ended after %" PRIu64 " s",
			lasted_s(&w->conflict));
		break;
	case EDGE_SAME:
		break;
	}
}

/* HC-03: what clients of a service are not promised any more; each worker finds out by itself. */
static void step_service(struct weir_watch *w, const struct weir_view *v, unsigned int i)
{
	const struct weir_service *s = &v->policy->services[i];
	uint64_t is = weir_view_service(v, i).timestamps_withdrawn;

	if (is > 0 && w->withdrawn[i] == 0)
		say(w, WEIR_WATCH_WARNING,
			"service %s: a backend has no TCP timestamps, which its client was "
			"promised: that client got RST, later ones are not promised any. Set "
			"profile = { timestamps = false; } for the service",
			s->name);
	w->withdrawn[i] = is;
}

/* A worker that has changed to cookies is enough: the flood reaches all of them, or just that one. */
static void step_gate(struct weir_watch *w, const struct weir_view *v, unsigned int i)
{
	const struct weir_service *s = &v->policy->services[i];
	const struct weir_service_counters c = weir_view_service(v, i);
	const bool cookies = c.calm < v->policy->n_workers;
	struct gate_watch *g = &w->gate[i];

	if (s->life != WEIR_LIFE_LIVE || g->since != s->since || !g->known) {
		*g = (struct gate_watch){s->since, s->life == WEIR_LIFE_LIVE, cookies, w->now_ns};
		return;
	}
	if (cookies == g->cookies)
		return;
	if (cookies)
		say(w, WEIR_WATCH_WARNING,
			"service %s: SYN cookies began (half-open connections: %" PRIu64 ")",
			s->name, c.half_open);
	else
		say(w, WEIR_WATCH_NOTICE, "service %s: SYN cookies ended after %" PRIu64 " s",
			s->name, (w->now_ns - g->since_ns) / 1000000000);
	g->cookies = cookies;
	g->since_ns = w->now_ns;
}

/* A number that another backend has now starts from zero. */
static struct backend_watch *watch_of(struct weir_watch *w, unsigned int i, uint32_t since)
{
	struct backend_watch *bw = &w->backend[i];

	if (bw->since != since)
		*bw = (struct backend_watch){.since = since};
	return bw;
}

/*
 * A backend is down when a worker holds it down (flow/sched.h), and is up again when it accepts one and refuses none. A step without connections
 * changes nothing.
 */
static void step_backend(struct weir_watch *w, const struct weir_view *v, unsigned int i)
{
	const struct weir_backend *b = &v->policy->backends[i];
	const char *service = v->policy->services[b->service].name;
	struct weir_backend_counters c = weir_view_backend(v, i);
	struct backend_watch *bw = watch_of(w, i, b->since);
	uint64_t fails = growth(&bw->fails_was, c.refused + c.timed_out + c.unreachable);
	uint64_t taken = growth(&bw->established_was, c.established);
	uint64_t marked = growth(&bw->marked_was, c.marked_down);

	bw->in_a_row = taken > 0 ? 0 : bw->in_a_row + fails;
	bw->failed += fails;
	if (!bw->down && marked > 0 && bw->in_a_row > 0) {
		bw->down = true;
		bw->since_ns = w->last_ns;
		bw->failed = bw->in_a_row;
		say(w, WEIR_WATCH_WARNING,
			"backend down: %s/%s, %" PRIu64 " connections in a row failed", service,
			b->name, bw->in_a_row);
	} else if (bw->down && taken > 0 && fails == 0) {
		bw->down = false;
		say(w, WEIR_WATCH_NOTICE,
			"backend up: %s/%s, after %" PRIu64 " s and %" PRIu64 " failed connections",
			service, b->name, (w->now_ns - bw->since_ns) / 1000000000, bw->failed);
	}
}

void weir_watch_step(struct weir_watch *w, const struct weir_view *v, uint64_t now_ns)
{
	if (now_ns < w->last_ns + STEP_MIN_NS)
		return;
	w->now_ns = now_ns;
	step_flood(w, v);
	step_levels(w, v);
	step_fates(w, v);
	step_no_mbuf(w, v);
	step_conflict(w, v);
	for (unsigned int i = 0; i < v->policy->n_ports; i++)
		step_port(w, v, i);
	for (unsigned int i = 0; i < v->policy->n_services; i++) {
		step_service(w, v, i);
		step_gate(w, v, i);
	}
	for (unsigned int i = 0; i < v->policy->n_backends; i++)
		step_backend(w, v, i);
	w->last_ns = now_ns;
}

static void remember(struct weir_watch *w, const struct weir_view *v)
{
	w->syn_was = weir_view_event(v, WEIR_EVENT_syn_received);
	w->done_was = weir_view_event(v, WEIR_EVENT_cookie_accepted);
	for (unsigned int i = 0; i < FATES; i++)
		w->fate[i].was = weir_view_fate(v, fates[i].fate);
	for (unsigned int i = 0; i < v->policy->n_workers; i++)
		w->conflicts_was[i] =
			weir_counted(&v->worker[i].counters->event[WEIR_EVENT_address_conflict]);
	w->no_mbuf.was = weir_view_event(v, WEIR_EVENT_no_mbuf);
	for (unsigned int i = 0; i < v->policy->n_ports; i++) {
		w->port[i].missed.was = weir_counted(&v->port[i].rx_missed);
		w->port[i].no_mbuf.was = weir_counted(&v->port[i].rx_no_mbuf);
		w->port[i].partial.was = weir_view_port(v, i).rx_partial;
		w->port[i].truncated.was = weir_view_port(v, i).rx_truncated;
		w->port[i].down = weir_counted(&v->port[i].link_up) == 0;
		w->port[i].down_since_ns = w->last_ns;
	}
	for (unsigned int i = 0; i < v->policy->n_backends; i++) {
		struct weir_backend_counters c = weir_view_backend(v, i);

		w->backend[i].since = v->policy->backends[i].since;
		w->backend[i].fails_was = c.refused + c.timed_out + c.unreachable;
		w->backend[i].established_was = c.established;
		w->backend[i].marked_was = c.marked_down;
	}
}

struct weir_watch *weir_watch_new(const struct weir_view *view, weir_watch_log_fn log, void *arg,
	uint64_t now_ns)
{
	struct weir_watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->backend = calloc(weir_policy_backend_room(view->policy) + 1, sizeof(*w->backend));
	w->withdrawn = calloc(weir_policy_service_room(view->policy) + 1, sizeof(*w->withdrawn));
	w->gate = calloc(weir_policy_service_room(view->policy) + 1, sizeof(*w->gate));
	if (w->backend == NULL || w->withdrawn == NULL || w->gate == NULL ||
		weir_target_init(&w->target, view) != 0) {
		weir_watch_free(w);
		return NULL;
	}
	w->log = log;
	w->arg = arg;
	w->last_ns = now_ns;
	remember(w, view);
	return w;
}

void weir_watch_free(struct weir_watch *w)
{
	if (w == NULL)
		return;
	free(w->backend);
	free(w->withdrawn);
	free(w->gate);
	weir_target_free(&w->target);
	free(w);
}

bool weir_watch_flood(const struct weir_watch *w)
{
	return w->flood.on;
}
