/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints rows of JSON as a table. */
#ifndef WEIRCTL_TABLE_H
#define WEIRCTL_TABLE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Prints an array of objects: one line each, the values of these columns ("@name vip syn+", see topic.h)
 * under their names. Numbers stand right, lists are joined by blanks. rates: of counters the
 * member "..._per_s".
 */
void table_print(const json_t *rows, const char *columns, bool rates);

/* Prints one object, a line for each key. */
void table_print_one(json_t *row);

#endif
