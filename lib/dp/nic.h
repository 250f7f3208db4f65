/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A live network device behind one port of the policy: any DPDK ethdev. What it can do is found out
 * here, once; what it cannot do, software does.
 */
#ifndef WEIR_DP_NIC_H
#define WEIR_DP_NIC_H

#include <rte_mbuf.h>

#include "dp/error.h"
#include "dp/netdev.h"
#include "dp/sockets.h"
#include "flow/policy.h"

#define WEIR_NIC_KEY 64 /* bytes of hash key: more than any device's */

/* What the device is for. */
struct weir_nic_use {
	bool ipv4, ipv6; /* the families that are served; IPv6 needs multicast frames */
	bool vlans;      /* some of the port's interfaces are VLANs */
	bool host;       /* the kernel wants multicast frames, too */
	bool way_back;   /* no clients come by it, only what backends answer in fullnat */
};

struct weir_nic {
	const struct weir_port *port;
	uint16_t id;         /* ethdev */
	uint16_t n_rx, n_tx; /* queues; worker w has those numbered w, if there are so many */
	uint16_t rx_desc, tx_desc;
	uint16_t reta_size; /* the device's table of queues by hash */
	int node;           /* NUMA, -1: unknown */
	uint8_t mac[6];
	bool open, started;
	bool rss;         /* a client's flow stays on one queue, and every worker has one */
	bool rss_by_port; /* fullnat's way back comes in on its owner's queue (dp/rss.h) */
	bool rx_csum, tx_csum;
	bool rx_vlan, tx_vlan; /* it takes tags off, puts them on; never on a port without VLANs */
	struct weir_nic_use use;
	bool link_known; /* the driver's word about the link can be believed */
	char driver[32];
	char iface[WEIR_NETDEV_NAME]; /* the kernel's, under it; "": none */

	/* atomics: the control side writes, the workers read */
	uint32_t link_up;
	uint32_t announce; /* incremented when our addresses are to be announced again */

	struct weir_sockets sockets; /* the kernel's, behind it; control side only */
};

/* The capabilities that its driver needs once it is started: a bit each. */
uint64_t weir_nic_capabilities(const struct weir_nic *nic);

/* How packets that came in find their worker, in words for the log. */
const char *weir_nic_steering(const struct weir_nic *nic, unsigned int n_workers);

/*
 * Finds or makes the device, and configures it. key: random, WEIR_NIC_KEY bytes, the same for all ports. 0 or
 * -errno, with what to do in err.
 */
int weir_nic_open(struct weir_nic *nic, const struct weir_port *port, unsigned int n_workers,
	const struct weir_nic_use *use, uint8_t *key, struct weir_dp_error *err);

/* Queue q is filled from pools[q]. 0 or -errno. */
int weir_nic_start(struct weir_nic *nic, struct rte_mempool *const *pools,
	struct weir_dp_error *err);

/* Control side, once a second: the link's state, and announcements when it has come up. */
void weir_nic_watch(struct weir_nic *nic);

/*
 * Control side: frames that the device, or the kernel in front of its socket, dropped because no descriptor was
 * free. imissed: what the driver says of it.
 */
uint64_t weir_nic_missed(struct weir_nic *nic, uint64_t imissed);

/* From any state; buffers that the device holds go back to their pools. */
void weir_nic_close(struct weir_nic *nic);

#endif
