// SPDX-License-Identifier: BSD-3-Clause
#include "flow/classify.h"

#include "flow/localport.h"

#define ICMP_FRAG_NEEDED 4 /* code of WEIR_ICMP_UNREACHABLE: RFC 792, RFC 1191 */

static void drop(struct weir_pkt *pkt, enum weir_fate fate)
{
	pkt->kind = WEIR_KIND_NONE;
	pkt->fate = (uint8_t)fate;
}

static void classify_tcp(const struct weir_policy *p, struct weir_pkt *pkt)
{
	const struct weir_endpoint *s = weir_endpoint_find(&p->endpoints, &pkt->seg.dst, 0);

	if (s != NULL && s->kind == WEIR_ENDPOINT_VIP)
		pkt->kind = WEIR_KIND_CLOSED;
	else
		drop(pkt, WEIR_FATE_not_ours);
}

/* The start of a datagram of ours, as an ICMP error sends it back: RFC 792, 64 bits of its data. */
struct quote {
	struct weir_ipv4_hdr ip;
	uint16_t sport_be, dport_be;
	uint32_t seq_be;
} __attribute__((packed, aligned(2)));

/*
 * We send no IP options and no fragments, so a quote that has some is not about us. Errors go to
 * the quoted datagram's source: anything else is forged.
 */
static bool quotes_tcp(const struct quote *q, uint32_t sent_to_be)
{
	return q->ip.version_ihl == 0x45 && q->ip.proto == WEIR_PROTO_TCP &&
		(q->ip.frag_be & weir_be16(WEIR_IPV4_MF | WEIR_IPV4_OFF)) == 0 &&
		q->ip.src_be == sent_to_be;
}

static void classify_unreachable(const struct weir_policy *p, struct weir_pkt *pkt,
	const struct weir_ipv4_hdr *ip)
{
	const size_t quote_at = sizeof(*ip) + sizeof(struct weir_icmp_hdr);
	const struct weir_endpoint *s;
	struct quote q;

	if (weir_be16(ip->len_be) < quote_at + sizeof(q)) {
		drop(pkt, WEIR_FATE_icmp_malformed);
		return;
	}
	if (pkt->frame.head_len < sizeof(struct weir_eth_hdr) + quote_at + sizeof(q)) {
		drop(pkt, WEIR_FATE_split_headers);
		return;
	}
	memcpy(&q, (const uint8_t *)ip + quote_at, sizeof(q));
	pkt->seg = (struct weir_seg){
		.src = weir_addr_v4(q.ip.src_be),
		.dst = weir_addr_v4(q.ip.dst_be),
		.sport_be = q.sport_be,
		.dport_be = q.dport_be,
		.seq = weir_be32(q.seq_be),
	};
	s = weir_endpoint_find(&p->endpoints, &pkt->seg.dst, q.dport_be);
	if (s == NULL || s->kind != WEIR_ENDPOINT_BACKEND || !quotes_tcp(&q, ip->dst_be)) {
		drop(pkt, WEIR_FATE_icmp_other);
		return;
	}
	pkt->kind = WEIR_KIND_ICMP_ERROR;
	pkt->key = (struct weir_key){pkt->seg.src, q.sport_be, WEIR_KEY_BACKEND | s->index};
}

/*
 * weir_parse() has checked both headers and that the frame is contiguous up to here. Not in line,
 * so that TCP needs few registers.
 */
static __attribute__((noinline)) void classify_icmp(const struct weir_policy *p,
	struct weir_pkt *pkt)
{
	const struct weir_ipv4_hdr *ip =
		(const struct weir_ipv4_hdr *)(pkt->frame.data + sizeof(struct weir_eth_hdr));
	const struct weir_icmp_hdr *icmp = (const struct weir_icmp_hdr *)(ip + 1);

	if (icmp->type == WEIR_ICMP_ECHO_REQUEST) {
		struct weir_addr to = weir_addr_v4(ip->dst_be);

		pkt->kind = WEIR_KIND_PING;
		if (weir_endpoint_find(&p->endpoints, &to, 0) == NULL)
			drop(pkt, WEIR_FATE_not_ours);
	} else if (icmp->type == WEIR_ICMP_UNREACHABLE && icmp->code != ICMP_FRAG_NEEDED) {
		classify_unreachable(p, pkt, ip);
	} else {
		drop(pkt, WEIR_FATE_icmp_other);
	}
}

void weir_classify_other(const struct weir_policy *p, struct weir_pkt *pkt, enum weir_parsed parsed)
{
	switch (parsed) {
	case WEIR_PARSED_TCP:
		classify_tcp(p, pkt);
		break;
	case WEIR_PARSED_ARP:
		pkt->kind = WEIR_KIND_ARP;
		break;
	case WEIR_PARSED_ICMP:
		classify_icmp(p, pkt);
		break;
	case WEIR_PARSED_BAD:
		pkt->kind = WEIR_KIND_NONE;
		break;
	}
}

bool weir_is_return_path(const struct weir_policy *p, const struct weir_pkt *pkt)
{
	const struct weir_backend *b = &p->backends[pkt->key.id & ~WEIR_KEY_BACKEND];
	const struct weir_addr *dst = &pkt->key.addr;
	uint8_t first = dst->b[12];

	if (p->services[b->service].mode == WEIR_MODE_NAT)
		return (uint8_t)(first - 1) < 223 && first != 127;
	for (uint32_t locals = b->locals; locals != 0; locals &= locals - 1)
		if (weir_addr_eq(&p->interfaces[b->egress].addrs[__builtin_ctz(locals)].addr, dst))
			return true;
	return false;
}

static unsigned int owner_by_far_end(const struct weir_policy *p, const struct weir_key *key)
{
	struct weir_key far = *key;

	far.id = 0; /* the two directions' ids differ */
	return (unsigned int)((weir_key_hash(&p->steer_secret, &far) >> 32) * p->n_workers >> 32);
}

static unsigned int owner_of_backend_side(const struct weir_policy *p, const struct weir_key *key)
{
	uint16_t key_id = key->id & (uint16_t)~WEIR_KEY_BACKEND;
	const struct weir_service *s = &p->services[p->backends[key_id].service];

	if (s->mode == WEIR_MODE_FULLNAT)
		return weir_localport_owner(weir_be16(key->port_be), p->n_workers);
	return owner_by_far_end(p, key);
}

unsigned int weir_owner(const struct weir_policy *p, const struct weir_pkt *pkt, unsigned int self)
{
	if (p->n_workers == 1)
		return self;
	switch ((enum weir_kind)pkt->kind) {
	case WEIR_KIND_CLIENT:
		return owner_by_far_end(p, &pkt->key);
	case WEIR_KIND_BACKEND:
	case WEIR_KIND_ICMP_ERROR:
		return owner_of_backend_side(p, &pkt->key);
	case WEIR_KIND_NONE:
	case WEIR_KIND_CLOSED:
	case WEIR_KIND_PING:
	case WEIR_KIND_ARP:
		return self;
	}
	return self;
}
