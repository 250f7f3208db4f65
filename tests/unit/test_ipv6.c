// SPDX-License-Identifier: BSD-3-Clause
/*
 * wire/parse on IPv6: for every reason to drop a frame one that has it and a neighbour that has not, and
 * extension headers in every order.
 */
#include <stdio.h>

#include "frame6.h"
#include "unit.h"
#include "wire/datagram.h"

_Static_assert(sizeof(struct weir_ipv6_hdr) == 40, "RFC 8200");

#define FINE WEIR_FATES

static const uint8_t linux_syn[20] = {
	2, 4, 0x05, 0xa0, 4, 2, 8, 10, 0x11, 0x22, 0x33, 0x44, 0, 0, 0, 0, 1, 3, 3, 7};
static const uint8_t linux_ts[12] = {1, 1, 8, 10, 0x81, 2, 3, 4, 0x95, 6, 7, 8};

/* Fails with the row's name, for tables. */
static void expect(bool ok, const char *what)
{
	if (!ok)
		printf("\n    not so: %s ", what);
	CU_ASSERT(ok);
}

static void view_of_a_segment(void)
{
	struct weir_addr src = frame6_addr(0x2001, 0xdb8, 10, 0, 0, 0, 1, 0x203);
	struct weir_addr dst = frame6_addr(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x201);
	uint8_t f[FRAME_ROOM];
	struct weir_pkt pkt;
	size_t len = frame6_tcp(f, WEIR_TCP_ACK | WEIR_TCP_PSH, linux_ts, 12, 100);

	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
	CU_ASSERT_TRUE(weir_addr_eq(&pkt.seg.src, &src));
	CU_ASSERT_TRUE(weir_addr_eq(&pkt.seg.dst, &dst));
	CU_ASSERT_EQUAL(pkt.seg.family, WEIR_FAMILY_IPV6);
	CU_ASSERT(pkt.seg.sport_be == weir_be16(40000) && pkt.seg.dport_be == weir_be16(80));
	CU_ASSERT(pkt.seg.seq == 0xf0010203 && pkt.seg.ack == 0x80050607);
	CU_ASSERT(pkt.seg.wnd == 0xabcd && pkt.seg.payload_len == 100);
	CU_ASSERT_EQUAL(pkt.seg.flags, WEIR_TCP_ACK | WEIR_TCP_PSH);
	CU_ASSERT(pkt.seg.l3_off == 14 && pkt.seg.l4_off == 54);
	CU_ASSERT(pkt.seg.opt_len == 12 && pkt.seg.ts_off == 24);
	CU_ASSERT(pkt.seg.tsval == 0x81020304 && pkt.seg.tsecr == 0x95060708);

	len = frame6_tcp(f, WEIR_TCP_SYN, linux_syn, 20, 0);
	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
	CU_ASSERT(pkt.seg.mss == 1440 && pkt.seg.wscale == 7 && pkt.seg.sack_ok);
	len = frame6_tcp(f, WEIR_TCP_SYN, NULL, 0, 0);
	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.seg.mss, 1220); /* RFC 9293 §3.7.1: IPv6's default */
}

/* Two bytes of a good segment changed, the TCP checksum made right again. */
struct twist {
	const char *what;
	uint16_t at, to;
	enum weir_fate fate;
};

static const struct twist twists[] = {
	{"IPv6", 12, 0x86dd, FINE},
	{"traffic class and flow label", 14, 0x6fff, FINE},
	{"IP version 4", 14, 0x4500, WEIR_FATE_ip_header},
	{"IP version 7", 14, 0x7000, WEIR_FATE_ip_header},
	{"length 0", 18, 0, WEIR_FATE_tcp_header},
	{"19 bytes of TCP", 18, 19, WEIR_FATE_tcp_header},
	{"TCP header longer than the packet", 18, 39, WEIR_FATE_tcp_header},
	{"no payload", 18, 40, FINE},
	{"length of the frame", 18, 50, FINE},
	{"length beyond the frame", 18, 51, WEIR_FATE_truncated},
	{"length far beyond the frame", 18, 0xffff, WEIR_FATE_truncated},
	{"hop limit 0", 20, 0x0600, FINE},
	{"hop limit 255", 20, 0x06ff, FINE},
	{"UDP", 20, 0x1140, WEIR_FATE_other_protocol},
	{"IPv4's ICMP", 20, 0x0140, WEIR_FATE_other_protocol},
	{"no next header", 20, 0x3b40, WEIR_FATE_other_protocol},
	{"mobility header", 20, 0x8740, WEIR_FATE_other_protocol},
	{"a fragment", 20, 0x2c40, WEIR_FATE_ip_fragment},
	{"ESP", 20, 0x3240, WEIR_FATE_ipsec},
	{"AH", 20, 0x3340, WEIR_FATE_ipsec},
	{"from ff01::", 22, 0xff01, WEIR_FATE_martian},
	{"from ff0e::", 22, 0xff0e, WEIR_FATE_martian},
	{"from fe7f::", 22, 0xfe7f, FINE},
	{"from fe80::", 22, 0xfe80, WEIR_FATE_martian},
	{"from febf::", 22, 0xfebf, WEIR_FATE_martian},
	{"from fec0::", 22, 0xfec0, FINE},
	{"from fd00::", 22, 0xfd00, FINE},
	{"source port 0", 54, 0, WEIR_FATE_tcp_header},
	{"destination port 0", 56, 0, WEIR_FATE_tcp_header},
	{"data offset 4", 66, 0x4010, WEIR_FATE_tcp_header},
	{"data offset beyond the segment", 66, 0xd010, WEIR_FATE_tcp_header},
	{"data offset of the whole segment", 66, 0xc010, FINE},
	{"SYN and FIN", 66, 0x5003, WEIR_FATE_tcp_flags},
};

static void drop_reasons(void)
{
	for (size_t i = 0; i < sizeof(twists) / sizeof(twists[0]); i++) {
		const struct twist *t = &twists[i];
		uint8_t f[FRAME_ROOM];
		size_t len = frame6_tcp(f, WEIR_TCP_ACK, linux_syn, 20, 8) + 2; /* two of padding */

		frame_put16(f + len - 2, 0x5555);
		frame_put16(f + t->at, t->to);
		if (frame_get16(f + 18) <= 50)
			frame6_mend(f, FRAME6_TCP);
		expect(frame_fate(f, len) == t->fate, t->what);
	}
}

/* RFC 4291 §2.5: addresses that no TCP segment comes from, and those that none goes to. */
static void martians(void)
{
	static const struct {
		const char *what;
		uint16_t group[8];
		bool from, to; /* are martians */
	} rows[] = {
		{"unspecified", {0}, true, true},
		{"loopback", {0, 0, 0, 0, 0, 0, 0, 1}, true, true},
		{"IPv4-mapped", {0, 0, 0, 0, 0, 0xffff, 0x0a01, 0x0203}, true, true},
		{"IPv4-compatible", {0, 0, 0, 0, 0, 0, 0x0a01, 0x0203}, true, true},
		{"IPv4-translated", {0, 0, 0, 0, 0xffff, 0, 0x0a01, 0x0203}, true, true},
		{"NAT64's prefix", {0x64, 0xff9b, 0, 0, 0, 0, 0x0a01, 0x0203}, false, false},
		{"all nodes", {0xff02, 0, 0, 0, 0, 0, 0, 1}, true, false},
		{"link-local", {0xfe80, 0, 0, 0, 0, 0, 0, 1}, true, false},
		{"unique local", {0xfd00, 0, 0, 0, 0, 0, 0, 1}, false, false},
		{"global", {0x2600, 0, 0, 0, 0, 0, 0, 1}, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned int at = FRAME6_SRC; at <= FRAME6_DST; at += 16) {
			bool martian = at == FRAME6_SRC ? rows[i].from : rows[i].to;
			uint8_t f[FRAME_ROOM];
			size_t len = frame6_tcp(f, WEIR_TCP_SYN, NULL, 0, 0);

			for (unsigned int g = 0; g < 8; g++)
				frame_put16(f + at + 2 * g, rows[i].group[g]);
			frame6_mend(f, FRAME6_TCP);
			expect(frame_fate(f, len) == (martian ? WEIR_FATE_martian : FINE),
				rows[i].what);
		}
}

static void land(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame6_tcp(f, WEIR_TCP_SYN, NULL, 0, 0);

	memcpy(f + FRAME6_SRC, f + FRAME6_DST, 16);
	frame6_mend(f, FRAME6_TCP);
	CU_ASSERT_EQUAL(frame_fate(f, len), FINE);
	memcpy(f + FRAME6_TCP, f + FRAME6_TCP + 2, 2);
	frame6_mend(f, FRAME6_TCP);
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_martian);
}

/* RFC 8200 §8.1: each bit of the addresses, of TCP and its payload is under the checksum. */
static void checksummed_bits(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame6_tcp(f, WEIR_TCP_ACK, linux_ts, 12, 9); /* an odd length */

	CU_ASSERT_EQUAL(frame_fate(f, len), FINE);
	for (size_t bit = 8 * FRAME6_SRC; bit < 8 * len; bit++) {
		enum weir_fate fate;

		f[bit / 8] ^= (uint8_t)(1u << bit % 8);
		fate = frame_fate(f, len);
		f[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL(fate, FINE);
	}
}

/* Frames that end early, and frames that go on in another buffer, at every byte. */
static void cut_anywhere(void)
{
	static const uint8_t options[16] = {0, 0, 1, 12};
	uint8_t f[FRAME_ROOM];
	size_t len = frame6_tcp(f, WEIR_TCP_SYN, linux_syn, 20, 30), headers = FRAME6_OPT + 20 + 16;
	struct weir_pkt pkt;

	len = frame6_insert(f, len, 60, options, sizeof(options));
	for (size_t n = 0; n < len; n++) {
		CU_ASSERT_EQUAL(frame_fate(f, n),
			n < FRAME6_TCP ? WEIR_FATE_short_frame : WEIR_FATE_truncated);
		if (n < headers) {
			CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len, n, WEIR_CSUM_UNKNOWN),
				WEIR_PARSED_BAD);
			CU_ASSERT_EQUAL(pkt.fate, WEIR_FATE_split_headers);
		} else {
			CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len, n, WEIR_CSUM_UNKNOWN),
				WEIR_PARSED_TCP);
			CU_ASSERT(pkt.seg.payload_len == 30 && pkt.seg.mss == 1440);
		}
	}
}

/* Extension headers in front of a good segment: the first one's number, then what they are made of. */
struct chain {
	const char *what;
	enum weir_fate fate;
	uint8_t n;
	struct {
		uint8_t number, len;
		uint8_t bytes[32]; /* the first two are next header and length */
	} ext[6];
};

#define PADN                                                                                       \
	60, 8,                                                                                     \
	{                                                                                          \
		0, 0, 1, 4                                                                         \
	}
#define HOPS                                                                                       \
	0, 8,                                                                                      \
	{                                                                                          \
		0, 0, 1, 4                                                                         \
	}
#define ROUTED                                                                                     \
	43, 8,                                                                                     \
	{                                                                                          \
		0, 0, 4, 0                                                                         \
	}
#define EXTENDED WEIR_FATE_ipv6_extension

static const struct chain chains[] = {
	{"hop-by-hop", FINE, 1, {{HOPS}}},
	{"destination options", FINE, 1, {{PADN}}},
	{"Pad1s", FINE, 1, {{60, 8, {0}}}},
	{"two of PadN, of 0 bytes", FINE, 1, {{60, 8, {0, 0, 1, 0, 1, 2}}}},
	{"router alert", FINE, 1, {{0, 8, {0, 0, 5, 2, 0, 0, 1}}}},
	{"unknown, may be skipped", FINE, 1, {{60, 8, {0, 0, 0x3e, 4}}}},
	{"unknown, to be discarded", WEIR_FATE_ipv6_option, 1, {{60, 8, {0, 0, 0x5e, 4}}}},
	{"unknown, discarded and told", WEIR_FATE_ipv6_option, 1, {{60, 8, {0, 0, 0x9e, 4}}}},
	{"jumbo payload", WEIR_FATE_ipv6_option, 1, {{0, 8, {0, 0, 0xc2, 4, 0, 1, 0, 0}}}},
	{"after a PadN", WEIR_FATE_ipv6_option, 1, {{60, 16, {0, 0, 1, 2, 0, 0, 0xc2, 4}}}},
	{"option beyond its header", EXTENDED, 1, {{60, 8, {0, 0, 1, 5}}}},
	{"a kind and no length", EXTENDED, 1, {{60, 8, {0, 0, 1, 3, 0, 0, 0, 5}}}},
	{"a routing header that is travelled", FINE, 1, {{ROUTED}}},
	{"one that is not", WEIR_FATE_ipv6_routing, 1, {{43, 8, {0, 0, 4, 1}}}},
	{"of type 0, not travelled", WEIR_FATE_ipv6_routing, 1, {{43, 24, {0, 0, 0, 1}}}},
	{"of type 0, travelled", WEIR_FATE_ipv6_routing, 1, {{43, 24, {0, 0, 0, 0}}}},
	{"all that there may be", FINE, 4, {{HOPS}, {PADN}, {ROUTED}, {PADN}}},
	{"one more", EXTENDED, 5, {{HOPS}, {PADN}, {ROUTED}, {PADN}, {PADN}}},
	{"hop-by-hop is second", EXTENDED, 2, {{PADN}, {HOPS}}},
	{"hop-by-hop twice", EXTENDED, 2, {{HOPS}, {HOPS}}},
	{"a fragment behind options", WEIR_FATE_ip_fragment, 2, {{HOPS}, {44, 8, {0}}}},
	{"AH behind options", WEIR_FATE_ipsec, 2, {{HOPS}, {51, 8, {0}}}},
	{"ESP behind a route", WEIR_FATE_ipsec, 2, {{ROUTED}, {50, 8, {0}}}},
	{"mobility behind options", WEIR_FATE_other_protocol, 2, {{HOPS}, {135, 8, {0}}}},
};

static void check_chain(const struct chain *c)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame6_tcp(f, WEIR_TCP_ACK, linux_ts, 12, 7), ext_len = 0;
	struct weir_pkt pkt;

	for (unsigned int i = c->n; i-- > 0;) {
		len = frame6_insert(f, len, c->ext[i].number, c->ext[i].bytes, c->ext[i].len);
		ext_len += c->ext[i].len;
	}
	expect(frame_fate(f, len) == c->fate, c->what);
	if (c->fate != FINE)
		return;
	frame_parse(&pkt, f, len);
	expect(pkt.seg.l4_off == FRAME6_TCP + ext_len && pkt.seg.payload_len == 7, c->what);
	f[len - 1] ^= 1;
	expect(frame_fate(f, len) == WEIR_FATE_tcp_checksum, c->what);
}

static void extension_headers(void)
{
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		check_chain(&chains[i]);
}

/* So many bytes and no more; and a length that goes beyond the packet. */
static void extension_bytes(void)
{
	const uint8_t zero[256] = {0};
	uint8_t f[FRAME_ROOM];

	for (size_t n = 8; n <= 256; n += 8) {
		size_t len = frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, 300);

		len = frame6_insert(f, len, 60, zero, n);
		CU_ASSERT_EQUAL(frame_fate(f, len), n <= 128 ? FINE : WEIR_FATE_ipv6_extension);
	}
	for (size_t left = 0; left < 24; left++) { /* the packet ends within an extension header */
		size_t len = frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, 0);

		frame6_insert(f, len, 60, zero, 16);
		frame_put16(f + 18, (uint16_t)left);
		CU_ASSERT_EQUAL(frame_fate(f, FRAME6_TCP + left),
			left < 16 ? WEIR_FATE_ipv6_extension : WEIR_FATE_tcp_header);
	}
}

/* A naive reading of a frame with any bytes behind the fixed headers: is it TCP, and where? */
static size_t twin_tcp(const uint8_t *f, size_t len)
{
	size_t at = FRAME6_TCP, n = 0;
	uint8_t next = f[FRAME_IP + 6];

	while (next == 60 || next == 43 || (next == 0 && n == 0)) {
		size_t end, o = at + 2;

		if (n++ == 4 || len - at < 8)
			return 0;
		end = at + 8 + 8u * f[at + 1];
		if (end > len || end > FRAME6_TCP + 128)
			return 0;
		if (next == 43 && (f[at + 2] == 0 || f[at + 3] != 0))
			return 0;
		while (next != 43 && o < end) {
			if (f[o] == 0) {
				o++;
				continue;
			}
			if (o + 2 > end || o + 2 + f[o + 1] > end || f[o] >= 64)
				return 0;
			o += 2u + f[o + 1];
		}
		next = f[at];
		at = end;
	}
	return next == 6 && len - at >= 20 ? at : 0;
}

static void random_extensions(void)
{
	static const uint8_t numbers[] = {0, 43, 60, 6, 6, 6, 44, 58};
	unsigned int found = 0;
	uint64_t seed = 61;

	for (unsigned int round = 0; round < 200000; round++) {
		uint8_t f[FRAME_ROOM];
		size_t len = frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, 80), at;
		struct weir_pkt pkt;
		enum weir_parsed parsed;

		f[FRAME_IP + 6] = numbers[unit_random(&seed) % 6];
		for (size_t i = FRAME6_TCP; i < len; i += 8) {
			f[i] = numbers[unit_random(&seed) % 8];
			f[i + 1] = unit_random(&seed) % 4 ? 0 : (uint8_t)(unit_random(&seed) % 20);
			for (size_t k = 2; k < 8 && i + k < len; k++)
				f[i + k] = unit_random(&seed) % 8
					? 0
					: (uint8_t)(unit_random(&seed) % 8);
		}
		at = twin_tcp(f, len);
		if (at != 0) { /* a header of TCP that is good, but for what is random */
			memset(f + at, 1, 12);
			f[at + 12] = 0x50;
			f[at + 13] = WEIR_TCP_ACK;
			frame6_mend(f, at);
		}
		parsed = frame_parse(&pkt, f, len);
		CU_ASSERT_EQUAL(parsed == WEIR_PARSED_TCP, at != 0);
		if (at != 0 && parsed == WEIR_PARSED_TCP)
			CU_ASSERT_EQUAL(pkt.seg.l4_off, at);
		found += at > FRAME6_TCP;
	}
	CU_ASSERT(found > 20000);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"IPv6: view of a segment", view_of_a_segment},
		{"HC-29 HC-41 IPv6: drop reasons and their neighbours", drop_reasons},
		{"HC-41 IPv6: martians", martians},
		{"HC-41 IPv6: a segment from its own destination", land},
		{"HC-41 IPv6: every bit is under a checksum", checksummed_bits},
		{"HC-50 IPv6: cut at every byte", cut_anywhere},
		{"HC-29 IPv6: extension headers", extension_headers},
		{"HC-29 IPv6: extension headers, bytes", extension_bytes},
		{"HC-29 IPv6: extension headers against the twin", random_extensions},
	};

	return unit_main("ipv6", tests, sizeof(tests) / sizeof(tests[0]));
}
