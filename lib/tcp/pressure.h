/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker does when the table or a pool of local ports fills with connections that have not ended
 * (HC-61). A hand goes round over the connections, at a pace: between bursts, some of them a tick.
 *
 * From adaptive_start to adaptive_end per cent idle times shrink in proportion, as pf's do: a connection
 * that is idle for longer than that is reset. When only a few places are left, and a newcomer wanted
 * one lately, connections are evicted, by grades: a turn of the hand takes what is of its grade or a
 * lower one, and the grade rises when a whole turn found next to nothing.
 *
 * INVARIANT: no packet looks for a place: it takes a free one or is refused, whatever the hand does.
 */
#ifndef WEIR_TCP_PRESSURE_H
#define WEIR_TCP_PRESSURE_H

#include <stdint.h>

/* What the hand evicts: the first ones first. */
enum weir_grade {
	WEIR_GRADE_YOUNG, /* its client has sent no data for seconds, and it is not idle for long */
	WEIR_GRADE_QUIET, /* its client has sent no data */
	WEIR_GRADE_HALF,  /* closing or half-closed, and idle */
	WEIR_GRADE_IDLE,  /* established and idle */
	WEIR_GRADES       /* never: it talks */
};

struct weir_pressure {
	uint64_t until_ns;  /* room is made until then: a newcomer was in want of it lately */
	uint64_t looked_ns; /* looks are paid for by time: up to here */
	uint64_t ports_ns;  /* until then some pool counts as so full that idle times shrink */
	uint32_t pool;      /* next one to look at for that */
	uint32_t hand;      /* next conn to look at */
	uint32_t evicted[WEIR_GRADES]; /* in this turn */
	uint8_t grade;                 /* enum weir_grade: what this turn may evict */
	uint32_t unmet;                /* places that are lacking, when last looked at */
};

#endif
