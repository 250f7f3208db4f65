// SPDX-License-Identifier: BSD-3-Clause
/* wire/pphdr and wire/build's payload, against a reader and writer of the tests' own. */
#include <string.h>

#include "base/csum.h"
#include "pphdr.h"
#include "unit.h"
#include "wire/build.h"
#include "wire/parse.h"
#include "wire/pphdr.h"

#define IS(a, b) CU_ASSERT_EQUAL(a, b)

static struct weir_pphdr some(const char *src, const char *dst)
{
	struct weir_pphdr h = {.sport_be = weir_be16(4711),
		.dport_be = weir_be16(443),
		.id = {0x0123456789abcdef, 0xfedcba9876543210},
		.service = "web"};

	IS(weir_addr_parse(src, &h.src), 0);
	IS(weir_addr_parse(dst, &h.dst), 0);
	return h;
}

static void same_addr(const struct weir_addr *a, const uint32_t *words, unsigned int family)
{
	const unsigned int skip = family == 4 ? 3 : 0;

	for (unsigned int i = 0; i < 4 - skip; i++)
		IS(weir_be32(a->w[skip + i]), words[i]);
}

/* The reader finds what was written, and no first part of it is whole. Returns the length. */
static unsigned int round_trip(const struct weir_pphdr_form *form, const struct weir_pphdr *h,
	struct tests_pphdr *got)
{
	uint8_t at[WEIR_PPHDR_MAX];
	unsigned int len = 0, n = weir_pphdr_write(at, form, h);

	for (unsigned int i = 0; i < n; i++)
		IS(tests_pphdr_read(at, i, form->version, got, &len), TESTS_PPHDR_PART);
	IS(tests_pphdr_read(at, n, form->version, got, &len), TESTS_PPHDR_WHOLE);
	IS(len, n);
	IS(got->family, weir_addr_is_v4(&h->src) ? 4 : 6);
	same_addr(&h->src, got->src, got->family);
	same_addr(&h->dst, got->dst, got->family);
	IS(got->sport, weir_be16(h->sport_be));
	IS(got->dport, weir_be16(h->dport_be));
	return n;
}

static void hc80_lengths(void)
{
	const struct weir_pphdr_form v1 = {.version = WEIR_PPHDR_V1};
	const struct weir_pphdr_form v2 = {.version = WEIR_PPHDR_V2};
	struct weir_pphdr four = some("192.0.2.7", "198.51.100.1");
	struct weir_pphdr six = some("2001:db8:1111:2222:3333:4444:5555:6666",
		"2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff");
	struct tests_pphdr got;

	IS(round_trip(&v2, &four, &got), 28);
	IS(round_trip(&v2, &six, &got), 52);
	IS(round_trip(&v1, &four, &got), strlen("PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n"));
	six.sport_be = six.dport_be = UINT16_MAX;
	IS(round_trip(&v1, &six, &got), 102); /* of 107 at most */
}

static void hc80_ports(void)
{
	const struct weir_pphdr_form v1 = {.version = WEIR_PPHDR_V1};
	struct weir_pphdr h = some("192.0.2.7", "198.51.100.1");
	struct tests_pphdr got;

	for (uint32_t port = 0; port <= UINT16_MAX; port += port < 20 ? 1 : 983) {
		h.sport_be = weir_be16((uint16_t)port);
		round_trip(&v1, &h, &got);
	}
}

static void hc80_tlvs(void)
{
	struct weir_pphdr h = some("2001:db8::7", "2001:db8::1");
	struct tests_pphdr got;

	for (unsigned int has = 0; has < 8; has++) {
		const struct weir_pphdr_form form = {.version = WEIR_PPHDR_V2,
			.unique_id = has & 1,
			.service_name = has & 2,
			.crc32c = has & 4};

		IS(round_trip(&form, &h, &got),
			52 + (has & 1 ? 35 : 0) + (has & 2 ? 6 : 0) + (has & 4 ? 7 : 0));
		IS(strcmp(got.id, has & 1 ? "0123456789abcdeffedcba9876543210" : ""), 0);
		IS(strcmp(got.service, has & 2 ? "web" : ""), 0);
		IS(got.summed, (has & 4) != 0);
	}
	h.service = "a-name-that-is-longer-than-any-service's";
	IS(round_trip(&(struct weir_pphdr_form){WEIR_PPHDR_V2, true, true, true}, &h, &got),
		WEIR_PPHDR_MAX);
	IS(strlen(got.service), WEIR_PPHDR_NAME_MAX);
}

/* A reader that took anything would prove nothing. */
static void hc80_reader_refuses(void)
{
	uint8_t at[WEIR_PPHDR_MAX];
	const struct weir_pphdr h = some("192.0.2.7", "198.51.100.1");
	const struct weir_pphdr_form form = {.version = WEIR_PPHDR_V2, .crc32c = true};
	unsigned int n = weir_pphdr_write(at, &form, &h), len;
	struct tests_pphdr got;

	for (unsigned int i = 0; i < n;
		i++) { /* the checksum sees every byte; elsewhere form does */
		at[i] ^= 0x10;
		CU_ASSERT_NOT_EQUAL(tests_pphdr_read(at, n, 2, &got, &len), TESTS_PPHDR_WHOLE);
		at[i] ^= 0x10;
	}
}

/* Lengths and both checksums of a segment with payload, of either family, options or none, odd or even. */
static void payload(const char *src, const char *dst, unsigned int l4_off)
{
	uint8_t bytes[WEIR_BUILD_PAYLOAD_MAX],
		frame[WEIR_BUILD_FRAME_MAX] __attribute__((aligned(2)));
	struct weir_header h = {.sport_be = 1,
		.dport_be = 2,
		.seq = 7,
		.ack = 9,
		.flags = WEIR_TCP_ACK,
		.wscale = WEIR_WSCALE_NONE};
	struct weir_frame f = {.data = frame, .room = sizeof(frame)};
	struct weir_seg seg;

	IS(weir_addr_parse(src, &h.src), 0);
	IS(weir_addr_parse(dst, &h.dst), 0);
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 1);
	h.payload = bytes;
	for (unsigned int n = 0; n <= sizeof(bytes); n++) {
		h.payload_len = (uint16_t)n;
		h.ts = n & 2;
		memset(frame, 0xee, sizeof(frame));
		f.len = weir_build_segment(frame, &h);
		f.head_len = (uint16_t)f.len;
		IS(f.len, l4_off + 20 + (h.ts ? 12 : 0) + n);
		IS(weir_parse(&f, &seg).parsed, WEIR_PARSED_TCP);
		IS(seg.payload_len, n);
		IS(memcmp(frame + f.len - n, bytes, n), 0);
	}
}

static void hc80_segment(void)
{
	payload("192.0.2.7", "198.51.100.1", 34);
	payload("2001:db8::7", "2001:db8::1", 54);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-80 lengths of both versions and families", hc80_lengths},
		{"HC-80 ports in text", hc80_ports},
		{"HC-80 TLVs: unique id, service, CRC32C", hc80_tlvs},
		{"HC-80 the tests' reader refuses every wrong bit", hc80_reader_refuses},
		{"HC-80 a segment with payload", hc80_segment},
	};

	return unit_main("pphdr", tests, sizeof(tests) / sizeof(tests[0]));
}
