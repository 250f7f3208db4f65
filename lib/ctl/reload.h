/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where reloads are asked for and their outcome is looked up: between telemetry's threads, which ask,
 * and the control thread, which reads the file and replaces the policy.
 */
#ifndef WEIR_CTL_RELOAD_H
#define WEIR_CTL_RELOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define WEIR_RELOAD_TEXT 1200 /* a message of config/config.h with some words around it */

/* How they went. */
struct weir_reload_log {
	uint64_t good, bad;
	time_t good_at, bad_at;      /* the last of each; 0: none was */
	bool last_good;              /* of the last one: */
	char text[WEIR_RELOAD_TEXT]; /* one line: what has changed, or why nothing */
};

struct weir_reload {
	void (*wake)(void); /* makes the control thread reload soon; called by any thread */
	/* inside */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	uint64_t begun, done;
	struct weir_reload_log log;
};

void weir_reload_init(struct weir_reload *r, void (*wake)(void));

/* Control thread: around each one. */
void weir_reload_begin(struct weir_reload *r);
void weir_reload_end(struct weir_reload *r, bool good, const char *text);

/*
 * Any other thread: asks for one, and waits for one that began after that. false: none has ended in
 * patience_ms. *log is how it went.
 */
bool weir_reload_ask(struct weir_reload *r, unsigned int patience_ms, struct weir_reload_log *log);

/* Any thread. */
struct weir_reload_log weir_reload_look(struct weir_reload *r);

#endif
