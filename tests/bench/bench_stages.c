// SPDX-License-Identifier: BSD-3-Clause
/*
 * Where a packet's cycles go: the way of a burst through the core with the clock (TSC) read between
 * its stages. They are the conductor's own business, so its source is part of this program rather
 * than of the library; staged_burst() does what weir_proxy_burst() does and must be kept so.
 *
 *	bench_stages [--tsv FILE] [CONNECTIONS]...    (default: 1000)
 *
 * A stage's figure has its share of reading the clock in it: less than a cycle.
 */
#include "../../lib/tcp/burst.c"
#include "../../lib/tcp/proxy.c"

#include <stdio.h>
#include <stdlib.h>

#include "cycles.h"
#include "dialogue.h"
#include "report.h"
#include "samples.h"

#define LOT    1024u
#define LOTS   (FRAMES / LOT)
#define ROUNDS 5u

enum stage {
	STAGE_RECEIVE, /* the floor's */
	STAGE_PARSE,
	STAGE_CLASSIFY,
	STAGE_SORT,
	STAGE_HASH,
	STAGE_MAKE,
	STAGE_GUESS,
	STAGE_FIND,
	STAGE_CHECK,
	STAGE_DECIDE,
	STAGE_TICK,
	STAGE_LEAVE, /* MAC addresses, counting fates */
	STAGES
};

static const char *const stage_names[STAGES] = {"receive", "parse", "classify", "sort", "hash",
	"make_cookies", "guess", "find", "check_cookies", "decide", "tick", "leave"};

/* Cycles since *then go to the stage that ends here. */
static inline void mark(uint64_t *sums, enum stage stage, uint64_t *then)
{
	uint64_t now = cycles();

	sums[stage] += now - *then;
	*then = now;
}

static void staged_burst(struct world *w, const struct frame *frames, uint64_t sums[STAGES])
{
	struct weir_pkt *pkts = w->pkts;
	struct weir_proxy *px = &w->px;
	enum weir_parsed parsed[WEIR_BURST];
	struct weir_burst b;
	uint64_t then = cycles();

	world_receive(w, frames, WEIR_BURST);
	mark(sums, STAGE_RECEIVE, &then);
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		parsed[i] = weir_pkt_parse(&pkts[i]);
	mark(sums, STAGE_PARSE, &then);
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		weir_classify(w->policy, &pkts[i], parsed[i]);
	mark(sums, STAGE_CLASSIFY, &then);
	px->now_ns = w->now_ns;
	burst_begin(&b, pkts, WEIR_BURST);
	dispatch(px, &b);
	mark(sums, STAGE_SORT, &then);
	hash_keys(px, &b);
	mark(sums, STAGE_HASH, &then);
	make_cookies(px, &b);
	mark(sums, STAGE_MAKE, &then);
	probe_buckets(px, &b);
	mark(sums, STAGE_GUESS, &then);
	look_up_conns(px, &b);
	mark(sums, STAGE_FIND, &then);
	check_cookies(px, &b);
	mark(sums, STAGE_CHECK, &then);
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		decide(px, &b, i);
	mark(sums, STAGE_DECIDE, &then);
	weir_proxy_tick(px, w->now_ns);
	mark(sums, STAGE_TICK, &then);
	world_leave(w, WEIR_BURST);
	mark(sums, STAGE_LEAVE, &then);
}

static void run_lot(struct world *w, const struct frame *frames, double *into[STAGES])
{
	uint64_t sums[STAGES] = {0};

	for (unsigned int at = 0; at < LOT; at += WEIR_BURST)
		staged_burst(w, frames + at, sums);
	for (unsigned int s = 0; s < STAGES; s++)
		*into[s]++ = (double)sums[s] / LOT;
}

struct row {
	const char *name;
	frame_maker *make;
};

static const struct row rows[] = {
	{"syn", frame_make_syn},
	{"bad_ack", frame_make_bad_ack},
	{"established_client", frame_make_client},
	{"established_backend", frame_make_backend},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void measure(struct world *w, struct frame *frames, const struct row *r,
	double medians[STAGES])
{
	static double values[STAGES][LOTS * ROUNDS];
	double *into[STAGES];

	frames_fill(frames, FRAMES, w, r->make, r->make, 0);
	for (unsigned int s = 0; s < STAGES; s++)
		into[s] = values[s];
	for (unsigned int i = 0; i < LOTS * ROUNDS; i++)
		run_lot(w, frames + i % LOTS * LOT, into);
	for (unsigned int s = 0; s < STAGES; s++) {
		struct samples result = {.full = samples_spread(values[s], LOTS * ROUNDS)};
		char text[64];

		snprintf(text, sizeof(text), "%s/%s", r->name, stage_names[s]);
		report_cycles(text, "conns", w->px.table.count, &result);
		medians[s] = result.full.median;
	}
}

static void print(double medians[ROWS][STAGES])
{
	double sums[ROWS] = {0};

	printf("%-14s", "# stage");
	for (unsigned int r = 0; r < ROWS; r++)
		printf(" %20s", rows[r].name);
	for (unsigned int s = 0; s < STAGES; s++) {
		printf("\n%-14s", stage_names[s]);
		for (unsigned int r = 0; r < ROWS; r++) {
			printf(" %20.1f", medians[r][s]);
			sums[r] += medians[r][s];
		}
	}
	printf("\n%-14s", "all");
	for (unsigned int r = 0; r < ROWS; r++)
		printf(" %20.1f", sums[r]);
	printf("\n");
}

static void with_connections(struct frame *frames, uint32_t n)
{
	struct world *w = world_open(n + n / 8 + 64, 0, 1);
	double medians[ROWS][STAGES];

	dialogue_establish(w, n);
	report_fact("cycles per packet", "%u connections, pages of %s", n, pages_names[w->pages]);
	for (unsigned int r = 0; r < ROWS; r++)
		measure(w, frames, &rows[r], medians[r]);
	print(medians);
	world_close(w);
}

int main(int argc, char **argv)
{
	struct frame *frames = frames_alloc(FRAMES);
	int first = 1;

	if (argc > 2 && strcmp(argv[1], "--tsv") == 0)
		first = 3;
	report_open(first == 3 ? argv[2] : NULL, false);
	if (first == argc)
		with_connections(frames, 1000);
	for (int i = first; i < argc; i++)
		with_connections(frames, (uint32_t)strtoul(argv[i], NULL, 10));
	report_close();
	return 0;
}
