// SPDX-License-Identifier: BSD-3-Clause
/* wire/cross: a segment, or an ICMP error, of one address family becomes one of the other. */
#include "frame6.h"
#include "unit.h"
#include "wire/icmp.h"
#include "wire/l3.h"
#include "wire/parse.h"

#define QUOTE6  (FRAME6_TCP + 8)
#define BUF_LEN (WEIR_FRAME_FRONT + FRAME_ROOM)

static struct weir_addr six(uint16_t last)
{
	return frame6_addr(0x2001, 0xdb8, 0xb, 0xffff, 0, 0xffff, 0xc000, last);
}

static struct weir_addr four(uint32_t addr)
{
	return weir_addr_v4(weir_be32(addr));
}

/* In the middle of a buffer that has nothing to spare in front. */
static struct weir_frame put(uint8_t *buf, const uint8_t *f, size_t len)
{
	memset(buf, 0x5a, BUF_LEN);
	memcpy(buf + WEIR_FRAME_FRONT, f, len);
	return (struct weir_frame){.data = buf + WEIR_FRAME_FRONT,
		.len = (uint32_t)len,
		.head_len = (uint16_t)len,
		.room = FRAME_ROOM};
}

/* Parsed, rewritten, and its TCP checksum updated. */
static struct weir_seg cross(struct weir_frame *frame, const struct weir_addr *src,
	const struct weir_addr *dst)
{
	struct weir_tcp_hdr *tcp;
	struct weir_seg seg;
	uint64_t delta;

	CU_ASSERT_EQUAL_FATAL(weir_parse(frame, &seg).parsed, WEIR_PARSED_TCP);
	tcp = (void *)(frame->data + seg.l4_off);
	delta = weir_l3_rewrite(frame, &seg, src, dst);
	CU_ASSERT_PTR_EQUAL(tcp, frame->data + seg.l4_off); /* it stays where it is */
	tcp->csum = weir_csum_apply(tcp->csum, delta);
	return seg;
}

/* What the frame says by the parser, and that it holds by the naive sums. */
static struct weir_seg reread(const struct weir_frame *frame)
{
	struct weir_frame copy = *frame;
	struct weir_seg seg;

	copy.csum = WEIR_CSUM_UNKNOWN;
	CU_ASSERT_EQUAL(weir_parse(&copy, &seg).parsed, WEIR_PARSED_TCP);
	return seg;
}

static void to_ipv6(void)
{
	const struct weir_addr src = six(1), dst = six(2);

	for (size_t n = 0; n < 1400; n = 2 * n + 1) {
		uint8_t buf[BUF_LEN], f[FRAME_ROOM];
		size_t len = frame_tcp(f, WEIR_TCP_ACK | WEIR_TCP_PSH, NULL, 0, n);
		struct weir_frame frame;
		struct weir_seg seg, again;

		f[FRAME_IP + 1] = 0xb9; /* DSCP 46, ECT(1) */
		f[FRAME_IP + 8] = 33;
		frame_mend(f, len);
		frame = put(buf, f, len);
		seg = cross(&frame, &src, &dst);
		CU_ASSERT(seg.family == 6 && seg.l3_off == 14 && seg.l4_off == FRAME6_TCP);
		CU_ASSERT(frame.data == buf && frame.len == len + 20 && frame.head_len == len + 20);
		CU_ASSERT_EQUAL(frame.room, BUF_LEN);
		CU_ASSERT_EQUAL(frame_get16(frame.data + 12), 0x86dd);
		CU_ASSERT_EQUAL(frame_get32(frame.data + FRAME_IP), 0x6b900000); /* label 0 */
		CU_ASSERT_EQUAL(frame.data[FRAME_IP + 7], 32);
		CU_ASSERT_EQUAL(frame6_sum(frame.data, FRAME6_TCP, 6), 0xffff);
		again = reread(&frame);
		CU_ASSERT(weir_addr_eq(&again.src, &src) && weir_addr_eq(&again.dst, &dst));
		CU_ASSERT(again.seq == seg.seq && again.payload_len == n);
	}
}

/* RFC 7915 §5.1, over the length at which DF changes. */
static void to_ipv4(void)
{
	const struct weir_addr src = four(0x0a000001), dst = four(0x0a00000b);

	for (size_t n = 1218; n < 1223; n++) {
		uint8_t buf[BUF_LEN], f[FRAME_ROOM];
		size_t len = frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, n);
		struct weir_frame frame = put(buf, f, len);
		struct weir_seg seg = cross(&frame, &src, &dst), again = reread(&frame);
		const uint16_t id = frame_get16(frame.data + FRAME_IP + 4);

		CU_ASSERT(seg.family == 4 && seg.l3_off == 14 && seg.l4_off == FRAME_TCP);
		CU_ASSERT(frame.data == buf + 40 && frame.len == len - 20);
		CU_ASSERT_EQUAL(frame.room, FRAME_ROOM - 20);
		CU_ASSERT_EQUAL(frame_get16(frame.data + 12), 0x0800);
		CU_ASSERT_EQUAL(frame.data[FRAME_IP + 1], 0x2e);
		CU_ASSERT_EQUAL(frame.data[FRAME_IP + 8], 63);
		CU_ASSERT_EQUAL(frame_get16(frame.data + FRAME_IP + 6), n + 40 > 1260 ? 0x4000 : 0);
		CU_ASSERT(n + 40 > 1260 ? id == 0 : id != 0);
		CU_ASSERT_EQUAL(frame_ip_sum(frame.data), 0xffff);
		CU_ASSERT_EQUAL(frame_tcp_sum(frame.data), 0xffff);
		CU_ASSERT(weir_addr_eq(&again.src, &src) && weir_addr_eq(&again.dst, &dst));
		CU_ASSERT_EQUAL(again.payload_len, n);
	}
}

/* Segments that follow each other have identifications that differ (RFC 6864). */
static void identifications(void)
{
	const struct weir_addr src = four(0x0a000001), dst = four(0x0a00000b);
	uint8_t buf[BUF_LEN], f[FRAME_ROOM], seen[8192] = {0};
	unsigned int again = 0;

	for (uint32_t i = 0; i < 4096; i++) {
		size_t len = frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, 600);
		struct weir_frame frame;
		uint16_t id;

		frame_put32(f + FRAME6_TCP + 4, 0xfffff000 + i * 600);
		frame6_mend(f, FRAME6_TCP);
		frame = put(buf, f, len);
		cross(&frame, &src, &dst);
		id = frame_get16(frame.data + FRAME_IP + 4);
		again += seen[id / 8] >> id % 8 & 1;
		seen[id / 8] |= (uint8_t)(1 << id % 8);
	}
	CU_ASSERT(again < 64);
}

/* RFC 7915 §5.1: what is skipped here is of no meaning there. */
static void extensions_go(void)
{
	static const uint8_t options[24] = {0, 0, 1, 20};
	const struct weir_addr src = four(0x0a000001), dst = four(0x0a00000b);
	uint8_t buf[BUF_LEN], f[FRAME_ROOM];
	size_t len = frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, 100);
	struct weir_frame frame;
	struct weir_seg seg;

	len = frame6_insert(f, len, 60, options, sizeof(options));
	frame = put(buf, f, len);
	seg = cross(&frame, &src, &dst);
	CU_ASSERT(seg.l4_off == FRAME_TCP && frame.len == len - 44);
	CU_ASSERT_EQUAL(frame_get16(frame.data + FRAME_IP + 2), frame.len - FRAME_IP);
	CU_ASSERT_EQUAL(frame_tcp_sum(frame.data), 0xffff);
}

/* A wrong checksum stays wrong. */
static void wrong_sum(void)
{
	const struct weir_addr src = six(1), dst = six(2);
	uint8_t buf[BUF_LEN], f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 9);
	struct weir_frame frame;

	f[len - 1] ^= 1;
	frame = put(buf, f, len);
	frame.csum = WEIR_CSUM_GOOD; /* as the device said */
	cross(&frame, &src, &dst);
	CU_ASSERT_NOT_EQUAL(frame6_sum(frame.data, FRAME6_TCP, 6), 0xffff);
}

/*
 * ICMP errors
 */

/* RFC 792, about a datagram of `datagram` bytes from 192.0.2.80:80 to 203.0.113.7:40000. */
static size_t error4(uint8_t *f, uint8_t type, uint8_t code, uint16_t mtu, uint16_t datagram)
{
	static const uint8_t quote[28] = {0x45, 0x2e, 0, 0, 0, 0, 0x40, 0, 17, 6, 0, 0, 192, 0, 2,
		80, 203, 0, 113, 7, 0, 80, 0x9c, 0x40, 0x10, 0x20, 0x30, 0x40};
	const size_t len = frame_icmp(f, type, code, sizeof(quote));

	memcpy(f + FRAME_IP + 16, quote + 12, 4); /* to the quoted datagram's sender */
	f[FRAME_IP + 8] = 50;
	memcpy(f + FRAME_QUOTE, quote, sizeof(quote));
	frame_put16(f + FRAME_QUOTE + 2, datagram);
	frame_put32(f + FRAME_TCP + 4, mtu);
	frame_put16(f + FRAME_TCP + 2, 0);
	frame_put16(f + FRAME_TCP + 2, (uint16_t)~frame_sum(0, f + FRAME_TCP, len - FRAME_TCP));
	frame_mend_ip(f);
	return len;
}

/* RFC 4443, about one of 1280 bytes to 2001:db8::9. */
static size_t error6(uint8_t *f, uint8_t type, uint8_t code, uint32_t mtu)
{
	uint8_t sent[FRAME_ROOM];
	size_t len = frame6_tcp(sent, WEIR_TCP_ACK, NULL, 0, 1220);

	memcpy(sent + FRAME6_SRC, sent + FRAME6_DST, 16);
	sent[FRAME6_DST + 15] = 9;
	len = frame6_icmp(f, type, code, mtu, sent + FRAME_IP, len - FRAME_IP - 200);
	f[FRAME_IP + 7] = 50;
	return len;
}

static bool requote(struct weir_frame *frame, const struct weir_seg *as)
{
	struct weir_seg seg, quoted;

	CU_ASSERT_EQUAL_FATAL(weir_parse(frame, &seg).parsed, WEIR_PARSED_ICMP);
	CU_ASSERT_EQUAL_FATAL(weir_icmp_read(frame, &seg, &quoted).kind, WEIR_ICMP_ERROR);
	return weir_icmp_requote(frame, &quoted, as, &as->dst);
}

static struct weir_seg segment(struct weir_addr src, struct weir_addr dst)
{
	return (struct weir_seg){.src = src,
		.dst = dst,
		.sport_be = weir_be16(8080),
		.dport_be = weir_be16(1025),
		.seq = 0xfffffff0};
}

/* It went out as IPv4 for an IPv6 end: what that end hears; type 0: nothing. */
static void check_to_ipv6(uint8_t type, uint8_t code, uint16_t mtu, uint8_t type6, uint8_t code6,
	uint32_t mtu6)
{
	const struct weir_seg as = segment(six(0x11), six(0xfe));
	uint8_t buf[BUF_LEN], f[FRAME_ROOM];
	struct weir_frame frame = put(buf, f, error4(f, type, code, mtu, 1500));
	const uint8_t *m = frame.data;

	if (type6 == 0) {
		CU_ASSERT_FALSE(requote(&frame, &as));
		CU_ASSERT_EQUAL(memcmp(m, f, frame.len), 0);
		return;
	}
	CU_ASSERT_TRUE(requote(&frame, &as));
	CU_ASSERT(frame.len == QUOTE6 + 48 && frame.head_len == QUOTE6 + 48);
	CU_ASSERT(m[FRAME6_TCP] == type6 && m[FRAME6_TCP + 1] == code6);
	CU_ASSERT_EQUAL(frame_get32(m + FRAME6_TCP + 4), mtu6);
	CU_ASSERT_EQUAL(frame6_sum(m, FRAME6_TCP, 58), 0xffff);
	CU_ASSERT_EQUAL(m[FRAME_IP + 7], 49);
	CU_ASSERT_EQUAL(memcmp(m + FRAME6_SRC, &as.dst, 16), 0);
	CU_ASSERT_EQUAL(memcmp(m + FRAME6_DST, &as.src, 16), 0);
	CU_ASSERT_EQUAL(frame_get32(m + QUOTE6), 0x62e00000);
	CU_ASSERT_EQUAL(frame_get32(m + QUOTE6 + 4), 1480u << 16 | 6 << 8 | 17);
	CU_ASSERT_EQUAL(memcmp(m + QUOTE6 + 8, &as.src, 16), 0);
	CU_ASSERT_EQUAL(memcmp(m + QUOTE6 + 24, &as.dst, 16), 0);
	CU_ASSERT_EQUAL(frame_get32(m + QUOTE6 + 40), 8080u << 16 | 1025);
	CU_ASSERT_EQUAL(frame_get32(m + QUOTE6 + 44), 0xfffffff0);
}

static void errors_to_ipv6(void)
{
	static const uint8_t codes[16][2] = {{1, 0}, {1, 0}, {0, 0}, {1, 4}, {2, 0}, {1, 0}, {1, 0},
		{1, 0}, {1, 0}, {1, 1}, {1, 1}, {1, 0}, {1, 0}, {1, 1}, {0, 0}, {1, 1}};

	for (uint8_t code = 0; code < 16; code++)
		check_to_ipv6(3, code, code == 4 ? 1400 : 0, codes[code][0], codes[code][1],
			code == 4 ? 1420 : 0);
	check_to_ipv6(3, 16, 0, 0, 0, 0);
	check_to_ipv6(11, 0, 0, 3, 0, 0);
	check_to_ipv6(3, 4, 576, 2, 0, 1280);    /* no IPv6 link has less */
	check_to_ipv6(3, 4, 0, 2, 0, 1492 + 20); /* RFC 1191 §5: of 1500 */
}

static void check_to_ipv4(uint8_t type, uint8_t code, uint32_t mtu, uint8_t type4, uint8_t code4,
	uint32_t mtu4)
{
	const struct weir_seg as = segment(four(0x0a00000b), four(0x0a0000fe));
	uint8_t buf[BUF_LEN], f[FRAME_ROOM];
	struct weir_frame frame = put(buf, f, error6(f, type, code, mtu));
	const uint8_t *m = frame.data;

	if (type4 == 0) {
		CU_ASSERT_FALSE(requote(&frame, &as));
		CU_ASSERT_EQUAL(memcmp(m, f, frame.len), 0);
		return;
	}
	CU_ASSERT_TRUE(requote(&frame, &as));
	CU_ASSERT(frame.len == FRAME_QUOTE + 28 && frame.head_len == FRAME_QUOTE + 28);
	CU_ASSERT(m[FRAME_TCP] == type4 && m[FRAME_TCP + 1] == code4);
	CU_ASSERT_EQUAL(frame_get32(m + FRAME_TCP + 4), mtu4);
	CU_ASSERT_EQUAL(frame_ip_sum(m), 0xffff);
	CU_ASSERT_EQUAL(frame_sum(0, m + FRAME_TCP, 36), 0xffff);
	CU_ASSERT_EQUAL(frame_sum(0, m + FRAME_QUOTE, 20), 0xffff);
	CU_ASSERT(m[FRAME_IP + 8] == 49 && m[FRAME_IP + 9] == 1 && m[FRAME_IP + 1] == 0);
	CU_ASSERT_EQUAL(frame_get32(m + FRAME_IP + 12), 0x0a0000fe);
	CU_ASSERT_EQUAL(frame_get32(m + FRAME_IP + 16), 0x0a00000b);
	CU_ASSERT_EQUAL(frame_get32(m + FRAME_QUOTE), 0x452e0000 | 1260);
	CU_ASSERT(m[FRAME_QUOTE + 8] == 64 && m[FRAME_QUOTE + 9] == 6);
	CU_ASSERT_EQUAL(frame_get32(m + FRAME_QUOTE + 12), 0x0a00000b);
	CU_ASSERT_EQUAL(frame_get32(m + FRAME_QUOTE + 16), 0x0a0000fe);
	CU_ASSERT_EQUAL(frame_get32(m + FRAME_QUOTE + 20), 8080u << 16 | 1025);
	CU_ASSERT_EQUAL(frame_get32(m + FRAME_QUOTE + 24), 0xfffffff0);
}

static void errors_to_ipv4(void)
{
	static const uint8_t codes[5] = {1, 10, 1, 1, 3};

	for (uint8_t code = 0; code < 5; code++)
		check_to_ipv4(1, code, 0, 3, codes[code], 0);
	check_to_ipv4(1, 5, 0, 0, 0, 0);
	check_to_ipv4(2, 0, 1280, 3, 4, 1260);
	check_to_ipv4(2, 0, 100000, 3, 4, 65535);
	check_to_ipv4(2, 0, 1279, 0, 0, 0); /* RFC 8201 §4: no link has that */
	check_to_ipv4(3, 1, 0, 11, 1, 0);
}

/* No room behind it for what is longer: nothing is changed. */
static void no_room(void)
{
	const struct weir_seg as = segment(six(0x11), six(0xfe));
	uint8_t buf[BUF_LEN], f[FRAME_ROOM];
	struct weir_frame frame = put(buf, f, error4(f, 3, 4, 1400, 1500));

	frame.room = QUOTE6 + 48 - 1;
	CU_ASSERT_FALSE(requote(&frame, &as));
	CU_ASSERT_EQUAL(memcmp(frame.data, f, frame.len), 0);
	frame.room++;
	CU_ASSERT_TRUE(requote(&frame, &as));
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-20 cross: IPv4 becomes IPv6", to_ipv6},
		{"HC-20 cross: IPv6 becomes IPv4", to_ipv4},
		{"HC-20 cross: identifications", identifications},
		{"HC-29 cross: extension headers go", extensions_go},
		{"HC-41 cross: a wrong checksum stays wrong", wrong_sum},
		{"HC-28 cross: errors become ICMPv6", errors_to_ipv6},
		{"HC-28 cross: errors become ICMP", errors_to_ipv4},
		{"HC-28 cross: no room for an error", no_room},
	};

	return unit_main("cross", tests, sizeof(tests) / sizeof(tests[0]));
}
