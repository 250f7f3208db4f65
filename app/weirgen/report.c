// SPDX-License-Identifier: BSD-3-Clause
/* The measurement as text: a line a second to stderr, the end on stdout. Files: JSON, HdrHistogram. */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hdr.h"
#include "report_json.h"

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

/*
 * While it runs
 */

static void line_of_conns(const struct totals *now, const struct totals *before, double took)
{
	char done[16], responses[16];

	fprintf(stderr, "  %sconns/s  %sresponses/s  open %" PRIu64 "  failed %" PRIu64,
		rate_text(done, now->client.done - before->client.done, took),
		rate_text(responses, now->client.responses - before->client.responses, took),
		now->open, client_failed(&now->client));
}

void report_line(const struct options *o, const struct totals *now, const struct totals *before,
	double seconds)
{
	double took = (double)(now->at_ns - before->at_ns) / 1e9;
	char tx[16], rx[16], syn_ack[16], rst[16];

	fprintf(stderr, "%7.1f s  tx %spps  rx %spps", seconds,
		rate_text(tx, now->tx_pkts - before->tx_pkts, took),
		rate_text(rx, now->rx_pkts - before->rx_pkts, took));
	if (o->mode == MODE_CONNS || o->mode == MODE_MIXED)
		line_of_conns(now, before, took);
	if (o->mode != MODE_CONNS)
		fprintf(stderr, "  SYN-ACK %s/s  RST %s/s",
			rate_text(syn_ack, now->seen[METER_SYN_ACK] - before->seen[METER_SYN_ACK],
				took),
			rate_text(rst, now->seen[METER_RST] - before->seen[METER_RST], took));
	fprintf(stderr, "\n");
}

/*
 * At the end
 */

static double percent(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void print_packets(const struct totals *r, const struct totals *end, double seconds)
{
	char tx[16], rx[16], bits[16];

	printf("  sent         %" PRIu64 " packets, %spps, %sbit/s\n", r->tx_pkts,
		rate_text(tx, end->tx_pkts, seconds), rate_text(bits, 8 * end->tx_bytes, seconds));
	printf("  received     %" PRIu64 " packets, %spps\n", r->rx_pkts,
		rate_text(rx, end->rx_pkts, seconds));
	for (unsigned int c = 0; c < METER_CLASSES; c++)
		if (r->seen[c] > 0)
			printf("    %-13s %" PRIu64 "\n", meter_names[c], r->seen[c]);
	if (r->full > 0)
		printf("  in %" PRIu64 " turns the device had no room for more\n", r->full);
	if (r->missed > 0)
		printf("  %" PRIu64 " were due and too late: the rate was not reached\n",
			r->missed);
	if (r->no_buffer > 0)
		printf("  %" PRIu64 " frames had no room or no buffer\n", r->no_buffer);
}

static void print_flood(const struct totals *r)
{
	printf("  flood        %" PRIu64 " sent, %" PRIu64 " not answered (%.4f %%)\n", r->flood,
		totals_unanswered(r), percent(totals_unanswered(r), r->flood));
}

static void print_latency(const char *what, const struct hist *h)
{
	printf("  %-12s p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f us\n", what,
		(double)hist_percentile(h, 500000) / 1e3, (double)hist_percentile(h, 900000) / 1e3,
		(double)hist_percentile(h, 990000) / 1e3, (double)hist_percentile(h, 999000) / 1e3,
		(double)h->max / 1e3);
}

static void print_conns(const struct totals *r, const struct totals *end, double seconds)
{
	char done[16], responses[16];

	printf("  connections  %" PRIu64 " begun, %" PRIu64 " done, %" PRIu64 " failed, %" PRIu64
	       " left open; %s/s\n",
		r->client.begun, r->client.done, client_failed(&r->client), r->open,
		rate_text(done, end->client.done, seconds));
	for (unsigned int f = 0; f < CLIENT_FAILURES; f++)
		if (r->client.failed[f] > 0)
			printf("    %-13s %" PRIu64 "\n", client_failure_names[f],
				r->client.failed[f]);
	printf("  requests     %" PRIu64 ", responses %" PRIu64 ", %s/s\n", r->client.requests,
		r->client.responses, rate_text(responses, end->client.responses, seconds));
	printf("  retransmits  %" PRIu64 " segments by clients, %" PRIu64 " by backends\n",
		r->client_tcp.resent, r->backend_tcp.resent);
	if (r->client.no_tuple > 0)
		printf("  %" PRIu64
		       " times no address and port was free: widen --from or --ports\n",
			r->client.no_tuple);
}

static void print_path(const char *what, const struct host_counts *from,
	const struct host_counts *to)
{
	int64_t lost = totals_lost(from, to);

	printf("  %-12s %" PRIu64 " segments with data sent, %" PRIi64 " lost (%.4f %%)\n", what,
		from->data_out, lost, percent(lost > 0 ? (uint64_t)lost : 0, from->data_out));
}

static void print_text(const struct options *o, const struct station *clients,
	const struct totals *r, const struct totals *end, double seconds)
{
	printf("weirgen %s, %.2f s, of which %.2f s on a CPU\n", mode_names[o->mode], seconds,
		(double)clients->cpu_ns / 1e9);
	print_packets(r, end, seconds);
	if (r->flood > 0)
		print_flood(r);
	if (!clients->has_clients)
		return;
	print_conns(r, end, seconds);
	if (o->n_backends > 0) {
		print_path("to backends", &r->client_tcp, &r->backend_tcp);
		print_path("to clients", &r->backend_tcp, &r->client_tcp);
	}
	print_latency("handshake", &clients->client.handshake);
	print_latency("first byte", &clients->client.first_byte);
}

static int write_hdr(const char *name, const char *what, const struct hist *h)
{
	char path[4096];
	FILE *f;
	bool bad;

	snprintf(path, sizeof(path), "%s.%s.hgrm", name, what);
	f = fopen(path, "w");
	if (f == NULL) {
		fprintf(stderr, "weirgen: cannot write %s: %s\n", path, strerror(errno));
		return -1;
	}
	hdr_print(f, h);
	bad = ferror(f) != 0;
	if (fclose(f) == 0 && !bad)
		return 0;
	fprintf(stderr, "weirgen: cannot write %s\n", path);
	return -1;
}

int report_end(const struct options *o, const struct station *stations, unsigned int n,
	const struct totals *end)
{
	double seconds = (double)(stations[0].stopped_ns - stations[0].started_ns) / 1e9;
	struct totals r;
	int rc = 0;

	totals_take(&r, stations, n, 0);
	print_text(o, &stations[0], &r, end, seconds);
	if (o->json != NULL)
		rc |= report_json(o, &stations[0], &r, end, seconds);
	if (o->hdr != NULL) {
		rc |= write_hdr(o->hdr, "handshake", &stations[0].client.handshake);
		rc |= write_hdr(o->hdr, "first_byte", &stations[0].client.first_byte);
	}
	return rc != 0 || client_failed(&r.client) > 0 || r.open > 0 ? -1 : 0;
}
