/* SPDX-License-Identifier: BSD-3-Clause */
/* Chance from a seed: the same seed is the same load. Nothing here keeps a secret. */
#ifndef WEIRGEN_RANDOM_H
#define WEIRGEN_RANDOM_H

#include <stdint.h>

/* The finishing steps of splitmix64 (Steele, Lea, Flood 2014): every bit of x moves every bit. */
static inline uint64_t random_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static inline uint64_t random_next(uint64_t *state)
{
	return random_mix(*state += 0x9e3779b97f4a7c15ull);
}

#endif
