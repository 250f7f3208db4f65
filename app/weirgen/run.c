// SPDX-License-Identifier: BSD-3-Clause
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <rte_launch.h>

#include "dp/clock.h"
#include "dp/signals.h"
#include "eal.h"
#include "flow/counters.h"
#include "report.h"

#define SECOND_NS  1000000000ull
#define LOOK_NS    10000000ull /* between looks at whether it is over */
#define MEET_MAX   (10 * SECOND_NS)
#define OPEN_MAX   (20 * SECOND_NS)
#define LATE_NS    200000000ull     /* for answers that are still in flight */
#define DRAIN_MAX  (20 * SECOND_NS) /* for connections: longer than their time-outs */
#define SLEEP_NS   50000
#define IDLE_TURNS 100

struct thread {
	struct run *run;
	unsigned int first, n; /* stations */
	unsigned int lcore;
};

static struct run {
	const struct options *o;
	struct weir_clock clock;
	struct station stations[OPTIONS_PORTS];
	unsigned int n_stations, n_open;
	struct thread threads[OPTIONS_PORTS];
	unsigned int n_threads;
	sigset_t signals;
	uint32_t phase;    /* an atomic */
	struct totals end; /* when nothing new was begun any more */
} the_run;

static void set_phase(struct run *r, enum phase phase)
{
	__atomic_store_n(&r->phase, phase, __ATOMIC_RELEASE);
}

/*
 * Threads
 */

static void rest(const struct run *r, bool busy, unsigned int *idle)
{
	const struct timespec nap = {0, SLEEP_NS};

	*idle = busy ? 0 : *idle + 1;
	if (r->o->sleep && *idle > IDLE_TURNS)
		nanosleep(&nap, NULL);
}

static int work(void *arg)
{
	struct thread *t = arg;
	struct run *r = t->run;
	unsigned int idle = 0;
	enum phase phase;

	if (t->first == 0)
		weir_signals_receive();
	while ((phase = __atomic_load_n(&r->phase, __ATOMIC_ACQUIRE)) != PHASE_EXIT) {
		bool busy = false;

		for (unsigned int i = t->first; i < t->first + t->n; i++)
			busy |= station_turn(&r->stations[i], phase, weir_clock_ns(&r->clock));
		rest(r, busy, &idle);
	}
	return 0;
}

static int launch(struct run *r)
{
	unsigned int lcores[OPTIONS_PORTS];
	int n = eal_lcores(r->o, lcores);

	if (n < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		struct thread *t = &r->threads[i];

		t->run = r;
		t->first = (unsigned int)i;
		t->n = n > 1 ? 1 : r->n_stations;
		t->lcore = lcores[i];
		if (rte_eal_remote_launch(work, t, t->lcore) != 0) {
			fprintf(stderr, "weirgen: lcore %u is busy\n", t->lcore);
			return -1;
		}
		r->n_threads++;
	}
	return 0;
}

static void join(struct run *r)
{
	set_phase(r, PHASE_EXIT);
	for (unsigned int i = 0; i < r->n_threads; i++)
		rte_eal_wait_lcore(r->threads[i].lcore);
	r->n_threads = 0;
}

/*
 * Phases
 */

/* True: a signal has asked for the end. */
static bool wait_until(const struct run *r, uint64_t until_ns)
{
	return weir_signals_wait(&r->signals, until_ns) != 0;
}

static int meet(struct run *r)
{
	uint64_t now = weir_clock_monotonic_ns(), end = now + MEET_MAX;

	while (!station_is_ready(&r->stations[0])) {
		if (wait_until(r, now + LOOK_NS))
			return -1;
		now = weir_clock_monotonic_ns();
		if (now < end)
			continue;
		fprintf(stderr,
			"weirgen: no ARP reply on port %s for %u.%u.%u.%u: is it on this "
			"wire? "
			"Else name a --gateway, or its --gateway-mac\n",
			r->o->devices[0], r->o->gateway >> 24, r->o->gateway >> 16 & 255,
			r->o->gateway >> 8 & 255, r->o->gateway & 255);
		return -1;
	}
	return 0;
}

/* `mixed`: the connections, before the flood. */
static int open_conns(struct run *r)
{
	uint64_t now = weir_clock_monotonic_ns(), end = now + OPEN_MAX;

	if (r->o->mode != MODE_MIXED)
		return 0;
	set_phase(r, PHASE_OPEN);
	while (!station_is_opened(&r->stations[0]) && now < end) {
		if (wait_until(r, now + LOOK_NS))
			return -1;
		now = weir_clock_monotonic_ns();
	}
	if (weir_counted(&r->stations[0].client.counts.opened) > 0)
		return 0;
	fprintf(stderr, "weirgen: none of %u connections was opened: try \"weirgen conns\" first\n",
		r->o->concurrency);
	return -1;
}

static bool is_over(const struct run *r)
{
	return weir_counted(&r->stations[0].stopped_ns) != 0;
}

static void generate(struct run *r)
{
	uint64_t start = weir_clock_monotonic_ns(), now = start, next = start + SECOND_NS;
	struct totals before, after;

	totals_take(&before, r->stations, r->n_stations, now);
	set_phase(r, PHASE_RUN);
	while (!is_over(r)) {
		if (r->o->duration_ns > 0 && now >= start + r->o->duration_ns)
			break;
		if (wait_until(r, now + LOOK_NS))
			break;
		now = weir_clock_monotonic_ns();
		if (now < next)
			continue;
		next += SECOND_NS;
		totals_take(&after, r->stations, r->n_stations, now);
		if (!r->o->quiet)
			report_line(r->o, &after, &before, (double)(now - start) / SECOND_NS);
		before = after;
	}
	totals_take(&r->end, r->stations, r->n_stations, weir_clock_monotonic_ns());
}

static void drain(struct run *r)
{
	uint64_t now = weir_clock_monotonic_ns(), end = now + DRAIN_MAX;

	set_phase(r, PHASE_DRAIN);
	while (r->stations[0].has_clients && now < end &&
		!__atomic_load_n(&r->stations[0].idle, __ATOMIC_RELAXED)) {
		if (wait_until(r, now + LOOK_NS))
			return;
		now = weir_clock_monotonic_ns();
	}
	wait_until(r, now + LATE_NS);
}

/*
 * All of it
 */

static int open_stations(struct run *r)
{
	for (unsigned int i = 0; i < r->o->n_devices; i++) {
		r->n_stations++;
		if (station_open(&r->stations[i], r->o, i) != 0)
			return -1;
	}
	return 0;
}

static int measure(struct run *r)
{
	int rc = open_stations(r);

	weir_clock_init(&r->clock);
	if (rc == 0)
		rc = launch(r);
	if (rc == 0)
		rc = meet(r);
	if (rc == 0)
		rc = open_conns(r);
	if (rc == 0) {
		generate(r);
		drain(r);
	}
	join(r);
	if (rc == 0)
		rc = report_end(r->o, r->stations, r->n_stations, &r->end);
	for (unsigned int i = 0; i < r->n_stations; i++)
		station_close(&r->stations[i]);
	return rc;
}

int run(const struct options *o)
{
	struct run *r = &the_run;
	int rc;

	r->o = o;
	sigemptyset(&r->signals);
	sigaddset(&r->signals, SIGINT);
	sigaddset(&r->signals, SIGTERM);
	sigaddset(&r->signals, SIGHUP);
	weir_signals_block(&r->signals);
	if (eal_start(o) != 0)
		return 1;
	rc = measure(r);
	eal_end();
	return rc == 0 ? 0 : 1;
}
