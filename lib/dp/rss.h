/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the device's hash brings fullnat's way back to the worker that owns it: the local port modulo
 * the workers (flow/localport.h).
 *
 * A Toeplitz hash is linear: each set bit of the input adds (XOR) the 32 bits of the key that begin at
 * its place. The input is source, destination, source port, destination port: 96 bits, the last 16 of
 * which are our local port. A key with one bit in the right place leaves of all this the lowest k bits
 * of that port, in reverse order, as the lowest k bits of the hash, and nothing else. The table of 2^k
 * queues is then filled so that each of these bits' values leads to its owner.
 *
 * That is for ports where only the way back comes in: all clients of a service would share a queue.
 */
#ifndef WEIR_DP_RSS_H
#define WEIR_DP_RSS_H

#include <stdbool.h>

#include <rte_ethdev.h>

#include "flow/policy.h"

/*
 * By what the policy says only backends of fullnat services are behind that port: there are such, no
 * VIP is in its subnets, and another port has no backends, so that clients come by that one.
 */
bool weir_rss_is_way_back(const struct weir_policy *p, unsigned int port);

/* Whether a device with such a table can do it for so many workers: they must divide its size. */
bool weir_rss_can_split_ports(const struct rte_eth_dev_info *info, unsigned int n_workers);

/* The key, of size bytes, 16 or more. */
void weir_rss_port_key(uint8_t *key, unsigned int size, unsigned int reta_size);

/* The queue (that of the owner) at index i of the table. */
uint16_t weir_rss_port_queue(unsigned int i, unsigned int reta_size, unsigned int n_workers);

/* Fills the device's table like this. 0 or -errno. */
int weir_rss_fill_table(uint16_t ethdev, unsigned int reta_size, unsigned int n_workers);

#endif
