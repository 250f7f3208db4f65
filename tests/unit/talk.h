/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client and a backend who talk to each other through the shell, a word at a time. Each counts in
 * a space of its own and knows of the other only what it is shown; every segment that arrives is
 * looked at with the receiver's eyes: addresses, numbers, echoed timestamps, every byte of payload.
 * Sides are enum weir_side.
 */
#ifndef WEIR_TESTS_TALK_H
#define WEIR_TESTS_TALK_H

#include "segment.h"
#include "shell.h"

#define ACK WEIR_TCP_ACK
#define FIN (WEIR_TCP_FIN | WEIR_TCP_ACK)
#define PSH (WEIR_TCP_PSH | WEIR_TCP_ACK)
#define RST WEIR_TCP_RST

struct talk_offer {
	uint16_t mss;
	uint8_t wscale; /* WEIR_WSCALE_NONE: none */
	bool sack, ts, ecn;
};

struct talk {
	struct shell *s;
	unsigned int service;
	uint32_t client;
	uint16_t port;
	uint16_t vip_port;          /* may be changed before the SYN */
	uint8_t mac[6];             /* the client's neighbour */
	enum shell_port by;         /* the port that it is reached by */
	struct talk_offer offer[2]; /* may be changed before the SYN and the answer */
	uint16_t wnd[2];            /* the field that the side sends */

	/* filled in as they talk */
	uint32_t isn[2];  /* the side's own */
	uint32_t next[2]; /* what it sends next */
	uint32_t shown
		[2]; /* the other's ISN, as the side is shown it: [WEIR_CLIENT] is the cookie */
	uint32_t expect[2];          /* what the side expects of the other next */
	uint32_t tsval[2], tsecr[2]; /* its clock at the beginning; what it echoes */
	uint32_t first_tsval[2];     /* the first one that the side was shown */
	uint64_t began_ms;
	uint16_t early_wnd;          /* of the SYN-ACK */
	struct talk_offer promised;  /* in the SYN-ACK */
	uint16_t asked_wnd, ack_wnd; /* in the SYN, and in the ACK of the answer */
	struct talk_offer asked;     /* in the SYN to the backend */
	uint16_t backend;
	uint32_t backend_addr, local;
	uint16_t local_port;
};

/* Client number n: an address, a port and numbers of its own; usual options on both sides. */
void talk_init(struct talk *t, struct shell *s, unsigned int service, unsigned int n);

/* Client number 1 again after a reboot, its ISN so much later: all is new but its address and port. */
void talk_begin_anew(struct talk *u, const struct talk *t, uint32_t isn_add);

/* Steps of the handshake; each takes what it causes from the shell's queue and looks at it. */
void talk_syn(struct talk *t);          /* SYN, SYN-ACK */
void talk_ack(struct talk *t);          /* ACK, SYN to a backend */
void talk_take_syn(struct talk *t);     /* the next frame is a SYN to a backend */
void talk_take_syn_ack(struct talk *t); /* ... a SYN-ACK to the client */
void talk_take_same_syn(struct talk
		*t);              /* ... our SYN retransmitted: same backend, port, numbers */
void talk_answer(struct talk *t); /* the backend's SYN-ACK; our ACK to it */
void talk_open(struct talk *t);   /* all of them */
/* FIN from `closer`, its ACK, FIN from the other, its ACK: TIME_WAIT. */
void talk_close(struct talk *t, enum weir_side closer);

/* An exact RST of the side, which the other gets. */
void talk_abort(struct talk *t, enum weir_side side);

/* A segment of the side as it would be said now; nothing is sent. */
struct segment talk_segment(const struct talk *t, enum weir_side side, uint8_t flags,
	unsigned int len);
/* The client's SYN, the backend's SYN-ACK. */
struct segment talk_syn_segment(const struct talk *t, enum weir_side side);

/* Sends any segment; returns its fate (shell_in()). What it causes stays in the queue. */
unsigned int talk_put(struct talk *t, enum weir_side side, const struct segment *g);

/* Sends the next `len` bytes, and FIN if said so; the other must get them. */
void talk_say(struct talk *t, enum weir_side side, uint8_t flags, unsigned int len);
/* The backend's SYN-ACK, then data both ways. */
void talk_works(struct talk *t);
/* The next frame in the queue is that segment of the other side, translated; `to` takes note. */
void talk_hear(struct talk *t, enum weir_side to, const struct segment *said);

/* The next frame in the queue is a RST for `to`, at exactly that number of its view. */
void talk_hear_rst(struct talk *t, enum weir_side to, uint32_t seq);
/* The queue is empty. */
void talk_silence(struct talk *t);

const struct weir_conn *talk_conn(const struct talk *t); /* NULL: none */
enum weir_state talk_state(const struct talk *t);        /* the connection must be there */

#endif
