/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 frames for tests, made byte by byte and summed naively as those of frame.h. */
#ifndef WEIR_TESTS_FRAME6_H
#define WEIR_TESTS_FRAME6_H

#include "frame.h"

#define FRAME6_SRC 22
#define FRAME6_DST 38
#define FRAME6_TCP 54 /* without extension headers */
#define FRAME6_OPT 74

/* An address of eight groups. */
static inline struct weir_addr frame6_addr(uint16_t a, uint16_t b, uint16_t c, uint16_t d,
	uint16_t e, uint16_t f, uint16_t g, uint16_t h)
{
	const uint16_t group[8] = {a, b, c, d, e, f, g, h};
	struct weir_addr addr;

	for (unsigned int i = 0; i < 8; i++)
		frame_put16(addr.b + 2 * i, group[i]);
	return addr;
}

/* RFC 8200 §8.1: the sum over pseudo header and upper layer, which begins at l4_off. */
static inline uint16_t frame6_sum(const uint8_t *f, size_t l4_off, uint8_t proto)
{
	size_t l4_len = FRAME6_TCP + (size_t)frame_get16(f + FRAME_IP + 4) - l4_off;
	uint32_t pseudo = frame_sum(0, f + FRAME6_SRC, 32) + (uint32_t)l4_len + proto;

	return frame_sum(pseudo, f + l4_off, l4_len);
}

/* Makes the checksum of TCP at l4_off right. */
static inline void frame6_mend(uint8_t *f, size_t l4_off)
{
	frame_put16(f + l4_off + 16, 0);
	frame_put16(f + l4_off + 16, (uint16_t)~frame6_sum(f, l4_off, 6));
}

/* Makes the checksum of ICMPv6 at l4_off right. */
static inline void frame6_mend_icmp(uint8_t *f, size_t l4_off)
{
	frame_put16(f + l4_off + 2, 0);
	frame_put16(f + l4_off + 2, (uint16_t)~frame6_sum(f, l4_off, 58));
}

/* Ethernet and an IPv6 header from 2001:db8:a::1:203 to 2001:db8::201, traffic class 0x2e, flow label 0xabcde. */
static inline void frame6_header(uint8_t *f, uint8_t proto, size_t len)
{
	static const uint8_t start[FRAME6_TCP] = {
		0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x86, 0xdd,     /* Ethernet */
		0x62, 0xea, 0xbc, 0xde, 0, 0, 0, 64,                      /* IPv6 */
		0x20, 1, 0x0d, 0xb8, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, /* source */
		0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1,  /* destination */
	};

	memcpy(f, start, sizeof(start));
	f[FRAME_IP + 6] = proto;
	frame_put16(f + FRAME_IP + 4, (uint16_t)(len - FRAME6_TCP));
}

/* A good segment, port 40000 to 80; opt_len a multiple of 4. Returns its length. */
static inline size_t frame6_tcp(uint8_t *f, uint8_t flags, const uint8_t *opt, size_t opt_len,
	size_t payload_len)
{
	uint8_t four[FRAME_ROOM];
	size_t len = frame_tcp(four, flags, opt, opt_len, payload_len) + 20;

	frame6_header(f, 6, len);
	memcpy(f + FRAME6_TCP, four + FRAME_TCP, len - FRAME6_TCP);
	frame6_mend(f, FRAME6_TCP);
	return len;
}

/* A good ICMPv6 message between the same, with the four bytes behind its checksum. Returns its length. */
static inline size_t frame6_icmp(uint8_t *f, uint8_t type, uint8_t code, uint32_t rest,
	const uint8_t *data, size_t data_len)
{
	size_t len = FRAME6_TCP + 8 + data_len;

	frame6_header(f, 58, len);
	memset(f + FRAME6_TCP, 0, 8);
	f[FRAME6_TCP] = type;
	f[FRAME6_TCP + 1] = code;
	frame_put32(f + FRAME6_TCP + 4, rest);
	if (data_len > 0)
		memcpy(f + FRAME6_TCP + 8, data, data_len);
	frame6_mend_icmp(f, FRAME6_TCP);
	return len;
}

/*
 * Puts an extension header of ext_len bytes (of which the first two are written here) in front of all that
 * follows the IPv6 header. The upper layer's checksum stays right. Returns the new length.
 */
static inline size_t frame6_insert(uint8_t *f, size_t len, uint8_t number, const uint8_t *ext,
	size_t ext_len)
{
	uint8_t *at = f + FRAME6_TCP;

	memmove(at + ext_len, at, len - FRAME6_TCP);
	memcpy(at, ext, ext_len);
	at[0] = f[FRAME_IP + 6];
	at[1] = (uint8_t)(ext_len / 8 - 1);
	f[FRAME_IP + 6] = number;
	frame_put16(f + FRAME_IP + 4, (uint16_t)(len + ext_len - FRAME6_TCP));
	return len + ext_len;
}

#endif
