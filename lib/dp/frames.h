/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring of frames between two threads: one puts, the other takes. The bytes are copied into slots, so that the host's
 * thread never touches a packet buffer: DPDK's pools spin when a thread that is not pinned is preempted in the
 * middle of them.
 */
#ifndef WEIR_DP_FRAMES_H
#define WEIR_DP_FRAMES_H

#include "base/arena.h"

#define WEIR_FRAMES 256 /* slots: a power of 2 */

struct weir_slot {
	uint16_t len;
	uint8_t port;  /* in the policy's ports */
	uint8_t class; /* enum weir_host_class, when it is for the kernel */
	uint8_t data[];
};

struct weir_frames {
	uint8_t *memory; /* NULL: no ring */
	uint32_t slot_bytes;
	uint32_t room; /* bytes that fit into a slot */
	/* atomics; they count on, one written by each side */
	uint32_t put __attribute__((aligned(64)));
	uint32_t taken __attribute__((aligned(64)));
};

/* For frames of up to `room` bytes; the arena may only measure. */
void weir_frames_init(struct weir_frames *f, struct weir_arena *arena, uint32_t room);

/* How many there are now. The one that takes finds as many at least, the one that puts as many at most. */
static inline uint32_t weir_frames_count(const struct weir_frames *f)
{
	return __atomic_load_n(&f->put, __ATOMIC_ACQUIRE) -
		__atomic_load_n(&f->taken, __ATOMIC_ACQUIRE);
}

static inline struct weir_slot *weir_frames_slot(const struct weir_frames *f, uint32_t n)
{
	return (struct weir_slot *)(f->memory + (size_t)(n % WEIR_FRAMES) * f->slot_bytes);
}

/* The one that puts: the next free slot, to be filled in and then put. NULL: the ring is full. */
static inline struct weir_slot *weir_frames_free(const struct weir_frames *f)
{
	return weir_frames_count(f) == WEIR_FRAMES ? NULL : weir_frames_slot(f, f->put);
}

static inline void weir_frames_put(struct weir_frames *f)
{
	__atomic_store_n(&f->put, f->put + 1, __ATOMIC_RELEASE);
}

/* The one that takes: the oldest frame, which stays there until it is taken. NULL: there is none. */
static inline const struct weir_slot *weir_frames_next(const struct weir_frames *f)
{
	return weir_frames_count(f) == 0 ? NULL : weir_frames_slot(f, f->taken);
}

static inline void weir_frames_take(struct weir_frames *f)
{
	__atomic_store_n(&f->taken, f->taken + 1, __ATOMIC_RELEASE);
}

#endif
