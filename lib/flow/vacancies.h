/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers that are free, to be taken one after the other: a step of each is nearly constant, however many
 * are taken (a disjoint-set forest, of which each set ends in a free number). Control side, one thread.
 */
#ifndef WEIR_FLOW_VACANCIES_H
#define WEIR_FLOW_VACANCIES_H

#include <stdint.h>
#include <stdlib.h>

/* All zero: no memory, and it may be freed. */
struct weir_vacancies {
	uint32_t *
		next; /* a free number's is itself; else one that lies nearer to the next free one */
};

/* Numbers 0 to room - 1 are free. 0 or -1: out of memory. */
static inline int weir_vacancies_init(struct weir_vacancies *v, uint32_t room)
{
	v->next = malloc((room + 1) * sizeof(*v->next));
	if (v->next == NULL)
		return -1;
	for (uint32_t i = 0; i <= room; i++)
		v->next[i] = i;
	return 0;
}

static inline void weir_vacancies_take(struct weir_vacancies *v, uint32_t number)
{
	v->next[number] = number + 1;
}

/* The first free number from `from` on; `room`: there is none. */
static inline uint32_t weir_vacancies_from(struct weir_vacancies *v, uint32_t from)
{
	while (v->next[from] != from) {
		v->next[from] = v->next[v->next[from]];
		from = v->next[from];
	}
	return from;
}

static inline void weir_vacancies_free(struct weir_vacancies *v)
{
	free(v->next);
	v->next = NULL;
}

#endif
