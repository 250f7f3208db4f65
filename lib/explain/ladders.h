/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ladders of many connections: which one a segment is of, and its heading. A connection is found by its client and
 * service; a SYN with another sequence number after the end begins the next one. Drawn at once, each line with the
 * connection's number, or kept, each for itself.
 */
#ifndef WEIR_EXPLAIN_LADDERS_H
#define WEIR_EXPLAIN_LADDERS_H

#include "explain/ladder.h"

#define WEIR_LADDERS_MAX 256 /* connections; further ones are counted */

/* Whose segment it is, in words that are copied. */
struct weir_ladder_of {
	const char *client;  /* "198.51.100.7:40000" */
	const char *service; /* "web 192.0.2.80:80" */
	const char
		*backend; /* "web1 10.0.0.11:80, which sees 10.0.0.1:1027"; NULL: not known yet */
	uint64_t wall_ns; /* of the segment, since 1970: for the heading */
};

struct weir_ladders;

/* live: where ladders are drawn as segments come; NULL: by weir_ladders_print(). NULL: out of memory. */
struct weir_ladders *weir_ladders_new(FILE *live, unsigned int max);
void weir_ladders_free(struct weir_ladders *s);

/* 0, or -ENOMEM. */
int weir_ladders_draw(struct weir_ladders *s, const struct weir_ladder_of *of,
	const struct weir_arrow *a);

/* All that were kept, one after the other, and how many connections were too many. */
void weir_ladders_print(struct weir_ladders *s, FILE *out);

/* How many were begun, and how many of them have ended: both ends are CLOSED or in TIME_WAIT. */
unsigned int weir_ladders_begun(const struct weir_ladders *s);
unsigned int weir_ladders_ended(const struct weir_ladders *s);

#endif
