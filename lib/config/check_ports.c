// SPDX-License-Identifier: BSD-3-Clause
/* Ports on their own: their devices, their VLANs, and with them the list of interfaces. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/check.h"

/* Two entries for one device are two names of one thing; vdevs differ in what precedes the comma. */
static bool same_device(const char *a, const char *b)
{
	size_t n = strcspn(a, ",");

	return n == strcspn(b, ",") && strncasecmp(a, b, n) == 0;
}

static int check_device(struct weir_draft *d, uint32_t i)
{
	const struct weir_draft_port *p = &d->ports[i];
	const config_setting_t *at = weir_draft_key(p->at, "device");

	if (strpbrk(p->port.device, " \t\r\n\f") != NULL)
		return weir_draft_refuse(d, at, "must not hold blanks");
	if (strpbrk(p->port.device, ":_.-") == NULL)
		return weir_draft_refuse(d, at,
			"must be a PCI address or a DPDK device; for a network interface of Linux "
			"write "
			"\"net_af_packet0,iface=%s\"",
			p->port.device);
	for (uint32_t j = 0; j < i; j++) {
		if (strcmp(p->port.name, d->ports[j].port.name) == 0)
			return weir_draft_refuse(d, weir_draft_key(p->at, "name"),
				"is the name of ports[%u] already", j);
		if (same_device(p->port.device, d->ports[j].port.device))
			return weir_draft_refuse(d, at, "is the device of port \"%s\" already",
				d->ports[j].port.name);
	}
	return 0;
}

/* One of the port's VLANs with those before it, and with all names of ports. */
static int check_vlan(struct weir_draft *d, const struct weir_draft_port *p, uint32_t v)
{
	const struct weir_draft_interface *mine = &p->vlans[v];
	const config_setting_t *name = weir_draft_key(mine->at, "name");

	for (uint32_t i = 0; i < d->n_ports; i++)
		if (strcmp(mine->name, d->ports[i].port.name) == 0)
			return weir_draft_refuse(d, name, "is the name of ports[%u] already", i);
	for (uint32_t i = 0; i < d->n_interfaces; i++) {
		const struct weir_draft_interface *o = d->interfaces[i];

		if (strcmp(mine->name, o->name) == 0)
			return weir_draft_refuse(d, name, "is the name of another VLAN already");
		if (mine->port == o->port && mine->vlan == o->vlan)
			return weir_draft_refuse(d, weir_draft_key(mine->at, "id"),
				"is VLAN \"%s\" of this port already", o->name);
	}
	return 0;
}

/* Or a part of one. */
static bool has_gateway(const struct weir_draft_hops *hops)
{
	return hops->n_addrs != 0 || hops->n_macs != 0;
}

/*
 * A port takes frames without a tag when it has an address of its own or a way (which needs one: then the checks say
 * so), and when it has no VLANs.
 */
static bool takes_untagged(const struct weir_draft_port *p)
{
	return p->n_vlans == 0 || p->own.n_addrs != 0 || p->own.n_routes != 0 ||
		has_gateway(&p->own.gateway[WEIR_DRAFT_IPV4]) ||
		has_gateway(&p->own.gateway[WEIR_DRAFT_IPV6]);
}

static int add_interface(struct weir_draft *d, struct weir_draft_interface *interface,
	uint32_t port)
{
	if (d->n_interfaces == WEIR_INTERFACES_MAX)
		return weir_draft_refuse(d, interface->at,
			"is one too many: ports and VLANs together may be %u", WEIR_INTERFACES_MAX);
	interface->port = port;
	d->interfaces[d->n_interfaces++] = interface;
	return 0;
}

static int list_interfaces(struct weir_draft *d, uint32_t i)
{
	struct weir_draft_port *p = &d->ports[i];
	int ret = 0;

	p->own.at = p->at;
	memcpy(p->own.name, p->port.name, sizeof(p->own.name));
	if (takes_untagged(p))
		ret = add_interface(d, &p->own, i);
	for (uint32_t v = 0; v < p->n_vlans && ret == 0; v++) {
		p->vlans[v].port = i;
		ret = check_vlan(d, p, v);
		if (ret == 0)
			ret = add_interface(d, &p->vlans[v], i);
	}
	return ret;
}

int weir_check_ports(struct weir_draft *d)
{
	int ret = 0;

	for (uint32_t i = 0; i < d->n_ports && ret == 0; i++)
		ret = check_device(d, i);
	for (uint32_t i = 0; i < d->n_ports && ret == 0; i++)
		ret = list_interfaces(d, i);
	return ret;
}

const char *weir_check_kind(const struct weir_draft_interface *interface)
{
	return interface->vlan != 0 ? "VLAN" : "port";
}
