/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's share of a limit that is meant for all workers together. Which worker a connection or packet
 * belongs to is chance, so an equal share would be exceeded long before the limit is: a worker enforces
 * three standard deviations more.
 */
#ifndef WEIR_BASE_SHARE_H
#define WEIR_BASE_SHARE_H

#include <stdint.h>

/* Rounded up. */
static inline uint32_t weir_share_root(uint32_t x)
{
	uint32_t r = 0;

	while ((uint64_t)r * r < x)
		r++;
	return r;
}

/* limit 0, which is none, stays 0. Not for the hot path. */
static inline uint32_t weir_share(uint32_t limit, unsigned int workers)
{
	uint32_t equal = limit / workers + (limit % workers != 0);

	return workers == 1 ? limit : equal + 3 * weir_share_root(equal);
}

#endif
