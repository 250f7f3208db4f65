// SPDX-License-Identifier: BSD-3-Clause
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "flow/counters.h"

void report_take(struct report *r, const struct station *stations, unsigned int n, uint64_t now_ns)
{
	memset(r, 0, sizeof(*r));
	r->at_ns = now_ns;
	for (unsigned int i = 0; i < n; i++) {
		const struct station *s = &stations[i];

		r->tx_pkts += weir_counted(&s->port.tx_pkts);
		r->tx_bytes += weir_counted(&s->port.tx_bytes);
		r->rx_pkts += weir_counted(&s->port.rx_pkts);
		r->rx_bytes += weir_counted(&s->port.rx_bytes);
		r->lost += weir_counted(&s->port.lost);
		r->full += weir_counted(&s->full);
		r->flood += weir_counted(&s->flood.sent);
		for (unsigned int c = 0; c < METER_CLASSES; c++)
			r->seen[c] += weir_counted(&s->meter.seen[c]);
	}
}

/* "5.71 M": three digits that count. */
static const char *rate_text(char text[16], uint64_t n, double seconds)
{
	double rate = seconds > 0 ? (double)n / seconds : 0;

	if (rate >= 1e6)
		snprintf(text, 16, "%.2f M", rate / 1e6);
	else if (rate >= 1e3)
		snprintf(text, 16, "%.1f k", rate / 1e3);
	else
		snprintf(text, 16, "%.0f ", rate);
	return text;
}

void report_line(const struct report *now, const struct report *before, double seconds)
{
	double took = (double)(now->at_ns - before->at_ns) / 1e9;
	char tx[16], rx[16], syn_ack[16], rst[16];

	fprintf(stderr, "%7.1f s  tx %spps  rx %spps  SYN-ACK %s/s  RST %s/s\n", seconds,
		rate_text(tx, now->tx_pkts - before->tx_pkts, took),
		rate_text(rx, now->rx_pkts - before->rx_pkts, took),
		rate_text(syn_ack, now->seen[METER_SYN_ACK] - before->seen[METER_SYN_ACK], took),
		rate_text(rst, now->seen[METER_RST] - before->seen[METER_RST], took));
}

static double seconds_of(const struct station *s)
{
	return (double)(s->stopped_ns - s->started_ns) / 1e9;
}

static uint64_t unanswered(const struct report *r)
{
	uint64_t answered = r->seen[METER_SYN_ACK] + r->seen[METER_RST];

	return r->flood > answered ? r->flood - answered : 0;
}

static void print_text(const struct options *o, const struct report *r, double seconds)
{
	char tx[16], rx[16], bits[16];

	printf("weirgen %s, %.2f s\n", mode_names[o->mode], seconds);
	printf("  sent          %" PRIu64 " packets, %spps, %sbit/s\n", r->tx_pkts,
		rate_text(tx, r->tx_pkts, seconds), rate_text(bits, 8 * r->tx_bytes, seconds));
	printf("  received      %" PRIu64 " packets, %spps\n", r->rx_pkts,
		rate_text(rx, r->rx_pkts, seconds));
	for (unsigned int c = 0; c < METER_CLASSES; c++)
		if (r->seen[c] > 0)
			printf("    %-13s %" PRIu64 "\n", meter_names[c], r->seen[c]);
	printf("  flood         %" PRIu64 " sent, %" PRIu64 " not answered (%.4f %%)\n", r->flood,
		unanswered(r), r->flood ? 100.0 * (double)unanswered(r) / (double)r->flood : 0);
	if (r->full > 0)
		printf("  the device had no room in %" PRIu64 " turns: it is the limit\n", r->full);
}

static int print_json(const struct options *o, const struct report *r, double seconds)
{
	FILE *f = fopen(o->json, "w");
	int rc;

	if (f == NULL) {
		fprintf(stderr, "weirgen: cannot write %s: %s\n", o->json, strerror(errno));
		return -1;
	}
	fprintf(f, "{\n  \"mode\": \"%s\",\n  \"seconds\": %.6f,\n", mode_names[o->mode], seconds);
	fprintf(f,
		"  \"tx_pkts\": %" PRIu64 ",\n  \"tx_bytes\": %" PRIu64 ",\n  \"tx_pps\": %.0f,\n",
		r->tx_pkts, r->tx_bytes, (double)r->tx_pkts / seconds);
	fprintf(f,
		"  \"rx_pkts\": %" PRIu64 ",\n  \"rx_bytes\": %" PRIu64 ",\n  \"rx_pps\": %.0f,\n",
		r->rx_pkts, r->rx_bytes, (double)r->rx_pkts / seconds);
	fprintf(f, "  \"flood\": %" PRIu64 ",\n  \"unanswered\": %" PRIu64 ",\n", r->flood,
		unanswered(r));
	for (unsigned int c = 0; c < METER_CLASSES; c++)
		fprintf(f, "  \"%s\": %" PRIu64 ",\n", meter_names[c], r->seen[c]);
	fprintf(f, "  \"device_full\": %" PRIu64 ",\n  \"no_buffer\": %" PRIu64 "\n}\n", r->full,
		r->lost);
	rc = ferror(f) ? -1 : 0;
	if (fclose(f) != 0 || rc != 0) {
		fprintf(stderr, "weirgen: cannot write %s\n", o->json);
		return -1;
	}
	return 0;
}

int report_end(const struct options *o, const struct station *stations, unsigned int n)
{
	double seconds = seconds_of(&stations[0]);
	struct report r;

	report_take(&r, stations, n, 0);
	print_text(o, &r, seconds);
	return o->json != NULL ? print_json(o, &r, seconds) : 0;
}
