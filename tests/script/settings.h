/* SPDX-License-Identifier: BSD-3-Clause */
/* What a script may set, under the names of docs/configuration.md. */
#ifndef WEIR_SCRIPT_SETTINGS_H
#define WEIR_SCRIPT_SETTINGS_H

#include "flow/policy.h"
#include "words.h"

/* One worker, one backend a service (of two there are), and what shell_policy() says. */
struct weir_policy *settings_begin(void);

/* Takes the value from the line. false: there is no such name. */
bool settings_apply(struct weir_policy *p, const char *name, struct words *w);

#endif
