// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "base/csum.h"

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t x;

	memcpy(&x, p, 8);
	return x;
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t x;

	memcpy(&x, p, 4);
	return x;
}

static inline uint16_t load16(const uint8_t *p)
{
	uint16_t x;

	memcpy(&x, p, 2);
	return x;
}

/* One's complement addition: what falls out at the top comes in at the bottom. */
static inline uint64_t add_around(uint64_t a, uint64_t b)
{
	uint64_t sum = a + b;

	return sum + (sum < a);
}

/* 64-bit one's complement words are sums of 16-bit ones (RFC 1071 §2 C), folded later. */
uint64_t weir_csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t other = 0; /* a second chain of carries, so that two run at once */
	uint16_t last = 0;

	for (; len >= 32; len -= 32, p += 32) {
		sum = add_around(sum, load64(p));
		other = add_around(other, load64(p + 8));
		sum = add_around(sum, load64(p + 16));
		other = add_around(other, load64(p + 24));
	}
	sum = add_around(sum, other);
	for (; len >= 8; len -= 8, p += 8)
		sum = add_around(sum, load64(p));
	if (len & 4) {
		sum = add_around(sum, load32(p));
		p += 4;
	}
	if (len & 2) {
		sum = add_around(sum, load16(p));
		p += 2;
	}
	if (len & 1) {
		memcpy(&last, p, 1);
		sum = add_around(sum, last);
	}
	return (sum & 0xffffffff) + (sum >> 32);
}
