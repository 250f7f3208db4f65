// SPDX-License-Identifier: BSD-3-Clause
/* The ports' host interfaces. */
#include <string.h>

#include "config/check.h"

#define IFACE "iface="

/* The device of a port stands on an interface of the kernel with that name. */
static bool stands_on(const char *device, const char *name)
{
	const char *at = strstr(device, "," IFACE);
	const size_t len = strlen(name);

	if (at == NULL)
		return false;
	at += 1 + strlen(IFACE);
	return strcspn(at, ",") == len && strncmp(at, name, len) == 0;
}

static int check_name(struct weir_draft *d, uint32_t i)
{
	const char *name = d->ports[i].port.host.interface;
	const config_setting_t *at = weir_draft_key(d->ports[i].at, "host.interface");

	for (uint32_t j = 0; j < d->n_ports; j++) {
		if (j < i && strcmp(d->ports[j].port.host.interface, name) == 0)
			return weir_draft_refuse(d, at,
				"is the host interface of port \"%s\" already",
				d->ports[j].port.name);
		if (stands_on(d->ports[j].port.device, name))
			return weir_draft_refuse(d, at,
				"is what port \"%s\" is on: the host interface is a new one",
				d->ports[j].port.name);
	}
	return 0;
}

static int check_peers(struct weir_draft *d, struct weir_draft_port *p)
{
	struct weir_host *h = &p->port.host;

	for (uint32_t i = 0; i < p->n_peers; i++) {
		const char *why = weir_check_host_in(d, &p->peers[i]);

		if (why != NULL)
			return weir_draft_refuse(d,
				config_setting_get_elem(weir_draft_key(p->at, "host.peers"), i),
				"%s", why);
		h->peers[h->n_peers++] = p->peers[i];
	}
	return 0;
}

static bool has_address(const struct weir_draft_interface *p, const struct weir_interface_addr *net)
{
	for (uint32_t i = 0; i < p->n_addrs; i++)
		if (weir_addr_in(&p->addrs[i].addr, &net->addr, net->prefix))
			return true;
	return false;
}

/* The kernel would answer for a VIP: it does not get the address. */
static int check_vips(struct weir_draft *d, const struct weir_draft_port *p)
{
	for (uint32_t i = 0; i < d->n_services; i++)
		for (uint32_t v = 0; v < d->services[i].n_vips; v++)
			if (has_address(&p->own, &d->services[i].vips[v]))
				return weir_draft_warn(d, weir_check_vip_at(&d->services[i], v),
					"is the address of port \"%s\", too: all that comes for it "
					"is synweir's, and host interface %s does not get it",
					p->port.name, p->port.host.interface);
	return 0;
}

int weir_check_hosts(struct weir_draft *d)
{
	int ret = 0;

	for (uint32_t i = 0; i < d->n_ports && ret == 0; i++) {
		if (!weir_port_has_host(&d->ports[i].port))
			continue;
		ret = check_name(d, i);
		if (ret == 0)
			ret = check_peers(d, &d->ports[i]);
		if (ret == 0)
			ret = check_vips(d, &d->ports[i]);
	}
	return ret;
}
