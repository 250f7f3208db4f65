/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's interface under a port, for drivers that borrow one by name: AF_PACKET, AF_XDP. Their
 * own word about it is poor, so the kernel is asked. Control thread; names as in the configuration.
 */
#ifndef WEIR_DP_NETDEV_H
#define WEIR_DP_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

#define WEIR_NETDEV_NAME 16 /* Linux's IFNAMSIZ */

/* The interface that a device string borrows, or "" when it borrows none. */
void weir_netdev_name(const char *device, char name[WEIR_NETDEV_NAME]);

/* Bytes of a slot of the ring that a device string of AF_PACKET asks for; 0: it is of another driver. */
uint32_t weir_netdev_slot_bytes(const char *device);

/* This network namespace has that interface. */
bool weir_netdev_exists(const char *name);

/* It is up, and has a carrier. false, too, when it is gone. */
bool weir_netdev_is_running(const char *name);

/* Sets its MTU, which takes CAP_NET_ADMIN unless that is what it has. 0 or -errno. */
int weir_netdev_set_mtu(const char *name, uint16_t mtu);

#endif
