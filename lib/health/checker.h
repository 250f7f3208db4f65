/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The checker: a thread that checks backends as the plan says, tells workers by the bitmap of
 * flow/health.h what came of it, and people by lines in the log and by records. The calls here are for
 * the control thread, but for weir_checker_look().
 */
#ifndef WEIR_HEALTH_CHECKER_H
#define WEIR_HEALTH_CHECKER_H

#include "flow/health.h"
#include "health/record.h"

struct weir_checker;

/* One line, without newline; from the checker's thread. */
typedef void (*weir_checker_log_fn)(void *arg, bool warning, const char *line);

/*
 * Starts the thread, which has nothing to do yet; it has the capabilities and the signal mask of its
 * caller. seed: random. health stays where it is until weir_checker_stop(). 0 and *out, or -errno.
 */
int weir_checker_start(struct weir_health *health, weir_checker_log_fn log, void *arg,
	uint64_t seed, struct weir_checker **out);

/*
 * The plan, which is the checker's from here on, takes the place of the one before. The policy that it
 * was made for is in force. A backend that is in both keeps its state, one that is in it no more is
 * healthy. NULL: nothing is checked.
 */
void weir_checker_follow(struct weir_checker *c, struct weir_check_plan *plan);

/* Any thread. What is known of the backend; false: it is not checked, and r is as it was. */
bool weir_checker_look(struct weir_checker *c, uint16_t backend, struct weir_record *r);

/* Ends the thread and all checks, and frees it. NULL is fine. */
void weir_checker_stop(struct weir_checker *c);

#endif
