// SPDX-License-Identifier: BSD-3-Clause
#include "plan.h"

#include <stdlib.h>

const char *const sim_kind_names[SIM_KINDS] = {"exchange", "served", "upload", "download",
	"half close", "both close", "slow readers", "idle", "client aborts", "backend aborts",
	"early abort", "client gone"};

static void step(struct sim_script *s, enum sim_step_kind kind, uint32_t n)
{
	if (s->n == SIM_STEPS_MAX)
		abort();
	s->step[s->n++] = (struct sim_step){kind, n};
}

/* A plan in the making: how many bytes each side has written so far. */
struct draft {
	struct sim_plan *plan;
	struct sim_random *random;
	uint32_t written[2];
};

static struct sim_script *script(struct draft *d, enum weir_side side)
{
	return &d->plan->script[side];
}

/* That side says `bytes` more, the other one waits for them. */
static void say(struct draft *d, enum weir_side side, uint32_t bytes)
{
	d->written[side] += bytes;
	step(script(d, side), SIM_WRITE, d->written[side]);
	step(script(d, weir_other(side)), SIM_READ, d->written[side]);
}

static void pause_ms(struct draft *d, enum weir_side side, uint32_t ms)
{
	step(script(d, side), SIM_WAIT, ms);
	d->plan->takes_ms += ms;
}

static void close_by(struct draft *d, enum weir_side side)
{
	enum weir_side other = weir_other(side);

	step(script(d, side), SIM_SHUT, 0);
	step(script(d, other), SIM_READ_END, 0);
	step(script(d, other), SIM_SHUT, 0);
	step(script(d, side), SIM_READ_END, 0);
}

/* Most things are small, some are large. */
static uint32_t size(struct draft *d, uint32_t most)
{
	uint32_t limit = sim_chance(d->random, 300000) ? most : 2000;

	return sim_between(d->random, 8, limit);
}

static void talk(struct draft *d, uint32_t most)
{
	say(d, WEIR_CLIENT, size(d, 3000));
	say(d, WEIR_BACKEND, size(d, most));
}

static void exchange(struct draft *d)
{
	uint32_t rounds = sim_between(d->random, 1, 3);

	for (uint32_t i = 0; i < rounds; i++) {
		talk(d, 20000);
		if (sim_chance(d->random, 300000))
			pause_ms(d, WEIR_CLIENT, sim_below(d->random, 3000));
	}
	close_by(d, WEIR_CLIENT);
}

static void half_close(struct draft *d)
{
	uint32_t pieces = sim_between(d->random, 1, 4);

	say(d, WEIR_CLIENT, size(d, 8000));
	step(script(d, WEIR_CLIENT), SIM_SHUT, 0);
	step(script(d, WEIR_BACKEND), SIM_READ_END, 0);
	for (uint32_t i = 0; i < pieces; i++) {
		pause_ms(d, WEIR_BACKEND, sim_below(d->random, 4000));
		say(d, WEIR_BACKEND, size(d, 60000));
	}
	step(script(d, WEIR_BACKEND), SIM_SHUT, 0);
	step(script(d, WEIR_CLIENT), SIM_READ_END, 0);
}

/* Half a round trip apart or so: the FINs cross, or nearly. */
static void both_close(struct draft *d)
{
	talk(d, 5000);
	pause_ms(d, WEIR_BACKEND, sim_below(d->random, 30));
	step(script(d, WEIR_CLIENT), SIM_SHUT, 0);
	step(script(d, WEIR_BACKEND), SIM_SHUT, 0);
	step(script(d, WEIR_CLIENT), SIM_READ_END, 0);
	step(script(d, WEIR_BACKEND), SIM_READ_END, 0);
}

static void slow(struct draft *d)
{
	struct sim_script *reader = script(d, sim_below(d->random, 2) ? WEIR_CLIENT : WEIR_BACKEND);

	reader->chunk_bytes = sim_between(d->random, 500, 8000);
	reader->chunk_ms = sim_between(d->random, 20, 300);
	say(d, WEIR_CLIENT, sim_between(d->random, 8, 100000));
	say(d, WEIR_BACKEND, sim_between(d->random, 8, 100000));
	d->plan->takes_ms +=
		(d->written[0] + d->written[1]) / reader->chunk_bytes * reader->chunk_ms;
	close_by(d, WEIR_CLIENT);
}

static void abort_by(struct draft *d, enum weir_side side)
{
	enum weir_side other = weir_other(side);

	d->plan->aborts = true;
	talk(d, 5000);
	step(script(d, other), SIM_WRITE, d->written[other] + sim_between(d->random, 1, 60000));
	if (sim_chance(d->random, 500000))
		step(script(d, side), SIM_READ, d->written[other] + 1);
	pause_ms(d, side, sim_below(d->random, 200));
	step(script(d, side), SIM_ABORT, 0);
	step(script(d, other), SIM_READ_END, 0);
}

static void early_abort(struct draft *d)
{
	uint32_t n = sim_between(d->random, 8, 6000);

	d->plan->aborts = true;
	step(script(d, WEIR_CLIENT), SIM_WRITE, n);
	if (sim_chance(d->random, 700000))
		pause_ms(d, WEIR_CLIENT, sim_below(d->random, 300));
	step(script(d, WEIR_CLIENT), SIM_ABORT, 0);
	step(script(d, WEIR_BACKEND), SIM_READ_END, 0);
}

static void client_gone(struct draft *d)
{
	d->plan->aborts = true;
	talk(d, 5000);
	step(script(d, WEIR_CLIENT), SIM_VANISH, 0);
	step(script(d, WEIR_BACKEND), SIM_READ_END, 0);
}

static void fill(struct draft *d)
{
	switch (d->plan->kind) {
	case SIM_EXCHANGE:
		exchange(d);
		return;
	case SIM_SERVED:
		talk(d, 60000);
		close_by(d, WEIR_BACKEND);
		return;
	case SIM_UPLOAD:
		say(d, WEIR_CLIENT, sim_between(d->random, 8, 300000));
		say(d, WEIR_BACKEND, size(d, 200));
		close_by(d, WEIR_CLIENT);
		return;
	case SIM_DOWNLOAD:
		say(d, WEIR_CLIENT, size(d, 300));
		say(d, WEIR_BACKEND, sim_between(d->random, 8, 300000));
		close_by(d, sim_below(d->random, 2) ? WEIR_CLIENT : WEIR_BACKEND);
		return;
	case SIM_HALF_CLOSE:
		half_close(d);
		return;
	case SIM_BOTH_CLOSE:
		both_close(d);
		return;
	case SIM_SLOW:
		slow(d);
		return;
	case SIM_IDLE:
		talk(d, 3000);
		pause_ms(d, WEIR_CLIENT, sim_between(d->random, 10000, 100000));
		talk(d, 3000);
		close_by(d, WEIR_CLIENT);
		return;
	case SIM_CLIENT_ABORT:
		abort_by(d, WEIR_CLIENT);
		return;
	case SIM_BACKEND_ABORT:
		abort_by(d, WEIR_BACKEND);
		return;
	case SIM_EARLY_ABORT:
		early_abort(d);
		return;
	case SIM_CLIENT_GONE:
	case SIM_KINDS:
		client_gone(d);
		return;
	}
}

/*
 * Two hours. The idle limit of 7440 s is that of silence in both directions: shorter silence passes, a longer
 * one with keep-alives as Linux has them, and without any the connection is reset.
 */
static void silence(struct draft *d, uint32_t from_s, uint32_t to_s, uint32_t keepalive_s)
{
	talk(d, 3000);
	pause_ms(d, WEIR_CLIENT, sim_between(d->random, from_s, to_s) * 1000);
	talk(d, 3000);
	close_by(d, WEIR_CLIENT);
	for (unsigned int side = 0; side < 2; side++)
		d->plan->script[side].keepalive_ms = keepalive_s * 1000;
}

static void long_rounds(struct draft *d)
{
	for (unsigned int i = 0; i < 4; i++) {
		talk(d, 20000);
		pause_ms(d, sim_below(d->random, 2) ? WEIR_CLIENT : WEIR_BACKEND,
			sim_between(d->random, 600, 2400) * 1000);
	}
	talk(d, 3000);
	close_by(d, WEIR_CLIENT);
}

/* Within the 300 s that a half-closed connection may be silent. */
static void long_half_close(struct draft *d)
{
	say(d, WEIR_CLIENT, size(d, 8000));
	step(script(d, WEIR_CLIENT), SIM_SHUT, 0);
	step(script(d, WEIR_BACKEND), SIM_READ_END, 0);
	for (unsigned int i = 0; i < 6; i++) {
		pause_ms(d, WEIR_BACKEND, sim_between(d->random, 200, 280) * 1000);
		say(d, WEIR_BACKEND, size(d, 20000));
	}
	step(script(d, WEIR_BACKEND), SIM_SHUT, 0);
	step(script(d, WEIR_CLIENT), SIM_READ_END, 0);
}

void sim_plan_make_long(struct sim_plan *plan, struct sim_random *r, bool banner)
{
	struct draft d = {.plan = plan, .random = r};

	*plan = (struct sim_plan){.kind = SIM_IDLE};
	for (unsigned int side = 0; side < 2; side++)
		plan->script[side].keepalive_ms = sim_between(r, 1200, 7200) * 1000;
	if (banner)
		say(&d, WEIR_BACKEND, SIM_BANNER);
	switch (sim_below(r, 5)) {
	case 0:
		silence(&d, 6000, 7400, 8 * 3600);
		break;
	case 1:
		silence(&d, 9000, 12000, 7200);
		break;
	case 2:
		plan->aborts = true;
		silence(&d, 7600, 9000, 7500); /* so that both ends learn of it */
		break;
	case 3:
		long_half_close(&d);
		break;
	default:
		long_rounds(&d);
		break;
	}
}

void sim_plan_make_lasting(struct sim_plan *plan, struct sim_random *r, bool banner)
{
	struct draft d = {.plan = plan, .random = r};
	const uint32_t rounds = sim_between(r, 4, 10);

	*plan = (struct sim_plan){.kind = SIM_IDLE};
	for (unsigned int side = 0; side < 2; side++)
		plan->script[side].keepalive_ms = sim_between(r, 10000, 25000);
	if (banner)
		say(&d, WEIR_BACKEND, SIM_BANNER);
	for (uint32_t i = 0; i < rounds && plan->script[WEIR_CLIENT].n + 8 < SIM_STEPS_MAX; i++) {
		talk(&d, 3000);
		pause_ms(&d, WEIR_CLIENT, sim_between(r, 8000, 40000));
	}
	talk(&d, 3000);
	close_by(&d, WEIR_CLIENT);
}

void sim_plan_make(struct sim_plan *plan, struct sim_random *r, enum sim_kind kind, bool banner)
{
	struct draft d = {.plan = plan, .random = r};

	*plan = (struct sim_plan){.kind = kind};
	if (banner)
		say(&d, WEIR_BACKEND, SIM_BANNER);
	fill(&d);
	for (unsigned int side = 0; side < 2; side++)
		plan->script[side].keepalive_ms = sim_between(r, 10000, 25000);
}
