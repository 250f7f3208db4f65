// SPDX-License-Identifier: BSD-3-Clause
#include "page.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define WORST_DROPS 5

static bool by_second; /* one page at a time */

static json_int_t number(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

/* What a counter has: its total, or its rate. */
static json_int_t counted(const json_t *row, const char *key)
{
	char rate[48];

	if (!by_second)
		return number(row, key);
	snprintf(rate, sizeof(rate), "%s_per_s", key);
	return number(row, rate);
}

static const json_t *rows_of(const json_t *doc, const char *topic)
{
	return json_object_get(json_object_get(doc, "rows"), topic);
}

static void put(const json_t *row, const char *key)
{
	text_put(stdout, json_string_value(json_object_get(row, key)));
}

static bool is(const json_t *row, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(row, key));

	return value != NULL && strcmp(value, text) == 0;
}

struct figure {
	char text[24];
};

/* Four digits at most: "9999", "8.21 M". */
static struct figure figure(json_int_t n)
{
	static const char units[] = "kMGTPE";
	struct figure f;
	double x = (double)n;
	size_t u = 0;

	if (n < 10000) {
		snprintf(f.text, sizeof(f.text), "%lld", (long long)n);
		return f;
	}
	for (x /= 1000; x >= 999.5 && u < sizeof(units) - 2; u++)
		x /= 1000;
	snprintf(f.text, sizeof(f.text), "%.*f %c", x < 9.995 ? 2 : x < 99.95 ? 1 : 0, x, units[u]);
	return f;
}

/* ", 8.21 M/s NAME", without the comma at a line's begin. */
static void count(const char *comma, const json_t *row, const char *key, const char *name)
{
	printf("%s%s%s %s", comma, figure(counted(row, key)).text, by_second ? "/s" : "", name);
}

static void uptime(json_int_t s)
{
	if (s >= 86400)
		printf("%lld d %lld h", (long long)(s / 86400), (long long)(s % 86400 / 3600));
	else if (s >= 3600)
		printf("%lld h %lld min", (long long)(s / 3600), (long long)(s % 3600 / 60));
	else
		printf("%lld min %lld s", (long long)(s / 60), (long long)(s % 60));
}

static void head(const json_t *doc)
{
	printf("synweir ");
	put(doc, "version");
	printf(", up ");
	uptime(number(doc, "uptime_s"));
	printf(", pid %lld, ", (long long)number(doc, "pid"));
	put(doc, "config_file");
	printf("\n  connections  %lld of %lld", (long long)number(doc, "conns"),
		(long long)number(doc, "conns_max"));
	printf("\n  memory       %lld MB, %s packet buffers",
		(long long)(number(doc, "memory_bytes") >> 20), figure(number(doc, "mbufs")).text);
	if (!is(doc, "last_outcome", "")) {
		printf("\n  reload       ");
		put(doc, "last_outcome");
	}
	printf("\n");
}

/* What needs a look, a line each; false: there is nothing. */
static bool trouble(const json_t *doc)
{
	bool any = is(doc, "flood", "yes");
	json_t *row;
	size_t i;

	if (any)
		printf("  ATTENTION    a flood of SYNs\n");
	json_array_foreach(rows_of(doc, "ports"), i, row)
	{
		if (!is(row, "link", "down"))
			continue;
		any = true;
		printf("  ATTENTION    port ");
		put(row, "name");
		printf(": its link is down\n");
	}
	json_array_foreach(rows_of(doc, "backends"), i, row)
	{
		if (!is(row, "state", "down"))
			continue;
		any = true;
		printf("  ATTENTION    backend ");
		put(row, "service");
		printf("/");
		put(row, "name");
		printf(": down\n");
	}
	return any;
}

static void backends_of(const json_t *doc, const json_t *service)
{
	const char *name = json_string_value(json_object_get(service, "name"));
	json_t *row;
	size_t i;

	json_array_foreach(rows_of(doc, "backends"), i, row)
	{
		if (name == NULL || !is(row, "service", name))
			continue;
		printf("  backend      ");
		put(row, "name");
		printf(" ");
		put(row, "address");
		printf(": ");
		put(row, "state");
		printf(", weight %lld, %lld connections", (long long)number(row, "weight"),
			(long long)number(row, "active"));
		count(", ", row, "established", "established");
		count(", ", row, "refused", "refused");
		count(", ", row, "timed_out", "timed out\n");
	}
}

static void services(const json_t *doc)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows_of(doc, "services"), i, row)
	{
		printf("\nservice ");
		put(row, "name");
		printf(": ");
		put(row, "vip");
		printf(", ");
		put(row, "state");
		printf(is(row, "gate", "calm") ? ", backends answer SYNs\n"
					       : ", cookies answer SYNs\n");
		printf("  connections  %lld, %lld half-open", (long long)number(row, "active"),
			(long long)number(row, "half_open"));
		count(", ", row, "opened", "opened");
		count(", ", row, "failed", "failed\n");
		printf("  packets      ");
		count("", row, "syn", "SYNs");
		count(", ", row, "pkts_in", "in");
		count(", ", row, "pkts_out", "out\n");
		backends_of(doc, row);
	}
}

/* Of the loops of the latest second, or of all. */
static void workers(const json_t *doc)
{
	json_t *row;
	size_t i;

	printf("\n");
	json_array_foreach(rows_of(doc, "workers"), i, row)
	{
		json_int_t loops = counted(row, "loops");

		printf("worker %lld: CPU %lld, %lld %% of its turns busy, %lld of %lld connections",
			(long long)number(row, "worker"), (long long)number(row, "cpu"),
			(long long)(loops > 0
					? 100 * (double)counted(row, "busy_loops") / (double)loops
					: 0),
			(long long)number(row, "conns"), (long long)number(row, "conns_max"));
		count(", ", row, "dropped", "dropped\n");
	}
	json_array_foreach(rows_of(doc, "ports"), i, row)
	{
		printf("port ");
		put(row, "name");
		printf(": link ");
		put(row, "link");
		count(", ", row, "rx_pkts", "received");
		count(", ", row, "tx_pkts", "sent");
		count(", ", row, "rx_missed", "missed\n");
	}
}

/* The drops that are most, at most so many, the greatest first. */
static void drops(const json_t *doc)
{
	const json_t *rows = rows_of(doc, "drops"), *last = NULL;
	json_int_t most = 0;
	json_t *row;
	size_t i;

	for (unsigned int n = 0; n < WORST_DROPS; n++) {
		const json_t *next = NULL;
		bool passed = last == NULL;

		json_array_foreach(rows, i, row)
		{
			json_int_t c = counted(row, "total");
			bool follows = last == NULL || c < most || (c == most && passed);

			passed |= row == last;
			if (is(row, "class", "dropped") && c > 0 && follows && row != last &&
				(next == NULL || c > counted(next, "total")))
				next = row;
		}
		if (next == NULL)
			break;
		printf(last == NULL ? "dropped: " : ", ");
		last = next;
		most = counted(next, "total");
		printf("%s%s ", figure(most).text, by_second ? "/s" : "");
		put(next, "name");
	}
	if (last != NULL)
		printf("\n");
}

void page_print(const json_t *doc, bool rates)
{
	by_second = rates;
	head(doc);
	if (!trouble(doc))
		printf("  health       all is well\n");
	services(doc);
	workers(doc);
	drops(doc);
}
