/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection: a client side and a backend side, spliced, in two cache lines.
 *
 * Each side counts in a sequence space of its own, and is shown the other side's numbers moved:
 *	client's numbers  + seq_delta[CLIENT]  = as the backend sees them
 *	backend's numbers + seq_delta[BACKEND] = as the client sees them
 * The two deltas are independent. An acknowledgement number is of the other side's space: the other
 * side's delta is subtracted. Timestamps likewise: TSval + ts_delta[sender], TSecr -
 * ts_delta[receiver]. Numbers are in host order, unless a name ends in _be.
 *
 * A connection belongs to one worker, and only that worker's thread reads or writes it.
 */
#ifndef WEIR_FLOW_CONN_H
#define WEIR_FLOW_CONN_H

#include "flow/key.h"
#include "flow/pkt.h"

#define WEIR_CONN_NONE 0xffffffffu

/*
 * RFC 9293 §3.3.2 names, for the connection as a whole, as seen by the closer: the side whose FIN
 * came first. Behind the slash: the other side's state at that time.
 */
enum weir_state {
	WEIR_CLOSED, /* nothing is forwarded; kept so that its cookie opens no second connection */
	/* half-open: the client's own SYN went to the backend, its ACK has not come (HC-70) */
	WEIR_SYN_RCVD,
	WEIR_SYN_SENT, /* the client's cookie was valid, the backend has not answered yet */
	/* INVARIANT: from here on both sequence spaces are known, and window.h holds */
	/* both ends are there, but bytes of our own are not acknowledged (HC-80: tcp/inserted.h) */
	WEIR_HEADER_SENT,
	WEIR_ESTABLISHED,
	WEIR_FIN_WAIT_1, /* the closer's FIN was forwarded, not acknowledged / ESTABLISHED or CLOSE_WAIT */
	WEIR_FIN_WAIT_2, /* ... acknowledged / CLOSE_WAIT: half close, data may flow for long */
	WEIR_CLOSING,    /* both FINs were forwarded, neither is acknowledged */
	WEIR_LAST_ACK,   /* both were forwarded, one is acknowledged: one ACK is missing */
	WEIR_TIME_WAIT,  /* both are acknowledged */
	WEIR_STATES
};

/* RFC 9293's name of a state: "ESTABLISHED". */
const char *weir_state_name(enum weir_state s);

enum weir_conn_flag {
	WEIR_CONN_TS = 1 << 0,         /* timestamps negotiated on both sides */
	WEIR_CONN_SACK = 1 << 1,       /* a cookie promised SACK to the client */
	WEIR_CONN_STRIP_SACK = 1 << 2, /* ... which the backend lacks: blocks to it are removed */
	/* an exact RST was forwarded; if its receiver goes on sending, it was not a valid one */
	WEIR_CONN_RST_PENDING = 1 << 3,
	/* the client was told window 0: the window update is retransmitted until it sends */
	WEIR_CONN_WND_UPDATE = 1 << 4,
	WEIR_CONN_ECN = 1 << 5,
	WEIR_CONN_LOCAL_PORT = 1 << 6, /* local.port_be is taken from a pool of ports (fullnat) */
	WEIR_CONN_KEYED_BACKEND = 1 << 7, /* the backend key is in the table */
};

/*
 * Whether the client has sent data: without it a connection is among the first to go (tcp/pressure.h).
 * Data of the client makes it WEIR_QUIET_HEARD from any of the others.
 */
enum weir_quiet {
	WEIR_QUIET_HEARD, /* it has */
	WEIR_QUIET_NEW,   /* not yet */
	WEIR_QUIET_SEEN, /* ... and for longer than a newcomer takes: the hand has come by before */
	/* it sent an exact RST, which its backend may not have received, or not believed (HC-63) */
	WEIR_QUIET_GONE,
};

/* State of the data that one side sends, in its own sequence space (HC-21). */
struct weir_track {
	uint32_t end;   /* highest sequence number sent, + 1 */
	uint32_t acked; /* highest acknowledgement number of the other side */
	uint32_t
		max_end; /* highest acknowledgement + window of the other side: it may not send beyond */
};

/* Valid until the first FIN, counted or not: for the handshake and what repeats it (tcp/handshake.h). */
struct weir_handshake {
	uint32_t syn_tsval;    /* TSval of our SYN to the backend */
	uint32_t cookie_tsval; /* TSval of the SYN-ACK, as the client echoed it */
};

/* Only in SYN_RCVD: its place in the half-open queue (flow/halfopen.h). */
struct weir_half_open {
	uint32_t older, newer; /* conns, or WEIR_CONN_NONE */
};

/* In CLOSED: no backend took it, and its client is not told (HC-74). More than any count of tries. */
#define WEIR_TRIES_SILENT 7

struct weir_conn {
	/* line 1: for lookup and translation */
	struct weir_key client; /* key: client's address, port, listener */
	struct weir_key
		local; /* key: what the backend sees the client as, and the backend's key_id */
	uint32_t seq_delta[2]; /* [enum weir_side of the sender] */
	uint32_t ts_delta[2];
	uint8_t state;         /* enum weir_state */
	uint8_t flags;         /* enum weir_conn_flag */
	uint8_t closer : 1;    /* enum weir_side */
	uint8_t fin_sent : 2;  /* bit per enum weir_side: its FIN is in fin_seq */
	uint8_t fin_acked : 2; /* bit per side: its FIN was acknowledged */
	uint8_t reset_by : 1;  /* enum weir_side: the sender of the pending RST */
	uint8_t no_wscale : 1; /* the client offered none: windows are unscaled on its side */
	uint8_t calm : 1; /* its SYN and SYN-ACK were the two ends' own: nothing was promised */
	uint8_t wscale_client : 4;  /* as the client offered it */
	uint8_t wscale_backend : 4; /* as the backend offered it */
	uint8_t wscale_shown : 4;   /* what the client was promised as the backend's */
	/* the backend has sent over 2^31 bytes: its ISN cannot be compared with new numbers */
	uint8_t isn_stale : 1;
	uint8_t backend_unscaled : 1; /* the backend offered none, though we did */
	uint8_t quiet : 2;            /* enum weir_quiet */
	union {
		struct { /* before ESTABLISHED */
			/*
			 * SYNs to this backend, or later window updates, without an answer; SYN_RCVD: not
			 * 0 until there is one; CLOSED: WEIR_TRIES_SILENT, or of no meaning
			 */
			uint8_t tries : 3;
			/* backends or local ports tried beyond the first; HEADER_SENT: tcp/inserted.c */
			uint8_t switches : 2;
			/*
			 * SYN_SENT: the client's MSS as its cookie kept it (tcp/cookie.h); once the
			 * backend has answered: the backend's, in units of 32 bytes, 7 for more
			 */
			uint8_t mss_index : 3;
		};
		struct { /* from ESTABLISHED on: weir_handshake_end() */
			uint8_t : 3;
			uint8_t fin_noted : 1; /* a FIN has used the memory of `handshake` */
			/* a FIN that counts and is not acknowledged was retransmitted: it is not forged */
			uint8_t fin_again : 1;
			/* a SYN with the client's own ISN was challenged, by a number that its RST will have */
			uint8_t isn_again : 1;
		};
	};
	uint16_t backend; /* index into the policy's backends */

	/* line 2: windows, close, timers */
	struct weir_track track[2]; /* [enum weir_side of the sender] */
	union {
		uint16_t max_wnd[2]; /* the largest window field the side sent: unscaled */
		struct {             /* in HEADER_SENT, in place of the backend's */
			uint16_t : 16;
			uint8_t inserted;       /* bytes of our own before the client's first */
			uint8_t inserted_acked; /* ... of which so many are acknowledged */
		};
	};
	uint32_t cookie; /* the ISN that the client was shown */
	union {
		struct weir_half_open half_open; /* in SYN_RCVD */
		struct weir_handshake handshake; /* else until the first FIN */
		uint32_t fin_seq[2]; /* sequence number after the side's FIN, in its own space */
	};
	uint32_t deadline; /* tick (flow/wheel.h) at which the timer goes off */
	uint32_t wheel_next, wheel_prev;
	struct weir_neighbour neighbour; /* the client's neighbour */
	union {
		/* before ESTABLISHED: first held packet (flow/held.h), or WEIR_HELD_NONE; free: next free */
		uint32_t held;
		uint32_t
			client_start; /* from ESTABLISHED on: sequence number of the client's first byte */
	};
};

/* The first packet held of a connection, or WEIR_HELD_NONE. */
static inline uint32_t weir_conn_held(const struct weir_conn *c)
{
	return c->state == WEIR_SYN_SENT || c->state == WEIR_HEADER_SENT ? c->held : WEIR_CONN_NONE;
}

_Static_assert(sizeof(struct weir_conn) == 128, "a connection is two cache lines");

#endif
