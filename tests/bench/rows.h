/* SPDX-License-Identifier: BSD-3-Clause */
/* What is measured: each function reports its rows (report.h). */
#ifndef WEIR_BENCH_ROWS_H
#define WEIR_BENCH_ROWS_H

#include "frames.h"
#include "world.h"

struct rows_options {
	unsigned int rounds;
	struct frame *frames; /* FRAMES of them, for whoever is measuring */
};

/* SYN, bad ACK, established either way, mixtures, in a world with connections. */
void rows_packets(const struct rows_options *o, struct world *w);

#endif
