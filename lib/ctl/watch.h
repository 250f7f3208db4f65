/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The watcher: once a second it compares the counters with the last time, and logs edges only: an alarm
 * is raised, and cleared after 5 s without its cause. The data path itself never logs. Control thread.
 */
#ifndef WEIR_CTL_WATCH_H
#define WEIR_CTL_WATCH_H

#include "ctl/view.h"

struct weir_watch;

enum weir_watch_level {
	WEIR_WATCH_NOTICE,
	WEIR_WATCH_WARNING,
};

/* One line, without newline and without a time. */
typedef void (*weir_watch_log_fn)(void *arg, enum weir_watch_level level, const char *line);

/* NULL: out of memory. Counting starts at now_ns, of any monotonic clock. */
struct weir_watch *weir_watch_new(const struct weir_view *view, weir_watch_log_fn log, void *arg,
	uint64_t now_ns);
void weir_watch_free(struct weir_watch *w);

/* Whether a flood is going on, as the log has it. */
bool weir_watch_flood(const struct weir_watch *w);

/* To be called about once a second. */
void weir_watch_step(struct weir_watch *w, const struct weir_view *view, uint64_t now_ns);

#endif
