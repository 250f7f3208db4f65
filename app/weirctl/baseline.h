/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters of synweir only count up, for all that read them. "clear counters" remembers, for this user and
 * this daemon, where they are: $XDG_STATE_HOME/synweir, or ~/.local/state/synweir, has a file for each socket.
 */
#ifndef WEIRCTL_BASELINE_H
#define WEIRCTL_BASELINE_H

#include <jansson.h>

/* doc: topic "info" with its rows. 0, or -1 after a line on stderr. */
int baseline_save(const char *socket, const json_t *doc);

/* NULL after a line on stderr: there is none, or it is of another run. */
json_t *baseline_load(const char *socket, const json_t *info);

#endif
