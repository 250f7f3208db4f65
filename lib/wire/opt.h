/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * THE TCP option iterator: nothing else in the tree walks options.
 *
 *	struct weir_opt_iter it;
 *	for (weir_opt_start(&it, options, len); weir_opt_next(&it);)
 *		switch (it.kind) { ... it.data, it.data_len ... }
 *
 * NOPs are skipped, EOL ends the walk, and so does a malformed option (RFC 9293 §3.1: length < 2 or
 * beyond the header): what stood before it counts, what comes after does not (§3.7.1 defaults). The
 * iterator points into the caller's bytes and lives no longer than they do.
 */
#ifndef WEIR_WIRE_OPT_H
#define WEIR_WIRE_OPT_H

#include <stdbool.h>
#include <stdint.h>

enum weir_opt_kind {
	WEIR_OPT_EOL = 0,
	WEIR_OPT_NOP = 1,
	WEIR_OPT_MSS = 2,       /* RFC 9293 §3.7.1 */
	WEIR_OPT_WSCALE = 3,    /* RFC 7323 §2.2 */
	WEIR_OPT_SACK_OK = 4,   /* RFC 2018 §2 */
	WEIR_OPT_SACK = 5,      /* RFC 2018 §3 */
	WEIR_OPT_TIMESTAMP = 8, /* RFC 7323 §3.2 */
};

struct weir_opt_iter {
	const uint8_t *at, *end;
	/* the current option */
	const uint8_t *data; /* after kind and length */
	uint8_t kind;
	uint8_t data_len;
};

static inline void weir_opt_start(struct weir_opt_iter *it, const uint8_t *options,
	unsigned int len)
{
	it->at = options;
	it->end = options + len;
}

/* true: it->kind, data and data_len are the next option. false: no more. Never reads past the end. */
static inline bool weir_opt_next(struct weir_opt_iter *it)
{
	while (it->at < it->end && *it->at == WEIR_OPT_NOP)
		it->at++;
	if (it->end - it->at < 2 || *it->at == WEIR_OPT_EOL)
		return false;
	if (it->at[1] < 2 || it->at[1] > it->end - it->at)
		return false;
	it->kind = it->at[0];
	it->data = it->at + 2;
	it->data_len = it->at[1] - 2;
	it->at += it->at[1];
	return true;
}

#endif
