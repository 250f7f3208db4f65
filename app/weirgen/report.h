/* SPDX-License-Identifier: BSD-3-Clause */
/* What was measured: a line a second, text at the end, and files. */
#ifndef WEIRGEN_REPORT_H
#define WEIRGEN_REPORT_H

#include "station.h"

/* All counters at one moment, each summed up over the stations. */
struct report {
	uint64_t at_ns;
	uint64_t tx_pkts, tx_bytes, rx_pkts, rx_bytes, no_buffer, full, missed, flood;
	uint64_t seen[METER_CLASSES];
	struct client_counts client;
	struct host_counts client_tcp, backend_tcp;
	struct backend_counts backend;
	uint64_t open; /* connections */
};

void report_take(struct report *r, const struct station *stations, unsigned int n, uint64_t now_ns);

/* What has happened since the moment before, to stderr. */
void report_line(const struct options *o, const struct report *now, const struct report *before,
	double seconds);

/*
 * To stdout, and where the options say, when no thread works any more. end: the moment when nothing
 * new was begun any more. 0, or -1 when a file cannot be written or not all connections were done.
 */
int report_end(const struct options *o, const struct station *stations, unsigned int n,
	const struct report *end);

/* Of the flood. SYN-ACKs that were sent again count too: it may be more than this. */
uint64_t report_unanswered(const struct report *r);

/* Segments with data on their way from one side to the other. */
int64_t report_lost(const struct host_counts *from, const struct host_counts *to);

#endif
