/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames as they will come in, prepared: so many that neither they nor the connections that they
 * belong to stay in the caches from one round to the next.
 */
#ifndef WEIR_BENCH_FRAMES_H
#define WEIR_BENCH_FRAMES_H

#include "wire/build.h"
#include "wire/l3.h"

#define FRAMES     (1u << 19) /* of a row: 64 MB */
#define FRAME_ROOM 128u
#define FRAME_COPY 80u /* bytes that are copied of each: the longest of IPv4 is 74 */
#define FRAME_MORE 24u /* ... of those that are longer, as IPv6's are */

struct frame {
	uint8_t data[FRAME_ROOM - 8];
	uint32_t len;
	uint32_t conn; /* for whoever fills it in */
} __attribute__((aligned(64)));

struct world;

/* A host's address in the world's family: of IPv6, each has a /64 of its own. */
struct weir_addr frame_addr_of(enum weir_family family, uint32_t host);
struct weir_addr frame_addr(const struct world *w, uint32_t host);

/* The same numbers in every run. */
uint64_t frames_random(void);

/* Memory for n frames and a burst beyond, which is prefetched. */
struct frame *frames_alloc(uint32_t n);

void frame_keep(struct frame *f, const struct weir_header *h);

/* len bytes of it: FRAME_COPY and FRAME_MORE at most in all. */
void frame_add_payload(struct frame *f, const struct weir_header *h, uint16_t len);

/* A client's SYN with all that Linux sends: MSS, SACK, timestamps, window scale. */
struct weir_header frame_syn(const struct world *w, uint32_t client, uint16_t port);

/* Each fills in one frame. */
void frame_make_syn(struct frame *f, const struct world *w);
void frame_make_bad_ack(struct frame *f, const struct world *w);
/* An ACK with timestamps of a random connection's client, or its backend. */
void frame_make_client(struct frame *f, const struct world *w);
void frame_make_backend(struct frame *f, const struct world *w);

/* The one or the other. */
void frame_make_either(struct frame *f, const struct world *w);

typedef void frame_maker(struct frame *f, const struct world *w);

/* n frames by `make`, but `percent` of them, in random order, by `other`. Returns how many these are. */
uint32_t frames_fill(struct frame *frames, uint32_t n, const struct world *w, frame_maker *make,
	frame_maker *other, unsigned int percent);

#endif
