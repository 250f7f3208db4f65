// SPDX-License-Identifier: BSD-3-Clause
#include "health/due.h"

static void put(struct weir_due *d, uint32_t at, uint16_t number)
{
	d->heap[at] = number;
	d->place[number] = (uint16_t)at;
}

static bool is_before(const struct weir_due *d, uint16_t a, uint16_t b)
{
	return d->at_ns[a] < d->at_ns[b];
}

/* The number at that place goes to where it belongs: children of `at` are at 2 * at and the next. */
static void settle(struct weir_due *d, uint32_t at)
{
	const uint16_t number = d->heap[at];

	for (; at > 1 && is_before(d, number, d->heap[at / 2]); at /= 2)
		put(d, at, d->heap[at / 2]);
	for (uint32_t child = 2 * at; child <= d->n; child = 2 * at) {
		if (child < d->n && is_before(d, d->heap[child + 1], d->heap[child]))
			child++;
		if (!is_before(d, d->heap[child], number))
			break;
		put(d, at, d->heap[child]);
		at = child;
	}
	put(d, at, number);
}

void weir_due_set(struct weir_due *d, uint16_t number, uint64_t at_ns)
{
	d->at_ns[number] = at_ns;
	if (d->place[number] == 0)
		put(d, ++d->n, number);
	settle(d, d->place[number]);
}

void weir_due_remove(struct weir_due *d, uint16_t number)
{
	const uint32_t place = d->place[number];
	uint16_t last;

	if (place == 0)
		return;
	d->place[number] = 0;
	last = d->heap[d->n--];
	if (last == number)
		return;
	put(d, place, last);
	settle(d, place);
}

uint16_t weir_due_take(struct weir_due *d, uint64_t now_ns)
{
	uint16_t number;

	if (d->n == 0 || weir_due_first_ns(d) > now_ns)
		return WEIR_NONE16;
	number = d->heap[1];
	weir_due_remove(d, number);
	return number;
}
