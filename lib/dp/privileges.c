// SPDX-License-Identifier: BSD-3-Clause
#include "dp/privileges.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 2000

/* Both words of a set. */
struct sets {
	struct __user_cap_data_struct word[_LINUX_CAPABILITY_U32S_3];
};

static bool get(struct sets *s)
{
	struct __user_cap_header_struct of = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &of, s->word) == 0;
}

static bool set(const struct sets *s)
{
	struct __user_cap_header_struct of = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capset, &of, s->word) == 0;
}

bool weir_privileges_has(int capability)
{
	struct sets s = {0};

	return get(&s) && (s.word[capability / 32].effective >> capability % 32 & 1);
}

int weir_privileges_no_new(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
}

/* What the signal handler is told, and tells. */
static uint64_t kept;
static uint32_t followed;

/* In each thread, in turn: nothing but system calls and an atomic. */
static void drop_here(int sig)
{
	int saved = errno;
	struct sets s = {0};

	if (get(&s)) {
		for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
			s.word[i].permitted &= (uint32_t)(kept >> 32 * i);
			s.word[i].effective = s.word[i].permitted;
			s.word[i].inheritable = 0;
		}
		if (set(&s))
			__atomic_add_fetch(&followed, 1, __ATOMIC_RELEASE);
	}
	errno = saved;
}

/* Signals one thread, and waits until it has followed, or has ended. */
static int drop_in(pid_t thread)
{
	uint32_t before = __atomic_load_n(&followed, __ATOMIC_ACQUIRE);

	if (syscall(SYS_tgkill, getpid(), thread, SIGUSR2) != 0)
		return errno == ESRCH ? 0 : -errno;
	for (unsigned int ms = 0; ms < PATIENCE_MS; ms++) {
		if (__atomic_load_n(&followed, __ATOMIC_ACQUIRE) != before)
			return 0;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return syscall(SYS_tgkill, getpid(), thread, 0) != 0 ? 0 : -ETIMEDOUT;
}

/* A thread that is started meanwhile has what its parent has, so a second pass finds all. */
static int drop_everywhere(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	int rc = 0;

	if (dir == NULL)
		return -errno;
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		pid_t thread = atoi(entry->d_name); /* 0: "." and ".." */

		if (thread > 0)
			rc = drop_in(thread);
	}
	closedir(dir);
	return rc;
}

int weir_privileges_drop(uint64_t keep)
{
	struct sigaction drop = {.sa_handler = drop_here, .sa_flags = SA_RESTART}, before;
	int rc;

	kept = keep;
	sigemptyset(&drop.sa_mask);
	if (sigaction(SIGUSR2, &drop, &before) != 0)
		return -errno;
	rc = drop_everywhere();
	if (rc == 0)
		rc = drop_everywhere();
	sigaction(SIGUSR2, &before, NULL);
	return rc;
}
