// SPDX-License-Identifier: BSD-3-Clause
/*
 * A whole connection, from SYN to the end of TIME_WAIT: ten segments in, as many and two of the
 * core's own out. Many are on their way at a time; the table is as full as it gets when ended ones
 * are remembered for as long as they must be, so each one that begins is paid with one that expires.
 */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "cycles.h"
#include "dialogue.h"
#include "report.h"

#define AT_A_TIME  4u /* dialogues: 256 connections */
#define LOTS       64u
#define REMEMBER_S 64u /* TIME_WAIT */

/* Slower, handshakes would expire; so a small table is full, and who begins takes an ended one's place. */
#define STEP_MAX_NS 20000000ull

struct run {
	struct world *world;
	struct dialogue *dialogues;
	uint32_t next;                  /* client */
	uint64_t steps[DIALOGUE_STEPS]; /* cycles of the latest lot */
};

typedef void burst_fn(struct world *w, const struct frame *frames, unsigned int n);

/* Only what the core does is counted; what the ends do is not. */
static uint64_t timed(struct world *w, const struct dialogue *d, burst_fn *burst)
{
	uint64_t start = cycles();

	burst(w, d->frames, d->n);
	return cycles() - start;
}

static uint64_t run_full(void *ctx, unsigned int lot)
{
	struct run *r = ctx;
	uint64_t sum = 0;

	memset(r->steps, 0, sizeof(r->steps));
	for (unsigned int i = 0; i < AT_A_TIME; i++, r->next += WEIR_BURST)
		dialogue_begin(&r->dialogues[i], r->world, r->next, WEIR_BURST);
	for (enum dialogue_step s = 0; s < DIALOGUE_STEPS; s++) {
		for (unsigned int i = 0; i < AT_A_TIME; i++) {
			dialogue_say(&r->dialogues[i], s);
			r->steps[s] += timed(r->world, &r->dialogues[i], world_burst);
			dialogue_hear(&r->dialogues[i], r->world, s);
		}
		sum += r->steps[s];
	}
	return sum;
}

static uint64_t run_floor(void *ctx, unsigned int lot)
{
	struct run *r = ctx;
	uint64_t sum = 0;

	for (unsigned int s = 0; s < DIALOGUE_STEPS; s++)
		for (unsigned int i = 0; i < AT_A_TIME; i++)
			sum += timed(r->world, &r->dialogues[i], world_floor);
	return sum;
}

/* Which segment costs how much of it, the floor included. */
static void report_steps(struct run *r, unsigned int lots)
{
	double *values = calloc((size_t)DIALOGUE_STEPS * lots, sizeof(*values));

	if (values == NULL)
		abort();
	for (unsigned int i = 0; i < lots; i++) {
		run_full(r, i);
		for (enum dialogue_step s = 0; s < DIALOGUE_STEPS; s++)
			values[s * lots + i] = (double)r->steps[s] / (AT_A_TIME * WEIR_BURST);
	}
	for (enum dialogue_step s = 0; s < DIALOGUE_STEPS; s++) {
		struct samples result = {.full = samples_spread(values + s * lots, lots)};
		char text[64];

		snprintf(text, sizeof(text), "connection/%s", dialogue_step_name(s));
		report_cycles(text, "in table", r->world->px.table.count, &result);
	}
	free(values);
}

void rows_connection(const struct rows_options *o, enum weir_family family, uint32_t connections)
{
	uint32_t remembered = connections - connections / 8;
	struct run run = {
		.world = world_open_for(family, connections, 0, 1),
		.dialogues = aligned_alloc(64, AT_A_TIME * sizeof(struct dialogue)),
	};
	struct samples_job job = {.floor = run_floor,
		.full = run_full,
		.ctx = &run,
		.lots = LOTS,
		.per_lot = AT_A_TIME * WEIR_BURST,
		.rounds = o->rounds};
	struct samples result;
	uint64_t step_ns;

	if (run.dialogues == NULL)
		abort();
	step_ns = REMEMBER_S * 1000000000ull / remembered * WEIR_BURST / DIALOGUE_STEPS;
	run.world->step_ns = step_ns < STEP_MAX_NS ? step_ns : STEP_MAX_NS;
	while (run.next < remembered + remembered / 8)
		run_full(&run, 0);
	samples_take(&job, &result);
	report_cycles(family == WEIR_FAMILY_IPV6 ? "connection6" : "connection", "in table",
		run.world->px.table.count, &result);
	if (family == WEIR_FAMILY_IPV4)
		report_steps(&run, LOTS * o->rounds);
	free(run.dialogues);
	world_close(run.world);
}
