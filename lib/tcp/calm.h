/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calm mode (HC-70 to HC-74): the half-open part of a connection that no cookie opened. The client's
 * own SYN goes to a backend, the backend's own SYN-ACK to the client, with every option they have; the
 * client's ACK makes the connection ESTABLISHED, and forward.c goes on. In between it is an entry in
 * SYN_RCVD, in its service's half-open queue. Private to tcp/.
 *
 * The backend's numbers reach the client as they are. So do the client's the backend, in nat; in
 * fullnat the SYN gets an ISN and a TSval of ours, because its local port may have had another
 * client's connection (HC-33).
 */
#ifndef WEIR_TCP_CALM_H
#define WEIR_TCP_CALM_H

#include "tcp/proxy.h"

/* How long an entry stays at most: what BSD's and the textbooks' servers give a handshake. */
#define WEIR_HALF_OPEN_MS 75000

/* c, which is in SYN_RCVD, has a SYN-ACK of its backend. */
static inline bool weir_calm_answered(const struct weir_conn *c)
{
	return c->tries == 0;
}

/*
 * A client's SYN in calm mode; c: the connection on its tuple, or NULL; hash: of pkt->key. Sets send
 * and fate of pkt; c may be gone. false: the SYN is to be answered with a cookie, as the gate is at
 * cookies by now, or there is no place for an entry.
 */
bool weir_calm_syn(struct weir_proxy *px, struct weir_pkt *pkt, uint64_t hash, struct weir_conn *c);

/* Any other segment of a connection in SYN_RCVD. Sets send and fate of pkt; c may be gone. */
void weir_calm_segment(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt);

/* A believed ICMP error about the SYN of c, which is in SYN_RCVD and stays there. */
void weir_calm_unreachable(struct weir_proxy *px, struct weir_conn *c);

/* The 75 s of an entry are over: it is gone. */
void weir_calm_expired(struct weir_proxy *px, struct weir_conn *c);

/* The entry is gone to make room: for a younger one, or for a connection in a full table. */
void weir_calm_evict(struct weir_proxy *px, struct weir_conn *c);

/* Since the first SYN of c, which is in SYN_RCVD. */
uint32_t weir_calm_age_ms(const struct weir_proxy *px, const struct weir_conn *c);

#endif
