/* SPDX-License-Identifier: BSD-3-Clause */
/* What was measured, as a line a second, as text at the end, and as files. */
#ifndef WEIRGEN_REPORT_H
#define WEIRGEN_REPORT_H

#include "station.h"

/* All counters at one moment. */
struct report {
	uint64_t at_ns;
	uint64_t tx_pkts, tx_bytes, rx_pkts, rx_bytes, lost, full, flood;
	uint64_t seen[METER_CLASSES];
};

void report_take(struct report *r, const struct station *stations, unsigned int n, uint64_t now_ns);

/* What has happened since the moment before, to stderr. */
void report_line(const struct report *now, const struct report *before, double seconds);

/* To stdout, and where the options say. 0, or -1 after a line on stderr. */
int report_end(const struct options *o, const struct station *stations, unsigned int n);

#endif
