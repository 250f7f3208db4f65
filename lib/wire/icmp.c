// SPDX-License-Identifier: BSD-3-Clause
/* ICMP for IPv4 (RFC 792), and the branch to the other family (icmp6.h). */
#include <string.h>

#include "base/csum.h"
#include "wire/icmp.h"
#include "wire/icmp6.h"
#include "wire/ipv4.h"

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

static struct weir_icmp read_unreachable(const struct weir_frame *f, const struct weir_seg *seg,
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
	if (icmp->type == WEIR_ICMP_UNREACHABLE && icmp->code != FRAG_NEEDED)
		return read_unreachable(f, seg, quoted);
	return bad(WEIR_FATE_icmp_other);
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
