/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends of connections: found by addresses and ports, each with a timer. All memory is taken at start. Timers are queues, one for each delay there is, so that the first of a queue is the first
 * that is due.
 */
#ifndef WEIRGEN_ENDS_H
#define WEIRGEN_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#define ENDS_NONE UINT32_MAX

struct end_key {
	uint32_t remote_be, local_be;
	uint16_t rport_be, lport_be;
};

enum delay {
	/* RFC 6298 §2, with Linux's least of 200 ms; doubled each time */
	DELAY_200_MS,
	DELAY_400_MS,
	DELAY_800_MS,
	DELAY_1600_MS,
	DELAY_3200_MS,
	DELAY_6400_MS,
	/* for SYN and SYN-ACK */
	DELAY_1_S,
	DELAY_2_S,
	DELAY_4_S,
	DELAY_8_S,
	DELAY_30_S, /* for an answer of the other end */
	DELAYS,
	DELAY_NONE = DELAYS,
};

extern const uint32_t delay_ms[DELAYS];

struct end {
	struct end_key key;
	uint8_t mac[6]; /* where its segments go */
	uint8_t delay;  /* enum delay: the queue it is in */
	uint8_t tries;  /* since there was progress */

	/* TCP, RFC 9293 §3.3.1 */
	uint32_t iss, snd_una, snd_nxt;
	uint32_t snd_max; /* the highest snd_nxt was */
	uint32_t snd_end; /* behind the last byte that was written; the FIN's number */
	uint32_t snd_wnd; /* bytes */
	uint32_t irs, rcv_nxt;
	uint32_t ts_recent;
	uint16_t mss;               /* bytes of payload in a segment */
	uint8_t wscale, snd_wscale; /* ours, or WEIR_WSCALE_NONE; theirs */
	bool passive, ts, opened, closing, fin_received, ack_due;

	/* the application's: client.h, backend.h */
	bool first_byte, in_ready;
	uint32_t requests; /* done */
	uint32_t bytes;    /* of the current request or response that have come */
	uint64_t start_ns, request_ns;

	/* inside */
	uint64_t due_ns;
	uint32_t prev, next; /* in a queue; next in the list of free ones */
};

struct ends {
	struct end *at;
	uint32_t size, used;
	uint32_t *slots; /* open addressing, linear probing, at most half full */
	uint32_t mask;
	uint32_t free;
	struct {
		uint32_t first, last;
	} queue[DELAYS];
};

/* Room for so many. 0 or -ENOMEM. */
int ends_init(struct ends *e, uint32_t size);
void ends_free(struct ends *e);

struct end *ends_find(const struct ends *e, const struct end_key *key);

/* A blank one under that key, which is not there yet. NULL: there is no room. */
struct end *ends_add(struct ends *e, const struct end_key *key);
void ends_remove(struct ends *e, struct end *end);

/* Sets its timer, in place of any earlier one. DELAY_NONE: off. */
void ends_wake(struct ends *e, struct end *end, enum delay delay, uint64_t now_ns);

/* The next one whose timer has gone off; NULL: none is due. */
struct end *ends_due(struct ends *e, uint64_t now_ns);

#endif
