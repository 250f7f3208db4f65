// SPDX-License-Identifier: BSD-3-Clause
/*
 * HC-66: which interfaces lead to clients. One does not when backends are behind it and nothing else: it
 * has no gateway, no VIP lies in a subnet of it, and each of its routes leads to a backend.
 */
#include "config/check.h"

static bool has_backend(const struct weir_draft *d, uint32_t interface,
	const struct weir_interface_addr *behind)
{
	for (uint32_t i = 0; i < d->n_services; i++)
		for (uint32_t j = 0; j < d->services[i].n_backends; j++) {
			const struct weir_backend *b = &d->services[i].backends[j].backend;

			if (b->egress == interface &&
				(behind == NULL ||
					weir_addr_in(&b->addr, &behind->addr, behind->prefix)))
				return true;
		}
	return false;
}

/* An address of the service's is in that subnet. */
static bool meets(const struct weir_draft_service *s, const struct weir_interface_addr *subnet)
{
	for (uint32_t v = 0; v < s->n_vips; v++) {
		const struct weir_interface_addr *vip = &s->vips[v];
		const uint8_t shorter = vip->prefix < subnet->prefix ? vip->prefix : subnet->prefix;

		if (weir_addr_in(&vip->addr, &subnet->addr, shorter))
			return true;
	}
	return false;
}

static bool has_vip(const struct weir_draft *d, const struct weir_draft_interface *p)
{
	for (uint32_t i = 0; i < d->n_services; i++)
		for (uint32_t a = 0; a < p->n_addrs; a++)
			if (meets(&d->services[i], &p->addrs[a]))
				return true;
	return false;
}

static bool has_gateway(const struct weir_draft_interface *p)
{
	return p->gateway[WEIR_DRAFT_IPV4].n_addrs != 0 || p->gateway[WEIR_DRAFT_IPV6].n_addrs != 0;
}

static bool has_backends_only(const struct weir_draft *d, uint32_t interface)
{
	const struct weir_draft_interface *p = d->interfaces[interface];

	if (has_gateway(p) || !has_backend(d, interface, NULL) || has_vip(d, p))
		return false;
	for (uint32_t r = 0; r < p->n_routes; r++)
		if (!has_backend(d, interface, &p->routes[r].to))
			return false;
	return true;
}

/* When no other interface could have clients, they must be behind these. */
void weir_check_client_interfaces(struct weir_draft *d)
{
	bool elsewhere = false;

	for (uint32_t i = 0; i < d->n_interfaces; i++)
		elsewhere |= !has_backends_only(d, i);
	for (uint32_t i = 0; i < d->n_interfaces; i++)
		d->interfaces[i]->no_clients = elsewhere && has_backends_only(d, i);
}
