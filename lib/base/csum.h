/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
 *
 * Sums are over 16-bit words as they lie in memory (network order bytes read as native words), so
 * fields are passed as they stand in the packet and a result is stored without swapping. All functions
 * are pure; any thread may call them.
 */
#ifndef WEIR_BASE_CSUM_H
#define WEIR_BASE_CSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Unfolded sum of len bytes; an odd last byte is padded with zero. `sum` is a running sum to go on
 * from (0 at first). data may be unaligned. A run that is followed by another must be of even length.
 * The result is below 2^33, so that some fields may be added to it with `+`.
 */
uint64_t weir_csum_add(uint64_t sum, const void *data, size_t len);

/*
 * The same for a header, whose length is a multiple of 4, in line. It takes any sum, and its result may need
 * all 64 bits: nothing may be added to it with `+`.
 */
static inline uint64_t weir_csum_header(uint64_t sum, const void *header, size_t len);

/*
 * Folds a sum to 16 bits without complementing it. A word plus itself with its halves exchanged has
 * their one's complement sum on top: the carry of the lower addition lands there by itself.
 */
static inline uint16_t weir_csum_fold(uint64_t sum)
{
	uint32_t half = (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);

	return (uint16_t)((half + (half << 16 | half >> 16)) >> 16);
}

/* What goes into a header's checksum field: the folded sum's complement. */
static inline uint16_t weir_csum_finish(uint64_t sum)
{
	return (uint16_t)~weir_csum_fold(sum);
}

/*
 * Incremental update, RFC 1624 equation 3: HC' = ~(~HC + ~m + m').
 * A delta gathers the changes of many fields, then weir_csum_apply() patches the checksum once:
 *	uint64_t d = 0;
 *	d = weir_csum_delta32(d, old_be, new_be);
 *	tcp->csum = weir_csum_apply(tcp->csum, d);
 * A 32-bit field that stands at an odd address contributes byte-swapped: weir_csum_swap().
 */
static inline uint64_t weir_csum_delta16(uint64_t delta, uint16_t from, uint16_t to)
{
	return delta + (uint16_t)~from + to;
}

static inline uint64_t weir_csum_delta32(uint64_t delta, uint32_t from, uint32_t to)
{
	return delta + (uint32_t)~from + (uint64_t)to;
}

/*
 * The delta of 16-bit words whose bytes stand the other way round (RFC 1071 §2 B): those at odd addresses,
 * or numbers by value instead of as they lie in memory (on a little-endian machine). To swap the bytes
 * is to multiply by 2^8 modulo 2^16 - 1. INVARIANT: delta < 2^56, as the sum of some fields is.
 */
static inline uint64_t weir_csum_swap(uint64_t delta)
{
	return delta << 8;
}

static inline uint16_t weir_csum_apply(uint16_t csum, uint64_t delta)
{
	return weir_csum_finish((uint16_t)~csum + delta);
}

/* inline definitions */

/* One's complement addition: what falls out at the top comes in at the bottom. */
static inline uint64_t weir_csum_around(uint64_t a, uint64_t b)
{
	uint64_t sum = a + b;

	return sum + (sum < a);
}

static inline uint64_t weir_csum_header(uint64_t sum, const void *header, size_t len)
{
	const uint8_t *p = header;
	uint64_t pair;
	uint32_t word;

	for (; len >= 8; len -= 8, p += 8) {
		__builtin_memcpy(&pair, p, 8);
		sum = weir_csum_around(sum, pair);
	}
	if (len != 0) {
		__builtin_memcpy(&word, p, 4);
		sum = weir_csum_around(sum, word);
	}
	return sum;
}

#endif
