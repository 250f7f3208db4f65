// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the core costs, in memory, on this machine, now: cycles (TSC) over a floor that only brings
 * the frame in and swaps its MAC addresses. docs/performance.md says how to read it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "dialogue.h"
#include "report.h"
#include "rows.h"

static const char usage[] = "usage: bench_core [OPTION]... [CONNECTIONS]...    (default: 1000)\n"
			    "  --rounds N     rounds per row (default 9)\n"
			    "  --small-pages  no huge pages, even if there are some\n"
			    "  --tsv FILE     the results for programs too\n";

static void with_connections(const struct rows_options *o, uint32_t n)
{
	struct world *w = world_open(n + n / 8 + 64, 0, 1);

	dialogue_establish(w, n);
	report_fact("pages", "%s for %u connections", pages_names[w->pages], n);
	rows_packets(o, w);
	world_close(w);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"rounds", required_argument, NULL, 'r'},
		{"small-pages", no_argument, NULL, 's'}, {"tsv", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct rows_options o = {.rounds = 9};
	const char *tsv = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			o.rounds = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 's':
			pages_best = PAGES_SMALL;
			break;
		case 't':
			tsv = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	report_open(tsv, true);
	o.frames = frames_alloc();
	if (optind == argc)
		with_connections(&o, 1000);
	for (int i = optind; i < argc; i++)
		with_connections(&o, (uint32_t)strtoul(argv[i], NULL, 10));
	report_close();
	return 0;
}
