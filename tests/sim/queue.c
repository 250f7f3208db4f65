// SPDX-License-Identifier: BSD-3-Clause
#include "queue.h"

#include <stdlib.h>

static bool before(const struct sim_timer *a, const struct sim_timer *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->serial < b->serial;
}

static void put(struct sim_queue *q, uint32_t i, struct sim_timer *t)
{
	q->heap[i] = t;
	t->place = i + 1;
}

static void up(struct sim_queue *q, uint32_t i, struct sim_timer *t)
{
	for (; i > 0 && before(t, q->heap[(i - 1) / 2]); i = (i - 1) / 2)
		put(q, i, q->heap[(i - 1) / 2]);
	put(q, i, t);
}

static void down(struct sim_queue *q, uint32_t i, struct sim_timer *t)
{
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < q->n && before(q->heap[child + 1], q->heap[child]))
			child++;
		if (child >= q->n || !before(q->heap[child], t))
			break;
		put(q, i, q->heap[child]);
		i = child;
	}
	put(q, i, t);
}

void sim_queue_free(struct sim_queue *q)
{
	free(q->heap);
}

void sim_queue_cancel(struct sim_queue *q, struct sim_timer *t)
{
	uint32_t i = t->place - 1;
	struct sim_timer *last;

	if (t->place == 0)
		return;
	t->place = 0;
	last = q->heap[--q->n];
	if (last == t)
		return;
	if (i > 0 && before(last, q->heap[(i - 1) / 2]))
		up(q, i, last);
	else
		down(q, i, last);
}

void sim_queue_set(struct sim_queue *q, struct sim_timer *t, uint64_t at_ns)
{
	sim_queue_cancel(q, t);
	if (q->n == q->size) {
		q->size = q->size ? 2 * q->size : 1024;
		q->heap = realloc(q->heap, q->size * sizeof(*q->heap));
		if (q->heap == NULL)
			abort();
	}
	t->at_ns = at_ns > q->now_ns ? at_ns : q->now_ns;
	t->serial = q->serial++;
	up(q, q->n++, t);
}

bool sim_queue_step(struct sim_queue *q)
{
	struct sim_timer *t;

	if (q->n == 0)
		return false;
	t = q->heap[0];
	sim_queue_cancel(q, t);
	q->now_ns = t->at_ns;
	t->fire(t);
	return true;
}
