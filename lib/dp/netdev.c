// SPDX-License-Identifier: BSD-3-Clause
#include "dp/netdev.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEY "iface="

_Static_assert(WEIR_NETDEV_NAME == IFNAMSIZ, "a name is what the kernel takes");

static bool starts_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool borrows(const char *device)
{
	return starts_with(device, "net_af_packet") || starts_with(device, "eth_af_packet") ||
		starts_with(device, "net_af_xdp");
}

void weir_netdev_name(const char *device, char name[WEIR_NETDEV_NAME])
{
	const char *at = borrows(device) ? strchr(device, ',') : NULL;

	name[0] = '\0';
	for (; at != NULL; at = strchr(at + 1, ','))
		if (starts_with(at + 1, KEY)) {
			at += 1 + strlen(KEY);
			snprintf(name, WEIR_NETDEV_NAME, "%.*s", (int)strcspn(at, ","), at);
			return;
		}
}

bool weir_netdev_exists(const char *name)
{
	return if_nametoindex(name) != 0;
}

bool weir_netdev_is_running(const char *name)
{
	const short running = IFF_UP | IFF_RUNNING;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {0};
	bool is;

	if (fd < 0)
		return true; /* nothing is known: no alarm */
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	is = ioctl(fd, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & running) == running;
	close(fd);
	return is;
}
