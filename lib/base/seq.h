/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sequence-number arithmetic, modulo 2^32 (RFC 9293 §3.4, RFC 7323 §5.2 for timestamps).
 *
 * base/ owns arithmetic: it knows no packet, no memory but its arguments', no clock.
 */
#ifndef WEIR_BASE_SEQ_H
#define WEIR_BASE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

/* a is before b on the circle of sequence numbers. INVARIANT, here and below: they are less than 2^31 apart. */
static inline bool weir_seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool weir_seq_le(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

static inline uint32_t weir_seq_max(uint32_t a, uint32_t b)
{
	return weir_seq_lt(a, b) ? b : a;
}

/* lo <= x <= hi, walking forward from lo. INVARIANT: hi - lo < 2^31. */
static inline bool weir_seq_between(uint32_t lo, uint32_t x, uint32_t hi)
{
	return x - lo <= hi - lo;
}

#endif
