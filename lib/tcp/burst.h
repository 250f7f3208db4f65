/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst of packets before the decision about each: what can be done for all of them together is done
 * here, so that cache misses overlap and hashes share vectors. Private to tcp/.
 */
#ifndef WEIR_TCP_BURST_H
#define WEIR_TCP_BURST_H

#include "tcp/engine.h"

/* The packet is in no batch. */
#define WEIR_NO_SLOT 0xff

/* Those of the burst's packets whose cookies are made, or checked, together. */
struct weir_batch {
	unsigned int n;
	const struct weir_seg *segs[WEIR_BURST];
	struct weir_cookie cookies[WEIR_BURST];
};

struct weir_burst {
	struct weir_pkt *pkts;
	unsigned int n;
	unsigned int n_keyed;
	uint8_t keyed[WEIR_BURST]; /* which packets are looked up */
	/* by packet */
	uint64_t hash[WEIR_BURST]; /* of its key, if it is looked up */
	uint32_t conn[WEIR_BURST]; /* the connection that it belongs to, or WEIR_CONN_NONE */
	uint8_t slot[WEIR_BURST];  /* its place in syns or acks, or WEIR_NO_SLOT */
	uint32_t changes;          /* px->changes at the time of the lookup of conn[] */
	struct weir_batch syns;    /* clients' SYNs: cookies are made */
	struct weir_batch acks;    /* clients' ACKs without a connection: cookies are checked */
	/* by slot in acks: the cookie is good, and in cookies[]; the ACK is a probe (HC-06) */
	uint64_t good, probes;
};

/* n <= WEIR_BURST classified packets, through all stages up to the decision. */
void weir_burst_prepare(struct weir_proxy *px, struct weir_burst *b, struct weir_pkt *pkts,
	unsigned int n);

/* The cookie of one SYN that was looked up, and is to be answered with a cookie all the same. */
void weir_burst_cookie(struct weir_proxy *px, const struct weir_pkt *syn,
	struct weir_cookie *cookie);

/* The packet's connection; looked up again if the table has changed since. NULL: it has none. */
static inline struct weir_conn *weir_burst_conn(struct weir_proxy *px, const struct weir_burst *b,
	unsigned int i)
{
	uint32_t conn = b->conn[i];

	if (px->changes != b->changes)
		conn = weir_table_lookup(&px->table, &b->pkts[i].key, b->hash[i]);
	return conn == WEIR_CONN_NONE ? NULL : conn_at(px, conn);
}

/*
 * A client's SYN. If it gets a cookie it needs no lookup: the answer is the same whether or not a
 * connection exists (HC-24), and slot[] has its place among those. In quiet times it is looked up.
 */
static inline bool weir_is_client_syn(const struct weir_pkt *pkt)
{
	return pkt->kind == WEIR_KIND_CLIENT &&
		(pkt->seg.flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN;
}

/* A client's ACK without a connection may be the third step of a handshake, or forged. */
static inline bool weir_may_carry_cookie(const struct weir_pkt *pkt)
{
	const uint8_t bad = WEIR_TCP_SYN | WEIR_TCP_RST;

	return pkt->kind == WEIR_KIND_CLIENT && (pkt->seg.flags & WEIR_TCP_ACK) &&
		!(pkt->seg.flags & bad);
}

#endif
