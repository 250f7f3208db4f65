// SPDX-License-Identifier: BSD-3-Clause
/*
 * wire/parse: for every reason to drop a frame one that has it and a neighbour that has not, every
 * layout of options, and garbage.
 */
#include <stdio.h>

#include "frame.h"
#include "unit.h"
#include "wire/datagram.h"
#include "wire/opt.h"

#define FINE WEIR_FATES

static const uint8_t linux_syn[20] = {
	2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0x11, 0x22, 0x33, 0x44, 0, 0, 0, 0, 1, 3, 3, 7};
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
	struct weir_addr src = weir_addr_v4(weir_be32(0x0a010203));
	struct weir_addr dst = weir_addr_v4(weir_be32(0xc0000201));
	uint8_t f[FRAME_ROOM];
	struct weir_pkt pkt;
	size_t len = frame_tcp(f, WEIR_TCP_ACK | WEIR_TCP_PSH, linux_ts, 12, 100);

	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
	CU_ASSERT_TRUE(weir_addr_eq(&pkt.seg.src, &src));
	CU_ASSERT_TRUE(weir_addr_eq(&pkt.seg.dst, &dst));
	CU_ASSERT_EQUAL(pkt.seg.sport_be, weir_be16(40000));
	CU_ASSERT_EQUAL(pkt.seg.dport_be, weir_be16(80));
	CU_ASSERT_EQUAL(pkt.seg.seq, 0xf0010203);
	CU_ASSERT_EQUAL(pkt.seg.ack, 0x80050607);
	CU_ASSERT_EQUAL(pkt.seg.wnd, 0xabcd);
	CU_ASSERT_EQUAL(pkt.seg.payload_len, 100);
	CU_ASSERT_EQUAL(pkt.seg.flags, WEIR_TCP_ACK | WEIR_TCP_PSH);
	CU_ASSERT_EQUAL(pkt.seg.l4_off, 34);
	CU_ASSERT_EQUAL(pkt.seg.opt_len, 12);
	CU_ASSERT_EQUAL(pkt.seg.ts_off, 24);
	CU_ASSERT_EQUAL(pkt.seg.tsval, 0x81020304);
	CU_ASSERT_EQUAL(pkt.seg.tsecr, 0x95060708);
}

/* Two bytes of a good segment changed, both checksums made right again. */
struct twist {
	const char *what;
	uint16_t at, to;
	enum weir_fate fate;
};

static const struct twist twists[] = {
	{"IPv4", 12, 0x0800, FINE},
	{"VLAN tag", 12, 0x8100, WEIR_FATE_qinq},
	{"QinQ tag", 12, 0x88a8, WEIR_FATE_qinq},
	{"IPv6 in name only", 12, 0x86dd, WEIR_FATE_ip_header},
	{"another ethertype", 12, 0x0801, WEIR_FATE_other_ethertype},
	{"802.3 length", 12, 0x0040, WEIR_FATE_other_ethertype},
	{"type of service", 14, 0x45ff, FINE},
	{"IP version 6", 14, 0x6500, WEIR_FATE_ip_header},
	{"IP header of 16 bytes", 14, 0x4400, WEIR_FATE_ip_header},
	{"IP options", 14, 0x4600, WEIR_FATE_ip_options},
	{"most IP options", 14, 0x4f00, WEIR_FATE_ip_options},
	{"IP length 0", 16, 0, WEIR_FATE_ip_header},
	{"IP length 19", 16, 19, WEIR_FATE_ip_header},
	{"IP length 20", 16, 20, WEIR_FATE_tcp_header},
	{"19 bytes of TCP", 16, 39, WEIR_FATE_tcp_header},
	{"TCP header longer than the packet", 16, 59, WEIR_FATE_tcp_header},
	{"no payload", 16, 60, FINE},
	{"IP length of the frame", 16, 70, FINE},
	{"IP length beyond the frame", 16, 71, WEIR_FATE_truncated},
	{"IP length far beyond the frame", 16, 0xffff, WEIR_FATE_truncated},
	{"no DF", 20, 0x0000, FINE},
	{"reserved IP flag", 20, 0x8000, FINE},
	{"first fragment", 20, 0x2000, WEIR_FATE_ip_fragment},
	{"last fragment", 20, 0x0001, WEIR_FATE_ip_fragment},
	{"far fragment", 20, 0x1000, WEIR_FATE_ip_fragment},
	{"TTL 0", 22, 0x0006, WEIR_FATE_ip_ttl},
	{"TTL 1", 22, 0x0106, FINE},
	{"TTL 255", 22, 0xff06, FINE},
	{"UDP", 22, 0x4011, WEIR_FATE_other_protocol},
	{"IP protocol 0", 22, 0x4000, WEIR_FATE_other_protocol},
	{"from 0.255.2.3", 26, 0x00ff, WEIR_FATE_martian},
	{"from 1.0.2.3", 26, 0x0100, FINE},
	{"from 126.255.2.3", 26, 0x7eff, FINE},
	{"from 127.0.2.3", 26, 0x7f00, WEIR_FATE_martian},
	{"from 127.255.2.3", 26, 0x7fff, WEIR_FATE_martian},
	{"from 128.0.2.3", 26, 0x8000, FINE},
	{"from 223.255.2.3", 26, 0xdfff, FINE},
	{"from 224.0.2.3", 26, 0xe000, WEIR_FATE_martian},
	{"from 239.255.2.3", 26, 0xefff, WEIR_FATE_martian},
	{"from 240.0.2.3", 26, 0xf000, WEIR_FATE_martian},
	{"from 255.255.2.3", 26, 0xffff, WEIR_FATE_martian},
	{"source port 0", 34, 0, WEIR_FATE_tcp_header},
	{"source port 1", 34, 1, FINE},
	{"source port 256", 34, 256, FINE},
	{"destination port 0", 36, 0, WEIR_FATE_tcp_header},
	{"destination port 65535", 36, 65535, FINE},
	{"data offset 4", 46, 0x4010, WEIR_FATE_tcp_header},
	{"data offset 0", 46, 0x0010, WEIR_FATE_tcp_header},
	{"data offset 5", 46, 0x5010, FINE},
	{"data offset of the whole segment", 46, 0xc010, FINE},
	{"data offset beyond the segment", 46, 0xd010, WEIR_FATE_tcp_header},
	{"reserved TCP bits", 46, 0x5f10, FINE},
	{"urgent pointer", 52, 0xffff, FINE},
};

static void drop_reasons(void)
{
	for (size_t i = 0; i < sizeof(twists) / sizeof(twists[0]); i++) {
		const struct twist *t = &twists[i];
		uint8_t f[FRAME_ROOM];
		size_t len = frame_tcp(f, WEIR_TCP_ACK, linux_syn, 20, 8) + 2; /* two of padding */

		frame_put16(f + 16, 68); /* 48 bytes of TCP: 20, 20 of options, 8 of payload */
		frame_put16(f + len - 2, 0x5555);
		frame_put16(f + t->at, t->to);
		frame_mend(f, len);
		expect(frame_fate(f, len) == t->fate, t->what);
	}
}

/* Frame and IP header agree on a length in which there is no room for what is said to be in it. */
static void too_short_for_tcp(void)
{
	uint8_t f[FRAME_ROOM];

	for (uint16_t l4_len = 0; l4_len <= 20; l4_len++) {
		frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 0);
		frame_put16(f + 16, (uint16_t)(20 + l4_len));
		frame_mend(f, 34u + l4_len);
		CU_ASSERT_EQUAL(frame_fate(f, 34u + l4_len),
			l4_len < 20 ? WEIR_FATE_tcp_header : FINE);
	}
}

/* "LAND": a segment from its own destination, port and all. */
static void land(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_SYN, NULL, 0, 0);

	memcpy(f + 26, f + 30, 4);
	frame_mend(f, len);
	CU_ASSERT_EQUAL(frame_fate(f, len), FINE);
	memcpy(f + 34, f + 36, 2);
	frame_mend(f, len);
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_martian);
	f[29] ^= 2;
	frame_mend(f, len);
	CU_ASSERT_EQUAL(frame_fate(f, len), FINE);
}

/* Each bit of both headers and of the payload is under a checksum. */
static void checksummed_bits(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, linux_ts, 12, 9); /* an odd length */

	CU_ASSERT_EQUAL(frame_fate(f, len), FINE);
	for (size_t bit = 8 * FRAME_IP; bit < 8 * len; bit++) {
		enum weir_fate fate;

		f[bit / 8] ^= (uint8_t)(1u << bit % 8);
		fate = frame_fate(f, len);
		f[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL(fate, FINE);
		if (bit >= 8 * 24 && bit < 8 * FRAME_TCP) /* IP checksum and addresses */
			CU_ASSERT_EQUAL(fate, WEIR_FATE_ip_checksum);
		if (bit >= 8 * 48) /* window, checksum, options, payload */
			CU_ASSERT_EQUAL(fate, WEIR_FATE_tcp_checksum);
	}
}

/* HC-10, HC-41, in words: every one of the 256 combinations. */
static bool flags_allowed(unsigned int flags)
{
	bool fin = flags & WEIR_TCP_FIN, syn = flags & WEIR_TCP_SYN;
	bool rst = flags & WEIR_TCP_RST, ack = flags & WEIR_TCP_ACK;

	if (fin + syn + rst > 1)
		return false; /* SYN|FIN, SYN|RST, FIN|RST */
	if (fin && !ack)
		return false;     /* xmas is one of these */
	return syn || rst || ack; /* null is none of these */
}

static void flag_combinations(void)
{
	for (unsigned int flags = 0; flags < 256; flags++) {
		uint8_t f[FRAME_ROOM];
		size_t len = frame_tcp(f, (uint8_t)flags, NULL, 0, 0);

		CU_ASSERT_EQUAL(frame_fate(f, len),
			flags_allowed(flags) ? FINE : WEIR_FATE_tcp_flags);
	}
}

/* What the device says of the checksum, against a right and a wrong one. */
static void csum_states(void)
{
	static const struct {
		enum weir_csum_state state;
		enum weir_parsed right, wrong;
	} rows[] = {
		{WEIR_CSUM_UNKNOWN, WEIR_PARSED_TCP, WEIR_PARSED_BAD},
		{WEIR_CSUM_GOOD, WEIR_PARSED_TCP, WEIR_PARSED_TCP},
		{WEIR_CSUM_PARTIAL, WEIR_PARSED_TCP, WEIR_PARSED_TCP},
		{WEIR_CSUM_BAD, WEIR_PARSED_BAD, WEIR_PARSED_BAD},
	};
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 33);
	struct weir_pkt pkt;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int wrong = 0; wrong < 2; wrong++) {
			enum weir_parsed parsed;

			f[FRAME_OPT] ^= (uint8_t)wrong;
			parsed = frame_parse_head(&pkt, f, len, len, rows[i].state);
			f[FRAME_OPT] ^= (uint8_t)wrong;
			CU_ASSERT_EQUAL(parsed, wrong ? rows[i].wrong : rows[i].right);
			if (parsed == WEIR_PARSED_BAD)
				CU_ASSERT_EQUAL(pkt.fate, WEIR_FATE_tcp_checksum);
		}
}

/* Frames that end early, and frames that go on in another buffer, at every byte. */
static void cut_anywhere(void)
{
	const size_t headers = FRAME_OPT + 20;
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_SYN, linux_syn, 20, 30);
	struct weir_pkt pkt;

	for (size_t n = 0; n < len; n++) {
		CU_ASSERT_EQUAL(frame_fate(f, n),
			n < FRAME_IP + 20 ? WEIR_FATE_short_frame : WEIR_FATE_truncated);
		if (n < headers) {
			CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len, n, WEIR_CSUM_UNKNOWN),
				WEIR_PARSED_BAD);
			CU_ASSERT_EQUAL(pkt.fate, WEIR_FATE_split_headers);
		} else {
			CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len, n, WEIR_CSUM_UNKNOWN),
				WEIR_PARSED_TCP);
			CU_ASSERT_EQUAL(pkt.seg.payload_len, 30);
			CU_ASSERT_EQUAL(pkt.seg.mss, 1460);
		}
	}
	f[len - 1] ^= 1; /* the payload's checksum: verified when the payload is there, only then */
	CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len, len - 1, WEIR_CSUM_UNKNOWN),
		WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len, len - 1, WEIR_CSUM_BAD), WEIR_PARSED_BAD);
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_tcp_checksum);
}

/* Ethernet's minimum is 60 bytes; what stands behind the packet is nobody's. */
static void padding(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 3);
	struct weir_pkt pkt;

	memset(f + len, 0xee, 64);
	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len + 64), WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.seg.payload_len, 3);
	/* the packet is here whole, only its padding is in another buffer: still verified */
	f[len - 1] ^= 1;
	CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len + 64, len, WEIR_CSUM_UNKNOWN),
		WEIR_PARSED_BAD);
	CU_ASSERT_EQUAL(pkt.fate, WEIR_FATE_tcp_checksum);
}

/* What a segment's options should be seen as. Options are padded with EOL to a multiple of four. */
struct layout {
	const char *what;
	uint8_t len;
	uint8_t bytes[40];
	uint8_t ts_off, sack_off, sack_blocks;
	uint8_t wscale; /* as in the view */
	bool sack_ok;
	uint16_t mss;
};

#define NONE       WEIR_WSCALE_NONE
#define TS         8, 10, 0x81, 2, 3, 4, 0x95, 6, 7, 8
#define BLOCK      1, 2, 3, 4, 5, 6, 7, 8
#define NO_SACK    0, 0
#define NOT_ON_SYN NONE, false, 536

static const struct layout syn_layouts[] = {
	{"none", 0, {0}, 0, NO_SACK, NONE, false, 536},
	{"Linux", 20, {2, 4, 5, 0xb4, 4, 2, TS, 1, 3, 3, 7}, 28, NO_SACK, 7, true, 1460},
	{"Windows", 12, {2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2}, 0, NO_SACK, 8, true, 1460},
	{"macOS", 24, {2, 4, 5, 0xb4, 1, 3, 3, 6, 1, 1, TS, 4, 2}, 32, NO_SACK, 6, true, 1460},
	{"timestamps only", 12, {1, 1, TS}, 24, NO_SACK, NONE, false, 536},
	{"scale 0", 3, {3, 3, 0}, 0, NO_SACK, 0, false, 536},
	{"scale 14", 3, {3, 3, 14}, 0, NO_SACK, 14, false, 536},
	{"scale 15", 3, {3, 3, 15}, 0, NO_SACK, 14, false, 536},
	{"scale 255 is not \"none\"", 3, {3, 3, 255}, 0, NO_SACK, 14, false, 536},
	{"MSS 0", 4, {2, 4, 0, 0}, 0, NO_SACK, NONE, false, 536},
	{"MSS 1", 4, {2, 4, 0, 1}, 0, NO_SACK, NONE, false, 1},
	{"MSS 256", 4, {2, 4, 1, 0}, 0, NO_SACK, NONE, false, 256},
	{"MSS 65535", 4, {2, 4, 0xff, 0xff}, 0, NO_SACK, NONE, false, 65535},
	{"MSS too short", 7, {2, 3, 5, 4, 2, 1, 1}, 0, NO_SACK, NONE, true, 536},
	{"MSS too long", 7, {2, 5, 5, 0xb4, 0, 4, 2}, 0, NO_SACK, NONE, true, 536},
	{"scale too short", 4, {3, 2, 4, 2}, 0, NO_SACK, NONE, true, 536},
	{"scale too long", 6, {3, 4, 7, 7, 4, 2}, 0, NO_SACK, NONE, true, 536},
	{"SACK-permitted too long", 7, {4, 3, 0, 2, 4, 5, 0xb4}, 0, NO_SACK, NONE, false, 1460},
	{"timestamps too short", 11, {8, 9, 1, 2, 3, 4, 5, 6, 7, 4, 2}, 0, NO_SACK, NONE, true,
		536},
	{"unknown, experimental, TFO", 15, {30, 4, 0, 0, 254, 3, 0, 34, 2, 253, 2, 1, 3, 3, 9}, 0,
		NO_SACK, 9, false, 536},
	{"the last one counts", 14, {2, 4, 5, 0xb4, 3, 3, 7, 3, 3, 8, 2, 4, 5, 0}, 0, NO_SACK, 8,
		false, 1280},
	{"nothing after EOL", 11, {4, 2, 0, 2, 4, 5, 0xb4, 3, 3, 7, 1}, 0, NO_SACK, NONE, true,
		536},
	{"length 0", 8, {4, 2, 99, 0, 2, 4, 5, 0xb4}, 0, NO_SACK, NONE, true, 536},
	{"length 1", 8, {4, 2, 99, 1, 2, 4, 5, 0xb4}, 0, NO_SACK, NONE, true, 536},
	{"length beyond the header", 8, {4, 2, 1, 1, 2, 5, 5, 0xb4}, 0, NO_SACK, NONE, true, 536},
	{"length just within", 8, {4, 2, 1, 1, 2, 4, 5, 0xb4}, 0, NO_SACK, NONE, true, 1460},
	{"a kind and no length", 4, {4, 2, 1, 2}, 0, NO_SACK, NONE, true, 536},
	{"40 NOPs", 40,
		{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
			1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		0, NO_SACK, NONE, false, 536},
};

static const struct layout ack_layouts[] = {
	{"none", 0, {0}, 0, NO_SACK, NOT_ON_SYN},
	{"timestamps, as all write them", 12, {1, 1, TS}, 24, NO_SACK, NOT_ON_SYN},
	{"timestamps first", 12, {TS, 1, 1}, 22, NO_SACK, NOT_ON_SYN},
	{"timestamps at an odd place", 12, {1, TS, 1}, 23, NO_SACK, NOT_ON_SYN},
	{"timestamps, then EOL", 16, {1, 1, TS, 0, 0, 0, 0}, 24, NO_SACK, NOT_ON_SYN},
	{"a SYN's options are not for an ACK", 12, {2, 4, 5, 0xb4, 3, 3, 7, 4, 2, 1, 1, 1}, 0,
		NO_SACK, NOT_ON_SYN},
	{"timestamps and one block", 24, {1, 1, TS, 1, 1, 5, 10, BLOCK}, 24, 36, 1, NOT_ON_SYN},
	{"timestamps and three blocks", 40, {1, 1, TS, 1, 1, 5, 26, BLOCK, BLOCK, BLOCK}, 24, 36, 3,
		NOT_ON_SYN},
	{"four blocks", 36, {1, 1, 5, 34, BLOCK, BLOCK, BLOCK, BLOCK}, 0, 24, 4, NOT_ON_SYN},
	{"a block at an odd place", 11, {1, 5, 10, BLOCK}, 0, 23, 1, NOT_ON_SYN},
	{"a block and a piece", 15, {5, 14, BLOCK, 1, 2, 3, 4, 1}, 0, 22, 1, NOT_ON_SYN},
	{"a piece of a block", 9, {5, 9, 1, 2, 3, 4, 5, 6, 7}, 0, 0, 0, NOT_ON_SYN},
	{"no block", 2, {5, 2}, 0, 0, 0, NOT_ON_SYN},
	{"blocks beyond the header", 12, {1, 1, 5, 18, BLOCK}, 0, 0, 0, NOT_ON_SYN},
};

static void check_layout(const struct layout *l, uint8_t flags)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, flags, l->bytes, (l->len + 3u) & ~3u, 5);
	struct weir_pkt pkt;
	const struct weir_seg *s = &pkt.seg;

	expect(frame_parse(&pkt, f, len) == WEIR_PARSED_TCP, l->what);
	expect(s->payload_len == 5 && s->opt_len == ((l->len + 3u) & ~3u), l->what);
	expect(s->ts_off == l->ts_off, l->what);
	if (l->ts_off)
		expect(s->tsval == 0x81020304 && s->tsecr == 0x95060708, l->what);
	expect(s->sack_off == l->sack_off && s->sack_blocks == l->sack_blocks, l->what);
	expect(s->wscale == l->wscale && s->sack_ok == l->sack_ok && s->mss == l->mss, l->what);
}

static void option_layouts(void)
{
	for (size_t i = 0; i < sizeof(syn_layouts) / sizeof(syn_layouts[0]); i++) {
		check_layout(&syn_layouts[i], WEIR_TCP_SYN);
		check_layout(&syn_layouts[i], WEIR_TCP_SYN | WEIR_TCP_ACK);
	}
	for (size_t i = 0; i < sizeof(ack_layouts) / sizeof(ack_layouts[0]); i++) {
		check_layout(&ack_layouts[i], WEIR_TCP_ACK);
		check_layout(&ack_layouts[i], WEIR_TCP_RST | WEIR_TCP_ACK);
		check_layout(&ack_layouts[i], WEIR_TCP_FIN | WEIR_TCP_ACK);
	}
}

/* The iterator's slow twin: where the options of a header stand, -1 after the last. */
static int twin_next_option(const uint8_t *opt, int len, int at)
{
	while (at < len && opt[at] == WEIR_OPT_NOP)
		at++;
	if (at >= len || opt[at] == WEIR_OPT_EOL || at + 1 >= len)
		return -1;
	if (opt[at + 1] < 2 || at + opt[at + 1] > len)
		return -1;
	return at;
}

static void iterator_against_twin(void)
{
	uint64_t seed = 11;
	unsigned int seen = 0;

	for (unsigned int round = 0; round < 100000; round++) {
		int len = (int)(unit_random(&seed) % 41), at = 0;
		uint8_t *opt = malloc((size_t)len + 1);
		struct weir_opt_iter it = {0};

		for (int i = 1; i <= len; i++) {
			uint64_t r = unit_random(&seed);

			/* mostly small: kinds and lengths that mean something */
			opt[i] = (uint8_t)(r % 8 ? r >> 60 : r >> 56);
		}
		weir_opt_start(&it, opt + 1, (unsigned int)len);
		while ((at = twin_next_option(opt + 1, len, at)) >= 0) {
			const uint8_t *option = opt + 1 + at;

			CU_ASSERT_TRUE(weir_opt_next(&it));
			CU_ASSERT_EQUAL(it.kind, option[0]);
			CU_ASSERT_PTR_EQUAL(it.data, option + 2);
			CU_ASSERT_EQUAL(it.data_len, option[1] - 2);
			at += option[1];
			seen++;
		}
		CU_ASSERT_FALSE(weir_opt_next(&it));
		free(opt);
	}
	CU_ASSERT(seen > 100000);
}

/* Whatever the bytes were: the view says nothing of bytes that are not there. */
static void check_view(const struct weir_pkt *pkt)
{
	const struct weir_seg *s = &pkt->seg;
	unsigned int header_len = 20u + s->opt_len;

	CU_ASSERT(s->l4_off == 34 && s->opt_len <= 40 && s->opt_len % 4 == 0);
	CU_ASSERT(s->l4_off + header_len <= pkt->frame.head_len);
	CU_ASSERT(s->l4_off + header_len + s->payload_len <= pkt->frame.len);
	CU_ASSERT(s->ts_off == 0 || (s->ts_off >= 22 && s->ts_off + 8u <= header_len));
	CU_ASSERT((s->sack_off == 0) == (s->sack_blocks == 0));
	CU_ASSERT(s->sack_off == 0 ||
		(s->sack_off >= 22 && s->sack_blocks <= 4 &&
			s->sack_off + 8u * s->sack_blocks <= header_len));
	CU_ASSERT(s->wscale <= WEIR_TCP_WSCALE_MAX || s->wscale == NONE);
	CU_ASSERT(s->mss > 0 && s->sport_be != 0 && s->dport_be != 0);
	CU_ASSERT(flags_allowed(s->flags));
}

/* A good segment of a kind, with a few bytes changed; most with right checksums again. */
static size_t mutant(uint8_t *f, uint64_t *seed)
{
	uint8_t flags = unit_random(seed) % 2 ? WEIR_TCP_SYN : WEIR_TCP_ACK;
	const uint8_t *opt = unit_random(seed) % 2 ? linux_syn : linux_ts;
	size_t len = frame_tcp(f, flags, opt, opt == linux_syn ? 20 : 12, unit_random(seed) % 50);

	for (unsigned int n = unit_random(seed) % 6; n > 0; n--) {
		size_t from = unit_random(seed) % 4 ? FRAME_TCP + 12 : 12;
		size_t at = from + unit_random(seed) % (len - from);

		f[at] = (uint8_t)unit_random(seed);
	}
	if (unit_random(seed) % 8)
		frame_mend(f, len);
	return len;
}

static void random_frames(void)
{
	unsigned int parsed[WEIR_PARSED_BAD + 1] = {0}, fates[WEIR_FATES] = {0};
	uint64_t seed = 12;
	struct weir_pkt pkt;
	uint8_t f[FRAME_ROOM];

	for (unsigned int round = 0; round < 100000; round++) {
		size_t len = mutant(f, &seed), head_len;
		enum weir_parsed p;

		if (unit_random(&seed) % 8 == 0)
			len = unit_random(&seed) % len;
		if (unit_random(&seed) % 16 == 0) /* noise from the Ethernet type on, or all */
			for (size_t i = round % 2 ? 0 : 14; i < len; i++)
				f[i] = (uint8_t)unit_random(&seed);
		head_len = unit_random(&seed) % 8 ? len : unit_random(&seed) % (len + 1);
		p = frame_parse_head(&pkt, f, len, head_len, (enum weir_csum_state)(round % 4));
		parsed[p]++;
		if (p == WEIR_PARSED_TCP)
			check_view(&pkt);
		if (p != WEIR_PARSED_BAD)
			continue;
		CU_ASSERT(pkt.fate < WEIR_FATES);
		CU_ASSERT_EQUAL(weir_fates[pkt.fate].class, WEIR_CLASS_DROP);
		fates[pkt.fate]++;
	}
	/* it was not all one kind: much passed, and the parser's reasons were reached */
	CU_ASSERT(parsed[WEIR_PARSED_TCP] > 20000 && parsed[WEIR_PARSED_BAD] > 20000);
	CU_ASSERT(fates[WEIR_FATE_short_frame] && fates[WEIR_FATE_split_headers]);
	CU_ASSERT(fates[WEIR_FATE_ip_header] && fates[WEIR_FATE_ip_checksum]);
	CU_ASSERT(fates[WEIR_FATE_ip_fragment] && fates[WEIR_FATE_martian]);
	CU_ASSERT(fates[WEIR_FATE_tcp_header] && fates[WEIR_FATE_tcp_flags]);
	CU_ASSERT(fates[WEIR_FATE_tcp_checksum] && fates[WEIR_FATE_other_protocol]);
}

/* ARP's fields, one wrong at a time. */
static void arp(void)
{
	static const uint8_t good[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0,
		2};
	static const struct twist rows[] = {
		{"request", 20, 1, FINE},
		{"reply", 20, 2, FINE},
		{"RARP request", 20, 3, WEIR_FATE_arp_malformed},
		{"no operation", 20, 0, WEIR_FATE_arp_malformed},
		{"not Ethernet", 14, 6, WEIR_FATE_arp_malformed},
		{"not IPv4", 16, 0x86dd, WEIR_FATE_arp_malformed},
		{"MAC of 8 bytes", 18, 0x0804, WEIR_FATE_arp_malformed},
		{"address of 16 bytes", 18, 0x0610, WEIR_FATE_arp_malformed},
		{"from a group's MAC", 22, 0x0300, WEIR_FATE_arp_malformed},
		{"from everybody", 22, 0xffff, WEIR_FATE_arp_malformed},
		{"from another station", 22, 0xfefe, FINE},
	};
	uint8_t f[64] = {0};
	struct weir_pkt pkt;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(f, good, sizeof(good));
		frame_put16(f + rows[i].at, rows[i].to);
		expect(frame_fate(f, sizeof(f)) == rows[i].fate, rows[i].what);
	}
	CU_ASSERT_EQUAL(frame_parse(&pkt, good, 42), WEIR_PARSED_ARP);
	CU_ASSERT_EQUAL(frame_fate(good, 41), WEIR_FATE_short_frame);
	CU_ASSERT_EQUAL(frame_parse_head(&pkt, good, 42, 41, WEIR_CSUM_UNKNOWN), WEIR_PARSED_BAD);
	CU_ASSERT_EQUAL(pkt.fate, WEIR_FATE_split_headers);
}

static void icmp(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_icmp(f, WEIR_ICMP_ECHO_REQUEST, 0, 31);
	struct weir_pkt pkt;

	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_ICMP);
	CU_ASSERT(pkt.seg.l3_off == 14 && pkt.seg.l4_off == 34);
	CU_ASSERT_EQUAL(pkt.seg.family, WEIR_FAMILY_IPV4);
	CU_ASSERT_EQUAL(memcmp(&pkt.seg.src.b[12], f + 26, 4), 0);
	CU_ASSERT_EQUAL(memcmp(&pkt.seg.dst.b[12], f + 30, 4), 0);
	f[len - 1] ^= 1;
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_icmp_malformed);
	/* not all of it here: its checksum cannot be told, its header can */
	CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len, 42, WEIR_CSUM_UNKNOWN), WEIR_PARSED_ICMP);
	CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len, 41, WEIR_CSUM_UNKNOWN), WEIR_PARSED_BAD);
	CU_ASSERT_EQUAL(pkt.fate, WEIR_FATE_split_headers);
	CU_ASSERT_EQUAL(frame_fate(f, len - 1), WEIR_FATE_truncated);

	len = frame_icmp(f, WEIR_ICMP_UNREACHABLE, 1, 28);
	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_ICMP);
	len = frame_icmp(f, WEIR_ICMP_ECHO_REQUEST, 0, 0);
	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_ICMP);
	frame_put16(f + 16, 27); /* seven bytes are no ICMP message */
	frame_mend_ip(f);
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_icmp_malformed);
	CU_ASSERT_EQUAL(frame_fate(f, 14 + 27), WEIR_FATE_icmp_malformed);
	frame_icmp(f, WEIR_ICMP_ECHO_REQUEST, 0, 0);
	frame_put16(f + 26, 0xe000);
	frame_mend_ip(f);
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_martian);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"parse: view of a segment", view_of_a_segment},
		{"HC-10 HC-41 parse: drop reasons and their neighbours", drop_reasons},
		{"HC-41 parse: no room for a TCP header", too_short_for_tcp},
		{"HC-41 parse: a segment from its own destination", land},
		{"HC-41 parse: every bit is under a checksum", checksummed_bits},
		{"HC-10 HC-41 parse: all combinations of flags", flag_combinations},
		{"parse: what the device says of the checksum", csum_states},
		{"HC-50 parse: cut at every byte", cut_anywhere},
		{"parse: Ethernet padding", padding},
		{"HC-10 parse: layouts of options", option_layouts},
		{"HC-10 HC-50 options: iterator against the twin", iterator_against_twin},
		{"HC-50 parse: 100 000 random frames", random_frames},
		{"parse: ARP", arp},
		{"parse: ICMP", icmp},
	};

	return unit_main("parse", tests, sizeof(tests) / sizeof(tests[0]));
}
