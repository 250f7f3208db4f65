// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/state.h"

/* Rows that are the same for both roles. */
#define BOTH(...)                                                                                  \
	{                                                                                          \
		{__VA_ARGS__},                                                                     \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

/* RFC 9293 §3.3.2 figure 5 and §3.6, both ends at once. Columns: SYN_ACK, FIN_SENT, FIN_ACKED, RESET. */
const uint8_t weir_transitions[WEIR_STATES][WEIR_ROLES][WEIR_TCP_EVENTS] = {
	[WEIR_CLOSED] = BOTH(WEIR_CLOSED, WEIR_CLOSED, WEIR_CLOSED, WEIR_CLOSED),
	[WEIR_SYN_SENT] = BOTH(WEIR_ESTABLISHED, WEIR_SYN_SENT, WEIR_SYN_SENT, WEIR_CLOSED),
	[WEIR_ESTABLISHED] = BOTH(WEIR_ESTABLISHED, WEIR_FIN_WAIT_1, WEIR_ESTABLISHED, WEIR_CLOSED),
	[WEIR_FIN_WAIT_1] =
		{
			[WEIR_CLOSER] = {WEIR_FIN_WAIT_1, WEIR_FIN_WAIT_1, WEIR_FIN_WAIT_2,
				WEIR_CLOSED},
			[WEIR_OTHER] = {WEIR_FIN_WAIT_1, WEIR_CLOSING, WEIR_FIN_WAIT_1,
				WEIR_CLOSED},
		},
	[WEIR_FIN_WAIT_2] =
		{
			[WEIR_CLOSER] = {WEIR_FIN_WAIT_2, WEIR_FIN_WAIT_2, WEIR_FIN_WAIT_2,
				WEIR_CLOSED},
			[WEIR_OTHER] = {WEIR_FIN_WAIT_2, WEIR_LAST_ACK, WEIR_FIN_WAIT_2,
				WEIR_CLOSED},
		},
	[WEIR_CLOSING] = BOTH(WEIR_CLOSING, WEIR_CLOSING, WEIR_LAST_ACK, WEIR_CLOSED),
	[WEIR_LAST_ACK] = BOTH(WEIR_LAST_ACK, WEIR_LAST_ACK, WEIR_TIME_WAIT, WEIR_CLOSED),
	[WEIR_TIME_WAIT] = BOTH(WEIR_TIME_WAIT, WEIR_TIME_WAIT, WEIR_TIME_WAIT, WEIR_CLOSED),
};

const char *weir_tcp_event_name(enum weir_tcp_event e)
{
	static const char *const names[WEIR_TCP_EVENTS] = {
		[WEIR_TCP_SYN_ACK] = "backend's SYN-ACK",
		[WEIR_TCP_FIN_SENT] = "FIN",
		[WEIR_TCP_FIN_ACKED] = "FIN acknowledged",
		[WEIR_TCP_RESET] = "RST",
	};

	return names[e];
}

enum weir_state weir_state_step(struct weir_conn *conn, enum weir_side side,
	enum weir_tcp_event event)
{
	enum weir_role role;

	if (conn->state == WEIR_ESTABLISHED && event == WEIR_TCP_FIN_SENT)
		conn->closer = side;
	role = conn->closer == side ? WEIR_CLOSER : WEIR_OTHER;
	conn->state = weir_transitions[conn->state][role][event];
	return (enum weir_state)conn->state;
}
