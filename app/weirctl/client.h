/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to a running synweir over DPDK's telemetry socket. */
#ifndef WEIRCTL_CLIENT_H
#define WEIRCTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Returns the socket, or -1 after a line on stderr: what is wrong and what to do. */
int client_connect(const char *path);

/*
 * All rows that the command answers ("/synweir/conns"), asked for page by page: a JSON array of
 * objects, or NULL after a line on stderr. params: "client=192.0.2.1,service=web," or "". limit: as
 * many at most, for commands that know a limit; 0: all. *more: whether rows were left out.
 */
json_t *client_rows(int fd, const char *command, const char *params, size_t limit, bool *more);

#endif
