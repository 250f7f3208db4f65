/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From results of checks to a state: `fall` failures in a row make a backend down, `rise` successes in
 * a row make it up again. The first result of all counts at once: a backend is taken for up until it was
 * looked at, and that should not take `fall` checks. Pure; one thread.
 */
#ifndef WEIR_HEALTH_VERDICT_H
#define WEIR_HEALTH_VERDICT_H

#include "health/check.h"

struct weir_verdict {
	bool up;
	bool judged;     /* there was a result */
	uint32_t streak; /* results in a row that speak against `up` */
};

enum weir_verdict_edge {
	WEIR_VERDICT_SAME,
	WEIR_VERDICT_UP,
	WEIR_VERDICT_DOWN,
};

static inline struct weir_verdict weir_verdict_none(void)
{
	return (struct weir_verdict){.up = true};
}

/* One more result. What it changed. */
enum weir_verdict_edge weir_verdict_feed(struct weir_verdict *v, const struct weir_check *c,
	bool good);

/* From the beginning of the last check to that of the next one. */
uint32_t weir_verdict_interval_ms(const struct weir_verdict *v, const struct weir_check *c);

#endif
