/* SPDX-License-Identifier: BSD-3-Clause */
/* What was measured (totals.h), for people: a line a second, text at the end, and files. */
#ifndef WEIRGEN_REPORT_H
#define WEIRGEN_REPORT_H

#include "totals.h"

/* What has happened since the moment before, to stderr. */
void report_line(const struct options *o, const struct totals *now, const struct totals *before,
	double seconds);

/*
 * Writes the results to stdout and to the files of the options, after all threads have ended. end: the
 * totals at the moment when no new work was begun. 0, or -1 when a file cannot be written or not all
 * connections were completed.
 */
int report_end(const struct options *o, const struct station *stations, unsigned int n,
	const struct totals *end);

#endif
