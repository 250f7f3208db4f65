// SPDX-License-Identifier: BSD-3-Clause
/* weirctl: the command line to a running synweir. Asks, merges the pages of the answer, shows. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "baseline.h"
#include "client.h"
#include "page.h"
#include "rates.h"
#include "request.h"
#include "table.h"
#include "text.h"

/* Parts of "info", and what has counters to clear. */
static const char *const parts[] = {"services", "backends", "workers", "ports", "drops"};
static const char *const counting[] = {
	"services", "backends", "workers", "ports", "drops", "accounting"};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static double clock_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static json_t *ask(int fd, const char *topic, const char *params, size_t limit, bool *more)
{
	char command[64];

	snprintf(command, sizeof(command), "/synweir/%s", topic);
	return client_rows(fd, command, params, limit, more);
}

/* The object of a topic that is one; NULL after a line on stderr. */
static json_t *ask_object(int fd, const char *topic)
{
	bool more;
	json_t *rows = ask(fd, topic, "", 0, &more);
	json_t *object = json_incref(json_array_get(rows, 0));

	json_decref(rows);
	if (rows == NULL || json_is_object(object))
		return object;
	json_decref(object);
	fprintf(stderr, "weirctl: the answer says nothing\n");
	return NULL;
}

/* Topic "info" with the rows of those topics in the member "rows". */
static json_t *ask_all(int fd, const char *const *names, size_t n)
{
	json_t *doc = ask_object(fd, "info"), *all = json_object();
	bool more;

	if (doc == NULL)
		json_decref(all);
	else
		json_object_set_new(doc, "rows", all);
	for (size_t i = 0; doc != NULL && i < n; i++) {
		json_t *rows = ask(fd, names[i], "", 0, &more);

		if (rows == NULL) {
			json_decref(doc);
			return NULL;
		}
		json_object_set_new(all, names[i], rows);
	}
	return doc;
}

static bool is_page(const struct request *r)
{
	return strcmp(r->topic->name, "info") == 0;
}

/* Rows, or an object. NULL after a line on stderr. */
static json_t *ask_topic(int fd, const struct request *r, bool *more)
{
	*more = false;
	if (is_page(r))
		return ask_all(fd, parts, LENGTH(parts));
	if (r->topic->columns == NULL)
		return ask_object(fd, r->topic->name);
	return ask(fd, r->topic->name, r->params, r->limit, more);
}

static void compare_rows(json_t *now, const json_t *before, const struct topic *topic,
	double seconds)
{
	if (seconds > 0)
		rates_add(now, before, topic, seconds);
	else
		rates_subtract(now, before, topic);
}

/* Rates over so many seconds, or (0) differences: of the answer's rows, or of all parts of "info". */
static void compare(const struct request *r, json_t *now, const json_t *before, double seconds)
{
	if (!is_page(r)) {
		compare_rows(now, before, r->topic, seconds);
		return;
	}
	for (size_t i = 0; i < LENGTH(parts); i++)
		compare_rows(json_object_get(json_object_get(now, "rows"), parts[i]),
			json_object_get(json_object_get(before, "rows"), parts[i]),
			topic_find(parts[i]), seconds);
}

/* Unless all are wanted, only names that something happened to. */
static void remove_zero(json_t *rows, const char *key)
{
	for (size_t i = json_array_size(rows); i-- > 0;)
		if (json_integer_value(json_object_get(json_array_get(rows, i), key)) == 0)
			json_array_remove(rows, i);
}

static void show(const struct request *r, json_t *answer)
{
	const bool rates = r->watch_s > 0;

	if (strcmp(r->topic->name, "drops") == 0 && !r->all)
		remove_zero(answer, rates ? "total_per_s" : "total");
	if (r->json) {
		json_dumpf(answer, stdout, rates ? JSON_COMPACT : JSON_INDENT(2));
		printf("\n");
	} else if (is_page(r)) {
		page_print(answer, rates);
	} else if (r->topic->columns == NULL) {
		table_print_one(answer);
	} else {
		table_print(answer, r->wide ? topic_columns(r->topic) : r->topic->columns, rates);
	}
}

/* Counts from "clear counters" on. false after a line on stderr. */
static bool subtract_cleared(int fd, const struct request *r, json_t *answer)
{
	json_t *info = ask_object(fd, "info"),
	       *was = info != NULL ? baseline_load(r->path, info) : NULL;

	json_decref(info);
	if (was == NULL)
		return false;
	compare(r, answer,
		is_page(r) ? was : json_object_get(json_object_get(was, "rows"), r->topic->name),
		0);
	json_decref(was);
	return true;
}

static int finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	fprintf(stderr, "weirctl: cannot write\n");
	return EXIT_FAILURE;
}

static int show_once(int fd, const struct request *r)
{
	bool more, good;
	json_t *answer = ask_topic(fd, r, &more);

	if (answer == NULL)
		return EXIT_FAILURE;
	good = !r->cleared || subtract_cleared(fd, r, answer);
	if (good)
		show(r, answer);
	json_decref(answer);
	if (good && more)
		fprintf(stderr, "weirctl: there may be more: --limit N, 0 for all\n");
	return good ? finish() : EXIT_FAILURE;
}

/* A screen for each, where there is one. */
static void begin_screen(const struct request *r, size_t shown)
{
	if (r->json)
		return;
	if (isatty(STDOUT_FILENO))
		printf("\033[H\033[J");
	else if (shown > 0)
		printf("\n");
}

static int show_again(int fd, const struct request *r)
{
	const struct timespec pause = {.tv_sec = (time_t)r->watch_s,
		.tv_nsec = (long)((r->watch_s - (double)(time_t)r->watch_s) * 1e9)};
	double then = clock_s();
	bool more;
	json_t *before = ask_topic(fd, r, &more);
	int status = before != NULL ? EXIT_SUCCESS : EXIT_FAILURE;

	for (size_t shown = 0; status == EXIT_SUCCESS && (r->count == 0 || shown < r->count);
		shown++) {
		json_t *now, *shows;
		double at;

		nanosleep(&pause, NULL);
		at = clock_s();
		now = ask_topic(fd, r, &more);
		if (now == NULL) {
			status = EXIT_FAILURE;
			break;
		}
		shows = json_deep_copy(now);
		compare(r, shows, before, at > then ? at - then : 1);
		begin_screen(r, shown);
		show(r, shows);
		status = finish();
		json_decref(shows);
		json_decref(before);
		before = now;
		then = at;
	}
	json_decref(before);
	return status;
}

static int clear(int fd, const struct request *r)
{
	json_t *doc = ask_all(fd, counting, LENGTH(counting));
	int status = doc != NULL && baseline_save(r->path, doc) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;

	json_decref(doc);
	return status;
}

/* What is noted beside an order goes to stderr: it is done. */
static int order(int fd, const struct request *r)
{
	bool more;
	json_t *rows = ask(fd, "set", r->params, 0, &more), *row;
	size_t i;

	if (rows == NULL)
		return EXIT_FAILURE;
	json_array_foreach(rows, i, row)
	{
		fprintf(stderr, "weirctl: note: ");
		text_put(stderr, json_string_value(json_object_get(row, "note")));
		fputc('\n', stderr);
	}
	json_decref(rows);
	return EXIT_SUCCESS;
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
	return good ? finish() : EXIT_FAILURE;
}

static int reload(int fd)
{
	bool more;
	json_t *rows = ask(fd, "reload", "", 0, &more);
	int status = rows != NULL ? tell(rows) : EXIT_FAILURE;

	json_decref(rows);
	return status;
}

static int serve(int fd, const struct request *r)
{
	switch (r->command) {
	case COMMAND_SHOW:
		return r->watch_s > 0 ? show_again(fd, r) : show_once(fd, r);
	case COMMAND_CLEAR:
		return clear(fd, r);
	case COMMAND_SET:
		return order(fd, r);
	case COMMAND_RELOAD:
		return reload(fd);
	}
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct request r;
	int fd, status, err = request_read(&r, argc, argv);

	if (err != 0)
		return err > 0 ? EXIT_SUCCESS : 2;
	fd = client_connect(r.path);
	if (fd < 0)
		return EXIT_FAILURE;
	status = serve(fd, &r);
	close(fd);
	return status;
}
