/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Grace period for out-of-order first segments (HC-08). An ACK of an unknown tuple without a valid
 * cookie may be a second segment that overtook a lost first one: it is dropped silently. A tuple that
 * goes on for longer than any retransmission of the first segment takes gets RST. Belongs to one
 * worker.
 */
#ifndef WEIR_TCP_GRACE_H
#define WEIR_TCP_GRACE_H

#include <stdbool.h>

#include "base/arena.h"

#define WEIR_GRACE_ENTRIES   4096
#define WEIR_GRACE_MS        10000  /* RFC 6298 §5.7: 3 s after a lost SYN, then 6 s */
#define WEIR_GRACE_FORGET_MS 120000 /* RFC 6298 §2.5: twice the largest timeout of a sender */

struct weir_grace {
	struct weir_grace_entry {
		uint32_t tag;
		uint32_t first_ms;
	} * at; /* direct mapped: a new tuple overwrites */
};

void weir_grace_init(struct weir_grace *s, struct weir_arena *arena);

/*
 * Notes a failure of the tuple with that hash and that acknowledgement number; true when its grace
 * period is over. A new incarnation on the tuple has another acknowledgement number, and a grace
 * period of its own.
 */
static inline bool weir_grace_over(struct weir_grace *s, uint64_t hash, uint32_t ack,
	uint32_t now_ms);

/* inline definitions */

static inline bool weir_grace_over(struct weir_grace *s, uint64_t hash, uint32_t ack,
	uint32_t now_ms)
{
	struct weir_grace_entry *known = &s->at[hash % WEIR_GRACE_ENTRIES];
	uint32_t tag = ((uint32_t)(hash >> 32) ^ ack) | 1; /* 0: never used */
	uint32_t age_ms = now_ms - known->first_ms;

	if (known->tag == tag && age_ms < WEIR_GRACE_FORGET_MS)
		return age_ms >= WEIR_GRACE_MS;
	known->tag = tag;
	known->first_ms = now_ms;
	return false;
}

#endif
