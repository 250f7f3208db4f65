/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a supervisor is told: systemd's protocol of sd_notify(3), a datagram to the socket that
 * NOTIFY_SOCKET names. Without a supervisor nothing is sent. Control thread.
 */
#ifndef WEIR_SYNWEIR_SUPERVISOR_H
#define WEIR_SYNWEIR_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/view.h"

struct weir_supervisor {
	int fd; /* connected; -1: there is no supervisor */
	bool watchdog;
	/* by worker: its loops at the last look, and for how many looks they have not moved */
	uint64_t loops_was[WEIR_WORKERS_MAX];
	unsigned int stuck[WEIR_WORKERS_MAX];
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and takes them out of the environment. */
void weir_supervisor_open(struct weir_supervisor *s);
void weir_supervisor_close(struct weir_supervisor *s);

/* "READY=1", "STOPPING=1", "STATUS=..." */
void weir_supervisor_tell(const struct weir_supervisor *s, const char *state);

/*
 * Once a second: feeds the watchdog if each worker has turned its loop since the last call. A worker
 * that has not for 3 calls, and one that turns again, is logged; the text is of the worker's CPU.
 */
void weir_supervisor_look(struct weir_supervisor *s, const struct weir_view *v);

#endif
