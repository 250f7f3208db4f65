/* SPDX-License-Identifier: BSD-3-Clause */
/* A station's link layer: the addresses it answers ARP (RFC 826) for, and the neighbour it sends to. */
#ifndef WEIRGEN_LINK_H
#define WEIRGEN_LINK_H

#include "port.h"
#include "range.h"

#define LINK_OWN_MAX 18

struct link {
	struct range
		own[LINK_OWN_MAX]; /* addresses that are answered for; their ports do not count */
	unsigned int n_own;
	uint32_t self; /* sender of ARP requests, host order */
	uint32_t hop;  /* the next hop, host order */
	bool wanted;   /* the next hop's MAC has to be learned by ARP */
	uint64_t next_ns;
	unsigned int announced; /* times */
	/* the next hop's; known is an atomic, set when mac is valid */
	uint8_t mac[6];
	uint32_t known;
};

/* An address or a range of them to answer for. Never more than LINK_OWN_MAX. */
void link_own(struct link *l, const struct range *addrs);

bool link_is_own(const struct link *l, uint32_t addr);

/* An ARP frame (WEIR_PARSED_ARP): answers a request, learns from a reply. */
void link_receive(struct link *l, struct port *p, const struct weir_pkt *pkt);

/* Sends announcements and requests that are due. */
void link_keep(struct link *l, struct port *p, uint64_t now_ns);

#endif
