// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/listing_host.h"

#include "flow/host.h"

#define ROWS (WEIR_HOST_CLASSES + 1) /* of a port; the last one: what the kernel sends */

uint32_t weir_hosts_count(const struct weir_view *v)
{
	return v->policy->n_ports * ROWS;
}

bool weir_hosts_is_vacant(const struct weir_view *v, uint32_t i)
{
	return !weir_port_has_host(&v->policy->ports[i / ROWS]);
}

void weir_hosts_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const uint32_t port = i / ROWS, class = i % ROWS;
	const struct weir_port *p = &v->policy->ports[port];
	const struct weir_host_counters c = weir_view_port(v, port).host;
	const bool to = class < WEIR_HOST_CLASSES;

	weir_row_text(row, "port", p->name);
	weir_row_text(row, "interface", p->host.interface);
	weir_row_text(row, "direction", to ? "to host" : "from host");
	weir_row_text(row, "class", to ? weir_host_class_name(class) : "all");
	weir_row_number(row, "limit_pps",
		to ? (uint64_t)p->host.rate[class] * v->policy->n_workers : 0);
	weir_row_number(row, "pkts", to ? c.passed[class] : c.sent);
	weir_row_number(row, "limited", to ? c.limited[class] : 0);
	weir_row_number(row, "queue_full", to ? c.full[class] : 0);
	weir_row_number(row, "refused", to ? weir_counted(&v->port[port].host_refused[class]) : 0);
}
