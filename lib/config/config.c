// SPDX-License-Identifier: BSD-3-Clause
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/check.h"
#include "config/draft.h"
#include "config/plan.h"
#include "flow/nexthop.h"

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (tolower((unsigned char)c) - 'a' + 10) & 15;
}

/* 32 hex digits, and white space behind them. No function of libc sees more than one of them. */
static bool parse_secret(const char *text, uint8_t secret[16])
{
	for (int i = 0; i < 16; i++, text += 2) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return false;
		secret[i] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
	}
	return text[strspn(text, " \t\r\n")] == '\0';
}

static int read_secret(struct weir_draft *d, int fd, const config_setting_t *at)
{
	char *text = d->secret->text;
	struct stat st;
	ssize_t got;
	bool good;

	if (fstat(fd, &st) < 0)
		return weir_draft_refuse(d, at, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return weir_draft_refuse(d, at, "is not a regular file");
	if ((st.st_mode & 077) != 0)
		return weir_draft_refuse(d, at,
			"is open to others (mode %04o): chmod 600 it, and make a new secret if "
			"they "
			"may have read it",
			(unsigned int)st.st_mode & 07777);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return weir_draft_refuse(d, at,
			"belongs to user %u and can be changed by them: chown root it, and make a "
			"new secret",
			(unsigned int)st.st_uid);
	got = read(fd, text, sizeof(d->secret->text) - 1);
	if (got < 0)
		return weir_draft_refuse(d, at, "%s", strerror(errno));
	good = memchr(text, 0, (size_t)got) == NULL && parse_secret(text, d->secret->bytes);
	explicit_bzero(text, sizeof(d->secret->text));
	if (!good)
		return weir_draft_refuse(d, at, "must hold 32 hex digits and nothing else");
	return 0;
}

/* The secret from its file, or a random one: then no other node accepts our cookies. */
static int load_secret(struct weir_draft *d)
{
	const config_setting_t *at = weir_draft_key(d->at, "cookie.secret_file");
	char *path;
	int fd, ret;

	d->secret = weir_secret_new();
	if (d->secret == NULL)
		return -ENOMEM;
	if (d->secret_file == NULL)
		return getrandom(d->secret->bytes, sizeof(d->secret->bytes), 0) < 0 ? -errno : 0;
	path = weir_draft_path(d, d->secret_file);
	if (path == NULL)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ret = fd < 0 ? -errno : read_secret(d, fd, at);
	if (fd < 0)
		weir_draft_refuse(d, at, "%s", strerror(-ret));
	else
		close(fd);
	free(path);
	return ret;
}

/* The way's next hop, or the group of them. */
static uint16_t add_way(struct weir_policy *p, const struct weir_draft_way *way)
{
	uint16_t hops[WEIR_NEXTHOP_MEMBERS_MAX];

	for (uint32_t i = 0; i < way->n; i++) {
		const struct weir_nexthop hop = weir_check_hop(way, i);

		hops[i] = weir_policy_nexthop(p, &hop);
	}
	return weir_policy_group(p, hops, way->n);
}

/* Every address of the service that is to be has every one of its ports. */
static void add_listeners(struct weir_policy *p, const struct weir_draft_service *s)
{
	for (uint32_t v = 0; v < s->n_vips; v++)
		for (uint32_t n = 0; n < weir_check_addresses(&s->vips[v]); n++) {
			const struct weir_addr a = weir_check_address(&s->vips[v], n);

			for (uint32_t r = 0; r < s->n_ports; r++)
				for (uint32_t port = s->ports[r].first; port <= s->ports[r].last;
					port++)
					weir_policy_listen(p, (uint16_t)p->n_services, &a,
						weir_be16((uint16_t)port));
		}
}

static void add_service(struct weir_policy *p, const struct weir_draft_service *s)
{
	struct weir_service *to = &p->services[p->n_services];

	*to = s->service;
	add_listeners(p, s);
	to->first_member = p->n_members;
	to->n_members = s->n_backends;
	for (uint32_t i = 0; i < s->n_backends; i++) {
		const struct weir_draft_backend *b = &s->backends[i];
		struct weir_backend *b_to = &p->backends[p->n_backends];

		*b_to = b->backend;
		b_to->service = (uint16_t)p->n_services;
		b_to->nexthop = add_way(p, &b->via);
		p->members[p->n_members++] =
			(struct weir_member){.backend = (uint16_t)p->n_backends++,
				.weight = (uint16_t)b->weight,
				.backup = b->backup,
				.max_conns = b->max_conns};
	}
	p->n_services++;
}

/* Several: clients behind one that dies get their answers by another one. */
static uint16_t add_gateways(struct weir_policy *p, uint32_t interface,
	const struct weir_draft_hops *hops)
{
	const struct weir_draft_way way = weir_check_way(hops, interface);

	return way.n > 1 ? add_way(p, &way) : WEIR_NONE16;
}

/* INVARIANT: under the draft's numbers, by which the checks found egress and next hops. */
static void add_interface(struct weir_policy *p, const struct weir_draft_interface *d)
{
	const uint32_t number = p->n_interfaces++;
	struct weir_interface *to = &p->interfaces[number];

	memcpy(to->name, d->name, sizeof(to->name));
	to->port = (uint8_t)d->port;
	to->vlan = d->vlan;
	to->no_clients = d->no_clients;
	to->loose = d->reverse_path == WEIR_REVERSE_PATH_LOOSE;
	to->n_addrs = (uint8_t)d->n_addrs;
	for (uint32_t i = 0; i < d->n_addrs; i++)
		to->addrs[i] = d->addrs[i];
	for (unsigned int f = 0; f < WEIR_DRAFT_FAMILIES; f++)
		to->gateways[f] = add_gateways(p, number, &d->gateway[f]);
}

/* How many to have memory for: as the file says, or twice what it has. */
static uint32_t room(uint32_t given, uint32_t used, uint32_t least, uint32_t most)
{
	uint32_t n = given != 0 ? given : 2 * used;

	if (given == 0 && n < least)
		n = least;
	if (n < used)
		n = used;
	return n < most ? n : most;
}

/* Next hops of an interface's gateways at most: of each family all of them, and their group. */
#define GATEWAYS (WEIR_DRAFT_FAMILIES * (WEIR_NEXTHOP_MEMBERS_MAX + 1))

static int build_policy(const struct weir_draft *d, struct weir_policy **out)
{
	uint32_t backends = 0, nexthops = 0;
	struct weir_policy *p;
	int ret;

	for (uint32_t i = 0; i < d->n_services; i++)
		backends += d->services[i].n_backends;
	for (uint32_t i = 0; i < d->n_services; i++)
		for (uint32_t j = 0; j < d->services[i].n_backends; j++)
			nexthops += d->services[i].backends[j].via.n + 1;
	p = weir_policy_alloc(&(struct weir_policy_room){.services = d->n_services,
		.listeners = d->n_listeners,
		.backends = backends,
		.members = backends,
		.nexthops = nexthops + d->n_interfaces * GATEWAYS});
	if (p == NULL)
		return -ENOMEM;
	if (getrandom(&p->steer_secret, sizeof(p->steer_secret), 0) < 0) {
		ret = -errno;
		weir_policy_free(p);
		return ret;
	}
	p->n_workers = d->n_workers;
	for (uint32_t i = 0; i < d->n_ports; i++)
		p->ports[p->n_ports++] = d->ports[i].port;
	for (uint32_t i = 0; i < d->n_interfaces; i++)
		add_interface(p, d->interfaces[i]);
	for (uint32_t i = 0; i < d->n_services; i++)
		add_service(p, &d->services[i]);
	p->limits = d->limits;
	p->limits.services = room(d->limits.services, d->n_services, 16, WEIR_SERVICES_MAX);
	p->limits.listeners = room(d->limits.listeners, d->n_listeners, 16, WEIR_LISTENERS_MAX);
	p->limits.backends = room(d->limits.backends, backends, 64, WEIR_BACKENDS_MAX);
	p->drain_ms = d->timeouts.drain_ms;
	ret = weir_policy_finish(p);
	if (ret < 0)
		weir_policy_free(p);
	else
		*out = p;
	return ret;
}

/* What beside the policy the application needs. */
static int build_rest(const struct weir_draft *d, struct weir_config *c)
{
	c->idle = d->idle;
	c->random_secret = d->secret_file == NULL;
	c->n_lcores = d->n_lcores;
	for (uint32_t i = 0; i < d->n_lcores; i++)
		c->lcores[i] = d->lcores[i];
	c->eal = calloc(d->n_eal + 1, sizeof(*c->eal));
	if (c->eal == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->n_eal; i++, c->n_eal++) {
		c->eal[i] = strdup(d->eal[i]);
		if (c->eal[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* Replaces the policy of the file by the next generation of the running one. */
static int derive_next(struct weir_draft *d, const struct weir_config *running,
	const struct weir_busy *busy)
{
	struct weir_derivation how = {.busy_listeners = busy->listeners,
		.busy_backends = busy->backends,
		.orders = busy->orders};
	struct weir_config *c = d->config;
	int ret = weir_policy_derive(running->policy, c->policy, &how);

	if (ret == -EINVAL)
		return weir_check_refused(d, &how, &running->policy->limits);
	if (ret < 0)
		return ret;
	weir_policy_free(c->policy);
	c->policy = how.next;
	c->services = how.services;
	c->backends = how.backends;
	return 0;
}

static int load(struct weir_draft *d, const struct weir_config *running,
	const struct weir_busy *busy)
{
	const char *slash = strrchr(d->path, '/');
	int ret;

	d->dir = slash != NULL ? strndup(d->path, (size_t)(slash - d->path) + 1) : strdup("");
	if (d->dir == NULL)
		return -ENOMEM;
	ret = weir_draft_scan(d);
	if (ret == 0)
		ret = weir_draft_read(d);
	if (ret == 0)
		ret = weir_check(d);
	if (ret == 0)
		ret = load_secret(d);
	if (ret == 0 && running != NULL)
		ret = weir_check_running(d, running);
	if (ret == 0)
		ret = build_rest(d, d->config);
	if (ret == 0)
		ret = build_policy(d, &d->config->policy);
	if (ret == 0 && running != NULL)
		ret = derive_next(d, running, busy);
	if (ret == 0)
		ret = weir_config_plan(d, d->config->policy, &d->config->checks);
	if (ret == 0 && running == NULL) {
		d->config->secret = d->secret;
		d->secret = NULL;
	}
	return ret;
}

int weir_config_load(const char *path, struct weir_config **out, struct weir_config_error *err)
{
	return weir_config_reload(path, NULL, NULL, out, err);
}

int weir_config_reload(const char *path, const struct weir_config *running,
	const struct weir_busy *busy, struct weir_config **out, struct weir_config_error *err)
{
	struct weir_draft d = {.path = path, .err = err};
	int ret = -ENOMEM;

	*out = NULL;
	err->text[0] = '\0';
	config_init(&d.tree);
	d.config = calloc(1, sizeof(*d.config));
	if (d.config != NULL)
		ret = load(&d, running, busy);
	if (ret == 0)
		*out = d.config;
	else
		weir_config_free(d.config);
	/* a message with the place in the file is there already */
	if (ret < 0 && err->text[0] == '\0')
		weir_draft_refuse_line(&d, NULL, 0, "%s", strerror(-ret));
	weir_secret_free(d.secret);
	weir_draft_clear(&d);
	return ret;
}

void weir_config_free(struct weir_config *c)
{
	if (c == NULL)
		return;
	for (uint32_t i = 0; i < c->n_eal; i++)
		free(c->eal[i]);
	for (uint32_t i = 0; i < c->n_warnings; i++)
		free(c->warnings[i]);
	free(c->eal);
	free(c->warnings);
	weir_policy_free(c->policy);
	weir_check_plan_free(c->checks);
	weir_secret_free(c->secret);
	free(c);
}
