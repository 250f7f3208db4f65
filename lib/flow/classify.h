/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a packet is: from the parsed view and the policy to a kind and a key, and from these to the
 * worker that owns it. Pure functions of the packet and an immutable policy: any thread may call
 * them. Addresses and ports are in network byte order.
 */
#ifndef WEIR_FLOW_CLASSIFY_H
#define WEIR_FLOW_CLASSIFY_H

#include "flow/policy.h"
#include "flow/pkt.h"

/*
 * Sets pkt->kind, and pkt->key or pkt->fate with it, for a packet that weir_parse() called
 * `parsed`. A destination that is a service wins over a source that is a backend. What comes by a
 * port that does not lead to its sender is fate wrong_port (HC-66), ICMP errors included. Those
 * (wire/icmp.h) count when they quote a TCP segment from a service or to a backend and come to its
 * sender: then pkt->seg holds the quoted addresses, ports, sequence number, and the key is of the side
 * that the quoted segment went to. All other ICMP but pings is fate icmp_other. WEIR_PARSED_BAD keeps
 * the fate that the parser set.
 */
static inline void weir_classify(const struct weir_policy *p, struct weir_pkt *pkt,
	enum weir_parsed parsed);

/*
 * May the packet, of kind BACKEND, be of a connection at all? It may when it goes to a local address
 * of that backend (fullnat) or to what can be a client (nat; the parser's martians cannot be, RFC
 * 1122 §4.2.3.10). All else is the backend's own business and not ours to answer. To be asked when
 * no connection is found: a connection says yes by being there.
 */
bool weir_is_return_path(const struct weir_policy *p, const struct weir_pkt *pkt);

/*
 * The worker that owns the packet's connection, computed the same way for both directions
 * (design §6): fullnat's way back by the local port, all else by the far end's address and port,
 * hashed under policy's steer_secret. For kinds without a connection: `self`.
 */
unsigned int weir_owner(const struct weir_policy *p, const struct weir_pkt *pkt, unsigned int self);

/* inline definitions */

/* All that neither goes to a service nor comes from a backend. */
void weir_classify_other(const struct weir_policy *p, struct weir_pkt *pkt,
	enum weir_parsed parsed);

void weir_classify_wrong_port(struct weir_pkt *pkt);

/* HC-66: what is of that endpoint may come by that interface. */
static inline bool weir_is_door(const struct weir_endpoint *e, uint8_t interface)
{
	return e->doors >> interface & 1;
}

static inline void weir_classify(const struct weir_policy *p, struct weir_pkt *pkt,
	enum weir_parsed parsed)
{
	const struct weir_seg *seg = &pkt->seg;
	const struct weir_endpoint *s;

	if (parsed == WEIR_PARSED_TCP) {
		s = weir_endpoint_find(&p->endpoints, &seg->dst, seg->dport_be);
		if (s != NULL && s->kind == WEIR_ENDPOINT_LISTENER) {
			if (__builtin_expect(!weir_is_door(s, pkt->interface), 0)) {
				weir_classify_wrong_port(pkt);
				return;
			}
			pkt->kind = WEIR_KIND_CLIENT;
			pkt->key = (struct weir_key){seg->src, seg->sport_be, s->index};
			return;
		}
		s = weir_endpoint_find(&p->endpoints, &seg->src, seg->sport_be);
		if (s != NULL && s->kind == WEIR_ENDPOINT_BACKEND) {
			if (__builtin_expect(!weir_is_door(s, pkt->interface), 0)) {
				weir_classify_wrong_port(pkt);
				return;
			}
			pkt->kind = WEIR_KIND_BACKEND;
			pkt->key = (struct weir_key){
				seg->dst, seg->dport_be, WEIR_KEY_BACKEND | s->index};
			return;
		}
	}
	weir_classify_other(p, pkt, parsed);
}

#endif
