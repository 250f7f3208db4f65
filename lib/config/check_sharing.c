// SPDX-License-Identifier: BSD-3-Clause
/* Services, backends and interfaces: what may not be of two of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/check.h"
#include "flow/localport.h"

/* What the whole file has, by what it is looked for. */
struct sharing {
	struct weir_index backends; /* the first service that has that address and port */
	struct weir_index
		nexthops; /* of what has a static MAC, by address and interface: in with_mac[] */
	struct weir_nexthop *with_mac;
	uint16_t n_with_mac;
	uint64_t fullnat_egress; /* interfaces by which "fullnat" reaches backends, a bit each */
};

/*
 * One backend in two services. Two of "fullnat" share its local ports. Not "nat" and "fullnat": a
 * packet from the backend must say by itself whose port it goes to, the client's or ours. Two of
 * "nat": it sees the same client port twice when a client uses it for both VIPs.
 */
static int check_shared(struct weir_draft *d, const struct weir_draft_service *s,
	const struct weir_draft_backend *b, const struct weir_draft_service *other)
{
	const config_setting_t *at = weir_draft_key(b->at, "address");

	if (s->service.mode != other->service.mode)
		return weir_draft_refuse(d, at,
			"port %u of it is a backend of service \"%s\" with another mode",
			weir_be16(b->backend.port_be), other->service.name);
	if (s->service.mode == WEIR_MODE_NAT)
		return weir_draft_warn(d, at,
			"port %u of it is a backend of service \"%s\" too; with \"nat\" a client "
			"that "
			"uses one source port for both gets RST from the second",
			weir_be16(b->backend.port_be), other->service.name);
	return 0;
}

/* The first MAC address that is given for it; what leads there by another one is refused. */
static void add_hop(struct sharing *all, struct weir_nexthop hop)
{
	if (!weir_nexthop_is_static(&hop) ||
		weir_index_find(&all->nexthops, &hop.addr, hop.interface) != WEIR_INDEX_NONE)
		return;
	weir_index_put(&all->nexthops, &hop.addr, hop.interface, all->n_with_mac);
	all->with_mac[all->n_with_mac++] = hop;
}

static void add_backend(struct sharing *all, const struct weir_draft_service *s, uint32_t service,
	const struct weir_draft_backend *b)
{
	const struct weir_backend *to = &b->backend;

	if (weir_index_find(&all->backends, &to->addr, to->port_be) == WEIR_INDEX_NONE)
		weir_index_put(&all->backends, &to->addr, to->port_be, (uint16_t)service);
	if (s->service.mode == WEIR_MODE_FULLNAT)
		all->fullnat_egress |= 1ull << to->egress;
	for (uint32_t i = 0; b->via.macs != NULL && i < b->via.n; i++)
		add_hop(all, weir_check_hop(&b->via, i));
}

static int begin(struct sharing *all, const struct weir_draft *d)
{
	struct weir_sipkey secret;
	uint32_t backends = 0, hops = 0;

	for (uint32_t i = 0; i < d->n_services; i++) {
		backends += d->services[i].n_backends;
		for (uint32_t j = 0; j < d->services[i].n_backends; j++)
			hops += d->services[i].backends[j].via.n;
	}
	if (getrandom(&secret, sizeof(secret), 0) < 0)
		return -errno;
	all->with_mac = calloc(hops + 1, sizeof(*all->with_mac));
	if (all->with_mac == NULL || weir_index_init(&all->backends, backends, &secret) != 0 ||
		weir_index_init(&all->nexthops, hops, &secret) != 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->n_services; i++)
		for (uint32_t j = 0; j < d->services[i].n_backends; j++)
			add_backend(all, &d->services[i], i, &d->services[i].backends[j]);
	return 0;
}

static void end(struct sharing *all)
{
	weir_index_free(&all->backends);
	weir_index_free(&all->nexthops);
	free(all->with_mac);
}

/* The first service before this one that has the same backend, or NULL. */
static const struct weir_draft_service *find_sharer(const struct sharing *all,
	const struct weir_draft *d, uint32_t service, const struct weir_draft_backend *b)
{
	const uint16_t first =
		weir_index_find(&all->backends, &b->backend.addr, b->backend.port_be);

	return first < service ? &d->services[first] : NULL;
}

static int check_backend_sharing(struct weir_draft *d, const struct sharing *all, uint32_t service,
	const struct weir_draft_backend *b)
{
	const struct weir_draft_service *other = find_sharer(all, d, service, b);

	return other != NULL ? check_shared(d, &d->services[service], b, other) : 0;
}

static uint16_t last_port(const struct weir_draft_service *s)
{
	uint16_t last = 0;

	for (uint32_t i = 0; i < s->n_ports; i++)
		if (s->ports[i].last > last)
			last = s->ports[i].last;
	return last;
}

/* A segment to a VIP's port is a client's (flow/classify.h), so a local port must not be one. */
static int check_local_ports(struct weir_draft *d, const struct sharing *all, uint32_t interface)
{
	const struct weir_draft_interface *p = d->interfaces[interface];

	if ((all->fullnat_egress >> interface & 1) == 0)
		return 0;
	for (uint32_t i = 0; i < d->n_services; i++)
		for (uint32_t v = 0; v < d->services[i].n_vips; v++)
			for (uint32_t a = 0; a < p->n_addrs; a++) {
				const struct weir_draft_service *s = &d->services[i];

				if (!weir_addr_in(&p->addrs[a].addr, &s->vips[v].addr,
					    s->vips[v].prefix) ||
					last_port(s) < WEIR_LOCALPORT_FIRST)
					continue;
				return weir_draft_refuse(d, weir_draft_key(s->at, "port"),
					"is a local port of its VIP, which is the address of %s "
					"\"%s\" that \"fullnat\" reaches backends from; take "
					"another VIP, or a port below %u",
					weir_check_kind(p), p->name, WEIR_LOCALPORT_FIRST);
			}
	return 0;
}

/* Addresses of the port that the backend is reached by, of its family. */
static uint32_t count_addrs(const struct weir_draft *d, const struct weir_backend *b)
{
	const struct weir_draft_interface *p = d->interfaces[b->egress];
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_addrs; i++)
		n += weir_addr_same_family(&p->addrs[i].addr, &b->addr);
	return n;
}

/* How many "fullnat" has of each address: fewer beside the kernel. */
static uint32_t local_ports(const struct weir_draft *d)
{
	for (uint32_t i = 0; i < d->n_ports; i++)
		if (weir_port_has_host(&d->ports[i].port))
			return WEIR_LOCALPORT_KERNEL - WEIR_LOCALPORT_FIRST;
	return 65536 - WEIR_LOCALPORT_FIRST;
}

/* A file that asks for more connections than its backends can take has a slip in it somewhere. */
static int check_room(struct weir_draft *d, const struct sharing *all)
{
	const config_setting_t *limits = weir_draft_key(d->at, "limits");
	const config_setting_t *at = weir_draft_key(limits, "connections");
	const uint32_t ports = local_ports(d);
	uint64_t room = 0;

	if (limits == d->at || at == limits)
		return 0;
	for (uint32_t i = 0; i < d->n_services; i++) {
		const struct weir_draft_service *s = &d->services[i];

		if (s->service.mode == WEIR_MODE_NAT)
			return 0;
		for (uint32_t j = 0; j < s->n_backends; j++)
			if (find_sharer(all, d, i, &s->backends[j]) == NULL)
				room += (uint64_t)ports * count_addrs(d, &s->backends[j].backend);
	}
	if (d->limits.connections <= room)
		return 0;
	return weir_draft_warn(d, at,
		"\"fullnat\" can open %llu at most: %u per backend and address of the port it is "
		"reached by",
		(unsigned long long)room, ports);
}

/* One host on a link has one MAC, whatever leads to it. */
static int check_nexthops(struct weir_draft *d, const struct sharing *all,
	const struct weir_draft_backend *b)
{
	char text[WEIR_ADDR_TEXT];

	for (uint32_t i = 0; b->via.macs != NULL && i < b->via.n; i++) {
		const struct weir_nexthop hop = weir_check_hop(&b->via, i), *first;

		if (!weir_nexthop_is_static(&hop))
			continue;
		first = &all->with_mac[weir_index_find(&all->nexthops, &hop.addr, hop.interface)];
		if (memcmp(first->mac, hop.mac, sizeof(hop.mac)) != 0)
			return weir_draft_refuse(d, weir_draft_key(b->at, "mac"),
				"%s has another MAC address elsewhere in this file",
				weir_addr_text(&hop.addr, text));
	}
	return 0;
}

static int check_all(struct weir_draft *d, const struct sharing *all)
{
	int ret = 0;

	for (uint32_t i = 0; i < d->n_interfaces && ret == 0; i++)
		ret = check_local_ports(d, all, i);
	for (uint32_t i = 0; i < d->n_services && ret == 0; i++) {
		for (uint32_t j = 0; j < d->services[i].n_backends && ret == 0; j++)
			ret = check_backend_sharing(d, all, i, &d->services[i].backends[j]);
		for (uint32_t j = 0; j < d->services[i].n_backends && ret == 0; j++)
			ret = check_nexthops(d, all, &d->services[i].backends[j]);
	}
	return ret == 0 ? check_room(d, all) : ret;
}

int weir_check_sharing(struct weir_draft *d)
{
	struct sharing all = {0};
	int ret = begin(&all, d);

	if (ret == 0)
		ret = check_all(d, &all);
	end(&all);
	return ret;
}
