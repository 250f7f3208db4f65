/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the process may do beyond any user: Linux's capabilities (capabilities(7)). They belong to each
 * thread, and most threads are DPDK's, started before the ports were opened. Control thread.
 */
#ifndef WEIR_DP_PRIVILEGES_H
#define WEIR_DP_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>

/* The thread has that capability (CAP_NET_RAW, ...) in its effective set. */
bool weir_privileges_has(int capability);

/*
 * Before threads are started: no program that this process might start gets more than it has
 * (PR_SET_NO_NEW_PRIVS). 0 or -errno.
 */
int weir_privileges_no_new(void);

/*
 * Every thread of the process keeps those capabilities that it has and `keep` has (a bit each), and
 * loses all others for good. Takes SIGUSR2, which no thread may block. 0; -ETIMEDOUT: a thread did
 * not follow; -errno.
 */
int weir_privileges_drop(uint64_t keep);

#endif
