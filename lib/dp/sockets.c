// SPDX-License-Identifier: BSD-3-Clause
#include "dp/sockets.h"

#include <dirent.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* AF_PACKET, AF_XDP; or -1 for any other file. */
static int domain_of(int fd)
{
	int domain;
	socklen_t len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0)
		return -1;
	return domain == AF_PACKET || domain == AF_XDP ? domain : -1;
}

static void add(struct weir_sockets *s, int fd, int domain)
{
	if (s->n < WEIR_SOCKETS_MAX)
		s->socket[s->n++] = (struct weir_socket){.fd = fd, .domain = domain};
}

static bool has(const struct weir_sockets *s, int fd)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (s->socket[i].fd == fd)
			return true;
	return false;
}

void weir_sockets_find(struct weir_sockets *s)
{
	static const struct weir_sockets none;

	s->n = 0;
	weir_sockets_add_new(s, &none);
}

void weir_sockets_add_new(struct weir_sockets *s, const struct weir_sockets *before)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (dir == NULL)
		return; /* no /proc: the driver's own counts have to do */
	while ((entry = readdir(dir)) != NULL) {
		int fd = atoi(
			entry->d_name); /* "." and ".." are 0, which has() keeps from being added twice */
		int domain = domain_of(fd);

		if (domain >= 0 && !has(before, fd) && !has(s, fd))
			add(s, fd, domain);
	}
	closedir(dir);
}

/* The kernel counts from 0 again after each call. */
static void ask_packet(struct weir_socket *s)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);

	if (getsockopt(s->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		s->missed += stats.tp_drops;
}

static void ask_xdp(struct weir_socket *s)
{
	struct xdp_statistics stats;
	socklen_t len = sizeof(stats);

	memset(&stats, 0, sizeof(stats)); /* Linux before 5.9 fills the first three fields only */
	if (getsockopt(s->fd, SOL_XDP, XDP_STATISTICS, &stats, &len) == 0)
		s->missed = stats.rx_dropped + stats.rx_ring_full;
}

uint64_t weir_sockets_missed(struct weir_sockets *s, uint64_t reported)
{
	uint64_t packet = 0, xdp = 0;

	for (unsigned int i = 0; i < s->n; i++) {
		if (s->socket[i].domain == AF_XDP) {
			ask_xdp(&s->socket[i]);
			xdp += s->socket[i].missed;
		} else {
			ask_packet(&s->socket[i]);
			packet += s->socket[i].missed;
		}
	}
	return packet + (reported > xdp ? reported : xdp);
}
