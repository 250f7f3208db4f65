// SPDX-License-Identifier: BSD-3-Clause
/*
 * Owns the way from a frame to the view: Ethernet's type, then IP (the family's reader: wire/ipv4.h, wire/ipv6.h), then TCP
 * and its options, or the ICMP header. One pass; the order of the checks is the order of base/fate.def.
 * What the packets of a flood pass through is in line and without a call; rare cases are out of line.
 */
#include <string.h>

#include "base/csum.h"
#include "wire/arp.h"
#include "wire/l3.h"
#include "wire/mld.h"
#include "wire/nd.h"
#include "wire/opt.h"
#include "wire/parse.h"

#define TCP_LEN ((unsigned int)sizeof(struct weir_tcp_hdr))

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

static struct weir_parse_result cut_off(const struct weir_frame *f, uint32_t end)
{
	return bad(weir_frame_cut(f, end));
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

/* No MSS option, or one of 0, means the default (RFC 9293 §3.7.1). */
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

/* Stores one option in the view. Of two options of a kind the last counts, as it does in Linux. */
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
 * Two layouts of options, which most segments have, are recognised as a whole; walk_options() would come to
 * the same view. This one is an established connection's, as every stack writes it: RFC 7323 appendix A.
 */
static inline bool only_timestamps(struct weir_seg *seg, const uint8_t *tcp)
{
	const uint32_t lead = weir_bytes32(WEIR_OPT_NOP, WEIR_OPT_NOP, WEIR_OPT_TIMESTAMP, 10);

	if (seg->opt_len != 12 || load32(tcp + TCP_LEN) != lead)
		return false;
	take_timestamps(seg, tcp, TCP_LEN + 4);
	return true;
}

/* The other layout, a SYN of Linux or Android: MSS, SACK-permitted, timestamps, NOP, window scale. */
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

/* Any layout. Out of line, so that the usual ones need few registers. */
static __attribute__((noinline)) struct weir_parse_result walk_options(struct weir_seg *seg,
	const uint8_t *tcp)
{
	struct weir_opt_iter it;

	for (weir_opt_start(&it, tcp + TCP_LEN, seg->opt_len); weir_opt_next(&it);)
		take_option(seg, tcp, &it);
	return good(WEIR_PARSED_TCP);
}

/* The last step: the segment is right, what is left are its options. */
static inline struct weir_parse_result good_tcp(struct weir_seg *seg, const uint8_t *tcp)
{
	if (seg->opt_len == 0 || LIKELY(only_timestamps(seg, tcp)) || LIKELY(linux_syn(seg, tcp)))
		return good(WEIR_PARSED_TCP);
	return walk_options(seg, tcp);
}

/* The usual lengths are constants: a few additions, and no loop. */
static inline uint64_t add_options(uint64_t sum, const uint8_t *options, uint32_t len)
{
	if (LIKELY(len == 12))
		return weir_csum_header(sum, options, 12);
	if (LIKELY(len == 20))
		return weir_csum_header(sum, options, 20);
	return weir_csum_header(sum, options, len);
}

/*
 * A field that holds the pseudo header's sum and no more is what a kernel hands to a device that is
 * to do the rest (Linux's CHECKSUM_PARTIAL): the frame never was on a wire. It is dropped like any
 * other wrong checksum, because nothing says that it is good, but by a name that tells why.
 */
static __attribute__((noinline)) struct weir_parse_result bad_sum(const struct weir_seg *seg,
	const struct weir_tcp_hdr *tcp, uint64_t addr_sum)
{
	const uint64_t pseudo = weir_pseudo_sum(addr_sum, weir_seg_l4_len(seg));

	return bad(tcp->csum == weir_csum_fold(pseudo) ? WEIR_FATE_tcp_checksum_partial
						       : WEIR_FATE_tcp_checksum);
}

/* The segment's checksum, pseudo header included. All its bytes are contiguous. */
static inline struct weir_parse_result sum_up(struct weir_seg *seg, const uint8_t *tcp,
	uint64_t addr_sum, uint16_t payload_len)
{
	const uint32_t header_len = TCP_LEN + seg->opt_len;
	uint64_t sum = weir_pseudo_sum(addr_sum, (uint16_t)(header_len + payload_len));

	sum = weir_csum_header(sum, tcp, TCP_LEN);
	sum = add_options(sum, tcp + TCP_LEN, seg->opt_len);
	if (payload_len > 0)
		sum = weir_csum_add(sum, tcp + header_len, payload_len);
	if (UNLIKELY(weir_csum_fold(sum) != 0xffff))
		return bad_sum(seg, (const void *)tcp, addr_sum);
	return good_tcp(seg, tcp);
}

/* Out of line, so that the packets of a flood, which have no payload, call nothing. */
static __attribute__((noinline)) struct weir_parse_result sum_up_payload(struct weir_seg *seg,
	const uint8_t *tcp, uint64_t addr_sum)
{
	return sum_up(seg, tcp, addr_sum, seg->payload_len);
}

static inline void fill_l3(struct weir_seg *seg, const struct weir_frame *f,
	const struct weir_datagram *d)
{
	weir_l3_addrs(f, d, &seg->src, &seg->dst);
	seg->l3_off = d->l3_off;
	seg->l4_off = d->l4_off;
	seg->family = d->family;
}

/* As of a segment without options. */
static inline void fill_options(struct weir_seg *seg, uint16_t mss)
{
	seg->ts_off = 0;
	seg->sack_off = 0;
	seg->sack_blocks = 0;
	seg->wscale = WEIR_WSCALE_NONE;
	seg->sack_ok = false;
	seg->mss = mss;
}

static inline void fill_tcp(struct weir_seg *seg, const struct weir_tcp_hdr *tcp, uint32_t l4_len,
	uint32_t header_len)
{
	seg->sport_be = tcp->sport_be;
	seg->dport_be = tcp->dport_be;
	seg->seq = weir_be32(tcp->seq_be);
	seg->ack = weir_be32(tcp->ack_be);
	seg->wnd = weir_be16(tcp->wnd_be);
	seg->payload_len = (uint16_t)(l4_len - header_len);
	seg->flags = tcp->flags;
	seg->opt_len = (uint8_t)(header_len - TCP_LEN);
}

/* In line for each family, whose offsets are constants. */
static inline __attribute__((always_inline)) struct weir_parse_result
parse_tcp(const struct weir_frame *f, struct weir_seg *seg, const struct weir_datagram *d)
{
	const uint8_t *at = f->data + d->l4_off;
	const struct weir_tcp_hdr *tcp = (const void *)at;
	uint32_t header_len;

	if (UNLIKELY(f->head_len < d->l4_off + TCP_LEN))
		return d->l4_len < TCP_LEN ? bad(WEIR_FATE_tcp_header)
					   : cut_off(f, d->l4_off + TCP_LEN);
	header_len = (tcp->off >> 4) * 4u;
	if (UNLIKELY(header_len < TCP_LEN || header_len > d->l4_len))
		return bad(WEIR_FATE_tcp_header);
	if (UNLIKELY(f->head_len < d->l4_off + header_len))
		return cut_off(f, d->l4_off + header_len);
	if (UNLIKELY(tcp->sport_be == 0 || tcp->dport_be == 0))
		return bad(WEIR_FATE_tcp_header);
	if (UNLIKELY(!flags_sane(tcp->flags)))
		return bad(WEIR_FATE_tcp_flags);
	fill_l3(seg, f, d);
	fill_options(seg,
		weir_l3_is_ipv4(d->family) ? WEIR_TCP_MSS_DEFAULT : WEIR_TCP_MSS_DEFAULT_IPV6);
	if (UNLIKELY(weir_addr_eq(&seg->src, &seg->dst) && tcp->sport_be == tcp->dport_be))
		return bad(WEIR_FATE_martian); /* "LAND": a segment from its own destination */

	fill_tcp(seg, tcp, d->l4_len, header_len);
	if (f->csum != WEIR_CSUM_UNKNOWN || f->head_len < d->l4_off + d->l4_len)
		return UNLIKELY(f->csum == WEIR_CSUM_BAD) ? bad(WEIR_FATE_tcp_checksum)
							  : good_tcp(seg, at);
	return seg->payload_len == 0 ? sum_up(seg, at, d->addr_sum, 0)
				     : sum_up_payload(seg, at, d->addr_sum);
}

/*
 * pseudo_sum: 0, or what stands in front of ICMPv6 (RFC 4443 §2.3). d by value, so that the callers' own stays
 * in registers.
 */
static struct weir_parse_result parse_icmp(const struct weir_frame *f, struct weir_seg *seg,
	struct weir_datagram d, uint64_t pseudo_sum)
{
	const uint32_t min_len = sizeof(struct weir_icmp_hdr);

	if (d.l4_len < min_len)
		return bad(WEIR_FATE_icmp_malformed);
	if (f->head_len < d.l4_off + min_len)
		return cut_off(f, d.l4_off + min_len);
	if (f->head_len >= d.l4_off + d.l4_len &&
		weir_csum_fold(weir_csum_add(pseudo_sum, f->data + d.l4_off, d.l4_len)) != 0xffff)
		return bad(WEIR_FATE_icmp_malformed);
	fill_l3(seg, f, &d);
	return good(WEIR_PARSED_ICMP);
}

static inline struct weir_parse_result parse_ipv4(const struct weir_frame *f, struct weir_seg *seg)
{
	struct weir_datagram d;
	enum weir_fate why;

	if (!weir_ipv4_read(f, &d, &why))
		return bad(why);
	if (LIKELY(d.proto == WEIR_PROTO_TCP))
		return parse_tcp(f, seg, &d);
	if (d.proto == WEIR_PROTO_ICMP)
		return parse_icmp(f, seg, d, 0);
	return bad(WEIR_FATE_other_protocol);
}

static struct weir_parse_result parse_nd(const struct weir_frame *f, const struct weir_seg *seg)
{
	enum weir_fate why;
	struct weir_nd nd;

	return weir_nd_read(f, seg, &nd, &why) ? good(WEIR_PARSED_ND) : bad(why);
}

static struct weir_parse_result parse_mld(const struct weir_frame *f, const struct weir_seg *seg)
{
	struct weir_mld_query q;
	enum weir_fate why;

	return weir_mld_read_query(f, seg, &q, &why) ? good(WEIR_PARSED_ND) : bad(why);
}

/* RFC 4861 §7: neighbour discovery alone is sent by what has no address yet. */
static struct weir_parse_result parse_icmp6(const struct weir_frame *f, struct weir_seg *seg,
	const struct weir_datagram *d)
{
	const uint64_t pseudo_sum =
		weir_pseudo_sum_of(WEIR_PROTO_ICMP6, d->addr_sum, (uint16_t)d->l4_len);
	struct weir_parse_result r = parse_icmp(f, seg, *d, pseudo_sum);

	if (r.parsed == WEIR_PARSED_ICMP && weir_nd_is_type(f->data[d->l4_off]))
		return parse_nd(f, seg);
	if (r.parsed == WEIR_PARSED_ICMP && f->data[d->l4_off] == WEIR_MLD_QUERY)
		return parse_mld(f, seg);
	if (r.parsed == WEIR_PARSED_ICMP && weir_ipv6_is_unspecified(&seg->src))
		return bad(WEIR_FATE_martian);
	return r;
}

/* What is not TCP, or has extension headers in front of it. */
static __attribute__((noinline)) struct weir_parse_result
parse_ipv6_other(const struct weir_frame *f, struct weir_seg *seg)
{
	struct weir_datagram d;
	enum weir_fate why;

	if (!weir_ipv6_read(f, &d, &why))
		return bad(why);
	if (d.proto == WEIR_PROTO_TCP)
		return parse_tcp(f, seg, &d);
	if (d.proto == WEIR_PROTO_ICMP6)
		return parse_icmp6(f, seg, &d);
	return bad(WEIR_FATE_other_protocol);
}

static __attribute__((noinline)) struct weir_parse_result parse_ipv6(const struct weir_frame *f,
	struct weir_seg *seg)
{
	struct weir_datagram d;
	enum weir_fate why;

	if (UNLIKELY(weir_ipv6(f->data)->next != WEIR_PROTO_TCP))
		return parse_ipv6_other(f, seg);
	return weir_ipv6_read_tcp(f, &d, &why) ? parse_tcp(f, seg, &d) : bad(why);
}

static struct weir_parse_result parse_arp(const struct weir_frame *f)
{
	enum weir_fate why;

	return weir_arp_check(f, &why) ? good(WEIR_PARSED_ARP) : bad(why);
}

/* All frames but those that have a whole IP header. */
static __attribute__((noinline)) struct weir_parse_result parse_other(const struct weir_frame *f)
{
	if (f->head_len < WEIR_ETH_LEN)
		return cut_off(f, WEIR_ETH_LEN);
	switch (weir_be16(weir_eth(f)->type_be)) {
	case WEIR_ETH_IPV4:
		return cut_off(f, WEIR_IPV4_L4_OFF);
	case WEIR_ETH_ARP:
		return parse_arp(f);
	case WEIR_ETH_VLAN: /* the shell has taken one off */
	case WEIR_ETH_QINQ:
		return bad(WEIR_FATE_qinq);
	case WEIR_ETH_IPV6:
		return cut_off(f, WEIR_IPV6_L4_OFF);
	default:
		return bad(WEIR_FATE_other_ethertype);
	}
}

struct weir_parse_result weir_parse(const struct weir_frame *f, struct weir_seg *seg)
{
	if (LIKELY(f->head_len >= WEIR_IPV4_L4_OFF) &&
		LIKELY(weir_eth(f)->type_be == weir_be16(WEIR_ETH_IPV4)))
		return parse_ipv4(f, seg);
	if (f->head_len >= WEIR_IPV6_L4_OFF &&
		LIKELY(weir_eth(f)->type_be == weir_be16(WEIR_ETH_IPV6)))
		return parse_ipv6(f, seg);
	return parse_other(f);
}
