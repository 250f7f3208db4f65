/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Early client segments, held until the backend answers (HC-04). Packets are whole struct weir_pkt
 * (the parsed view included: nobody parses again), in one list per connection, in arrival order.
 * The buffers stay the shell's; the core only remembers their handles.
 */
#ifndef WEIR_FLOW_HELD_H
#define WEIR_FLOW_HELD_H

#include "base/arena.h"
#include "wire/seg.h"

#define WEIR_HELD_NONE 0xffffffffu

struct weir_held_pkt {
	struct weir_pkt pkt;
	uint32_t next;
};

struct weir_held {
	struct weir_held_pkt *pkts;
	uint32_t capacity, count, free_head, fresh;
};

void weir_held_init(struct weir_held *h, struct weir_arena *arena, uint32_t capacity);

/* Appends to the list at *head. false: the pool is full. */
bool weir_held_put(struct weir_held *h, uint32_t *head, const struct weir_pkt *pkt);

/* Takes the first of the list into *pkt; false when it is empty. */
bool weir_held_get(struct weir_held *h, uint32_t *head, struct weir_pkt *pkt);

/* The list at head has the same segment already: the client repeats itself. */
bool weir_held_has(const struct weir_held *h, uint32_t head, const struct weir_seg *seg);

/* One of the list ends there: as far as that, the client may have sent. */
bool weir_held_ends_at(const struct weir_held *h, uint32_t head, uint32_t seq);

/* Packets and payload bytes in the list at head. Lists are short: bounded by the limit per conn. */
void weir_held_sum(const struct weir_held *h, uint32_t head, uint32_t *pkts, uint32_t *bytes);

#endif
