// SPDX-License-Identifier: BSD-3-Clause
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_version.h>

#include "capacity.h"
#include "daemon.h"
#include "log.h"

static void usage(FILE *to)
{
	fprintf(to,
		"usage: synweir -c FILE [-t] [-- EAL-ARGUMENT...]\n\n"
		"A SYN proxy: answers SYNs with cookies, and forwards the connections of clients "
		"that\n"
		"prove themselves to backends.\n\n"
		"  -c, --config FILE   the configuration (docs/configuration.md)\n"
		"  -t, --test          check the configuration and exit\n"
		"  -V, --version       the version\n"
		"  -h, --help          this text\n\n"
		"Arguments after \"--\" go to DPDK's EAL, after those of the configuration.\n"
		"SIGTERM and SIGINT end it when connections are done or the drain time is up; a "
		"second\n"
		"one at once. SIGHUP reloads the configuration.\n\n"
		"exit status: 0, 1 when something is wrong, 2 for wrong usage\n");
}

struct options {
	const char *file;
	bool check;
};

/* The status to exit with, or -1 to go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"test", no_argument, NULL, 't'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "+c:tVh", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->file = optarg;
			break;
		case 't':
			o->check = true;
			break;
		case 'V':
			printf("synweir %s (%s)\n", WEIR_VERSION, rte_version());
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			fprintf(stderr, "synweir: try 'synweir --help'\n");
			return 2;
		}
	}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0) {
		fprintf(stderr,
			"synweir: unexpected argument '%s'; arguments for DPDK's EAL follow "
			"\"--\"\n",
			argv[optind]);
		return 2;
	}
	if (o->file != NULL)
		return -1;
	fprintf(stderr, "synweir: missing option -c FILE\n");
	return 2;
}

static int check(const struct weir_config *config, const char *file)
{
	for (uint32_t i = 0; i < config->n_warnings; i++)
		printf("warning: %s\n", config->warnings[i]);
	weir_capacity_print(config->policy);
	printf("%s: configuration OK\n", file);
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct weir_config *config;
	struct weir_config_error err;
	int status = parse(argc, argv, &o);

	if (status >= 0)
		return status;
	if (weir_config_load(o.file, &config, &err) != 0) {
		weir_log(WEIR_LOG_ERROR, "%s", err.text);
		return 1;
	}
	if (!o.check)
		return weir_daemon_run(config, o.file, argv + optind,
			(unsigned int)(argc - optind));
	status = check(config, o.file);
	weir_config_free(config);
	return status;
}
