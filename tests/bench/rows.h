/* SPDX-License-Identifier: BSD-3-Clause */
/* What is measured: each function reports its rows (report.h). */
#ifndef WEIR_BENCH_ROWS_H
#define WEIR_BENCH_ROWS_H

#include "samples.h"
#include "world.h"

#define ROWS_LOT 1024u /* packets in a lot: a tenth of a millisecond */

struct rows_options {
	unsigned int rounds;
	struct frame *frames; /* FRAMES of them, for whoever is measuring */
};

/* Frames on their way through a world, or its floor: what samples_take() is to run. */
struct rows_run {
	struct world *world;
	const struct frame *frames;
};

samples_fn rows_run_floor, rows_run_full;

/* All of o->frames. */
struct samples rows_measure(const struct rows_options *o, struct world *w);

/* In a world with connections: SYN, bad ACK, established either way. Of IPv6, their names end in a 6. */
void rows_packets(const struct rows_options *o, struct world *w);
/* What share of a flood costs how much, and whether an established segment is lost. */
void rows_mixed(const struct rows_options *o, struct world *w);
/* Parse, classify, cookies, hashes, translation by themselves. */
void rows_parts(const struct rows_options *o, struct world *w);
/* Memory per connection, and the time until it is there. */
void rows_memory(const struct world *w);

/* They make worlds of their own: for so many connections at most. */
void rows_connection(const struct rows_options *o, enum weir_family family, uint32_t connections);
void rows_workers(const struct rows_options *o, uint32_t connections);
/* Insert, find, remove in a table of so many connections. */
void rows_table(const struct rows_options *o, uint32_t connections);

/* The dearest packets of hostile states, with so many connections. */
void rows_hostile(const struct rows_options *o, uint32_t connections);

#endif
