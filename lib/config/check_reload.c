// SPDX-License-Identifier: BSD-3-Clause
/* What the running process cannot be asked for: devices, cores and memory are taken at the start. */
#include <string.h>

#include "config/check.h"

static int refuse(struct weir_draft *d, const config_setting_t *group, const char *key)
{
	return weir_draft_refuse(d, weir_draft_key(group, key),
		"\"%s\" cannot change while synweir runs: restart it, or put back what it was",
		key);
}

static bool same_lcores(const struct weir_draft *d, const struct weir_config *running)
{
	return d->n_lcores == running->n_lcores &&
		(d->n_lcores == 0 ||
			memcmp(d->lcores, running->lcores, d->n_lcores * sizeof(*d->lcores)) == 0);
}

static bool same_eal(const struct weir_draft *d, const struct weir_config *running)
{
	if (d->n_eal != running->n_eal)
		return false;
	for (uint32_t i = 0; i < d->n_eal; i++)
		if (strcmp(d->eal[i], running->eal[i]) != 0)
			return false;
	return true;
}

static int check_process(struct weir_draft *d, const struct weir_config *running)
{
	const config_setting_t *workers = weir_draft_key(d->at, "workers");

	if (!same_eal(d, running))
		return refuse(d, d->at, "eal");
	if (d->n_workers != running->policy->n_workers)
		return refuse(d, workers, "count");
	if (!same_lcores(d, running))
		return refuse(d, workers, "lcores");
	if (d->idle != running->idle)
		return refuse(d, workers, "idle");
	return 0;
}

static bool same_addresses(const struct weir_draft_interface *d, const struct weir_interface *p)
{
	if (d->n_addrs != p->n_addrs)
		return false;
	for (uint32_t i = 0; i < d->n_addrs; i++)
		if (!weir_addr_eq(&d->addrs[i].addr, &p->addrs[i].addr) ||
			d->addrs[i].prefix != p->addrs[i].prefix)
			return false;
	return true;
}

/* The draft's has its peers by now: weir_check_hosts(). */
static bool same_host(const struct weir_draft_port *d, const struct weir_host *running)
{
	const struct weir_host *h = &d->port.host;

	return strcmp(h->interface, running->interface) == 0 &&
		memcmp(h->rate, running->rate, sizeof(h->rate)) == 0 &&
		h->addresses == running->addresses && h->n_peers == running->n_peers &&
		memcmp(h->peers, running->peers, h->n_peers * sizeof(h->peers[0])) == 0;
}

/* NULL, or the first key of the port that differs. */
static const char *differs(const struct weir_draft_port *d, const struct weir_port *p)
{
	if (strcmp(d->port.name, p->name) != 0)
		return "name";
	if (strcmp(d->port.device, p->device) != 0)
		return "device";
	if (d->port.mtu != p->mtu)
		return "mtu";
	if (d->port.rss != p->rss)
		return "rss";
	if (!same_host(d, &p->host))
		return "host";
	if (d->port.rx_desc != p->rx_desc)
		return "rx_descriptors";
	return d->port.tx_desc != p->tx_desc ? "tx_descriptors" : NULL;
}

static int check_ports(struct weir_draft *d, const struct weir_policy *running)
{
	if (d->n_ports != running->n_ports)
		return refuse(d, d->at, "ports");
	for (uint32_t i = 0; i < d->n_ports; i++) {
		const char *key = differs(&d->ports[i], &running->ports[i]);

		if (key != NULL)
			return refuse(d, d->ports[i].at, key);
	}
	return 0;
}

/* Gateways and routes may change, addresses and VLANs may not. */
static int check_interfaces(struct weir_draft *d, const struct weir_policy *running)
{
	for (uint32_t i = 0; i < d->n_interfaces || i < running->n_interfaces; i++) {
		const uint32_t last = d->n_interfaces - 1;
		const struct weir_draft_interface *mine = d->interfaces[i < last ? i : last];
		const struct weir_interface *theirs = &running->interfaces[i];

		if (i >= d->n_interfaces || i >= running->n_interfaces ||
			mine->port != theirs->port || mine->vlan != theirs->vlan)
			return refuse(d, d->ports[mine->port].at, "vlans");
		if (strcmp(mine->name, theirs->name) != 0)
			return refuse(d, mine->at, "name");
		if (!same_addresses(mine, theirs))
			return refuse(d, mine->at, "addresses");
	}
	return 0;
}

/* Limits that size memory. A limit that the file does not give keeps its value. */
static int check_limits(struct weir_draft *d, const struct weir_limits *running)
{
	const config_setting_t *limits = weir_draft_key(d->at, "limits");

	if (d->limits.connections != running->connections)
		return refuse(d, limits, "connections");
	if (d->limits.held_packets != running->held_packets)
		return refuse(d, limits, "held_packets");
	if (d->limits.syn_ack_ring != running->syn_ack_ring)
		return refuse(d, limits, "syn_ack_ring");
	if (d->limits.services != 0 && d->limits.services != running->services)
		return refuse(d, limits, "services");
	if (d->limits.listeners != 0 && d->limits.listeners != running->listeners)
		return refuse(d, limits, "listeners");
	if (d->limits.backends != 0 && d->limits.backends != running->backends)
		return refuse(d, limits, "backends");
	return 0;
}

/* Cookies that clients have got must still open. A random secret is kept. */
static int check_secret(struct weir_draft *d, const struct weir_config *running)
{
	bool is_random = d->secret_file == NULL;

	if (is_random && running->random_secret)
		return 0;
	if (!is_random &&
		memcmp(d->secret->bytes, running->secret->bytes, sizeof(d->secret->bytes)) == 0)
		return 0;
	return weir_draft_refuse(d, weir_draft_key(d->at, "cookie.secret_file"),
		"the secret cannot change while synweir runs: clients in their handshake could not "
		"finish it");
}

int weir_check_running(struct weir_draft *d, const struct weir_config *running)
{
	int ret = check_process(d, running);

	if (ret == 0)
		ret = check_ports(d, running->policy);
	if (ret == 0)
		ret = check_interfaces(d, running->policy);
	if (ret == 0)
		ret = check_limits(d, &running->policy->limits);
	if (ret == 0)
		ret = check_secret(d, running);
	return ret;
}

/* Where the draft has what weir_policy_derive() calls the wanted policy's backend `at`. */
static const config_setting_t *backend_at(const struct weir_draft *d, uint32_t at)
{
	uint32_t s = 0;

	while (at >= d->services[s].n_backends)
		at -= d->services[s++].n_backends;
	return d->services[s].backends[at].at;
}

/* There is no number left for another service or backend. */
static int refuse_number(struct weir_draft *d, const config_setting_t *at, uint32_t room,
	const char *what)
{
	return weir_draft_refuse(d, at,
		"there is memory for %u %s, removed ones with connections included: wait for "
		"those to end, or raise limits.%s and restart",
		room, what, what);
}

int weir_check_refused(struct weir_draft *d, const struct weir_derivation *how,
	const struct weir_limits *running)
{
	const config_setting_t *at =
		how->at_service ? d->services[how->at].at : backend_at(d, how->at);
	const config_setting_t *mode = weir_draft_key(at, "mode");
	const config_setting_t *address = weir_draft_key(at, how->at_service ? "vip" : "address");

	switch (how->refusal) {
	case WEIR_REFUSAL_NONE:
		break;
	case WEIR_REFUSAL_SERVICES:
		return refuse_number(d, at, running->services, "services");
	case WEIR_REFUSAL_LISTENERS:
		return refuse_number(d, at, running->listeners, "listeners");
	case WEIR_REFUSAL_BACKENDS:
		return refuse_number(d, at, running->backends, "backends");
	case WEIR_REFUSAL_MODE:
		return weir_draft_refuse(d, mode,
			"a service's mode cannot change while it has connections: restart, or "
			"remove it first and wait for them to end");
	case WEIR_REFUSAL_WSCALE:
		return weir_draft_refuse(d, weir_draft_key(at, "profile.window_scale"),
			"cannot change while synweir runs, as clients in their handshake were "
			"promised the old one: restart");
	case WEIR_REFUSAL_LISTENER:
		return weir_draft_refuse(d, address,
			"is another service's while synweir runs: restart, or remove that one "
			"first and wait for its connections to end");
	case WEIR_REFUSAL_POOLS:
		return weir_draft_refuse(d, mode,
			"\"fullnat\" needs memory for local ports, and no service was that at the "
			"start: restart");
	case WEIR_REFUSAL_EGRESS:
		return weir_draft_refuse(d, address,
			"is reached by another port than before, and has connections from its "
			"addresses: restart, or remove it first and wait for them to end");
	case WEIR_REFUSAL_SHARED:
		return weir_draft_refuse(d, address,
			"is a removed backend's that still has connections in another mode: wait "
			"for them to end");
	case WEIR_REFUSAL_ENDPOINT:
		return weir_draft_refuse(d, address,
			"is a removed %s's that still has connections: wait for them to end",
			how->at_service ? "backend" : "service");
	}
	return weir_draft_refuse(d, at, "cannot be had while synweir runs");
}
