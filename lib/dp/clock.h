/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The workers' clock: nanoseconds since boot, from the time stamp counter, without a system call.
 * It never steps; the wall clock is passed to the workers as an offset, once a second.
 *
 * dp/ owns how packets move: ports, steering, neighbours, the worker loop. It knows no TCP (tcp/
 * does) and no configuration file; its busy loop never allocates, locks, logs or makes a system call.
 */
#ifndef WEIR_DP_CLOCK_H
#define WEIR_DP_CLOCK_H

#include <stdint.h>
#include <rte_cycles.h>

struct weir_clock {
	uint64_t start_cycles;
	uint64_t start_ns;
	uint64_t ns_per_cycle; /* fixed point, 32 fractional bits */
};

/* Starts at CLOCK_MONOTONIC, then counts cycles. */
void weir_clock_init(struct weir_clock *c);

/* CLOCK_MONOTONIC by a system call: for threads that are not workers. */
uint64_t weir_clock_monotonic_ns(void);

/* Wall clock minus weir_clock_ns(), now: a system call. */
uint64_t weir_clock_wall_offset_ns(const struct weir_clock *c);

static inline uint64_t weir_clock_ns(const struct weir_clock *c)
{
	__extension__ typedef unsigned __int128 u128;
	int64_t cycles = (int64_t)(rte_get_tsc_cycles() - c->start_cycles);

	if (cycles < 0) /* another socket's counter may lag a little behind */
		cycles = 0;
	return c->start_ns + (uint64_t)((u128)cycles * c->ns_per_cycle >> 32);
}

#endif
