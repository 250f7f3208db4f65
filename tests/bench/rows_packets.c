// SPDX-License-Identifier: BSD-3-Clause
/* The data path per packet: what a flood costs, what an established connection's segment costs. */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "cycles.h"
#include "report.h"

typedef void burst_fn(struct world *w, const struct frame *frames, unsigned int n);

static uint64_t run_lot(const struct rows_run *r, unsigned int lot, burst_fn *burst)
{
	const struct frame *frames = r->frames + lot * ROWS_LOT;
	uint64_t start = cycles();

	for (unsigned int at = 0; at < ROWS_LOT; at += WEIR_BURST)
		burst(r->world, frames + at, WEIR_BURST);
	return cycles() - start;
}

uint64_t rows_run_floor(void *ctx, unsigned int lot)
{
	return run_lot(ctx, lot, world_floor);
}

uint64_t rows_run_full(void *ctx, unsigned int lot)
{
	return run_lot(ctx, lot, world_burst);
}

struct samples rows_measure(const struct rows_options *o, struct world *w)
{
	struct rows_run run = {w, o->frames};
	struct samples_job job = {.floor = rows_run_floor,
		.full = rows_run_full,
		.ctx = &run,
		.lots = FRAMES / ROWS_LOT,
		.per_lot = ROWS_LOT,
		.rounds = o->rounds};
	struct samples result;

	memset(w->fates, 0, sizeof(w->fates));
	samples_take(&job, &result);
	return result;
}

/* Packets of all rounds that did not end so. */
static uint64_t others(const struct world *w, enum weir_fate expected)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < WEIR_FATES; i++)
		sum += i == expected ? 0 : w->fates[i];
	return sum;
}

/* A row measures what it says: nearly all packets end in one way. */
static void row(const struct rows_options *o, struct world *w, const char *name, frame_maker *make,
	enum weir_fate expected)
{
	struct samples s;
	char full[64];

	frames_fill(o->frames, FRAMES, w, make, make, 0);
	s = rows_measure(o, w);
	if (others(w, expected) > w->fates[expected] / 100) {
		fprintf(stderr, "bench: of %s %lu packets did not end in %s\n", name,
			(unsigned long)others(w, expected), weir_fates[expected].name);
		exit(1);
	}
	snprintf(full, sizeof(full), "%s%s", name, w->family == WEIR_FAMILY_IPV6 ? "6" : "");
	report_cycles(full, "conns", w->px.table.count, &s);
}

void rows_packets(const struct rows_options *o, struct world *w)
{
	row(o, w, "syn", frame_make_syn, WEIR_FATE_syn_cookie);
	row(o, w, "bad_ack", frame_make_bad_ack, WEIR_FATE_bad_cookie);
	row(o, w, "established_client", frame_make_client, WEIR_FATE_to_backend);
	row(o, w, "established_backend", frame_make_backend, WEIR_FATE_to_client);
}

/* Whole rounds of the same frames: how many, the packets' fates tell. */
static uint64_t rounds_run(const struct world *w)
{
	uint64_t packets = 0;

	for (unsigned int i = 0; i < WEIR_FATES; i++)
		packets += w->fates[i];
	return packets / FRAMES;
}

static void mixture(const struct rows_options *o, struct world *w, const char *name,
	frame_maker *flood, unsigned int flood_percent)
{
	uint64_t established =
		frames_fill(o->frames, FRAMES, w, flood, frame_make_either, 100 - flood_percent);
	struct samples s = rows_measure(o, w);
	uint64_t passed = w->fates[WEIR_FATE_to_backend] + w->fates[WEIR_FATE_to_client];
	char lost[64];

	report_cycles(name, "% flood", flood_percent, &s);
	snprintf(lost, sizeof(lost), "%s_lost", name);
	report_value(lost, "% flood", flood_percent,
		(double)(established * rounds_run(w)) - (double)passed, "segments");
}

void rows_mixed(const struct rows_options *o, struct world *w)
{
	static const unsigned int shares[] = {0, 25, 50, 75, 90, 100};

	for (unsigned int i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		mixture(o, w, "mixed_syn", frame_make_syn, shares[i]);
	for (unsigned int i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		mixture(o, w, "mixed_ack", frame_make_bad_ack, shares[i]);
}

void rows_memory(const struct world *w)
{
	double conns = w->px.table.capacity;

	report_value("memory", "conns", conns, (double)w->memory_bytes / conns, "B/conn");
	report_value("start", "conns", conns, w->open_s, "s");
}
