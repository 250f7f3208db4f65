// SPDX-License-Identifier: BSD-3-Clause
#include "supervisor.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

#define STUCK_LOOKS 3

/* "/path" or "@name", which is an abstract one. -1: there is none, or nothing listens. */
static int connect_to(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t length = name != NULL ? strlen(name) : 0;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	int fd;

	if (length < 2 || length >= sizeof(addr.sun_path) || (name[0] != '/' && name[0] != '@'))
		return -1;
	memcpy(addr.sun_path, name, length);
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&addr, size) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Whether it is this process, and not one that started it, which is to feed the watchdog. */
static bool is_watched(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	return usec != NULL && (pid == NULL || strtol(pid, NULL, 10) == getpid());
}

void weir_supervisor_open(struct weir_supervisor *s)
{
	*s = (struct weir_supervisor){.fd = connect_to(getenv("NOTIFY_SOCKET"))};
	s->watchdog = is_watched();
	/* programs of health checks must not speak for us */
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void weir_supervisor_close(struct weir_supervisor *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void weir_supervisor_tell(const struct weir_supervisor *s, const char *state)
{
	if (s->fd >= 0)
		(void)!send(s->fd, state, strlen(state), MSG_NOSIGNAL);
}

/* Whether the worker turns; logs the edges. */
static bool look_at(struct weir_supervisor *s, const struct weir_view *v, unsigned int worker)
{
	const uint64_t loops = weir_counted(&v->worker[worker].counters->loops);
	unsigned int *stuck = &s->stuck[worker];
	const unsigned int was = *stuck;

	*stuck = loops != s->loops_was[worker] ? 0 : was + 1;
	s->loops_was[worker] = loops;
	if (*stuck == STUCK_LOOKS)
		weir_log(WEIR_LOG_WARNING,
			"worker %u (CPU %d) has not turned its loop for %u s: its connections "
			"wait. Does another program hold its CPU, or was a virtual CPU taken away?",
			worker, v->worker[worker].cpu, STUCK_LOOKS);
	if (*stuck == 0 && was >= STUCK_LOOKS)
		weir_log(WEIR_LOG_INFO, "worker %u turns its loop again, after %u s", worker, was);
	return *stuck == 0;
}

void weir_supervisor_look(struct weir_supervisor *s, const struct weir_view *v)
{
	bool all = true;

	for (unsigned int i = 0; i < v->policy->n_workers; i++)
		all = look_at(s, v, i) && all;
	if (all && s->watchdog)
		weir_supervisor_tell(s, "WATCHDOG=1");
}
