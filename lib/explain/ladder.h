/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection as a ladder: three rails (client, synweir, backend), an arrow for each segment, and beside it the
 * states of both ends after it. At most 100 columns. Knows neither policy nor engine: the caller says what
 * happened in words. Sequence numbers are shown relative to the first one of their sender on their side.
 */
#ifndef WEIR_EXPLAIN_LADDER_H
#define WEIR_EXPLAIN_LADDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum weir_rail {
	WEIR_RAIL_CLIENT,
	WEIR_RAIL_SYNWEIR,
	WEIR_RAIL_BACKEND,
};

/* A segment, in its sender's numbers. Texts are the caller's; NULL: none. */
struct weir_arrow {
	uint64_t time_ns;
	uint8_t from, to; /* enum weir_rail; from client to backend or back: forwarded */
	uint8_t flags;    /* WEIR_TCP_* */
	uint32_t seq, ack, payload_len;
	const char *options; /* of a SYN: "mss 1460" */
	const char *
		fate; /* what became of it, by name; not for what is forwarded or made by synweir */
	const char *why;      /* the same in words, to be said on a line of its own */
	bool ends;            /* it is dropped */
	bool icmp;            /* it is an ICMP error about that segment */
	const char *state[2]; /* client's, backend's */
};

/* Sequence numbers of one side (client's or backend's): its far end's [0] and synweir's [1]. */
struct weir_ladder_side {
	bool known[2];
	uint32_t first[2];
};

struct weir_ladder {
	FILE *out;
	unsigned int number; /* of the connection, said on each line; 0: not said */
	bool begun;
	uint64_t first_ns;
	struct weir_ladder_side side[2];
};

/* The rails' names. */
void weir_ladder_head(const struct weir_ladder *l);

/* A line of words in the ladder: "backend web1 ...". */
void weir_ladder_note(const struct weir_ladder *l, const char *text);

void weir_ladder_draw(struct weir_ladder *l, const struct weir_arrow *a);

#endif
