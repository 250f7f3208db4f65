/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A half-open entry, a connection in SYN_RCVD, for the two files that handle its segments: calm_syn.c and
 * calm.c. Private to these; calm.h is the contract.
 */
#ifndef WEIR_TCP_ENTRY_H
#define WEIR_TCP_ENTRY_H

#include "tcp/engine.h"

static inline uint16_t weir_entry_service(const struct weir_proxy *px, const struct weir_conn *c)
{
	return weir_policy_service_of(px->policy, c->client.id);
}

/* The entry is gone. No RST is sent. */
void weir_entry_leave(struct weir_proxy *px, struct weir_conn *c);

/* The same; the backend, which may have one of its own, gets RST. */
void weir_entry_give_up(struct weir_proxy *px, struct weir_conn *c);

/* The backend is given up for c, which stays: it is blamed, and c has no backend. No RST is sent. */
void weir_entry_leave_backend(struct weir_proxy *px, struct weir_conn *c);

/* A SYN or SYN-ACK of c leaves towards the other side, its MSS held to what the ports can carry. */
void weir_entry_pass_syn(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt);

#endif
