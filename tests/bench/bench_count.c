// SPDX-License-Identifier: BSD-3-Clause
/*
 * One row of bench_core without a clock, for counting instructions: N packets (connection: N whole
 * connections) of a kind, with 1000 connections established. What is the product's own is
 * through_core() in world.c; the difference between N and 2 N of them is free of what comes before.
 *
 *	bench_count KIND N    KIND: syn, bad_ack, established_client, established_backend, connection
 *
 * N is rounded up to whole bursts of 64.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialogue.h"

#define ESTABLISHED 1000u

static const struct {
	const char *name;
	frame_maker *make;
} kinds[] = {
	{"syn", frame_make_syn},
	{"bad_ack", frame_make_bad_ack},
	{"established_client", frame_make_client},
	{"established_backend", frame_make_backend},
};

static void run_packets(struct world *w, frame_maker *make, unsigned int bursts)
{
	struct frame *frames = frames_alloc(WEIR_BURST);

	for (unsigned int i = 0; i < bursts; i++) {
		frames_fill(frames, WEIR_BURST, w, make, make, 0);
		world_burst(w, frames, WEIR_BURST);
	}
}

static void run_connections(struct world *w, unsigned int bursts)
{
	static struct dialogue d;

	for (unsigned int i = 0; i < bursts; i++) {
		dialogue_begin(&d, ESTABLISHED + i * WEIR_BURST, WEIR_BURST);
		for (enum dialogue_step s = 0; s < DIALOGUE_STEPS; s++) {
			dialogue_say(&d, s);
			world_burst(w, d.frames, d.n);
			dialogue_hear(&d, w, s);
		}
	}
}

int main(int argc, char **argv)
{
	unsigned int bursts = argc == 3 ? (unsigned int)(strtoul(argv[2], NULL, 10) + 63) / 64 : 0;
	struct world *w;

	if (bursts == 0) {
		fprintf(stderr, "usage: bench_count KIND N\n");
		return 2;
	}
	w = world_open(16384, 0, 1);
	dialogue_establish(w, ESTABLISHED);
	if (strcmp(argv[1], "connection") == 0) {
		run_connections(w, bursts);
		return 0;
	}
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].name) == 0) {
			run_packets(w, kinds[i].make, bursts);
			return 0;
		}
	}
	fprintf(stderr, "bench_count: no kind '%s'\n", argv[1]);
	return 2;
}
