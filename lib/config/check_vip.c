// SPDX-License-Identifier: BSD-3-Clause
/*
 * What clients connect to: the addresses and prefixes of a service, its ports and ranges of them. The policy
 * has a listener for each address with each port, so all of them together must be few enough.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/check.h"

uint64_t weir_check_addresses(const struct weir_interface_addr *vip)
{
	const unsigned int bits = 128u - vip->prefix;

	return bits < 32 ? 1ull << bits : UINT32_MAX;
}

struct weir_addr weir_check_address(const struct weir_interface_addr *vip, uint32_t n)
{
	struct weir_addr a = vip->addr;

	a.w[3] = weir_be32(weir_be32(a.w[3]) + n);
	return a;
}

uint32_t weir_check_count_ports(const struct weir_draft_service *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_ports; i++)
		n += s->ports[i].last - s->ports[i].first + 1u;
	return n;
}

/* Of a list the entry, of one value alone that. */
static const config_setting_t *item(const struct weir_draft_service *s, const char *key, uint32_t i)
{
	const config_setting_t *at = weir_draft_key(s->at, key);

	return config_setting_is_aggregate(at) ? config_setting_get_elem(at, i) : at;
}

const config_setting_t *weir_check_vip_at(const struct weir_draft_service *s, uint32_t i)
{
	return item(s, "vip", i);
}

/* As it is written: of a prefix the address, too. */
static int refuse_address(struct weir_draft *d, const struct weir_draft_service *s, uint32_t i,
	const struct weir_addr *a, const char *why)
{
	char text[WEIR_ADDR_TEXT];

	if (s->vips[i].prefix == 128)
		return weir_draft_refuse(d, weir_check_vip_at(s, i), "%s", why);
	return weir_draft_refuse(d, weir_check_vip_at(s, i), "%s, which is in it, %s",
		weir_addr_text(a, text), why);
}

/* A router's address on an interface: its, or NULL. */
static const struct weir_draft_interface *find_router(const struct weir_draft *d,
	const struct weir_addr *a)
{
	for (uint32_t i = 0; i < d->n_interfaces; i++) {
		const struct weir_draft_interface *p = d->interfaces[i];

		for (unsigned int f = 0; f < WEIR_DRAFT_FAMILIES; f++)
			if (weir_check_has_hop(&p->gateway[f], a))
				return p;
		for (uint32_t r = 0; r < p->n_routes; r++)
			if (weir_check_has_hop(&p->routes[r].via, a))
				return p;
	}
	return NULL;
}

static int check_address(struct weir_draft *d, const struct weir_draft_service *s, uint32_t vip,
	const struct weir_addr *a)
{
	const char *why = weir_check_host_in(d, a);
	const struct weir_draft_interface *router = find_router(d, a);
	char text[96];

	if (why != NULL)
		return refuse_address(d, s, vip, a, why);
	if (router == NULL)
		return 0;
	snprintf(text, sizeof(text), "is a router's address on %s \"%s\"", weir_check_kind(router),
		router->name);
	return refuse_address(d, s, vip, a, text);
}

/* Service i has that port of it from here on, unless another one, or itself, has it already. */
static int take_port(struct weir_draft *d, uint32_t i, uint32_t vip, const struct weir_addr *a,
	uint16_t port)
{
	const uint16_t had = weir_index_find(&d->vips, a, weir_be16(port));
	char text[96];

	if (had == WEIR_INDEX_NONE) {
		weir_index_put(&d->vips, a, weir_be16(port), (uint16_t)i);
		return 0;
	}
	if (had == i)
		snprintf(text, sizeof(text), "has port %u twice in this service", port);
	else
		snprintf(text, sizeof(text), "port %u of it is service \"%s\" already", port,
			d->services[had].service.name);
	return refuse_address(d, &d->services[i], vip, a, text);
}

static int take_address(struct weir_draft *d, uint32_t i, uint32_t vip, const struct weir_addr *a)
{
	const struct weir_draft_service *s = &d->services[i];
	int ret = check_address(d, s, vip, a);

	if (ret == 0 && weir_index_find(&d->vips, a, 0) == WEIR_INDEX_NONE)
		weir_index_put(&d->vips, a, 0, (uint16_t)i);
	for (uint32_t r = 0; r < s->n_ports; r++)
		for (uint32_t port = s->ports[r].first; port <= s->ports[r].last && ret == 0;
			port++)
			ret = take_port(d, i, vip, a, (uint16_t)port);
	return ret;
}

static int take_addresses(struct weir_draft *d, uint32_t i)
{
	const struct weir_draft_service *s = &d->services[i];
	int ret = 0;

	for (uint32_t v = 0; v < s->n_vips; v++)
		for (uint32_t n = 0; n < weir_check_addresses(&s->vips[v]) && ret == 0; n++) {
			const struct weir_addr a = weir_check_address(&s->vips[v], n);

			ret = take_address(d, i, v, &a);
		}
	return ret;
}

/* A prefix has no host bits; all listeners have numbers. */
static int count_listeners(struct weir_draft *d, const struct weir_draft_service *s)
{
	const uint32_t ports = weir_check_count_ports(s);

	for (uint32_t v = 0; v < s->n_vips; v++) {
		const struct weir_interface_addr *vip = &s->vips[v];
		const uint64_t n = weir_check_addresses(vip) * ports;
		const struct weir_addr first = weir_check_edge(&vip->addr, vip->prefix, false);
		char text[WEIR_ADDR_TEXT];

		if (!weir_addr_eq(&vip->addr, &first))
			return weir_draft_refuse(d, weir_check_vip_at(s, v),
				"is not a network: that would be \"%s/%u\"",
				weir_addr_text(&first, text), weir_check_bits(vip));
		if (d->n_listeners + n > WEIR_LISTENERS_MAX)
			return weir_draft_refuse(d, weir_check_vip_at(s, v),
				"is too large with %u ports: all services together may have %u "
				"addresses and ports, each address with each of its ports",
				ports, WEIR_LISTENERS_MAX);
		d->n_listeners += (uint32_t)n;
	}
	return 0;
}

/* A service's place in the file, and its name. */
struct named {
	const char *name;
	uint32_t service;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : x->service < y->service ? -1 : 1;
}

static int check_names(struct weir_draft *d)
{
	struct named *all = calloc(d->n_services, sizeof(*all));
	int ret = 0;

	if (all == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->n_services; i++)
		all[i] = (struct named){d->services[i].service.name, i};
	qsort(all, d->n_services, sizeof(*all), by_name);
	for (uint32_t i = 1; i < d->n_services && ret == 0; i++)
		if (strcmp(all[i - 1].name, all[i].name) == 0)
			ret = weir_draft_refuse(d,
				weir_draft_key(d->services[all[i].service].at, "name"),
				"is the name of services[%u] already", all[i - 1].service);
	free(all);
	return ret;
}

int weir_check_vips(struct weir_draft *d)
{
	struct weir_sipkey secret; /* what the file says may be chosen by others: flow/endpoint.h */
	int ret = check_names(d);

	for (uint32_t i = 0; i < d->n_services && ret == 0; i++)
		ret = count_listeners(d, &d->services[i]);
	if (ret == 0 && getrandom(&secret, sizeof(secret), 0) < 0)
		ret = -errno;
	/* an address of its own for each at most, and its port */
	if (ret == 0)
		ret = weir_index_init(&d->vips, 2 * d->n_listeners, &secret);
	for (uint32_t i = 0; i < d->n_services && ret == 0; i++)
		ret = take_addresses(d, i);
	return ret;
}
