// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/ask.h"

#include <errno.h>
#include <pthread.h>

#define PATIENCE_NS   1000000000ull /* for one call of weir_ask() */
#define LOOK_AGAIN_NS 50000

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Waits until the worker is not (or no longer) busy with a question; false when time is up. */
static bool wait_for(struct weir_inquiry *q, uint64_t until_ns)
{
	const struct timespec pause = {.tv_nsec = LOOK_AGAIN_NS};

	while (__atomic_load_n(&q->state, __ATOMIC_ACQUIRE) == WEIR_INQUIRY_ASKED) {
		if (clock_ns() >= until_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/*
 * One question, one answer in *q. A question that an earlier caller gave up on may still be open:
 * its answer is waited for, and thrown away.
 */
static bool question(struct weir_inquiry *q, const struct weir_ask *ask, uint32_t cursor,
	uint32_t limit, uint64_t until_ns)
{
	if (!wait_for(q, until_ns))
		return false;
	q->by_client = ask->by_client;
	q->client = ask->client;
	q->service = ask->service;
	q->backend = ask->backend;
	q->conn_state = ask->state;
	q->cursor = cursor;
	q->limit = limit < WEIR_INQUIRY_FOUND ? limit : WEIR_INQUIRY_FOUND;
	__atomic_store_n(&q->state, WEIR_INQUIRY_ASKED, __ATOMIC_RELEASE);
	return wait_for(q, until_ns);
}

/* The cursor of weir_ask: the worker above, the worker's own cursor below. */
static unsigned int worker_of(const struct weir_ask *ask)
{
	uint64_t worker = ask->cursor >> 32;

	return worker < WEIR_WORKERS_MAX ? (unsigned int)worker : WEIR_WORKERS_MAX;
}

static void move_on(struct weir_ask *ask, unsigned int worker, uint32_t cursor)
{
	if (cursor == WEIR_INQUIRY_END)
		ask->cursor = (uint64_t)(worker + 1) << 32;
	else
		ask->cursor = (uint64_t)worker << 32 | cursor;
}

int weir_ask(const struct weir_view *v, struct weir_ask *ask, weir_ask_found_fn found, void *arg,
	unsigned int *silent)
{
	uint32_t wanted = ask->limit;
	bool answered = false;
	uint64_t until_ns;
	unsigned int w;

	pthread_mutex_lock(&one_at_a_time);
	until_ns = clock_ns() + PATIENCE_NS;
	while ((w = worker_of(ask)) < v->policy->n_workers && wanted > 0 && clock_ns() < until_ns) {
		struct weir_inquiry *q = v->worker[w].inquiry;

		if (!question(q, ask, (uint32_t)ask->cursor, wanted, until_ns))
			break;
		answered = true;
		for (uint32_t i = 0; i < q->n_found; i++)
			found(arg, w, &q->found[i], q->now_tick);
		wanted -= q->n_found;
		move_on(ask, w, q->cursor);
	}
	pthread_mutex_unlock(&one_at_a_time);
	if (w >= v->policy->n_workers) {
		ask->cursor = WEIR_ASK_END;
		return 0;
	}
	*silent = w;
	return answered ? 0 : -ETIMEDOUT;
}
