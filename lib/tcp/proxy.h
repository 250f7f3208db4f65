/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The conductor: packets in, verdicts out, for one worker.
 *
 * The shell (worker, pcap tool, simulator, fuzzer) parses and classifies (wire/parse.h,
 * flow/classify.h), keeps what weir_owner() says is its own, and hands it in by bursts. The core
 * sets send and fate of every packet and rewrites its bytes in place; the shell then does what
 * `send` says, writes the L2 addresses, and counts the fate. What the core sends beside that (SYN
 * to a backend, RST, held packets let go) comes through the callbacks (px->ops) while the call runs.
 */
#ifndef WEIR_TCP_PROXY_H
#define WEIR_TCP_PROXY_H

#include "base/bucket.h"
#include "flow/counters.h"
#include "flow/held.h"
#include "flow/localport.h"
#include "flow/policy.h"
#include "flow/sched.h"
#include "flow/table.h"
#include "flow/wheel.h"
#include "tcp/keys.h"
#include "tcp/sources.h"
#include "tcp/spent.h"
#include "tcp/grace.h"
#include "tcp/synack.h"
#include "wire/build.h"

/* Where a frame of the core's own making goes. */
struct weir_dest {
	uint8_t send;     /* WEIR_SEND_NEIGHBOUR or WEIR_SEND_NEXTHOP */
	uint16_t nexthop; /* index into the policy's nexthops */
	struct weir_neighbour neighbour;
};

/* The shell's ear. Both calls take what they are given by value: nothing is kept. */
struct weir_proxy_ops {
	/* Build and send this header-only segment. A lost one is a lost packet: TCP repeats. */
	void (*header)(void *shell, const struct weir_header *h, const struct weir_dest *dest);
	/* A held packet comes back: send and fate are set as after weir_proxy_burst(). */
	void (*packet)(void *shell, struct weir_pkt *pkt);
	void *shell;
};

struct weir_proxy {
	const struct weir_policy *policy;
	struct weir_keys keys;
	struct weir_table table;
	struct weir_wheel wheel;
	struct weir_sched sched;
	struct weir_localports *pools; /* policy->pools_each for each key_id, one an address */
	struct weir_held held;
	struct weir_synack_ring synacks;
	struct weir_grace grace;
	struct weir_spent spent;
	struct weir_sources sources;
	bool *no_timestamps;             /* per service: a backend was seen to lack them (HC-03) */
	struct weir_bucket replies;      /* to strangers: whoever likes uses it up */
	struct weir_bucket peer_replies; /* about connections we know, and to backends */
	struct weir_counters counters;
	struct weir_proxy_ops ops;
	struct weir_sipkey isn_secret; /* RFC 6528 */
	uint64_t wall_offset_ns;       /* wall clock = now + this */
	uint64_t now_ns;               /* of the running call */
	uint64_t
		squeezed_until_ns; /* window 0 was announced lately: openings send window updates */
	uint32_t by_state[WEIR_STATES];
	uint32_t local_ports;  /* taken from the pools */
	uint32_t changes;      /* counts conns taken and given: a lookup before may be stale */
	uint32_t recycle_hand; /* next conn to look at when the table is full */
	uint32_t generation;   /* policy's */
	uint16_t worker;
	bool draining; /* SYNs are no longer answered; set by weir_proxy_drain() */
};

/*
 * Sets px up in memory cut from arena (measure first: same arguments, arena without a base; policy
 * must stay valid as long as px). seed: 32 random bytes, different for every worker.
 * wall_offset_ns: what to add to now_ns for the wall clock (key epochs).
 */
void weir_proxy_init(struct weir_proxy *px, struct weir_arena *arena,
	const struct weir_policy *policy, unsigned int worker, const uint8_t seed[32],
	const struct weir_proxy_ops *ops, uint64_t now_ns, uint64_t wall_offset_ns);

/*
 * Between bursts: from here on by `policy`, which weir_policy_derive() made of the one that px went
 * by, or of one that succeeded it. The old one is not looked at any more, not even by this call, and
 * may be freed when packets that were classified by it have been decided. Packets that were
 * classified by a policy younger than px's must wait for this. Bounded by the policy's numbers;
 * connections are not touched: what is different for them they find when they look.
 */
void weir_proxy_adopt(struct weir_proxy *px, const struct weir_policy *policy);

/*
 * n <= WEIR_BURST packets of kind CLIENT, BACKEND, CLOSED, ICMP_ERROR or PING, in arrival order. On
 * return each has send and fate set. Held ones (WEIR_SEND_HELD) belong to the core until they come
 * back through the callbacks (px->ops), which may have happened by then: a later packet of the burst let them go.
 */
void weir_proxy_burst(struct weir_proxy *px, struct weir_pkt *pkts, unsigned int n,
	uint64_t now_ns);

/*
 * Time passes: key epochs, timers, SYN-ACKs to send again, gauges. Bounded work; call once per loop.
 */
void weir_proxy_tick(struct weir_proxy *px, uint64_t now_ns);

/* From now on no SYN is answered; what is open goes on (HC-54). */
void weir_proxy_drain(struct weir_proxy *px);

/*
 * Ends every connection with RST to both ends, at most `limit` (> 0) per call; true when none is left.
 * For the end of the drain time (HC-54).
 */
bool weir_proxy_reset_all(struct weir_proxy *px, unsigned int limit, uint64_t now_ns);

/* Connections that still carry data: neither TIME_WAIT nor CLOSED. */
uint32_t weir_proxy_active(const struct weir_proxy *px);

#endif
