// SPDX-License-Identifier: BSD-3-Clause
#include "dp/signals.h"

#include <errno.h>
#include <time.h>

#include "dp/clock.h"

#define SECOND_NS 1000000000ull

static void add_driver_signals(sigset_t *set)
{
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		sigaddset(set, i);
}

void weir_signals_block(const sigset_t *own)
{
	sigset_t blocked = *own;

	add_driver_signals(&blocked);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGIO, SIG_IGN);
}

void weir_signals_receive(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	add_driver_signals(&signals);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

int weir_signals_wait(const sigset_t *own, uint64_t until_ns)
{
	for (;;) {
		uint64_t now = weir_clock_monotonic_ns(),
			 left = until_ns > now ? until_ns - now : 0;
		struct timespec t = {(time_t)(left / SECOND_NS), (long)(left % SECOND_NS)};
		int sig = sigtimedwait(own, NULL, &t);

		if (sig > 0)
			return sig;
		if (errno != EINTR)
			return 0;
	}
}
