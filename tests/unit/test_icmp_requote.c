// SPDX-License-Identifier: BSD-3-Clause
/* wire/icmp: an ICMP error becomes one about another segment (HC-28), in both families. */
#include "frame6.h"
#include "unit.h"
#include "wire/icmp.h"
#include "wire/parse.h"

#define QUOTE6 (FRAME6_TCP + 8)

/* From a router, 198.51.100.1, about 192.0.2.80:80 -> 203.0.113.7:40000, with `quoted` bytes of the datagram. */
static size_t error4(uint8_t *f, uint8_t type, uint8_t code, size_t quoted)
{
	static const uint8_t quote[28] = {0x45, 0, 5, 220, 0, 0, 0x40, 0, 63, 6, 0, 0, 192, 0, 2,
		80, 203, 0, 113, 7, 0, 80, 0x9c, 0x40, 0x10, 0x20, 0x30, 0x40};
	static const uint8_t head[20] = {
		0x45, 0, 0, 0, 0, 1, 0, 0, 50, 1, 0, 0, 198, 51, 100, 1, 192, 0, 2, 80};
	const size_t len = FRAME_QUOTE + quoted;

	memset(f, 0x5a, len);
	frame_put16(f + 12, 0x0800);
	memcpy(f + FRAME_IP, head, sizeof(head));
	frame_put16(f + FRAME_IP + 2, (uint16_t)(len - FRAME_IP));
	memcpy(f + FRAME_QUOTE, quote, sizeof(quote));
	frame_put16(f + FRAME_QUOTE + 10, (uint16_t)~frame_sum(0, f + FRAME_QUOTE, 20));
	f[FRAME_TCP] = type;
	f[FRAME_TCP + 1] = code;
	frame_put32(f + FRAME_TCP + 4, 0x00200000 | 1280); /* RFC 4884's length, RFC 1191's MTU */
	frame_put16(f + FRAME_TCP + 2, 0);
	frame_put16(f + FRAME_TCP + 2, (uint16_t)~frame_sum(0, f + FRAME_TCP, len - FRAME_TCP));
	frame_mend_ip(f);
	return len;
}

static bool requote(uint8_t *f, size_t *len, size_t head_len, const struct weir_seg *as,
	const struct weir_addr *from)
{
	struct weir_frame frame = {
		.data = f, .len = (uint32_t)*len, .head_len = (uint16_t)head_len};
	struct weir_seg seg, quoted;
	bool done;

	CU_ASSERT_EQUAL_FATAL(weir_parse(&frame, &seg).parsed, WEIR_PARSED_ICMP);
	CU_ASSERT_EQUAL_FATAL(weir_icmp_read(&frame, &seg, &quoted).kind, WEIR_ICMP_ERROR);
	done = weir_icmp_requote(&frame, &quoted, as, from);
	CU_ASSERT(!done || frame.len == frame.head_len);
	*len = frame.len;
	return done;
}

static struct weir_seg segment4(void)
{
	return (struct weir_seg){.src = weir_addr_v4(weir_be32(0x0a00000b)),
		.dst = weir_addr_v4(weir_be32(0x0a0000fe)),
		.sport_be = weir_be16(8080),
		.dport_be = weir_be16(1025),
		.seq = 0xfffffff0};
}

static void requote4(void)
{
	for (size_t quoted = 28; quoted < 600; quoted = quoted * 2 + 1) {
		uint8_t f[FRAME_ROOM];
		size_t len = error4(f, 3, 4, quoted);
		const struct weir_seg as = segment4();

		CU_ASSERT_TRUE(requote(f, &len, len, &as, &as.dst));
		CU_ASSERT_EQUAL(len, FRAME_QUOTE + 28);
		CU_ASSERT_EQUAL(frame_ip_sum(f), 0xffff);
		CU_ASSERT_EQUAL(frame_sum(0, f + FRAME_TCP, len - FRAME_TCP), 0xffff);
		CU_ASSERT_EQUAL(frame_sum(0, f + FRAME_QUOTE, 20), 0xffff);
		CU_ASSERT_EQUAL(frame_get16(f + FRAME_IP + 2), len - FRAME_IP);
		CU_ASSERT_EQUAL(f[FRAME_IP + 8], 49); /* TTL */
		CU_ASSERT_EQUAL(frame_get32(f + FRAME_IP + 12), 0x0a0000fe);
		CU_ASSERT_EQUAL(frame_get32(f + FRAME_IP + 16), 0x0a00000b);
		CU_ASSERT_EQUAL(frame_get32(f + FRAME_TCP + 4), 1280); /* the MTU stays */
		CU_ASSERT_EQUAL(frame_get32(f + FRAME_QUOTE + 12), 0x0a00000b);
		CU_ASSERT_EQUAL(frame_get32(f + FRAME_QUOTE + 16), 0x0a0000fe);
		CU_ASSERT_EQUAL(frame_get32(f + FRAME_QUOTE + 20), 8080u << 16 | 1025);
		CU_ASSERT_EQUAL(frame_get32(f + FRAME_QUOTE + 24), 0xfffffff0);
	}
}

static void requote4_other(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = error4(f, 11, 0, 40);
	const struct weir_seg as = segment4();

	CU_ASSERT_TRUE(requote(f, &len, len, &as, &as.dst));
	CU_ASSERT_EQUAL(frame_get32(f + FRAME_TCP + 4), 0);
	CU_ASSERT_EQUAL(f[FRAME_TCP], 11);
}

/* Nothing is changed: its last hop was here, or a part of it was not summed. */
static void requote_refused(void)
{
	uint8_t f[FRAME_ROOM], before[FRAME_ROOM];
	size_t len = error4(f, 3, 4, 100), whole = len;
	const struct weir_seg as = segment4();

	memcpy(before, f, len);
	CU_ASSERT_FALSE(requote(f, &len, len - 10, &as, &as.dst));
	CU_ASSERT_EQUAL(memcmp(f, before, whole), 0);
	f[FRAME_IP + 8] = 1;
	frame_mend_ip(f);
	memcpy(before, f, whole);
	len = whole;
	CU_ASSERT_FALSE(requote(f, &len, len, &as, &as.dst));
	CU_ASSERT_EQUAL(memcmp(f, before, whole), 0);
}

static void requote6(void)
{
	uint8_t f[FRAME_ROOM], sent[FRAME_ROOM];
	size_t sent_len = frame6_tcp(sent, WEIR_TCP_ACK, NULL, 0, 700) - FRAME_IP;
	struct weir_seg as = {.sport_be = weir_be16(8080), .dport_be = weir_be16(1025), .seq = 77};
	size_t len;

	memcpy(sent + FRAME6_SRC, sent + FRAME6_DST, 16);
	sent[FRAME6_DST + 15] = 9;
	memcpy(&as.src, sent + FRAME6_DST, 16);
	memcpy(&as.dst, sent + FRAME6_DST, 16);
	as.src.b[15] = 0x11;
	as.dst.b[15] = 0xfe;
	len = frame6_icmp(f, 2, 0, 1280, sent + FRAME_IP, sent_len);
	CU_ASSERT_TRUE(requote(f, &len, len, &as, &as.dst));
	CU_ASSERT_EQUAL(len, QUOTE6 + 48);
	CU_ASSERT_EQUAL(frame_get16(f + 18), len - FRAME6_TCP);
	CU_ASSERT_EQUAL(frame6_sum(f, FRAME6_TCP, 58), 0xffff);
	CU_ASSERT_EQUAL(frame_get32(f + FRAME6_TCP + 4), 1280);
	CU_ASSERT_EQUAL(memcmp(f + FRAME6_SRC, &as.dst, 16), 0);
	CU_ASSERT_EQUAL(memcmp(f + FRAME6_DST, &as.src, 16), 0);
	CU_ASSERT_EQUAL(memcmp(f + QUOTE6 + 8, &as.src, 16), 0);
	CU_ASSERT_EQUAL(memcmp(f + QUOTE6 + 24, &as.dst, 16), 0);
	CU_ASSERT_EQUAL(frame_get32(f + QUOTE6 + 40), 8080u << 16 | 1025);
	CU_ASSERT_EQUAL(frame_get32(f + QUOTE6 + 44), 77);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-28 fragmentation needed, quoted again", requote4},
		{"HC-28 other errors, quoted again", requote4_other},
		{"HC-28 errors that end here", requote_refused},
		{"HC-28 IPv6 packet too big, quoted again", requote6},
	};

	return unit_main("icmp-requote", tests, sizeof(tests) / sizeof(tests[0]));
}
