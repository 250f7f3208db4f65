// SPDX-License-Identifier: BSD-3-Clause
#include "dp/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dp/netdev.h"

#ifndef TUNSETCARRIER
#define TUNSETCARRIER _IOW('T', 226, int) /* <linux/if_tun.h> of Linux 5.0 */
#endif

/* A request about the interface, by its name. */
static int ask(const struct weir_tap *t, unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return -errno;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", t->name);
	rc = ioctl(fd, request, ifr) == 0 ? 0 : -errno;
	close(fd);
	return rc;
}

static int set_mac(const struct weir_tap *t, const uint8_t mac[6])
{
	struct ifreq ifr = {0};

	/* one that was made before may have it already: then no capability is needed */
	if (ask(t, SIOCGIFHWADDR, &ifr) == 0 && memcmp(ifr.ifr_hwaddr.sa_data, mac, 6) == 0)
		return 0;
	memset(&ifr, 0, sizeof(ifr));
	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
	return ask(t, SIOCSIFHWADDR, &ifr);
}

static int make(struct weir_tap *t)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};

	t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return -errno;
	t->open = true;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", t->name);
	return ioctl(t->fd, TUNSETIFF, &ifr) == 0 ? 0 : -errno;
}

int weir_tap_open(struct weir_tap *t, const char *name, const uint8_t mac[6], uint16_t mtu,
	struct weir_dp_error *err)
{
	int rc;

	snprintf(t->name, sizeof(t->name), "%s", name);
	rc = make(t);
	if (rc == 0)
		rc = set_mac(t, mac);
	if (rc == 0)
		rc = weir_netdev_set_mtu(t->name, mtu);
	if (rc == 0)
		return 0;
	weir_tap_close(t);
	switch (rc) {
	case -ENOENT:
	case -ENODEV:
		return weir_dp_fail(err, rc,
			"host interface %s: there is no /dev/net/tun: \"modprobe tun\"", name);
	case -EBUSY:
		return weir_dp_fail(err, rc,
			"host interface %s: another program has it open; or it is of several "
			"queues: "
			"\"ip link del %s\"",
			name, name);
	case -EPERM:
	case -EACCES:
		return weir_dp_fail(err, rc,
			"host interface %s: not allowed to make it: run with CAP_NET_ADMIN, or let "
			"the "
			"administrator make it with the port's MAC address and MTU: \"ip tuntap "
			"add "
			"%s mode tap user USER\"",
			name, name);
	default: /* any errno */
		return weir_dp_fail(err, rc, "host interface %s: %s", name, strerror(-rc));
	}
}

/* RTM_NEWADDR (rtnetlink(7)), the address twice, because a subnet is not a peer. */
struct new_address {
	struct nlmsghdr msg;
	struct ifaddrmsg addr;
	uint8_t attributes[64];
};

static void add_attribute(struct new_address *r, unsigned short type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)((uint8_t *)r + NLMSG_ALIGN(r->msg.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->msg.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->msg.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

/* Sends it and reads the kernel's answer. */
static int request(struct new_address *r)
{
	struct {
		struct nlmsghdr msg;
		struct nlmsgerr err;
		uint8_t rest[256];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (send(fd, r, r->msg.nlmsg_len, 0) < 0)
		rc = -errno;
	else if (recv(fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(answer.err)))
		rc = -EPROTO;
	else
		rc = answer.msg.nlmsg_type == NLMSG_ERROR ? answer.err.error : -EPROTO;
	close(fd);
	return rc == -EEXIST ? 0 : rc;
}

int weir_tap_add_address(const struct weir_tap *t, const struct weir_interface_addr *addr)
{
	const bool v4 = weir_addr_is_v4(&addr->addr);
	const size_t len = v4 ? 4 : 16;
	struct new_address r = {
		.msg = {.nlmsg_len = NLMSG_LENGTH(sizeof(r.addr)),
			.nlmsg_type = RTM_NEWADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL},
		.addr = {.ifa_family = v4 ? AF_INET : AF_INET6,
			.ifa_prefixlen = (unsigned char)(v4 ? addr->prefix - 96 : addr->prefix),
			/* the keeper probes for it (dp/keeper.h) */
			.ifa_flags = v4 ? 0 : IFA_F_NODAD,
			.ifa_index = if_nametoindex(t->name)},
	};
	const uint8_t *bytes = &addr->addr.b[16 - len];

	add_attribute(&r, IFA_LOCAL, bytes, len);
	add_attribute(&r, IFA_ADDRESS, bytes, len);
	return request(&r);
}

int weir_tap_up(const struct weir_tap *t)
{
	struct ifreq ifr = {0};
	int rc = ask(t, SIOCGIFFLAGS, &ifr);

	if (rc != 0 || ifr.ifr_flags & IFF_UP)
		return rc;
	ifr.ifr_flags |= IFF_UP;
	return ask(t, SIOCSIFFLAGS, &ifr);
}

void weir_tap_set_carrier(const struct weir_tap *t, bool up)
{
	int carrier = up;

	(void)ioctl(t->fd, TUNSETCARRIER, &carrier);
}

size_t weir_tap_read(const struct weir_tap *t, void *frame, size_t room)
{
	ssize_t n = read(t->fd, frame, room);

	return n > 0 ? (size_t)n : 0;
}

bool weir_tap_write(const struct weir_tap *t, const void *frame, size_t len)
{
	return write(t->fd, frame, len) == (ssize_t)len;
}

void weir_tap_close(struct weir_tap *t)
{
	if (t->open)
		close(t->fd);
	t->open = false;
}
