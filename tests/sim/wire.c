// SPDX-License-Identifier: BSD-3-Clause
#include "wire.h"

#include <string.h>

#define IP  14
#define TCP 34
#define OPT SIM_HEADERS

/* RFC 4727: for experiments. */
#define SEAL     253
#define SEAL_LEN 8

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint16_t x)
{
	p[0] = (uint8_t)(x >> 8);
	p[1] = (uint8_t)x;
}

static void put32(uint8_t *p, uint32_t x)
{
	put16(p, (uint16_t)(x >> 16));
	put16(p + 2, (uint16_t)x);
}

/* RFC 1071, at most 64 KB. */
static uint16_t sum(uint32_t start, const uint8_t *p, uint32_t len)
{
	uint64_t s = start;

	for (uint32_t i = 0; i + 1 < len; i += 2)
		s += get16(p + i);
	if (len & 1)
		s += (uint32_t)p[len - 1] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}

static uint16_t tcp_sum(const uint8_t *frame, uint32_t tcp_len)
{
	return sum(sum(6 + tcp_len, frame + IP + 12, 8), frame + TCP, tcp_len);
}

/* Options on their way into a frame. */
struct out {
	uint8_t *at;
	bool odd;
};

/* The option's data is to be aligned to words of 32 bits, unless odd things are wanted. */
static uint8_t *option(struct out *o, uint8_t kind, uint8_t data_len)
{
	uint8_t *data;

	for (unsigned int pad = 0; !o->odd && (data_len + 2u + pad) % 4 != 0; pad++)
		*o->at++ = 1;
	data = o->at + 2;
	o->at[0] = kind;
	o->at[1] = (uint8_t)(data_len + 2);
	o->at += data_len + 2;
	return data;
}

static uint8_t *timestamps(struct out *o, const struct sim_seg *s)
{
	uint8_t *data = option(o, 8, 8);

	put32(data, s->tsval);
	put32(data + 4, s->tsecr);
	return data;
}

static uint32_t write_options(uint8_t *at, const struct sim_seg *s, bool odd)
{
	struct out o = {at, odd};
	uint8_t *data;

	if (s->mss != 0)
		put16(option(&o, 2, 2), s->mss);
	if (s->wscale != SIM_NO_WSCALE)
		*option(&o, 3, 1) = s->wscale;
	if (s->sack_ok)
		option(&o, 4, 0);
	if (s->ts)
		timestamps(&o, s);
	if (s->sealed)
		memset(option(&o, SEAL, SEAL_LEN), 0, SEAL_LEN);
	if (s->n_sacks > 0) {
		data = option(&o, 5, (uint8_t)(8 * s->n_sacks));
		for (unsigned int i = 0; i < s->n_sacks; i++) {
			put32(data + 8 * i, s->sacks[i].left);
			put32(data + 8 * i + 4, s->sacks[i].right);
		}
	}
	while ((o.at - at) % 4 != 0)
		*o.at++ = 0;
	return (uint32_t)(o.at - at);
}

/* Where the data of that option is; NULL: it is not there. The options are good. */
static uint8_t *find_option(uint8_t *tcp, uint8_t kind)
{
	uint8_t *at = tcp + 20, *end = tcp + (tcp[12] >> 4) * 4;

	while (at < end && *at != 0 && *at != kind)
		at += *at == 1 ? 1 : at[1];
	return at < end && *at == kind ? at + 2 : NULL;
}

/* FNV-1a */
static uint32_t hash(uint32_t h, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x01000193u;
	return h;
}

/* What the seal of a segment would be. Its headers are copied, and what is not part of it erased. */
static void make_seal(uint8_t seal[SEAL_LEN], const uint8_t *tcp, uint32_t payload_len)
{
	const uint32_t len = (tcp[12] >> 4) * 4u;
	uint8_t copy[60], *ts;

	memcpy(copy, tcp, len);
	ts = find_option(copy, 8);
	put32(seal + 4, hash(hash(1, copy + 4, 4), ts, ts != NULL ? 4 : 0));
	if (ts != NULL)
		memset(ts, 0, 8);
	memset(find_option(copy, SEAL), 0, SEAL_LEN);
	put32(seal, hash(hash(payload_len, copy + 12, 4), copy + 20, len - 20));
}

void sim_wire_mend(uint8_t *frame, uint32_t len)
{
	put16(frame + TCP + 16, 0);
	put16(frame + TCP + 16, (uint16_t)~tcp_sum(frame, len - TCP));
}

uint32_t sim_wire_write(uint8_t frame[SIM_FRAME_MAX], const struct sim_seg *s, bool odd)
{
	static const uint8_t start[SIM_HEADERS] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8,
		0, /* IP */
		0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6};
	uint32_t opt_len, len;
	uint8_t *tcp = frame + TCP;

	memcpy(frame, start, sizeof(start));
	opt_len = write_options(frame + OPT, s, odd);
	len = OPT + opt_len + s->payload_len;
	if (s->payload_len > 0)
		memcpy(frame + OPT + opt_len, s->payload, s->payload_len);
	put32(frame + 8, s->src); /* the sender's MAC address ends in its IP address */
	put16(frame + 12, 0x0800);
	put16(frame + IP + 2, (uint16_t)(len - IP));
	put32(frame + IP + 12, s->src);
	put32(frame + IP + 16, s->dst);
	put16(frame + IP + 10, (uint16_t)~sum(0, frame + IP, 20));
	put16(tcp, s->sport);
	put16(tcp + 2, s->dport);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->flags & WEIR_TCP_ACK ? s->ack : 0);
	tcp[12] = (uint8_t)((20 + opt_len) / 4 << 4);
	tcp[13] = s->flags;
	put16(tcp + 14, s->wnd);
	if (s->sealed)
		make_seal(find_option(tcp, SEAL), tcp, s->payload_len);
	sim_wire_mend(frame, len);
	return len;
}

static void read_option(struct sim_seg *s, const uint8_t *data, uint8_t kind, uint8_t len)
{
	if (kind == 2 && len == 2) {
		s->mss = get16(data);
	} else if (kind == 3 && len == 1) {
		s->wscale = data[0];
	} else if (kind == 4 && len == 0) {
		s->sack_ok = true;
	} else if (kind == 8 && len == 8) {
		s->ts = true;
		s->tsval = get32(data);
		s->tsecr = get32(data + 4);
	} else if (kind == 5 && len % 8 == 0 && len <= 8 * SIM_SACKS_MAX) {
		for (; s->n_sacks < len / 8; s->n_sacks++) {
			s->sacks[s->n_sacks].left = get32(data + 8 * s->n_sacks);
			s->sacks[s->n_sacks].right = get32(data + 8 * s->n_sacks + 4);
		}
	}
}

static bool read_options(struct sim_seg *s, const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at != 0) {
		if (*at == 1) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			return false;
		read_option(s, at + 2, at[0], (uint8_t)(at[1] - 2));
		at += at[1];
	}
	return true;
}

static void read_seal(struct sim_seg *s, const uint8_t *tcp)
{
	uint8_t copy[60], made[SEAL_LEN], *seal;

	memcpy(copy, tcp, (tcp[12] >> 4) * 4u);
	seal = find_option(copy, SEAL);
	s->sealed = seal != NULL && seal[-1] == 2 + SEAL_LEN;
	if (!s->sealed)
		return;
	make_seal(made, copy, s->payload_len);
	s->kept_shape = memcmp(seal, made, 4) == 0;
	s->kept_numbers = memcmp(seal + 4, made + 4, 4) == 0;
}

bool sim_wire_read(struct sim_seg *s, const uint8_t *frame, uint32_t len)
{
	const uint8_t *tcp = frame + TCP;
	uint32_t ip_len, off;

	if (len < SIM_HEADERS || get16(frame + 12) != 0x0800 || frame[IP] != 0x45 ||
		frame[IP + 9] != 6 || sum(0, frame + IP, 20) != 0xffff)
		return false;
	ip_len = get16(frame + IP + 2);
	off = (tcp[12] >> 4) * 4u;
	if (IP + ip_len > len || off < 20 || 20 + off > ip_len ||
		tcp_sum(frame, ip_len - 20) != 0xffff)
		return false;
	*s = (struct sim_seg){
		.src = get32(frame + IP + 12),
		.dst = get32(frame + IP + 16),
		.sport = get16(tcp),
		.dport = get16(tcp + 2),
		.seq = get32(tcp + 4),
		.ack = get32(tcp + 8),
		.wnd = get16(tcp + 14),
		.flags = tcp[13],
		.wscale = SIM_NO_WSCALE,
		.opt_len = (uint8_t)(off - 20),
		.payload_len = (uint16_t)(ip_len - 20 - off),
		.payload = tcp + off,
	};
	if (!read_options(s, tcp + 20, tcp + off))
		return false;
	read_seal(s, tcp);
	return true;
}

bool sim_wire_read_error(struct sim_seg *s, const uint8_t *frame, uint32_t len)
{
	const uint8_t *icmp = frame + TCP, *quote = icmp + 8;

	if (len < TCP + 8 + 28 || get16(frame + 12) != 0x0800 || frame[IP + 9] != 1 ||
		sum(0, frame + IP, 20) != 0xffff || sum(0, quote, 20) != 0xffff ||
		len != IP + (uint32_t)get16(frame + IP + 2) || sum(0, icmp, len - TCP) != 0xffff)
		return false;
	*s = (struct sim_seg){
		.src = get32(quote + 12),
		.dst = get32(quote + 16),
		.sport = get16(quote + 20),
		.dport = get16(quote + 22),
		.seq = get32(quote + 24),
	};
	return true;
}
