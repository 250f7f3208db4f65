/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel of this host, beside us: the TAP devices of the ports that have a host interface, and a thread that moves
 * frames between them and the workers' rings (dp/host.h). System calls are made here, and by no worker. The thread
 * is not an lcore: it runs where the control core does, touches no packet buffer, and needs no capability.
 */
#ifndef WEIR_DP_KERNEL_H
#define WEIR_DP_KERNEL_H

#include <pthread.h>

#include "dp/host.h"
#include "dp/tap.h"

struct weir_kernel {
	/* of the policy that it was opened with: a reload changes neither, but frees that policy */
	unsigned int n_ports, n_workers;
	struct weir_tap taps[WEIR_PORTS_MAX];
	struct weir_host_end *ends[WEIR_WORKERS_MAX];
	bool carrier[WEIR_PORTS_MAX]; /* as the kernel was told */
	pthread_t thread;
	bool runs;

	/* atomics */
	uint32_t stop;
	uint32_t gone; /* bit per port: its TAP device was deleted, as the thread has found */
	uint64_t refused
		[WEIR_PORTS_MAX]
		[WEIR_HOST_CLASSES]; /* frames that the kernel did not take; the thread counts */
};

/* Control thread, all of these, in this order. */

/* Makes the TAP devices, up and with addresses. 0, or -errno with what to do in err: then call weir_kernel_close(). */
int weir_kernel_open(struct weir_kernel *k, const struct weir_policy *policy,
	const struct weir_nic *nics, struct weir_dp_error *err);

/* The ends of all workers are in place: starts the thread, if there is anything for it to do. 0 or -errno. */
int weir_kernel_start(struct weir_kernel *k, struct weir_dp_error *err);

/* Once a second: the kernel is told which wires are there. */
void weir_kernel_watch(struct weir_kernel *k, const struct weir_nic *nics);

/* Ends the thread, from any state. */
void weir_kernel_stop(struct weir_kernel *k);

/* The interfaces are gone, but those that the operator has made. */
void weir_kernel_close(struct weir_kernel *k);

/* Any thread. A bit per port whose host interface was there and is no more; it does not come back. */
static inline uint32_t weir_kernel_gone(const struct weir_kernel *k)
{
	return __atomic_load_n(&k->gone, __ATOMIC_RELAXED);
}

/* One turn of the thread, which waits up to wait_ns for a frame of the kernel. true: there was something. */
bool weir_kernel_turn(struct weir_kernel *k, long wait_ns);

#endif
