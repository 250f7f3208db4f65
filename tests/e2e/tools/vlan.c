/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vlan LINK ID - the device LINK.ID, for kernels without 802.1Q ("ip link add ... type vlan" knows no such type there):
 * a TAP with LINK's MAC address and MTU. What is sent by it leaves LINK with the tag, what LINK receives with that tag
 * comes out of it without. It is down at first, and gone when the program ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM     65536
#define TAG      4
#define MACS     (2 * ETH_ALEN)
#define VLAN_ID  0x0fff
#define BACKLOG  (8 << 20) /* bytes of frames that wait for us, in each direction */
#define TX_QUEUE 4096      /* the same in frames, of the TAP */
#define BURST    64

static void die(const char *what)
{
	fprintf(stderr, "vlan: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void ask(int fd, unsigned long request, struct ifreq *ifr)
{
	if (ioctl(fd, request, ifr) != 0)
		die(ifr->ifr_name);
}

/* What the kernel takes off is told beside the frame (PACKET_AUXDATA); what we send is none of our business. */
static int link_open(const char *link)
{
	const struct sockaddr_ll addr = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(link)};
	const int one = 1, backlog = BACKLOG;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || addr.sll_ifindex == 0)
		die(link);
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) != 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &backlog, sizeof(backlog)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &backlog, sizeof(backlog)) != 0 ||
		bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0)
		die(link);
	return fd;
}

/* asked: any socket, to ask about devices by. */
static int tap_open(const char *link, unsigned int id, int asked)
{
	struct ifreq tap = {.ifr_flags = IFF_TAP | IFF_NO_PI}, of = {0};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	snprintf(of.ifr_name, sizeof(of.ifr_name), "%s", link);
	snprintf(tap.ifr_name, sizeof(tap.ifr_name), "%.10s.%u", link, id);
	if (fd < 0)
		die("/dev/net/tun");
	ask(fd, TUNSETIFF, &tap);
	ask(asked, SIOCGIFHWADDR, &of);
	tap.ifr_hwaddr = of.ifr_hwaddr;
	ask(asked, SIOCSIFHWADDR, &tap);
	ask(asked, SIOCGIFMTU, &of);
	tap.ifr_mtu = of.ifr_mtu;
	ask(asked, SIOCSIFMTU, &tap);
	tap.ifr_qlen = TX_QUEUE;
	ask(asked, SIOCSIFTXQLEN, &tap);
	return fd;
}

/* The tag that the kernel took off, or -1. */
static int tag_of(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			return aux.tp_vlan_tci & VLAN_ID;
	}
	return -1;
}

/* A burst of LINK's frames: those with our tag go to the kernel. A device that is down loses them. */
static void take_off(int link, int tap, unsigned int id)
{
	static uint8_t frame[ROOM];
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;

	for (unsigned int i = 0; i < BURST; i++) {
		struct iovec iov = {frame, sizeof(frame)};
		struct msghdr msg = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control)};
		ssize_t len = recvmsg(link, &msg, MSG_DONTWAIT);

		if (len < 0)
			return;
		if (tag_of(&msg) == (int)id && write(tap, frame, (size_t)len) != len)
			continue;
	}
}

/* A burst of the kernel's frames leaves LINK with our tag. */
static void put_on(int tap, int link, unsigned int id)
{
	static uint8_t frame[TAG + ROOM];
	const uint8_t tag[TAG] = {0x81, 0x00, (uint8_t)(id >> 8), (uint8_t)id};

	for (unsigned int i = 0; i < BURST; i++) {
		ssize_t len = read(tap, frame + TAG, ROOM);

		if (len < MACS)
			return;
		memmove(frame, frame + TAG, MACS);
		memcpy(frame + MACS, tag, TAG);
		if (send(link, frame, (size_t)len + TAG, 0) < 0 && errno != ENETDOWN &&
			errno != ENOBUFS)
			die("send");
	}
}

int main(int argc, char **argv)
{
	unsigned int id = argc == 3 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;
	struct pollfd polled[2];
	int link, tap;

	if (id == 0 || id >= VLAN_ID) {
		fprintf(stderr, "usage: vlan LINK ID\n");
		return 2;
	}
	link = link_open(argv[1]);
	tap = tap_open(argv[1], id, link);
	polled[0] = (struct pollfd){link, POLLIN, 0};
	polled[1] = (struct pollfd){tap, POLLIN, 0};
	while (poll(polled, 2, -1) > 0) {
		if (polled[0].revents)
			take_off(link, tap, id);
		if (polled[1].revents)
			put_on(tap, link, id);
	}
	die("poll");
}
