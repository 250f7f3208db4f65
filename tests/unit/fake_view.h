/* SPDX-License-Identifier: BSD-3-Clause */
/* A view of a daemon that does not run: policy and counters that a test writes as it likes. */
#ifndef WEIR_TESTS_FAKE_VIEW_H
#define WEIR_TESTS_FAKE_VIEW_H

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/view.h"

struct fake {
	struct weir_policy *policy;
	struct weir_counters counters[WEIR_WORKERS_MAX];
	struct weir_inquiry inquiry[WEIR_WORKERS_MAX];
	uint8_t *memory[WEIR_WORKERS_MAX];
	struct weir_table table[WEIR_WORKERS_MAX];
	uint8_t *table_memory[WEIR_WORKERS_MAX];
	pthread_t thread;
	uint32_t stop;
	struct weir_view view;
};

#define FAKE_NOW_TICK 42

static inline void fake_counters(struct fake *f, unsigned int w)
{
	struct weir_arena arena = {0};

	weir_counters_init(&f->counters[w], &arena, f->policy);
	arena.size = arena.used;
	arena.used = 0;
	f->memory[w] = aligned_alloc(64, arena.size);
	memset(f->memory[w], 0, arena.size);
	arena.base = f->memory[w];
	weir_counters_init(&f->counters[w], &arena, f->policy);
	f->view.worker[w] = (struct weir_view_worker){
		.counters = &f->counters[w],
		.inquiry = &f->inquiry[w],
		.lcore = w + 1,
		.cpu = (int)w + 1,
		.conns_max = 1000,
		.memory_bytes = 1 << 20,
	};
}

/* Service i is "s<i>" at 192.0.2.80:<80+i>, its backends "b<j>" at 10.0.<i>.<j>:8080. */
static inline void fake_services(struct weir_policy *p, unsigned int services, unsigned int each)
{
	const struct weir_addr vip = weir_addr_v4(weir_be32(0xc0000250));

	for (unsigned int i = 0; i < services; i++) {
		struct weir_service *s = &p->services[i];

		snprintf(s->name, sizeof(s->name), "s%u", i);
		weir_policy_listen(p, (uint16_t)i, &vip, weir_be16((uint16_t)(80 + i)));
		s->mode = WEIR_MODE_FULLNAT;
		s->first_member = i * each;
		s->n_members = each;
		for (unsigned int j = 0; j < each; j++) {
			uint16_t at = (uint16_t)(i * each + j);

			snprintf(p->backends[at].name, sizeof(p->backends[at].name), "b%u", j);
			p->backends[at].addr = weir_addr_v4(weir_be32(0x0a000000 | i << 8 | j));
			p->backends[at].port_be = weir_be16(8080);
			p->backends[at].service = (uint16_t)i;
			p->members[at] = (struct weir_member){.backend = at, .weight = 1};
		}
	}
}

static inline struct fake *fake_new(unsigned int workers, unsigned int services, unsigned int each)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct weir_policy *p = weir_policy_alloc(&(struct weir_policy_room){.services = services,
		.listeners = services,
		.backends = services * each,
		.members = services * each,
		.nexthops = 1});

	p->n_workers = workers;
	p->n_ports = p->n_interfaces = 1;
	p->n_services = services;
	p->n_backends = p->n_members = services * each;
	p->n_nexthops = 1;
	p->limits.connections = 1000 * workers;
	p->limits.held_packets = 100;
	p->ports[0] = (struct weir_port){.name = "front", .device = "net_null0", .mtu = 1500};
	p->interfaces[0] = (struct weir_interface){.name = "front"};
	fake_services(p, services, each);
	weir_policy_chain(p);
	f->policy = p;
	f->view = (struct weir_view){
		.version = "0.1.0",
		.config_file = "/etc/synweir.conf",
		.file_prefix = "fake",
		.memory_bytes = 1 << 30,
		.mbufs = 8192,
		.policy = p,
	};
	for (unsigned int w = 0; w < workers; w++)
		fake_counters(f, w);
	f->view.port[0] = (struct weir_view_port){.driver = "net_null", .queues = 1, .link_up = 1};
	return f;
}

/*
 * n connections for worker w: the i-th one's client is 198.18.0.<i % 10>:i, its backend i % 4, its
 * service i % 2, its state ESTABLISHED when i % 3 is 0 and TIME_WAIT else.
 */
static inline void fake_conns(struct fake *f, unsigned int w, uint32_t n)
{
	const struct weir_sipkey secret = {1, 2};
	struct weir_arena arena = {0};
	struct weir_table *table = &f->table[w];

	weir_table_init(table, &arena, n, &secret);
	arena.size = arena.used;
	arena.used = 0;
	f->table_memory[w] = aligned_alloc(64, arena.size);
	memset(f->table_memory[w], 0, arena.size);
	arena.base = f->table_memory[w];
	weir_table_init(table, &arena, n, &secret);
	for (uint32_t i = 0; i < n; i++) {
		struct weir_conn *c = weir_table_conn(table, weir_table_take(table));

		c->client.addr = weir_addr_v4(weir_be32(0xc6120000 | i % 10));
		c->client.port_be = weir_be16((uint16_t)i);
		c->client.id = (uint16_t)(i % 2);
		c->local.addr = weir_addr_v4(weir_be32(0x0a000001));
		c->local.port_be = weir_be16((uint16_t)(1024 + i));
		c->backend = (uint16_t)(i % 4);
		c->state = i % 3 == 0 ? WEIR_ESTABLISHED : WEIR_TIME_WAIT;
		c->fin_sent = i % 3 == 0 ? 0 : 3;
		c->deadline = FAKE_NOW_TICK + 125;
	}
	weir_gauge(&f->counters[w].conns, n);
}

/* Answers questions between other work, as workers do. */
static inline void *fake_work(void *arg)
{
	struct fake *f = arg;

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		for (unsigned int w = 0; w < f->policy->n_workers; w++)
			weir_inquiry_serve(&f->inquiry[w], &f->table[w], f->policy, FAKE_NOW_TICK);
		sched_yield();
	}
	return NULL;
}

static inline void fake_work_start(struct fake *f)
{
	f->stop = 0;
	pthread_create(&f->thread, NULL, fake_work, f);
}

static inline void fake_work_stop(struct fake *f)
{
	__atomic_store_n(&f->stop, 1, __ATOMIC_RELAXED);
	pthread_join(f->thread, NULL);
}

static inline void fake_free(struct fake *f)
{
	for (unsigned int w = 0; w < f->policy->n_workers; w++) {
		free(f->memory[w]);
		free(f->table_memory[w]);
	}
	weir_policy_free(f->policy);
	free(f);
}

#endif
