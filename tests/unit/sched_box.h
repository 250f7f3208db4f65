/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's scheduler over a service of its own, for tests of flow/sched. */
#ifndef WEIR_UNIT_SCHED_BOX_H
#define WEIR_UNIT_SCHED_BOX_H

#include "flow/sched.h"
#include "unit.h"

/* A service of one scheduler over backends with these weights, and one worker's view of it. */
struct box {
	struct weir_policy *p;
	struct weir_health health;
	struct weir_sched s;
	struct weir_arena arena;
	uint32_t clients;
};

static const enum weir_scheduler schedulers[] = {WEIR_SCHED_RR, WEIR_SCHED_WRR, WEIR_SCHED_LC,
	WEIR_SCHED_WLC, WEIR_SCHED_SH, WEIR_SCHED_MAGLEV, WEIR_SCHED_RANDOM};
#define SCHEDULERS (sizeof(schedulers) / sizeof(schedulers[0]))

static inline void box_make(struct box *b, enum weir_scheduler scheduler, const uint16_t *weights,
	uint32_t n, unsigned int worker, unsigned int workers)
{
	memset(b, 0, sizeof(*b));
	b->p = weir_policy_alloc(&(struct weir_policy_room){
		.services = 1, .listeners = 1, .backends = n, .members = n});
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->p);
	b->p->n_workers = workers;
	b->p->n_services = 1;
	b->p->n_backends = n;
	b->p->n_members = n;
	b->p->services[0].scheduler = (uint8_t)scheduler;
	b->p->services[0].table_size = 4093;
	b->p->services[0].n_members = n;
	for (uint32_t i = 0; i < n; i++) {
		b->p->backends[i].addr = weir_addr_v4(i + 1);
		b->p->members[i] =
			(struct weir_member){.backend = (uint16_t)i, .weight = weights[i]};
	}
	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(b->p), 0);
	weir_sched_init(&b->s, &b->arena, b->p, worker);
	unit_arena_fill(&b->arena);
	weir_sched_init(&b->s, &b->arena, b->p, worker);
	weir_sched_heed(&b->s, &b->health);
}

static inline void box_free(struct box *b)
{
	weir_policy_free(b->p);
	free(b->arena.base);
}

/* Every pick is for another client. */
static inline uint16_t pick_but(struct box *b, uint16_t avoid, uint64_t now_ns)
{
	struct weir_addr client = weir_addr_v4(weir_be32(0x0a000000 + b->clients++));
	struct weir_choice choice = weir_sched_pick(&b->s, b->p, 0, avoid, &client, now_ns);

	weir_sched_commit(&b->s, 0, choice);
	return choice.backend;
}

static inline uint16_t pick(struct box *b, uint64_t now_ns)
{
	return pick_but(b, WEIR_NONE16, now_ns);
}

/* A connection of the i-th client fails. */
static inline bool fail(struct box *b, uint16_t backend, unsigned int i, uint64_t now_ns)
{
	struct weir_addr client = weir_addr_v4(weir_be32(0xcb007100 + i));

	return weir_sched_failed(&b->s, backend, &client, true, now_ns);
}

/* The same, but the client has finished no handshake: it may be forged. */
static inline bool fail_unproved(struct box *b, uint16_t backend, unsigned int i, uint64_t now_ns)
{
	struct weir_addr client = weir_addr_v4(weir_be32(0xcb007100 + i));

	return weir_sched_failed(&b->s, backend, &client, false, now_ns);
}

static inline void hold_down(struct box *b, uint16_t backend, uint64_t now_ns)
{
	for (unsigned int i = 1; i <= WEIR_SCHED_FALL; i++)
		CU_ASSERT_EQUAL(fail(b, backend, 100 + i, now_ns), i == WEIR_SCHED_FALL);
}

#endif
