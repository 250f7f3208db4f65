/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be shown. Columns are named like the members of a row: "@name" is one that says which row it is
 * (all of them together do), "syn+" one that only counts up.
 */
#ifndef WEIRCTL_TOPIC_H
#define WEIRCTL_TOPIC_H

#include <stddef.h>

struct topic {
	const char *name; /* telemetry's command is "/synweir/" and this */
	const char *
		columns; /* that fit a terminal of 100 columns; NULL: one object, a line for each member */
	const char *wide; /* all; NULL: the same */
	const char *help;
};

#define TOPICS 16
extern const struct topic topics[TOPICS];

/* NULL: there is none. */
const struct topic *topic_find(const char *name);

/* All columns that it has; "" for an object. */
const char *topic_columns(const struct topic *topic);

/* A column's name of at most 31 bytes, and what it is. */
struct topic_column {
	char key[32];
	int is_identity, is_counter;
};

/* The column at *at, which moves on past it; 0: there is no more. */
int topic_next(const char **at, struct topic_column *column);

#endif
