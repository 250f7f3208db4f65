// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/state.h"

/* Rows that are the same for both roles. */
#define BOTH(...)                                                                                  \
	{                                                                                          \
		[WEIR_CLOSER] = {__VA_ARGS__}, [WEIR_OTHER] = { __VA_ARGS__ }                      \
	}

/*
 * RFC 9293 §3.3.2 figure 5 and §3.6, both ends at once. Each transition has its sentence; an entry
 * without one stays in its state: the event changes nothing there, or cannot happen.
 */
/* clang-format off */
const uint8_t weir_transitions[WEIR_STATES][WEIR_ROLES][WEIR_TCP_EVENTS] = {
	[WEIR_CLOSED] = BOTH(
		[WEIR_TCP_SYN_ACK] = WEIR_CLOSED,
		[WEIR_TCP_ACKED] = WEIR_CLOSED,
		[WEIR_TCP_HEADER] = WEIR_CLOSED,
		[WEIR_TCP_HEADER_ACKED] = WEIR_CLOSED,
		[WEIR_TCP_FIN_SENT] = WEIR_CLOSED,
		[WEIR_TCP_FIN_ACKED] = WEIR_CLOSED,
		[WEIR_TCP_FIN_CANCELLED] = WEIR_CLOSED,
		[WEIR_TCP_RESET] = WEIR_CLOSED
	),

	[WEIR_SYN_SENT] = BOTH(
		/* The backend accepts: both sides are open, and their sequence spaces are spliced. */
		[WEIR_TCP_SYN_ACK] = WEIR_ESTABLISHED,
		[WEIR_TCP_ACKED] = WEIR_SYN_SENT,
		/* Both ends are open, but the backend is told the client's address first (HC-80). */
		[WEIR_TCP_HEADER] = WEIR_HEADER_SENT,
		[WEIR_TCP_HEADER_ACKED] = WEIR_SYN_SENT,
		[WEIR_TCP_FIN_SENT] = WEIR_SYN_SENT, /* a client's early FIN is held like data */
		[WEIR_TCP_FIN_ACKED] = WEIR_SYN_SENT,
		[WEIR_TCP_FIN_CANCELLED] = WEIR_SYN_SENT,
		/* The client aborts, or no backend accepts and the client gets RST. */
		[WEIR_TCP_RESET] = WEIR_CLOSED
	),

	[WEIR_SYN_RCVD] = BOTH(
		[WEIR_TCP_SYN_ACK] = WEIR_SYN_RCVD, /* it passes: the client has not accepted yet */
		/* The third step: both ends are open. */
		[WEIR_TCP_ACKED] = WEIR_ESTABLISHED,
		/* Both ends are open, but the backend is told the client's address first (HC-80). */
		[WEIR_TCP_HEADER] = WEIR_HEADER_SENT,
		[WEIR_TCP_HEADER_ACKED] = WEIR_SYN_RCVD,
		[WEIR_TCP_FIN_SENT] = WEIR_SYN_RCVD, /* a FIN with the ACK counts after it */
		[WEIR_TCP_FIN_ACKED] = WEIR_SYN_RCVD,
		[WEIR_TCP_FIN_CANCELLED] = WEIR_SYN_RCVD,
		/* RFC 9293 §3.10.7.4: back to LISTEN. The entry leaves: no cookie of it can come again. */
		[WEIR_TCP_RESET] = WEIR_CLOSED
	),

	[WEIR_HEADER_SENT] = BOTH(
		[WEIR_TCP_SYN_ACK] = WEIR_HEADER_SENT, /* retransmitted: our header was lost */
		[WEIR_TCP_ACKED] = WEIR_HEADER_SENT,
		[WEIR_TCP_HEADER] = WEIR_HEADER_SENT,
		/* The backend has all bytes of our own: what is sent from here on is the two ends'. */
		[WEIR_TCP_HEADER_ACKED] = WEIR_ESTABLISHED,
		[WEIR_TCP_FIN_SENT] = WEIR_HEADER_SENT, /* a client's FIN is held, a backend's comes again */
		[WEIR_TCP_FIN_ACKED] = WEIR_HEADER_SENT,
		[WEIR_TCP_FIN_CANCELLED] = WEIR_HEADER_SENT,
		/* A RST of either side, or the backend never acknowledges the header. */
		[WEIR_TCP_RESET] = WEIR_CLOSED
	),

	[WEIR_ESTABLISHED] = BOTH(
		[WEIR_TCP_SYN_ACK] = WEIR_ESTABLISHED, /* retransmitted: our ACK was lost */
		[WEIR_TCP_ACKED] = WEIR_ESTABLISHED,
		[WEIR_TCP_HEADER] = WEIR_ESTABLISHED,
		[WEIR_TCP_HEADER_ACKED] = WEIR_ESTABLISHED,
		/* The first FIN: its sender becomes the closer, the other end is in CLOSE_WAIT. */
		[WEIR_TCP_FIN_SENT] = WEIR_FIN_WAIT_1,
		[WEIR_TCP_FIN_ACKED] = WEIR_ESTABLISHED,
		[WEIR_TCP_FIN_CANCELLED] = WEIR_ESTABLISHED,
		/* A RST that its receiver believed, or synweir ends the connection by RST. */
		[WEIR_TCP_RESET] = WEIR_CLOSED
	),

	[WEIR_FIN_WAIT_1] = {
		[WEIR_CLOSER] = {
			[WEIR_TCP_SYN_ACK] = WEIR_FIN_WAIT_1,
			[WEIR_TCP_ACKED] = WEIR_FIN_WAIT_1,
			[WEIR_TCP_HEADER] = WEIR_FIN_WAIT_1,
			[WEIR_TCP_HEADER_ACKED] = WEIR_FIN_WAIT_1,
			[WEIR_TCP_FIN_SENT] = WEIR_FIN_WAIT_1, /* retransmitted */
			/* The other end acknowledges the FIN: half close, it may still send data. */
			[WEIR_TCP_FIN_ACKED] = WEIR_FIN_WAIT_2,
			/* The closer goes on: the FIN was forged. */
			[WEIR_TCP_FIN_CANCELLED] = WEIR_ESTABLISHED,
			[WEIR_TCP_RESET] = WEIR_CLOSED, /* as in ESTABLISHED */
		},
		[WEIR_OTHER] = {
			[WEIR_TCP_SYN_ACK] = WEIR_FIN_WAIT_1,
			[WEIR_TCP_ACKED] = WEIR_FIN_WAIT_1,
			[WEIR_TCP_HEADER] = WEIR_FIN_WAIT_1,
			[WEIR_TCP_HEADER_ACKED] = WEIR_FIN_WAIT_1,
			/* A FIN before the closer's FIN is acknowledged: simultaneous close. */
			[WEIR_TCP_FIN_SENT] = WEIR_CLOSING,
			[WEIR_TCP_FIN_ACKED] = WEIR_FIN_WAIT_1,
			[WEIR_TCP_FIN_CANCELLED] = WEIR_FIN_WAIT_1,
			[WEIR_TCP_RESET] = WEIR_CLOSED, /* as in ESTABLISHED */
		},
	},

	[WEIR_FIN_WAIT_2] = {
		[WEIR_CLOSER] = {
			[WEIR_TCP_SYN_ACK] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_ACKED] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_HEADER] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_HEADER_ACKED] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_FIN_SENT] = WEIR_FIN_WAIT_2, /* retransmitted */
			[WEIR_TCP_FIN_ACKED] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_FIN_CANCELLED] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_RESET] = WEIR_CLOSED, /* as in ESTABLISHED */
		},
		[WEIR_OTHER] = {
			[WEIR_TCP_SYN_ACK] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_ACKED] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_HEADER] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_HEADER_ACKED] = WEIR_FIN_WAIT_2,
			/* The other end closes too, and waits for the ACK of its FIN. */
			[WEIR_TCP_FIN_SENT] = WEIR_LAST_ACK,
			[WEIR_TCP_FIN_ACKED] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_FIN_CANCELLED] = WEIR_FIN_WAIT_2,
			[WEIR_TCP_RESET] = WEIR_CLOSED, /* as in ESTABLISHED */
		},
	},

	[WEIR_CLOSING] = BOTH(
		[WEIR_TCP_SYN_ACK] = WEIR_CLOSING,
		[WEIR_TCP_ACKED] = WEIR_CLOSING,
		[WEIR_TCP_HEADER] = WEIR_CLOSING,
		[WEIR_TCP_HEADER_ACKED] = WEIR_CLOSING,
		[WEIR_TCP_FIN_SENT] = WEIR_CLOSING, /* retransmitted */
		/* One of the two FINs is acknowledged; the other one's ACK is missing. */
		[WEIR_TCP_FIN_ACKED] = WEIR_LAST_ACK,
		/* That end goes on; the other one is the closer. */
		[WEIR_TCP_FIN_CANCELLED] = WEIR_FIN_WAIT_1,
		[WEIR_TCP_RESET] = WEIR_CLOSED /* as in ESTABLISHED */
	),

	[WEIR_LAST_ACK] = BOTH(
		[WEIR_TCP_SYN_ACK] = WEIR_LAST_ACK,
		[WEIR_TCP_ACKED] = WEIR_LAST_ACK,
		[WEIR_TCP_HEADER] = WEIR_LAST_ACK,
		[WEIR_TCP_HEADER_ACKED] = WEIR_LAST_ACK,
		[WEIR_TCP_FIN_SENT] = WEIR_LAST_ACK, /* retransmitted */
		/* The second FIN is acknowledged as well: the close is complete. */
		[WEIR_TCP_FIN_ACKED] = WEIR_TIME_WAIT,
		/* The FIN that is not acknowledged was forged: half close. */
		[WEIR_TCP_FIN_CANCELLED] = WEIR_FIN_WAIT_2,
		[WEIR_TCP_RESET] = WEIR_CLOSED /* as in ESTABLISHED */
	),

	[WEIR_TIME_WAIT] = BOTH(
		[WEIR_TCP_SYN_ACK] = WEIR_TIME_WAIT,
		[WEIR_TCP_ACKED] = WEIR_TIME_WAIT,
		[WEIR_TCP_HEADER] = WEIR_TIME_WAIT,
		[WEIR_TCP_HEADER_ACKED] = WEIR_TIME_WAIT,
		[WEIR_TCP_FIN_SENT] = WEIR_TIME_WAIT, /* retransmitted: its ACK was lost */
		[WEIR_TCP_FIN_ACKED] = WEIR_TIME_WAIT,
		[WEIR_TCP_FIN_CANCELLED] = WEIR_TIME_WAIT,
		/* synweir gives it up. A received RST ends no TIME_WAIT (RFC 1337): forward.c. */
		[WEIR_TCP_RESET] = WEIR_CLOSED
	),
};
/* clang-format on */

const char *weir_tcp_event_name(enum weir_tcp_event e)
{
	static const char *const names[WEIR_TCP_EVENTS] = {
		[WEIR_TCP_SYN_ACK] = "backend's SYN-ACK",
		[WEIR_TCP_ACKED] = "client's ACK of it",
		[WEIR_TCP_HEADER] = "header sent",
		[WEIR_TCP_HEADER_ACKED] = "header acknowledged",
		[WEIR_TCP_FIN_SENT] = "FIN",
		[WEIR_TCP_FIN_ACKED] = "FIN acknowledged",
		[WEIR_TCP_FIN_CANCELLED] = "data beyond its FIN",
		[WEIR_TCP_RESET] = "RST",
	};

	return names[e];
}

enum weir_state weir_state_step(struct weir_conn *conn, enum weir_side side,
	enum weir_tcp_event event)
{
	enum weir_role role;
	uint8_t from = conn->state;

	if (from == WEIR_ESTABLISHED && event == WEIR_TCP_FIN_SENT)
		conn->closer = side;
	role = conn->closer == side ? WEIR_CLOSER : WEIR_OTHER;
	conn->state = weir_transitions[from][role][event];
	if (event == WEIR_TCP_FIN_CANCELLED && conn->state != from)
		conn->closer = weir_other(side);
	return (enum weir_state)conn->state;
}
