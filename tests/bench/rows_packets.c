// SPDX-License-Identifier: BSD-3-Clause
/* The data path per packet: what a flood costs, what an established connection's segment costs. */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

#include "report.h"
#include "samples.h"

#define LOT 4096u /* packets in a lot: a fraction of a millisecond */

struct run {
	struct world *world;
	const struct frame *frames;
};

static uint64_t run_floor(void *ctx, unsigned int lot)
{
	struct run *r = ctx;
	const struct frame *frames = r->frames + lot * LOT;
	uint64_t start = __rdtsc();

	for (unsigned int at = 0; at < LOT; at += WEIR_BURST)
		world_floor(r->world, frames + at, WEIR_BURST);
	return __rdtsc() - start;
}

static uint64_t run_full(void *ctx, unsigned int lot)
{
	struct run *r = ctx;
	const struct frame *frames = r->frames + lot * LOT;
	uint64_t start = __rdtsc();

	for (unsigned int at = 0; at < LOT; at += WEIR_BURST)
		world_burst(r->world, frames + at, WEIR_BURST);
	return __rdtsc() - start;
}

static struct samples measure(const struct rows_options *o, struct world *w)
{
	struct run run = {w, o->frames};
	struct samples_job job = {.floor = run_floor,
		.full = run_full,
		.ctx = &run,
		.lots = FRAMES / LOT,
		.per_lot = LOT,
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

	frames_fill(o->frames, w, make, make, 0);
	s = measure(o, w);
	if (others(w, expected) > w->fates[expected] / 100) {
		fprintf(stderr, "bench: of %s %lu packets did not end in %s\n", name,
			(unsigned long)others(w, expected), weir_fates[expected].name);
		exit(1);
	}
	report_cycles(name, "conns", w->px.table.count, &s);
}

void rows_packets(const struct rows_options *o, struct world *w)
{
	row(o, w, "syn", frame_make_syn, WEIR_FATE_syn_cookie);
	row(o, w, "bad_ack", frame_make_bad_ack, WEIR_FATE_bad_cookie);
	row(o, w, "established_client", frame_make_client, WEIR_FATE_to_backend);
	row(o, w, "established_backend", frame_make_backend, WEIR_FATE_to_client);
}
