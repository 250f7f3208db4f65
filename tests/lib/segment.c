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

/* Ethernet's addresses, and the header. */
static uint8_t *headers(uint8_t *f, const struct datagram *ip)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	memcpy(f, macs, sizeof(macs));
	return ip_write(f, ip);
}

size_t segment_frame(const struct segment *s, uint8_t frame[SEGMENT_FRAME_MAX])
{
	const size_t opt_len = (s->opt_len + 3u) & ~3u;
	const struct datagram ip = {.family = s->family,
		.proto = WEIR_PROTO_TCP,
		.hop_limit = s->ttl,
		.src = s->src,
		.dst = s->dst,
		.l4_len = (uint16_t)(20 + opt_len + s->payload_len)};
	uint8_t *tcp = headers(frame, &ip), *opt = tcp + 20;

	memcpy(frame + 6, s->src_mac, 6);
	frame_put16(tcp, s->sport);
	frame_put16(tcp + 2, s->dport);
	frame_put32(tcp + 4, s->seq);
	frame_put32(tcp + 8, s->ack);
	tcp[12] = (uint8_t)((20 + opt_len) / 4 << 4);
	tcp[13] = s->flags;
	frame_put16(tcp + 14, s->wnd);
	frame_put16(tcp + 18, 0);
	memset(opt, 1, opt_len);
	memcpy(opt, s->opt, s->opt_len);
	for (uint32_t i = 0; i < s->payload_len; i++)
		opt[opt_len + i] = segment_byte(s->offset + i);
	ip_mend(frame);
	return (size_t)(tcp - frame) + ip.l4_len;
}

static bool is_too_big(bool v6, uint8_t type, uint8_t code)
{
	return v6 ? type == 2 : type == 3 && code == 4;
}

/* An error with that type and code, about the segment in a frame, to its sender. */
static size_t about_segment(const uint8_t *about, uint32_t from, uint8_t type, uint8_t code,
	uint8_t frame[SEGMENT_FRAME_MAX])
{
	const struct datagram of = ip_read(about + IP_OFF);
	const bool v6 = of.family == WEIR_FAMILY_IPV6;
	const size_t quoted = ip_len(of.family) + 8;
	const struct datagram ip = {.family = of.family,
		.proto = v6 ? WEIR_PROTO_ICMP6 : WEIR_PROTO_ICMP,
		.hop_limit = 64,
		.src = from,
		.dst = of.src,
		.l4_len = (uint16_t)(8 + quoted)};
	uint8_t *icmp = headers(frame, &ip);

	memset(icmp, 0, 8);
	icmp[0] = type;
	icmp[1] = code;
	frame_put32(icmp + 4, is_too_big(v6, type, code) ? 1400 : 0);
	memcpy(icmp + 8, about + IP_OFF, quoted);
	ip_mend(frame);
	return (size_t)(icmp - frame) + ip.l4_len;
}

/* Type and code by family, IPv4 first. */
static const uint8_t errors[SEGMENT_ERRORS][2][2] = {
	[SEGMENT_NO_HOST] = {{3, 1}, {1, 0}}, /* each becomes the other: RFC 7915 */
	[SEGMENT_NO_PORT] = {{3, 3}, {1, 4}},
	[SEGMENT_TOO_BIG] = {{3, 4}, {2, 0}},
	[SEGMENT_EXPIRED] = {{11, 0}, {3, 0}},
};

size_t segment_error(const uint8_t *about, uint32_t from, enum segment_error error,
	uint8_t frame[SEGMENT_FRAME_MAX])
{
	const uint8_t *said = errors[error][ip_read(about + IP_OFF).family == WEIR_FAMILY_IPV6];

	return about_segment(about, from, said[0], said[1], frame);
}

size_t segment_unreachable(const uint8_t *about, uint32_t from, uint8_t code,
	uint8_t frame[SEGMENT_FRAME_MAX])
{
	return about_segment(about, from, 3, code, frame);
}

enum segment_error segment_error_of(const uint8_t *frame)
{
	const struct datagram ip = ip_read(frame + IP_OFF);
	const bool v6 = ip.family == WEIR_FAMILY_IPV6;
	enum segment_error e = 0;

	if (ip.proto != (v6 ? WEIR_PROTO_ICMP6 : WEIR_PROTO_ICMP))
		return SEGMENT_ERRORS;
	while (e < SEGMENT_ERRORS && memcmp(frame + ip_l4_off(ip.family), errors[e][v6], 2) != 0)
		e++;
	return e;
}

size_t segment_ping(uint32_t src, uint32_t dst, uint8_t frame[SEGMENT_FRAME_MAX])
{
	const struct datagram ip = {.proto = WEIR_PROTO_ICMP,
		.hop_limit = 64,
		.src = src,
		.dst = dst,
		.l4_len = 8 + 32};
	uint8_t *icmp = headers(frame, &ip);

	memset(icmp, 0x61, 8 + 32);
	icmp[0] = 8;
	icmp[1] = 0;
	ip_mend(frame);
	return (size_t)(icmp - frame) + ip.l4_len;
}
