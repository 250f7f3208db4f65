/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests for a reload, and their outcome: telemetry's threads request one, the control thread reads
 * the file and replaces the policy. Likewise for orders (flow/orders.h), which the next policy obeys.
 */
#ifndef WEIR_CTL_RELOAD_H
#define WEIR_CTL_RELOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define WEIR_RELOAD_TEXT 1200 /* a message of config/config.h with some words around it */

/* The outcome of reloads. */
struct weir_reload_log {
	uint64_t good, bad;
	time_t good_at, bad_at;      /* the last of each; 0: none was */
	bool last_good;              /* of the last one: */
	char text[WEIR_RELOAD_TEXT]; /* one line: what has changed, or why nothing has */
};

struct weir_reload {
	void (*wake)(void); /* makes the control thread reload soon; called by any thread */
	/* private */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	uint64_t begun, done;
	struct weir_reload_log log;
};

void weir_reload_init(struct weir_reload *r, void (*wake)(void));

/* Control thread: before and after each reload. */
void weir_reload_begin(struct weir_reload *r);
void weir_reload_end(struct weir_reload *r, bool good, const char *text);

/*
 * Any other thread: requests a reload, and waits for one that began after the request. false: none has
 * ended within timeout_ms. *log: the outcome.
 */
bool weir_reload_ask(struct weir_reload *r, unsigned int timeout_ms, struct weir_reload_log *log);

/* Any thread: the outcome so far. */
struct weir_reload_log weir_reload_look(struct weir_reload *r);

#endif
