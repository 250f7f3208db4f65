/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gate of one service in one worker: is a SYN answered with a cookie, or does it make an entry in
 * the half-open queue (HC-45)? A pure machine: the load and the time are parameters.
 *
 * In "adaptive" it changes to cookies at once when the queue reaches its upper mark, or when within a
 * second more SYNs than the upper rate were not followed by a handshake. It changes back when the
 * queue was below its lower mark and the rate of such SYNs below the lower rate for the whole hold
 * time, and too low to fill the queue up to its upper mark before they are stale. Completed handshakes do not count as pressure, however many there are.
 *
 * Of many SYNs some are never followed by a handshake, flood or not: clients try again, and give up. So
 * a share of all SYNs raises both rates: a busy service is not above the lower one for ever.
 *
 * Belongs to one worker.
 */
#ifndef WEIR_TCP_GATE_H
#define WEIR_TCP_GATE_H

#include "flow/policy.h"

/* How long SYNs are counted for the rates. */
#define WEIR_GATE_PERIOD_NS 1000000000ull

/*
 * Entries of that age are stale: a client that is there has answered, and one whose ACK was lost has tried
 * again. They are no pressure: at the upper mark they leave, and the queue is full when it is of others.
 */
#define WEIR_GATE_STALE_S 3

struct weir_gate_load {
	uint32_t entries;    /* in the half-open queue */
	uint64_t syns;       /* in all */
	uint64_t handshakes; /* in all: connections that were opened, whatever became of them */
};

/* The service's marks, for this worker's queue and share of the rates. */
struct weir_gate_rule {
	enum weir_syn_cookies mode;
	uint32_t queue_high, queue_low; /* entries */
	uint32_t rate_high,
		rate_low;   /* SYNs a second without a handshake; high 0: does not matter */
	uint32_t share_low; /* so many per cent of a second's SYNs may be without one at any time */
	uint64_t hold_ns;
};

struct weir_gate {
	struct weir_gate_rule rule;
	bool cookies;
	uint64_t period_ns;        /* begin of the period */
	uint64_t syns, handshakes; /* up to then */
	uint64_t last_syns;        /* in the period before */
	uint64_t busy_ns; /* when the load was last seen above a lower mark, while cookies are on */
};

/* The rule of a service, for one worker of those that the policy has. */
struct weir_gate_rule weir_gate_rule(const struct weir_policy *p,
	const struct weir_service *service);

/* The service is new: it begins as its mode says, in "adaptive" with entries. */
void weir_gate_init(struct weir_gate *g, const struct weir_gate_rule *rule, uint64_t now_ns);

/* So many entries may stay when the oldest is stale. */
static inline uint32_t weir_gate_keeps(const struct weir_gate *g)
{
	if (g->cookies)
		return g->rule.queue_low;
	return g->rule.mode == WEIR_SYN_COOKIES_NEVER ? UINT32_MAX : g->rule.queue_high - 1;
}

/*
 * Looks at the load. true: the gate has changed, g->cookies says to what. To be called when an entry
 * is made, and a few times a second.
 */
bool weir_gate_step(struct weir_gate *g, const struct weir_gate_load *load, uint64_t now_ns);

#endif
