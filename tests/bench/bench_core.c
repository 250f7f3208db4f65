// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the core costs, in memory, on this machine, now: cycles (TSC) over a floor that only brings
 * the frame in and swaps its MAC addresses. docs/performance.md says how to read it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "dialogue.h"
#include "report.h"
#include "rows.h"

static const char usage[] =
	"usage: bench_core [OPTION]... [CONNECTIONS]...    (default: 1000)\n"
	"  --rows GROUP[,GROUP]...  packets (default), mixed, parts, memory, table, connection,\n"
	"                           workers, hostile, ipv6, all\n"
	"  --rounds N               rounds per row (default 9)\n"
	"  --small-pages            no huge pages, even if there are some\n"
	"  --vectors BITS           hash in vectors of at most so many bits (512, 256, 64: none)\n"
	"  --tsv FILE               the results for programs too\n";

enum group {
	/* in a world with so many connections established */
	GROUP_PACKETS,
	GROUP_MIXED,
	GROUP_PARTS,
	GROUP_MEMORY,
	GROUPS_IN_WORLD,
	/* in worlds of their own */
	GROUP_TABLE = GROUPS_IN_WORLD,
	GROUP_CONNECTION,
	GROUP_WORKERS,
	GROUP_HOSTILE,
	GROUP_IPV6,
	GROUPS
};

static const char *const group_names[GROUPS] = {
	"packets", "mixed", "parts", "memory", "table", "connection", "workers", "hostile", "ipv6"};

struct options {
	struct rows_options rows;
	const char *tsv;
	unsigned int vector_bits;
	bool groups[GROUPS];
};

static void in_world(const struct options *o, uint32_t n)
{
	struct world *w = world_open(n + n / 8 + 64, 0, 1);

	dialogue_establish(w, n);
	report_fact("pages", "%s for %u connections", pages_names[w->pages], n);
	if (o->groups[GROUP_PACKETS])
		rows_packets(&o->rows, w);
	if (o->groups[GROUP_MIXED])
		rows_mixed(&o->rows, w);
	if (o->groups[GROUP_PARTS])
		rows_parts(&o->rows, w);
	if (o->groups[GROUP_MEMORY])
		rows_memory(w);
	world_close(w);
}

/* The packets' and the connection's rows again. */
static void ipv6(const struct options *o, uint32_t n)
{
	struct world *w = world_open_for(WEIR_FAMILY_IPV6, n + n / 8 + 64, 0, 1);

	dialogue_establish(w, n);
	rows_packets(&o->rows, w);
	world_close(w);
	rows_connection(&o->rows, WEIR_FAMILY_IPV6, n);
}

static void with_connections(const struct options *o, uint32_t n)
{
	for (unsigned int g = 0; g < GROUPS_IN_WORLD; g++)
		if (o->groups[g]) {
			in_world(o, n);
			break;
		}
	if (o->groups[GROUP_TABLE])
		rows_table(&o->rows, n);
	if (o->groups[GROUP_CONNECTION])
		rows_connection(&o->rows, WEIR_FAMILY_IPV4, n);
	if (o->groups[GROUP_WORKERS])
		rows_workers(&o->rows, n);
	if (o->groups[GROUP_HOSTILE])
		rows_hostile(&o->rows, n);
	if (o->groups[GROUP_IPV6])
		ipv6(o, n);
}

/* "a,b": these groups only. */
static bool choose_groups(struct options *o, char *list)
{
	for (char *name = strtok(list, ","); name != NULL; name = strtok(NULL, ",")) {
		bool known = false;

		for (unsigned int g = 0; g < GROUPS; g++) {
			bool meant = strcmp(name, group_names[g]) == 0 || strcmp(name, "all") == 0;

			o->groups[g] |= meant;
			known |= meant;
		}
		if (!known) {
			fprintf(stderr, "bench_core: there are no rows '%s'\n", name);
			return false;
		}
	}
	return true;
}

/* 0, or the status to end with, less one. */
static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {{"rounds", required_argument, NULL, 'r'},
		{"rows", required_argument, NULL, 'g'}, {"small-pages", no_argument, NULL, 's'},
		{"tsv", required_argument, NULL, 't'}, {"vectors", required_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	bool chosen = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->rows.rounds = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'g':
			if (!choose_groups(o, optarg))
				return 3;
			chosen = true;
			break;
		case 's':
			pages_best = PAGES_SMALL;
			break;
		case 't':
			o->tsv = optarg;
			break;
		case 'v':
			o->vector_bits = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'h':
			fputs(usage, stdout);
			return 1;
		default:
			fputs(usage, stderr);
			return 3;
		}
	}
	o->groups[GROUP_PACKETS] |= !chosen;
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = {.rows.rounds = 9, .vector_bits = 512};
	int end = read_options(&o, argc, argv);

	if (end != 0)
		return end - 1;
	report_open(o.tsv, true);
	report_fact("hashes", "in vectors of %u bits", weir_siphash_limit(o.vector_bits));
	samples_calibrate();
	o.rows.frames = frames_alloc(FRAMES);
	if (optind == argc)
		with_connections(&o, 1000);
	for (int i = optind; i < argc; i++) {
		unsigned long n = strtoul(argv[i], NULL, 10);

		if (n < 1000 || n > 16000000) {
			fprintf(stderr, "bench_core: 1000 to 16000000 connections, not '%s'\n",
				argv[i]);
			return 2;
		}
		with_connections(&o, (uint32_t)n);
	}
	report_close();
	return 0;
}
