// SPDX-License-Identifier: BSD-3-Clause
#include "totals.h"

#include <string.h>

#include "flow/counters.h"

/* A struct of nothing but counters. */
static void add_counts(void *sum, const void *counts, size_t bytes)
{
	uint64_t *to = sum;
	const uint64_t *from = counts;

	for (size_t i = 0; i < bytes / sizeof(*to); i++)
		to[i] += weir_counted(&from[i]);
}

void totals_take(struct totals *r, const struct station *stations, unsigned int n, uint64_t now_ns)
{
	memset(r, 0, sizeof(*r));
	r->at_ns = now_ns;
	for (unsigned int i = 0; i < n; i++) {
		const struct station *s = &stations[i];

		r->tx_pkts += weir_counted(&s->port.tx_pkts);
		r->tx_bytes += weir_counted(&s->port.tx_bytes);
		r->rx_pkts += weir_counted(&s->port.rx_pkts);
		r->rx_bytes += weir_counted(&s->port.rx_bytes);
		r->no_buffer += weir_counted(&s->port.lost);
		r->full += weir_counted(&s->full);
		r->missed += weir_counted(&s->pacer.missed);
		r->flood += weir_counted(&s->flood.sent);
		add_counts(r->seen, s->meter.seen, sizeof(r->seen));
		add_counts(&r->client, &s->client.counts, sizeof(r->client));
		add_counts(&r->client_tcp, &s->client.host.counts, sizeof(r->client_tcp));
		add_counts(&r->backend, &s->backend.counts, sizeof(r->backend));
		add_counts(&r->backend_tcp, &s->backend.host.counts, sizeof(r->backend_tcp));
	}
	r->open = r->client.begun - r->client.done - client_failed(&r->client);
}

uint64_t totals_unanswered(const struct totals *r)
{
	uint64_t answered = r->seen[METER_SYN_ACK] + r->seen[METER_RST];

	return r->flood > answered ? r->flood - answered : 0;
}

int64_t totals_lost(const struct host_counts *from, const struct host_counts *to)
{
	return (int64_t)(from->data_out - to->data_in);
}
