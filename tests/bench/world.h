/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core of one worker in memory, a policy around it, and a shell that does as little as a shell
 * can: a frame is copied in as a device would write it, and its MAC addresses are written when it
 * leaves.
 */
#ifndef WEIR_BENCH_WORLD_H
#define WEIR_BENCH_WORLD_H

#include "frames.h"
#include "pages.h"
#include "tcp/proxy.h"
#include "wire/datagram.h"

#define WORLD_VIP      0xc0000250u /* 192.0.2.80: frame_addr() */
#define WORLD_BURST_NS 10000 /* the clock's step from burst to burst: 6.4 M packets a second */
#define WORLD_HEADERS  (2 * WEIR_BURST)

struct world {
	struct weir_policy *policy;
	struct weir_proxy px;
	void *memory;
	size_t memory_bytes;
	enum pages pages;
	double open_s;                   /* how long that took: memory mapped, populated, set up */
	enum weir_family family, behind; /* of the clients' side, and of the backends' */
	uint64_t now_ns;
	uint64_t step_ns; /* of the clock, a burst */
	/* what the core made by itself in the latest burst */
	unsigned int n_created;
	struct weir_header created[WORLD_HEADERS];
	uint64_t fates[WEIR_FATES];
	struct weir_pkt pkts[WEIR_BURST]; /* the latest burst, as the core left it */
	/* a cache line in front of each frame, of which WEIR_FRAME_FRONT may be used */
	uint8_t work[WEIR_BURST][64 + FRAME_ROOM] __attribute__((aligned(64)));
	uint8_t outbox[WEIR_BURST][FRAME_ROOM] __attribute__((aligned(64)));
};

/* For so many connections, as worker `worker` of `workers`, each with its share. NULL never. */
struct world *world_open(uint32_t connections, unsigned int worker, unsigned int workers);
/* ... of that family; world_open()'s is IPv4. */
struct world *world_open_for(enum weir_family family, uint32_t connections, unsigned int worker,
	unsigned int workers);
/* IPv6 backends behind an IPv4 VIP. One worker. */
struct world *world_open_mixed(uint32_t connections);
void world_close(struct world *w);

/* From here on the service's backends answer SYNs, with that many places for half-open entries. */
void world_be_calm(struct world *w, uint32_t half_open);

/* The floor: n frames come in and leave with their MAC addresses swapped. */
void world_floor(struct world *w, const struct frame *frames, unsigned int n);

/* n <= WEIR_BURST frames come in, go through the core, and leave. */
void world_burst(struct world *w, const struct frame *frames, unsigned int n);

/*
 * Its parts. Frames come in: w->pkts[i] is what a device and its driver say of frame i. When the core
 * has set what becomes of them, they leave, and the clock moves on.
 */
void world_receive(struct world *w, const struct frame *frames, unsigned int n);
void world_leave(struct world *w, unsigned int n);

#endif
