// SPDX-License-Identifier: BSD-3-Clause
#include "pacer.h"

#include "flow/counters.h"

#define BEHIND_NS 10000000ull /* a moment off the CPU is caught up with */

void pacer_init(struct pacer *p, uint64_t rate, uint64_t now_ns)
{
	*p = (struct pacer){.rate = rate, .start_ns = now_ns};
	p->behind = rate * BEHIND_NS / PACER_SECOND_NS + 1;
}

unsigned int pacer_due(struct pacer *p, uint64_t now_ns, unsigned int most)
{
	uint64_t due, seconds, rest;

	if (p->rate == 0)
		return most;
	if (now_ns < p->start_ns)
		return 0;
	seconds = (now_ns - p->start_ns) / PACER_SECOND_NS;
	rest = (now_ns - p->start_ns) % PACER_SECOND_NS;
	due = seconds * p->rate + rest * p->rate / PACER_SECOND_NS + 1;
	if (due <= p->taken)
		return 0;
	due -= p->taken;
	if (due > p->behind) {
		weir_count(&p->missed, due - p->behind);
		p->taken += due - p->behind;
		due = p->behind;
	}
	return due < most ? (unsigned int)due : most;
}

uint64_t pacer_next_ns(const struct pacer *p, uint64_t now_ns)
{
	if (p->rate == 0)
		return now_ns;
	return p->start_ns + p->taken / p->rate * PACER_SECOND_NS +
		p->taken % p->rate * PACER_SECOND_NS / p->rate;
}
