// SPDX-License-Identifier: BSD-3-Clause
/* Addresses, gateways, routes: what the network around synweir looks like. */
#include <stdio.h>
#include <string.h>

#include "config/check.h"
#include "wire/ipv6.h"
#include "wire/nd.h"

struct weir_addr weir_check_edge(const struct weir_addr *a, unsigned int prefix, bool ones)
{
	struct weir_addr e = *a;

	for (unsigned int bit = prefix; bit < 128; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		e.b[bit / 8] = (uint8_t)(ones ? e.b[bit / 8] | mask : e.b[bit / 8] & ~mask);
	}
	return e;
}

/* Where a gateway leads: the whole of a family. */
static struct weir_interface_addr whole(enum weir_draft_family family)
{
	const bool v4 = family == WEIR_DRAFT_IPV4;

	return (struct weir_interface_addr){weir_addr_any(v4), v4 ? 96 : 0};
}

static enum weir_draft_family family_of(const struct weir_addr *a)
{
	return weir_addr_is_v4(a) ? WEIR_DRAFT_IPV4 : WEIR_DRAFT_IPV6;
}

static bool is_default(const struct weir_interface_addr *to)
{
	return to->prefix == whole(family_of(&to->addr)).prefix;
}

unsigned int weir_check_bits(const struct weir_interface_addr *net)
{
	return net->prefix - whole(family_of(&net->addr)).prefix;
}

static const char *check_host_v4(const struct weir_addr *a)
{
	uint8_t first = a->b[12];

	if (first == 0)
		return "is in 0.0.0.0/8, which no host has";
	if (first == 127)
		return "is a loopback address";
	if (first >= 224 && first < 240)
		return "is a multicast address";
	if (first >= 240)
		return "is in 240.0.0.0/4, which is broadcast or reserved";
	return NULL;
}

const char *weir_check_host(const struct weir_addr *a)
{
	if (weir_addr_is_v4(a))
		return check_host_v4(a);
	if (weir_ipv6_is_special(a))
		return "is in ::/64, which is unspecified, loopback or IPv4 in disguise";
	if (weir_ipv6_is_multicast(a))
		return "is a multicast address";
	if (weir_ipv6_is_link_local(a))
		return "is a link-local address, which only a gateway may have";
	return NULL;
}

/*
 * A subnet of /31 or /32 has neither network nor broadcast address (RFC 3021). IPv6's has no broadcast address,
 * its first one is every router's (RFC 4291 §2.6.1) unless it is of /127 or /128 (RFC 6164).
 */
static const char *edge_of(const struct weir_addr *a, const struct weir_interface_addr *net)
{
	struct weir_addr first = weir_check_edge(&net->addr, net->prefix, false);
	struct weir_addr last = weir_check_edge(&net->addr, net->prefix, true);

	if (net->prefix > 126)
		return NULL;
	if (weir_addr_eq(a, &first))
		return weir_addr_is_v4(a) ? "is its subnet's network address"
					  : "is its subnet's router anycast address";
	if (weir_addr_is_v4(a) && weir_addr_eq(a, &last))
		return "is its subnet's broadcast address";
	return NULL;
}

const char *weir_check_host_in(const struct weir_draft *d, const struct weir_addr *a)
{
	const char *why = weir_check_host(a);

	for (uint32_t i = 0; i < d->n_interfaces && why == NULL; i++)
		for (uint32_t j = 0; j < d->interfaces[i]->n_addrs && why == NULL; j++)
			why = edge_of(a, &d->interfaces[i]->addrs[j]);
	return why;
}

const struct weir_draft_interface *weir_check_owner(const struct weir_draft *d,
	const struct weir_addr *a)
{
	for (uint32_t i = 0; i < d->n_interfaces; i++)
		for (uint32_t j = 0; j < d->interfaces[i]->n_addrs; j++)
			if (weir_addr_eq(a, &d->interfaces[i]->addrs[j].addr))
				return d->interfaces[i];
	return NULL;
}

/* A way that may be better than the best so far: a longer prefix, or the first of equals. */
static bool is_better(const struct weir_addr *to, const struct weir_addr *net, unsigned int prefix,
	unsigned int best)
{
	return prefix + 1 > best && weir_addr_in(to, net, prefix);
}

struct weir_draft_way weir_check_way(const struct weir_draft_hops *hops, uint32_t interface)
{
	return (struct weir_draft_way){.interface = interface,
		.n = hops->n_addrs,
		.addrs = hops->addrs,
		.macs = hops->macs};
}

struct weir_nexthop weir_check_hop(const struct weir_draft_way *way, uint32_t i)
{
	struct weir_nexthop hop = {.addr = way->addrs[i], .interface = (uint8_t)way->interface};

	if (way->macs != NULL)
		memcpy(hop.mac, way->macs[i], sizeof(hop.mac));
	return hop;
}

bool weir_check_has_hop(const struct weir_draft_hops *hops, const struct weir_addr *addr)
{
	for (uint32_t i = 0; i < hops->n_addrs; i++)
		if (weir_addr_eq(&hops->addrs[i], addr))
			return true;
	return false;
}

bool weir_check_route(const struct weir_draft *d, const struct weir_addr *to,
	struct weir_draft_way *via)
{
	const enum weir_draft_family family = family_of(to);
	const struct weir_interface_addr all = whole(family);
	unsigned int best = 0; /* the best way's prefix so far, + 1 */

	for (uint32_t i = 0; i < d->n_interfaces; i++) {
		const struct weir_draft_interface *p = d->interfaces[i];
		const struct weir_draft_hops *g = &p->gateway[family];

		for (uint32_t j = 0; j < p->n_addrs; j++)
			if (is_better(to, &p->addrs[j].addr, p->addrs[j].prefix, best)) {
				best = p->addrs[j].prefix + 1u;
				*via = (struct weir_draft_way){
					.interface = i, .on_link = true, .n = 1, .addrs = to};
			}
		for (uint32_t j = 0; j < p->n_routes; j++) {
			const struct weir_draft_route *r = &p->routes[j];

			if (is_better(to, &r->to.addr, r->to.prefix, best)) {
				best = r->to.prefix + 1u;
				*via = weir_check_way(&r->via, i);
			}
		}
		if (g->n_addrs != 0 && is_better(to, &all.addr, all.prefix, best)) {
			best = all.prefix + 1u;
			*via = weir_check_way(g, i);
		}
	}
	return best != 0;
}

/* One subnet of interface i with those before it. */
static int check_address(struct weir_draft *d, uint32_t i, uint32_t a)
{
	const struct weir_draft_interface *p = d->interfaces[i];
	const struct weir_interface_addr *mine = &p->addrs[a];
	const config_setting_t *at = config_setting_get_elem(weir_draft_key(p->at, "addresses"), a);
	const char *why = weir_check_host_in(d, &mine->addr);

	if (weir_check_bits(mine) < 8)
		return weir_draft_refuse(d, at, "must have a prefix of 8..%u bits",
			weir_addr_is_v4(&mine->addr) ? 32 : 128);
	if (why != NULL)
		return weir_draft_refuse(d, at, "%s", why);
	if (!weir_addr_is_v4(&mine->addr) && d->ports[p->port].port.mtu < WEIR_IPV6_MTU_MIN)
		return weir_draft_refuse(d, weir_draft_key(d->ports[p->port].at, "mtu"),
			"must be %u at least on a port with an IPv6 address", WEIR_IPV6_MTU_MIN);
	for (uint32_t k = 0; k <= i; k++) {
		for (uint32_t j = 0; j < (k < i ? d->interfaces[k]->n_addrs : a); j++) {
			const struct weir_interface_addr *o = &d->interfaces[k]->addrs[j];
			uint8_t shorter = o->prefix < mine->prefix ? o->prefix : mine->prefix;

			if (weir_addr_eq(&o->addr, &mine->addr))
				return weir_draft_refuse(d, at,
					"is an address of %s \"%s\" already",
					weir_check_kind(d->interfaces[k]), d->interfaces[k]->name);
			if (k < i && weir_addr_in(&o->addr, &mine->addr, shorter))
				return weir_draft_refuse(d, at,
					"overlaps with a subnet of %s \"%s\"",
					weir_check_kind(d->interfaces[k]), d->interfaces[k]->name);
		}
	}
	return 0;
}

static bool has_family(const struct weir_draft_interface *p, const struct weir_addr *like)
{
	for (uint32_t i = 0; i < p->n_addrs; i++)
		if (weir_addr_same_family(&p->addrs[i].addr, like))
			return true;
	return false;
}

/* On-link on the port: in a subnet of it, or (RFC 4861 §6.3.4) a router's link-local address. */
static bool is_on_link(const struct weir_draft_interface *p, const struct weir_addr *a)
{
	for (uint32_t i = 0; i < p->n_addrs; i++)
		if (weir_addr_in(a, &p->addrs[i].addr, p->addrs[i].prefix))
			return true;
	return weir_ipv6_is_link_local(a) && has_family(p, a);
}

/* The gateway of a route must be on-link on the route's port. */
static int check_via(struct weir_draft *d, const struct weir_draft_interface *p,
	const struct weir_addr *via, const config_setting_t *at)
{
	const char *why = weir_ipv6_is_link_local(via) ? NULL : weir_check_host_in(d, via);

	if (why != NULL)
		return weir_draft_refuse(d, at, "%s", why);
	if (weir_check_owner(d, via) != NULL)
		return weir_draft_refuse(d, at, "is synweir's own address");
	if (!has_family(p, via) && p->n_addrs > 0)
		return weir_draft_refuse(d, at, "%s \"%s\" has no %s address to reach it from",
			weir_check_kind(p), p->name, weir_addr_is_v4(via) ? "IPv4" : "IPv6");
	if (!is_on_link(p, via))
		return weir_draft_refuse(d, at, "is in none of the subnets of %s \"%s\"",
			weir_check_kind(p), p->name);
	return 0;
}

/* What a value of "one, or a list" is: its i'th. */
static const config_setting_t *value_at(const config_setting_t *at, uint32_t i)
{
	return config_setting_is_aggregate(at) ? config_setting_get_elem(at, i) : at;
}

/* The routers to one destination, of that family, all but the MAC addresses' own range. */
static int check_hops(struct weir_draft *d, const struct weir_draft_interface *p,
	const struct weir_draft_hops *h, const config_setting_t *at, const config_setting_t *macs)
{
	for (uint32_t i = 0; i < h->n_addrs; i++) {
		const struct weir_draft_hops before = {.addrs = h->addrs, .n_addrs = i};
		int ret;

		if (weir_check_has_hop(&before, &h->addrs[i]))
			return weir_draft_refuse(d, value_at(at, i), "is there twice");
		if (weir_nd_is_any_router(&h->addrs[i]) && h->n_addrs > 1)
			return weir_draft_refuse(d, value_at(at, i),
				"is one router at a time, and cannot be among others");
		ret = check_via(d, p, &h->addrs[i], value_at(at, i));
		if (ret < 0)
			return ret;
	}
	if (h->n_macs != 0 && h->n_macs != h->n_addrs)
		return weir_draft_refuse(d, macs,
			"is %u, but there are %u routers: give the MAC address of each, or none",
			h->n_macs, h->n_addrs);
	return 0;
}

/* Is there another way with the very same destination: as its address and prefix, before i's j? */
static const char *other_way(const struct weir_draft *d, const struct weir_interface_addr *to,
	uint32_t i, uint32_t j)
{
	for (uint32_t k = 0; k < d->n_interfaces; k++) {
		const struct weir_draft_interface *p = d->interfaces[k];

		for (uint32_t a = 0; a < p->n_addrs; a++)
			if (p->addrs[a].prefix == to->prefix &&
				weir_addr_in(&to->addr, &p->addrs[a].addr, to->prefix))
				return "is the subnet of a port";
		for (uint32_t r = 0; r < (k < i ? p->n_routes : k == i ? j : 0); r++)
			if (p->routes[r].to.prefix == to->prefix &&
				weir_addr_eq(&p->routes[r].to.addr, &to->addr))
				return "is routed already";
		if (is_default(to) && p->gateway[family_of(&to->addr)].n_addrs != 0)
			return "is where the gateway leads already";
	}
	return NULL;
}

static int check_routes(struct weir_draft *d, uint32_t i)
{
	const struct weir_draft_interface *p = d->interfaces[i];
	int ret;

	for (uint32_t j = 0; j < p->n_routes; j++) {
		const struct weir_draft_route *r = &p->routes[j];
		const config_setting_t *at = weir_draft_key(r->at, "to");
		struct weir_addr net = weir_check_edge(&r->to.addr, r->to.prefix, false);
		char text[WEIR_ADDR_TEXT];
		const char *why;

		if (!weir_addr_eq(&r->to.addr, &net))
			return weir_draft_refuse(d, at, "is not a network: that would be \"%s/%u\"",
				weir_addr_text(&net, text), weir_check_bits(&r->to));
		why = other_way(d, &r->to, i, j);
		if (why != NULL)
			return weir_draft_refuse(d, at, "%s", why);
		at = weir_draft_key(r->at, "via");
		for (uint32_t k = 0; k < r->via.n_addrs; k++)
			if (!weir_addr_same_family(&r->to.addr, &r->via.addrs[k]))
				return weir_draft_refuse(d, value_at(at, k),
					"is of another family than \"to\"");
		ret = check_hops(d, p, &r->via, at, weir_draft_key(r->at, "mac"));
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* What a family's gateway is called in the file. */
static const struct {
	const char *key, *mac_key, *name;
} gateways[WEIR_DRAFT_FAMILIES] = {
	[WEIR_DRAFT_IPV4] = {"gateway", "gateway_mac", "IPv4"},
	[WEIR_DRAFT_IPV6] = {"gateway6", "gateway6_mac", "IPv6"},
};

static int check_gateway(struct weir_draft *d, uint32_t i, enum weir_draft_family family)
{
	const struct weir_draft_interface *p = d->interfaces[i];
	const struct weir_draft_hops *g = &p->gateway[family];
	const config_setting_t *at = weir_draft_key(p->at, gateways[family].key);
	const config_setting_t *macs = weir_draft_key(p->at, gateways[family].mac_key);

	if (g->n_addrs == 0)
		return g->n_macs != 0
			? weir_draft_refuse(d, macs, "is of no gateway: there is none on this %s",
				  weir_check_kind(p))
			: 0;
	for (uint32_t j = 0; j < g->n_addrs; j++)
		if (family_of(&g->addrs[j]) != family)
			return weir_draft_refuse(d, value_at(at, j),
				"must be an %s address; the other gateway is \"%s\"",
				gateways[family].name, gateways[!family].key);
	if (weir_nd_is_any_router(&g->addrs[0]) && g->n_macs != 0)
		return weir_draft_refuse(d, macs,
			"is of a router that is not known: gateway6 is \"auto\"");
	for (uint32_t j = 0; j < i; j++)
		if (d->interfaces[j]->gateway[family].n_addrs != 0)
			return weir_draft_refuse(d, at,
				"%s \"%s\" has the gateway already; use routes for what is "
				"reached here",
				weir_check_kind(d->interfaces[j]), d->interfaces[j]->name);
	return check_hops(d, p, g, at, macs);
}

int weir_check_interfaces(struct weir_draft *d)
{
	int ret = 0;

	for (uint32_t i = 0; i < d->n_interfaces; i++)
		for (uint32_t a = 0; a < d->interfaces[i]->n_addrs && ret == 0; a++)
			ret = check_address(d, i, a);
	/* after all addresses: a neighbour must not be one of them, on any port */
	for (uint32_t i = 0; i < d->n_interfaces && ret == 0; i++) {
		ret = check_gateway(d, i, WEIR_DRAFT_IPV4);
		if (ret == 0)
			ret = check_gateway(d, i, WEIR_DRAFT_IPV6);
		if (ret == 0)
			ret = check_routes(d, i);
	}
	return ret;
}
