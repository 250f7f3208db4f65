/* SPDX-License-Identifier: BSD-3-Clause */
/* What was measured: all counters of all ports, summed up at one moment. */
#ifndef WEIRGEN_TOTALS_H
#define WEIRGEN_TOTALS_H

#include "station.h"

struct totals {
	uint64_t at_ns;
	uint64_t tx_pkts, tx_bytes, rx_pkts, rx_bytes, no_buffer, full, missed, flood;
	uint64_t seen[METER_CLASSES];
	struct client_counts client;
	struct host_counts client_tcp, backend_tcp;
	struct backend_counts backend;
	uint64_t open; /* connections */
};

void totals_take(struct totals *r, const struct station *stations, unsigned int n, uint64_t now_ns);

/* SYNs and ACKs of the flood without an answer. A retransmitted SYN-ACK counts as another answer. */
uint64_t totals_unanswered(const struct totals *t);

/* Segments with data that one side sent and the other has not received. Below 0: some arrived twice. */
int64_t totals_lost(const struct host_counts *from, const struct host_counts *to);

#endif
