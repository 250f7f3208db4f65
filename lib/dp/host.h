/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's end of the way to the kernel (flow/host.h, dp/kernel.h): frames for it are policed, copied into a ring and
 * counted; its own frames, which one worker sends for all, come out of another ring. Both are bounded per loop,
 * and no system call is made here.
 */
#ifndef WEIR_DP_HOST_H
#define WEIR_DP_HOST_H

#include "dp/frames.h"
#include "dp/tx.h"
#include "flow/host.h"

#define WEIR_HOST_BURST 32 /* frames of the kernel that are sent in one loop */

struct weir_host_end {
	uint32_t ports; /* bit per port: it has a host interface */
	struct weir_frames to;
	struct weir_frames from; /* worker 0's */
	struct weir_bucket buckets[WEIR_PORTS_MAX][WEIR_HOST_CLASSES];
};

/* Takes memory only if a port has a host interface; the arena may only measure. Control thread. */
void weir_host_init(struct weir_host_end *e, struct weir_arena *arena, const struct weir_policy *p,
	unsigned int worker, uint64_t now_ns);

static inline bool weir_host_is_on(const struct weir_host_end *e, unsigned int port)
{
	return e->ports >> port & 1;
}

/*
 * A copy of the frame goes to the kernel if its class has not had its rate and there is room for it, with the
 * tag of a VLAN unless that is 0. The buffer stays the caller's. Returns to_host, host_limit or host_full, which is counted by port and class, and not as the
 * packet's fate.
 */
enum weir_fate weir_host_copy(struct weir_host_end *e, struct weir_tx *tx, const struct rte_mbuf *m,
	unsigned int port, uint16_t vlan, enum weir_host_class class);

/* The kernel's frames are sent, by tx, as they are. Returns their number. */
unsigned int weir_host_send(struct weir_host_end *e, struct weir_tx *tx);

#endif
