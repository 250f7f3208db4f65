/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small TCP (RFC 9293): enough to open, to carry requests and responses, to close, and to come
 * through loss. It sends again after a time-out from the first byte that is not acknowledged, takes
 * only what comes in order, and knows no congestion: 32 segments may be under way. It knows no device
 * and no clock: frames leave by an outlet, time is what host->now_ns says.
 *
 * An application feeds it segments, looks at what has happened, writes or closes, and lets it speak:
 *
 *	events = host_input(h, end, pkt);
 *	... host_write(), host_close() ...
 *	host_output(h, end);
 */
#ifndef WEIRGEN_HOST_H
#define WEIRGEN_HOST_H

#include "ends.h"
#include "wire/build.h"

/* How frames leave: begin() says where to write, NULL when there is no room; end() sends. */
struct outlet {
	uint8_t *(*begin)(void *shell);
	void (*end)(void *shell, uint16_t len);
	void *shell;
};

struct host_counts {
	/* segments with payload, as sent and as they came, each time they did */
	uint64_t data_out, data_in;
	uint64_t bytes_in; /* of payload, in order */
	uint64_t resent;   /* segments that had been sent before */
	uint64_t strays;   /* segments for nobody */
	uint64_t corrupt;  /* payload that is not what was written */
};

struct host {
	struct ends ends;
	struct outlet outlet;
	struct weir_header syn; /* options that are offered, and agreed to */
	uint8_t mac[6];
	/* what is written instead of the text, and nothing after it; then what comes may be anything */
	const char *says;
	uint64_t secret;
	uint64_t now_ns;           /* the caller keeps it */
	struct host_counts counts; /* atomics, by one writer */
};

enum host_event {
	HOST_OPENED = 1 << 0,  /* the handshake is done */
	HOST_DATA = 1 << 1,    /* end->rcv_nxt went on by payload */
	HOST_FIN = 1 << 2,     /* the other end writes no more */
	HOST_CLOSED = 1 << 3,  /* both ends have: to be removed */
	HOST_RESET = 1 << 4,   /* the other end has none of it: to be removed */
	HOST_CORRUPT = 1 << 5, /* payload that nobody wrote */
};

/* An active open: the SYN leaves. NULL: there is no room, or the key is taken. */
struct end *host_connect(struct host *h, const struct end_key *key, const uint8_t mac[6]);

/* A passive one: answers that SYN. NULL: no room. */
struct end *host_accept(struct host *h, const struct end_key *key, const struct weir_pkt *pkt);

/* A segment to an end of ours: enum host_event. */
unsigned int host_input(struct host *h, struct end *end, const struct weir_pkt *pkt);

/* So many more bytes of the text, or no more ever. */
void host_write(struct end *end, uint32_t bytes);
void host_close(struct end *end);

/* Sends what can be sent, at least an acknowledgement where one is due. */
void host_output(struct host *h, struct end *end);

/* Time is up for an end that ends_due() gave. false: it is given up, an RST has left. */
bool host_timeout(struct host *h, struct end *end);

/* A segment to one of our addresses where nobody is (any more): a late FIN is acknowledged. */
void host_stray(struct host *h, const struct end_key *key, const struct weir_pkt *pkt);

/* Ends it without ceremony. The end is to be removed. */
void host_abort(struct host *h, struct end *end);

/* The end that a received segment is for. */
static inline struct end_key host_key(const struct weir_seg *seg)
{
	return (struct end_key){
		.remote_be = seg->src.w[3],
		.local_be = seg->dst.w[3],
		.rport_be = seg->sport_be,
		.lport_be = seg->dport_be,
	};
}

#endif
