/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file: read, checked and turned into a policy (docs/configuration.md).
 *
 * All or nothing: a file that breaks a single rule yields only the message that names the rule.
 *
 * config/ owns the way from the file to a policy. It includes base, wire and flow. Control thread; no
 * call is re-entrant, as libconfig's parser is not.
 */
#ifndef WEIR_CONFIG_CONFIG_H
#define WEIR_CONFIG_CONFIG_H

#include "config/secret.h"
#include "flow/derive.h"
#include "health/check.h"

/* What an idle worker does. */
enum weir_idle {
	WEIR_IDLE_POLL,  /* spins: the lowest latency, a core for each worker */
	WEIR_IDLE_SLEEP, /* sleeps until the next packet or timer is due */
};

struct weir_config {
	struct weir_policy *policy; /* finished; freed with this. NULL: the caller has taken it */
	struct weir_check_plan *checks; /* likewise */
	enum weir_idle idle;
	uint16_t lcores[WEIR_WORKERS_MAX]; /* the workers' cores, in the workers' order */
	uint32_t n_lcores;                 /* policy->n_workers, or 0: any cores */
	uint32_t n_eal;
	char **eal; /* EAL arguments of the file */
	uint32_t n_warnings;
	char **warnings; /* one line each, "FILE:LINE: path = VALUE: rule" */
	struct weir_secret
		*secret;    /* freed with this; after a reload NULL: the running one's goes on */
	bool random_secret; /* the file names none: a random one was made */
	struct weir_change services, backends; /* what a reload has changed */
};

/* One line without newline: "FILE:LINE: path.to.key = VALUE: rule". */
struct weir_config_error {
	char text[1024];
};

/*
 * Reads and checks the file. 0 and *out (free with weir_config_free()); -EINVAL: the file breaks a
 * rule or is not a regular file; -ENOMEM; another -errno: it (or the file of the secret) cannot be
 * read. On failure *out is NULL and err->text is the message.
 */
int weir_config_load(const char *path, struct weir_config **out, struct weir_config_error *err);

/* What else goes into the next generation of a policy: weir_policy_derive(). */
struct weir_busy {
	/* which listeners and backends connections refer to, by number */
	bool listeners[WEIR_LISTENERS_MAX], backends[WEIR_BACKENDS_MAX];
	const struct weir_orders *orders; /* or NULL */
};

/*
 * The same while `running` is in force: the policy of *out is the next generation of the running one.
 * A change that a running process cannot make is refused, too; `running` is not touched.
 */
int weir_config_reload(const char *path, const struct weir_config *running,
	const struct weir_busy *busy, struct weir_config **out, struct weir_config_error *err);

/* Frees it, and its policy unless that is NULL. c may be NULL. */
void weir_config_free(struct weir_config *c);

#endif
