// SPDX-License-Identifier: BSD-3-Clause
#include "link.h"

#include <string.h>

#include "wire/arp.h"

#define EVERY_NS       200000000ull
#define ANNOUNCE_TIMES 3

void link_own(struct link *l, const struct range *addrs)
{
	if (l->n_own < LINK_OWN_MAX)
		l->own[l->n_own++] = *addrs;
}

bool link_is_own(const struct link *l, uint32_t addr)
{
	for (unsigned int i = 0; i < l->n_own; i++)
		if (range_has(&l->own[i], addr))
			return true;
	return false;
}

static void learn(struct link *l, uint32_t addr, const uint8_t mac[6])
{
	if (!l->wanted || addr != l->hop || __atomic_load_n(&l->known, __ATOMIC_RELAXED))
		return;
	memcpy(l->mac, mac, sizeof(l->mac));
	__atomic_store_n(&l->known, 1, __ATOMIC_RELEASE);
}

static void send(struct port *p, uint16_t op, uint32_t sender, const uint8_t mac[6],
	uint32_t target)
{
	uint8_t *frame = port_begin(p);

	if (frame != NULL)
		port_end(p,
			weir_build_arp(frame, op, p->nic.mac, weir_be32(sender), mac,
				weir_be32(target)));
}

void link_receive(struct link *l, struct port *p, const struct weir_pkt *pkt)
{
	const struct weir_arp_hdr *arp = weir_arp(&pkt->frame);
	uint32_t sender, target;

	memcpy(&sender, arp->sender_ip, 4);
	memcpy(&target, arp->target_ip, 4);
	sender = weir_be32(sender);
	target = weir_be32(target);
	learn(l, sender, arp->sender_mac);
	if (arp->op_be == weir_be16(WEIR_ARP_REQUEST) && link_is_own(l, target))
		send(p, WEIR_ARP_REPLY, target, arp->sender_mac, sender);
}

/* RFC 5227 §3, for neighbours that sent a request before we were up. */
static void announce(struct link *l, struct port *p)
{
	static const uint8_t unknown[6];

	for (unsigned int i = 0; i < l->n_own; i++)
		if (l->own[i].n == 1)
			send(p, WEIR_ARP_REQUEST, l->own[i].first, unknown, l->own[i].first);
}

void link_keep(struct link *l, struct port *p, uint64_t now_ns)
{
	static const uint8_t unknown[6];

	if ((l->known && l->announced == ANNOUNCE_TIMES) || now_ns < l->next_ns)
		return;
	l->next_ns = now_ns + EVERY_NS;
	if (l->announced < ANNOUNCE_TIMES) {
		l->announced++;
		announce(l, p);
	}
	if (!l->known)
		send(p, WEIR_ARP_REQUEST, l->self, unknown, l->hop);
}
