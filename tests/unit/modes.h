/* SPDX-License-Identifier: BSD-3-Clause */
/* What most tests of the proxy begin with: the same thing by fullnat and by nat. */
#ifndef WEIR_TESTS_MODES_H
#define WEIR_TESTS_MODES_H

#include "flow/classify.h"
#include "talk.h"
#include "unit.h"

#define IS(a, b) CU_ASSERT_EQUAL(a, b)

static inline void each_mode(void (*run)(unsigned int service))
{
	run(SHELL_FULLNAT);
	run(SHELL_NAT);
}

/* One worker, two backends a service, usual limits. */
static inline struct shell *shell_usual(void)
{
	return shell_open(shell_policy(1, 2), SHELL_START_NS);
}

/* One backend a service. */
static inline struct shell *shell_alone(void)
{
	return shell_open(shell_policy(1, 1), SHELL_START_NS);
}

/* The first client from that number on whose packets belong to worker 0. */
static inline unsigned int next_of_worker(struct shell *s, unsigned int service, unsigned int from)
{
	for (;; from++) {
		struct weir_pkt pkt = {.kind = WEIR_KIND_CLIENT};
		struct talk t;

		talk_init(&t, s, service, from);
		pkt.key = (struct weir_key){
			weir_addr_v4(weir_be32(t.client)), weir_be16(t.port), (uint16_t)service};
		if (weir_owner(s->policy, &pkt, 0) == 0)
			return from;
	}
}

#endif
