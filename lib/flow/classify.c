// SPDX-License-Identifier: BSD-3-Clause
#include "flow/classify.h"

#include "flow/localport.h"
#include "wire/icmp.h"
#include "wire/l3.h"

static void drop(struct weir_pkt *pkt, enum weir_fate fate)
{
	pkt->kind = WEIR_KIND_NONE;
	pkt->fate = (uint8_t)fate;
}

void weir_classify_wrong_port(struct weir_pkt *pkt)
{
	drop(pkt, WEIR_FATE_wrong_port);
}

static void classify_tcp(const struct weir_policy *p, struct weir_pkt *pkt)
{
	const struct weir_endpoint *s = weir_endpoint_find(&p->endpoints, &pkt->seg.dst, 0);

	if (s == NULL || s->kind != WEIR_ENDPOINT_VIP)
		drop(pkt, WEIR_FATE_not_ours);
	else if (!weir_is_door(s, pkt->interface))
		drop(pkt, WEIR_FATE_wrong_port);
	else
		pkt->kind = WEIR_KIND_CLOSED;
}

/* What it quotes is ours, to a client or to a backend: then the key is of that connection's side. */
static void classify_icmp_error(const struct weir_policy *p, struct weir_pkt *pkt)
{
	const struct weir_seg *quoted = &pkt->seg;
	const struct weir_endpoint *from =
		weir_endpoint_find(&p->endpoints, &quoted->src, quoted->sport_be);
	const struct weir_endpoint *to =
		weir_endpoint_find(&p->endpoints, &quoted->dst, quoted->dport_be);
	const bool to_client = from != NULL && from->kind == WEIR_ENDPOINT_LISTENER;

	if (!to_client && (to == NULL || to->kind != WEIR_ENDPOINT_BACKEND)) {
		drop(pkt, WEIR_FATE_icmp_other);
		return;
	}
	if (!weir_is_door(to_client ? from : to, pkt->interface)) {
		drop(pkt, WEIR_FATE_wrong_port);
		return;
	}
	pkt->kind = WEIR_KIND_ICMP_ERROR;
	pkt->hops = 0;
	pkt->key = to_client
		? (struct weir_key){quoted->dst, quoted->dport_be, from->index}
		: (struct weir_key){quoted->src, quoted->sport_be, WEIR_KEY_BACKEND | to->index};
}

/* Not in line, so that TCP needs few registers. */
static __attribute__((noinline)) void classify_icmp(const struct weir_policy *p,
	struct weir_pkt *pkt)
{
	const struct weir_seg seg = pkt->seg;
	const struct weir_icmp icmp = weir_icmp_read(&pkt->frame, &seg, &pkt->seg);

	switch (icmp.kind) {
	case WEIR_ICMP_PING:
		pkt->kind = WEIR_KIND_PING;
		if (weir_endpoint_find(&p->endpoints, &seg.dst, 0) == NULL)
			drop(pkt, WEIR_FATE_not_ours);
		break;
	case WEIR_ICMP_ERROR:
		classify_icmp_error(p, pkt);
		break;
	case WEIR_ICMP_BAD:
		drop(pkt, icmp.fate);
		break;
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
	case WEIR_PARSED_ND:
		pkt->kind = WEIR_KIND_ND;
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

	if (p->services[b->service].mode == WEIR_MODE_NAT)
		return weir_l3_is_host(dst);
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
		return owner_of_backend_side(p, &pkt->key);
	case WEIR_KIND_ICMP_ERROR:
		return pkt->key.id & WEIR_KEY_BACKEND ? owner_of_backend_side(p, &pkt->key)
						      : owner_by_far_end(p, &pkt->key);
	case WEIR_KIND_NONE:
	case WEIR_KIND_CLOSED:
	case WEIR_KIND_PING:
	case WEIR_KIND_ARP:
	case WEIR_KIND_ND:
		return self;
	}
	return self;
}
