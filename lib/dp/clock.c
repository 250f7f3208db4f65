// SPDX-License-Identifier: BSD-3-Clause
#include "dp/clock.h"

#include <time.h>

static uint64_t read_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void weir_clock_init(struct weir_clock *c)
{
	c->ns_per_cycle = (1000000000ull << 32) / rte_get_tsc_hz();
	c->start_cycles = rte_get_tsc_cycles();
	c->start_ns = read_ns(CLOCK_MONOTONIC);
}

uint64_t weir_clock_monotonic_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

uint64_t weir_clock_wall_offset_ns(const struct weir_clock *c)
{
	return read_ns(CLOCK_REALTIME) - weir_clock_ns(c);
}
