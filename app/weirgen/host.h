/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small TCP (RFC 9293): enough to open, to carry requests and responses, to close, and to survive
 * loss. It retransmits after a time-out from the first byte that is not acknowledged, accepts only
 * segments in order, and has no congestion control: 32 segments may be in flight. It knows no device
 * and no clock: frames leave by callbacks, time is host->now_ns.
 *
 * An application passes segments in, handles the events, writes or closes, and lets it send:
 *
 *	events = host_input(h, end, pkt);
 *	... host_write(), host_close() ...
 *	host_output(h, end);
 */
#ifndef WEIRGEN_HOST_H
#define WEIRGEN_HOST_H

#include "ends.h"
#include "flow/pkt.h"
#include "wire/build.h"

/* Callbacks that send: begin() returns where to write a frame, or NULL: no room; end() sends it. */
struct host_ops {
	uint8_t *(*begin)(void *shell);
	void (*end)(void *shell, uint16_t len);
	void *shell;
};

struct host_counts {
	/* segments with payload, sent and received, retransmissions included */
	uint64_t data_out, data_in;
	uint64_t bytes_in; /* of payload, in order */
	uint64_t resent;   /* retransmitted segments */
	uint64_t strays;   /* segments of no connection */
	uint64_t corrupt;  /* payload that differs from what was written */
};

struct host {
	struct ends ends;
	struct host_ops ops;
	struct weir_header syn; /* options that are offered, and agreed to */
	uint8_t mac[6];
	/* this is sent instead of the text, and nothing after it; any payload is accepted then */
	const char *message;
	uint64_t secret;
	uint64_t now_ns;           /* the caller keeps it */
	struct host_counts counts; /* atomics, by one writer */
};

enum host_event {
	HOST_OPENED = 1 << 0,  /* the handshake is done */
	HOST_DATA = 1 << 1,    /* payload was received: end->rcv_nxt has moved */
	HOST_FIN = 1 << 2,     /* the other end writes no more */
	HOST_CLOSED = 1 << 3,  /* both ends have: to be removed */
	HOST_RESET = 1 << 4,   /* RST of the other end: to be removed */
	HOST_CORRUPT = 1 << 5, /* payload that the other end did not write */
};

/* An active open: the SYN leaves. NULL: there is no room, or the key is taken. */
struct end *host_connect(struct host *h, const struct end_key *key, const uint8_t mac[6]);

/* A passive one: answers that SYN. NULL: no room. */
struct end *host_accept(struct host *h, const struct end_key *key, const struct weir_pkt *pkt);

/* A segment to an end of ours: enum host_event. */
unsigned int host_input(struct host *h, struct end *end, const struct weir_pkt *pkt);

/* Writes so many more bytes of the text; closes for writing. */
void host_write(struct end *end, uint32_t bytes);
void host_close(struct end *end);

/* Sends what can be sent, at least an acknowledgement where one is due. */
void host_output(struct host *h, struct end *end);

/* The timer of an end that ends_due() returned. false: it is given up, an RST was sent. */
bool host_timeout(struct host *h, struct end *end);

/* A segment of no connection to one of our addresses: a retransmitted FIN is acknowledged. */
void host_stray(struct host *h, const struct end_key *key, const struct weir_pkt *pkt);

/* Ends it by RST. The end is to be removed. */
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
