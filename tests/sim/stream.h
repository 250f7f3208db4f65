/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What applications write: every stream is another one, and says in its first eight bytes which.
 * The bytes are a function of stream and place, so that nobody has to remember them.
 */
#ifndef WEIR_SIM_STREAM_H
#define WEIR_SIM_STREAM_H

#include <stdint.h>

#define SIM_STREAM_ID_LEN 8

static inline uint8_t sim_stream_byte(uint64_t id, uint64_t at)
{
	uint64_t x = at / 8;

	if (x == 0)
		return (uint8_t)(id >> 8 * at);
	x = (x + id) * 0x9e3779b97f4a7c15ull;
	x ^= x >> 29;
	return (uint8_t)(x >> 8 * (at % 8));
}

#endif
