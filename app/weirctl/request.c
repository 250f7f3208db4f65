// SPDX-License-Identifier: BSD-3-Clause
#include "request.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockets.h"

#define CONNS_LIMIT 100

static void usage(void)
{
	printf("usage: weirctl [OPTION...] show [TOPIC]\n"
	       "       weirctl [OPTION...] set backend SERVICE/BACKEND ready|drain|maint\n"
	       "       weirctl [OPTION...] set backend SERVICE/BACKEND weight 0..256|configured\n"
	       "       weirctl [OPTION...] set service NAME syn_cookies "
	       "always|adaptive|never|configured\n"
	       "       weirctl [OPTION...] clear counters\n"
	       "       weirctl [OPTION...] reload\n\n"
	       "Shows state and counters of a running synweir, overrides its configuration until "
	       "the next\n"
	       "start, or loads it again.\n\n"
	       "topics:\n");
	for (size_t i = 0; i < TOPICS; i++)
		printf("  %-11s %s\n", topics[i].name, topics[i].help);
	printf("\noptions:\n"
	       "  -p, --prefix PREFIX    the daemon's EAL file prefix (synweir)\n"
	       "  -s, --socket SOCKET    the telemetry socket itself\n"
	       "  -j, --json             JSON instead of text\n"
	       "  -w, --wide             show: every column\n"
	       "  -a, --all              show drops: also what is zero\n"
	       "      --watch SECONDS    show: again and again, with rates per second\n"
	       "      --count N          show --watch: N times\n"
	       "      --cleared          show: what was counted since \"clear counters\"\n"
	       "      --client ADDR      show conns: only of this client\n"
	       "      --service NAME     show conns: only of this service\n"
	       "      --backend NAME     show conns: only to this backend\n"
	       "      --state STATE      show conns: only in this state, e.g. ESTABLISHED\n"
	       "      --limit N          show conns: at most N (%d); 0: all\n"
	       "  -h, --help             this text\n"
	       "  -V, --version          the version\n\n"
	       "exit status: 0; 1 after a line on stderr that says why not; 2 for wrong usage\n",
		CONNS_LIMIT);
}

static int complain(const char *what, const char *value)
{
	fprintf(stderr, "weirctl: %s '%s' (weirctl --help)\n", what, value);
	return -1;
}

static int add_param(struct request *r, const char *key, const char *value)
{
	size_t used = strlen(r->params), left = sizeof(r->params) - used;

	if (value[0] == '\0' || strpbrk(value, ",=") != NULL)
		return complain("not a name or address:", value);
	if (snprintf(r->params + used, left, "%s=%s,", key, value) >= (int)left)
		return complain("too long:", value);
	return 0;
}

static int add_filter(struct request *r, const char *key, const char *value)
{
	r->filtered = true;
	return add_param(r, key, value);
}

static int read_number(const char *option, const char *text, size_t *number)
{
	char *end;

	*number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || *number > UINT32_MAX)
		return complain(option, text);
	return 0;
}

static int read_seconds(struct request *r, const char *text)
{
	char *end;

	r->watch_s = strtod(text, &end);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || !(r->watch_s >= 0.1) ||
		r->watch_s > 86400)
		return complain("--watch: not 0.1 to 86400 seconds:", text);
	return 0;
}

/* "web/web1" */
static int add_backend(struct request *r, char *name)
{
	char *slash = strchr(name, '/');

	if (slash == NULL)
		return complain("not SERVICE/BACKEND:", name);
	*slash = '\0';
	if (add_param(r, "service", name) != 0)
		return -1;
	return add_param(r, "backend", slash + 1);
}

/* The daemon judges names and words. */
static int find_set(struct request *r, int n, char **words)
{
	if (n == 5 && strcmp(words[1], "service") == 0 && strcmp(words[3], "syn_cookies") == 0)
		return add_param(r, "service", words[2]) != 0
			? -1
			: add_param(r, "syn_cookies", words[4]);
	if (n == 5 && strcmp(words[1], "backend") == 0 && strcmp(words[3], "weight") == 0)
		return add_backend(r, words[2]) != 0 ? -1 : add_param(r, "weight", words[4]);
	if (n == 4 && strcmp(words[1], "backend") == 0)
		return add_backend(r, words[2]) != 0 ? -1 : add_param(r, "state", words[3]);
	return complain("set what?",
		"set backend SERVICE/BACKEND WORD, set service NAME syn_cookies WORD");
}

static int find_topic(struct request *r, int n, char **words)
{
	const char *name = n < 2 ? "info" : words[1];

	if (n > 2)
		return complain("one topic at a time, not", words[2]);
	r->topic = topic_find(name);
	if (r->topic == NULL)
		return complain("unknown topic", name);
	if ((r->filtered || r->limit_given) && strcmp(name, "conns") != 0)
		return complain("filters and --limit are for show conns, not show", name);
	if (r->all && strcmp(name, "drops") != 0)
		return complain("--all is for show drops, not show", name);
	if (r->count != 0 && r->watch_s == 0)
		return complain("--count is for show --watch, not show", name);
	if (strcmp(name, "conns") == 0 && !r->limit_given)
		r->limit = CONNS_LIMIT;
	return 0;
}

static bool has_show_options(const struct request *r)
{
	return r->filtered || r->limit_given || r->all || r->json || r->wide || r->cleared ||
		r->watch_s != 0 || r->count != 0;
}

static int find_command(struct request *r, int n, char **words)
{
	static const char *const names[] = {[COMMAND_SHOW] = "show",
		[COMMAND_CLEAR] = "clear",
		[COMMAND_SET] = "set",
		[COMMAND_RELOAD] = "reload"};
	unsigned int i = 0;

	if (n == 0)
		return complain("missing command:", "show [TOPIC], set, clear counters or reload");
	while (i < 4 && strcmp(words[0], names[i]) != 0)
		i++;
	if (i == 4)
		return complain("unknown command", words[0]);
	r->command = (enum command)i;
	if (r->command == COMMAND_SHOW)
		return find_topic(r, n, words);
	if (has_show_options(r))
		return complain("options are for show, not", words[0]);
	if (r->command == COMMAND_SET)
		return find_set(r, n, words);
	if (r->command == COMMAND_RELOAD)
		return n > 1 ? complain("reload takes no", words[1]) : 0;
	return n == 2 && strcmp(words[1], "counters") == 0
		? 0
		: complain("clear what?", "clear counters");
}

enum option_key {
	KEY_CLIENT = 256,
	KEY_SERVICE,
	KEY_BACKEND,
	KEY_STATE,
	KEY_LIMIT,
	KEY_WATCH,
	KEY_COUNT,
	KEY_CLEARED,
};

static const struct option options[] = {
	{"prefix", required_argument, NULL, 'p'},
	{"socket", required_argument, NULL, 's'},
	{"json", no_argument, NULL, 'j'},
	{"all", no_argument, NULL, 'a'},
	{"wide", no_argument, NULL, 'w'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{"client", required_argument, NULL, KEY_CLIENT},
	{"service", required_argument, NULL, KEY_SERVICE},
	{"backend", required_argument, NULL, KEY_BACKEND},
	{"state", required_argument, NULL, KEY_STATE},
	{"limit", required_argument, NULL, KEY_LIMIT},
	{"watch", required_argument, NULL, KEY_WATCH},
	{"count", required_argument, NULL, KEY_COUNT},
	{"cleared", no_argument, NULL, KEY_CLEARED},
	{0},
};

/* Options with a value. 0 or -1. */
static int read_value(struct request *r, int key)
{
	switch (key) {
	case KEY_CLIENT:
		return add_filter(r, "client", optarg);
	case KEY_SERVICE:
		return add_filter(r, "service", optarg);
	case KEY_BACKEND:
		return add_filter(r, "backend", optarg);
	case KEY_STATE:
		return add_filter(r, "state", optarg);
	case KEY_LIMIT:
		r->limit_given = true;
		return read_number("--limit: not a number:", optarg, &r->limit);
	case KEY_WATCH:
		return read_seconds(r, optarg);
	case KEY_COUNT:
		return read_number("--count: not a number:", optarg, &r->count);
	default: /* getopt has complained */
		return -1;
	}
}

/* 0: go on; 1: all is done; -1: complained. */
static int read_option(struct request *r, int key)
{
	switch (key) {
	case 'p':
		sockets_find(optarg, r->path, sizeof(r->path));
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
	case 'w':
		r->wide = true;
		return 0;
	case KEY_CLEARED:
		r->cleared = true;
		return 0;
	case 'h':
		usage();
		return 1;
	case 'V':
		printf("weirctl %s\n", WEIR_VERSION);
		return 1;
	default:
		return read_value(r, key);
	}
}

int request_read(struct request *r, int argc, char **argv)
{
	int key, err;

	memset(r, 0, sizeof(*r));
	while ((key = getopt_long(argc, argv, REQUEST_OPTIONS, options, NULL)) != -1) {
		err = read_option(r, key);
		if (err != 0)
			return err;
	}
	err = find_command(r, argc - optind, argv + optind);
	if (err == 0 && r->path[0] == '\0')
		sockets_find("synweir", r->path, sizeof(r->path));
	return err;
}
