/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inserted bytes (HC-80): a PROXY header that the backend gets before the client's first byte. They are TCP
 * data of ours. Once both ends are there the client's numbers are moved up by their length, for good, and the
 * connection is in HEADER_SENT until the backend has acknowledged all of them. Meanwhile
 *
 *	the client's data follows them, as far as the backend's window allows; what does not fit, and a
 *	FIN, is held (flow/held.h)
 *	nothing of the client below its first byte passes: it would be taken for inserted bytes
 *	nothing of the backend passes, because it acknowledges what the client has not sent
 *
 * and they are retransmitted: by the timer, and once by a duplicate ACK in between. The bytes are not kept but
 * written again. What comes late after that, an old ACK or a D-SACK of inserted bytes, does not pass either. Private to
 * tcp/.
 */
#ifndef WEIR_TCP_INSERTED_H
#define WEIR_TCP_INSERTED_H

#include "tcp/engine.h"

/* c's backend is told something first. */
static inline bool weir_inserts(const struct weir_proxy *px, const struct weir_conn *c)
{
	return conn_service(px, c)->pphdr.version != WEIR_PPHDR_NONE;
}

/*
 * The backend's SYN-ACK is there, and the client's ACK; c is in HEADER_SENT from now on: the header goes to the
 * backend, which is the third step, and what is held after it.
 */
void weir_inserted_begin(struct weir_proxy *px, struct weir_conn *c);

/* A segment of either side while c is in HEADER_SENT. Sets send and fate of pkt. */
void weir_inserted_segment(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt);

/* The timer of c, which is in HEADER_SENT. */
void weir_inserted_expired(struct weir_proxy *px, struct weir_conn *c);

#endif
