/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which groups we listen to (wire/mld.h): the solicited-node groups of our addresses. They are reported when an address
 * is probed for and again when it is announced (dp/keeper.h), and in answer to a query. Any worker may receive the
 * query; worker 0 answers, all groups of an interface at once whatever was asked, once a second at most.
 */
#ifndef WEIR_DP_MLD_H
#define WEIR_DP_MLD_H

#include "dp/tx.h"

#define WEIR_MLD_INTERVAL_NS 1000000000ull /* between two answers */
#define WEIR_MLD_DELAY_MS    10000 /* an answer is not later than that, whatever is asked for */

/* Worker 0's walk over all endpoints to answer. */
struct weir_mld_walk {
	uint64_t interfaces; /* that are answered on: a bit each; 0: it rests */
	uint64_t old;        /* ... by RFC 2710's reports */
	uint32_t next_endpoint;
	uint64_t next_ns;
};

/* A query came in: it is to be answered. Any worker. */
void weir_mld_ask(struct weir_mld *m, unsigned int interface, const struct weir_mld_query *q,
	uint64_t now_ns);

/* Sends reports that are due: a bounded number per call. Worker 0. */
void weir_mld_turn(struct weir_mld_walk *walk, struct weir_tx *tx);

#endif
