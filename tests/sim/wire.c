// SPDX-License-Identifier: BSD-3-Clause
#include "wire.h"

#include <string.h>

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

void sim_wire_mend(uint8_t *frame)
{
	ip_mend(frame);
}

uint32_t sim_wire_write(uint8_t frame[SIM_FRAME_MAX], const struct sim_seg *s, bool odd)
{
	static const uint8_t macs[8] = {2, 0, 0, 0, 0, 1, 2, 0};
	struct datagram ip = {.family = s->family,
		.proto = WEIR_PROTO_TCP,
		.hop_limit = 64,
		.src = s->src,
		.dst = s->dst};
	uint8_t *tcp = frame + ip_l4_off(s->family);
	const uint32_t opt_len = write_options(tcp + 20, s, odd);

	memcpy(frame, macs, sizeof(macs));
	put32(frame + 8, s->src); /* the sender's MAC address ends in its number */
	ip.l4_len = (uint16_t)(20 + opt_len + s->payload_len);
	ip_write(frame, &ip);
	if (s->payload_len > 0)
		memcpy(tcp + 20 + opt_len, s->payload, s->payload_len);
	put16(tcp, s->sport);
	put16(tcp + 2, s->dport);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->flags & WEIR_TCP_ACK ? s->ack : 0);
	tcp[12] = (uint8_t)((20 + opt_len) / 4 << 4);
	tcp[13] = s->flags;
	put16(tcp + 14, s->wnd);
	put16(tcp + 18, 0);
	if (s->sealed)
		make_seal(find_option(tcp, SEAL), tcp, s->payload_len);
	ip_mend(frame);
	return (uint32_t)(tcp - frame) + ip.l4_len;
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

/* A whole packet with nothing but the plainest header, all sums right; its upper layer is of l4_len_min bytes. */
static bool is_good(const uint8_t *frame, uint32_t len, struct datagram *ip, uint32_t l4_len_min)
{
	const enum weir_family family = ip_family(frame);
	const uint8_t version = family == WEIR_FAMILY_IPV6 ? 0x60 : 0x45;
	const uint8_t mask = family == WEIR_FAMILY_IPV6 ? 0xf0 : 0xff;
	const uint8_t *at = frame + IP_OFF;

	if (len < ip_l4_off(family) + l4_len_min || (at[0] & mask) != version ||
		(family == WEIR_FAMILY_IPV4 && get16(frame + 12) != 0x0800) || !ip_sum_right(at))
		return false;
	*ip = ip_read(at);
	return ip->l4_len >= l4_len_min && ip_l4_off(family) + ip->l4_len <= len &&
		ip_l4_sum(at) == 0xffff;
}

bool sim_wire_read(struct sim_seg *s, const uint8_t *frame, uint32_t len)
{
	const uint8_t *tcp;
	struct datagram ip;
	uint32_t off;

	if (!is_good(frame, len, &ip, 20) || ip.proto != WEIR_PROTO_TCP)
		return false;
	tcp = frame + ip_l4_off(ip.family);
	off = (tcp[12] >> 4) * 4u;
	if (off < 20 || off > ip.l4_len)
		return false;
	*s = (struct sim_seg){
		.family = ip.family,
		.src = ip.src,
		.dst = ip.dst,
		.sport = get16(tcp),
		.dport = get16(tcp + 2),
		.seq = get32(tcp + 4),
		.ack = get32(tcp + 8),
		.wnd = get16(tcp + 14),
		.flags = tcp[13],
		.wscale = SIM_NO_WSCALE,
		.opt_len = (uint8_t)(off - 20),
		.payload_len = (uint16_t)(ip.l4_len - off),
		.payload = tcp + off,
	};
	if (!read_options(s, tcp + 20, tcp + off))
		return false;
	read_seal(s, tcp);
	return true;
}

bool sim_wire_read_error(struct sim_seg *s, const uint8_t *frame, uint32_t len)
{
	const uint8_t *quote, *tcp;
	struct datagram ip, of;

	if (!is_good(frame, len, &ip, 8 + 20 + 8) || ip.proto == WEIR_PROTO_TCP ||
		ip.l4_len < 8 + ip_len(ip.family) + 8)
		return false;
	quote = frame + ip_l4_off(ip.family) + 8;
	tcp = quote + ip_len(ip.family);
	of = ip_read(quote);
	if (of.family != ip.family || !ip_sum_right(quote))
		return false;
	*s = (struct sim_seg){
		.family = ip.family,
		.src = of.src,
		.dst = of.dst,
		.sport = get16(tcp),
		.dport = get16(tcp + 2),
		.seq = get32(tcp + 4),
	};
	return true;
}
