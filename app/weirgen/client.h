/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clients' side: connections that are opened, carry requests and responses, and are closed, each
 * from another address and port, so that no one comes again before all others have been.
 */
#ifndef WEIRGEN_CLIENT_H
#define WEIRGEN_CLIENT_H

#include "hist.h"
#include "host.h"
#include "range.h"

enum client_failure {
	CLIENT_REFUSED,   /* an RST to the SYN */
	CLIENT_NO_ANSWER, /* to the SYN */
	CLIENT_RESET,     /* an RST later */
	CLIENT_TIMEOUT,   /* nobody spoke any more */
	CLIENT_CUT,       /* a FIN before the whole response */
	CLIENT_CORRUPT,   /* another text, or an HTTP status other than 2xx */
	CLIENT_FAILURES
};

extern const char *const client_failure_names[CLIENT_FAILURES];

struct client_counts {
	uint64_t begun, opened, done; /* done: all responses, closed in peace */
	uint64_t failed[CLIENT_FAILURES];
	uint64_t requests, responses;
	uint64_t no_tuple; /* connections put off: nobody was free in the range */
};

struct client {
	struct host host;
	struct range from;
	uint32_t to_be;
	uint16_t to_port_be;
	const uint8_t *mac; /* where to */
	uint32_t request_bytes, response_bytes;
	uint32_t requests;   /* in a connection; 0: when client_ask() says, and without end */
	bool backend_closes; /* first */
	bool http;           /* HTTP/1.0: a response is all that comes before the backend closes */
	/* ends of connections whose next request is to be asked for: a ring of host.ends.size */
	uint32_t *ready;
	uint32_t ready_first, n_ready;
	/* atomics, by one writer */
	struct client_counts counts;
	struct hist handshake;  /* SYN (or when it was due) to SYN-ACK, ns */
	struct hist first_byte; /* request to the response's first byte, ns */
};

/* host.ends is made for `concurrency`; the rest of host and the numbers above are the caller's. */
int client_init(struct client *c, uint32_t concurrency);
void client_free(struct client *c);

/* One more connection, which was to begin at due_ns. false: not now. */
bool client_open(struct client *c, uint64_t due_ns);

/* A segment to one of our addresses. */
void client_input(struct client *c, const struct weir_pkt *pkt);

/* Up to n requests of connections that have none under way; how many there were. */
unsigned int client_ask(struct client *c, unsigned int n);

/* Time-outs, a few. */
void client_tick(struct client *c);

/* No more requests: connections without one under way are closed. A few each time. */
void client_finish(struct client *c);

static inline uint32_t client_open_now(const struct client *c)
{
	return c->host.ends.used;
}

uint64_t client_failed(const struct client_counts *c);

#endif
