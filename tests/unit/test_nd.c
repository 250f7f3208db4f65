// SPDX-License-Identifier: BSD-3-Clause
/*
 * wire/nd: messages byte by byte as RFC 4861 §4 draws them, every rule of §6.1 and §7.1 broken once, and what
 * synweir builds, summed naively and read back.
 */
#include <stdio.h>

#include "frame6.h"
#include "unit.h"
#include "wire/nd.h"

#define FINE WEIR_FATES
#define MSG  FRAME6_TCP

static const uint8_t us[6] = {2, 0, 0, 0, 0, 1}, them[6] = {2, 0, 0, 0, 0, 9};

/* Fails with the row's name, for tables. */
static void expect(bool ok, const char *what)
{
	if (!ok)
		printf("\n    not so: %s ", what);
	CU_ASSERT(ok);
}

static struct weir_addr ours(void)
{
	return frame6_addr(0x2001, 0xdb8, 0, 0, 0, 0, 0xab, 0xcdef);
}

static struct weir_addr neighbour(void)
{
	return frame6_addr(0xfe80, 0, 0, 0, 0, 0, 0, 9);
}

/* Parses and reads; the fate, or FINE. */
static enum weir_fate read_frame(const uint8_t *f, size_t len, size_t head_len, struct weir_nd *nd)
{
	enum weir_fate why = FINE;
	enum weir_parsed parsed;
	struct weir_pkt pkt;
	uint8_t *exact;

	parsed = frame_parse_head(&pkt, f, len, head_len, WEIR_CSUM_UNKNOWN);
	if (parsed != WEIR_PARSED_ND)
		return parsed == WEIR_PARSED_BAD ? (enum weir_fate)pkt.fate : WEIR_FATE_created;
	exact = malloc(head_len);
	memcpy(exact, f, head_len);
	pkt.frame.data = exact;
	memset(nd, 0xa5, sizeof(*nd));
	CU_ASSERT_TRUE(weir_nd_read(&pkt.frame, &pkt.seg, nd, &why));
	free(exact);
	return FINE;
}

static enum weir_fate fate(const uint8_t *f, size_t len)
{
	struct weir_nd nd;

	return read_frame(f, len, len, &nd);
}

/* A message from an address to another, hop limit 255, with the bytes behind its checksum. */
static size_t message(uint8_t *f, uint8_t type, const struct weir_addr *src,
	const struct weir_addr *dst, const uint8_t *rest, size_t rest_len)
{
	size_t len = frame6_icmp(f, type, 0, 0, NULL, 0) - 4 + rest_len;

	memcpy(f + FRAME6_SRC, src, 16);
	memcpy(f + FRAME6_DST, dst, 16);
	memcpy(f + MSG + 4, rest, rest_len);
	f[21] = 255;
	frame_put16(f + 18, (uint16_t)(len - MSG));
	frame6_mend_icmp(f, MSG);
	return len;
}

/* A neighbour asks for our address, as RFC 4861 §4.3 has it: to the solicited-node group, with its MAC. */
static size_t solicitation(uint8_t *f)
{
	const struct weir_addr target = ours(), from = neighbour();
	const struct weir_addr group = frame6_addr(0xff02, 0, 0, 0, 0, 1, 0xffab, 0xcdef);
	uint8_t rest[28] = {[20] = 1, 1, 2, 0, 0, 0, 0, 9};

	memcpy(rest + 4, &target, 16);
	return message(f, 135, &from, &group, rest, sizeof(rest));
}

/* A neighbour says where it is, solicited: §4.4. */
static size_t advertisement(uint8_t *f)
{
	const struct weir_addr target = neighbour(), to = ours();
	uint8_t rest[28] = {0x60, [20] = 2, 1, 2, 0, 0, 0, 0, 9};

	memcpy(rest + 4, &target, 16);
	return message(f, 136, &target, &to, rest, sizeof(rest));
}

/* A router: §4.2, hop limit 64, 1800 s, its MAC, an MTU of 1492 and a prefix. */
static size_t router(uint8_t *f)
{
	const struct weir_addr from = neighbour(), all = frame6_addr(0xff02, 0, 0, 0, 0, 0, 0, 1);
	const uint8_t rest[12 + 8 + 8 + 32] = {64, 0, 0x07, 0x08, [12] = 1, 1, 2, 0, 0, 0, 0,
		9, [20] = 5, 1, 0, 0, 0, 0, 0x05, 0xd4, [28] = 3, 4, 64, 0xc0};

	return message(f, 134, &from, &all, rest, sizeof(rest));
}

static void read_solicitation(void)
{
	const struct weir_addr target = ours(), none = {.q = {0, 0}};
	struct weir_nd nd;
	uint8_t f[FRAME_ROOM];
	size_t len = solicitation(f);

	CU_ASSERT_EQUAL(read_frame(f, len, len, &nd), FINE);
	CU_ASSERT(nd.type == WEIR_ND_SOLICITATION && nd.flags == 0 && !nd.is_probe);
	CU_ASSERT(weir_addr_eq(&nd.target, &target));
	CU_ASSERT(nd.has_mac && memcmp(nd.mac, them, 6) == 0);
	CU_ASSERT(nd.hop_limit == 0 && nd.lifetime_s == 0 && nd.mtu == 0);

	/* duplicate address detection: from no address, without an option (RFC 4862 §5.4.2) */
	memcpy(f + FRAME6_SRC, &none, 16);
	frame_put16(f + 18, 24);
	frame6_mend_icmp(f, MSG);
	CU_ASSERT_EQUAL(read_frame(f, len - 8, len - 8, &nd), FINE);
	CU_ASSERT(nd.is_probe && !nd.has_mac && weir_addr_eq(&nd.target, &target));
}

static void read_advertisement(void)
{
	const struct weir_addr target = neighbour();
	struct weir_nd nd;
	uint8_t f[FRAME_ROOM];
	size_t len = advertisement(f);

	f[MSG + 4] = 0xff; /* reserved bits are ignored */
	frame6_mend_icmp(f, MSG);
	CU_ASSERT_EQUAL(read_frame(f, len, len, &nd), FINE);
	CU_ASSERT(nd.type == WEIR_ND_ADVERTISEMENT && !nd.is_probe);
	CU_ASSERT_EQUAL(nd.flags, WEIR_ND_ROUTER | WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE);
	CU_ASSERT(weir_addr_eq(&nd.target, &target));
	CU_ASSERT(nd.has_mac && memcmp(nd.mac, them, 6) == 0);

	frame_put16(f + 18, 24); /* to a unicast solicitation it may be without its option: §4.4 */
	frame6_mend_icmp(f, MSG);
	CU_ASSERT_EQUAL(read_frame(f, len, len, &nd), FINE);
	CU_ASSERT_FALSE(nd.has_mac);
}

static void read_router(void)
{
	const struct weir_addr none = {.q = {0, 0}};
	struct weir_nd nd;
	uint8_t f[FRAME_ROOM];
	size_t len = router(f);

	CU_ASSERT_EQUAL(read_frame(f, len, len, &nd), FINE);
	CU_ASSERT(nd.type == WEIR_ND_ROUTER_ADVERTISEMENT && nd.hop_limit == 64);
	CU_ASSERT(nd.lifetime_s == 1800 && nd.mtu == 1492 && nd.flags == 0);
	CU_ASSERT(nd.has_mac && memcmp(nd.mac, them, 6) == 0);
	CU_ASSERT(weir_addr_eq(&nd.target, &none));
	frame_put16(f + 18, 16); /* no options */
	frame_put16(f + MSG + 6, 0);
	frame6_mend_icmp(f, MSG);
	CU_ASSERT_EQUAL(read_frame(f, len, len, &nd), FINE);
	CU_ASSERT(!nd.has_mac && nd.mtu == 0 && nd.lifetime_s == 0);
}

/* Two bytes changed, the checksum made right again. */
struct twist {
	const char *what;
	size_t (*of)(uint8_t *f);
	uint16_t at, to;
	enum weir_fate fate;
};

#define BAD WEIR_FATE_nd_malformed

static const struct twist twists[] = {
	{"solicitation", solicitation, 20, 0x3aff, FINE},
	{"was forwarded", solicitation, 20, 0x3afe, BAD},
	{"advertisement was forwarded", advertisement, 20, 0x3afe, BAD},
	{"router's was forwarded", router, 20, 0x3afe, BAD},
	{"code 1", solicitation, MSG, 0x8701, BAD},
	{"23 bytes", solicitation, 18, 23, BAD},
	{"24 bytes", solicitation, 18, 24, FINE},
	{"a piece of an option", solicitation, 18, 31, BAD},
	{"15 bytes of a router", router, 18, 15, BAD},
	{"for a group", solicitation, MSG + 8, 0xff02, BAD},
	{"of a group", advertisement, MSG + 8, 0xff02, BAD},
	{"option of length 0", solicitation, MSG + 24, 0x0100, BAD},
	{"option beyond the message", solicitation, MSG + 24, 0x0102, BAD},
	{"unknown option", solicitation, MSG + 24, 0x0e01, FINE},
	{"a group's MAC", solicitation, MSG + 26, 0x0300, BAD},
	{"everybody's MAC", advertisement, MSG + 26, 0xffff, BAD},
	{"from ::9", solicitation, FRAME6_SRC, 0, WEIR_FATE_martian},
	{"solicited, to a group", advertisement, FRAME6_DST, 0xff02, BAD},
	{"to a group", advertisement, MSG + 4, 0x2000, FINE},
	{"router is not link-local", router, FRAME6_SRC, 0x2001, BAD},
	{"router option of length 0", router, MSG + 24, 0x0500, BAD},
	{"MTU option of 40 bytes", router, MSG + 24, 0x0505, FINE},
	{"a redirect", router, MSG, 0x8900, WEIR_FATE_nd_other},
};

static void rules(void)
{
	for (size_t i = 0; i < sizeof(twists) / sizeof(twists[0]); i++) {
		const struct twist *t = &twists[i];
		uint8_t f[FRAME_ROOM];
		size_t len = t->of(f);

		frame_put16(f + t->at, t->to);
		frame6_mend_icmp(f, MSG);
		expect(fate(f, len) == t->fate, t->what);
	}
}

/* What has no address asks for a router or whether its own is taken, tells no MAC, and advertises nothing. */
static void from_no_address(void)
{
	const struct weir_addr none = {.q = {0, 0}},
			       routers = frame6_addr(0xff02, 0, 0, 0, 0, 0, 0, 2);
	const struct weir_addr target = ours();
	const uint8_t rest[12] = {0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 9};
	uint8_t f[FRAME_ROOM];
	size_t len;

	len = message(f, 133, &none, &routers, rest, 4);
	CU_ASSERT_EQUAL(fate(f, len), FINE);
	len = message(f, 133, &none, &routers, rest, sizeof(rest));
	CU_ASSERT_EQUAL(fate(f, len), BAD);
	len = solicitation(f);
	memcpy(f + FRAME6_SRC, &none, 16);
	frame6_mend_icmp(f, MSG);
	CU_ASSERT_EQUAL(fate(f, len), BAD); /* it says a MAC */
	frame_put16(f + 18, 24);
	memcpy(f + FRAME6_DST, &target, 16);
	frame6_mend_icmp(f, MSG);
	CU_ASSERT_EQUAL(fate(f, len), BAD); /* not to the solicited-node group */
	len = advertisement(f);
	memcpy(f + FRAME6_SRC, &none, 16);
	frame6_mend_icmp(f, MSG);
	CU_ASSERT_EQUAL(fate(f, len), BAD);
}

/* Above wire/ a mapped address is IPv4's: no message may ask for one, or say where it is. */
static void mapped_target(void)
{
	const struct weir_addr mapped = weir_addr_v4(weir_be32(0xc0000201));
	uint8_t f[FRAME_ROOM];
	size_t len = solicitation(f);

	memcpy(f + MSG + 8, &mapped, 16);
	frame6_mend_icmp(f, MSG);
	CU_ASSERT_EQUAL(fate(f, len), BAD);
	len = advertisement(f);
	memcpy(f + MSG + 8, &mapped, 16);
	frame6_mend_icmp(f, MSG);
	CU_ASSERT_EQUAL(fate(f, len), BAD);
}

/* So many options and no more; all of the message must be at hand. */
static void bounds(void)
{
	uint8_t f[FRAME_ROOM], rest[20 + 8 * 40] = {0};
	const struct weir_addr target = ours(), from = neighbour();
	struct weir_nd nd;

	memcpy(rest + 4, &target, 16);
	for (size_t n = 0; n <= 40; n++) {
		size_t len;

		for (size_t i = 0; i < n; i++)
			memcpy(rest + 20 + 8 * i, (uint8_t[]){14, 1}, 2);
		len = message(f, 135, &from, &target, rest, 20 + 8 * n);
		CU_ASSERT_EQUAL(fate(f, len), n <= WEIR_ND_OPTIONS_MAX ? FINE : BAD);
	}
	for (size_t len = solicitation(f), head = MSG + 8; head < len; head++)
		CU_ASSERT_EQUAL(read_frame(f, len, head, &nd), WEIR_FATE_split_headers);
}

static void checksum(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = solicitation(f);

	for (size_t bit = 8 * FRAME6_SRC; bit < 8 * len; bit++) {
		f[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL(fate(f, len), FINE);
		f[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* Byte for byte what solicitation() wrote by hand, but for its Ethernet addresses. */
static void build_solicitation(void)
{
	const struct weir_addr target = ours(), from = neighbour();
	static const uint8_t ethernet[12] = {0x33, 0x33, 0xff, 0xab, 0xcd, 0xef, 2, 0, 0, 0, 0, 9};
	uint8_t f[FRAME_ROOM], want[FRAME_ROOM];
	struct weir_nd nd;
	size_t len = solicitation(want);

	memset(f, 0x99, sizeof(f));
	CU_ASSERT_EQUAL(weir_build_nd_solicitation(f, them, &from, NULL, &target), len);
	CU_ASSERT_EQUAL(len, WEIR_ND_FRAME_MAX);
	CU_ASSERT_EQUAL(memcmp(f, ethernet, 12), 0);
	CU_ASSERT_EQUAL(memcmp(f + 12, "\x86\xdd\x60\0\0\0\0\x20\x3a\xff", 10), 0);
	CU_ASSERT_EQUAL(memcmp(f + FRAME6_SRC, want + FRAME6_SRC, len - FRAME6_SRC), 0);
	CU_ASSERT_EQUAL(f[len], 0x99);

	/* to the neighbour itself, to see whether it is still there (§7.3.3) */
	CU_ASSERT_EQUAL(weir_build_nd_solicitation(f, them, &from, us, &target), len);
	CU_ASSERT(memcmp(f, us, 6) == 0 && memcmp(f + FRAME6_DST, &target, 16) == 0);
	CU_ASSERT_EQUAL(read_frame(f, len, len, &nd), FINE);
	CU_ASSERT(nd.has_mac && memcmp(nd.mac, them, 6) == 0);
}

static void build_probe(void)
{
	const struct weir_addr target = ours(), none = {.q = {0, 0}};
	uint8_t f[FRAME_ROOM];
	struct weir_nd nd;

	memset(f, 0x99, sizeof(f));
	CU_ASSERT_EQUAL(weir_build_nd_probe(f, us, &target), 78);
	CU_ASSERT_EQUAL(f[78], 0x99);
	CU_ASSERT_EQUAL(read_frame(f, 78, 78, &nd), FINE);
	CU_ASSERT(nd.is_probe && !nd.has_mac && weir_addr_eq(&nd.target, &target));
	CU_ASSERT_EQUAL(memcmp(f + FRAME6_SRC, &none, 16), 0);
	CU_ASSERT_EQUAL(memcmp(f, "\x33\x33\xff\xab\xcd\xef", 6), 0);
}

static void build_advertisement(void)
{
	const struct weir_addr target = ours(), to = neighbour();
	const struct weir_addr all = frame6_addr(0xff02, 0, 0, 0, 0, 0, 0, 1);
	uint8_t f[FRAME_ROOM];
	struct weir_nd nd;
	uint16_t len;

	len = weir_build_nd_advertisement(f, us, &target, WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE,
		them, &to);
	CU_ASSERT_EQUAL(read_frame(f, len, len, &nd), FINE);
	CU_ASSERT_EQUAL(nd.flags, WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE);
	CU_ASSERT(weir_addr_eq(&nd.target, &target) && memcmp(nd.mac, us, 6) == 0);
	CU_ASSERT(memcmp(f, them, 6) == 0 && memcmp(f + 6, us, 6) == 0);
	CU_ASSERT(memcmp(f + FRAME6_SRC, &target, 16) == 0 && memcmp(f + FRAME6_DST, &to, 16) == 0);

	len = weir_build_nd_advertisement(f, us, &target, WEIR_ND_OVERRIDE, NULL, NULL);
	CU_ASSERT_EQUAL(read_frame(f, len, len, &nd), FINE);
	CU_ASSERT_EQUAL(nd.flags, WEIR_ND_OVERRIDE);
	CU_ASSERT_EQUAL(memcmp(f, "\x33\x33\0\0\0\x01", 6), 0);
	CU_ASSERT_EQUAL(memcmp(f + FRAME6_DST, &all, 16), 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"ND: a solicitation is read", read_solicitation},
		{"ND: an advertisement is read", read_advertisement},
		{"ND: a router's advertisement is read", read_router},
		{"ND: every rule and its neighbour", rules},
		{"ND: from no address", from_no_address},
		{"ND: a target of IPv4", mapped_target},
		{"ND: bounds", bounds},
		{"ND: every bit is under the checksum", checksum},
		{"ND: a solicitation is built", build_solicitation},
		{"ND: a probe is built", build_probe},
		{"ND: an advertisement is built", build_advertisement},
	};

	return unit_main("nd", tests, sizeof(tests) / sizeof(tests[0]));
}
