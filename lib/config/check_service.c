// SPDX-License-Identifier: BSD-3-Clause
/* Services and backends, each on its own; check_sharing.c has what they are to each other. */
#include <string.h>

#include "config/check.h"
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
	enum weir_family family = weir_l3_family(&s->vips[0].addr);

	for (uint32_t i = 1; i < s->n_vips; i++)
		if (!weir_addr_is_v4(&s->vips[i].addr))
			family = weir_l3_family(&s->vips[i].addr);
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

/* The backend's address must not be one of ours. */
static int check_backend_address(struct weir_draft *d, const struct weir_draft_backend *b)
{
	const config_setting_t *at = weir_draft_key(b->at, "address");
	const struct weir_draft_interface *owner = weir_check_owner(d, &b->backend.addr);
	const uint16_t service = weir_index_find(&d->vips, &b->backend.addr, 0);

	if (owner != NULL)
		return weir_draft_refuse(d, at, "is synweir's own address on %s \"%s\"",
			weir_check_kind(owner), owner->name);
	if (service != WEIR_INDEX_NONE)
		return weir_draft_refuse(d, at, "is the VIP of service \"%s\"",
			d->services[service].service.name);
	return 0;
}

/* "nat" leaves the client's address, so both ends have it in one family. */
static const struct weir_addr *other_family(const struct weir_draft_service *s,
	const struct weir_draft_backend *b)
{
	for (uint32_t i = 0; s->service.mode == WEIR_MODE_NAT && i < s->n_vips; i++)
		if (!weir_addr_same_family(&b->backend.addr, &s->vips[i].addr))
			return &s->vips[i].addr;
	return NULL;
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
	const struct weir_addr *other = other_family(s, b);
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
	if (other != NULL)
		return weir_draft_refuse(d, at,
			"\"nat\" cannot mix families: the service's VIP is %s; \"fullnat\" can",
			weir_addr_is_v4(other) ? "IPv4" : "IPv6");
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

/*
 * A backend of "nat" sees the client's port, and not which of the service's ports it went to: two connections
 * of one client that differ in nothing else look the same.
 */
static int check_nat_ports(struct weir_draft *d, const struct weir_draft_service *s)
{
	uint64_t addresses = 0;

	for (uint32_t i = 0; i < s->n_vips; i++)
		addresses += weir_check_addresses(&s->vips[i]);
	if (s->service.mode != WEIR_MODE_NAT || addresses * weir_check_count_ports(s) == 1)
		return 0;
	return weir_draft_warn(d, weir_draft_key(s->at, "mode"),
		"with several addresses or ports: a client that uses one source port for two of "
		"them, and gets the same backend for both, gets RST from the second");
}

static int check_service(struct weir_draft *d, uint32_t i)
{
	struct weir_draft_service *s = &d->services[i];
	int ret = check_profile(d, s);

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
		ret = check_nat_ports(d, s);
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
	ret = weir_check_vips(d);
	for (uint32_t i = 0; i < d->n_services && ret == 0; i++)
		ret = check_service(d, i);
	return ret;
}
