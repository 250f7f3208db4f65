/* SPDX-License-Identifier: BSD-3-Clause */
/* From one TCP relation into the other (HC-20): every number in a segment's header, in place. */
#ifndef WEIR_TCP_TRANSLATE_H
#define WEIR_TCP_TRANSLATE_H

#include "flow/conn.h"
#include "flow/policy.h"

/*
 * Rewrites a segment that `side` sent so that the other side understands it: addresses, ports,
 * sequence and acknowledgement number, window scale, TSval, TSecr, SACK blocks. Both checksums are
 * updated incrementally, so that a wrong one stays wrong. pkt->seg keeps what the sender said.
 */
void weir_translate(const struct weir_conn *c, const struct weir_policy *p, enum weir_side side,
	struct weir_pkt *pkt);

/* A window that the backend offered, as the client will understand it: rescaled, rounded down. */
uint16_t weir_translate_window(const struct weir_conn *c, enum weir_side side, uint16_t wnd);

#endif
