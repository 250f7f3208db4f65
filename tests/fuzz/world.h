/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small world around a proxy, for fuzzing: a few clients and whatever backends are called, behind
 * the shell of tests/lib. Both kinds are puppets: they remember what they were shown, so that a step
 * of the input can say "the right next segment" or one that is wrong in a chosen way.
 *
 * The byte at a sequence number depends on that number and on who sent it, however often and in
 * whatever pieces it is sent. So every payload that arrives can be judged (world_check.c), and with it
 * the translation of numbers. Looked at beside what the shell looks at by itself:
 *	- a backend hears nothing before a client has proved itself, and each valid ACK opens one
 *	  connection at most;
 *	- who has not proved himself gets one frame at most for one frame, no longer than a SYN-ACK;
 *	- nobody gets an acknowledgement of what he has not sent, nor the echo of a timestamp to come;
 *	- SACK blocks lie as far from the acknowledgement as they did when they were sent;
 *	- limits hold; when all are quiet for long enough, nothing is left.
 */
#ifndef WEIR_TESTS_FUZZ_WORLD_H
#define WEIR_TESTS_FUZZ_WORLD_H

#include "segment.h"
#include "shell.h"

#define WORLD_CLIENTS 4  /* client k asks service k % 2 */
#define WORLD_CALLS   16 /* that are remembered */
#define WORLD_COOKIES 256
#define WORLD_HISTORY 16
#define WORLD_NOBODY  0xff
/* How far a SACK block's edges (left, right, left, right) lie beyond the acknowledgement. */
#define WORLD_SACK(edge) (100u * ((edge) + 1))

/* Bits of the control byte that shapes a world. */
enum world_knob {
	WORLD_TWO_WORKERS = 1,
	WORLD_NO_TIMESTAMPS = 2,
	WORLD_SMALL = 4,    /* table and pool for a handful */
	WORLD_NO_RING = 8,  /* SYN-ACKs are not sent again */
	WORLD_NO_ROOM = 16, /* early data: 536 bytes of a connection */
	WORLD_ALONE = 32,   /* one backend each, so no other one to try */
	WORLD_ECN = 64,
	WORLD_NO_SACK = 128,
};

struct world_cookie {
	uint32_t cookie, isn; /* the SYN-ACK's sequence number, and the client's that it was for */
};

struct world_client {
	uint32_t addr;
	uint16_t port, wnd;
	unsigned int service;
	uint32_t isn, next, end; /* end: highest sequence number sent, + 1 */
	uint32_t expect, tsecr;
	bool ts;               /* was promised timestamps */
	bool began, restarted; /* has sent a SYN; ... with more than one ISN */
	bool proved;           /* has sent an ACK with a cookie of its own */
	uint32_t n_cookies;
	struct world_cookie cookies[WORLD_COOKIES];
};

/* A connection as its backend sees it: one for each (backend, local address and port). */
struct world_call {
	uint16_t backend; /* the last byte of its address */
	uint16_t port, local_port, wnd;
	uint32_t addr, local;
	uint32_t shown; /* the ISN in the SYN */
	uint32_t isn, next, end;
	uint32_t expect, tsecr;
	bool ts, asked_ts;                  /* it sends timestamps; ... and was asked to */
	bool again;                         /* a second SYN with another ISN came */
	uint8_t client;                     /* who is behind it, or WORLD_NOBODY: not known */
	uint32_t cookie, client_isn;        /* of that client, when known */
	uint8_t syn[WEIR_HEADER_FRAME_MAX]; /* as it arrived */
};

/* What has been put in, for doing so again. */
struct world_past {
	uint8_t frame[SEGMENT_FRAME_MAX];
	uint16_t len;
	uint8_t port;   /* enum shell_port */
	uint8_t client; /* who sent it, or WORLD_NOBODY */
	bool proof;
};

struct world {
	struct shell *s;
	unsigned int n_each;
	struct world_client clients[WORLD_CLIENTS];
	struct world_call calls[WORLD_CALLS];
	unsigned int n_calls; /* ever; the last WORLD_CALLS are remembered */
	struct world_past past[WORLD_HISTORY];
	unsigned int n_past;
	bool raw;           /* frames of any bytes go in: what they prove is not known */
	unsigned int n_put; /* not run yet */
	bool together;      /* what comes out is of more than one frame: in no order of its own */
	bool handed_late;   /* what another worker owns waits for world_take_over() */
	bool odd_echoes;    /* somebody echoed a timestamp that he was never shown */
	uint8_t speaker;    /* the client who sent the last one put in, or WORLD_NOBODY */
	uint64_t proofs;    /* valid ACKs put in, at most */
};

/* secret: what cookies are made with. */
struct world *world_open(uint8_t knobs, uint64_t secret);
/* ...; what is not so in all worlds is changed in the first policy. */
struct world *world_open_with(uint8_t knobs, uint64_t secret,
	void (*change)(struct weir_policy *p));
/* All fall silent; what is left then is wrong. */
void world_quiet(struct world *w);
/* The same, and the end of the world. */
void world_close(struct world *w);

/* The segment that client or call would send now, with those flags and that many bytes; not sent yet. */
struct segment world_client_says(const struct world *w, unsigned int client, uint8_t flags,
	unsigned int len);
struct segment world_call_says(const struct world *w, const struct world_call *c, uint8_t flags,
	unsigned int len);
/* The call number n, counted back from the newest, or NULL. */
struct world_call *world_call(struct world *w, unsigned int n);

/* The timestamp clock of whoever sends from that port. */
uint32_t world_clock(const struct world *w, uint16_t port);

/* What is put in arrives together at world_run(); the puppets then take what comes out. */
void world_client_puts(struct world *w, unsigned int client, const struct segment *g);
void world_call_puts(struct world *w, struct world_call *c, const struct segment *g);
void world_put(struct world *w, const struct world_past *p);
void world_replay(struct world *w, unsigned int n);
void world_run(struct world *w);
/* With handed_late: what that worker was handed is decided, and the puppets take what comes out. */
void world_take_over(struct world *w, unsigned int worker);
void world_wait_ms(struct world *w, uint64_t ms);

/* A client's handshake, and its backend's answer. */
void world_syn(struct world *w, unsigned int client, bool ts);
void world_answer(struct world *w, struct world_call *c, bool ts);

/* world_check.c */

/* What segment_byte() makes the byte of at a sequence number of a client's or a backend's. */
uint32_t world_client_offset(unsigned int client, uint32_t seq);
uint32_t world_backend_offset(unsigned int backend, uint32_t seq);

void world_check_to_client(const struct world *w, unsigned int client, const struct shell_out *out);
void world_check_to_backend(const struct world *w, const struct world_call *c,
	const struct shell_out *out);
void world_check_limits(const struct world *w);
/* n_out frames, the longest of that many bytes, came out of one frame of the speaker's. */
void world_check_answer(const struct world *w, unsigned int n_out, uint32_t longest);

#endif
