// SPDX-License-Identifier: BSD-3-Clause
#include "health/checker.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "health/due.h"
#include "health/probe.h"
#include "health/verdict.h"

#define MS_NS           1000000ull
#define SECOND_NS       1000000000ull
#define RUNNING_MAX     1024 /* checks at a time, each with a descriptor or two */
#define PROGRAMS_MAX    64   /* of them programs */
#define STARTS_MAX      64 /* begun in one turn of the loop, so that answers are not kept waiting */
#define WAIT_MAX_MS     1000
#define FIRST_WITHIN_NS SECOND_NS    /* the first check of each backend comes within that time */
#define LATE_NS         (50 * MS_NS) /* when there is no room for it */

/* A backend's number, and what is checked under it. */
struct subject {
	const struct weir_check_target *to; /* the plan's; NULL: not checked */
	struct weir_probe probe;
	struct weir_verdict verdict;
	uint64_t begun_ns; /* the last check */
	struct weir_record record;
};

struct weir_checker {
	struct weir_health *health;
	weir_checker_log_fn log;
	void *arg;
	uint64_t seed;
	pthread_t thread;
	struct weir_watched wake; /* an eventfd */
	struct weir_prober prober;
	struct weir_check_plan *plan; /* that is followed */
	struct weir_due starts,
		ends; /* of a subject: the next check, or the end of the one that runs */
	unsigned int running, most;
	uint64_t now_ns;

	pthread_mutex_t lock; /* for what follows, and for records and subjects' `to` */
	struct weir_check_plan *next;
	bool has_next, stop;
	struct subject subject[WEIR_BACKENDS_MAX];
};

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* 0 .. below - 1; splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(struct weir_checker *c, uint64_t below)
{
	uint64_t z = (c->seed += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (z ^ (z >> 31)) % below;
}

static const struct weir_check *check_of(const struct weir_checker *c, const struct subject *s)
{
	return &c->plan->checks[s->to->check];
}

__attribute__((format(printf, 3, 4))) static void say(const struct weir_checker *c, bool warning,
	const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	c->log(c->arg, warning, line);
}

/*
 * What comes of a check
 */

struct share {
	unsigned int up, of;
};

/* Of the backends of that service that are checked. */
static struct share left_of(const struct weir_checker *c, const char *service)
{
	struct share s = {0};

	for (uint32_t i = 0; i < c->plan->n_targets; i++) {
		const struct weir_check_target *t = &c->plan->targets[i];

		if (strcmp(t->service, service) != 0)
			continue;
		s.of++;
		s.up += c->subject[t->backend].verdict.up;
	}
	return s;
}

static void say_change(const struct weir_checker *c, const struct subject *s, bool first,
	const struct weir_result *r)
{
	const struct weir_check *check = check_of(c, s);
	const struct share left = left_of(c, s->to->service);

	if (s->verdict.up)
		say(c, false, "backend up: %s/%s: %s check: %s in %.1f ms; %u of %u are up",
			s->to->service, s->to->name, weir_check_type_name(check->type), r->text,
			r->latency_us / 1000.0, left.up, left.of);
	else
		say(c, true, "backend down: %s/%s: %s check: %s%s; %u of %u are up", s->to->service,
			s->to->name, weir_check_type_name(check->type), r->text,
			first ? ", the first one" : "", left.up, left.of);
}

static void say_whether_able(const struct weir_checker *c, const struct subject *s, bool was_unable,
	const struct weir_result *r)
{
	const bool unable = r->outcome == WEIR_OUTCOME_UNABLE;

	if (unable && !was_unable)
		say(c, true, "backend %s/%s cannot be checked: %s; it stays %s", s->to->service,
			s->to->name, r->text, s->verdict.up ? "up" : "down");
	if (!unable && was_unable)
		say(c, false, "backend %s/%s can be checked again", s->to->service, s->to->name);
}

static void record(struct weir_record *to, const struct weir_result *r, enum weir_verdict_edge edge)
{
	struct weir_record_change *change = &to->change[to->n_changes % WEIR_RECORD_CHANGES];

	to->last = *r;
	to->last_at = time(NULL);
	to->unable = r->outcome == WEIR_OUTCOME_UNABLE;
	to->good += r->outcome == WEIR_OUTCOME_GOOD;
	to->not_made += to->unable;
	to->failed += r->outcome != WEIR_OUTCOME_GOOD && !to->unable;
	if (edge == WEIR_VERDICT_SAME)
		return;
	to->up = edge == WEIR_VERDICT_UP;
	*change = (struct weir_record_change){.at = to->last_at, .up = to->up};
	memcpy(change->why, r->text, sizeof(change->why));
	to->n_changes++;
}

/* The interval, less up to a twentieth: backends that began together do not stay so, and none is late. */
static void schedule(struct weir_checker *c, struct subject *s, uint16_t number)
{
	const uint64_t interval_ns = weir_verdict_interval_ms(&s->verdict, check_of(c, s)) * MS_NS;

	weir_due_set(&c->starts, number, s->begun_ns + interval_ns - draw(c, interval_ns / 20 + 1));
}

/* A check of that number has ended, by itself or because its time was over. */
static void ended(struct weir_checker *c, uint16_t number, struct weir_result *r)
{
	struct subject *s = &c->subject[number];
	const bool first = !s->verdict.judged, was_unable = s->record.unable;
	enum weir_verdict_edge edge = WEIR_VERDICT_SAME;

	weir_due_remove(&c->ends, number);
	c->running--;
	r->latency_us = (uint32_t)((monotonic_ns() - s->begun_ns) / 1000);
	if (r->outcome != WEIR_OUTCOME_UNABLE)
		edge = weir_verdict_feed(&s->verdict, check_of(c, s),
			r->outcome == WEIR_OUTCOME_GOOD);
	if (edge != WEIR_VERDICT_SAME)
		weir_health_set(c->health, number, s->verdict.up);
	pthread_mutex_lock(&c->lock);
	record(&s->record, r, edge);
	pthread_mutex_unlock(&c->lock);
	schedule(c, s, number);
	if (edge != WEIR_VERDICT_SAME)
		say_change(c, s, first, r);
	say_whether_able(c, s, was_unable, r);
}

static void on_done(void *arg, struct weir_probe *p, struct weir_result *r)
{
	struct weir_checker *c = arg;
	struct subject *s = (struct subject *)((char *)p - offsetof(struct subject, probe));

	ended(c, (uint16_t)(s - c->subject), r);
}

/*
 * The loop
 */

static bool has_room(const struct weir_checker *c, const struct subject *s)
{
	return check_of(c, s)->type != WEIR_CHECK_EXEC || c->prober.n_programs < PROGRAMS_MAX;
}

static void start_due(struct weir_checker *c)
{
	for (unsigned int i = 0; i < STARTS_MAX && c->running < c->most; i++) {
		uint16_t number = weir_due_take(&c->starts, c->now_ns);
		struct subject *s;

		if (number == WEIR_NONE16)
			return;
		s = &c->subject[number];
		if (!has_room(c, s)) {
			weir_due_set(&c->starts, number, c->now_ns + LATE_NS);
			continue;
		}
		s->begun_ns = monotonic_ns();
		c->running++;
		weir_due_set(&c->ends, number, s->begun_ns + check_of(c, s)->timeout_ms * MS_NS);
		weir_probe_start(&c->prober, &s->probe, check_of(c, s), s->to);
	}
}

static void end_due(struct weir_checker *c)
{
	uint16_t number;

	while ((number = weir_due_take(&c->ends, c->now_ns)) != WEIR_NONE16) {
		struct subject *s = &c->subject[number];
		struct weir_result r;

		weir_result_set(&r, WEIR_OUTCOME_TIMED_OUT, "no %s within %u ms",
			check_of(c, s)->type == WEIR_CHECK_EXEC ? "exit" : "answer",
			check_of(c, s)->timeout_ms);
		weir_probe_stop(&c->prober, &s->probe);
		ended(c, number, &r);
	}
}

static int until_next_ms(const struct weir_checker *c)
{
	uint64_t end = weir_due_first_ns(&c->ends), start = weir_due_first_ns(&c->starts);
	uint64_t next = c->running < c->most && start < end ? start : end, now = monotonic_ns();

	if (next <= now)
		return 0;
	if (next - now >= WAIT_MAX_MS * MS_NS)
		return WAIT_MAX_MS;
	return (int)((next - now + MS_NS - 1) / MS_NS);
}

/* What is checked under that number from now on; to NULL: nothing. */
static void assign(struct weir_checker *c, uint16_t number, const struct weir_check_target *was,
	const struct weir_check_plan *plan, const struct weir_check_target *to)
{
	struct subject *s = &c->subject[number];
	const uint64_t first_ns = c->now_ns + draw(c, FIRST_WITHIN_NS);
	const bool same = was != NULL && to != NULL && was->since == to->since;

	s->to = to;
	if (!same) {
		s->verdict = weir_verdict_none();
		s->record = (struct weir_record){.up = true};
		weir_health_set(c->health, number, true);
	}
	if (to == NULL)
		return;
	s->record.type = plan->checks[to->check].type;
	weir_due_set(&c->starts, number, first_ns);
}

/* A running check of the old plan ends without a result. */
static void withdraw(struct weir_checker *c)
{
	for (uint32_t i = 0; c->plan != NULL && i < c->plan->n_targets; i++) {
		const uint16_t number = c->plan->targets[i].backend;
		struct subject *s = &c->subject[number];

		c->running -= s->probe.running;
		weir_probe_stop(&c->prober, &s->probe);
		weir_due_remove(&c->starts, number);
		weir_due_remove(&c->ends, number);
	}
}

/* With the lock: readers see subjects of one plan only. */
static void adopt(struct weir_checker *c, struct weir_check_plan *plan)
{
	struct weir_check_plan *old = c->plan;

	withdraw(c);
	for (uint32_t i = 0; plan != NULL && i < plan->n_targets; i++) {
		const struct weir_check_target *to = &plan->targets[i];

		assign(c, to->backend, c->subject[to->backend].to, plan, to);
	}
	for (uint32_t i = 0; old != NULL && i < old->n_targets; i++)
		if (c->subject[old->targets[i].backend].to == &old->targets[i])
			assign(c, old->targets[i].backend, &old->targets[i], plan, NULL);
	c->plan = plan;
	weir_check_plan_free(old);
}

/* true: it goes on. */
static bool obey(struct weir_checker *c)
{
	bool stop;

	pthread_mutex_lock(&c->lock);
	stop = c->stop;
	if (c->has_next && !stop) {
		adopt(c, c->next);
		c->has_next = false;
		c->next = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	return !stop;
}

static void *run(void *arg)
{
	struct weir_checker *c = arg;

	pthread_setname_np(pthread_self(), "weir-health");
	c->now_ns = monotonic_ns();
	while (obey(c)) {
		end_due(c);
		start_due(c);
		weir_prober_wait(&c->prober, until_next_ms(c));
		c->now_ns = monotonic_ns();
	}
	withdraw(c);
	return NULL;
}

/*
 * The control thread's side
 */

static void on_wake(struct weir_prober *pr, struct weir_watched *w)
{
	uint64_t times;

	(void)pr;
	while (read(w->fd, &times, sizeof(times)) < 0 && errno == EINTR)
		;
}

static void wake(const struct weir_checker *c)
{
	const uint64_t once = 1;

	while (write(c->wake.fd, &once, sizeof(once)) < 0 && errno == EINTR)
		;
}

/* Half of the descriptors that the process may have are for others. */
static unsigned int most_running(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return RUNNING_MAX / 8;
	if (limit.rlim_cur < 4 * RUNNING_MAX) { /* a service manager's usual 1024 is for select() */
		limit.rlim_cur =
			limit.rlim_max < 4 * RUNNING_MAX ? limit.rlim_max : 4 * RUNNING_MAX;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur / 4 < RUNNING_MAX ? (unsigned int)limit.rlim_cur / 4 : RUNNING_MAX;
}

static int open_checker(struct weir_checker *c)
{
	int rc;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	c->wake = (struct weir_watched){on_wake, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	if (c->wake.fd < 0)
		return -errno;
	rc = weir_prober_open(&c->prober, on_done, c);
	if (rc != 0) {
		close(c->wake.fd);
		return rc;
	}
	rc = weir_prober_watch(&c->prober, &c->wake);
	if (rc == 0)
		rc = -pthread_create(&c->thread, NULL, run, c);
	if (rc == 0)
		return 0;
	weir_prober_close(&c->prober);
	close(c->wake.fd);
	return rc;
}

int weir_checker_start(struct weir_health *health, weir_checker_log_fn log, void *arg,
	uint64_t seed, struct weir_checker **out)
{
	struct weir_checker *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return -ENOMEM;
	c->health = health;
	c->log = log;
	c->arg = arg;
	c->seed = seed;
	c->most = most_running();
	pthread_mutex_init(&c->lock, NULL);
	rc = open_checker(c);
	if (rc == 0)
		*out = c;
	else
		free(c);
	return rc;
}

void weir_checker_follow(struct weir_checker *c, struct weir_check_plan *plan)
{
	pthread_mutex_lock(&c->lock);
	weir_check_plan_free(c->next); /* one that was not followed yet */
	c->next = plan;
	c->has_next = true;
	pthread_mutex_unlock(&c->lock);
	wake(c);
}

bool weir_checker_look(struct weir_checker *c, uint16_t backend, struct weir_record *r)
{
	const struct subject *s = &c->subject[backend];
	bool checked;

	pthread_mutex_lock(&c->lock);
	checked = s->to != NULL;
	if (checked)
		*r = s->record;
	pthread_mutex_unlock(&c->lock);
	return checked;
}

void weir_checker_stop(struct weir_checker *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_mutex_unlock(&c->lock);
	wake(c);
	pthread_join(c->thread, NULL);
	weir_prober_close(&c->prober);
	close(c->wake.fd);
	weir_check_plan_free(c->plan);
	weir_check_plan_free(c->next);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
