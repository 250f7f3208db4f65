/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many things are due by now, at a steady rate. A small backlog is caught up with; more
 * than that is missed, and counted: a backlog sent as one burst would be another load than was asked for.
 */
#ifndef WEIRGEN_PACER_H
#define WEIRGEN_PACER_H

#include <stdint.h>

#define PACER_SECOND_NS 1000000000ull

struct pacer {
	uint64_t rate; /* a second; 0: as fast as it goes */
	uint64_t start_ns;
	uint64_t taken;  /* missed ones included */
	uint64_t behind; /* the most that are caught up with */
	uint64_t missed; /* an atomic, by one writer */
};

/* The first is due at now_ns. May be at most 1000 million a second. */
void pacer_init(struct pacer *p, uint64_t rate, uint64_t now_ns);

/* How many are due and not taken, at most `most`. */
unsigned int pacer_due(struct pacer *p, uint64_t now_ns, unsigned int most);

/* n of them are done. */
static inline void pacer_take(struct pacer *p, unsigned int n)
{
	p->taken += n;
}

/* When the next one is or was due; now_ns when there is no rate. */
uint64_t pacer_next_ns(const struct pacer *p, uint64_t now_ns);

#endif
