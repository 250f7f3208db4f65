/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: one lcore, its loop, and everything that it touches. Workers share only read-only data,
 * the next hops' MAC addresses (dp/neigh.h) and a few atomics in struct weir_shared. The policy that
 * a worker uses is weir_worker.px.policy.
 */
#ifndef WEIR_DP_WORKER_H
#define WEIR_DP_WORKER_H

#include "dp/clock.h"
#include "dp/host.h"
#include "dp/keeper.h"
#include "dp/memory.h"
#include "dp/steer.h"
#include "dp/swap.h"
#include "flow/inquiry.h"
#include "tcp/proxy.h"

/* What the workers are to do, set by the control side, in this order (HC-54). */
enum weir_phase {
	WEIR_PHASE_RUN,
	WEIR_PHASE_DRAIN, /* no new connections */
	WEIR_PHASE_RESET, /* nothing more is received; every connection is ended by RST */
	WEIR_PHASE_EXIT,
};

struct weir_shared {
	struct weir_swap swap; /* the policy */
	struct weir_nic *nics;
	struct weir_mld mld;
	struct weir_clock clock;
	bool sleep;                /* when idle */
	struct weir_health health; /* written by the control side */
	struct weir_orders orders; /* likewise */

	/* atomics: written by the control side */
	uint32_t phase;          /* enum weir_phase */
	uint64_t wall_offset_ns; /* wall clock = weir_clock_ns() + this */
	struct weir_keyring keyring;
};

/* weir_worker.active before the first report: a worker may not have run since (HC-52). */
#define WEIR_ACTIVE_UNREPORTED 0xffffffffu

struct weir_worker {
	struct weir_proxy px;
	struct weir_tx tx;
	struct weir_steer steer;
	struct weir_keeper keeper; /* worker 0's */
	struct weir_host_end host;
	struct weir_inquiry inquiry;
	struct rte_ring *relays[WEIR_WORKERS_MAX]; /* frames of workers without a transmit queue */
	struct weir_shared *shared;
	struct weir_pkt pkts[WEIR_BURST];
	struct rte_mbuf *dropped[WEIR_BURST]; /* to be freed together */
	unsigned int n_dropped;
	unsigned int self;
	unsigned int empty_loops; /* in a row */
	uint64_t now_ns;

	/* atomics: read by the control side */
	uint32_t active; /* connections that may still carry data; reported while stopping */
	uint32_t reset;  /* 1: none is left */
} __attribute__((aligned(64)));

/*
 * Sets w up in memory cut from arena; measure first, with a w that is thrown away. Control thread,
 * before the worker runs. weir_worker_join() connects it to the others afterwards.
 */
void weir_worker_init(struct weir_worker *w, struct weir_arena *arena, struct weir_shared *shared,
	unsigned int self, struct rte_mempool *pool, const uint8_t seed[32]);

/* Lets w hand packets over to `other`. */
void weir_worker_join(struct weir_worker *w, struct weir_worker *other);

/* The loop, until WEIR_PHASE_EXIT: an lcore's function. arg: the worker. Returns 0. */
int weir_worker_run(void *arg);

/* One turn of the loop, which is what tests run. true: it received something. */
bool weir_worker_turn(struct weir_worker *w);

#endif
