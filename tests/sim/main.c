// SPDX-License-Identifier: BSD-3-Clause
/*
 * sim: worlds around the core, one after the other. See docs/testing.md, or --help.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "deed.h"
#include "tenant.h"
#include "world.h"

#define TRACE_FRAMES 65536

static const char usage[] =
	"usage: sim [options]\n"
	"  --seed N        of the first world (1)\n"
	"  --count N       worlds, with the seeds that follow (1)\n"
	"  --cookies MODE  how SYNs are answered: always, never, adaptive, flap; all (always)\n"
	"  --family F      what services and their clients speak: 4, 6, both; turns: each with "
	"every\n"
	"                  third seed (4)\n"
	"  --profile NAME  kind of world; all: every one of them with every seed (mix)\n"
	"  --conns N       connections in a world (200)\n"
	"  --minutes N     of virtual time in which they begin (10)\n"
	"  --replay FILE   the worlds in that file: lines of PROFILE SEED CONNS MINUTES [COOKIES "
	"[FAMILY]]\n"
	"  --pcap FILE     of a failure's connection; without one of the last packets of all\n"
	"  --trace N       packets that a failure prints (60)\n"
	"  --sabotage KIND spoils something (sabotage.h), which must fail\n"
	"  --deeds         counts what happened, and fails when something never did (deed.def)\n"
	"  --quiet         says only what failed\n";

struct options {
	uint64_t seed;
	uint32_t count, conns, minutes, lines;
	const char *profile, *replay, *pcap;
	enum sim_mode mode;     /* SIM_MODES: all of them */
	enum sim_family family; /* SIM_FAMILIES: in turns */
	enum sim_sabotage sabotage;
	bool deeds, quiet;
};

static void report(const struct sim_world *w, const struct options *o)
{
	const struct sim_stats *s = &w->stats;

	if (o->quiet)
		return;
	printf("%-12s seed %llu: %u connections: %u complete, %u aborted, %u in trouble, %u "
	       "refused;"
	       " %llu frames out, %llu of attackers, %u lucky, %u faults, %u workers, "
	       "syn_cookies %s, family %s\n",
		w->profile->name, (unsigned long long)w->spec.seed, s->conns, s->complete,
		s->aborted, s->troubled, s->refused, (unsigned long long)s->frames,
		(unsigned long long)s->attacks, w->front.luck.n, s->faults,
		w->front.shell->policy->n_workers, sim_mode_names[w->spec.mode],
		sim_family_names[w->spec.family]);
	fflush(stdout);
}

/* alone: how its clients fared without the hostile tenant, or NULL. Returns how they did now. */
static struct sim_fare run_one(const struct sim_spec *spec, const struct options *o,
	const struct sim_fare *alone)
{
	struct sim_fare fare;
	struct sim_trace *trace = sim_trace_new(TRACE_FRAMES);
	struct sim_world *w = sim_world_new(spec, trace);
	struct sim_scene scene = {
		.spec = *spec,
		.trace = trace,
		.queue = &w->queue,
		.pcap = o->pcap,
		.lines = o->lines,
	};

	w->sabotage = o->sabotage;
	sim_sabotage_begin(o->sabotage, w->front.shell);
	sim_check_begin(&scene);
	sim_world_run(w);
	fare = sim_tenant_fare(w);
	if (alone != NULL)
		sim_tenant_compare(alone, &fare);
	report(w, o);
	sim_deeds_of_core(w->front.shell);
	if (o->pcap != NULL && !sim_trace_pcap(trace, o->pcap, (struct sim_tuple){0, 0}))
		fprintf(stderr, "sim: cannot write %s\n", o->pcap);
	sim_world_free(w);
	sim_trace_free(trace);
	return fare;
}

static void run_world(const struct sim_spec *spec, const struct options *o)
{
	struct sim_spec without = *spec;
	struct sim_fare alone;

	if (spec->profile->manner != SIM_TENANT) {
		run_one(spec, o, NULL);
		return;
	}
	without.alone = true;
	alone = run_one(&without, o, NULL);
	run_one(spec, o, &alone);
}

static const struct sim_profile *find(const char *name)
{
	const struct sim_profile *p = sim_profile_find(name);

	if (p == NULL) {
		fprintf(stderr, "sim: no profile '%s'; there are all", name);
		for (unsigned int i = 0; i < sim_n_profiles; i++)
			fprintf(stderr, ", %s", sim_profiles[i].name);
		fprintf(stderr, "\n");
		exit(2);
	}
	return p;
}

/* A line of a file of worlds; whatever it is not ends the program. */
static struct sim_spec read_spec(const char *path, const char *line)
{
	char name[64], mode[16] = "always", family[8] = "4";
	unsigned long long seed;
	struct sim_spec spec = {.alone = false};

	if (sscanf(line, "%63s %llu %u %u %15s %7s", name, &seed, &spec.conns, &spec.minutes, mode,
		    family) < 4 ||
		sim_mode_find(mode) == SIM_MODES || sim_family_find(family) == SIM_FAMILIES) {
		fprintf(stderr, "sim: %s: not PROFILE SEED CONNS MINUTES [COOKIES [FAMILY]]: %s",
			path, line);
		exit(2);
	}
	spec.profile = find(name);
	spec.seed = seed;
	spec.mode = sim_mode_find(mode);
	spec.family = sim_family_find(family);
	return spec;
}

static void replay(const struct options *o)
{
	FILE *f = fopen(o->replay, "r");
	char line[256];

	if (f == NULL) {
		perror(o->replay);
		exit(2);
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		struct sim_spec spec;

		if (line[0] == '#' || line[0] == '\n')
			continue;
		spec = read_spec(o->replay, line);
		run_world(&spec, o);
	}
	fclose(f);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 0);

	if (*end != '\0' || end == text) {
		fprintf(stderr, "sim: '%s' is not a number\n", text);
		exit(2);
	}
	return n;
}

static enum sim_mode mode(const char *name)
{
	enum sim_mode m = sim_mode_find(name);

	if (m == SIM_MODES) {
		fprintf(stderr, "sim: --cookies always, never, adaptive, flap or all, not '%s'\n",
			name);
		exit(2);
	}
	return m;
}

static enum sim_family family(const char *name)
{
	enum sim_family f = sim_family_find(name);

	if (f == SIM_FAMILIES && strcmp(name, "turns") != 0) {
		fprintf(stderr, "sim: --family 4, 6, both or turns, not '%s'\n", name);
		exit(2);
	}
	return f;
}

/* false: unknown. */
static bool set_option(struct options *o, int c, const char *arg)
{
	if (c == 's')
		o->seed = number(arg);
	else if (c == 'n')
		o->count = (uint32_t)number(arg);
	else if (c == 'k')
		o->mode = strcmp(arg, "all") == 0 ? SIM_MODES : mode(arg);
	else if (c == 'f')
		o->family = family(arg);
	else if (c == 'p')
		o->profile = arg;
	else if (c == 'c')
		o->conns = (uint32_t)number(arg);
	else if (c == 'm')
		o->minutes = (uint32_t)number(arg);
	else if (c == 'r')
		o->replay = arg;
	else if (c == 'w')
		o->pcap = arg;
	else if (c == 't')
		o->lines = (uint32_t)number(arg);
	else if (c == 'x')
		o->sabotage = sim_sabotage_find(arg);
	else if (c == 'd')
		o->deeds = true;
	else if (c == 'q')
		o->quiet = true;
	else
		return false;
	return o->sabotage != SIM_SABOTAGES;
}

static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {{"seed", 1, NULL, 's'}, {"count", 1, NULL, 'n'},
		{"family", 1, NULL, 'f'}, {"profile", 1, NULL, 'p'}, {"cookies", 1, NULL, 'k'},
		{"conns", 1, NULL, 'c'}, {"minutes", 1, NULL, 'm'}, {"replay", 1, NULL, 'r'},
		{"pcap", 1, NULL, 'w'}, {"trace", 1, NULL, 't'}, {"sabotage", 1, NULL, 'x'},
		{"deeds", 0, NULL, 'd'}, {"quiet", 0, NULL, 'q'}, {"help", 0, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	struct options o = {
		.seed = 1, .count = 1, .conns = 200, .minutes = 10, .lines = 60, .profile = "mix"};
	bool good = true;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			exit(0);
		}
		good = good && set_option(&o, c, optarg);
	}
	if (!good || optind < argc || o.minutes == 0) {
		fputs(usage, stderr);
		exit(2);
	}
	return o;
}

static void run_modes(const struct options *o, struct sim_spec spec)
{
	if (o->mode != SIM_MODES) {
		spec.mode = o->mode;
		run_world(&spec, o);
		return;
	}
	for (unsigned int m = 0; m < SIM_MODES; m++) {
		spec.mode = (enum sim_mode)m;
		run_world(&spec, o);
	}
}

static void run_seed(const struct options *o, uint64_t seed)
{
	struct sim_spec spec = {.seed = seed, .conns = o->conns, .minutes = o->minutes};

	spec.family =
		o->family == SIM_FAMILIES ? (enum sim_family)(seed % SIM_FAMILIES) : o->family;

	if (strcmp(o->profile, "all") != 0) {
		spec.profile = find(o->profile);
		run_modes(o, spec);
		return;
	}
	for (unsigned int p = 0; p < sim_n_profiles; p++) {
		spec.profile = &sim_profiles[p];
		run_modes(o, spec);
	}
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);

	if (o.sabotage == SIM_SABOTAGE_LUCK)
		sim_odds.expected = 2; /* as after 2^27 packets */
	if (o.replay != NULL)
		replay(&o);
	else
		for (uint32_t i = 0; i < o.count; i++)
			run_seed(&o, o.seed + i);
	return o.deeds && !sim_deeds_print() ? 1 : 0;
}
