/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the sockets of daemons are. */
#ifndef WEIRCTL_SOCKETS_H
#define WEIRCTL_SOCKETS_H

#include <stddef.h>

/*
 * The telemetry socket of a daemon with this file prefix: of the places where DPDK makes one (of a
 * systemd unit, of root, of the caller) the first at which a daemon listens. If none does: where one would
 * be that the caller starts.
 */
void sockets_find(const char *prefix, char *path, size_t size);

#endif
