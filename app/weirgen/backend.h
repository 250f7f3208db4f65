/* SPDX-License-Identifier: BSD-3-Clause */
/* The servers' side: accepts what comes, answers requests of a size with responses of a size. */
#ifndef WEIRGEN_BACKEND_H
#define WEIRGEN_BACKEND_H

#include "host.h"
#include "range.h"

struct backend_counts {
	uint64_t syns, opened, closed, reset, timeout;
	uint64_t responses;
	uint64_t full; /* SYNs for which there was no room */
};

struct backend {
	struct host host;
	const struct range *at; /* addresses and ports that are listened on */
	unsigned int n_at;
	uint32_t request_bytes, response_bytes;
	uint32_t close_after;         /* responses; 0: the client closes first */
	struct backend_counts counts; /* atomics, by one writer */
};

/* host.ends is made for so many; the rest of host and the numbers above are the caller's. */
int backend_init(struct backend *b, uint32_t connections);
void backend_free(struct backend *b);

/* A backend listens on the segment's destination. */
bool backend_listens(const struct backend *b, const struct weir_seg *seg);

/* A segment to a destination that is listened on. */
void backend_input(struct backend *b, const struct weir_pkt *pkt);

/* Time-outs, a few. */
void backend_tick(struct backend *b);

#endif
