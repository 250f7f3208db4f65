// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/row.h"

#include <stdio.h>
#include <string.h>

void weir_row_clear(struct weir_row *row)
{
	row->n = row->n_list = 0;
}

static struct weir_field *add(struct weir_row *row, const char *name, enum weir_field_type type)
{
	static _Thread_local struct weir_field beyond;
	struct weir_field *f = row->n < WEIR_ROW_FIELDS ? &row->field[row->n++] : &beyond;

	f->name = name;
	f->type = type;
	return f;
}

void weir_row_text(struct weir_row *row, const char *name, const char *text)
{
	struct weir_field *f = add(row, name, WEIR_FIELD_TEXT);

	snprintf(f->text, sizeof(f->text), "%s", text);
}

void weir_row_number(struct weir_row *row, const char *name, uint64_t number)
{
	add(row, name, WEIR_FIELD_NUMBER)->number = number;
}

void weir_row_signed(struct weir_row *row, const char *name, int64_t number)
{
	add(row, name, WEIR_FIELD_SIGNED)->number = (uint64_t)number;
}

void weir_row_list(struct weir_row *row, const char *name, enum weir_field_type type)
{
	row->n_list = 0;
	add(row, name, type);
}

void weir_row_list_text(struct weir_row *row, const char *text)
{
	if (row->n_list < sizeof(row->list.texts) / sizeof(row->list.texts[0]))
		snprintf(row->list.texts[row->n_list++], sizeof(row->list.texts[0]), "%s", text);
}

void weir_row_list_number(struct weir_row *row, uint64_t number)
{
	if (row->n_list < WEIR_ROW_LIST)
		row->list.numbers[row->n_list++] = number;
}

const struct weir_field *weir_row_find(const struct weir_row *row, const char *name)
{
	for (unsigned int i = 0; i < row->n; i++)
		if (strcmp(row->field[i].name, name) == 0)
			return &row->field[i];
	return NULL;
}
