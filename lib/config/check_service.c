// SPDX-License-Identifier: BSD-3-Clause
/* Services and backends: each on its own, then what they are to each other. */
#include <string.h>

#include "config/check.h"
#include "flow/localport.h"
#include "flow/maglev.h"
#include "wire/l3.h"

static bool same_endpoint(const struct weir_backend *a, const struct weir_backend *b)
{
	return a->port_be == b->port_be && weir_addr_eq(&a->addr, &b->addr);
}

/* Zero: the service does not set it, and has the value of the whole file. */
static void inherit(uint32_t *own_ms, uint32_t all_ms)
{
	if (*own_ms == 0)
		*own_ms = all_ms;
}

static void inherit_timeouts(struct weir_timeouts *own, const struct weir_timeouts *all)
{
	inherit(&own->established_ms, all->established_ms);
	inherit(&own->half_close_ms, all->half_close_ms);
	inherit(&own->closing_ms, all->closing_ms);
	inherit(&own->time_wait_ms, all->time_wait_ms);
	inherit(&own->connect_ms, all->connect_ms);
	inherit(&own->rst_pending_ms, all->rst_pending_ms);
}

/* What a segment may have with that MTU; more than Ethernet's is for the file to say. */
static uint16_t usual_mss(uint16_t most, enum weir_family family)
{
	const uint16_t ethernet = weir_l3_mss(family, 1500);

	return most < ethernet ? most : ethernet;
}

/* The family of the service's longest header: a segment has each of its families in turn. */
static enum weir_family longest_family(const struct weir_draft_service *s)
{
	enum weir_family family = weir_l3_family(&s->listener.vip);

	for (uint32_t i = 0; i < s->n_backends; i++)
		if (!weir_addr_is_v4(&s->backends[i].backend.addr))
			family = weir_l3_family(&s->backends[i].backend.addr);
	return family;
}

/* No segment of that size must need to be fragmented on any port: RFC 9293 §3.7.1. */
static int check_profile(struct weir_draft *d, struct weir_draft_service *s)
{
	const struct weir_draft_port *tightest = &d->ports[0];
	const enum weir_family family = longest_family(s);
	uint16_t most;

	for (uint32_t i = 1; i < d->n_ports; i++)
		if (d->ports[i].port.mtu < tightest->port.mtu)
			tightest = &d->ports[i];
	most = weir_l3_mss(family, tightest->port.mtu);
	if (s->service.profile.require_timestamps && !s->service.profile.timestamps)
		return weir_draft_refuse(d, weir_draft_key(s->at, "require_timestamps"),
			"cannot be true while profile.timestamps is false: no client could "
			"connect");
	if (s->service.profile.mss == 0)
		s->service.profile.mss = usual_mss(most, family);
	if (s->service.profile.mss > most)
		return weir_draft_refuse(d, weir_draft_key(s->at, "profile.mss"),
			"must be at most %u, the MTU of port \"%s\" less %u", most,
			tightest->port.name, tightest->port.mtu - most);
	return 0;
}

/* What "adaptive" ends by must lie below what it begins by, or it would change to and fro. */
static int check_watermarks(struct weir_draft *d, const struct weir_draft_service *s)
{
	const struct weir_watermarks *m = &s->service.watermarks;

	if (m->queue_low >= m->queue_high)
		return weir_draft_refuse(d, weir_draft_key(s->at, "adaptive.queue_low"),
			"must be less than queue_high, which is %u", m->queue_high);
	if (m->rate_high > 0 && m->rate_low >= m->rate_high)
		return weir_draft_refuse(d, weir_draft_key(s->at, "adaptive.syn_rate_low"),
			"must be less than syn_rate_high, which is %u", m->rate_high);
	return 0;
}

/* HC-80: TLVs are of version 2, and what a backend needs to know is in a segment of every host (RFC 9293 §3.7.1). */
static int check_proxy_protocol(struct weir_draft *d, const struct weir_draft_service *s)
{
	const struct weir_pphdr_form *form = &s->service.pphdr;
	const char *key = form->service_name ? "proxy_service_name" : "proxy_crc32c";

	if (form->version == WEIR_PPHDR_V2 || (!form->service_name && !form->crc32c))
		return 0;
	return weir_draft_refuse(d, weir_draft_key(s->at, key),
		"is of the PROXY protocol's version 2: set proxy_protocol = \"v2\"");
}

static int check_vip(struct weir_draft *d, uint32_t i)
{
	const struct weir_draft_service *s = &d->services[i];
	const config_setting_t *at = weir_draft_key(s->at, "vip");
	const char *why = weir_check_host_in(d, &s->listener.vip);

	if (why != NULL)
		return weir_draft_refuse(d, at, "%s", why);
	for (uint32_t j = 0; j < i; j++) {
		const struct weir_listener *o = &d->services[j].listener;

		if (strcmp(d->services[j].service.name, s->service.name) == 0)
			return weir_draft_refuse(d, weir_draft_key(s->at, "name"),
				"is the name of services[%u] already", j);
		if (o->port_be == s->listener.port_be && weir_addr_eq(&o->vip, &s->listener.vip))
			return weir_draft_refuse(d, at, "port %u of it is service \"%s\" already",
				weir_be16(o->port_be), d->services[j].service.name);
	}
	for (uint32_t p = 0; p < d->n_interfaces; p++) {
		const struct weir_draft_interface *interface = d->interfaces[p];
		bool taken = false;

		for (unsigned int f = 0; f < WEIR_DRAFT_FAMILIES; f++)
			taken |= weir_check_has_hop(&interface->gateway[f], &s->listener.vip);
		for (uint32_t r = 0; r < interface->n_routes; r++)
			taken |= weir_check_has_hop(&interface->routes[r].via, &s->listener.vip);
		if (taken)
			return weir_draft_refuse(d, at, "is a router's address on %s \"%s\"",
				weir_check_kind(interface), interface->name);
	}
	return 0;
}

/* The backend's address must not be one of ours. */
static int check_backend_address(struct weir_draft *d, const struct weir_draft_backend *b)
{
	const config_setting_t *at = weir_draft_key(b->at, "address");
	const struct weir_draft_interface *owner = weir_check_owner(d, &b->backend.addr);

	if (owner != NULL)
		return weir_draft_refuse(d, at, "is synweir's own address on %s \"%s\"",
			weir_check_kind(owner), owner->name);
	for (uint32_t i = 0; i < d->n_services; i++)
		if (weir_addr_eq(&d->services[i].listener.vip, &b->backend.addr))
			return weir_draft_refuse(d, at, "is the VIP of service \"%s\"",
				d->services[i].service.name);
	return 0;
}

/* HC-67: the MAC is that of the host on the link, so a backend behind a router has none. */
static int check_mac(struct weir_draft *d, struct weir_draft_backend *b)
{
	const struct weir_nexthop own = {
		.mac = {b->mac[0], b->mac[1], b->mac[2], b->mac[3], b->mac[4], b->mac[5]}};

	if (!weir_nexthop_is_static(&own))
		return 0;
	if (!b->via.on_link)
		return weir_draft_refuse(d, weir_draft_key(b->at, "mac"),
			"is of a backend behind a router: give the router's, as mac of the route "
			"or "
			"gateway_mac of the port");
	b->via.macs = &b->mac;
	return 0;
}

static int check_backend(struct weir_draft *d, struct weir_draft_service *s, uint32_t i)
{
	struct weir_draft_backend *b = &s->backends[i];
	const config_setting_t *at = weir_draft_key(b->at, "address");
	const char *why = weir_check_host_in(d, &b->backend.addr);
	int ret;

	if (why != NULL)
		return weir_draft_refuse(d, at, "%s", why);
	for (uint32_t j = 0; j < i; j++) {
		const struct weir_backend *o = &s->backends[j].backend;

		if (strcmp(o->name, b->backend.name) == 0)
			return weir_draft_refuse(d, weir_draft_key(b->at, "name"),
				"is the name of backends[%u] of this service already", j);
		if (same_endpoint(o, &b->backend))
			return weir_draft_refuse(d, at,
				"port %u of it is backend \"%s\" of this service already; "
				"for a larger share give it more weight",
				weir_be16(o->port_be), o->name);
	}
	if (s->service.mode == WEIR_MODE_NAT &&
		!weir_addr_same_family(&b->backend.addr, &s->listener.vip))
		return weir_draft_refuse(d, at,
			"\"nat\" cannot mix families: the service's VIP is %s; \"fullnat\" can",
			weir_addr_is_v4(&s->listener.vip) ? "IPv4" : "IPv6");
	ret = check_backend_address(d, b);
	if (ret < 0)
		return ret;
	if (!weir_check_route(d, &b->backend.addr, &b->via))
		return weir_draft_refuse(d, at, "no port's subnet, route or gateway leads there");
	b->backend.egress = (uint8_t)b->via.interface;
	ret = check_mac(d, b);
	if (ret < 0)
		return ret;
	if (s->service.mode == WEIR_MODE_NAT && !b->via.on_link)
		return weir_draft_warn(d, at,
			"is behind a router; with \"nat\" that router must send the backend's "
			"replies to clients back through synweir");
	return 0;
}

static int check_weights(struct weir_draft *d, const struct weir_draft_service *s)
{
	const config_setting_t *at = weir_draft_key(s->at, "backends");
	uint32_t sum = 0;
	bool differ = false;

	for (uint32_t i = 0; i < s->n_backends; i++) {
		sum += s->backends[i].weight;
		differ |= s->backends[i].weight > 1;
	}
	if (sum == 0)
		return weir_draft_warn(d, at,
			"all weights are 0: every client of this service gets RST");
	if (differ &&
		(s->service.scheduler == WEIR_SCHED_RR || s->service.scheduler == WEIR_SCHED_LC))
		return weir_draft_warn(d, weir_draft_key(s->at, "scheduler"),
			"gives every backend the same share; weights above 1 need \"wrr\", "
			"\"wlc\", "
			"\"sh\", \"maglev\" or \"random\"");
	return 0;
}

/* Every place of the table must be in every backend's list, and every backend must get one. */
static int check_table(struct weir_draft *d, const struct weir_draft_service *s)
{
	uint32_t size = s->service.table_size, next = size;

	if (s->service.scheduler != WEIR_SCHED_MAGLEV)
		return 0;
	while (!weir_maglev_is_prime(next))
		next++;
	if (next != size)
		return weir_draft_refuse(d, weir_draft_key(s->at, "maglev_table"),
			"must be a prime number; the next is %u", next);
	if (size < s->n_backends)
		return weir_draft_refuse(d, weir_draft_key(s->at, "maglev_table"),
			"must be larger than the number of backends, %u; a hundred times as large "
			"is good",
			s->n_backends);
	return 0;
}

static int check_service(struct weir_draft *d, uint32_t i)
{
	struct weir_draft_service *s = &d->services[i];
	int ret = check_vip(d, i);

	if (ret == 0)
		ret = check_profile(d, s);
	if (ret == 0)
		ret = check_watermarks(d, s);
	if (ret == 0)
		ret = check_proxy_protocol(d, s);
	for (uint32_t b = 0; b < s->n_backends && ret == 0; b++)
		ret = check_backend(d, s, b);
	if (ret == 0)
		ret = check_weights(d, s);
	if (ret == 0)
		ret = check_table(d, s);
	if (ret == 0)
		ret = weir_check_health(d, s);
	inherit_timeouts(&s->service.timeouts, &d->timeouts.of_services);
	return ret;
}

int weir_check_services(struct weir_draft *d)
{
	uint32_t backends = 0;
	int ret = 0;

	for (uint32_t i = 0; i < d->n_services; i++)
		backends += d->services[i].n_backends;
	if (backends > WEIR_BACKENDS_MAX)
		return weir_draft_refuse(d, weir_draft_key(d->at, "services"),
			"have %u backends together, must have at most %u", backends,
			WEIR_BACKENDS_MAX);
	for (uint32_t i = 0; i < d->n_services && ret == 0; i++)
		ret = check_service(d, i);
	return ret;
}

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

/* The first service before this one that has the same backend, or NULL. */
static const struct weir_draft_service *find_sharer(const struct weir_draft *d, uint32_t service,
	const struct weir_draft_backend *b)
{
	for (uint32_t i = 0; i < service; i++)
		for (uint32_t j = 0; j < d->services[i].n_backends; j++)
			if (same_endpoint(&b->backend, &d->services[i].backends[j].backend))
				return &d->services[i];
	return NULL;
}

static int check_backend_sharing(struct weir_draft *d, uint32_t service,
	const struct weir_draft_backend *b)
{
	const struct weir_draft_service *other = find_sharer(d, service, b);

	return other != NULL ? check_shared(d, &d->services[service], b, other) : 0;
}

/* Do "fullnat" connections to backends leave by this port, from its addresses? */
static bool is_fullnat_egress(const struct weir_draft *d, const struct weir_draft_interface *p)
{
	for (uint32_t i = 0; i < d->n_services; i++)
		for (uint32_t j = 0; j < d->services[i].n_backends; j++)
			if (d->services[i].service.mode == WEIR_MODE_FULLNAT &&
				d->interfaces[d->services[i].backends[j].backend.egress] == p)
				return true;
	return false;
}

/* A segment to a VIP's port is a client's (flow/classify.h), so a local port must not be one. */
static int check_local_ports(struct weir_draft *d, const struct weir_draft_service *s)
{
	const struct weir_draft_interface *p = weir_check_owner(d, &s->listener.vip);

	if (p == NULL || weir_be16(s->listener.port_be) < WEIR_LOCALPORT_FIRST ||
		!is_fullnat_egress(d, p))
		return 0;
	return weir_draft_refuse(d, weir_draft_key(s->at, "port"),
		"is a local port of its VIP, which is the address of %s \"%s\" that \"fullnat\" "
		"reaches backends from; take another VIP, or a port below %u",
		weir_check_kind(p), p->name, WEIR_LOCALPORT_FIRST);
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
static int check_room(struct weir_draft *d)
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
			if (find_sharer(d, i, &s->backends[j]) == NULL)
				room += (uint64_t)ports * count_addrs(d, &s->backends[j].backend);
	}
	if (d->limits.connections <= room)
		return 0;
	return weir_draft_warn(d, at,
		"\"fullnat\" can open %llu at most: %u per backend and address of the port it is "
		"reached by",
		(unsigned long long)room, ports);
}

/* Both have a static MAC for one host, and not the same. */
static bool contradict(const struct weir_nexthop *a, const struct weir_nexthop *b)
{
	return weir_nexthop_is_static(a) && weir_nexthop_is_static(b) &&
		a->interface == b->interface && weir_addr_eq(&a->addr, &b->addr) &&
		memcmp(a->mac, b->mac, sizeof(a->mac)) != 0;
}

/* That way leads over the same host, by another MAC address. */
static bool contradicts(const struct weir_draft_way *way, const struct weir_nexthop *hop)
{
	for (uint32_t i = 0; way->macs != NULL && i < way->n; i++) {
		const struct weir_nexthop other = weir_check_hop(way, i);

		if (contradict(&other, hop))
			return true;
	}
	return false;
}

/* One host on a link has one MAC, whatever leads to it. */
static int check_nexthop(struct weir_draft *d, const struct weir_draft_backend *b,
	const struct weir_nexthop *hop)
{
	char text[WEIR_ADDR_TEXT];

	for (uint32_t i = 0; i < d->n_services; i++)
		for (uint32_t j = 0; j < d->services[i].n_backends; j++)
			if (contradicts(&d->services[i].backends[j].via, hop))
				return weir_draft_refuse(d, weir_draft_key(b->at, "mac"),
					"%s has another MAC address elsewhere in this file",
					weir_addr_text(&hop->addr, text));
	return 0;
}

static int check_nexthops(struct weir_draft *d, const struct weir_draft_backend *b)
{
	int ret = 0;

	for (uint32_t i = 0; b->via.macs != NULL && i < b->via.n && ret == 0; i++) {
		const struct weir_nexthop hop = weir_check_hop(&b->via, i);

		ret = check_nexthop(d, b, &hop);
	}
	return ret;
}

int weir_check_sharing(struct weir_draft *d)
{
	int ret = 0;

	for (uint32_t i = 0; i < d->n_services && ret == 0; i++) {
		ret = check_local_ports(d, &d->services[i]);
		for (uint32_t j = 0; j < d->services[i].n_backends && ret == 0; j++)
			ret = check_backend_sharing(d, i, &d->services[i].backends[j]);
		for (uint32_t j = 0; j < d->services[i].n_backends && ret == 0; j++)
			ret = check_nexthops(d, &d->services[i].backends[j]);
	}
	return ret == 0 ? check_room(d) : ret;
}
