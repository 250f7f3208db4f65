/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A policy that takes another one's place while connections are open (HC-51).
 *
 * Connections, counters and workers' memory refer to services and backends by number, so numbers
 * stay: a listener is the same one as long as its VIP and port are, a service as long as it keeps
 * one of its listeners, a backend as long as its service, address and port are; names are for
 * people. What is taken out is retired: it keeps its number and the way to it until no connection
 * refers to it. Then a later generation vacates the number, and it may be given to something new.
 * Where backends of other services share its keys it is orphaned instead: no VIP is ours on its
 * behalf any more, and the number goes with theirs.
 */
#ifndef WEIR_FLOW_DERIVE_H
#define WEIR_FLOW_DERIVE_H

#include "flow/orders.h"

/* What a running process cannot be asked for. `at`: a number in the wanted policy. */
enum weir_refusal {
	WEIR_REFUSAL_NONE,
	WEIR_REFUSAL_SERVICES,  /* no number is left; at: the service */
	WEIR_REFUSAL_LISTENERS, /* ... for one of its addresses and ports */
	WEIR_REFUSAL_BACKENDS,  /* ...; at: the backend */
	WEIR_REFUSAL_MODE,      /* the service had another one */
	WEIR_REFUSAL_WSCALE,    /* ..., which clients were promised; cookies do not carry it */
	WEIR_REFUSAL_LISTENER,  /* ..., or one of its listeners is of another running service */
	WEIR_REFUSAL_POOLS,     /* the service is the first in fullnat: there are no local ports */
	WEIR_REFUSAL_EGRESS,    /* the backend was reached by another interface */
	WEIR_REFUSAL_SHARED,    /* the backend is one of a retired service with another mode */
	WEIR_REFUSAL_ENDPOINT,  /* the backend is a retired VIP, or the service a retired backend */
};

struct weir_change {
	uint32_t added, removed, changed;
};

struct weir_derivation {
	/* What connections refer to, by the running policy's numbers; NULL: it may be anything. */
	const bool *busy_listeners, *busy_backends;
	/*
	 * What is ordered for the running policy's backends stands over the weights that are wanted; what
	 * is ordered no more, not: so wanted may be a policy that had orders. NULL: weights as they are.
	 */
	const struct weir_orders *orders;
	/* filled in */
	struct weir_policy *next;
	struct weir_change services, backends;
	enum weir_refusal refusal;
	bool at_service; /* at is a service of the wanted policy, else a backend */
	uint32_t at;
};

/*
 * Makes s->next of the running policy and of what is wanted: everything as `wanted` has it (what is
 * not LIVE there does not count), but for numbers, secrets and the room for numbers. Neither is
 * changed, and they may be the same: then nothing happens but that numbers are vacated, and orders obeyed. The caller
 * sees to it that workers, ports, and limits that memory was taken by are the same.
 * 0; -ENOMEM; -EINVAL: s->refusal says why not.
 */
int weir_policy_derive(const struct weir_policy *running, const struct weir_policy *wanted,
	struct weir_derivation *s);

#endif
