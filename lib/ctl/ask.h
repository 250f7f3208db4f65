/* SPDX-License-Identifier: BSD-3-Clause */
/* The requesting side of flow/inquiry.h: queries about connections, answered by workers. */
#ifndef WEIR_CTL_ASK_H
#define WEIR_CTL_ASK_H

#include "ctl/view.h"

/* A query: which connections, and from which position on. */
struct weir_ask {
	bool by_client;
	struct weir_addr client;
	uint16_t service, backend, state; /* WEIR_NONE16: any */
	uint64_t cursor;                  /* 0: from the first on; opaque */
	uint32_t limit;                   /* at least 1 */
};

#define WEIR_ASK_END UINT64_MAX

/* Called for each connection found, which is a copy and valid during the call. */
typedef void (*weir_ask_found_fn)(void *arg, unsigned int worker, const struct weir_conn *conn,
	uint32_t now_tick);

/*
 * Asks one worker after the other until `limit` connections are found, all were looked at, or time is
 * up (about a second); ask->cursor moves on, to WEIR_ASK_END after the last. 0; -ETIMEDOUT: worker
 * *silent did not answer. Any thread; callers wait for each other.
 */
int weir_ask(const struct weir_view *v, struct weir_ask *ask, weir_ask_found_fn found, void *arg,
	unsigned int *silent);

#endif
