// SPDX-License-Identifier: BSD-3-Clause
#include "start_signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

static pthread_t thread;
static bool running;
static unsigned int came; /* by the thread; read when it has ended */

static void *wait_for_two(void *arg)
{
	sigset_t ends;
	int sig;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	while (sigwait(&ends, &sig) == 0) { /* a point where it may be cancelled */
		if (++came == 1) {
			weir_log(WEIR_LOG_INFO,
				"stopping when it has started; another signal ends it at once");
			continue;
		}
		weir_log(WEIR_LOG_WARNING, "ended while starting, by a second signal");
		_exit(EXIT_FAILURE);
	}
	return NULL;
}

int weir_start_signals_begin(void)
{
	int rc = pthread_create(&thread, NULL, wait_for_two, NULL);

	running = rc == 0;
	return rc;
}

bool weir_start_signals_end(void)
{
	if (!running)
		return false;
	running = false;
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	return came > 0;
}
