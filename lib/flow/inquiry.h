/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A question of the control side to one worker: "which connections are there?". The worker answers
 * between bursts, a bounded piece at a time, so no other thread ever reads a connection.
 *
 * There is one inquiry slot per worker, and one asker at a time, which its callers see to. The
 * asker fills in filter, cursor and limit, then sets state to ASKED (release). The worker copies
 * matches into `found`, moves the cursor on and sets ANSWERED (release). Between ASKED and ANSWERED
 * all fields but state are the worker's. An answer is what one piece of the table held, perhaps
 * nothing: the asker goes on asking until cursor == WEIR_INQUIRY_END, when every connection has
 * been looked at.
 */
#ifndef WEIR_FLOW_INQUIRY_H
#define WEIR_FLOW_INQUIRY_H

#include "flow/conn.h"
#include "flow/policy.h"
#include "flow/table.h"

#define WEIR_INQUIRY_FOUND 64
#define WEIR_INQUIRY_SCAN  512 /* conns looked at per service call */
#define WEIR_INQUIRY_END   0xffffffffu

enum weir_inquiry_state {
	WEIR_INQUIRY_IDLE,
	WEIR_INQUIRY_ASKED,
	WEIR_INQUIRY_ANSWERED,
};

struct weir_inquiry {
	uint32_t state; /* atomic: enum weir_inquiry_state */
	/* the question */
	uint32_t cursor;         /* first conn to look at; the answer moves it on */
	struct weir_addr client; /* when by_client */
	bool by_client;
	uint16_t service, backend; /* WEIR_NONE16: any */
	uint16_t conn_state;       /* enum weir_state, WEIR_NONE16: any */
	uint32_t limit;            /* answers wanted at most, 1..WEIR_INQUIRY_FOUND */
	/* the answer */
	uint32_t n_found;
	uint32_t now_tick; /* for showing how long until a deadline */
	struct weir_conn found[WEIR_INQUIRY_FOUND];
};

/*
 * Worker: answers when asked; else one load. Looks at WEIR_INQUIRY_SCAN conns at most. p is the
 * policy that the worker goes by.
 */
void weir_inquiry_serve(struct weir_inquiry *q, const struct weir_table *t,
	const struct weir_policy *p, uint32_t now_tick);

#endif
