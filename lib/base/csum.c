// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "base/csum.h"

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t x;

	memcpy(&x, p, 8);
	return x;
}

static inline uint16_t load16(const uint8_t *p)
{
	uint16_t x;

	memcpy(&x, p, 2);
	return x;
}

/* 64-bit one's complement words are sums of 16-bit ones (RFC 1071 §2 C), folded later. */
uint64_t weir_csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t other = 0; /* a second chain of carries, so that two run at once */
	uint16_t last = 0;

	for (; len >= 32; len -= 32, p += 32) {
		sum = weir_csum_around(sum, load64(p));
		other = weir_csum_around(other, load64(p + 8));
		sum = weir_csum_around(sum, load64(p + 16));
		other = weir_csum_around(other, load64(p + 24));
	}
	sum = weir_csum_around(sum, other);
	sum = weir_csum_header(sum, p, len & ~(size_t)3);
	p += len & ~(size_t)3;
	if (len & 2) {
		sum = weir_csum_around(sum, load16(p));
		p += 2;
	}
	if (len & 1) {
		memcpy(&last, p, 1);
		sum = weir_csum_around(sum, last);
	}
	return (sum & 0xffffffff) + (sum >> 32);
}
