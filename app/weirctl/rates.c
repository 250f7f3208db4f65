// SPDX-License-Identifier: BSD-3-Clause
#include "rates.h"

#include <stdbool.h>
#include <stdio.h>

static bool is_same(const json_t *a, const json_t *b, const struct topic *topic)
{
	const char *at = topic_columns(topic);
	struct topic_column c;

	while (topic_next(&at, &c))
		if (c.is_identity &&
			!json_equal(json_object_get(a, c.key), json_object_get(b, c.key)))
			return false;
	return true;
}

static const json_t *find(const json_t *rows, const json_t *row, const struct topic *topic)
{
	size_t i;
	json_t *r;

	json_array_foreach(rows, i, r)
	{
		if (is_same(r, row, topic))
			return r;
	}
	return NULL;
}

/* A counter that has become less belongs to something else by that name: it began at 0. */
static json_int_t since(const json_t *now, const json_t *before, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(now, key)),
		   was = json_integer_value(json_object_get(before, key));

	return was > 0 && was <= n ? n - was : n;
}

void rates_add(json_t *now, const json_t *before, const struct topic *topic, double seconds)
{
	struct topic_column c;
	char key[48];
	json_t *row;
	size_t i;

	json_array_foreach(now, i, row)
	{
		const json_t *was = find(before, row, topic);
		const char *at = topic_columns(topic);

		while (topic_next(&at, &c)) {
			double n = (double)since(row, was, c.key) / seconds;

			if (!c.is_counter)
				continue;
			snprintf(key, sizeof(key), "%s_per_s", c.key);
			json_object_set_new(row, key,
				json_integer(n < 9e18 ? (json_int_t)(n + 0.5) : 0));
		}
	}
}

void rates_subtract(json_t *now, const json_t *before, const struct topic *topic)
{
	struct topic_column c;
	json_t *row;
	size_t i;

	json_array_foreach(now, i, row)
	{
		const json_t *was = find(before, row, topic);
		const char *at = topic_columns(topic);

		while (was != NULL && topic_next(&at, &c))
			if (c.is_counter)
				json_object_set_new(row, c.key,
					json_integer(since(row, was, c.key)));
	}
}
