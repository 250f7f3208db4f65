/* SPDX-License-Identifier: BSD-3-Clause */
/* All of the data path, put together: ports, memory, workers. What the daemon starts and stops. */
#ifndef WEIR_DP_DATAPLANE_H
#define WEIR_DP_DATAPLANE_H

#include "dp/worker.h"

struct weir_dataplane_worker {
	struct weir_worker *worker;
	struct weir_arena memory; /* the worker, its rings and all that its core remembers */
	struct weir_pool pool;
	unsigned int lcore;
	bool launched;
};

struct weir_dataplane {
	struct weir_shared shared;
	struct weir_nic nics[WEIR_PORTS_MAX];
	const struct weir_policy *policy; /* the control side's view of it */
	struct weir_dataplane_worker workers[WEIR_WORKERS_MAX];
};

struct weir_dataplane_params {
	const struct weir_policy *policy; /* stays the caller's, and where it is until replaced */
	const unsigned int *lcores;       /* policy->n_workers of them */
	bool sleep;                       /* workers may, when idle */
	uint8_t (*seeds)[32];             /* one a worker; random */
	uint8_t nic_key[WEIR_NIC_KEY];    /* random */
};

/*
 * Opens and starts the ports, takes all memory, sets the workers up; after rte_eal_init(). 0, or
 * -errno with what to do in err: then only close and free are left to do.
 */
int weir_dataplane_open(struct weir_dataplane *dp, const struct weir_dataplane_params *params,
	struct weir_dp_error *err);

/* The workers begin to work on their lcores. 0 or -errno. */
int weir_dataplane_launch(struct weir_dataplane *dp, struct weir_dp_error *err);

/* Control side, once a second: wall clock, links. */
void weir_dataplane_tend(struct weir_dataplane *dp);

/*
 * Control side: the workers go by `policy`, which weir_policy_derive() made of the one that they go
 * by now; from now on, but for who is in the middle of a loop. -EBUSY: somebody still is since the
 * last time; -ENOMEM.
 */
int weir_dataplane_replace(struct weir_dataplane *dp, const struct weir_policy *policy);

/* Control side: no worker looks at what was replaced any more: it may be freed. */
bool weir_dataplane_settle(struct weir_dataplane *dp);

/* Control side: what the workers are to do now. */
void weir_dataplane_set_phase(struct weir_dataplane *dp, enum weir_phase phase);

/* In WEIR_PHASE_DRAIN: connections that still carry data; more than 0 until all workers have said. */
uint64_t weir_dataplane_active(const struct weir_dataplane *dp);

/* In WEIR_PHASE_RESET: all connections are ended, and no packet is under way between workers. */
bool weir_dataplane_is_quiet(const struct weir_dataplane *dp);

/* WEIR_PHASE_EXIT: waits for the workers. Their memory stays, to be counted. */
void weir_dataplane_join(struct weir_dataplane *dp);

/* Stops and closes the ports. From any state after open, once no worker runs. */
void weir_dataplane_close(struct weir_dataplane *dp);

/* After that: gives the memory back. Nobody may look at a worker's counters any more. */
void weir_dataplane_free(struct weir_dataplane *dp);

#endif
