/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A row of a listing: names with texts or numbers, and at most one list. A listing fills it in, and
 * what was asked writes it in a form of its own: the dicts of telemetry.
 */
#ifndef WEIR_CTL_ROW_H
#define WEIR_CTL_ROW_H

#include <stdbool.h>
#include <stdint.h>

#define WEIR_ROW_FIELDS 40
#define WEIR_ROW_TEXT   128 /* with its end: what telemetry's strings take */
#define WEIR_ROW_LIST   128

enum weir_field_type {
	WEIR_FIELD_TEXT,
	WEIR_FIELD_NUMBER,
	WEIR_FIELD_SIGNED,
	WEIR_FIELD_TEXTS,   /* the row's list */
	WEIR_FIELD_NUMBERS, /* likewise */
};

struct weir_field {
	const char *name; /* lives as long as the program */
	enum weir_field_type type;
	uint64_t number; /* also a signed one's bits */
	char text[WEIR_ROW_TEXT];
};

struct weir_row {
	unsigned int n, n_list;
	struct weir_field field[WEIR_ROW_FIELDS];
	union {
		uint64_t numbers[WEIR_ROW_LIST];
		char texts[WEIR_ROW_LIST / 4][64];
	} list;
};

/* No field, no list. */
void weir_row_clear(struct weir_row *row);

/* Adds a field. Text is cut to what a field takes; what exceeds a row or its list is left out. */
void weir_row_text(struct weir_row *row, const char *name, const char *text);
void weir_row_number(struct weir_row *row, const char *name, uint64_t number);
void weir_row_signed(struct weir_row *row, const char *name, int64_t number);

/* Begins the row's list, which is one of texts or of numbers. A row has one list at most. */
void weir_row_list(struct weir_row *row, const char *name, enum weir_field_type type);
void weir_row_list_text(struct weir_row *row, const char *text);
void weir_row_list_number(struct weir_row *row, uint64_t number);

/* The field of that name; NULL: the row has none. */
const struct weir_field *weir_row_find(const struct weir_row *row, const char *name);

#endif
