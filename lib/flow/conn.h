/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection: two TCP relations spliced, in two cache lines.
 *
 * Four sequence spaces meet here. Per side there is what the end itself counts in, and what it is
 * shown of the other end's:
 *	client's own -> (+ seq_delta[CLIENT]) -> as the backend sees it
 *	backend's own -> (+ seq_delta[BACKEND]) -> as the client sees it
 * The two deltas are independent. An acknowledgement goes against the other side's delta. Timestamps
 * likewise: TSval + ts_delta[sender], TSecr - ts_delta[receiver].
 */
#ifndef WEIR_FLOW_CONN_H
#define WEIR_FLOW_CONN_H

#include "flow/key.h"
#include "wire/seg.h"

#define WEIR_CONN_NONE 0xffffffffu

/*
 * RFC 9293 §3.3.2 names, for the connection as a whole; `closer` is the side whose FIN came first.
 * The other end's name in that moment stands behind the slash.
 */
enum weir_state {
	WEIR_CLOSED,   /* nothing is forwarded; kept so that its cookie opens nothing again */
	WEIR_SYN_SENT, /* client proved itself, backend has not answered yet */
	WEIR_ESTABLISHED,
	WEIR_FIN_WAIT_1, /* closer's FIN passed, not acknowledged / ESTABLISHED or CLOSE_WAIT */
	WEIR_FIN_WAIT_2, /* ... acknowledged / CLOSE_WAIT: half close, data may flow for long */
	WEIR_CLOSING,    /* both FINs passed, neither acknowledged */
	WEIR_LAST_ACK,   /* both passed, one acknowledged: one ACK is still to come */
	WEIR_TIME_WAIT,  /* both acknowledged */
	WEIR_STATES
};

/* RFC 9293's name of a state: "ESTABLISHED". */
const char *weir_state_name(enum weir_state s);

enum weir_conn_flag {
	WEIR_CONN_TS = 1 << 0,         /* timestamps negotiated on both sides */
	WEIR_CONN_SACK = 1 << 1,       /* the client was promised SACK */
	WEIR_CONN_STRIP_SACK = 1 << 2, /* ... which the backend lacks: blocks to it are removed */
	WEIR_CONN_RST_PENDING =
		1 << 3, /* an exact RST passed; its receiver's next word ends the probation */
	WEIR_CONN_WND_UPDATE =
		1 << 4, /* client was told window 0: repeat the update until it speaks */
	WEIR_CONN_ECN = 1 << 5,
	WEIR_CONN_LOCAL_PORT = 1 << 6, /* local.port_be is taken from the pool of ports (fullnat) */
	WEIR_CONN_KEYED_BACKEND = 1 << 7, /* the backend key is in the table */
};

/* What is remembered of the data that one side sends, in its own sequence space (HC-21). */
struct weir_track {
	uint32_t end;     /* highest sequence number sent, + 1 */
	uint32_t acked;   /* highest acknowledgement the other side gave it */
	uint32_t max_end; /* highest acked + window offered: beyond this it may not send */
};

struct weir_conn {
	/* line 1: looked up and translated with */
	struct weir_key client; /* key: client's address, port, service */
	struct weir_key
		local; /* key: what the backend sees the client as, and the backend's key_id */
	uint32_t seq_delta[2]; /* [enum weir_side of the sender] */
	uint32_t ts_delta[2];
	uint8_t state;              /* enum weir_state */
	uint8_t flags;              /* enum weir_conn_flag */
	uint8_t closer : 1;         /* enum weir_side */
	uint8_t fin_sent : 2;       /* bit per enum weir_side: its FIN passed */
	uint8_t fin_acked : 2;      /* bit per side: its FIN was acknowledged */
	uint8_t tries : 3;          /* SYNs to this backend, or window updates, without an answer */
	uint8_t wscale_client : 4;  /* as the client offered it */
	uint8_t wscale_backend : 4; /* as the backend offered it */
	uint8_t wscale_shown : 4;   /* what the client was promised as the backend's */
	uint8_t switches : 4;       /* backends or local ports tried beyond the first */
	uint8_t mss_index : 3;      /* the client's MSS as its cookie kept it: tcp/cookie.h */
	uint8_t no_wscale : 1;      /* the client offered none: windows are unscaled on its side */
	uint8_t backend_unscaled : 1; /* the backend offered none, though we did */
	uint8_t reset_by : 1;  /* enum weir_side: who sent the RST that began the probation */
	uint8_t isn_stale : 1; /* the backend has sent 2 GB: its beginning is no mark any more */
	uint8_t spare : 1;
	uint16_t backend; /* index into the policy's backends */

	/* line 2: windows, close, timers */
	struct weir_track track[2]; /* [enum weir_side of the sender] */
	uint16_t max_wnd[2];        /* the largest window field the side sent: unscaled */
	uint32_t cookie;            /* the ISN that the client was shown; its own space's start */
	union {
		uint32_t fin_seq[2]; /* sequence number after the side's FIN, in its own space */
		struct {             /* until the first FIN */
			uint32_t syn_tsval;    /* TSval of our SYN to the backend */
			uint32_t cookie_tsval; /* TSval of the SYN-ACK, as the client echoed it */
		} opening;
	};
	uint32_t deadline; /* tick (flow/wheel.h) at which the timer means something */
	uint32_t wheel_next, wheel_prev;
	struct weir_neighbour neighbour; /* the client's neighbour */
	uint32_t held; /* first held packet (flow/held.h), or WEIR_HELD_NONE; free: next free */
};

_Static_assert(sizeof(struct weir_conn) == 128, "a connection is two cache lines");

#endif
