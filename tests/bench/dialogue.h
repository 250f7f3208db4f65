/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections from SYN to last ACK, a burst of them side by side: in every step the same end of each
 * says the same. Between dialogue_say() and dialogue_hear() stands world_burst(), by itself, so that
 * it can be timed.
 */
#ifndef WEIR_BENCH_DIALOGUE_H
#define WEIR_BENCH_DIALOGUE_H

#include "world.h"

enum dialogue_step {
	DIALOGUE_SYN,
	DIALOGUE_ACK,
	DIALOGUE_SYN_ACK, /* the backend's */
	DIALOGUE_REQUEST, /* from here on the connection is established */
	DIALOGUE_REPLY,
	DIALOGUE_REPLY_ACK,
	DIALOGUE_FIN, /* the client closes first */
	DIALOGUE_FIN_ACK,
	DIALOGUE_BACKEND_FIN,
	DIALOGUE_LAST_ACK,
	DIALOGUE_STEPS
};

struct dialogue {
	unsigned int n;
	uint16_t mss;                           /* that both offer */
	struct weir_header ends[2][WEIR_BURST]; /* [enum weir_side]: what it sends next */
	struct frame frames[2 * WEIR_BURST];    /* the second half is only ever prefetched */
};

/* "syn", "backend_syn_ack" ... */
const char *dialogue_step_name(enum dialogue_step step);

/* n <= WEIR_BURST clients, from number `first` on. Different numbers are different clients. */
void dialogue_begin(struct dialogue *d, const struct world *w, uint32_t first, unsigned int n);

/* The step's segments are in d->frames. */
void dialogue_say(struct dialogue *d, enum dialogue_step step);

/* What they led to. Ends the program when it is not what it must be. */
void dialogue_hear(struct dialogue *d, const struct world *w, enum dialogue_step step);

/*
 * Opens n connections by handshakes; their conns are 0 .. n - 1. The clock moves on so that their
 * timers are spread over the wheel as they are when connections come all the time.
 */
void dialogue_establish(struct world *w, uint32_t n);

/* The same without cookies, by nat: the two ends open them themselves (HC-70). */
void dialogue_establish_calm(struct world *w, uint32_t n);

#endif
