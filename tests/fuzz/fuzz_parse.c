// SPDX-License-Identifier: BSD-3-Clause
/*
 * weir_parse(), weir_classify() and weir_owner() on any bytes, in heap buffers of the exact size.
 * What they say is compared with a naive reading of the same bytes.
 *
 * Input: control byte (bits 0-1: enum weir_csum_state; 2: mend the checksums; 3: a byte follows that
 * says how many bytes at the end are in another buffer), then the frame.
 */
#include "flow/classify.h"

#include "fuzz.h"
#include "mend.h"
#include "shell.h"

#define WORKERS 3

static const struct weir_policy *the_policy(void)
{
	static struct weir_policy *p;

	if (p == NULL) {
		p = shell_policy(WORKERS, 2);
		FUZZ_MUST(weir_policy_finish(p) == 0);
	}
	return p;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

static void check_addresses(const struct weir_seg *seg, const uint8_t *ip)
{
	FUZZ_MUST(weir_addr_is_v4(&seg->src) && weir_addr_is_v4(&seg->dst));
	FUZZ_MUST(memcmp(&seg->src.w[3], ip + 12, 4) == 0);
	FUZZ_MUST(memcmp(&seg->dst.w[3], ip + 16, 4) == 0);
}

/* Above wire/ an IPv4 address is a mapped one: none may come in as that. */
static void check_addresses6(const struct weir_seg *seg, const uint8_t *f)
{
	FUZZ_MUST(!weir_addr_is_v4(&seg->src) && !weir_addr_is_v4(&seg->dst));
	FUZZ_MUST(memcmp(&seg->src, f + FRAME6_SRC, 16) == 0);
	FUZZ_MUST(memcmp(&seg->dst, f + FRAME6_DST, 16) == 0);
}

/* Where the view says that an option's data are, there is that option, whole. */
static void check_options(const struct weir_seg *seg, const uint8_t *tcp)
{
	const unsigned int end = 20u + seg->opt_len;

	if (seg->ts_off != 0) {
		FUZZ_MUST(seg->ts_off >= 22 && seg->ts_off + 8u <= end);
		FUZZ_MUST(tcp[seg->ts_off - 2] == 8 && tcp[seg->ts_off - 1] == 10);
		FUZZ_MUST(seg->tsval == get32(tcp + seg->ts_off));
		FUZZ_MUST(seg->tsecr == get32(tcp + seg->ts_off + 4));
	}
	FUZZ_MUST((seg->sack_off != 0) == (seg->sack_blocks != 0));
	if (seg->sack_off != 0) {
		FUZZ_MUST(seg->sack_off >= 22 && seg->sack_off + 8u * seg->sack_blocks <= end);
		FUZZ_MUST(tcp[seg->sack_off - 2] == 5);
		FUZZ_MUST((tcp[seg->sack_off - 1] - 2) / 8 == seg->sack_blocks);
	}
	FUZZ_MUST(seg->wscale <= 14 || seg->wscale == WEIR_WSCALE_NONE);
	FUZZ_MUST(seg->mss != 0);
	if (!(seg->flags & WEIR_TCP_SYN))
		FUZZ_MUST(seg->wscale == WEIR_WSCALE_NONE && !seg->sack_ok &&
			seg->mss == (seg->family == 6 ? 1220 : 536));
}

/* What is the same for both families; end: of the packet in the frame. */
static void check_segment(const struct weir_pkt *pkt, size_t end)
{
	const uint8_t *tcp = pkt->frame.data + pkt->seg.l4_off;
	const struct weir_seg *seg = &pkt->seg;

	FUZZ_MUST(seg->l3_off == FRAME_IP && end <= pkt->frame.len);
	FUZZ_MUST(pkt->frame.head_len >= seg->l4_off + 20u + seg->opt_len);
	FUZZ_MUST(end == seg->l4_off + 20u + seg->opt_len + seg->payload_len);
	FUZZ_MUST((tcp[12] >> 4) * 4 == 20 + seg->opt_len);
	FUZZ_MUST(memcmp(&seg->sport_be, tcp, 2) == 0 && memcmp(&seg->dport_be, tcp + 2, 2) == 0);
	FUZZ_MUST(seg->seq == get32(tcp + 4) && seg->ack == get32(tcp + 8));
	FUZZ_MUST(seg->flags == tcp[13] && seg->wnd == frame_get16(tcp + 14));
	FUZZ_MUST(pkt->frame.csum != WEIR_CSUM_BAD);
	check_options(seg, tcp);
}

static void check_tcp(const struct weir_pkt *pkt)
{
	const uint8_t *ip = pkt->frame.data + FRAME_IP;
	size_t end = FRAME_IP + (size_t)frame_get16(ip + 2);

	check_segment(pkt, end);
	FUZZ_MUST(pkt->seg.family == 4 && pkt->seg.l4_off == FRAME_TCP);
	FUZZ_MUST(ip[0] == 0x45 && ip[9] == 6 && ip[8] > 0);
	FUZZ_MUST(frame_ip_sum(pkt->frame.data) == 0xffff);
	check_addresses(&pkt->seg, ip);
	if (pkt->frame.csum == WEIR_CSUM_UNKNOWN && pkt->frame.head_len >= end)
		FUZZ_MUST(frame_tcp_sum(pkt->frame.data) == 0xffff);
}

static void check_tcp6(const struct weir_pkt *pkt)
{
	const uint8_t *f = pkt->frame.data;
	size_t end = FRAME6_TCP + (size_t)frame_get16(f + FRAME_IP + 4);
	uint8_t proto;

	check_segment(pkt, end);
	FUZZ_MUST(pkt->seg.family == 6 && f[FRAME_IP] >> 4 == 6);
	FUZZ_MUST(pkt->seg.l4_off == fuzz_upper6(f, end, pkt->frame.head_len, &proto) &&
		proto == 6);
	check_addresses6(&pkt->seg, f);
	if (pkt->frame.csum == WEIR_CSUM_UNKNOWN && pkt->frame.head_len >= end)
		FUZZ_MUST(frame6_sum(f, pkt->seg.l4_off, 6) == 0xffff);
}

/* HC-10: flags that TCP sends, PSH, URG, ECE and CWR aside. */
static bool naive_flags(uint8_t flags)
{
	switch (flags & 0x17) {
	case WEIR_TCP_SYN:
	case WEIR_TCP_SYN | WEIR_TCP_ACK:
	case WEIR_TCP_RST:
	case WEIR_TCP_RST | WEIR_TCP_ACK:
	case WEIR_TCP_ACK:
	case WEIR_TCP_FIN | WEIR_TCP_ACK:
		return true;
	}
	return false;
}

/* A TCP segment of l4_len bytes at l4_off by its header; same: between the same two addresses. */
static bool naive_tcp(const struct weir_pkt *pkt, size_t l4_off, size_t l4_len, bool same)
{
	const uint8_t *tcp = pkt->frame.data + l4_off;
	bool whole = pkt->frame.head_len >= l4_off + l4_len;
	size_t header_len;

	if (l4_len < 20 || pkt->frame.head_len < l4_off + 20 || !naive_flags(tcp[13]))
		return false;
	header_len = (tcp[12] >> 4) * 4u;
	if (header_len < 20 || header_len > l4_len || pkt->frame.head_len < l4_off + header_len)
		return false;
	if (frame_get16(tcp) == 0 || frame_get16(tcp + 2) == 0)
		return false;
	if (same && memcmp(tcp, tcp + 2, 2) == 0) /* "LAND" */
		return false;
	if (pkt->frame.csum == WEIR_CSUM_UNKNOWN && whole)
		return (l4_off == FRAME_TCP ? frame_tcp_sum(pkt->frame.data)
					    : frame6_sum(pkt->frame.data, l4_off, 6)) == 0xffff;
	return pkt->frame.csum != WEIR_CSUM_BAD;
}

static bool naive_icmp(const struct weir_pkt *pkt, uint32_t l4_len)
{
	bool whole = pkt->frame.head_len >= FRAME_TCP + l4_len;

	return l4_len >= 8 && pkt->frame.head_len >= FRAME_TCP + 8 &&
		(!whole || frame_sum(0, pkt->frame.data + FRAME_TCP, l4_len) == 0xffff);
}

/* No host's address: RFC 4291 §2.5, ::/64 as a whole. */
static bool naive_special6(const uint8_t *addr)
{
	static const uint8_t zero[8];

	return memcmp(addr, zero, 8) == 0;
}

static enum weir_parsed naive_icmp6(const struct weir_pkt *pkt, size_t l4_off, size_t l4_len)
{
	static const uint8_t zero[16];
	const uint8_t *f = pkt->frame.data, *src = f + FRAME6_SRC;
	bool is_nd;

	if (l4_len < 8 || pkt->frame.head_len < l4_off + 8)
		return WEIR_PARSED_BAD;
	is_nd = (f[l4_off] >= 133 && f[l4_off] <= 137) || f[l4_off] == 130;
	if (naive_special6(src) && (!is_nd || memcmp(src, zero, 16) != 0))
		return WEIR_PARSED_BAD;
	if (src[0] == 0xff)
		return WEIR_PARSED_BAD;
	if (pkt->frame.head_len >= l4_off + l4_len && frame6_sum(f, l4_off, 58) != 0xffff)
		return WEIR_PARSED_BAD;
	return is_nd ? WEIR_PARSED_ND : WEIR_PARSED_ICMP;
}

static enum weir_parsed naive6(const struct weir_pkt *pkt)
{
	const uint8_t *f = pkt->frame.data, *src = f + FRAME6_SRC;
	size_t end, l4_off;
	uint8_t proto;

	if (pkt->frame.head_len < FRAME6_TCP || f[FRAME_IP] >> 4 != 6)
		return WEIR_PARSED_BAD;
	end = FRAME6_TCP + (size_t)frame_get16(f + FRAME_IP + 4);
	l4_off = end > pkt->frame.len ? 0 : fuzz_upper6(f, end, pkt->frame.head_len, &proto);
	if (l4_off == 0 || naive_special6(f + FRAME6_DST))
		return WEIR_PARSED_BAD;
	if (proto == WEIR_PROTO_ICMP6)
		return naive_icmp6(pkt, l4_off, end - l4_off);
	if (proto != WEIR_PROTO_TCP || naive_special6(src) || src[0] == 0xff ||
		(frame_get16(src) & 0xffc0) == 0xfe80)
		return WEIR_PARSED_BAD;
	return naive_tcp(pkt, l4_off, end - l4_off, memcmp(src, f + FRAME6_DST, 16) == 0)
		? WEIR_PARSED_TCP
		: WEIR_PARSED_BAD;
}

/* What the parser must say, read off wire/parse.h and the words of base/fate.def. */
static enum weir_parsed naive(const struct weir_pkt *pkt)
{
	const uint8_t *f = pkt->frame.data, *ip = f + FRAME_IP;
	uint16_t type = pkt->frame.head_len >= 14 ? frame_get16(f + 12) : 0;
	uint32_t ip_len;

	if (type == WEIR_ETH_ARP && pkt->frame.head_len >= 42)
		return get32(ip) == 0x00010800 && frame_get16(ip + 4) == 0x0604 && ip[6] == 0 &&
				(ip[7] == 1 || ip[7] == 2) && (ip[8] & 1) == 0
			? WEIR_PARSED_ARP
			: WEIR_PARSED_BAD;
	if (type == WEIR_ETH_IPV6)
		return naive6(pkt);
	if (type != WEIR_ETH_IPV4 || pkt->frame.head_len < FRAME_TCP || ip[0] != 0x45)
		return WEIR_PARSED_BAD;
	ip_len = frame_get16(ip + 2);
	if (ip_len < 20 || ip_len + FRAME_IP > pkt->frame.len || frame_ip_sum(f) != 0xffff)
		return WEIR_PARSED_BAD;
	if ((frame_get16(ip + 6) & 0x3fff) != 0 || ip[8] == 0)
		return WEIR_PARSED_BAD;
	if (ip[12] == 0 || ip[12] == 127 || ip[12] >= 224)
		return WEIR_PARSED_BAD;
	if (ip[9] == WEIR_PROTO_TCP &&
		naive_tcp(pkt, FRAME_TCP, ip_len - 20, memcmp(ip + 12, ip + 16, 4) == 0))
		return WEIR_PARSED_TCP;
	if (ip[9] == WEIR_PROTO_ICMP && naive_icmp(pkt, ip_len - 20))
		return WEIR_PARSED_ICMP;
	return WEIR_PARSED_BAD;
}

/* What can become of a packet by what it was parsed as; its key is made of its own fields. */
static void check_kind(const struct weir_pkt *pkt, enum weir_parsed parsed)
{
	switch ((enum weir_kind)pkt->kind) {
	case WEIR_KIND_NONE:
		FUZZ_MUST(pkt->fate < WEIR_FATES && weir_fates[pkt->fate].class == WEIR_CLASS_DROP);
		break;
	case WEIR_KIND_CLIENT:
		FUZZ_MUST(parsed == WEIR_PARSED_TCP && pkt->key.id <= SHELL_NAT);
		FUZZ_MUST(weir_addr_eq(&pkt->key.addr, &pkt->seg.src));
		FUZZ_MUST(pkt->key.port_be == pkt->seg.sport_be);
		break;
	case WEIR_KIND_BACKEND:
		FUZZ_MUST(parsed == WEIR_PARSED_TCP && pkt->key.id >= WEIR_KEY_BACKEND);
		FUZZ_MUST(weir_addr_eq(&pkt->key.addr, &pkt->seg.dst));
		FUZZ_MUST(pkt->key.port_be == pkt->seg.dport_be);
		break;
	case WEIR_KIND_CLOSED:
		FUZZ_MUST(parsed == WEIR_PARSED_TCP);
		break;
	case WEIR_KIND_ICMP_ERROR:
		FUZZ_MUST(parsed == WEIR_PARSED_ICMP && pkt->key.id >= WEIR_KEY_BACKEND);
		FUZZ_MUST(weir_addr_eq(&pkt->key.addr, &pkt->seg.src));
		break;
	case WEIR_KIND_PING:
		FUZZ_MUST(parsed == WEIR_PARSED_ICMP);
		break;
	case WEIR_KIND_ARP:
		FUZZ_MUST(parsed == WEIR_PARSED_ARP);
		break;
	case WEIR_KIND_ND:
		FUZZ_MUST(parsed == WEIR_PARSED_ND);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	uint8_t control = fuzz_u8(&in);
	size_t elsewhere = control & 8 ? fuzz_u8(&in) : 0;
	size_t len = fuzz_left(&in), head_len = len > elsewhere ? len - elsewhere : 0;
	uint8_t *whole, *head, *before;
	enum weir_parsed parsed, expected;
	struct weir_pkt pkt;

	if (len > 9216)
		return 0;
	whole = fuzz_copy(in.at, len);
	if (control & 4)
		fuzz_mend(whole, len);
	head = fuzz_copy(whole, head_len);
	before = fuzz_copy(whole, head_len);
	memset(&pkt, 0xa5, sizeof(pkt)); /* nothing may rely on what was there before */
	pkt.frame.data = head;
	pkt.frame.len = (uint32_t)len;
	pkt.frame.head_len = pkt.frame.room = (uint16_t)head_len;
	pkt.interface = SHELL_CLIENTS;
	pkt.frame.csum = control & 3;
	parsed = weir_pkt_parse(&pkt);
	expected = naive(&pkt);
	/* fuzz_nd.c has a twin of what a message must be */
	FUZZ_MUST(parsed == expected || (parsed == WEIR_PARSED_BAD && expected == WEIR_PARSED_ND));
	if (parsed == WEIR_PARSED_TCP && frame_get16(head + 12) == WEIR_ETH_IPV6)
		check_tcp6(&pkt);
	else if (parsed == WEIR_PARSED_TCP)
		check_tcp(&pkt);
	weir_classify(the_policy(), &pkt, parsed);
	check_kind(&pkt, parsed);
	FUZZ_MUST(weir_owner(the_policy(), &pkt, 1) < WORKERS);
	FUZZ_MUST(head_len == 0 || memcmp(head, before, head_len) == 0);
	free(before);
	free(head);
	free(whole);
	return 0;
}
