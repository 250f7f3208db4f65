// SPDX-License-Identifier: BSD-3-Clause
#include "segment.h"

#include <string.h>

#include "frame.h"

uint8_t segment_byte(uint32_t offset)
{
	return (uint8_t)(offset * 131 + (offset >> 8) * 7 + 3);
}

static uint8_t *option(struct segment *s, uint8_t kind, uint8_t len)
{
	uint8_t *at = s->opt + s->opt_len;

	at[0] = kind;
	at[1] = len;
	s->opt_len += len;
	return at + 2;
}

void segment_nop(struct segment *s)
{
	s->opt[s->opt_len++] = 1;
}

void segment_mss(struct segment *s, uint16_t mss)
{
	frame_put16(option(s, 2, 4), mss);
}

void segment_wscale(struct segment *s, uint8_t shift)
{
	*option(s, 3, 3) = shift;
}

void segment_sack_ok(struct segment *s)
{
	option(s, 4, 2);
}

void segment_timestamps(struct segment *s, uint32_t tsval, uint32_t tsecr)
{
	uint8_t *data = option(s, 8, 10);

	frame_put32(data, tsval);
	frame_put32(data + 4, tsecr);
}

void segment_sack(struct segment *s, const uint32_t *edges, unsigned int n)
{
	uint8_t *data = option(s, 5, (uint8_t)(2 + 8 * n));

	for (unsigned int i = 0; i < 2 * n; i++)
		frame_put32(data + 4 * i, edges[i]);
}

static void ip_header(uint8_t *f, uint8_t proto, uint8_t ttl, uint32_t src, uint32_t dst,
	size_t len)
{
	static const uint8_t start[FRAME_TCP] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0};

	memcpy(f, start, sizeof(start));
	f[FRAME_IP + 8] = ttl;
	f[FRAME_IP + 9] = proto;
	frame_put16(f + FRAME_IP + 2, (uint16_t)(len - FRAME_IP));
	frame_put32(f + FRAME_IP + 12, src);
	frame_put32(f + FRAME_IP + 16, dst);
	frame_mend_ip(f);
}

size_t segment_frame(const struct segment *s, uint8_t frame[SEGMENT_FRAME_MAX])
{
	size_t opt_len = (s->opt_len + 3u) & ~3u;
	size_t len = FRAME_OPT + opt_len + s->payload_len;
	uint8_t *tcp = frame + FRAME_TCP;

	ip_header(frame, 6, s->ttl, s->src, s->dst, len);
	memcpy(frame + 6, s->src_mac, 6);
	frame_put16(tcp, s->sport);
	frame_put16(tcp + 2, s->dport);
	frame_put32(tcp + 4, s->seq);
	frame_put32(tcp + 8, s->ack);
	tcp[12] = (uint8_t)((20 + opt_len) / 4 << 4);
	tcp[13] = s->flags;
	frame_put16(tcp + 14, s->wnd);
	frame_put16(tcp + 18, 0);
	memset(frame + FRAME_OPT, 1, opt_len);
	memcpy(frame + FRAME_OPT, s->opt, s->opt_len);
	for (uint32_t i = 0; i < s->payload_len; i++)
		frame[FRAME_OPT + opt_len + i] = segment_byte(s->offset + i);
	frame_mend(frame, len);
	return len;
}

static size_t icmp(uint8_t *f, uint8_t type, uint8_t code, size_t data_len)
{
	uint8_t *p = f + FRAME_TCP;

	p[0] = type;
	p[1] = code;
	frame_put16(p + 2, 0);
	frame_put16(p + 2, (uint16_t)~frame_sum(0, p, 8 + data_len));
	return FRAME_TCP + 8 + data_len;
}

size_t segment_unreachable(const uint8_t *about, uint32_t from, uint8_t code,
	uint8_t frame[SEGMENT_FRAME_MAX])
{
	uint32_t sender = frame_get32(about + FRAME_IP + 12);

	ip_header(frame, 1, 64, from, sender, FRAME_TCP + 8 + 28);
	memset(frame + FRAME_TCP, 0, 8);
	memcpy(frame + FRAME_TCP + 8, about + FRAME_IP, 28);
	return icmp(frame, 3, code, 28);
}

size_t segment_ping(uint32_t src, uint32_t dst, uint8_t frame[SEGMENT_FRAME_MAX])
{
	ip_header(frame, 1, 64, src, dst, FRAME_TCP + 8 + 32);
	memset(frame + FRAME_TCP, 0x61, 8 + 32);
	return icmp(frame, 8, 0, 32);
}
