/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a checked backend, for people: its state, its last check, and what it was before. */
#ifndef WEIR_HEALTH_RECORD_H
#define WEIR_HEALTH_RECORD_H

#include <time.h>

#include "health/check.h"
#include "health/result.h"

#define WEIR_RECORD_CHANGES 8

struct weir_record_change {
	time_t at;
	bool up;
	char why[WEIR_RESULT_TEXT];
};

struct weir_record {
	uint8_t type; /* enum weir_check_type */
	bool up;
	bool unable; /* the last check could not be made: the state is an old one */
	struct weir_result last;
	time_t last_at;                  /* 0: there was none yet */
	uint64_t good, failed, not_made; /* checks */
	uint64_t n_changes;
	struct weir_record_change
		change[WEIR_RECORD_CHANGES]; /* the i-th is at i % WEIR_RECORD_CHANGES */
};

/* The latest change; NULL: there was none. */
static inline const struct weir_record_change *weir_record_latest(const struct weir_record *r)
{
	return r->n_changes == 0 ? NULL : &r->change[(r->n_changes - 1) % WEIR_RECORD_CHANGES];
}

#endif
