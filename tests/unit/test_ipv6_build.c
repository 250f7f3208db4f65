// SPDX-License-Identifier: BSD-3-Clause
/* wire/ on IPv6: frames that synweir makes or changes, summed naively, and ICMPv6. */
#include <stdio.h>

#include "frame6.h"
#include "unit.h"
#include "wire/build.h"
#include "wire/icmp.h"
#include "wire/l3.h"
#include "wire/template.h"

#define FINE WEIR_FATES

static const uint8_t linux_syn[20] = {
	2, 4, 0x05, 0xa0, 4, 2, 8, 10, 0x11, 0x22, 0x33, 0x44, 0, 0, 0, 0, 1, 3, 3, 7};

/* Fails with the row's name, for tables. */
static void expect(bool ok, const char *what)
{
	if (!ok)
		printf("\n    not so: %s ", what);
	CU_ASSERT(ok);
}

static const struct weir_header syn_ack = {
	.sport_be = 0x5000,
	.dport_be = 0x409c,
	.seq = 0x11223344,
	.ack = 0xf0010204,
	.wnd = 4380,
	.flags = WEIR_TCP_SYN | WEIR_TCP_ACK,
	.wscale = 7,
	.mss = 1440,
	.sack_ok = true,
	.ts = true,
	.tsval = 0x81020304,
	.tsecr = 0x95060708,
};

static struct weir_addr any_host(uint64_t *seed)
{
	struct weir_addr a;

	for (unsigned int i = 0; i < 16; i++)
		a.b[i] = (uint8_t)unit_random(seed);
	a.b[0] = 0x20;
	return a;
}

/* A header built, its frame's fixed parts looked at, and read back. */
static void round_trip(const struct weir_header *h, size_t want_len)
{
	static const uint8_t type_to_label[6] = {0x86, 0xdd, 0x60, 0, 0, 0};
	uint8_t f[WEIR_HEADER_FRAME_MAX + 1];
	struct weir_pkt pkt;
	const struct weir_seg *s = &pkt.seg;
	size_t len;

	memset(f, 0x99, sizeof(f));
	len = weir_build_tcp(f, h);
	CU_ASSERT_EQUAL(len, want_len);
	CU_ASSERT_EQUAL(f[len], 0x99);
	CU_ASSERT_EQUAL(f[11], 0x99);
	CU_ASSERT_EQUAL(memcmp(f + 12, type_to_label, sizeof(type_to_label)), 0);
	CU_ASSERT(f[20] == 6 && f[21] == 64);
	CU_ASSERT_EQUAL(frame6_sum(f, FRAME6_TCP, 6), 0xffff);
	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
	CU_ASSERT_TRUE(weir_addr_eq(&s->src, &h->src) && weir_addr_eq(&s->dst, &h->dst));
	CU_ASSERT(s->sport_be == h->sport_be && s->dport_be == h->dport_be);
	CU_ASSERT(s->seq == h->seq && s->ack == h->ack && s->wnd == h->wnd && s->flags == h->flags);
	CU_ASSERT(s->payload_len == 0 && (s->ts_off != 0) == h->ts);
	CU_ASSERT_EQUAL(s->mss, h->mss ? h->mss : WEIR_TCP_MSS_DEFAULT_IPV6);
	CU_ASSERT(s->wscale == h->wscale && s->sack_ok == h->sack_ok);
}

static void build_round_trip(void)
{
	uint64_t seed = 62;

	for (unsigned int i = 0; i < 16 * 200; i++) {
		struct weir_header h = syn_ack;
		size_t len = 74;

		h.src = any_host(&seed);
		h.dst = any_host(&seed);
		h.seq = (uint32_t)unit_random(&seed);
		h.tsval = (uint32_t)unit_random(&seed);
		h.mss = i & 1 ? (uint16_t)(unit_random(&seed) | 1) : 0;
		h.sack_ok = i & 2;
		h.ts = i & 4;
		h.wscale = i & 8 ? 7 : WEIR_WSCALE_NONE;
		len += h.mss ? 4 : 0;
		len += h.ts ? 12 : h.sack_ok ? 4 : 0;
		len += h.wscale != WEIR_WSCALE_NONE ? 4 : 0;
		round_trip(&h, len);
	}
}

/*
 * A template filled in is the frame that is built of the same fields. Its destination is zero as a whole,
 * which is no IPv4 address: the source says which family it is.
 */
static void template_as_built(void)
{
	uint64_t seed = 63;

	for (unsigned int i = 0; i < 2 * 8 * 300; i++) {
		struct weir_header h = syn_ack;
		uint8_t filled[WEIR_HEADER_FRAME_MAX] = {0}, built[WEIR_HEADER_FRAME_MAX] = {0};
		const bool v6 = i & 8;
		struct weir_addr client = any_host(&seed);
		struct weir_template_fields v = {
			.dst = &client,
			.dport_be = (uint16_t)unit_random(&seed),
			.wnd = (uint16_t)unit_random(&seed),
			.seq = (uint32_t)unit_random(&seed),
			.ack = (uint32_t)unit_random(&seed),
			.tsval = (uint32_t)unit_random(&seed),
			.tsecr = (uint32_t)unit_random(&seed),
		};
		struct weir_template t;

		h.src = v6 ? any_host(&seed) : weir_addr_v4((uint32_t)unit_random(&seed));
		if (!v6)
			client = weir_addr_v4((uint32_t)unit_random(&seed));
		h.dport_be = h.wnd = 0;
		h.seq = h.ack = h.tsval = h.tsecr = 0;
		h.ts = i & 1;
		h.sack_ok = i & 2;
		h.wscale = i & 4 ? 7 : WEIR_WSCALE_NONE;
		weir_template_make(&t, &h);
		h.dst = client;
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

/* The delta makes the TCP checksum what a sum over everything makes it, odd places and carries included. */
static void rewrite_addrs(void)
{
	static const uint8_t options[24] = {0, 0, 1, 20};
	uint64_t seed = 64;
	uint8_t f[FRAME_ROOM], before[FRAME_ROOM];

	for (unsigned int i = 0; i < 20000; i++) {
		size_t len = frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, i % 30);
		struct weir_addr src = any_host(&seed), dst = any_host(&seed);
		struct weir_pkt pkt;
		struct weir_tcp_hdr *tcp;
		uint16_t updated;

		if (i % 5 == 0)
			memset(i % 2 ? src.b : dst.b, i % 3 ? 0xff : 0, 16);
		if (i % 3 == 0)
			len = frame6_insert(f, len, 60, options, sizeof(options));
		f[21] = (uint8_t)(2 + i % 254);
		CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
		memcpy(before, f, len);
		pkt.frame.data = f;
		tcp = (void *)(f + pkt.seg.l4_off);
		tcp->csum = weir_csum_apply(tcp->csum,
			weir_l3_rewrite(&pkt.frame, &pkt.seg, &src, &dst));
		updated = tcp->csum;
		frame6_mend(f, pkt.seg.l4_off);
		CU_ASSERT_EQUAL(updated, tcp->csum);
		CU_ASSERT(memcmp(f + FRAME6_SRC, &src, 16) == 0 &&
			memcmp(f + FRAME6_DST, &dst, 16) == 0);
		CU_ASSERT_EQUAL(f[21], before[21] - 1);
		CU_ASSERT_EQUAL(memcmp(f, before, 21), 0); /* class, flow label, length, next */
	}
}

/* RFC 8200 §3: forwarded when one hop is left after this one. */
static void rewrite_hops(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, 0);
	struct weir_pkt pkt;

	for (unsigned int hops = 0; hops < 256; hops++) {
		f[21] = (uint8_t)hops;
		CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
		pkt.frame.data = f;
		CU_ASSERT_EQUAL(weir_l3_hop_limit(&pkt.frame, &pkt.seg), hops);
		CU_ASSERT_EQUAL(weir_l3_may_forward(&pkt.frame, &pkt.seg), hops > 1);
	}
}

/* What a device is left with: the pseudo header's addresses and the segment's length. */
static void device_sums(void)
{
	uint8_t f[FRAME_ROOM];

	for (size_t payload_len = 0; payload_len < 100; payload_len++) {
		size_t len = frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, payload_len);
		struct weir_pkt pkt;
		uint64_t sum;

		CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_TCP);
		pkt.frame.data = f;
		sum = weir_pseudo_sum(weir_l3_addr_sum_of(&pkt.frame, &pkt.seg),
			weir_seg_l4_len(&pkt.seg));
		CU_ASSERT_EQUAL(weir_csum_fold(weir_csum_add(sum, f + FRAME6_TCP,
					len - FRAME6_TCP)),
			0xffff);
		weir_l3_zero_csum(&pkt.frame, &pkt.seg);
		CU_ASSERT_EQUAL(frame_fate(f, len), FINE); /* there is none in the header */
	}
}

static void mss_of_a_link(void)
{
	CU_ASSERT_EQUAL(weir_l3_mss(WEIR_FAMILY_IPV4, 1500), 1460);
	CU_ASSERT_EQUAL(weir_l3_mss(WEIR_FAMILY_IPV6, 1500), 1440);
	CU_ASSERT_EQUAL(weir_l3_mss(WEIR_FAMILY_IPV6, 1280), WEIR_TCP_MSS_DEFAULT_IPV6);
	CU_ASSERT_EQUAL(weir_l3_mss(WEIR_FAMILY_IPV4, 576), WEIR_TCP_MSS_DEFAULT);
	CU_ASSERT_EQUAL(weir_l3_mss(WEIR_FAMILY_IPV6, 9000), 8940);
}

static void hosts(void)
{
	struct weir_addr host = frame6_addr(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
	struct weir_addr local = frame6_addr(0xfe80, 0, 0, 0, 0, 0, 0, 1);
	struct weir_addr group = frame6_addr(0xff02, 0, 0, 0, 0, 0, 0, 1);
	struct weir_addr v4 = weir_addr_v4(weir_be32(0x0a000001));
	struct weir_addr v4_group = weir_addr_v4(weir_be32(0xe0000001)), none = {.q = {0, 0}};

	CU_ASSERT(weir_l3_is_host(&host) && weir_l3_is_host(&v4));
	CU_ASSERT(!weir_l3_is_host(&local) && !weir_l3_is_host(&group));
	CU_ASSERT(!weir_l3_is_host(&v4_group) && !weir_l3_is_host(&none));
}

static enum weir_icmp_kind read_icmp(const uint8_t *f, size_t len, size_t head_len,
	struct weir_seg *quoted, enum weir_fate *fate)
{
	struct weir_pkt pkt;
	struct weir_icmp icmp;
	uint8_t *exact = malloc(head_len);

	CU_ASSERT_EQUAL(frame_parse_head(&pkt, f, len, head_len, WEIR_CSUM_UNKNOWN),
		WEIR_PARSED_ICMP);
	memcpy(exact, f, head_len);
	pkt.frame.data = exact;
	icmp = weir_icmp_read(&pkt.frame, &pkt.seg, quoted);
	free(exact);
	*fate = icmp.fate;
	return icmp.kind;
}

/* What the parser says of ICMPv6: the checksum is over the pseudo header, too. */
static void icmp_parse(void)
{
	static const uint8_t data[31] = {1, 2, 3};
	uint8_t f[FRAME_ROOM];
	size_t len = frame6_icmp(f, 128, 0, 0x77010002, data, sizeof(data));
	struct weir_pkt pkt;

	CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_ICMP);
	CU_ASSERT(pkt.seg.l3_off == 14 && pkt.seg.l4_off == 54);
	CU_ASSERT_EQUAL(pkt.seg.family, WEIR_FAMILY_IPV6);
	CU_ASSERT_EQUAL(memcmp(&pkt.seg.src, f + FRAME6_SRC, 16), 0);
	for (size_t bit = 8 * FRAME6_SRC; bit < 8 * len; bit++) {
		f[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL(frame_fate(f, len), FINE);
		f[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	frame_put16(f + 18, 7); /* seven bytes are no message */
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_icmp_malformed);

	len = frame6_icmp(f, 128, 0, 1, data, 4);
	frame_put16(f + FRAME6_SRC, 0xfe80); /* from a neighbour */
	frame6_mend_icmp(f, FRAME6_TCP);
	CU_ASSERT_EQUAL(frame_fate(f, len), FINE);
	memset(f + FRAME6_SRC, 0, 16); /* from a host that has no address yet: no ping of its own */
	frame6_mend_icmp(f, FRAME6_TCP);
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_martian);
	f[FRAME6_SRC + 15] = 1;
	frame6_mend_icmp(f, FRAME6_TCP);
	CU_ASSERT_EQUAL(frame_fate(f, len), WEIR_FATE_martian);
}

static void echo_reply(void)
{
	uint8_t f[FRAME_ROOM], asked[FRAME_ROOM], data[70];
	enum weir_fate fate;
	struct weir_pkt pkt;
	struct weir_seg quoted;

	for (size_t data_len = 0; data_len < sizeof(data); data_len++) {
		size_t len = frame6_icmp(f, 128, 0, 0x77010002, data, data_len);

		data[data_len] = (uint8_t)(data_len * 5 + 3);
		f[21] = (uint8_t)data_len; /* any hop limit */
		memcpy(asked, f, len);
		CU_ASSERT_EQUAL(read_icmp(f, len, len, &quoted, &fate), WEIR_ICMP_PING);
		CU_ASSERT_EQUAL(frame_parse(&pkt, f, len), WEIR_PARSED_ICMP);
		pkt.frame.data = f;
		weir_icmp_echo_reply(&pkt.frame, &pkt.seg);
		CU_ASSERT_EQUAL(frame6_sum(f, FRAME6_TCP, 58), 0xffff);
		CU_ASSERT(f[FRAME6_TCP] == 129 && f[21] == 64);
		CU_ASSERT_EQUAL(memcmp(f + FRAME6_SRC, asked + FRAME6_DST, 16), 0);
		CU_ASSERT_EQUAL(memcmp(f + FRAME6_DST, asked + FRAME6_SRC, 16), 0);
		CU_ASSERT_EQUAL(memcmp(f + 58, asked + 58, len - 58), 0); /* id, number, data */
		CU_ASSERT_EQUAL(memcmp(f, asked, 21), 0);
	}
}

/* RFC 4443 §3.1: about our SYN to a backend, from any router; offsets in f of what is quoted. */
#define QUOTE (FRAME6_TCP + 8)

static size_t unreachable(uint8_t *f)
{
	uint8_t sent[FRAME_ROOM];
	size_t sent_len = frame6_tcp(sent, WEIR_TCP_SYN, linux_syn, 20, 0) - FRAME_IP;
	size_t len;

	memcpy(sent + FRAME6_SRC, sent + FRAME6_DST, 16); /* from us, to another */
	sent[FRAME6_DST + 15] = 9;
	len = frame6_icmp(f, 1, 3, 0, sent + FRAME_IP, sent_len);
	return len;
}

static void errors_quote(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = unreachable(f);
	enum weir_fate fate;
	struct weir_seg q;

	for (uint8_t i = 0; i < 8; i++) {
		f[FRAME6_TCP] =
			i < 6 ? 1 : i - 4; /* unreachable for six reasons; too big, time exceeded */
		f[FRAME6_TCP + 1] = i < 6 ? i : 0;
		frame6_mend_icmp(f, FRAME6_TCP);
		CU_ASSERT_EQUAL(read_icmp(f, len, len, &q, &fate), WEIR_ICMP_ERROR);
		CU_ASSERT(q.sport_be == weir_be16(40000) && q.dport_be == weir_be16(80));
		CU_ASSERT(q.seq == 0xf0010203 && q.payload_len == 0 && q.l4_off == FRAME6_TCP &&
			q.family == WEIR_FAMILY_IPV6);
		CU_ASSERT_EQUAL(memcmp(&q.src, f + FRAME6_DST, 16), 0);
		CU_ASSERT_EQUAL(q.dst.b[15], 9);
	}
	/* all of the quote is needed, and no more */
	CU_ASSERT_EQUAL(read_icmp(f, len, QUOTE + 48, &q, &fate), WEIR_ICMP_ERROR);
	CU_ASSERT_EQUAL(read_icmp(f, len, QUOTE + 47, &q, &fate), WEIR_ICMP_BAD);
	CU_ASSERT_EQUAL(fate, WEIR_FATE_split_headers);
	frame_put16(f + 18, 8 + 47);
	frame6_mend_icmp(f, FRAME6_TCP);
	CU_ASSERT_EQUAL(read_icmp(f, len, len, &q, &fate), WEIR_ICMP_BAD);
	CU_ASSERT_EQUAL(fate, WEIR_FATE_icmp_malformed);
}

static void errors_not_ours(void)
{
	static const struct {
		const char *what;
		uint16_t at;
		uint8_t change;
	} rows[] = {
		{"parameter problem", FRAME6_TCP, 1 ^ 4},
		{"an echo's reply", FRAME6_TCP, 1 ^ 129},
		{"a quote of IPv4", QUOTE, 0x20},
		{"a quote of UDP", QUOTE + 6, 6 ^ 17},
		{"a quote with options", QUOTE + 6, 6 ^ 60},
		{"not sent by us", QUOTE + 8 + 15, 1},
		{"not sent by us, upper half", QUOTE + 8, 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t f[FRAME_ROOM];
		size_t len = unreachable(f);
		enum weir_fate fate = FINE;
		struct weir_seg q;

		f[rows[i].at] ^= rows[i].change;
		frame6_mend_icmp(f, FRAME6_TCP);
		expect(read_icmp(f, len, len, &q, &fate) == WEIR_ICMP_BAD &&
				fate == WEIR_FATE_icmp_other,
			rows[i].what);
	}
}

/* A ping with an extension header: what was said to the request's way is not for the answer's. */
static void echo_with_options(void)
{
	static const uint8_t options[8] = {0, 0, 1, 4};
	uint8_t f[FRAME_ROOM];
	size_t len = frame6_insert(f, frame6_icmp(f, 128, 0, 1, NULL, 0), 60, options, 8);
	enum weir_fate fate = FINE;
	struct weir_seg q;

	CU_ASSERT_EQUAL(read_icmp(f, len, len, &q, &fate), WEIR_ICMP_BAD);
	CU_ASSERT_EQUAL(fate, WEIR_FATE_icmp_other);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-02 IPv6 build: all combinations of options", build_round_trip},
		{"HC-01 IPv6 build: from a template", template_as_built},
		{"HC-20 IPv6 rewrite: addresses", rewrite_addrs},
		{"IPv6 rewrite: hops", rewrite_hops},
		{"IPv6: checksums that are left to a device", device_sums},
		{"IPv6: MSS of a link", mss_of_a_link},
		{"IPv6: addresses of hosts", hosts},
		{"IPv6 ICMP: parsed", icmp_parse},
		{"IPv6 ICMP: echo reply", echo_reply},
		{"IPv6 ICMP: echo with options", echo_with_options},
		{"HC-12 IPv6 ICMP: errors quote", errors_quote},
		{"HC-12 IPv6 ICMP: errors that are not ours", errors_not_ours},
	};

	return unit_main("ipv6_build", tests, sizeof(tests) / sizeof(tests[0]));
}
