/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How often synweir answers (HC-42): RSTs, pings, challenge ACKs, and SYN-ACKs that are retransmitted. An
 * answer is within all of these, for each second:
 *
 *	its connection's limit    one challenge in half a second
 *	its prefix's limit        /24 or /56 of the address that it goes to, which may be forged
 *	its sharer's part         a sharer, here a service, may have fifteen times what is left of the budget (HC-65)
 *	the budget of its kind
 *
 * Only an answer that is given is counted, so that what the one limit refuses uses up no other one.
 *
 * An attacker must not learn from the number of answers that it gets which ones others got (RFC 5961 §7,
 * CVE-2016-5696). So the limits that it can reach by itself, of its connections and its prefixes, are
 * narrower than those that it shares with others; and budgets and prefixes' limits are other ones each
 * second, between half and one and a half times what is configured.
 *
 * Belongs to one worker. Constant cost.
 */
#ifndef WEIR_TCP_REPLIES_H
#define WEIR_TCP_REPLIES_H

#include "base/arena.h"
#include "base/bucket.h"
#include "base/fate.h"
#include "flow/addr_hash.h"

/* Each has a budget of its own, so that none uses up another's. */
enum weir_reply_kind {
	WEIR_REPLY_UNKNOWN, /* to unknown tuples: a flood can use it up */
	WEIR_REPLY_PEER,    /* about connections in the table, and to backends */
	WEIR_REPLY_REFUSAL, /* to clients that are refused or evicted for want of room */
	WEIR_REPLIES
};

/* Answers in a second. */
struct weir_reply_count {
	uint32_t second, n;
};

struct weir_replies {
	struct weir_bucket budget[WEIR_REPLIES];
	struct weir_reply_count *of[WEIR_REPLIES]; /* per sharer */
	struct weir_reply_count *of_prefix;        /* cells that prefixes hash to */
	uint16_t *challenged;  /* cells of connections: when the last challenge was */
	uint32_t connections;  /* their number, a power of two */
	uint32_t rate;         /* of each budget, on average */
	uint32_t prefix_limit; /* on average; 0: none */
	uint64_t second;       /* what is below is for this one */
	uint64_t random;
	struct weir_sipkey key;
};

/* sharers: their number; conns: connections of this worker; key: secret and random. */
void weir_replies_init(struct weir_replies *r, struct weir_arena *arena, uint32_t sharers,
	uint32_t conns, const struct weir_sipkey *key, uint64_t now_ns);

/* From here on: answers per second of each kind, and to a prefix; 0: none, and no limit. */
void weir_replies_limit(struct weir_replies *r, uint32_t rate, uint32_t prefix_limit);

/*
 * One more answer of that kind for that sharer. to: the address that it goes to, if that is not proved;
 * else NULL. false: *why says which limit there is, and nothing is counted.
 */
bool weir_replies_take(struct weir_replies *r, enum weir_reply_kind kind, uint32_t sharer,
	const struct weir_addr *to, uint64_t now_ns, enum weir_fate *why);

/* The same for a challenge about that connection, by its number. */
bool weir_replies_challenge(struct weir_replies *r, uint32_t conn, uint32_t sharer,
	const struct weir_addr *to, uint64_t now_ns, enum weir_fate *why);

/* The same for something that has a budget elsewhere. */
bool weir_replies_prefix(struct weir_replies *r, const struct weir_addr *to, uint64_t now_ns);

#endif
