/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread's part of a reload (HC-51): from the file to workers that use it. */
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
	struct weir_checker *checker;
	struct weir_policy *old; /* workers may still read it; or NULL */
	bool disobeyed;          /* an order is not in force yet */
};

/* Reloads the file: all of it or nothing, and a line in the log either way. */
void weir_reload_now(struct weir_reloader *r);

/* Puts in force what is ordered about backends (flow/orders.h). */
void weir_reload_obey(struct weir_reloader *r);

/* Refuses one or the other while draining, so that a waiting weirctl gets its answer. */
void weir_reload_refuse(struct weir_reloader *r, struct weir_reload *desk);

/*
 * Once a second: vacates the numbers and addresses of removed services and backends that have no
 * connection left; frees a policy whose grace period was not over in time; obeys what could not be obeyed
 * when it was ordered.
 */
void weir_reload_tend(struct weir_reloader *r);

#endif
