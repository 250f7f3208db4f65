// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "base/csum.h"
#include "wire/icmp6.h"
#include "wire/ipv6.h"

/* The start of a packet of ours, as an error sends it back: RFC 4443 §2.4 (c), at least so much of it. */
struct quote {
	struct weir_ipv6_hdr ip;
	uint16_t sport_be, dport_be;
	uint32_t seq_be;
} __attribute__((packed, aligned(2)));

static struct weir_icmp bad(enum weir_fate why)
{
	return (struct weir_icmp){WEIR_ICMP_BAD, why};
}

/* We send no extension headers, so a quote that has some is not about what we made. */
static bool quotes_tcp(const struct quote *q, const struct weir_addr *sent_by)
{
	return q->ip.version_class >> 4 == 6 && q->ip.next == WEIR_PROTO_TCP &&
		memcmp(q->ip.src, sent_by, sizeof(*sent_by)) == 0;
}

static struct weir_icmp read_error(const struct weir_frame *f, const struct weir_seg *seg,
	struct weir_seg *quoted)
{
	const unsigned int quote_off = seg->l4_off + (unsigned int)sizeof(struct weir_icmp_hdr);
	const uint16_t len = weir_be16(weir_ipv6(f->data)->len_be);
	struct quote q;

	if (WEIR_IPV6_L4_OFF + len < quote_off + sizeof(q))
		return bad(WEIR_FATE_icmp_malformed);
	if (f->head_len < quote_off + sizeof(q))
		return bad(WEIR_FATE_split_headers);
	memcpy(&q, f->data + quote_off, sizeof(q));
	if (!quotes_tcp(&q, &seg->dst))
		return bad(WEIR_FATE_icmp_other);
	*quoted = (struct weir_seg){
		.src = weir_ipv6_addr(q.ip.src),
		.dst = weir_ipv6_addr(q.ip.dst),
		.sport_be = q.sport_be,
		.dport_be = q.dport_be,
		.seq = weir_be32(q.seq_be),
		.family = WEIR_FAMILY_IPV6,
		.l3_off = seg->l3_off,
		.l4_off = seg->l4_off,
	};
	return (struct weir_icmp){.kind = WEIR_ICMP_ERROR};
}

/*
 * A ping with extension headers is not answered: the answer is made of the request, and what was said to the
 * request's way is not for the answer's (RFC 8200 §8.4).
 */
struct weir_icmp weir_icmp6_read(const struct weir_frame *f, const struct weir_seg *seg,
	struct weir_seg *quoted)
{
	const struct weir_icmp_hdr *icmp = (const void *)(f->data + seg->l4_off);

	if (icmp->type == WEIR_ICMP6_ECHO_REQUEST && seg->l4_off == WEIR_IPV6_L4_OFF)
		return (struct weir_icmp){.kind = WEIR_ICMP_PING};
	if (icmp->type >= WEIR_ICMP6_UNREACHABLE && icmp->type <= WEIR_ICMP6_TIME_EXCEEDED)
		return read_error(f, seg, quoted);
	return bad(WEIR_FATE_icmp_other);
}

bool weir_icmp6_requote(struct weir_frame *f, const struct weir_seg *quoted,
	const struct weir_seg *as, const struct weir_addr *from)
{
	struct weir_icmp_hdr *icmp = (void *)(f->data + quoted->l4_off);
	struct quote *q = (void *)(icmp + 1);
	const uint16_t len = sizeof(*icmp) + sizeof(*q);

	if (quoted->l4_off != WEIR_IPV6_L4_OFF) /* extension headers are for the way that it came */
		return false;
	weir_ipv6_rewrite(f->data, from, &as->src);
	weir_ipv6(f->data)->len_be = weir_be16(len);
	if (icmp->type != WEIR_ICMP6_TOO_BIG) /* RFC 4884 §4; that one has its MTU there */
		icmp->id_be = icmp->seq_be = 0;
	memcpy(q->ip.src, &as->src, sizeof(q->ip.src));
	memcpy(q->ip.dst, &as->dst, sizeof(q->ip.dst));
	q->sport_be = as->sport_be;
	q->dport_be = as->dport_be;
	q->seq_be = weir_be32(as->seq);
	icmp->csum = 0;
	icmp->csum =
		weir_csum_finish(weir_csum_add(weir_pseudo_sum_of(WEIR_PROTO_ICMP6,
						       weir_ipv6_addr_sum(from, &as->src), len),
			icmp, len));
	f->len = f->head_len = (uint16_t)(quoted->l4_off + len);
	return true;
}

void weir_icmp6_time_exceeded(struct weir_frame *f, const struct weir_seg *seg,
	const struct weir_addr *from)
{
	struct weir_icmp_hdr *icmp = (void *)(f->data + WEIR_IPV6_L4_OFF);
	const uint16_t len = sizeof(*icmp) + sizeof(struct quote);
	uint64_t pseudo =
		weir_pseudo_sum_of(WEIR_PROTO_ICMP6, weir_ipv6_addr_sum(from, &seg->src), len);

	memmove(icmp + 1, f->data + seg->l3_off, sizeof(struct quote));
	*icmp = (struct weir_icmp_hdr){.type = WEIR_ICMP6_TIME_EXCEEDED};
	icmp->csum = weir_csum_finish(weir_csum_add(pseudo, icmp, len));
	weir_ipv6_build(f->data, from, &seg->src, WEIR_PROTO_ICMP6, WEIR_IPV6_HOP_LIMIT, len);
	f->len = f->head_len = (uint16_t)(WEIR_IPV6_L4_OFF + len);
}

/* The pseudo header's sum stays: it is of both addresses and the length. */
void weir_icmp6_echo_reply(const struct weir_frame *f, const struct weir_seg *seg)
{
	struct weir_icmp_hdr *icmp = (void *)(f->data + seg->l4_off);
	const uint16_t from = weir_be16((uint16_t)(icmp->type << 8 | icmp->code));
	const uint16_t to = weir_be16((uint16_t)(WEIR_ICMP6_ECHO_REPLY << 8 | icmp->code));

	weir_ipv6_turn_around(f->data);
	icmp->csum = weir_csum_apply(icmp->csum, weir_csum_delta16(0, from, to));
	icmp->type = WEIR_ICMP6_ECHO_REPLY;
}
