/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual clock and what is to happen on it. Timers live in their owners; those of one moment go
 * off in the order they were set, so that a seed replays exactly.
 */
#ifndef WEIR_SIM_QUEUE_H
#define WEIR_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_MS 1000000ull
#define SIM_S  1000000000ull

struct sim_timer {
	uint64_t at_ns, serial;
	uint32_t place; /* in the heap, + 1; 0: not set */
	void (*fire)(struct sim_timer *t);
};

/* The struct of that type whose member `member` is *timer. */
#define sim_owner(timer, type, member) ((type *)((char *)(timer)-offsetof(type, member)))

struct sim_queue {
	struct sim_timer **heap;
	uint32_t n, size;
	uint64_t now_ns, serial;
};

void sim_queue_free(struct sim_queue *q);

/* Goes off at that time, whenever it was set to go off before; in the past is now. */
void sim_queue_set(struct sim_queue *q, struct sim_timer *t, uint64_t at_ns);
void sim_queue_cancel(struct sim_queue *q, struct sim_timer *t);

/* The clock goes to the next timer, which goes off. false: there is none. */
bool sim_queue_step(struct sim_queue *q);

static inline bool sim_timer_is_set(const struct sim_timer *t)
{
	return t->place != 0;
}

#endif
