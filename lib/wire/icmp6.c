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

static struct weir_icmp read_unreachable(const struct weir_frame *f, const struct weir_seg *seg,
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
	if (icmp->type == WEIR_ICMP6_UNREACHABLE)
		return read_unreachable(f, seg, quoted);
	return bad(WEIR_FATE_icmp_other);
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
