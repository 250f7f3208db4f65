// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/view.h"

#include <pthread.h>

/* The control thread has precedence: a dense sequence of readers would keep it out for ever. */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

void weir_view_read_begin(void)
{
	pthread_rwlock_rdlock(&lock);
}

void weir_view_read_end(void)
{
	pthread_rwlock_unlock(&lock);
}

void weir_view_set_policy(struct weir_view *v, const struct weir_policy *policy)
{
	pthread_rwlock_wrlock(&lock);
	v->policy = policy;
	pthread_rwlock_unlock(&lock);
}

void weir_view_set_checker(struct weir_view *v, struct weir_checker *checker)
{
	pthread_rwlock_wrlock(&lock);
	v->checker = checker;
	pthread_rwlock_unlock(&lock);
}

/* Blocks of counters are structs of nothing but uint64_t, so that one loop adds all of them. */
static void add(void *sum, const void *block, size_t bytes)
{
	uint64_t *to = sum;
	const uint64_t *from = block;

	for (size_t i = 0; i < bytes / sizeof(*to); i++)
		to[i] += weir_counted(&from[i]);
}

uint64_t weir_view_fate(const struct weir_view *v, enum weir_fate fate)
{
	uint64_t sum = 0;

	for (unsigned int w = 0; w < v->policy->n_workers; w++)
		sum += weir_counted(&v->worker[w].counters->fate[fate]);
	return sum;
}

uint64_t weir_view_event(const struct weir_view *v, enum weir_event event)
{
	uint64_t sum = 0;

	for (unsigned int w = 0; w < v->policy->n_workers; w++)
		sum += weir_counted(&v->worker[w].counters->event[event]);
	return sum;
}

uint64_t weir_view_conns(const struct weir_view *v)
{
	uint64_t sum = 0;

	for (unsigned int w = 0; w < v->policy->n_workers; w++)
		sum += weir_counted(&v->worker[w].counters->conns);
	return sum;
}

struct weir_port_counters weir_view_port(const struct weir_view *v, unsigned int port)
{
	struct weir_port_counters sum = {0};

	for (unsigned int w = 0; w < v->policy->n_workers; w++)
		add(&sum, &v->worker[w].counters->port[port], sizeof(sum));
	return sum;
}

struct weir_service_counters weir_view_service(const struct weir_view *v, unsigned int service)
{
	struct weir_service_counters sum = {0};
	uint64_t latest = 0;

	for (unsigned int w = 0; w < v->policy->n_workers; w++) {
		const struct weir_service_counters *c = &v->worker[w].counters->service[service];

		add(&sum, c, sizeof(sum));
		if (weir_counted(&c->switched_s) > latest)
			latest = weir_counted(&c->switched_s);
	}
	sum.switched_s = latest;
	return sum;
}

uint64_t weir_view_listener_conns(const struct weir_view *v, unsigned int listener)
{
	uint64_t sum = 0;

	for (unsigned int w = 0; w < v->policy->n_workers; w++)
		sum += weir_counted(&v->worker[w].counters->listener[listener].conns);
	return sum;
}

struct weir_backend_counters weir_view_backend(const struct weir_view *v, unsigned int backend)
{
	struct weir_backend_counters sum = {0};

	for (unsigned int w = 0; w < v->policy->n_workers; w++)
		add(&sum, &v->worker[w].counters->backend[backend], sizeof(sum));
	return sum;
}

void weir_view_busy(const struct weir_view *v, struct weir_busy *busy)
{
	for (uint32_t i = 0; i < v->policy->n_listeners; i++)
		busy->listeners[i] = weir_view_listener_conns(v, i) != 0;
	for (uint32_t i = 0; i < v->policy->n_backends; i++)
		busy->backends[i] = weir_view_backend(v, i).conns != 0;
	busy->orders = v->orders;
}

static uint64_t class_sum(const struct weir_counters *c, enum weir_fate_class class)
{
	uint64_t sum = 0;

	for (unsigned int f = 0; f < WEIR_FATES; f++)
		if (weir_fates[f].class == class)
			sum += weir_counted(&c->fate[f]);
	return sum;
}

struct weir_balance weir_view_balance(const struct weir_view *v, unsigned int worker)
{
	const struct weir_counters *c = v->worker[worker].counters;
	struct weir_balance b = {0};

	for (unsigned int p = 0; p < v->policy->n_ports; p++) {
		b.rx += weir_counted(&c->port[p].rx_pkts);
		b.tx += weir_counted(&c->port[p].tx_pkts);
	}
	b.created = weir_counted(&c->fate[WEIR_FATE_created]) +
		weir_counted(&c->fate[WEIR_FATE_from_host]);
	b.handed_in = weir_counted(&c->handed_in);
	b.handed_out = weir_counted(&c->handed_out);
	b.dropped = class_sum(c, WEIR_CLASS_DROP);
	b.consumed = class_sum(c, WEIR_CLASS_CONSUME);
	b.held = weir_counted(&c->held);
	b.balance = (int64_t)(b.rx + b.created + b.handed_in) -
		(int64_t)(b.tx + b.dropped + b.consumed + b.handed_out + b.held);
	return b;
}
