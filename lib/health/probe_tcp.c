// SPDX-License-Identifier: BSD-3-Clause
/* A connection; what is sent over it, if anything; what has to come back, if anything. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health/probe.h"

static socklen_t fill(struct sockaddr_storage *to, const struct weir_check_target *target)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (weir_addr_is_v4(&target->addr)) {
		v4->sin_family = AF_INET;
		v4->sin_port = target->port_be;
		v4->sin_addr.s_addr = weir_addr_v4_be(&target->addr);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = target->port_be;
	memcpy(&v6->sin6_addr, &target->addr, sizeof(v6->sin6_addr));
	return sizeof(*v6);
}

static void end_by_errno(struct weir_prober *pr, struct weir_probe *p, int error)
{
	struct weir_result r;

	weir_result_of_errno(&r, error);
	weir_probe_end_with(pr, p, &r);
}

static void end_well(struct weir_prober *pr, struct weir_probe *p, const char *text)
{
	struct weir_result r;

	weir_result_set(&r, WEIR_OUTCOME_GOOD, "%s", text);
	weir_probe_end_with(pr, p, &r);
}

/* The other end has closed, and what was expected is not there. */
static void end_closed(struct weir_prober *pr, struct weir_probe *p)
{
	struct weir_result r;

	if (p->n_answer > 0)
		weir_result_set(&r, WEIR_OUTCOME_WRONG, "the answer is another one");
	else
		weir_result_set(&r, WEIR_OUTCOME_CLOSED, "closed without an answer");
	weir_probe_end_with(pr, p, &r);
}

static void receive(struct weir_prober *pr, struct weir_probe *p)
{
	char data[4096];

	for (;;) {
		ssize_t n = recv(p->socket.fd, data, sizeof(data), 0);

		if (n == 0) {
			end_closed(pr, p);
			return;
		}
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0 || !weir_probe_receive(p, data, (size_t)n)) {
			end_by_errno(pr, p, n < 0 ? errno : ENOMEM);
			return;
		}
		if (weir_probe_found(p, p->check->expect)) {
			end_well(pr, p, "answered");
			return;
		}
	}
}

/* It is writable: connected, or connecting has failed. */
static void send_some(struct weir_prober *pr, struct weir_probe *p)
{
	const char *rest = p->check->send + p->sent;
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = &p->socket};
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(p->socket.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error == 0 && *rest != '\0') {
		ssize_t n = send(p->socket.fd, rest, strlen(rest), MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			error = errno;
		p->sent += n > 0 ? (size_t)n : 0;
	}
	if (error != 0) {
		end_by_errno(pr, p, error);
		return;
	}
	if (p->check->send[p->sent] != '\0')
		return;
	if (p->check->expect[0] == '\0')
		end_well(pr, p, "connected");
	else if (epoll_ctl(pr->epoll, EPOLL_CTL_MOD, p->socket.fd, &e) != 0)
		end_by_errno(pr, p, errno);
}

static void on_writable(struct weir_prober *pr, struct weir_watched *w);

static void on_readable(struct weir_prober *pr, struct weir_watched *w)
{
	receive(pr, (struct weir_probe *)w);
}

static void on_writable(struct weir_prober *pr, struct weir_watched *w)
{
	struct weir_probe *p = (struct weir_probe *)w;

	w->on = on_readable; /* by the time that all is sent */
	send_some(pr, p);
	if (p->running && p->check->send[p->sent] != '\0')
		w->on = on_writable;
}

static int open_socket(struct weir_prober *pr, struct weir_probe *p)
{
	/* RST instead of FIN: thousands of checks leave no TIME_WAIT */
	const struct linger none = {.l_onoff = 1};
	struct epoll_event e = {.events = EPOLLOUT, .data.ptr = &p->socket};
	const char *interface = p->check->interface;
	struct sockaddr_storage to;
	socklen_t len = fill(&to, p->to);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	p->socket.fd = fd;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	if (interface[0] != '\0' &&
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
			(socklen_t)strlen(interface) + 1) != 0)
		return errno == ENODEV ? -ENXIO : -errno;
	if (connect(fd, (const struct sockaddr *)&to, len) != 0 && errno != EINPROGRESS)
		return -errno;
	return epoll_ctl(pr->epoll, EPOLL_CTL_ADD, fd, &e) == 0 ? 0 : -errno;
}

void weir_tcp_start(struct weir_prober *pr, struct weir_probe *p)
{
	int rc;

	p->socket.on = on_writable;
	rc = open_socket(pr, p);
	if (rc != 0)
		end_by_errno(pr, p, -rc);
}

/* To close it takes it out of epoll. */
void weir_tcp_stop(struct weir_prober *pr, struct weir_probe *p)
{
	if (p->socket.fd >= 0)
		close(p->socket.fd);
}
