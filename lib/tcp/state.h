/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state machine of a spliced connection: a constant table, read by weir_state_step() alone, which
 * is also the only writer of conn->state but for the beginning (weir_conn_begin()).
 *
 * A transition depends on the state, on the role of the side that caused it (the closer, whose FIN
 * came first, or the other) and on the event. tests/unit/test_state.c writes the table to
 * docs/states.md.
 */
#ifndef WEIR_TCP_STATE_H
#define WEIR_TCP_STATE_H

#include "flow/conn.h"

enum weir_tcp_event {
	WEIR_TCP_SYN_ACK,      /* the backend accepted */
	WEIR_TCP_ACKED,        /* the client acknowledged the backend's own SYN-ACK */
	WEIR_TCP_HEADER,       /* both ends are there, and bytes of our own went to the backend */
	WEIR_TCP_HEADER_ACKED, /* ... which it has acknowledged */
	WEIR_TCP_FIN_SENT,     /* the side's FIN was forwarded and counts (HC-64) */
	WEIR_TCP_FIN_ACKED,    /* the side's FIN was acknowledged by the other for the first time */
	WEIR_TCP_FIN_CANCELLED, /* the side goes on beyond its FIN, which was not acknowledged (HC-64) */
	WEIR_TCP_RESET, /* a believed RST of either side, or synweir gave the connection up */
	WEIR_TCP_EVENTS
};

enum weir_role {
	WEIR_CLOSER, /* the side whose FIN came first */
	WEIR_OTHER,
	WEIR_ROLES
};

extern const uint8_t weir_transitions[WEIR_STATES][WEIR_ROLES][WEIR_TCP_EVENTS];

const char *weir_tcp_event_name(enum weir_tcp_event e);

/*
 * Sets conn->state to the state after `event` of `side`, and conn->closer at the first FIN, or to the other
 * side when the first one is cancelled. Returns the new state, which may be the old one.
 */
enum weir_state weir_state_step(struct weir_conn *conn, enum weir_side side,
	enum weir_tcp_event event);

#endif
