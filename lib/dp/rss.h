/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RSS for fullnat's return path: how the device's hash delivers a backend's packet to the worker that
 * owns it, which is the local port modulo the workers (flow/localport.h).
 *
 * A Toeplitz hash is linear: each set bit of the input adds (XOR) the 32 bits of the key that begin at
 * its place. The input is source, destination, source port, destination port: 96 bits, with IPv6 288, the last 16 of
 * which are our local port. With a key of a single bit in the right place, the lowest k bits of the
 * hash are the lowest k bits of that port in reverse order, and depend on nothing else. The table of 2^k
 * queues is then filled so that each of these bits' values leads to its owner.
 *
 * The place is another one for each family, so a port has backends of one of them. This suits ports that receive the return path only: all clients of a service would share a queue.
 */
#ifndef WEIR_DP_RSS_H
#define WEIR_DP_RSS_H

#include <stdbool.h>

#include <rte_ethdev.h>

#include "flow/policy.h"

/*
 * Only fullnat backends are behind that port: it has some, no VIP is in its subnets, and another port
 * has no backends at all, so that clients come by that one.
 */
bool weir_rss_is_return_path(const struct weir_policy *p, unsigned int port);

/* The device can do it for so many workers: their number must divide the size of its table. */
bool weir_rss_can_split_ports(const struct rte_eth_dev_info *info, unsigned int n_workers,
	bool ipv6);

/* Writes the key: size bytes, 16 or more, for IPv6 40. */
void weir_rss_port_key(uint8_t *key, unsigned int size, unsigned int reta_size, bool ipv6);

/* The queue at index i of the redirection table: the owner's. */
uint16_t weir_rss_port_queue(unsigned int i, unsigned int reta_size, unsigned int n_workers);

/* Fills the device's table like this. 0 or -errno. */
int weir_rss_fill_table(uint16_t ethdev, unsigned int reta_size, unsigned int n_workers);

#endif
