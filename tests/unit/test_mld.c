// SPDX-License-Identifier: BSD-3-Clause
/* wire/mld: queries for listeners, and the reports that answer them, byte by byte. */
#include "frame6.h"
#include "unit.h"
#include "wire/mld.h"

#define MESSAGE (FRAME6_TCP + 8)
#define FINE    WEIR_FATES

static const uint8_t us[6] = {2, 0, 0, 0, 0, 9};

/* A good query from a router; `rest` bytes behind the maximum response code's word. */
static size_t query(uint8_t *f, uint16_t code, size_t rest)
{
	static const uint8_t alert[8] = {0, 0, 5, 2, 0, 0, 1, 0}, zero[64];
	const struct weir_addr from = frame6_addr(0xfe80, 0, 0, 0, 0, 0, 0, 1);
	const struct weir_addr all = frame6_addr(0xff02, 0, 0, 0, 0, 0, 0, 1);
	size_t len = frame6_icmp(f, 130, 0, (uint32_t)code << 16, zero, rest);

	memcpy(f, (const uint8_t[]){0x33, 0x33, 0, 0, 0, 1}, 6);
	memcpy(f + FRAME6_SRC, &from, 16);
	memcpy(f + FRAME6_DST, &all, 16);
	f[21] = 1;
	len = frame6_insert(f, len, 0, alert, sizeof(alert));
	frame6_mend_icmp(f, MESSAGE);
	return len;
}

static enum weir_fate read_query(const uint8_t *f, size_t len, struct weir_mld_query *q)
{
	struct weir_pkt pkt;
	enum weir_fate why = FINE;
	enum weir_parsed parsed = frame_parse(&pkt, f, len);
	uint8_t copy[FRAME_ROOM];

	if (parsed != WEIR_PARSED_ND)
		return parsed == WEIR_PARSED_BAD ? (enum weir_fate)pkt.fate : WEIR_FATE_created;
	memcpy(copy, f, len);
	pkt.frame.data = copy;
	CU_ASSERT_TRUE(weir_mld_read_query(&pkt.frame, &pkt.seg, q, &why));
	CU_ASSERT_TRUE(weir_mld_is_to_group(&pkt.frame));
	return FINE;
}

static void good_queries(void)
{
	static const struct {
		uint16_t code;
		size_t rest;
		bool old;
		uint32_t delay_ms;
	} cases[] = {
		{10000, 16, true, 10000},
		{60000, 16, true, 60000}, /* RFC 2710: milliseconds as they are */
		{1000, 20, false, 1000},
		{0x7fff, 20, false, 32767},
		{0x8000, 20, false, 0x1000 << 3}, /* RFC 3810 §5.1.3 */
		{0xffff, 36, false, 0x1fff << 10},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weir_mld_query q;
		uint8_t f[FRAME_ROOM];

		CU_ASSERT_EQUAL(read_query(f, query(f, cases[i].code, cases[i].rest), &q), FINE);
		CU_ASSERT_EQUAL(q.old, cases[i].old);
		CU_ASSERT_EQUAL(q.delay_ms, cases[i].delay_ms);
	}
}

/* RFC 3810 §6.2, and §5.1.14: each by one change to a good one. */
static void bad_queries(void)
{
	struct weir_mld_query q;
	uint8_t f[FRAME_ROOM];
	size_t len;

	len = query(f, 0, 20);
	f[21] = 255; /* hop limit */
	CU_ASSERT_EQUAL(read_query(f, len, &q), WEIR_FATE_icmp_malformed);
	len = query(f, 0, 20);
	f[FRAME6_SRC] = 0x20; /* not link-local */
	frame6_mend_icmp(f, MESSAGE);
	CU_ASSERT_EQUAL(read_query(f, len, &q), WEIR_FATE_icmp_malformed);
	len = query(f, 0, 20);
	f[FRAME6_TCP + 2] = 1; /* PadN for the router alert */
	CU_ASSERT_EQUAL(read_query(f, len, &q), WEIR_FATE_icmp_malformed);
	len = query(f, 0, 18); /* between the two lengths */
	CU_ASSERT_EQUAL(read_query(f, len, &q), WEIR_FATE_icmp_malformed);
	len = query(f, 0, 20);
	f[MESSAGE + 1] = 1; /* code */
	frame6_mend_icmp(f, MESSAGE);
	CU_ASSERT_EQUAL(read_query(f, len, &q), WEIR_FATE_icmp_malformed);
	len = query(f, 0, 20);
	f[MESSAGE + 20] ^= 1; /* checksum */
	CU_ASSERT_EQUAL(read_query(f, len, &q), WEIR_FATE_icmp_malformed);
	len = query(f, 0, 20);
	f[20] = 60; /* destination options */
	CU_ASSERT_EQUAL(read_query(f, len, &q), WEIR_FATE_icmp_malformed);
}

static void reports(void)
{
	static const uint8_t types[3] = {143, 143, 131}, records[3] = {4, 2, 0};
	static const uint8_t group[16] = {
		0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xab, 0xcd, 0xef};
	static const uint8_t routers[16] = {0xff, 2, [15] = 0x16}, none[16];
	const struct weir_addr addr = frame6_addr(0x2001, 0xdb8, 0, 0, 0, 0, 0xab, 0xcdef);

	for (unsigned int why = 0; why < 3; why++) {
		uint8_t f[WEIR_MLD_FRAME_MAX] __attribute__((aligned(2)));
		const bool old = why == WEIR_MLD_OLD;
		const uint8_t *to = old ? group : routers;

		memset(f, 0x5a, sizeof(f));
		CU_ASSERT_EQUAL(weir_build_mld_report(f, us, (enum weir_mld_report)why, &addr),
			old ? 86 : 90);
		CU_ASSERT(frame_get16(f) == 0x3333 && memcmp(f + 2, to + 12, 4) == 0);
		CU_ASSERT(memcmp(f + 6, us, 6) == 0 && frame_get16(f + 12) == 0x86dd);
		CU_ASSERT(f[20] == 0 && f[21] == 1);
		CU_ASSERT_EQUAL(frame_get16(f + 18), old ? 32 : 36);
		CU_ASSERT_EQUAL(memcmp(f + FRAME6_SRC, none, 16), 0);
		CU_ASSERT_EQUAL(memcmp(f + FRAME6_DST, to, 16), 0);
		CU_ASSERT_EQUAL(frame_get32(f + FRAME6_TCP), 0x3a000502);
		CU_ASSERT_EQUAL(frame_get32(f + FRAME6_TCP + 4), 0x00000100);
		CU_ASSERT_EQUAL(f[MESSAGE], types[why]);
		CU_ASSERT_EQUAL(frame6_sum(f, MESSAGE, 58), 0xffff);
		if (!old)
			CU_ASSERT(frame_get32(f + MESSAGE + 4) == 1 &&
				frame_get32(f + MESSAGE + 8) == (uint32_t)records[why] << 24)
		CU_ASSERT_EQUAL(memcmp(f + MESSAGE + (old ? 8 : 12), group, 16), 0);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"queries", good_queries},
		{"queries that are none", bad_queries},
		{"reports", reports},
	};

	return unit_main("mld", tests, sizeof(tests) / sizeof(tests[0]));
}
