/* SPDX-License-Identifier: BSD-3-Clause */
/* The results: a table for people on stdout, TSV for programs. */
#ifndef WEIR_BENCH_REPORT_H
#define WEIR_BENCH_REPORT_H

#include <stdbool.h>

#include "samples.h"

/*
 * tsv_path NULL: no TSV; table false: nothing but facts on stdout. Ends the program when the file
 * cannot be written.
 */
void report_open(const char *tsv_path, bool table);
void report_close(void);

/* A line about the run as a whole: "# name: text". */
void report_fact(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Cycles per operation. param: what the row was measured with (connections, load ...). Shown are
 * the median of the floor, and how far the full work lies above it: median above median, quartiles
 * above quartiles, the best above the best, as a neighbour on the core slows both.
 */
void report_cycles(const char *row, const char *param, double param_value, const struct samples *s);

/* How many times what one does. */
void report_ratio(const char *row, const char *param, double param_value, const struct spread *s);

/* A single figure of another unit. */
void report_value(const char *row, const char *param, double param_value, double value,
	const char *unit);

#endif
