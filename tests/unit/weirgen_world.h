/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * weirgen's clients and backends against each other, on a wire of the test's own and a virtual clock.
 * What leaves is looked at: lengths, both checksums.
 */
#ifndef WEIRGEN_WORLD_H
#define WEIRGEN_WORLD_H

#include "frame.h"
#include "unit.h"
#include "weirgen/backend.h"
#include "weirgen/client.h"
#include "weirgen/frame.h"

#define STEP_NS  100000ull
#define WIRE_MAX 4096

struct letter {
	uint64_t at_ns;
	uint16_t len;
	uint8_t bytes[1600] __attribute__((aligned(2)));
};

/* One direction. */
struct wire {
	struct letter *letters[WIRE_MAX];
	unsigned int n;
	struct letter *draft;
	uint64_t sent, lost;
};

extern struct world {
	struct client client;
	struct backend backend;
	struct range listens;
	struct wire to_backend, to_client;
	uint64_t now_ns, seed;
	unsigned int loss, twice, late;              /* of 1000 */
	bool (*spoil)(uint8_t *frame, uint16_t len); /* true: it does not arrive */
} w;

/* A wire of 1 ms there and back; so many connections at once, requests in each, bytes of both kinds. */
void world_open(uint32_t concurrency, uint32_t requests, uint32_t request, uint32_t response);
void world_close(void);

/* Time goes on by STEP_NS, and everybody acts. */
void world_step(void);

/* n connections, one after the other and some at once, to the end; at most 200 s of virtual time. */
void world_run(unsigned int n);

/* All of them were served and closed, byte for byte. */
void world_expect_done(uint64_t n);

/* Pieces of a step: the next letter that has arrived, the wire's no more, or NULL; all of them. */
struct letter *world_arrived(struct wire *wire);
void world_deliver(struct wire *wire);

#endif
