/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A TAP device of the kernel: an interface of which every frame that the kernel sends is read from a file, and every
 * frame that is written into it has arrived for the kernel. Control thread; reading and writing: any one thread,
 * with no capability.
 */
#ifndef WEIR_DP_TAP_H
#define WEIR_DP_TAP_H

#include <sys/types.h>

#include "dp/error.h"
#include "flow/policy.h"

struct weir_tap {
	char name[16];
	bool open;
	int fd; /* non-blocking */
};

/*
 * Makes the interface, or takes the one that is there already (`ip tuntap add`), and gives it the MAC address and the
 * MTU. It is gone when the file is closed, unless it was there before. 0 or -errno, with what to do in err.
 */
int weir_tap_open(struct weir_tap *t, const char *name, const uint8_t mac[6], uint16_t mtu,
	struct weir_dp_error *err);

/* One more address of it, with its subnet's route. 0, or -errno; an address that it has already is fine. */
int weir_tap_add_address(const struct weir_tap *t, const struct weir_interface_addr *addr);

/* Brings it up ("ip link set up"). 0 or -errno. */
int weir_tap_up(const struct weir_tap *t);

/* Tells the kernel whether the wire is there: routing daemons look at that. Kernels before 5.0 take no notice. */
void weir_tap_set_carrier(const struct weir_tap *t, bool up);

/* A frame of the kernel's. Its length; 0: there is none. */
size_t weir_tap_read(const struct weir_tap *t, void *frame, size_t room);

/* A frame for the kernel. false: it does not take it, as when the interface is down. */
bool weir_tap_write(const struct weir_tap *t, const void *frame, size_t len);

void weir_tap_close(struct weir_tap *t);

#endif
