/* SPDX-License-Identifier: BSD-3-Clause */
/* All chance in the simulator comes from one seed, by a stream of its own for every part. */
#ifndef WEIR_SIM_RANDOM_H
#define WEIR_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct sim_random {
	uint64_t state;
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t sim_random(struct sim_random *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* 0 .. n - 1; n > 0. */
static inline uint32_t sim_below(struct sim_random *r, uint32_t n)
{
	return (uint32_t)((sim_random(r) >> 32) * n >> 32);
}

/* lo .. hi, both included. */
static inline uint32_t sim_between(struct sim_random *r, uint32_t lo, uint32_t hi)
{
	return lo + sim_below(r, hi - lo + 1);
}

/* True that many times in a million. */
static inline bool sim_chance(struct sim_random *r, uint32_t per_million)
{
	return sim_below(r, 1000000) < per_million;
}

/* A stream that does not depend on how much is drawn from r later. */
static inline struct sim_random sim_random_fork(struct sim_random *r)
{
	return (struct sim_random){sim_random(r)};
}

#endif
