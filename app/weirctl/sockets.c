// SPDX-License-Identifier: BSD-3-Clause
#include "sockets.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A daemon listens there, even one that does not talk to us. */
static bool is_alive(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	bool alive;
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return false;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	alive = connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0 || errno == EACCES ||
		errno == EPERM;
	close(fd);
	return alive;
}

static void put(const char *dir, const char *prefix, char *path, size_t size)
{
	snprintf(path, size, "%s/dpdk/%s/dpdk_telemetry.v2", dir, prefix);
}

/* As eal_create_runtime_dir() of DPDK does it. */
static const char *own_dir(void)
{
	const char *dir = getenv("RUNTIME_DIRECTORY");

	if (dir == NULL && getuid() == 0)
		dir = "/var/run";
	if (dir == NULL)
		dir = getenv("XDG_RUNTIME_DIR");
	return dir != NULL ? dir : "/tmp";
}

void sockets_find(const char *prefix, char *path, size_t size)
{
	/* the unit has RuntimeDirectory=dpdk, to which DPDK adds its own */
	const char *const dirs[] = {own_dir(), "/run/dpdk", "/run"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		put(dirs[i], prefix, path, size);
		if (is_alive(path))
			return;
	}
	put(own_dir(), prefix, path, size);
}
