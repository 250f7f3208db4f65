/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzed frames that shall get past the checksums: these are put right, all else stays as it is. */
#ifndef WEIR_TESTS_FUZZ_MEND_H
#define WEIR_TESTS_FUZZ_MEND_H

#include "frame.h"

/* A checksum field at `field` over what lies at [from, from + len), going on from `sum`. */
static inline void fuzz_mend_field(uint8_t *field, uint32_t sum, const uint8_t *from, size_t len)
{
	frame_put16(field, 0);
	frame_put16(field, (uint16_t)~frame_sum(sum, from, len));
}

/* The checksums of an IPv4 frame, as far as there is one: of IP, and of TCP or ICMP. */
static inline void fuzz_mend(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + FRAME_IP, *l4 = frame + FRAME_TCP;
	size_t ip_len, l4_len;

	if (len < FRAME_TCP || frame_get16(frame + 12) != WEIR_ETH_IPV4)
		return;
	fuzz_mend_field(ip + 10, 0, ip, 20);
	ip_len = frame_get16(ip + 2);
	l4_len = ip_len - 20;
	if (ip_len > len - FRAME_IP || ip_len < 20)
		return;
	if (ip[9] == WEIR_PROTO_TCP && l4_len >= 20)
		fuzz_mend_field(l4 + 16, frame_sum(0, ip + 12, 8) + 6u + (uint32_t)l4_len, l4,
			l4_len);
	else if (ip[9] == WEIR_PROTO_ICMP && l4_len >= 8)
		fuzz_mend_field(l4 + 2, 0, l4, l4_len);
}

#endif
