// SPDX-License-Identifier: BSD-3-Clause
/* weirctl: the command line to a running synweir. Asks, merges the pages of the answer, shows. */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "table.h"
#include "text.h"

#define CONNS_LIMIT 100

struct topic {
	const char *name;
	const char *columns; /* NULL: it is one object, shown line by line */
	const char *help;
};

static const struct topic topics[] = {
	{"info", NULL, "version, configuration file, uptime, sizes, memory"},
	{"services",
		"name vip mode scheduler state backends active syn cookies_ok opened established "
		"failed syn_cookies gate half_open switches "
		"bytes_in bytes_out",
		"services and their counters"},
	{"backends",
		"service name address port state weight active opened established refused "
		"timed_out unreachable",
		"backends and their counters"},
	{"workers",
		"worker lcore cpu conns conns_max held held_max local_ports rx tx dropped "
		"handed_in "
		"handed_out loops busy_loops",
		"workers: load and how full they are"},
	{"sources", "address connections refused",
		"client addresses with many connections, the worst first"},
	{"drops", "class name total text", "what became of packets, and what happened: by name"},
	{"conns", "worker state closer client service local backend expires_ms", "connections"},
	{"ports",
		"name driver mac link mbps addresses queues steering checksums rx_pkts tx_pkts "
		"rx_missed rx_no_mbuf tx_errors",
		"ports"},
	{"accounting", "worker rx created handed_in tx dropped consumed handed_out held balance",
		"each worker's packet balance"},
};

#define TOPICS (sizeof(topics) / sizeof(topics[0]))

struct request {
	char path[128];
	const struct topic *topic;
	char filters[512]; /* as telemetry wants them: "service=web," */
	size_t limit;
	bool limit_given, json, all;
};

static void usage(void)
{
	printf("usage: weirctl [-p PREFIX | -s SOCKET] [--json] show TOPIC [OPTION...]\n"
	       "       weirctl [-p PREFIX | -s SOCKET] reload\n"
	       "       weirctl [-p PREFIX | -s SOCKET] set service NAME syn_cookies "
	       "always|adaptive|never|configured\n\n"
	       "Shows state and counters of a running synweir; reloads its configuration, all of "
	       "it "
	       "or nothing,\n"
	       "and tells what has changed, or why nothing has; overrides the file until the "
	       "next start.\n\n"
	       "topics:\n");
	for (size_t i = 0; i < TOPICS; i++)
		printf("  %-11s %s\n", topics[i].name, topics[i].help);
	printf("\noptions:\n"
	       "  -p, --prefix PREFIX    the daemon's EAL file prefix (synweir)\n"
	       "  -s, --socket SOCKET    the telemetry socket itself\n"
	       "  -j, --json             one JSON document instead of a table\n"
	       "  -a, --all              show drops: also what is zero\n"
	       "      --client ADDR      show conns: only of this client\n"
	       "      --service NAME     show conns: only of this service\n"
	       "      --backend NAME     show conns: only to this backend\n"
	       "      --state STATE      show conns: only in this state, e.g. ESTABLISHED\n"
	       "      --limit N          show conns: at most N (%d); 0: all\n"
	       "  -h, --help             this text\n"
	       "  -V, --version          the version\n\n"
	       "exit status: 0, or 1 after a line on stderr\n",
		CONNS_LIMIT);
}

static int complain(const char *what, const char *value)
{
	fprintf(stderr, "weirctl: %s '%s' (weirctl --help)\n", what, value);
	return -1;
}

static int add_filter(struct request *r, const char *key, const char *value)
{
	size_t used = strlen(r->filters), left = sizeof(r->filters) - used;

	if (value[0] == '\0' || strpbrk(value, ",=") != NULL)
		return complain("not a name or address:", value);
	if (snprintf(r->filters + used, left, "%s=%s,", key, value) >= (int)left)
		return complain("too long:", value);
	return 0;
}

static int set_limit(struct request *r, const char *text)
{
	char *end;

	r->limit_given = true;
	r->limit = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || r->limit > UINT32_MAX)
		return complain("--limit: not a number:", text);
	return 0;
}

/* What is no topic. */
static const struct topic reload = {"reload", NULL, NULL};

static int find_reload(struct request *r, int n, char **words)
{
	r->topic = &reload;
	if (n > 1)
		return complain("reload takes no", words[1]);
	if (r->filters[0] != '\0' || r->limit_given || r->all || r->json)
		return complain("options are for show, not", words[0]);
	return 0;
}

static const struct topic set = {"set", NULL, NULL};

/* "set service NAME syn_cookies WORD": the daemon judges name and word. */
static int find_set(struct request *r, int n, char **words)
{
	r->topic = &set;
	if (r->filters[0] != '\0' || r->limit_given || r->all || r->json)
		return complain("options are for show, not", words[0]);
	if (n != 5 || strcmp(words[1], "service") != 0 || strcmp(words[3], "syn_cookies") != 0)
		return complain("set what?", "set service NAME syn_cookies WORD");
	if (add_filter(r, "service", words[2]) != 0)
		return -1;
	return add_filter(r, "syn_cookies", words[4]);
}

static int find_topic(struct request *r, int n, char **words)
{
	if (n == 0)
		return complain("missing command:", "show TOPIC, reload or set");
	if (strcmp(words[0], "reload") == 0)
		return find_reload(r, n, words);
	if (strcmp(words[0], "set") == 0)
		return find_set(r, n, words);
	if (strcmp(words[0], "show") != 0)
		return complain("unknown command", words[0]);
	if (n == 1)
		return complain("show what?", "show TOPIC");
	if (n > 2)
		return complain("one topic at a time, not", words[2]);
	for (size_t i = 0; i < TOPICS; i++)
		if (strcmp(words[1], topics[i].name) == 0)
			r->topic = &topics[i];
	if (r->topic == NULL)
		return complain("unknown topic", words[1]);
	if ((r->filters[0] != '\0' || r->limit_given) && strcmp(words[1], "conns") != 0)
		return complain("filters and --limit are for show conns, not show", words[1]);
	if (r->all && strcmp(words[1], "drops") != 0)
		return complain("--all is for show drops, not show", words[1]);
	return 0;
}

enum option_key {
	KEY_CLIENT = 256,
	KEY_SERVICE,
	KEY_BACKEND,
	KEY_STATE,
	KEY_LIMIT,
};

static const struct option options[] = {
	{"prefix", required_argument, NULL, 'p'},
	{"socket", required_argument, NULL, 's'},
	{"json", no_argument, NULL, 'j'},
	{"all", no_argument, NULL, 'a'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{"client", required_argument, NULL, KEY_CLIENT},
	{"service", required_argument, NULL, KEY_SERVICE},
	{"backend", required_argument, NULL, KEY_BACKEND},
	{"state", required_argument, NULL, KEY_STATE},
	{"limit", required_argument, NULL, KEY_LIMIT},
	{0},
};

/* 0: go on; 1: all is done; -1: complained. */
static int read_option(struct request *r, int key)
{
	switch (key) {
	case 'p':
		client_socket_path(optarg, r->path, sizeof(r->path));
		return 0;
	case 's':
		snprintf(r->path, sizeof(r->path), "%s", optarg);
		return 0;
	case 'j':
		r->json = true;
		return 0;
	case 'a':
		r->all = true;
		return 0;
	case 'h':
		usage();
		return 1;
	case 'V':
		printf("weirctl %s\n", WEIR_VERSION);
		return 1;
	case KEY_CLIENT:
		return add_filter(r, "client", optarg);
	case KEY_SERVICE:
		return add_filter(r, "service", optarg);
	case KEY_BACKEND:
		return add_filter(r, "backend", optarg);
	case KEY_STATE:
		return add_filter(r, "state", optarg);
	case KEY_LIMIT:
		return set_limit(r, optarg);
	default: /* getopt has complained */
		return -1;
	}
}

static int read_arguments(struct request *r, int argc, char **argv)
{
	int key, err;

	while ((key = getopt_long(argc, argv, "p:s:jahV", options, NULL)) != -1) {
		err = read_option(r, key);
		if (err != 0)
			return err;
	}
	return find_topic(r, argc - optind, argv + optind);
}

/* Unless all are wanted, only names that something happened to. */
static void remove_zero(json_t *rows)
{
	for (size_t i = json_array_size(rows); i-- > 0;)
		if (json_integer_value(json_object_get(json_array_get(rows, i), "total")) == 0)
			json_array_remove(rows, i);
}

static void show(const struct request *r, json_t *rows)
{
	if (strcmp(r->topic->name, "drops") == 0 && !r->all)
		remove_zero(rows);
	if (r->json) {
		json_dumpf(r->topic->columns != NULL ? rows : json_array_get(rows, 0), stdout,
			JSON_INDENT(2));
		printf("\n");
	} else if (r->topic->columns != NULL) {
		table_print(rows, r->topic->columns);
	} else {
		table_print_one(json_array_get(rows, 0));
	}
}

/* The outcome comes in pieces. */
static int tell(const json_t *rows)
{
	const char *outcome =
		json_string_value(json_object_get(json_array_get(rows, 0), "outcome"));
	bool good = outcome != NULL && strcmp(outcome, "reloaded") == 0;
	FILE *to = good ? stdout : stderr;

	if (!good)
		fprintf(to, "weirctl: ");
	if (outcome == NULL)
		fprintf(to, "the answer says nothing");
	for (size_t i = 0; i < json_array_size(rows); i++)
		text_put(to, json_string_value(json_object_get(json_array_get(rows, i), "text")));
	fprintf(to, "\n");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int ask_and_show(const struct request *r)
{
	char command[64];
	bool more = false;
	json_t *rows;
	int fd;

	snprintf(command, sizeof(command), "/synweir/%s", r->topic->name);
	fd = client_connect(r->path);
	if (fd < 0)
		return EXIT_FAILURE;
	rows = client_rows(fd, command, r->filters, r->limit, &more);
	close(fd);
	if (rows == NULL)
		return EXIT_FAILURE;
	if (r->topic == &reload) {
		int status = tell(rows);

		json_decref(rows);
		return status;
	}
	if (r->topic->columns == NULL && r->topic != &set &&
		!json_is_object(json_array_get(rows, 0))) {
		fprintf(stderr, "weirctl: the answer says nothing\n");
		json_decref(rows);
		return EXIT_FAILURE;
	}
	if (r->topic != &set)
		show(r, rows);
	json_decref(rows);
	if (more)
		fprintf(stderr, "weirctl: there may be more: --limit N, 0 for all\n");
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "weirctl: cannot write\n");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct request r = {0};
	int err;

	client_socket_path("synweir", r.path, sizeof(r.path));
	err = read_arguments(&r, argc, argv);
	if (err != 0)
		return err > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	if (strcmp(r.topic->name, "conns") == 0 && !r.limit_given)
		r.limit = CONNS_LIMIT;
	return ask_and_show(&r);
}
