// SPDX-License-Identifier: BSD-3-Clause
/*
 * Two workers against one: two threads with a core each, pinned to a CPU each, in memory. A row is how
 * much two get done together of what one gets done alone. Besides it stands what two CPUs do for a loop
 * of nothing but arithmetic: virtual CPUs may be two halves of one core.
 */
#include "rows.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/siphash_many.h"
#include "cycles.h"
#include "dialogue.h"
#include "report.h"

#define WORKERS 2u
#define TURNS   3u /* a round */
#define LOTS    (FRAMES / ROWS_LOT)

struct worker {
	pthread_t thread;
	int cpu;
	struct rows_run run;
	samples_fn *work;
	unsigned int lots;
	double *values;
	pthread_barrier_t *begin; /* nobody begins before all are there */
	unsigned int *done; /* how many have all their samples: who has goes on until all have */
	unsigned int of;
};

static uint64_t run_arithmetic(void *ctx, unsigned int lot)
{
	static const struct weir_siplanes words[2];
	const struct weir_sipkey keys[2] = {{1, 2}, {3, 4}};
	const struct weir_sipshape shape = {1, 6};
	struct weir_siplanes out;
	uint64_t start = cycles();

	for (unsigned int at = 0; at < ROWS_LOT; at += WEIR_SIP_MANY)
		weir_siphash24_many_plain(keys, lot, words, shape, WEIR_SIP_MANY, &out);
	return cycles() - start;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	const struct samples_job job = {.ctx = &w->run, .lots = LOTS, .per_lot = ROWS_LOT};

	pin(w->cpu);
	pthread_barrier_wait(w->begin);
	samples_collect(&job, w->work, w->values, w->lots);
	__atomic_add_fetch(w->done, 1, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; __atomic_load_n(w->done, __ATOMIC_SEQ_CST) < w->of; i++)
		w->work(&w->run, i % LOTS);
	return NULL;
}

/* The cycles per packet of n workers at once, all their samples together. */
static struct spread run_together(struct worker *workers, unsigned int n, double *values)
{
	pthread_barrier_t begin;
	unsigned int done = 0;

	pthread_barrier_init(&begin, NULL, n);
	for (unsigned int i = 0; i < n; i++) {
		struct worker *w = &workers[i];

		w->values = values + i * w->lots;
		w->begin = &begin;
		w->done = &done;
		w->of = n;
		if (pthread_create(&w->thread, NULL, work, w) != 0)
			abort();
	}
	for (unsigned int i = 0; i < n; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&begin);
	return samples_spread(values, n * workers[0].lots);
}

/* Alone and together take turns, as who else uses the machine comes and goes. */
static void row(const struct rows_options *o, struct worker *workers, const char *name,
	samples_fn *fn)
{
	unsigned int turns = TURNS * o->rounds;
	double *values = calloc((size_t)WORKERS * LOTS, sizeof(*values));
	double *ratios = calloc(turns, sizeof(*ratios));
	struct spread ratio;

	if (values == NULL || ratios == NULL)
		abort();
	for (unsigned int i = 0; i < WORKERS; i++) {
		workers[i].work = fn;
		workers[i].lots = LOTS;
	}
	for (unsigned int i = 0; i < turns; i++) {
		double alone = run_together(workers, 1, values).median;
		double together = run_together(workers, WORKERS, values).median;

		ratios[i] = WORKERS * alone / together;
	}
	ratio = samples_spread(ratios, turns);
	report_ratio(name, "workers", WORKERS, &ratio);
	free(values);
	free(ratios);
}

static void fill_and_row(const struct rows_options *o, struct worker *workers, const char *name,
	frame_maker *make)
{
	for (unsigned int i = 0; i < WORKERS; i++)
		frames_fill((struct frame *)workers[i].run.frames, FRAMES, workers[i].run.world,
			make, make, 0);
	row(o, workers, name, rows_run_full);
}

/* The first two CPUs that we may run on. */
static bool choose_cpus(struct worker *workers)
{
	unsigned int n = 0;
	cpu_set_t set;

	sched_getaffinity(0, sizeof(set), &set);
	for (int cpu = 0; cpu < CPU_SETSIZE && n < WORKERS; cpu++)
		if (CPU_ISSET(cpu, &set))
			workers[n++].cpu = cpu;
	return n == WORKERS;
}

void rows_workers(const struct rows_options *o, uint32_t connections)
{
	struct worker workers[WORKERS] = {0};

	if (!choose_cpus(workers)) {
		report_fact("workers", "not measured: there is one CPU only");
		return;
	}
	for (unsigned int i = 0; i < WORKERS; i++) {
		workers[i].run.frames = i == 0 ? o->frames : frames_alloc(FRAMES);
		workers[i].run.world = world_open(connections, i, WORKERS);
		dialogue_establish(workers[i].run.world, connections / WORKERS / 8 * 7);
	}
	row(o, workers, "workers_arithmetic", run_arithmetic);
	fill_and_row(o, workers, "workers_syn", frame_make_syn);
	fill_and_row(o, workers, "workers_bad_ack", frame_make_bad_ack);
	fill_and_row(o, workers, "workers_client", frame_make_client);
	fill_and_row(o, workers, "workers_backend", frame_make_backend);
	for (unsigned int i = 0; i < WORKERS; i++)
		world_close(workers[i].run.world);
}
