/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread's part of a reload (HC-51): from the file to workers that go by it. */
#ifndef WEIR_SYNWEIR_RELOAD_H
#define WEIR_SYNWEIR_RELOAD_H

#include "config/config.h"
#include "ctl/view.h"
#include "dp/dataplane.h"

struct weir_reloader {
	struct weir_config *config; /* in force */
	const char *file;
	struct weir_dataplane *dp;
	struct weir_view *view;
	struct weir_policy *old; /* a worker may look at it still; or NULL */
};

/* Reads the file anew. All or nothing, and a line in the log either way. */
void weir_reload_now(struct weir_reloader *r);

/* The same request while draining: says no, for who waits for an answer. */
void weir_reload_refuse(struct weir_reloader *r);

/*
 * Once a second: what was removed, and has no connection left, lets its number and address go; what
 * workers did not let go of in time is freed.
 */
void weir_reload_tend(struct weir_reloader *r);

#endif
