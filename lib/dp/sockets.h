/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel sockets behind a device of net_af_packet or net_af_xdp. The drivers keep them to themselves and do
 * not report what the kernel dropped because a socket's ring was full: net_af_packet never asks, net_af_xdp
 * (DPDK 22.11) leaves the receive ring's own overflow out. So we find the sockets and ask.
 *
 * Control side only.
 */
#ifndef WEIR_DP_SOCKETS_H
#define WEIR_DP_SOCKETS_H

#include <stdint.h>

#define WEIR_SOCKETS_MAX 64 /* more than a port's queues */

struct weir_sockets {
	struct weir_socket {
		int fd; /* the driver's: never closed here */
		int domain;
		uint64_t missed; /* AF_XDP: the kernel's count; AF_PACKET: the sum of its counts */
	} socket[WEIR_SOCKETS_MAX];
	unsigned int n;
};

/* All AF_PACKET and AF_XDP sockets that this process has open, as far as there is room. */
void weir_sockets_find(struct weir_sockets *s);

/* Adds those open now which `before` lacks: what a driver opened since then. */
void weir_sockets_add_new(struct weir_sockets *s, const struct weir_sockets *before);

/*
 * Frames that the kernel dropped since the sockets were opened, no descriptor being free. reported: what the
 * driver counted (imissed). Of AF_PACKET a drop is in one of both, whichever asked the kernel first;
 * of AF_XDP it may be in both.
 */
uint64_t weir_sockets_missed(struct weir_sockets *s, uint64_t reported);

#endif
