/* SPDX-License-Identifier: BSD-3-Clause */
/* A station's place on its wire: what it answers ARP (RFC 826) for, and whom it sends to. */
#ifndef WEIRGEN_LINK_H
#define WEIRGEN_LINK_H

#include "port.h"
#include "range.h"

#define LINK_OWN_MAX 18

struct link {
	struct range
		own[LINK_OWN_MAX]; /* addresses that are answered for; their ports do not count */
	unsigned int n_own;
	uint32_t self; /* who asks, host order */
	uint32_t hop;  /* who is asked for, host order */
	bool wanted;   /* somebody has to be asked */
	uint64_t next_ns;
	unsigned int announced; /* times */
	/* the station we send to; an atomic: whether mac is good */
	uint8_t mac[6];
	uint32_t known;
};

/* An address or a range of them to answer for. Never more than LINK_OWN_MAX. */
void link_own(struct link *l, const struct range *addrs);

bool link_is_own(const struct link *l, uint32_t addr);

/* An ARP frame (WEIR_PARSED_ARP): is answered, or heard. */
void link_receive(struct link *l, struct port *p, const struct weir_pkt *pkt);

/* Announces and asks when it is time to. */
void link_keep(struct link *l, struct port *p, uint64_t now_ns);

#endif
