/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN cookie (RFC 4987 §3.6): the options of a SYN, and a MAC, in the numbers of the SYN-ACK, so
 * that a half-open connection needs no memory. cookie.c has the bit
 * diagram, the threat model and the odds.
 *
 * Byte order: ISN, TSval and all that a segment's view says are numbers in host order; addresses and
 * ports are in network order, as in struct weir_seg. The MAC's message is defined over bytes, the same
 * on every host: see message() in cookie.c, and the test vectors in tests/unit/test_cookie.c, which
 * keep two versions of synweir from calling each other's cookies bad without notice.
 *
 * No state, no memory, any thread: keys are read only.
 */
#ifndef WEIR_TCP_COOKIE_H
#define WEIR_TCP_COOKIE_H

#include "flow/pkt.h"
#include "tcp/keys.h"
#include "wire/l3.h"

#define WEIR_COOKIE_MSS 8

/* The MSS values a cookie can carry, ascending: of IPv4, and of IPv6. weir_cookie_mss_of() finds the row. */
extern const uint16_t weir_cookie_mss[WEIR_L3_ROWS][WEIR_COOKIE_MSS];

/* The row for clients of that family. */
static inline const uint16_t *weir_cookie_mss_of(enum weir_family family)
{
	return weir_cookie_mss[weir_l3_row(family)];
}

/* The options in force: those that the client offered, less those that the service does not have. */
struct weir_agreed {
	uint8_t mss_index; /* in the family's row of weir_cookie_mss[]: the largest not above the client's */
	uint8_t wscale; /* the client's, rounded down to what fits; WEIR_WSCALE_NONE: not offered */
	bool sack, ts, ecn;
};

/* One cookie being made or checked. */
struct weir_cookie {
	struct weir_agreed agreed;
	uint32_t isn;   /* of the SYN-ACK */
	uint32_t tsval; /* of the SYN-ACK, when agreed.ts */
};

/* Odds that a random ACK number (and TSecr) is accepted: 2^-x. Tested against the code. */
#define WEIR_COOKIE_ODDS_PLAIN_LOG2 27
#define WEIR_COOKIE_ODDS_TS_LOG2    46

/*
 * Makes the cookies of n <= WEIR_BURST SYNs: of segs[i] and out[i].agreed it makes out[i].isn and
 * tsval. Without timestamps, out[i].agreed is rounded down to what the cookie can hold: four sizes,
 * three scales, SACK with a scale only, no ecn. now_ms: the clock part of the timestamp; any monotonic clock.
 */
void weir_cookie_make(const struct weir_keys *k, const struct weir_seg *const *segs,
	struct weir_cookie *out, unsigned int n, uint64_t now_ms);

/*
 * Checks n <= WEIR_BURST ACKs: is segs[i]->ack - 1 (and TSecr, with timestamps) a cookie of its tuple
 * and of client ISN segs[i]->seq - 1? A segment that may be a keep-alive or zero-window probe is also
 * good with client ISN segs[i]->seq (HC-06). Returns the good ones, bit i for segs[i]; *probes: those
 * of them that are good as a probe. out[i] is set for the good ones, undefined for others.
 */
uint64_t weir_cookie_check(const struct weir_keys *k, const struct weir_seg *const *segs,
	struct weir_cookie *out, uint64_t *probes, unsigned int n);

#endif
