// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/listing_ports.h"

#include <stdio.h>

uint32_t weir_ports_count(const struct weir_view *v)
{
	return v->policy->n_ports;
}

static void add_addresses(struct weir_row *row, const struct weir_interface *p)
{
	char addr[WEIR_ADDR_TEXT], text[WEIR_ADDR_TEXT + 4];

	weir_row_list(row, "addresses", WEIR_FIELD_TEXTS);
	for (unsigned int a = 0; p != NULL && a < p->n_addrs; a++) {
		const struct weir_interface_addr *pa = &p->addrs[a];

		snprintf(text, sizeof(text), "%s/%d", weir_addr_text(&pa->addr, addr),
			weir_addr_is_v4(&pa->addr) ? pa->prefix - 96 : pa->prefix);
		weir_row_list_text(row, text);
	}
}

/* Of that port; NULL: it has VLANs only. */
static const struct weir_interface *untagged(const struct weir_policy *p, uint32_t port)
{
	for (uint32_t i = 0; i < p->n_interfaces; i++)
		if (p->interfaces[i].port == port && p->interfaces[i].vlan == 0)
			return &p->interfaces[i];
	return NULL;
}

void weir_ports_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const struct weir_port *p = &v->policy->ports[i];
	const struct weir_view_port *d = &v->port[i];
	const struct weir_port_counters c = weir_view_port(v, i);
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", d->mac[0], d->mac[1], d->mac[2],
		d->mac[3], d->mac[4], d->mac[5]);
	weir_row_text(row, "name", p->name);
	weir_row_text(row, "device", p->device);
	weir_row_text(row, "driver", d->driver);
	weir_row_text(row, "mac", mac);
	add_addresses(row, untagged(v->policy, i));
	weir_row_number(row, "mtu", p->mtu);
	weir_row_number(row, "queues", d->queues);
	weir_row_text(row, "steering", d->rss ? "rss" : "software");
	weir_row_text(row, "checksums", d->csum_offload ? "device" : "software");
	weir_row_text(row, "link", weir_counted(&d->link_up) ? "up" : "down");
	weir_row_number(row, "mbps", weir_counted(&d->link_mbps));
	weir_row_number(row, "rx_pkts", c.rx_pkts);
	weir_row_number(row, "rx_bytes", c.rx_bytes);
	weir_row_number(row, "tx_pkts", c.tx_pkts);
	weir_row_number(row, "tx_bytes", c.tx_bytes);
	weir_row_number(row, "rx_missed", weir_counted(&d->rx_missed));
	weir_row_number(row, "rx_no_mbuf", weir_counted(&d->rx_no_mbuf));
	weir_row_number(row, "tx_errors", weir_counted(&d->tx_errors));
}

uint32_t weir_interfaces_count(const struct weir_view *v)
{
	return v->policy->n_interfaces;
}

void weir_interfaces_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const struct weir_interface *p = &v->policy->interfaces[i];

	weir_row_text(row, "name", p->name);
	weir_row_text(row, "port", v->policy->ports[p->port].name);
	weir_row_number(row, "vlan", p->vlan);
	add_addresses(row, p);
	weir_row_text(row, "clients", p->no_clients ? "no" : "yes");
	weir_row_text(row, "reverse_path", p->loose ? "loose" : "strict");
}
