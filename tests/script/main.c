// SPDX-License-Identifier: BSD-3-Clause
/*
 *	script FILE...           plays packet scripts (play.h has their grammar), each in all its runs
 *	script --family ipv6 ... only in those of that family
 *	script --cells FILE...   ... and fails when they leave out a cell of the state table
 *	script --wrong FILE...   scripts that are wrong: each must fail at the line and for the reason
 *	                         that its first line says, "// caught at LINE: REASON"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "play.h"

static void complain(const struct failure *f, const struct play_run *run, bool closers)
{
	printf("%s:%u: %s [%s]\n%s", f->file, f->line, f->reason, play_run_name(run, closers),
		f->detail);
}

/* The families to play in; PLAY_FAMILIES: all. */
static enum play_family wanted = PLAY_FAMILIES;

/* All families, both modes, and both closers if it speaks of one. The first failure ends it. */
static bool all_runs(const char *path, struct failure *failure, struct play_run *run, bool *closers)
{
	for (unsigned int i = 0; i < 4 * PLAY_FAMILIES; i++) {
		*run = (struct play_run){.mode = i & 2 ? WEIR_MODE_NAT : WEIR_MODE_FULLNAT,
			.closer = i & 1 ? WEIR_BACKEND : WEIR_CLIENT,
			.family = (enum play_family)(i / 4)};
		if (wanted != PLAY_FAMILIES && wanted != run->family)
			continue;
		if (run->mode == WEIR_MODE_NAT && run->family > PLAY_IPV6)
			continue;
		if (!play(path, run, closers, failure))
			return false;
		if (!*closers)
			i++;
	}
	return true;
}

static bool must_pass(const char *path)
{
	struct failure failure;
	struct play_run run;
	bool closers;

	if (all_runs(path, &failure, &run, &closers))
		return true;
	complain(&failure, &run, closers);
	return false;
}

static bool must_be_caught(const char *path)
{
	static struct failure failure;
	struct play_run run;
	char said[512] = "", want[512], is[512];
	FILE *in = fopen(path, "r");
	bool closers;

	if (in == NULL || fgets(said, sizeof(said), in) == NULL)
		said[0] = '\0';
	if (in != NULL)
		fclose(in);
	if (sscanf(said, "// caught at %511[^\n]", want) != 1) {
		printf("%s:1: does not say what is wrong with it\n", path);
		return false;
	}
	if (all_runs(path, &failure, &run, &closers)) {
		printf("%s: passes, should be caught at %s\n", path, want);
		return false;
	}
	snprintf(is, sizeof(is), "%u: %s", failure.line, failure.reason);
	complain(&failure, &run, closers);
	if (strcmp(is, want) == 0)
		return true;
	printf("%s: should be caught at %s\n", path, want);
	return false;
}

static void take_family(const char *name)
{
	for (wanted = 0; wanted < PLAY_FAMILIES; wanted++)
		if (strcmp(name, play_family_names[wanted]) == 0)
			return;
	fprintf(stderr, "script: no family: %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	bool wrong, cells;
	unsigned int bad = 0;
	int first = 1;

	if (argc > 2 && strcmp(argv[1], "--family") == 0) {
		take_family(argv[2]);
		first += 2;
	}
	wrong = argc > first && strcmp(argv[first], "--wrong") == 0;
	cells = argc > first && strcmp(argv[first], "--cells") == 0;
	first += wrong || cells;
	if (argc <= first) {
		fprintf(stderr, "usage: script [--family NAME] [--cells | --wrong] FILE...\n");
		return 2;
	}
	for (int i = first; i < argc; i++)
		bad += !(wrong ? must_be_caught(argv[i]) : must_pass(argv[i]));
	printf("%d scripts, %u failed\n", argc - first, bad);
	if (cells) {
		unsigned int wrong_cells = cells_wrong(stdout);

		printf("%u cells of the state table and side, %u wrong\n", cells_reachable(),
			wrong_cells);
		bad += wrong_cells;
	}
	return bad == 0 ? 0 : 1;
}
