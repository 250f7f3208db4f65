// SPDX-License-Identifier: BSD-3-Clause
#include "health/verdict.h"

enum weir_verdict_edge weir_verdict_feed(struct weir_verdict *v, const struct weir_check *c,
	bool good)
{
	const bool first = !v->judged;

	v->judged = true;
	if (good == v->up) {
		v->streak = 0;
		return WEIR_VERDICT_SAME;
	}
	v->streak++;
	if (!first && v->streak < (v->up ? c->fall : c->rise))
		return WEIR_VERDICT_SAME;
	v->up = good;
	v->streak = 0;
	return good ? WEIR_VERDICT_UP : WEIR_VERDICT_DOWN;
}

uint32_t weir_verdict_interval_ms(const struct weir_verdict *v, const struct weir_check *c)
{
	if (v->streak > 0)
		return c->fastinter_ms;
	return v->up ? c->inter_ms : c->downinter_ms;
}
