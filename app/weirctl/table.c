// SPDX-License-Identifier: BSD-3-Clause
#include "table.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "topic.h"

#define COLUMNS_MAX 28
#define CELL_MAX    1024
#define KEY_WIDTH   14

struct column {
	char key[48], name[48];
	int width;
	bool right;
};

static void cell_text(const json_t *value, char *text)
{
	size_t i, at = 0;
	json_t *item;

	text[0] = '\0';
	if (json_is_string(value))
		snprintf(text, CELL_MAX, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(text, CELL_MAX, "%lld", (long long)json_integer_value(value));
	json_array_foreach(value, i, item)
	{
		char one[CELL_MAX];

		cell_text(item, one);
		if (at < CELL_MAX)
			at += (size_t)snprintf(text + at, CELL_MAX - at, i == 0 ? "%s" : " %s",
				one);
	}
	text_clean(text);
}

static unsigned int split(const char *columns, bool rates, struct column *to)
{
	struct topic_column c;
	unsigned int n = 0;

	for (; n < COLUMNS_MAX && topic_next(&columns, &c); n++) {
		bool rate = rates && c.is_counter;

		snprintf(to[n].key, sizeof(to[n].key), "%s%s", c.key, rate ? "_per_s" : "");
		snprintf(to[n].name, sizeof(to[n].name), "%s%s", c.key, rate ? "/s" : "");
		for (char *at = to[n].name; *at != '\0'; at++)
			*at = (char)toupper((unsigned char)*at);
		to[n].width = (int)strlen(to[n].name);
		to[n].right = true;
	}
	return n;
}

static void measure(const json_t *rows, struct column *column)
{
	char text[CELL_MAX];
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const json_t *value = json_object_get(row, column->key);

		cell_text(value, text);
		if ((int)strlen(text) > column->width)
			column->width = (int)strlen(text);
		column->right &= json_is_integer(value);
	}
}

static void print_cell(const struct column *c, const char *text, bool last)
{
	if (c->right)
		printf("%*s%s", c->width, text, last ? "\n" : "  ");
	else if (last)
		printf("%s\n", text);
	else
		printf("%-*s  ", c->width, text);
}

void table_print(const json_t *rows, const char *keys, bool rates)
{
	struct column columns[COLUMNS_MAX];
	unsigned int n = split(keys, rates, columns);
	char text[CELL_MAX];
	json_t *row;
	size_t r;

	for (unsigned int c = 0; c < n; c++)
		measure(rows, &columns[c]);
	for (unsigned int c = 0; c < n; c++)
		print_cell(&columns[c], columns[c].name, c == n - 1);
	json_array_foreach(rows, r, row)
	{
		for (unsigned int c = 0; c < n; c++) {
			cell_text(json_object_get(row, columns[c].key), text);
			print_cell(&columns[c], text, c == n - 1);
		}
	}
}

void table_print_one(json_t *row)
{
	char text[CELL_MAX];
	const char *key;
	json_t *value;

	json_object_foreach(row, key, value)
	{
		text_put(stdout, key);
		cell_text(value, text);
		printf("%*s %s\n", strlen(key) < KEY_WIDTH ? KEY_WIDTH - (int)strlen(key) : 0, "",
			text);
	}
}
