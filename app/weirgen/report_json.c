// SPDX-License-Identifier: BSD-3-Clause
#include "report_json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Members of an object, one a line. */
struct json {
	FILE *f;
	unsigned int depth;
	bool first;
};

static void name(struct json *j, const char *text)
{
	fprintf(j->f, "%s\n%*s\"%s\": ", j->first ? "" : ",", (int)(2 * j->depth), "", text);
	j->first = false;
}

static void number(struct json *j, const char *text, int64_t value)
{
	name(j, text);
	fprintf(j->f, "%" PRIi64, value);
}

static void count(struct json *j, const char *text, uint64_t value)
{
	number(j, text, (int64_t)value);
}

static void rate(struct json *j, const char *text, uint64_t n, double seconds)
{
	name(j, text);
	fprintf(j->f, "%.0f", seconds > 0 ? (double)n / seconds : 0);
}

static void begin(struct json *j, const char *text)
{
	name(j, text);
	fprintf(j->f, "{");
	j->depth++;
	j->first = true;
}

static void end_object(struct json *j)
{
	j->depth--;
	fprintf(j->f, "\n%*s}", (int)(2 * j->depth), "");
	j->first = false;
}

static void latency(struct json *j, const char *text, const struct hist *h)
{
	begin(j, text);
	count(j, "count", h->n);
	count(j, "mean", h->n ? h->sum / h->n : 0);
	count(j, "p50", hist_percentile(h, 500000));
	count(j, "p90", hist_percentile(h, 900000));
	count(j, "p99", hist_percentile(h, 990000));
	count(j, "p99_9", hist_percentile(h, 999000));
	count(j, "max", h->max);
	end_object(j);
}

static void packets(struct json *j, const struct totals *r, const struct totals *end,
	double seconds)
{
	count(j, "tx_pkts", r->tx_pkts);
	count(j, "tx_bytes", r->tx_bytes);
	rate(j, "tx_pps", end->tx_pkts, seconds);
	count(j, "rx_pkts", r->rx_pkts);
	count(j, "rx_bytes", r->rx_bytes);
	rate(j, "rx_pps", end->rx_pkts, seconds);
	count(j, "device_full", r->full);
	count(j, "missed", r->missed);
	count(j, "no_buffer", r->no_buffer);
	begin(j, "received");
	for (unsigned int c = 0; c < METER_CLASSES; c++)
		count(j, meter_names[c], r->seen[c]);
	end_object(j);
	begin(j, "flood");
	count(j, "sent", r->flood);
	count(j, "unanswered", totals_unanswered(r));
	end_object(j);
}

static void path(struct json *j, const char *text, const struct host_counts *from,
	const struct host_counts *to)
{
	begin(j, text);
	count(j, "sent", from->data_out);
	number(j, "lost", totals_lost(from, to));
	count(j, "resent", from->resent);
	end_object(j);
}

static void conns(struct json *j, const struct totals *r, const struct totals *end, double seconds)
{
	begin(j, "conns");
	count(j, "begun", r->client.begun);
	count(j, "opened", r->client.opened);
	count(j, "done", r->client.done);
	count(j, "failed", client_failed(&r->client));
	count(j, "left_open", r->open);
	rate(j, "per_second", end->client.done, seconds);
	begin(j, "failures");
	for (unsigned int f = 0; f < CLIENT_FAILURES; f++)
		count(j, client_failure_names[f], r->client.failed[f]);
	end_object(j);
	count(j, "requests", r->client.requests);
	count(j, "responses", r->client.responses);
	rate(j, "responses_per_second", end->client.responses, seconds);
	end_object(j);
}

static void backends(struct json *j, const struct backend_counts *b)
{
	begin(j, "backends");
	count(j, "syns", b->syns);
	count(j, "opened", b->opened);
	count(j, "closed", b->closed);
	count(j, "reset", b->reset);
	count(j, "timeout", b->timeout);
	count(j, "full", b->full);
	end_object(j);
}

static void print(struct json *j, const struct options *o, const struct station *clients,
	const struct totals *r, const struct totals *end, double seconds)
{
	fprintf(j->f, "{");
	name(j, "mode");
	fprintf(j->f, "\"%s\"", mode_names[o->mode]);
	name(j, "seconds");
	fprintf(j->f, "%.6f", seconds);
	name(j, "cpu_seconds");
	fprintf(j->f, "%.6f", (double)clients->cpu_ns / 1e9);
	packets(j, r, end, seconds);
	if (clients->has_clients) {
		conns(j, r, end, seconds);
		latency(j, "handshake_ns", &clients->client.handshake);
		latency(j, "first_byte_ns", &clients->client.first_byte);
		path(j, "to_backends", &r->client_tcp, &r->backend_tcp);
		path(j, "to_clients", &r->backend_tcp, &r->client_tcp);
	}
	if (o->n_backends > 0)
		backends(j, &r->backend);
	fprintf(j->f, "\n}\n");
}

int report_json(const struct options *o, const struct station *clients, const struct totals *r,
	const struct totals *end, double seconds)
{
	struct json j = {.f = fopen(o->json, "w"), .depth = 1, .first = true};
	bool bad;

	if (j.f == NULL) {
		fprintf(stderr, "weirgen: cannot write %s: %s\n", o->json, strerror(errno));
		return -1;
	}
	print(&j, o, clients, r, end, seconds);
	bad = ferror(j.f) != 0;
	if (fclose(j.f) == 0 && !bad)
		return 0;
	fprintf(stderr, "weirgen: cannot write %s\n", o->json);
	return -1;
}
