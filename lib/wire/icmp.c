// SPDX-License-Identifier: BSD-3-Clause
/* ICMP for IPv4 (RFC 792), and the branch to the other family (icmp6.h). */
#include <string.h>

#include "base/csum.h"
#include "wire/cross.h"
#include "wire/icmp.h"
#include "wire/icmp6.h"
#include "wire/l3.h"

#define FRAG_NEEDED 4 /* code of WEIR_ICMP_UNREACHABLE: RFC 792, RFC 1191 */

/* The start of a datagram of ours, as an error sends it back: RFC 792, 64 bits of its data. */
struct quote {
	struct weir_ipv4_hdr ip;
	uint16_t sport_be, dport_be;
	uint32_t seq_be;
} __attribute__((packed, aligned(2)));

static struct weir_icmp bad(enum weir_fate why)
{
	return (struct weir_icmp){WEIR_ICMP_BAD, why};
}

/* We send no IP options and no fragments, so a quote that has some is not about us. */
static bool quotes_tcp(const struct quote *q, const struct weir_addr *sent_by)
{
	return q->ip.version_ihl == 0x45 && q->ip.proto == WEIR_PROTO_TCP &&
		(q->ip.frag_be & weir_be16(WEIR_IPV4_MF | WEIR_IPV4_OFF)) == 0 &&
		q->ip.src_be == weir_addr_v4_be(sent_by);
}

static struct weir_icmp read_error(const struct weir_frame *f, const struct weir_seg *seg,
	struct weir_seg *quoted)
{
	const unsigned int quote_off = seg->l4_off + (unsigned int)sizeof(struct weir_icmp_hdr);
	const struct weir_ipv4_hdr *ip = weir_ipv4(f->data);
	struct quote q;

	if (seg->l3_off + weir_be16(ip->len_be) < quote_off + sizeof(q))
		return bad(WEIR_FATE_icmp_malformed);
	if (f->head_len < quote_off + sizeof(q))
		return bad(WEIR_FATE_split_headers);
	memcpy(&q, f->data + quote_off, sizeof(q));
	if (!quotes_tcp(&q, &seg->dst))
		return bad(WEIR_FATE_icmp_other);
	*quoted = (struct weir_seg){
		.src = weir_addr_v4(q.ip.src_be),
		.dst = weir_addr_v4(q.ip.dst_be),
		.sport_be = q.sport_be,
		.dport_be = q.dport_be,
		.seq = weir_be32(q.seq_be),
		.family = WEIR_FAMILY_IPV4,
		.l3_off = seg->l3_off,
		.l4_off = seg->l4_off,
	};
	return (struct weir_icmp){.kind = WEIR_ICMP_ERROR};
}

struct weir_icmp weir_icmp_read(const struct weir_frame *f, const struct weir_seg *seg,
	struct weir_seg *quoted)
{
	const struct weir_icmp_hdr *icmp = (const void *)(f->data + seg->l4_off);

	if (seg->family == WEIR_FAMILY_IPV6)
		return weir_icmp6_read(f, seg, quoted);
	if (icmp->type == WEIR_ICMP_ECHO_REQUEST)
		return (struct weir_icmp){.kind = WEIR_ICMP_PING};
	if (icmp->type == WEIR_ICMP_UNREACHABLE || icmp->type == WEIR_ICMP_TIME_EXCEEDED)
		return read_error(f, seg, quoted);
	return bad(WEIR_FATE_icmp_other);
}

bool weir_icmp_is_final(const struct weir_frame *f, const struct weir_seg *quoted)
{
	const struct weir_icmp_hdr *icmp = (const void *)(f->data + quoted->l4_off);

	if (quoted->family == WEIR_FAMILY_IPV6)
		return icmp->type == WEIR_ICMP6_UNREACHABLE;
	return icmp->type == WEIR_ICMP_UNREACHABLE && icmp->code != FRAG_NEEDED;
}

/* RFC 4884 §5: how long a quote is stands beside it, and what follows it; both are gone. An MTU stays. */
static void clear_length(struct weir_icmp_hdr *icmp)
{
	icmp->id_be = 0;
	if (icmp->type != WEIR_ICMP_UNREACHABLE || icmp->code != FRAG_NEEDED)
		icmp->seq_be = 0;
}

/* RFC 792, 64 bits of data: the checksum of TCP is not among them. */
static void quote_as(struct quote *q, const struct weir_seg *as)
{
	const uint32_t src_be = weir_addr_v4_be(&as->src), dst_be = weir_addr_v4_be(&as->dst);
	uint64_t delta = weir_csum_delta32(0, q->ip.src_be, src_be);

	delta = weir_csum_delta32(delta, q->ip.dst_be, dst_be);
	q->ip.csum = weir_csum_apply(q->ip.csum, delta);
	q->ip.src_be = src_be;
	q->ip.dst_be = dst_be;
	q->sport_be = as->sport_be;
	q->dport_be = as->dport_be;
	q->seq_be = weir_be32(as->seq);
}

static void set_len(struct weir_ipv4_hdr *ip, uint16_t len)
{
	const uint16_t len_be = weir_be16(len);

	ip->csum = weir_csum_apply(ip->csum, weir_csum_delta16(0, ip->len_be, len_be));
	ip->len_be = len_be;
}

bool weir_icmp_requote(struct weir_frame *f, const struct weir_seg *quoted,
	const struct weir_seg *as, const struct weir_addr *from)
{
	struct weir_icmp_hdr *icmp = (void *)(f->data + quoted->l4_off);
	const uint16_t len = sizeof(*icmp) + sizeof(struct quote);

	if (f->head_len < f->len || !weir_l3_may_forward(f, quoted))
		return false;
	if (weir_l3_family(from) != quoted->family)
		return weir_cross_requote(f, quoted, as, from);
	if (quoted->family == WEIR_FAMILY_IPV6)
		return weir_icmp6_requote(f, quoted, as, from);
	weir_ipv4_rewrite(f->data, weir_addr_v4_be(from), weir_addr_v4_be(&as->src));
	set_len(weir_ipv4(f->data), (uint16_t)(WEIR_IPV4_LEN + len));
	clear_length(icmp);
	quote_as((void *)(icmp + 1), as);
	icmp->csum = 0;
	icmp->csum = weir_csum_finish(weir_csum_add(0, icmp, len));
	f->len = f->head_len = (uint16_t)(quoted->l4_off + len);
	return true;
}

void weir_icmp_time_exceeded(struct weir_frame *f, const struct weir_seg *seg,
	const struct weir_addr *from)
{
	struct weir_icmp_hdr *icmp = (void *)(f->data + WEIR_IPV4_L4_OFF);
	const uint16_t len = sizeof(*icmp) + sizeof(struct quote);

	if (seg->family == WEIR_FAMILY_IPV6) {
		weir_icmp6_time_exceeded(f, seg, from);
		return;
	}
	memmove(icmp + 1, f->data + seg->l3_off, sizeof(struct quote));
	*icmp = (struct weir_icmp_hdr){.type = WEIR_ICMP_TIME_EXCEEDED};
	icmp->csum = weir_csum_finish(weir_csum_add(0, icmp, len));
	weir_ipv4_build(f->data, weir_addr_v4_be(from), weir_addr_v4_be(&seg->src), len);
	weir_ipv4_set(weir_ipv4(f->data), WEIR_PROTO_ICMP, 0, WEIR_IPV4_TTL);
	f->len = f->head_len = (uint16_t)(WEIR_IPV4_L4_OFF + len);
}

void weir_icmp_echo_reply(const struct weir_frame *f, const struct weir_seg *seg)
{
	struct weir_icmp_hdr *icmp = (void *)(f->data + seg->l4_off);
	const uint16_t from = weir_be16((uint16_t)(icmp->type << 8 | icmp->code));
	const uint16_t to = weir_be16((uint16_t)(WEIR_ICMP_ECHO_REPLY << 8 | icmp->code));

	if (seg->family == WEIR_FAMILY_IPV6) {
		weir_icmp6_echo_reply(f, seg);
		return;
	}
	weir_ipv4_turn_around(f->data);
	icmp->csum = weir_csum_apply(icmp->csum, weir_csum_delta16(0, from, to));
	icmp->type = WEIR_ICMP_ECHO_REPLY;
}
