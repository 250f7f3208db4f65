/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The half-open queues of one worker: for each service its connections in SYN_RCVD, the oldest first
 * (RFC 4987 §2 calls this the backlog). An entry is a connection of the table, linked here by its
 * fields; a queue says which one leaves when the service has as many as it may have. Belongs to one
 * worker.
 */
#ifndef WEIR_FLOW_HALFOPEN_H
#define WEIR_FLOW_HALFOPEN_H

#include "base/arena.h"
#include "flow/conn.h"

struct weir_halfopen_queue {
	uint32_t oldest, newest; /* conns, or WEIR_CONN_NONE */
	uint32_t count;
};

struct weir_halfopen {
	struct weir_conn *conns;        /* the table's */
	struct weir_halfopen_queue *of; /* by service */
};

/* Empty queues for that many services, over the conns of a table that was set up with the same arena. */
void weir_halfopen_init(struct weir_halfopen *h, struct weir_arena *arena, struct weir_conn *conns,
	uint32_t services);

/* Puts conn into the service's queue as its youngest. It is in none. */
void weir_halfopen_put(struct weir_halfopen *h, uint32_t service, uint32_t conn);

/* Takes conn out of the service's queue, in which it is. */
void weir_halfopen_remove(struct weir_halfopen *h, uint32_t service, uint32_t conn);

#endif
