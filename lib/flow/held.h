/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Early client segments, held until the backend answers (HC-04). Packets are whole struct weir_pkt
 * (with the parsed view, so that they need not be parsed again), in one list per connection, in
 * arrival order. The buffers stay the shell's; the core only remembers their handles.
 *
 * A pool is one worker's, used by its thread alone. A list is named by its head, which the
 * connection keeps: an index into the pool, WEIR_HELD_NONE when it is empty. Sequence numbers are
 * in host order, in the client's own space.
 *
 * How much may be held by one (HC-65): a sharer, here a service, is measured by what is free. One by itself
 * gets three quarters of the pool, and its newcomers are told to wait from a half on; n greedy ones get
 * all but one part in 3n + 1. So there is always some left for the others.
 */
#ifndef WEIR_FLOW_HELD_H
#define WEIR_FLOW_HELD_H

#include "base/arena.h"
#include "flow/pkt.h"

#define WEIR_HELD_NONE 0xffffffffu

struct weir_held_pkt {
	struct weir_pkt pkt;
	uint32_t next;
	uint32_t sharer;
};

struct weir_held {
	struct weir_held_pkt *pkts;
	uint32_t *of; /* packets of each sharer */
	uint32_t capacity, count, free_head, fresh;
};

/* Takes memory from the arena (which may only measure) for `capacity` packets of so many sharers. */
void weir_held_init(struct weir_held *h, struct weir_arena *arena, uint32_t capacity,
	uint32_t sharers);

/* The sharer may have one more packet held. */
static inline bool weir_held_may(const struct weir_held *h, uint32_t sharer)
{
	return h->of[sharer] < 3 * (h->capacity - h->count);
}

/* It has so many that its newcomers had better send none early. */
static inline bool weir_held_is_tight(const struct weir_held *h, uint32_t sharer)
{
	/* it follows from the second, and every SYN asks */
	return h->count > h->capacity / 2 && h->of[sharer] > h->capacity - h->count;
}

/* Appends a copy to the list at *head. false: the pool is full, and nothing has changed. */
bool weir_held_put(struct weir_held *h, uint32_t sharer, uint32_t *head,
	const struct weir_pkt *pkt);

/* Takes the first packet off the list into *pkt; false: the list is empty, *pkt has not changed. */
bool weir_held_get(struct weir_held *h, uint32_t *head, struct weir_pkt *pkt);

/* The list at head has the same segment already: the client has retransmitted it. */
bool weir_held_has(const struct weir_held *h, uint32_t head, const struct weir_seg *seg);

/* Where the last byte of the list ends, or `start` if that is beyond it: as far as the client has sent. */
uint32_t weir_held_end(const struct weir_held *h, uint32_t head, uint32_t start);

/*
 * Packets and payload bytes in the list at head, by walking it: bounded by the limit per
 * connection.
 */
void weir_held_sum(const struct weir_held *h, uint32_t head, uint32_t *pkts, uint32_t *bytes);

#endif
