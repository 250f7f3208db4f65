/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is kept of a TCP segment of a connection for tools that explain: the segment as it was sent, what became of
 * it, and in which state both ends are after it. Filled in by a shell from what the engine decided
 * (weirpcap, a traced worker). Pure functions; numbers are in host order, unless a name ends in _be.
 */
#ifndef WEIR_FLOW_TRACE_H
#define WEIR_FLOW_TRACE_H

#include "flow/conn.h"
#include "flow/policy.h"
#include "wire/build.h"

/* RFC 9293 §3.3.2: of one end, as far as the segments tell that synweir has seen. */
enum weir_end_state {
	WEIR_END_UNKNOWN,
	WEIR_END_LISTEN,
	WEIR_END_SYN_SENT,
	WEIR_END_SYN_RCVD,
	WEIR_END_ESTABLISHED,
	WEIR_END_FIN_WAIT_1,
	WEIR_END_FIN_WAIT_2,
	WEIR_END_CLOSE_WAIT,
	WEIR_END_CLOSING,
	WEIR_END_LAST_ACK,
	WEIR_END_TIME_WAIT,
	WEIR_END_CLOSED,
	WEIR_END_STATES
};

/* "CLOSE_WAIT"; "-" when it is unknown. */
const char *weir_end_state_name(enum weir_end_state s);

enum weir_end_state weir_end_state(const struct weir_conn *c, enum weir_side side);

enum weir_trace_what {
	WEIR_TRACE_RECEIVED, /* it came in, and fate and send say what became of it */
	WEIR_TRACE_RELEASED, /* it was held until now: goes to the backend, in its numbers, or ends */
	WEIR_TRACE_SENT,     /* synweir made it */
};

struct weir_trace {
	uint64_t wall_ns;        /* since 1970 */
	struct weir_addr client; /* all zero: it is of no connection, and not to a service */
	struct weir_addr local;  /* what the backend sees the client as; when has_conn */
	uint16_t client_port_be, local_port_be;
	uint16_t listener, backend; /* numbers; WEIR_NONE16: not known */
	uint32_t seq, ack;
	uint16_t wnd, payload_len, mss;
	uint8_t wscale;   /* SYNs: WEIR_WSCALE_NONE: not offered */
	uint8_t flags;    /* WEIR_TCP_* */
	uint8_t what;     /* enum weir_trace_what */
	uint8_t side;     /* enum weir_side: the end that sent it, or that it was sent to */
	uint8_t fate;     /* enum weir_fate; SENT: created, or the packet's that it answers */
	uint8_t send;     /* enum weir_send */
	uint8_t state[2]; /* [enum weir_side]: enum weir_end_state */
	bool sack_ok, ts;
	bool icmp; /* it is an ICMP error about the segment */
	bool has_conn;
};

/* pkt was decided; c: its connection, or NULL. */
void weir_trace_packet(struct weir_trace *t, const struct weir_pkt *pkt, const struct weir_conn *c);

/* pkt was answered in its own buffer: the answer, as it is there now. false: it was not, or not by TCP. */
bool weir_trace_answer(struct weir_trace *t, const struct weir_pkt *pkt, const struct weir_conn *c);

/* pkt, of the connection c, was held until now: as it goes on, if it does. */
void weir_trace_released(struct weir_trace *t, const struct weir_pkt *pkt,
	const struct weir_conn *c);

/* A segment that the engine made, to that side of the connection c; NULL: of none, to a client. */
void weir_trace_header(struct weir_trace *t, const struct weir_header *h, const struct weir_conn *c,
	enum weir_side to, const struct weir_policy *p);

#endif
