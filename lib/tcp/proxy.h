/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The proxy engine: packets in, verdicts out, for one worker.
 *
 * The shell (worker, pcap tool, simulator, fuzzer) parses and classifies packets (wire/parse.h,
 * flow/classify.h), keeps those that weir_owner() gives to its worker, and hands them in by bursts.
 * The engine sets `send` and `fate` of every packet and rewrites its bytes in place; the shell then
 * does what `send` says, writes the L2 addresses, and counts the fate. What the engine sends beside
 * that (a SYN to a backend, an RST, held packets) goes to the shell's callbacks while the call runs.
 *
 * Thread: a struct weir_proxy belongs to one worker; its calls are not re-entrant and take no lock.
 * Other threads read nothing of it but its counters (flow/counters.h). Time is a parameter: now_ns is
 * a monotonic clock, and never smaller than in the call before.
 */
#ifndef WEIR_TCP_PROXY_H
#define WEIR_TCP_PROXY_H

#include "flow/counters.h"
#include "flow/crowd.h"
#include "flow/halfopen.h"
#include "flow/held.h"
#include "flow/localport.h"
#include "flow/orders.h"
#include "flow/policy.h"
#include "flow/sched.h"
#include "flow/table.h"
#include "flow/wheel.h"
#include "tcp/gate.h"
#include "tcp/keys.h"
#include "tcp/known.h"
#include "tcp/pressure.h"
#include "tcp/replies.h"
#include "tcp/sources.h"
#include "tcp/spent.h"
#include "tcp/grace.h"
#include "tcp/guesses.h"
#include "tcp/synack.h"
#include "wire/build.h"

/* Where a segment that the engine composes goes. */
struct weir_dest {
	uint8_t send;     /* WEIR_SEND_NEIGHBOUR or WEIR_SEND_NEXTHOP */
	uint16_t nexthop; /* index into the policy's nexthops */
	bool unanswered;  /* NEXTHOP: what was sent there was not answered; is it still there? */
	struct weir_neighbour neighbour;
};

/*
 * The shell's callbacks. They run within a call of the engine, in its thread, and must not call the
 * engine back: an assertion stops the program that
 * tries, unless it was built with NDEBUG. What the pointers lead to is valid during
 * the call only.
 */
struct weir_proxy_ops {
	/* Build and send this header-only segment. If it cannot be sent it is lost: TCP retransmits. */
	void (*header)(void *shell, const struct weir_header *h, const struct weir_dest *dest);
	/* A held packet is the shell's again, with send and fate set as after weir_proxy_burst(). */
	void (*packet)(void *shell, struct weir_pkt *pkt);
	void *shell;
};

/* The walk over the table when backends have gone down (tcp/sweep.c). */
struct weir_sweep {
	uint32_t falls; /* weir_health_falls() that it has begun for */
	uint32_t hand;  /* next conn to look at */
	uint32_t left;  /* conns to look at still */
};

struct weir_proxy {
	const struct weir_policy *policy;
	struct weir_keys keys;
	struct weir_table table;
	struct weir_wheel wheel;
	struct weir_sched sched;
	struct weir_localports *pools; /* policy->pools_each for each key_id, one an address */
	struct weir_held held;
	struct weir_synack_ring synacks, known_synacks; /* to unknown and to known clients */
	struct weir_resend *resends;                    /* per service: of synacks */
	struct weir_known known;
	struct weir_grace grace;
	struct weir_spent spent;
	struct weir_sources sources;
	struct weir_crowd crowd; /* connections of each address: is_counted() of engine.h */
	uint32_t *settled;       /* per service: connections that are counted there */
	uint32_t fair,
		reserve; /* HC-65: with more than `fair` a service leaves the reserve to others */
	struct weir_guesses guesses;
	/* per service: window 0 was announced lately, until then new connections send window updates */
	uint64_t *squeezed_until_ns;
	bool *no_timestamps;         /* per service: a backend was seen to lack them (HC-03) */
	struct weir_replies replies; /* sharers: services, and one more for what is of none */
	struct weir_bucket
		syn_lookups; /* SYNs on connections fill no ring: as many a second as it has */
	struct weir_halfopen half_open;
	struct weir_gate *gates;          /* per service */
	const struct weir_orders *orders; /* NULL: none */
	uint32_t n_calm;                  /* services whose gates are not at cookies */
	struct weir_pressure pressure;
	struct weir_counters counters;
	struct weir_proxy_ops ops;
	struct weir_sipkey isn_secret;  /* RFC 6528 */
	uint64_t isn_clock;             /* the last one that was said */
	struct weir_sipkey addr_secret; /* flow/addr_hash.h */
	uint64_t wall_offset_ns; /* wall clock = now_ns + this: weir_proxy_set_wall_offset() */
	uint64_t now_ns;         /* of the running call */
	uint32_t by_state[WEIR_STATES];
	uint32_t local_ports;    /* taken from the pools */
	uint32_t short_pools[2]; /* first and last of the list that tcp/local.c keeps */
	uint32_t changes;        /* counts changes of the table: earlier lookups may be stale */
	uint32_t recycle_hand;   /* next conn to look at for one that has ended */
	struct weir_sweep sweep;
	uint32_t generation;   /* policy's */
	uint32_t gate_hand;    /* next service whose gate is looked at */
	uint64_t gates_due_ns; /* when */
	uint16_t worker;
	bool draining;    /* SYNs are no longer answered; set by weir_proxy_drain() */
	bool in_callback; /* a function of ops runs */
};

/*
 * Sets px up in memory cut from arena. Measure first: with the same arguments and an arena without a
 * base, which finds the size and touches nothing else. policy must stay valid until
 * weir_proxy_adopt() replaces it. seed: 32 random bytes, different for every worker.
 * wall_offset_ns: what to add to now_ns for the wall clock (key epochs). keyring: has the keys of that
 * time, and is filled further while time goes on.
 */
void weir_proxy_init(struct weir_proxy *px, struct weir_arena *arena,
	const struct weir_policy *policy, unsigned int worker, const uint8_t seed[32],
	const struct weir_proxy_ops *ops, uint64_t now_ns, uint64_t wall_offset_ns,
	const struct weir_keyring *keyring);

/*
 * Before the first burst, if at all: backends are chosen by that bitmap, which the control side may
 * change at any time. It stays the caller's, and where it is. Without it all backends are healthy.
 */
void weir_proxy_heed(struct weir_proxy *px, const struct weir_health *health);

/*
 * Likewise: what the operator orders at run time, which the control side may change at any time. Without
 * it the policy stands.
 */
void weir_proxy_obey(struct weir_proxy *px, const struct weir_orders *orders);

/*
 * Between bursts: px uses `policy` from here on, a later generation of its present one (made by
 * weir_policy_derive(), in one step or several). The old policy is not read any more, not even by
 * this call, and may be freed. Packets that it has classified are to be classified again, by `policy`: the
 * numbers in their keys may have been given away. One that was classified by a newer policy than px's must
 * wait for this call. The work is bounded by the number of services, listeners and backends; connections
 * are not touched: each finds what changed when it is used.
 */
void weir_proxy_adopt(struct weir_proxy *px, const struct weir_policy *policy);

/* The wall clock was stepped: from here on it is now_ns + wall_offset_ns. */
void weir_proxy_set_wall_offset(struct weir_proxy *px, uint64_t wall_offset_ns);

/*
 * n <= WEIR_BURST packets of kind CLIENT, BACKEND, CLOSED, ICMP_ERROR or PING, in arrival order. On
 * return each has send and fate set. The engine owns held ones (WEIR_SEND_HELD) until ops.packet()
 * returns them, which a later packet of the same burst may have caused already.
 */
void weir_proxy_burst(struct weir_proxy *px, struct weir_pkt *pkts, unsigned int n,
	uint64_t now_ns);

/* Time passes: key epochs, timers, SYN-ACKs to retransmit, gauges. Bounded; call once per loop. */
void weir_proxy_tick(struct weir_proxy *px, uint64_t now_ns);

/* From now on no SYN is answered; open connections go on (HC-54). */
void weir_proxy_drain(struct weir_proxy *px);

/*
 * Ends every connection with RST to both sides, at most `limit` (> 0) per call; true when none is
 * left. For the end of the drain time (HC-54).
 */
bool weir_proxy_reset_all(struct weir_proxy *px, unsigned int limit, uint64_t now_ns);

/* The number of connections that may still carry data: neither TIME_WAIT nor CLOSED. */
uint32_t weir_proxy_active(const struct weir_proxy *px);

#endif
