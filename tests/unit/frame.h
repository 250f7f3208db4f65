/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for tests, made without the code under test: bytes written one by one, checksums by the
 * naive loop of RFC 1071, and handed over in buffers of their exact size so that ASan sees a byte
 * too far.
 */
#ifndef WEIR_TESTS_FRAME_H
#define WEIR_TESTS_FRAME_H

#include <stdlib.h>
#include <string.h>

#include "flow/pkt.h"

#define FRAME_IP    14
#define FRAME_TCP   34
#define FRAME_QUOTE 42 /* of ICMP: the IP header that it quotes */
#define FRAME_OPT   54
#define FRAME_ROOM  2048

static inline uint16_t frame_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t frame_get32(const uint8_t *p)
{
	return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

static inline void frame_put16(uint8_t *p, uint16_t x)
{
	p[0] = (uint8_t)(x >> 8);
	p[1] = (uint8_t)x;
}

static inline void frame_put32(uint8_t *p, uint32_t x)
{
	frame_put16(p, (uint16_t)(x >> 16));
	frame_put16(p + 2, (uint16_t)x);
}

static inline bool frame_is_icmp(const uint8_t *f)
{
	return f[FRAME_IP + 9] == 1;
}

/* RFC 1071's sum in network order, going on from `sum`, not complemented: 0xffff over what is right. */
static inline uint16_t frame_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	uint64_t all = sum;

	for (size_t i = 0; i < len; i++)
		all += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (all >> 16)
		all = (all & 0xffff) + (all >> 16);
	return (uint16_t)all;
}

static inline uint16_t frame_ip_sum(const uint8_t *f)
{
	return frame_sum(0, f + FRAME_IP, 20);
}

/* Of the TCP segment and its pseudo header; the IP length must be sane. */
static inline uint16_t frame_tcp_sum(const uint8_t *f)
{
	uint16_t l4_len = (uint16_t)(frame_get16(f + FRAME_IP + 2) - 20);
	uint32_t pseudo = frame_sum(0, f + FRAME_IP + 12, 8) + 6u + l4_len;

	return frame_sum(pseudo, f + FRAME_TCP, l4_len);
}

static inline void frame_mend_ip(uint8_t *f)
{
	frame_put16(f + FRAME_IP + 10, 0);
	frame_put16(f + FRAME_IP + 10, (uint16_t)~frame_ip_sum(f));
}

/* Makes both checksums right for the bytes as they are, as far as the lengths make sense. */
static inline void frame_mend(uint8_t *f, size_t len)
{
	uint16_t ip_len = frame_get16(f + FRAME_IP + 2);

	frame_mend_ip(f);
	if (ip_len < 40 || len < FRAME_IP + (size_t)ip_len)
		return;
	frame_put16(f + FRAME_TCP + 16, 0);
	frame_put16(f + FRAME_TCP + 16, (uint16_t)~frame_tcp_sum(f));
}

/* A good segment from 10.1.2.3:40000 to 192.0.2.1:80; opt_len a multiple of 4. Returns its length. */
static inline size_t frame_tcp(uint8_t *f, uint8_t flags, const uint8_t *opt, size_t opt_len,
	size_t payload_len)
{
	static const uint8_t start[FRAME_OPT] = {
		0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08, 0x00,              /* Ethernet */
		0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0,                   /* IPv4 */
		10, 1, 2, 3, 192, 0, 2, 1,                                         /* addresses */
		0x9c, 0x40, 0, 80, 0xf0, 1, 2, 3, 0x80, 5, 6, 7, 0, 0, 0xab, 0xcd, /* TCP */
	};
	size_t len = FRAME_OPT + opt_len + payload_len;

	memcpy(f, start, sizeof(start));
	frame_put16(f + FRAME_IP + 2, (uint16_t)(len - FRAME_IP));
	f[FRAME_TCP + 12] = (uint8_t)((20 + opt_len) / 4 << 4);
	f[FRAME_TCP + 13] = flags;
	if (opt_len > 0)
		memcpy(f + FRAME_OPT, opt, opt_len);
	for (size_t i = 0; i < payload_len; i++)
		f[FRAME_OPT + opt_len + i] = (uint8_t)(i * 7 + 1);
	frame_mend(f, len);
	return len;
}

/* A good ICMP message from the same to the same. Returns its length. */
static inline size_t frame_icmp(uint8_t *f, uint8_t type, uint8_t code, size_t data_len)
{
	size_t len = FRAME_TCP + 8 + data_len;

	frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 0);
	f[FRAME_IP + 9] = 1;
	frame_put16(f + FRAME_IP + 2, (uint16_t)(len - FRAME_IP));
	memset(f + FRAME_TCP, 0, 8);
	f[FRAME_TCP] = type;
	f[FRAME_TCP + 1] = code;
	frame_put32(f + FRAME_TCP + 4, 0x77010002); /* an echo's identifier and number */
	for (size_t i = 0; i < data_len; i++)
		f[FRAME_TCP + 8 + i] = (uint8_t)(i * 5 + 3);
	frame_mend_ip(f);
	frame_put16(f + FRAME_TCP + 2, (uint16_t)~frame_sum(0, f + FRAME_TCP, len - FRAME_TCP));
	return len;
}

/* Parses a frame of which only the first head_len bytes are to be had. */
static inline enum weir_parsed frame_parse_head(struct weir_pkt *pkt, const uint8_t *f, size_t len,
	size_t head_len, enum weir_csum_state csum)
{
	uint8_t *exact = malloc(head_len ? head_len : 1);
	enum weir_parsed parsed;

	memcpy(exact, f, head_len);
	memset(pkt, 0xa5, sizeof(*pkt)); /* nothing may rely on what was there before */
	pkt->frame.data = exact;
	pkt->frame.len = (uint32_t)len;
	pkt->frame.head_len = (uint16_t)head_len;
	pkt->frame.csum = (uint8_t)csum;
	parsed = weir_pkt_parse(pkt);
	free(exact);
	pkt->frame.data = NULL;
	return parsed;
}

static inline enum weir_parsed frame_parse(struct weir_pkt *pkt, const uint8_t *f, size_t len)
{
	return frame_parse_head(pkt, f, len, len, WEIR_CSUM_UNKNOWN);
}

/* The fate, or WEIR_FATES for a frame that is fine. */
static inline enum weir_fate frame_fate(const uint8_t *f, size_t len)
{
	struct weir_pkt pkt;

	return frame_parse(&pkt, f, len) == WEIR_PARSED_BAD ? (enum weir_fate)pkt.fate : WEIR_FATES;
}

#endif
