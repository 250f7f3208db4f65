// SPDX-License-Identifier: BSD-3-Clause
/* wire/: addresses, and frames that synweir makes or changes, read back and summed naively. */
#include <errno.h>
#include <stdio.h>

#include "frame.h"
#include "unit.h"
#include "wire/build.h"
#include "wire/arp.h"
#include "wire/icmp.h"
#include "wire/l3.h"
#include "wire/template.h"

_Static_assert(sizeof(struct weir_addr) == 16, "an address is 16 bytes");
_Static_assert(sizeof(struct weir_key) == 20, "a key is 20 bytes");
_Static_assert(sizeof(struct weir_eth_hdr) == 14, "RFC 894");
_Static_assert(sizeof(struct weir_arp_hdr) == 28, "RFC 826");
_Static_assert(sizeof(struct weir_ipv4_hdr) == 20, "RFC 791");
_Static_assert(sizeof(struct weir_icmp_hdr) == 8, "RFC 792");
_Static_assert(sizeof(struct weir_tcp_hdr) == 20, "RFC 9293");

static void addr_text(void)
{
	struct weir_addr v6 = {.b = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	struct weir_addr v4 = weir_addr_v4(weir_be32(0xc0000201));
	char text[WEIR_ADDR_TEXT];

	CU_ASSERT_STRING_EQUAL(weir_addr_text(&v4, text), "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(text, "192.0.2.1");
	v4 = weir_addr_v4(0xffffffff);
	CU_ASSERT_STRING_EQUAL(weir_addr_text(&v4, text), "255.255.255.255");
	CU_ASSERT_STRING_EQUAL(weir_addr_text(&v6, text), "2001:db8::1");
	memset(v6.b, 0xfd, 16);
	CU_ASSERT_STRING_EQUAL(weir_addr_text(&v6, text),
		"fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd");
}

/* RFC 5952 §4: what comes out is read again as the same. */
static void addr_ipv6(void)
{
	static const char *const texts[][2] = {{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"}, {"::", "::"},
		{"fe80::0001", "fe80::1"}};
	char text[WEIR_ADDR_TEXT];
	struct weir_addr a, b;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CU_ASSERT_EQUAL(weir_addr_parse(texts[i][0], &a), 0);
		CU_ASSERT_STRING_EQUAL(weir_addr_text(&a, text), texts[i][1]);
		CU_ASSERT_EQUAL(weir_addr_parse(text, &b), 0);
		CU_ASSERT_TRUE(weir_addr_eq(&a, &b));
	}
}

/* A subnet is of one family, however short its prefix. */
static void addr_subnets(void)
{
	const struct weir_addr v4 = weir_addr_v4(weir_be32(0xc0000201)), any4 = weir_addr_any(true),
			       any6 = weir_addr_any(false);
	struct weir_addr v6;

	CU_ASSERT_EQUAL(weir_addr_parse("2001:db8::1", &v6), 0);
	CU_ASSERT_TRUE(weir_addr_in(&v6, &any6, 0));
	CU_ASSERT_FALSE(weir_addr_in(&v4, &any6, 0));
	CU_ASSERT_TRUE(weir_addr_in(&v4, &any4, 96));
	CU_ASSERT_FALSE(weir_addr_in(&v6, &any4, 96));
}

static void addr_parse(void)
{
	static const char *const wrong[] = {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4",
		"1.2.3.4 ", " 1.2.3.4", "1.2.3.4/24", "01.2.3.4", "0x1.2.3.4", "1..2.3",
		"localhost", "2001:db8:::1", "2001:db8::1/64", "fe80::1%1", "[::1]"};
	struct weir_addr a, b = weir_addr_v4(weir_be32(0x0a00ff03));
	uint64_t seed = 21;

	CU_ASSERT_EQUAL(weir_addr_parse("10.0.255.3", &a), 0);
	CU_ASSERT_TRUE(weir_addr_eq(&a, &b));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_EQUAL(weir_addr_parse(wrong[i], &a), -EINVAL);
	CU_ASSERT_EQUAL(weir_addr_parse("::ffff:1.2.3.4", &a), -EAFNOSUPPORT);
	CU_ASSERT_TRUE(weir_addr_eq(&a, &b)); /* a refused text changes nothing */

	for (unsigned int i = 0; i < 10000; i++) {
		char text[WEIR_ADDR_TEXT];

		a = weir_addr_v4((uint32_t)unit_random(&seed));
		CU_ASSERT_EQUAL(weir_addr_parse(weir_addr_text(&a, text), &b), 0);
		CU_ASSERT_TRUE(weir_addr_eq(&a, &b));
	}
}

static void addr_families(void)
{
	struct weir_addr v4 = weir_addr_v4(weir_be32(0x01020304)), other;
	const uint8_t mapped[16] = {[10] = 0xff, 0xff, 1, 2, 3, 4}; /* RFC 4291 §2.5.5.2 */

	CU_ASSERT_EQUAL(memcmp(v4.b, mapped, 16), 0);
	CU_ASSERT_TRUE(weir_addr_is_v4(&v4));
	for (unsigned int i = 0; i < 128; i++) { /* every bit counts, the mark's too */
		other = v4;
		other.b[i / 8] ^= (uint8_t)(1u << i % 8);
		CU_ASSERT_FALSE(weir_addr_eq(&v4, &other));
		CU_ASSERT_EQUAL(weir_addr_is_v4(&other), i >= 96);
	}
}

static const struct weir_header syn_ack = {
	.seq = 0x11223344,
	.ack = 0xf0010204,
	.wnd = 4380,
	.flags = WEIR_TCP_SYN | WEIR_TCP_ACK,
	.wscale = 7,
	.mss = 1460,
	.sack_ok = true,
	.ts = true,
	.tsval = 0x81020304,
	.tsecr = 0x95060708,
};

static struct weir_header header_between(const struct weir_header *like, uint32_t src, uint32_t dst)
{
	struct weir_header h = *like;

	h.src = weir_addr_v4(weir_be32(src));
	h.dst = weir_addr_v4(weir_be32(dst));
	h.sport_be = weir_be16(80);
	h.dport_be = weir_be16(40000);
	return h;
}

/* Byte for byte, the checksums computed by hand (Python); L2 addresses are left alone. */
static void build_syn_ack_bytes(void)
{
	static const uint8_t want[74] = {0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99,
		0x99, 0x99, 0x08, 0x00, 0x45, 0x00, 0x00, 0x3c, 0x00, 0x00, 0x40, 0x00, 0x40, 0x06,
		0x6c, 0xb7, 0xc0, 0x00, 0x02, 0x01, 0x0a, 0x01, 0x02, 0x03, 0x00, 0x50, 0x9c, 0x40,
		0x11, 0x22, 0x33, 0x44, 0xf0, 0x01, 0x02, 0x04, 0xa0, 0x12, 0x11, 0x1c, 0x75, 0xbd,
		0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a, 0x81, 0x02, 0x03, 0x04,
		0x95, 0x06, 0x07, 0x08, 0x01, 0x03, 0x03, 0x07};
	struct weir_header h = header_between(&syn_ack, 0xc0000201, 0x0a010203);
	uint8_t f[WEIR_HEADER_FRAME_MAX + 2];

	memset(f, 0x99, sizeof(f));
	CU_ASSERT_EQUAL(weir_build_tcp(f, &h), 74);
	CU_ASSERT_EQUAL(memcmp(f, want, 74), 0);
	CU_ASSERT(f[74] == 0x99 && f[75] == 0x99);
}

/* A header built, its frame's fixed parts looked at, and read back. */
static void round_trip(const struct weir_header *h, size_t want_len)
{
	bool syn = h->flags & WEIR_TCP_SYN;
	uint8_t f[WEIR_HEADER_FRAME_MAX + 1];
	struct weir_pkt pkt;
	const struct weir_seg *s = &pkt.seg;
	size_t len;

	memset(f, 0x99, sizeof(f));
	len = weir_build_tcp(f, h);
	CU_ASSERT_EQUAL(len, want_len);
	CU_ASSERT_EQUAL(f[len], 0x99);
	CU_ASSERT_EQUAL(frame_ip_sum(f), 0xffff);
	CU_ASSERT_EQUAL(frame_tcp_sum(f), 0xffff);
	CU_ASSERT_EQUAL(memcmp(f + FRAME_IP + 4, "\0\0\x40\0\x40\x06", 6),
		0); /* id, DF, TTL, TCP */

	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
	CU_ASSERT_TRUE(weir_addr_eq(&s->src, &h->src) && weir_addr_eq(&s->dst, &h->dst));
	CU_ASSERT(s->sport_be == h->sport_be && s->dport_be == h->dport_be);
	CU_ASSERT(s->seq == h->seq && s->ack == h->ack && s->wnd == h->wnd && s->flags == h->flags);
	CU_ASSERT_EQUAL(s->payload_len, 0);
	CU_ASSERT_EQUAL(s->ts_off != 0, h->ts);
	if (h->ts)
		CU_ASSERT(s->tsval == h->tsval && s->tsecr == h->tsecr);
	if (h->ts && !h->sack_ok && h->mss == 0) /* the layout that all have a fast path for */
		CU_ASSERT_EQUAL(s->ts_off, 24);
	if (!syn)
		return;
	CU_ASSERT_EQUAL(s->mss, h->mss ? h->mss : WEIR_TCP_MSS_DEFAULT);
	CU_ASSERT_EQUAL(s->wscale, h->wscale);
	CU_ASSERT_EQUAL(s->sack_ok, h->sack_ok);
}

static void build_round_trip(void)
{
	static const uint8_t wscales[] = {WEIR_WSCALE_NONE, 0, 1, 7, 14};
	uint64_t seed = 22;

	for (unsigned int i = 0; i < 5 * 8 * 200; i++) {
		struct weir_header h =
			header_between(&syn_ack, 0x0a000000 | (uint32_t)unit_random(&seed) >> 8,
				0xc0000000 | (uint32_t)unit_random(&seed) >> 8);
		size_t len = 54;

		h.seq = (uint32_t)unit_random(&seed);
		h.ack = (uint32_t)unit_random(&seed);
		h.tsval = (uint32_t)unit_random(&seed);
		h.tsecr = (uint32_t)unit_random(&seed);
		h.wnd = (uint16_t)unit_random(&seed);
		h.flags = i % 3 ? WEIR_TCP_SYN | WEIR_TCP_ACK : WEIR_TCP_SYN;
		h.mss = i & 1 ? (uint16_t)(unit_random(&seed) | 1) : 0;
		h.sack_ok = i & 2;
		h.ts = i & 4;
		h.wscale = wscales[i / 8 % 5];
		len += h.mss ? 4 : 0;
		len += h.ts ? 12 : h.sack_ok ? 4 : 0;
		len += h.wscale != WEIR_WSCALE_NONE ? 4 : 0;
		round_trip(&h, len);
	}
}

static void build_ack_and_rst(void)
{
	static const uint8_t flags[] = {WEIR_TCP_ACK, WEIR_TCP_RST, WEIR_TCP_RST | WEIR_TCP_ACK};
	struct weir_header h = header_between(&syn_ack, 0xc0000201, 0x0a010203);

	h.mss = 0;
	h.sack_ok = false;
	h.wscale = WEIR_WSCALE_NONE;
	for (unsigned int i = 0; i < 3; i++) {
		h.flags = flags[i];
		h.ts = true;
		round_trip(&h, 66);
		h.ts = false;
		round_trip(&h, 54);
	}
}

/* HC-01: in the SYN's own buffer; what it held of the SYN does not shine through. */
static void build_in_place(void)
{
	struct weir_header h = header_between(&syn_ack, 0xc0000201, 0x0a010203);
	uint8_t clean[WEIR_HEADER_FRAME_MAX] = {0}, f[FRAME_ROOM];

	frame_tcp(f, WEIR_TCP_SYN, NULL, 0, 100);
	CU_ASSERT_EQUAL(weir_build_tcp(f, &h), 74);
	weir_build_tcp(clean, &h);
	CU_ASSERT_EQUAL(memcmp(f + 12, clean + 12, 74 - 12), 0);
}

/* A template filled in is the frame that is built of the same fields, byte for byte. */
static void template_as_built(void)
{
	uint64_t seed = 24;

	for (unsigned int i = 0; i < 8 * 500; i++) {
		struct weir_header h = header_between(&syn_ack, 0xc0000201, 0);
		uint8_t filled[WEIR_HEADER_FRAME_MAX] = {0}, built[WEIR_HEADER_FRAME_MAX] = {0};
		struct weir_template_fields v = {
			.dst = &h.dst,
			.dport_be = (uint16_t)unit_random(&seed),
			.wnd = (uint16_t)unit_random(&seed),
			.seq = (uint32_t)unit_random(&seed),
			.ack = (uint32_t)unit_random(&seed),
			.tsval = (uint32_t)unit_random(&seed),
			.tsecr = (uint32_t)unit_random(&seed),
		};
		struct weir_template t;

		h.dport_be = h.wnd = 0;
		h.seq = h.ack = h.tsval = h.tsecr = 0;
		h.ts = i & 1;
		h.sack_ok = i & 2;
		h.wscale = i & 4 ? 7 : WEIR_WSCALE_NONE;
		weir_template_make(&t, &h);
		h.dst = weir_addr_v4((uint32_t)unit_random(&seed));
		h.dport_be = v.dport_be;
		h.wnd = v.wnd;
		h.seq = v.seq;
		h.ack = v.ack;
		h.tsval = v.tsval;
		h.tsecr = v.tsecr;
		CU_ASSERT_EQUAL(weir_template_fill(filled, &t, &v), weir_build_tcp(built, &h));
		CU_ASSERT_EQUAL(memcmp(filled, built, sizeof(built)), 0);
	}
}

static void build_arp(void)
{
	static const uint8_t us[6] = {2, 0, 0, 0, 0, 1}, them[6] = {2, 0, 0, 0, 0, 9}, nobody[6];
	static const uint8_t request[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8,
		6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0,
		0, 2};
	static const uint8_t reply[42] = {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6,
		4, 0, 2, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 2, 0, 0, 0, 0, 9, 10, 0, 0, 2};
	uint32_t our_ip = weir_be32(0x0a000001), their_ip = weir_be32(0x0a000002);
	uint8_t f[43];
	struct weir_pkt pkt;

	memset(f, 0x99, sizeof(f));
	CU_ASSERT_EQUAL(weir_build_arp(f, WEIR_ARP_REQUEST, us, our_ip, nobody, their_ip), 42);
	CU_ASSERT_EQUAL(memcmp(f, request, 42), 0);
	CU_ASSERT_EQUAL(frame_parse(&pkt, f, 42), WEIR_PARSED_ARP);
	CU_ASSERT_EQUAL(weir_build_arp(f, WEIR_ARP_REPLY, us, our_ip, them, their_ip), 42);
	CU_ASSERT_EQUAL(memcmp(f, reply, 42), 0);
	CU_ASSERT_EQUAL(frame_parse(&pkt, f, 42), WEIR_PARSED_ARP);
	CU_ASSERT_EQUAL(f[42], 0x99);
}

static void echo_reply(void)
{
	uint8_t f[FRAME_ROOM], asked[FRAME_ROOM];
	struct weir_pkt pkt;

	for (size_t data_len = 0; data_len < 70; data_len++) {
		size_t len = frame_icmp(f, WEIR_ICMP_ECHO_REQUEST, 0, data_len);

		f[FRAME_IP + 8] = (uint8_t)(data_len + 1); /* any TTL */
		frame_mend_ip(f);
		memcpy(asked, f, len);
		CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_ICMP);
		pkt.frame.data = f;
		weir_icmp_echo_reply(&pkt.frame, &pkt.seg);
		CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_ICMP);
		CU_ASSERT_EQUAL(frame_ip_sum(f), 0xffff);
		CU_ASSERT_EQUAL(frame_sum(0, f + FRAME_TCP, len - FRAME_TCP), 0xffff);
		CU_ASSERT(f[FRAME_TCP] == WEIR_ICMP_ECHO_REPLY && f[FRAME_IP + 8] == 64);
		CU_ASSERT_EQUAL(memcmp(f + 26, asked + 30, 4), 0);
		CU_ASSERT_EQUAL(memcmp(f + 30, asked + 26, 4), 0);
		CU_ASSERT_EQUAL(memcmp(f + 38, asked + 38, len - 38), 0); /* id, number, data */
		CU_ASSERT_EQUAL(memcmp(f, asked, 22), 0);
	}
}

/* A long ping's checksum may be in another buffer: a wrong one is not made right. */
static void echo_reply_stays_wrong(void)
{
	uint8_t f[FRAME_ROOM];
	struct weir_pkt pkt;
	size_t len = frame_icmp(f, WEIR_ICMP_ECHO_REQUEST, 0, 20);

	f[len - 1] ^= 4;
	CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len, len - 1, WEIR_CSUM_UNKNOWN),
		WEIR_PARSED_ICMP);
	pkt.frame.data = f;
	weir_icmp_echo_reply(&pkt.frame, &pkt.seg);
	CU_ASSERT_EQUAL(frame_ip_sum(f), 0xffff);
	CU_ASSERT_NOT_EQUAL(frame_sum(0, f + FRAME_TCP, len - FRAME_TCP), 0xffff);
}

/* What dp/mbuf.h asks for: the pseudo header's addresses, the segment's length, no IP checksum. */
static void device_sums(void)
{
	uint8_t f[FRAME_ROOM];

	for (size_t payload_len = 0; payload_len < 200; payload_len++) {
		size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, payload_len);
		struct weir_pkt pkt;
		uint64_t sum;

		CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
		pkt.frame.data = f;
		CU_ASSERT_EQUAL(weir_seg_l4_len(&pkt.seg), len - FRAME_TCP);
		sum = weir_pseudo_sum(weir_l3_addr_sum_of(&pkt.frame, &pkt.seg),
			weir_seg_l4_len(&pkt.seg));
		CU_ASSERT_EQUAL(weir_csum_fold(weir_csum_add(sum, f + FRAME_TCP, len - FRAME_TCP)),
			0xffff);
		weir_l3_zero_csum(&pkt.frame, &pkt.seg);
		CU_ASSERT_EQUAL(frame_get16(f + FRAME_IP + 10), 0);
	}
}

/* New addresses: the IP checksum is right, and the delta makes the TCP checksum right. */
static void rewrite_addrs(void)
{
	uint64_t seed = 23;
	uint8_t f[FRAME_ROOM];

	for (unsigned int i = 0; i < 20000; i++) {
		size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, i % 30);
		struct weir_tcp_hdr *tcp = (void *)(f + FRAME_TCP);
		struct weir_addr src = weir_addr_v4((uint32_t)unit_random(&seed));
		struct weir_addr dst = weir_addr_v4((uint32_t)unit_random(&seed));
		struct weir_pkt pkt;

		f[FRAME_IP + 8] = (uint8_t)(2 + i % 254);
		frame_mend(f, len);
		CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
		pkt.frame.data = f;
		tcp->csum = weir_csum_apply(tcp->csum,
			weir_l3_rewrite(&pkt.frame, &pkt.seg, &src, &dst));
		CU_ASSERT_EQUAL(memcmp(f + 26, &src.w[3], 4), 0);
		CU_ASSERT_EQUAL(memcmp(f + 30, &dst.w[3], 4), 0);
		CU_ASSERT_EQUAL(f[FRAME_IP + 8], 1 + i % 254);
		CU_ASSERT_EQUAL(frame_ip_sum(f), 0xffff);
		CU_ASSERT_EQUAL(frame_tcp_sum(f), 0xffff);
	}
}

/* A checksum that a local sender left to its device is told from a wrong one. */
static void left_to_the_device(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 30);
	const uint32_t l4_len = (uint32_t)len - FRAME_TCP;
	uint64_t sum = 6 + l4_len;
	uint16_t pseudo_be;

	for (unsigned int i = 26; i < 34; i += 2)
		sum += (uint64_t)f[i] << 8 | f[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	pseudo_be = weir_be16((uint16_t)sum);
	memcpy(f + FRAME_TCP + 16, &pseudo_be, 2);
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_tcp_checksum_partial);
	f[FRAME_TCP + 16] ^= 1;
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_tcp_checksum);
}

static void rewrite_hops(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 0);
	struct weir_pkt pkt;

	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
	pkt.frame.data = f;
	f[FRAME_IP + 8] = 1;
	CU_ASSERT_FALSE(weir_l3_may_forward(&pkt.frame, &pkt.seg));
	f[FRAME_IP + 8] = 2;
	CU_ASSERT_TRUE(weir_l3_may_forward(&pkt.frame, &pkt.seg));
	f[FRAME_IP + 8] = 255;
	CU_ASSERT_TRUE(weir_l3_may_forward(&pkt.frame, &pkt.seg));
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"addr: text", addr_text},
		{"addr: parse", addr_parse},
		{"texts of IPv6 addresses", addr_ipv6},
		{"subnets of two families", addr_subnets},
		{"addr: families and equality", addr_families},
		{"build: a SYN-ACK's bytes", build_syn_ack_bytes},
		{"HC-02 build: all combinations of options", build_round_trip},
		{"build: ACK and RST", build_ack_and_rst},
		{"HC-01 build: in place", build_in_place},
		{"HC-01 build: from a template", template_as_built},
		{"build: ARP", build_arp},
		{"build: echo reply", echo_reply},
		{"build: echo reply, wrong stays wrong", echo_reply_stays_wrong},
		{"HC-20 rewrite: addresses", rewrite_addrs},
		{"checksums that are left to a device", device_sums},
		{"HC-41 a checksum left to a device, as it is received", left_to_the_device},
		{"rewrite: hops", rewrite_hops},
	};

	return unit_main("wire", tests, sizeof(tests) / sizeof(tests[0]));
}
