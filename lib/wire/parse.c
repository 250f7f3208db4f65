// SPDX-License-Identifier: BSD-3-Clause
/*
 * One pass over a frame's headers. The order of the checks is the order of base/fate.def; those
 * that a flood's packets pass are the straight line.
 */
#include <string.h>

#include "base/csum.h"
#include "wire/opt.h"
#include "wire/parse.h"

#define ETH_LEN  ((unsigned int)sizeof(struct weir_eth_hdr))
#define IPV4_LEN ((unsigned int)sizeof(struct weir_ipv4_hdr))
#define TCP_LEN  ((unsigned int)sizeof(struct weir_tcp_hdr))
#define L4_OFF   (ETH_LEN + IPV4_LEN) /* IP options are dropped by name, so it is always here */

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

static struct weir_parse_result good(enum weir_parsed parsed)
{
	return (struct weir_parse_result){.parsed = parsed};
}

static struct weir_parse_result bad(enum weir_fate why)
{
	return (struct weir_parse_result){WEIR_PARSED_BAD, why};
}

/* The first `end` bytes are wanted and not at hand: is the frame too short, or scattered? */
static struct weir_parse_result cut_off(const struct weir_frame *f, uint32_t end)
{
	return bad(f->len < end ? WEIR_FATE_short_frame : WEIR_FATE_split_headers);
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t x;

	memcpy(&x, p, 4);
	return x;
}

static inline uint32_t load_be32(const uint8_t *p)
{
	return weir_be32(load32(p));
}

/*
 * Sources that no packet on the wire may have: "this" network and loopback (RFC 1122 §3.2.1.3),
 * multicast, reserved and broadcast (224.0.0.0 and above).
 */
static inline bool martian(uint32_t src_be)
{
	uint8_t first = (uint8_t)(weir_be32(src_be) >> 24);

	return (uint8_t)(first - 1) >= 223 || first == 127;
}

/*
 * What TCP sends, PSH, URG, ECE and CWR aside: SYN, SYN|ACK, RST, RST|ACK, ACK, FIN|ACK. A bit per
 * combination of the low five flags without PSH (HC-10).
 */
static inline bool flags_sane(uint8_t flags)
{
	const uint32_t sane = 1u << WEIR_TCP_SYN | 1u << (WEIR_TCP_SYN | WEIR_TCP_ACK) |
		1u << WEIR_TCP_RST | 1u << (WEIR_TCP_RST | WEIR_TCP_ACK) | 1u << WEIR_TCP_ACK |
		1u << (WEIR_TCP_FIN | WEIR_TCP_ACK);

	return sane >> (flags & (WEIR_TCP_FIN | WEIR_TCP_SYN | WEIR_TCP_RST | WEIR_TCP_ACK)) & 1;
}

/* None and 0 mean the default (RFC 9293 §3.7.1). */
static inline void take_mss(struct weir_seg *seg, const uint8_t *data)
{
	if ((data[0] | data[1]) != 0)
		seg->mss = (uint16_t)(data[0] << 8 | data[1]);
}

static inline void take_wscale(struct weir_seg *seg, uint8_t shift)
{
	seg->wscale = shift < WEIR_TCP_WSCALE_MAX ? shift : WEIR_TCP_WSCALE_MAX;
}

/* Timestamps at an offset from the TCP header. */
static inline void take_timestamps(struct weir_seg *seg, const uint8_t *tcp, unsigned int off)
{
	seg->ts_off = (uint8_t)off;
	seg->tsval = load_be32(tcp + off);
	seg->tsecr = load_be32(tcp + off + 4);
}

/* One option into the view. Where one stands twice the last counts, as it does for Linux. */
static void take_option(struct weir_seg *seg, const uint8_t *tcp, const struct weir_opt_iter *it)
{
	const uint8_t *data = it->data;
	bool syn = seg->flags & WEIR_TCP_SYN;

	switch (it->kind) {
	case WEIR_OPT_MSS:
		if (syn && it->data_len == 2)
			take_mss(seg, data);
		break;
	case WEIR_OPT_WSCALE:
		if (syn && it->data_len == 1)
			take_wscale(seg, data[0]);
		break;
	case WEIR_OPT_SACK_OK:
		if (syn && it->data_len == 0)
			seg->sack_ok = true;
		break;
	case WEIR_OPT_SACK:
		seg->sack_blocks = it->data_len / 8;
		seg->sack_off = seg->sack_blocks ? (uint8_t)(data - tcp) : 0;
		break;
	case WEIR_OPT_TIMESTAMP:
		if (it->data_len == 8)
			take_timestamps(seg, tcp, (unsigned int)(data - tcp));
		break;
	}
}

/*
 * Two layouts that most segments have are taken as a whole; the walk would come to the same. An
 * established connection's, as every stack writes it: RFC 7323 appendix A.
 */
static inline bool only_timestamps(struct weir_seg *seg, const uint8_t *tcp)
{
	const uint32_t lead = weir_bytes32(WEIR_OPT_NOP, WEIR_OPT_NOP, WEIR_OPT_TIMESTAMP, 10);

	if (seg->opt_len != 12 || load32(tcp + TCP_LEN) != lead)
		return false;
	take_timestamps(seg, tcp, TCP_LEN + 4);
	return true;
}

/* A SYN of Linux or Android: MSS, SACK-permitted, timestamps, NOP, window scale. */
static inline bool linux_syn(struct weir_seg *seg, const uint8_t *tcp)
{
	const uint8_t *o = tcp + TCP_LEN;
	const uint32_t mss = weir_bytes32(WEIR_OPT_MSS, 4, 0, 0);
	const uint32_t lead = weir_bytes32(WEIR_OPT_SACK_OK, 2, WEIR_OPT_TIMESTAMP, 10);
	const uint32_t scale = weir_bytes32(WEIR_OPT_NOP, WEIR_OPT_WSCALE, 3, 0);

	if (seg->opt_len != 20 || !(seg->flags & WEIR_TCP_SYN) ||
		(((load32(o) ^ mss) & weir_bytes32(0xff, 0xff, 0, 0)) | (load32(o + 4) ^ lead) |
			((load32(o + 16) ^ scale) & weir_bytes32(0xff, 0xff, 0xff, 0))) != 0)
		return false;
	take_mss(seg, o + 2);
	seg->sack_ok = true;
	take_timestamps(seg, tcp, TCP_LEN + 8);
	take_wscale(seg, o[19]);
	return true;
}

/* Any layout. Not in line, so that the usual ones need few registers. */
static __attribute__((noinline)) struct weir_parse_result walk_options(struct weir_seg *seg,
	const uint8_t *tcp)
{
	struct weir_opt_iter it;

	for (weir_opt_start(&it, tcp + TCP_LEN, seg->opt_len); weir_opt_next(&it);)
		take_option(seg, tcp, &it);
	return good(WEIR_PARSED_TCP);
}

/* The last step: nothing is wrong with it. */
static inline struct weir_parse_result good_tcp(const struct weir_frame *f, struct weir_seg *seg)
{
	const uint8_t *tcp = f->data + L4_OFF;

	seg->ts_off = 0;
	seg->sack_off = 0;
	seg->sack_blocks = 0;
	seg->wscale = WEIR_WSCALE_NONE;
	seg->sack_ok = false;
	seg->mss = WEIR_TCP_MSS_DEFAULT;
	if (seg->opt_len == 0 || LIKELY(only_timestamps(seg, tcp)) || LIKELY(linux_syn(seg, tcp)))
		return good(WEIR_PARSED_TCP);
	return walk_options(seg, tcp);
}

/* The usual lengths by themselves: a few additions, and no loop. */
static inline uint64_t add_options(uint64_t sum, const uint8_t *options, uint32_t len)
{
	if (LIKELY(len == 12))
		return weir_csum_header(sum, options, 12);
	if (LIKELY(len == 20))
		return weir_csum_header(sum, options, 20);
	return weir_csum_header(sum, options, len);
}

/* The segment's checksum, pseudo header included (RFC 9293 §3.1). All its bytes are at hand. */
static inline struct weir_parse_result sum_up(const struct weir_frame *f, struct weir_seg *seg,
	const struct weir_ipv4_hdr *ip, uint16_t payload_len)
{
	const uint8_t *tcp = f->data + L4_OFF;
	const uint32_t header_len = TCP_LEN + seg->opt_len;
	uint64_t sum =
		weir_ipv4_pseudo(ip->src_be, ip->dst_be, (uint16_t)(header_len + payload_len));

	sum = weir_csum_header(sum, tcp, TCP_LEN);
	sum = add_options(sum, tcp + TCP_LEN, seg->opt_len);
	if (payload_len > 0)
		sum = weir_csum_add(sum, tcp + header_len, payload_len);
	if (UNLIKELY(weir_csum_fold(sum) != 0xffff))
		return bad(WEIR_FATE_tcp_checksum);
	return good_tcp(f, seg);
}

/* By itself, so that a flood's packets, which have none, call nothing. */
static __attribute__((noinline)) struct weir_parse_result sum_up_payload(const struct weir_frame *f,
	struct weir_seg *seg, const struct weir_ipv4_hdr *ip)
{
	return sum_up(f, seg, ip, seg->payload_len);
}

static inline void fill_view(struct weir_seg *seg, const struct weir_ipv4_hdr *ip,
	const struct weir_tcp_hdr *tcp, uint32_t l4_len, uint32_t header_len)
{
	seg->src = weir_addr_v4(ip->src_be);
	seg->dst = weir_addr_v4(ip->dst_be);
	seg->sport_be = tcp->sport_be;
	seg->dport_be = tcp->dport_be;
	seg->seq = weir_be32(tcp->seq_be);
	seg->ack = weir_be32(tcp->ack_be);
	seg->wnd = weir_be16(tcp->wnd_be);
	seg->payload_len = (uint16_t)(l4_len - header_len);
	seg->flags = tcp->flags;
	seg->l4_off = L4_OFF;
	seg->opt_len = (uint8_t)(header_len - TCP_LEN);
}

static struct weir_parse_result parse_tcp(const struct weir_frame *f, struct weir_seg *seg,
	const struct weir_ipv4_hdr *ip, uint32_t l4_len)
{
	const struct weir_tcp_hdr *tcp = (const void *)(f->data + L4_OFF);
	uint32_t header_len;

	if (UNLIKELY(f->head_len < L4_OFF + TCP_LEN))
		return l4_len < TCP_LEN ? bad(WEIR_FATE_tcp_header) : cut_off(f, L4_OFF + TCP_LEN);
	header_len = (tcp->off >> 4) * 4u;
	if (UNLIKELY(header_len < TCP_LEN || header_len > l4_len))
		return bad(WEIR_FATE_tcp_header);
	if (UNLIKELY(f->head_len < L4_OFF + header_len))
		return cut_off(f, L4_OFF + header_len);
	if (UNLIKELY(tcp->sport_be == 0 || tcp->dport_be == 0))
		return bad(WEIR_FATE_tcp_header);
	if (UNLIKELY(!flags_sane(tcp->flags)))
		return bad(WEIR_FATE_tcp_flags);
	if (UNLIKELY(ip->src_be == ip->dst_be && tcp->sport_be == tcp->dport_be))
		return bad(WEIR_FATE_martian); /* "LAND": a segment from its own destination */

	fill_view(seg, ip, tcp, l4_len, header_len);
	if (f->csum != WEIR_CSUM_UNKNOWN || f->head_len < L4_OFF + l4_len)
		return UNLIKELY(f->csum == WEIR_CSUM_BAD) ? bad(WEIR_FATE_tcp_checksum)
							  : good_tcp(f, seg);
	return seg->payload_len == 0 ? sum_up(f, seg, ip, 0) : sum_up_payload(f, seg, ip);
}

static struct weir_parse_result parse_icmp(const struct weir_frame *f, uint32_t icmp_len)
{
	const uint32_t min_len = sizeof(struct weir_icmp_hdr);
	const uint8_t *icmp = f->data + L4_OFF;

	if (icmp_len < min_len)
		return bad(WEIR_FATE_icmp_malformed);
	if (f->head_len < L4_OFF + min_len)
		return cut_off(f, L4_OFF + min_len);
	if (f->head_len >= L4_OFF + icmp_len &&
		weir_csum_fold(weir_csum_add(0, icmp, icmp_len)) != 0xffff)
		return bad(WEIR_FATE_icmp_malformed);
	return good(WEIR_PARSED_ICMP);
}

/* What is wrong with an IP header that does not begin with version 4 and length 5. */
static struct weir_parse_result odd_ipv4(uint8_t version_ihl)
{
	if (version_ihl >> 4 != 4 || (version_ihl & 0xf) < IPV4_LEN / 4)
		return bad(WEIR_FATE_ip_header);
	return bad(WEIR_FATE_ip_options);
}

static struct weir_parse_result parse_ipv4(const struct weir_frame *f, struct weir_seg *seg)
{
	const struct weir_ipv4_hdr *ip = (const void *)(f->data + ETH_LEN);
	uint32_t l4_len;

	if (UNLIKELY(ip->version_ihl != 0x45))
		return odd_ipv4(ip->version_ihl);
	l4_len = weir_be16(ip->len_be) - IPV4_LEN; /* wraps, and is too long, when that is less */
	if (UNLIKELY(l4_len > f->len - L4_OFF))
		return bad((int32_t)l4_len < 0 ? WEIR_FATE_ip_header : WEIR_FATE_short_frame);
	if (UNLIKELY(weir_csum_fold(weir_csum_header(0, ip, IPV4_LEN)) != 0xffff))
		return bad(WEIR_FATE_ip_checksum);
	if (UNLIKELY(ip->frag_be & weir_be16(WEIR_IPV4_MF | WEIR_IPV4_OFF)))
		return bad(WEIR_FATE_ip_fragment);
	if (UNLIKELY(ip->ttl == 0))
		return bad(WEIR_FATE_ip_ttl);
	if (UNLIKELY(martian(ip->src_be)))
		return bad(WEIR_FATE_martian);
	if (LIKELY(ip->proto == WEIR_PROTO_TCP))
		return parse_tcp(f, seg, ip, l4_len);
	if (ip->proto == WEIR_PROTO_ICMP)
		return parse_icmp(f, l4_len);
	return bad(WEIR_FATE_other_protocol);
}

/* Ethernet and IPv4 (RFC 826). No station has a group address (RFC 1812 §3.3.2). */
static struct weir_parse_result parse_arp(const struct weir_frame *f)
{
	const struct weir_arp_hdr *arp = (const void *)(f->data + ETH_LEN);
	uint16_t op;

	if (f->head_len < ETH_LEN + sizeof(*arp))
		return cut_off(f, ETH_LEN + sizeof(*arp));
	op = weir_be16(arp->op_be);
	if (arp->hw_be != weir_be16(1) || arp->proto_be != weir_be16(WEIR_ETH_IPV4) ||
		arp->hw_len != 6 || arp->proto_len != 4 || (arp->sender_mac[0] & 1) != 0 ||
		(op != WEIR_ARP_REQUEST && op != WEIR_ARP_REPLY))
		return bad(WEIR_FATE_arp_malformed);
	return good(WEIR_PARSED_ARP);
}

/* All frames but those that have a whole IPv4 header. */
static __attribute__((noinline)) struct weir_parse_result parse_other(const struct weir_frame *f)
{
	const struct weir_eth_hdr *eth = (const void *)f->data;

	if (f->head_len < ETH_LEN)
		return cut_off(f, ETH_LEN);
	switch (weir_be16(eth->type_be)) {
	case WEIR_ETH_IPV4:
		return cut_off(f, L4_OFF);
	case WEIR_ETH_ARP:
		return parse_arp(f);
	case WEIR_ETH_VLAN:
	case WEIR_ETH_QINQ:
		return bad(WEIR_FATE_vlan_tag);
	case WEIR_ETH_IPV6:
		return bad(WEIR_FATE_ipv6);
	default:
		return bad(WEIR_FATE_other_ethertype);
	}
}

struct weir_parse_result weir_parse(const struct weir_frame *f, struct weir_seg *seg)
{
	const struct weir_eth_hdr *eth = (const void *)f->data;

	if (LIKELY(f->head_len >= L4_OFF) && LIKELY(eth->type_be == weir_be16(WEIR_ETH_IPV4)))
		return parse_ipv4(f, seg);
	return parse_other(f);
}
