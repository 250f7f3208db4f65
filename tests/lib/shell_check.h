/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the shell's files: what it looks at after each step. */
#ifndef WEIR_TESTS_SHELL_CHECK_H
#define WEIR_TESTS_SHELL_CHECK_H

#include "shell.h"

/* Fills in out->seg; checksums, lengths, addresses are as they must be. */
void shell_check_out(const struct shell *s, struct shell_out *out);

/* What weir_proxy_tick() tells the control side is so. */
void shell_check_gauges(const struct shell_worker *w);

/* The packet balance; from time to time the audit. */
void shell_check_step(struct shell *s);

#endif
