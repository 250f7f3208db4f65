/* SPDX-License-Identifier: BSD-3-Clause */
/* Text of an answer on its way to a terminal: what would control it becomes '?'. */
#ifndef WEIRCTL_TEXT_H
#define WEIRCTL_TEXT_H

#include <stdio.h>

/* In place. */
void text_clean(char *text);

/* NULL: nothing. */
void text_put(FILE *to, const char *text);

#endif
