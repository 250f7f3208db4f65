/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clients' side: connections that are opened, carry requests and responses, and are closed, each
 * from another address and port, so that none is used again before all others were.
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
	CLIENT_TIMEOUT,   /* no segment for too long */
	CLIENT_CUT,       /* a FIN before the whole response */
	CLIENT_CORRUPT,   /* another text, or an HTTP status other than 2xx */
	CLIENT_FAILURES
};

extern const char *const client_failure_names[CLIENT_FAILURES];

struct client_counts {
	uint64_t begun, opened, done; /* done: all responses received, closed by FINs */
	uint64_t failed[CLIENT_FAILURES];
	uint64_t requests, responses;
	uint64_t no_tuple; /* connections put off: no address and port of the range was free */
};

struct client {
	struct host host;
	struct range from;
	uint32_t to_be;
	uint16_t to_port_be;
	const uint8_t *mac; /* of the neighbour that is sent to */
	uint32_t request_bytes, response_bytes;
	uint32_t requests;   /* per connection; 0: as client_ask() is called, without end */
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

/* Sends up to n requests on connections that have none outstanding; returns how many. */
unsigned int client_ask(struct client *c, unsigned int n);

/* Time-outs, a few. */
void client_tick(struct client *c);

/* No more requests: closes connections that have none outstanding, a few each call. */
void client_finish(struct client *c);

static inline uint32_t client_open_now(const struct client *c)
{
	return c->host.ends.used;
}

uint64_t client_failed(const struct client_counts *c);

#endif
