// SPDX-License-Identifier: BSD-3-Clause
#include "settings.h"

#include <stddef.h>
#include <string.h>

#include "actor.h"
#include "shell.h"

struct place {
	const char *name;
	size_t at;
};

#define LIMIT(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct weir_limits, name)                                          \
	}
#define TIMEOUT(name)                                                                              \
	{                                                                                          \
#name, offsetof(struct weir_timeouts, name##_ms)                                   \
	}

static const struct place limits[] = {
	LIMIT(connections),
	LIMIT(held_packets),
	LIMIT(held_bytes),
	LIMIT(syn_ack_ring),
	LIMIT(half_open),
	LIMIT(reply_budget),
	LIMIT(prefix_replies),
	LIMIT(service_reserve),
	LIMIT(plain_guesses),
	LIMIT(source_rate),
	LIMIT(source_connections),
	LIMIT(prefix_connections),
};

static const struct place timeouts[] = {
	TIMEOUT(established),
	TIMEOUT(half_close),
	TIMEOUT(closing),
	TIMEOUT(time_wait),
	TIMEOUT(connect),
	TIMEOUT(rst_pending),
};

struct weir_policy *settings_begin(void)
{
	struct weir_policy *p = shell_policy(1, 2);

	for (uint32_t s = 0; s < p->n_services; s++)
		p->services[s].n_members = 1;
	return p;
}

static const struct place *find(const struct place *places, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(places[i].name, name) == 0)
			return &places[i];
	return NULL;
}

static bool on(struct words *w)
{
	if (words_accept(w, "on"))
		return true;
	if (!words_accept(w, "off"))
		fail(w->failure, "syntax: on or off");
	return false;
}

/* "weight I N": the service's Ith backend. */
static void set_weight(struct weir_policy *p, const struct weir_service *s, struct words *w)
{
	uint32_t i = words_number(w, "backend");

	if (i < 1 || i > s->n_members)
		fail(w->failure, "syntax: the service has %u backends", s->n_members);
	p->members[s->first_member + i - 1].weight = (uint16_t)words_number(w, "weight");
}

static enum weir_family family_of(const struct weir_policy *p)
{
	return weir_addr_is_v4(&p->listeners[0].vip) ? WEIR_FAMILY_IPV4 : WEIR_FAMILY_IPV6;
}

static uint8_t syn_cookies(struct words *w)
{
	if (words_accept(w, "never"))
		return WEIR_SYN_COOKIES_NEVER;
	if (words_accept(w, "adaptive"))
		return WEIR_SYN_COOKIES_ADAPTIVE;
	if (!words_accept(w, "always"))
		fail(w->failure, "syntax: never, adaptive or always");
	return WEIR_SYN_COOKIES_ALWAYS;
}

static uint8_t proxy_protocol(struct words *w)
{
	if (words_accept(w, "v1"))
		return WEIR_PPHDR_V1;
	if (words_accept(w, "v2"))
		return WEIR_PPHDR_V2;
	if (!words_accept(w, "none"))
		fail(w->failure, "syntax: v1, v2 or none");
	return WEIR_PPHDR_NONE;
}

static uint8_t no_backend(struct words *w)
{
	if (words_accept(w, "drop"))
		return WEIR_NO_BACKEND_DROP;
	if (!words_accept(w, "reject"))
		fail(w->failure, "syntax: reject or drop");
	return WEIR_NO_BACKEND_REJECT;
}

static bool set_service(struct weir_policy *p, struct weir_service *s, const char *name,
	struct words *w)
{
	const struct place *place = find(timeouts, sizeof(timeouts) / sizeof(timeouts[0]), name);

	if (place != NULL)
		*(uint32_t *)((char *)&s->timeouts + place->at) = (uint32_t)words_seconds(w);
	else if (strcmp(name, "mss") == 0)
		s->profile.mss = actor_mss(family_of(p), words_number(w, name));
	else if (strcmp(name, "window_scale") == 0)
		s->profile.wscale = (uint8_t)words_number(w, name);
	else if (strcmp(name, "sack") == 0)
		s->profile.sack = on(w);
	else if (strcmp(name, "timestamps") == 0)
		s->profile.timestamps = on(w);
	else if (strcmp(name, "require_timestamps") == 0)
		s->profile.require_timestamps = on(w);
	else if (strcmp(name, "ecn") == 0)
		s->profile.ecn = on(w);
	else if (strcmp(name, "syn_cookies") == 0)
		s->syn_cookies = syn_cookies(w);
	else if (strcmp(name, "no_backend") == 0)
		s->no_backend = no_backend(w);
	else if (strcmp(name, "proxy_protocol") == 0)
		s->pphdr.version = proxy_protocol(w);
	else if (strcmp(name, "queue_high") == 0)
		s->watermarks.queue_high = words_number(w, name);
	else if (strcmp(name, "rate_high") == 0)
		s->watermarks.rate_high = words_number(w, name);
	else if (strcmp(name, "hold") == 0)
		s->watermarks.hold_ms = (uint32_t)words_seconds(w);
	else if (strcmp(name, "backends") == 0)
		s->n_members = words_number(w, name);
	else if (strcmp(name, "weight") == 0)
		set_weight(p, s, w);
	else
		return false;
	return true;
}

bool settings_apply(struct weir_policy *p, const char *name, struct words *w)
{
	const struct place *place = find(limits, sizeof(limits) / sizeof(limits[0]), name);
	unsigned int value = w->next;

	if (place != NULL) {
		*(uint32_t *)((char *)&p->limits + place->at) = words_number(w, name);
		return true;
	}
	if (strcmp(name, "closed_ports") == 0) {
		p->limits.refuse_closed_ports = words_accept(w, "reject");
		return p->limits.refuse_closed_ports || words_accept(w, "drop");
	}
	for (uint32_t s = 0; s < p->n_services; s++) {
		w->next = value; /* the same for both services */
		if (!set_service(p, &p->services[s], name, w))
			return false;
	}
	return true;
}
