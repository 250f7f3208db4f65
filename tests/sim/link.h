/* SPDX-License-Identifier: BSD-3-Clause */
/* One direction of a wire between a host and synweir, and everything that may befall a frame on it. */
#ifndef WEIR_SIM_LINK_H
#define WEIR_SIM_LINK_H

#include "queue.h"
#include "random.h"

/*
 * Per million frames, and times. A frame that is reordered stays behind for up to late_ns; a ghost is a
 * copy that comes after seconds, up to a minute: no longer than a segment may live (RFC 9293 §3.4.1).
 */
struct sim_quality {
	uint32_t loss, dup, reorder, ghost, corrupt, truncate;
	uint64_t delay_ns, jitter_ns, late_ns;
};

struct sim_link {
	struct sim_queue *queue;
	struct sim_random random;
	struct sim_quality quality;
	uint64_t busy_until_ns; /* frames that are not reordered arrive one after the other */
	void (*deliver)(struct sim_link *link, const uint8_t *frame, uint32_t len);
	void *end; /* the receiver's */
};

/* The frame is copied. */
void sim_link_send(struct sim_link *link, const uint8_t *frame, uint32_t len);

#endif
