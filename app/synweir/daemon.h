/* SPDX-License-Identifier: BSD-3-Clause */
/* The running daemon, from a checked configuration to exit (HC-54). */
#ifndef WEIR_SYNWEIR_DAEMON_H
#define WEIR_SYNWEIR_DAEMON_H

#include "config/config.h"

/*
 * Once per process; takes the configuration. Runs until SIGTERM or SIGINT. extra: arguments for the EAL from the command line. The process's
 * exit status: 0, or 1 after a line that says what is wrong and what to do.
 */
int weir_daemon_run(struct weir_config *config, const char *config_file, char **extra,
	unsigned int n_extra);

#endif
