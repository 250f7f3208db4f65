/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN cookie: what a SYN asked for, and a MAC, in the numbers of the SYN-ACK. cookie.c has the
 * bit diagram, threat model and odds.
 */
#ifndef WEIR_TCP_COOKIE_H
#define WEIR_TCP_COOKIE_H

#include "tcp/keys.h"
#include "wire/seg.h"

#define WEIR_COOKIE_MSS 8

/* The MSS values a cookie can carry, ascending. */
extern const uint16_t weir_cookie_mss[WEIR_COOKIE_MSS];

/* What was agreed with the client: what it offered, less what the service does not have. */
struct weir_agreed {
	uint8_t mss_index; /* largest weir_cookie_mss not above the client's */
	uint8_t wscale; /* the client's, rounded down to what fits; WEIR_WSCALE_NONE: not offered */
	bool sack, ts, ecn;
};

/* One cookie being made or checked. */
struct weir_cookie {
	struct weir_agreed agreed;
	uint32_t isn;   /* of the SYN-ACK */
	uint32_t tsval; /* of the SYN-ACK, when agreed.ts */
};

/* Odds that a random ACK number (and TSecr) is taken for valid: 2^-x. Tested against the code. */
#define WEIR_COOKIE_ODDS_PLAIN_LOG2 24
#define WEIR_COOKIE_ODDS_TS_LOG2    46

/*
 * Makes cookies for n SYNs: segs[i] and what was agreed (in out[i].agreed) to out[i].isn and tsval.
 * out[i].agreed.wscale is rounded down on return when the layout without timestamps cannot hold it.
 * now_ms: the clock part of the timestamp; any clock that grows.
 */
void weir_cookie_make(const struct weir_keys *k, const struct weir_seg *const *segs,
	struct weir_cookie *out, unsigned int n, uint64_t now_ms);

/*
 * Checks n <= WEIR_BURST ACKs: is segs[i]->ack - 1 (with TSecr, when there are timestamps) a cookie for
 * its tuple and for client ISN segs[i]->seq - 1? A segment that could be a keep-alive or a zero-window
 * probe may also stand at the client's ISN itself (HC-06). Returns the good ones, bit i for segs[i];
 * *probes are those of them that stand there. out[i] is set for the good ones.
 */
uint64_t weir_cookie_check(const struct weir_keys *k, const struct weir_seg *const *segs,
	struct weir_cookie *out, uint64_t *probes, unsigned int n);

#endif
