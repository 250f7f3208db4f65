/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One check while it runs, and what runs all of them: epoll for sockets and programs, libcurl's multi
 * interface for HTTP. The checker's thread only. Nothing here knows a clock: the checker
 * stops a probe when its time is over.
 */
#ifndef WEIR_HEALTH_PROBE_H
#define WEIR_HEALTH_PROBE_H

#include <curl/curl.h>
#include <sys/types.h>

#include "health/check.h"
#include "health/result.h"

struct weir_prober;
struct weir_program;

/* What an event of epoll leads to. INVARIANT: the first member of what it is a part of. */
struct weir_watched {
	void (*on)(struct weir_prober *pr, struct weir_watched *w);
	int fd;
};

/* All zero while it does not run. */
struct weir_probe {
	struct weir_watched socket;     /* tcp */
	const struct weir_check *check; /* the plan's; while it runs */
	const struct weir_check_target *to;
	bool running;
	size_t sent;
	struct weir_program *program; /* exec */
	CURL *easy;                   /* http, https */
	struct curl_slist *connect_to;
	char curl_error[CURL_ERROR_SIZE];
	bool enough;  /* http: all is known before the end of the answer */
	char *answer; /* n_answer bytes of what was received */
	size_t n_answer;
};

/* The probe has ended, by itself; it may be started again at once. Latency is left for the callee. */
typedef void (*weir_probe_done_fn)(void *arg, struct weir_probe *p, struct weir_result *r);

struct weir_prober {
	int epoll;
	CURLM *multi;
	unsigned int n_http, n_programs; /* that run */
	weir_probe_done_fn done;
	void *arg;
};

/* curl_global_init() was called. 0 or -errno. */
int weir_prober_open(struct weir_prober *pr, weir_probe_done_fn done, void *arg);

/* After all probes were stopped. Programs that were killed and do not end within a second are init's. */
void weir_prober_close(struct weir_prober *pr);

/*
 * Begins a check of `to`, both of which stay where they are. It may end at once, within this call. p is
 * all zero, or has ended.
 */
void weir_probe_start(struct weir_prober *pr, struct weir_probe *p, const struct weir_check *check,
	const struct weir_check_target *to);

/* Ends it without a word. A program is killed, with all that it has started. */
void weir_probe_stop(struct weir_prober *pr, struct weir_probe *p);

/* Waits until something happens, timeout_ms at most, and calls done() for probes that end. */
void weir_prober_wait(struct weir_prober *pr, int timeout_ms);

/* A descriptor of the caller's: w->on() is called when it can be read. 0 or -errno. */
int weir_prober_watch(struct weir_prober *pr, struct weir_watched *w);

/*
 * For the kinds of probe (probe_tcp.c, probe_http.c, probe_exec.c)
 */

/* p is stopped, and done() called. */
void weir_probe_end_with(struct weir_prober *pr, struct weir_probe *p, struct weir_result *r);

/* Adds to the answer what there is room for; false: out of memory. */
bool weir_probe_receive(struct weir_probe *p, const void *data, size_t n);

/* The text is in the answer. */
bool weir_probe_found(const struct weir_probe *p, const char *text);

void weir_tcp_start(struct weir_prober *pr, struct weir_probe *p);
void weir_tcp_stop(struct weir_prober *pr, struct weir_probe *p);
void weir_http_start(struct weir_prober *pr, struct weir_probe *p);
void weir_http_stop(struct weir_prober *pr, struct weir_probe *p);
/* What libcurl has for us. */
void weir_http_turn(struct weir_prober *pr);
void weir_exec_start(struct weir_prober *pr, struct weir_probe *p);
void weir_exec_stop(struct weir_prober *pr, struct weir_probe *p);

#endif
