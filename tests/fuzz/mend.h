/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzed frames that shall get past the checksums: these are put right, all else stays as it is. */
#ifndef WEIR_TESTS_FUZZ_MEND_H
#define WEIR_TESTS_FUZZ_MEND_H

#include "frame6.h"

/* A checksum field at `field` over what lies at [from, from + len), going on from `sum`. */
static inline void fuzz_mend_field(uint8_t *field, uint32_t sum, const uint8_t *from, size_t len)
{
	frame_put16(field, 0);
	frame_put16(field, (uint16_t)~frame_sum(sum, from, len));
}

/*
 * What stands behind the extension headers of an IPv6 packet that ends at len in the frame, read naively: its
 * number, and where it begins; 0: one of them is not walked, or goes beyond the first head_len bytes.
 */
static inline size_t fuzz_upper6(const uint8_t *frame, size_t len, size_t head_len, uint8_t *proto)
{
	size_t at = FRAME6_TCP, first = at;
	unsigned int n = 0;

	for (*proto = frame[FRAME_IP + 6];
		*proto == 60 || *proto == 43 || (*proto == 0 && at == first); n++) {
		size_t end, o;

		if (n == 4 || len - at < 8 || head_len < at + 8)
			return 0;
		end = at + 8 + 8u * frame[at + 1];
		if (end > len || end > first + 128 || end > head_len)
			return 0;
		if (*proto == 43 && (frame[at + 2] == 0 || frame[at + 3] != 0))
			return 0;
		for (o = at + 2; *proto != 43 && o < end;
			o += frame[o] == 0 ? 1 : 2u + frame[o + 1])
			if (frame[o] >= 64 ||
				(frame[o] != 0 && (o + 2 > end || o + 2 + frame[o + 1] > end)))
				return 0;
		*proto = frame[at];
		at = end;
	}
	return at;
}

/* The checksum of TCP or ICMPv6 in an IPv6 frame, as far as there is one. */
static inline void fuzz_mend6(uint8_t *frame, size_t len)
{
	size_t packet, at;
	uint8_t proto;

	if (len < FRAME6_TCP)
		return;
	packet = FRAME6_TCP + (size_t)frame_get16(frame + FRAME_IP + 4);
	at = packet <= len ? fuzz_upper6(frame, packet, len, &proto) : 0;
	if (at == 0)
		return;
	if (proto == WEIR_PROTO_TCP && packet - at >= 20)
		frame6_mend(frame, at);
	else if (proto == 58 && packet - at >= 8)
		frame6_mend_icmp(frame, at);
}

/* The checksums of a frame, as far as there is one: of IPv4, and of TCP or ICMP. */
static inline void fuzz_mend(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + FRAME_IP, *l4 = frame + FRAME_TCP;
	size_t ip_len, l4_len;

	if (len >= FRAME_IP && frame_get16(frame + 12) == WEIR_ETH_IPV6)
		fuzz_mend6(frame, len);
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
