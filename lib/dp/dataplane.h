/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path as a whole: ports, memory, workers. The daemon starts and stops it. All calls are for
 * the control thread, but for one.
 */
#ifndef WEIR_DP_DATAPLANE_H
#define WEIR_DP_DATAPLANE_H

#include "dp/kernel.h"
#include "dp/worker.h"

struct weir_dataplane_worker {
	struct weir_worker *worker;
	struct weir_arena memory; /* the worker, its rings, and its engine's tables */
	struct weir_pool pool;
	unsigned int lcore;
	bool launched;
};

struct weir_dataplane {
	struct weir_shared shared;
	struct weir_nic nics[WEIR_PORTS_MAX];
	const struct weir_policy *policy; /* the control side's view of it */
	const uint8_t *secret; /* 16 bytes, the caller's: the master secret (tcp/keys.h) */
	struct weir_dataplane_worker workers[WEIR_WORKERS_MAX];
	struct weir_kernel kernel;
};

struct weir_dataplane_params {
	const struct weir_policy *policy; /* the caller's; valid until it is replaced */
	const uint8_t *secret;            /* the master secret; stays where it is, is not copied */
	const unsigned int *lcores;       /* policy->n_workers of them */
	bool sleep;                       /* workers may, when idle */
	uint8_t (*seeds)[32];             /* one a worker; random */
	uint8_t nic_key[WEIR_NIC_KEY];    /* random */
};

/*
 * Opens and starts the ports, takes all memory, sets the workers up; after rte_eal_init(). 0, or
 * -errno with what to do in err: then call weir_dataplane_close() and weir_dataplane_free().
 */
int weir_dataplane_open(struct weir_dataplane *dp, const struct weir_dataplane_params *params,
	struct weir_dp_error *err);

/* Starts the workers on their lcores. 0, or -errno with a text in err. */
int weir_dataplane_launch(struct weir_dataplane *dp, struct weir_dp_error *err);

/* To be called once a second: wall clock, links. */
void weir_dataplane_tend(struct weir_dataplane *dp);

/*
 * Replaces the policy of the workers by `policy`, which weir_policy_derive() made of the present one;
 * each worker changes at the end of its loop. 0; or, with the policy as it was, -EBUSY: a
 * worker has not changed since the last time, -ENOMEM. Health bits of numbers that are given to new
 * backends are reset in any case.
 */
int weir_dataplane_replace(struct weir_dataplane *dp, const struct weir_policy *policy);

/* true: no worker reads a replaced policy any more, it may be freed. */
bool weir_dataplane_settle(struct weir_dataplane *dp);

/*
 * Any thread but workers, from weir_dataplane_open() to weir_dataplane_close(): next hop i of the policy in force, if it
 * has so many. How many it has.
 */
uint32_t weir_dataplane_nexthop(struct weir_dataplane *dp, uint32_t i,
	struct weir_nexthop_record *r);

/* What the workers are to do from now on. */
void weir_dataplane_set_phase(struct weir_dataplane *dp, enum weir_phase phase);

/* In WEIR_PHASE_DRAIN: connections that may still carry data; above 0 until all workers reported. */
uint64_t weir_dataplane_active(const struct weir_dataplane *dp);

/* In WEIR_PHASE_RESET: all connections are ended, and no packet is in flight between workers. */
bool weir_dataplane_is_quiet(const struct weir_dataplane *dp);

/* Sets WEIR_PHASE_EXIT and waits for the workers. Their counters remain readable. */
void weir_dataplane_join(struct weir_dataplane *dp);

/* Stops and closes the ports. From any state after open, once no worker runs. */
void weir_dataplane_close(struct weir_dataplane *dp);

/* After that: frees the memory, the workers' counters included. */
void weir_dataplane_free(struct weir_dataplane *dp);

#endif
