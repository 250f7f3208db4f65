// SPDX-License-Identifier: BSD-3-Clause
#include "reload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flow/life.h"
#include "log.h"

/* A loop of a worker takes microseconds, but its thread may not be scheduled for a while. */
#define GRACE_MS 2000

static bool settle(struct weir_reloader *r)
{
	if (!weir_dataplane_settle(r->dp))
		return false;
	weir_policy_free(r->old);
	r->old = NULL;
	return true;
}

static void wait_for_workers(struct weir_reloader *r)
{
	for (unsigned int ms = 0; ms < GRACE_MS; ms++) {
		if (settle(r))
			return;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	weir_log(WEIR_LOG_WARNING,
		"a worker has not adopted the new configuration after %d s: its thread is not "
		"scheduled, or hangs",
		GRACE_MS / 1000);
}

/* The view first: to show a connection of the new policy it must know the policy's numbers. */
static int put_in_force(struct weir_reloader *r, struct weir_policy *policy)
{
	struct weir_policy *old = r->config->policy;
	int rc;

	weir_view_set_policy(r->view, policy);
	rc = weir_dataplane_replace(r->dp, policy);
	if (rc != 0) {
		weir_view_set_policy(r->view, old);
		return rc;
	}
	r->old = old;
	r->config->policy = policy;
	wait_for_workers(r);
	return 0;
}

static void describe(char *text, size_t size, const struct weir_config *c)
{
	const struct weir_change *s = &c->services, *b = &c->backends;

	snprintf(text, size,
		"reloaded: services %u added, %u removed, %u changed; backends %u added, %u "
		"removed, "
		"%u changed",
		s->added, s->removed, s->changed, b->added, b->removed, b->changed);
}

static bool reload(struct weir_reloader *r, char *text, size_t size)
{
	struct weir_config_error err;
	struct weir_config *next;
	struct weir_policy *policy;
	struct weir_busy *busy;
	int rc;

	if (!settle(r)) {
		snprintf(text, size, "not reloaded: a worker has not adopted the last change yet");
		return false;
	}
	busy = calloc(1, sizeof(*busy));
	if (busy == NULL)
		return false;
	weir_view_busy(r->view, busy);
	rc = weir_config_reload(r->file, r->config, busy, &next, &err);
	free(busy);
	if (rc != 0) {
		snprintf(text, size, "not reloaded, nothing has changed: %s", err.text);
		return false;
	}
	policy = next->policy;
	next->policy = r->config->policy; /* put_in_force() frees it, after the grace period */
	r->config->policy = NULL;
	next->secret = r->config->secret; /* the workers' keys are derived from it, where it is */
	r->config->secret = NULL;
	weir_config_free(r->config);
	r->config = next;
	rc = put_in_force(r, policy);
	if (rc != 0) {
		weir_policy_free(policy);
		snprintf(text, size, "not reloaded: %s", strerror(-rc));
		return false;
	}
	weir_checker_follow(r->checker, next->checks);
	next->checks = NULL;
	describe(text, size, next);
	return true;
}

void weir_reload_now(struct weir_reloader *r)
{
	char text[WEIR_RELOAD_TEXT] = "not reloaded: out of memory";
	bool good;

	weir_reload_begin(r->view->reload);
	good = reload(r, text, sizeof(text));
	for (uint32_t i = 0; good && i < r->config->n_warnings; i++)
		weir_log(WEIR_LOG_WARNING, "%s", r->config->warnings[i]);
	weir_log(good ? WEIR_LOG_INFO : WEIR_LOG_ERROR, "%s", text);
	weir_reload_end(r->view->reload, good, text);
}

void weir_reload_refuse(struct weir_reloader *r, struct weir_reload *desk)
{
	static const char text[] = "nothing has changed: synweir is stopping";

	weir_reload_begin(desk);
	weir_log(WEIR_LOG_WARNING, "%s", text);
	weir_reload_end(desk, false, text);
}

/* In the log: what orders change. */
static void tell_weights(const struct weir_policy *was, const struct weir_policy *next)
{
	for (uint32_t i = 0; i < next->n_backends; i++) {
		const struct weir_backend *b = &next->backends[i];

		if (weir_policy_weight(was, (uint16_t)i) != weir_policy_weight(next, (uint16_t)i))
			weir_log(WEIR_LOG_INFO, "ordered: backend %s/%s: weight %u, was %u",
				next->services[b->service].name, b->name,
				weir_policy_weight(next, (uint16_t)i),
				weir_policy_weight(was, (uint16_t)i));
	}
}

/* The policy that is running, made again by what connections refer to now and what is ordered now. */
static int renew(struct weir_reloader *r, const struct weir_busy *busy)
{
	struct weir_policy *p = r->config->policy;
	struct weir_derivation how = {.busy_listeners = busy->listeners,
		.busy_backends = busy->backends,
		.orders = busy->orders};
	int rc = weir_policy_derive(p, p, &how);

	if (rc != 0)
		return rc;
	tell_weights(p, how.next);
	rc = put_in_force(r, how.next);
	if (rc != 0)
		weir_policy_free(how.next);
	return rc;
}

static int obey(struct weir_reloader *r)
{
	struct weir_busy *busy;
	int rc;

	if (!settle(r))
		return -EBUSY;
	busy = calloc(1, sizeof(*busy));
	if (busy == NULL)
		return -ENOMEM;
	weir_view_busy(r->view, busy);
	rc = renew(r, busy);
	free(busy);
	return rc;
}

void weir_reload_obey(struct weir_reloader *r)
{
	weir_reload_begin(r->view->obey);
	r->disobeyed = obey(r) != 0;
	weir_reload_end(r->view->obey, !r->disobeyed,
		r->disobeyed ? "ordered, and not in force yet: it is tried every second" : "");
}

/* A removed VIP without connections must not be answered for by ARP any more. */
void weir_reload_tend(struct weir_reloader *r)
{
	struct weir_busy *busy;

	if (!settle(r))
		return;
	busy = calloc(1, sizeof(*busy));
	if (busy == NULL)
		return;
	weir_view_busy(r->view, busy);
	if (r->disobeyed ||
		weir_policy_has_idle(r->config->policy, busy->listeners, busy->backends))
		r->disobeyed = renew(r, busy) != 0 && r->disobeyed;
	free(busy);
}
