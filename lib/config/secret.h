/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The master secret (tcp/keys.h): in one page of its own, which is neither swapped nor dumped nor
 * inherited, and nowhere else. Control thread.
 */
#ifndef WEIR_CONFIG_SECRET_H
#define WEIR_CONFIG_SECRET_H

#include <stdint.h>

struct weir_secret {
	uint8_t bytes[16];
	char text[64]; /* the file's, while it is read */
};

/* All zero. NULL: out of memory. Where no page may be locked (RLIMIT_MEMLOCK), it is not locked. */
struct weir_secret *weir_secret_new(void);

/* Wipes it. s may be NULL. */
void weir_secret_free(struct weir_secret *s);

#endif
