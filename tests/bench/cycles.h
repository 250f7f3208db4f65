/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock that everything is measured with. */
#ifndef WEIR_BENCH_CYCLES_H
#define WEIR_BENCH_CYCLES_H

#include <stdint.h>

#ifdef __x86_64__
#include <x86intrin.h>

/* TSC cycles: of constant length, whatever the core's own clock does. */
static inline uint64_t cycles(void)
{
	return __rdtsc();
}
#else
#include <time.h>

/* Elsewhere "cycles" are nanoseconds. */
static inline uint64_t cycles(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
#endif

#endif
