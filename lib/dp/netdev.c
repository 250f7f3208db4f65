// SPDX-License-Identifier: BSD-3-Clause
#include "dp/netdev.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEY  "iface="
#define SLOT "framesz="

#define SLOT_BYTES 2048 /* DFLT_FRAME_SIZE of the driver */

_Static_assert(WEIR_NETDEV_NAME == IFNAMSIZ, "a name is what the kernel takes");

static bool starts_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_af_packet(const char *device)
{
	return starts_with(device, "net_af_packet") || starts_with(device, "eth_af_packet");
}

/* What follows the key in a device's arguments; NULL: it is not there. */
static const char *value_of(const char *device, const char *key)
{
	for (const char *at = strchr(device, ','); at != NULL; at = strchr(at + 1, ','))
		if (starts_with(at + 1, key))
			return at + 1 + strlen(key);
	return NULL;
}

void weir_netdev_name(const char *device, char name[WEIR_NETDEV_NAME])
{
	const bool borrows = is_af_packet(device) || starts_with(device, "net_af_xdp");
	const char *at = borrows ? value_of(device, KEY) : NULL;

	name[0] = '\0';
	if (at != NULL)
		snprintf(name, WEIR_NETDEV_NAME, "%.*s", (int)strcspn(at, ","), at);
}

uint32_t weir_netdev_slot_bytes(const char *device)
{
	const char *at = value_of(device, SLOT);

	if (!is_af_packet(device))
		return 0;
	return at != NULL ? (uint32_t)strtoul(at, NULL, 10) : SLOT_BYTES;
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

int weir_netdev_set_mtu(const char *name, uint16_t mtu)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {0};
	int rc = 0;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFMTU, &ifr) != 0 || ifr.ifr_mtu != mtu) {
		ifr.ifr_mtu = mtu;
		rc = ioctl(fd, SIOCSIFMTU, &ifr) == 0 ? 0 : -errno;
	}
	close(fd);
	return rc;
}
