// SPDX-License-Identifier: BSD-3-Clause
/*
 * Workers that hand packets over (flow/classify.h, weir_owner()): a frame comes by any worker's queue,
 * is classified by that worker's policy, and is decided by its owner steps later, when time has
 * passed, other packets of the same connection have come by other queues, and the owner may go by
 * a later policy. world.h and wish.h say what is looked at; shell_audit(), that both directions of each
 * connection have the same owner, which is where it is.
 *
 * Input: knobs (world.h), then steps: a byte what (modulo MOVES), a byte of detail, and for some of them
 * more.
 */
#include "play.h"
#include "wish.h"

#define STEPS_MAX 120

enum move {
	QUEUE = STEPS, /* the next frames come by another worker's queue */
	TAKE,          /* an owner decides what it has been handed */
	TAKE_ALL,
	PUBLISH,
	ADOPT,
	VACATE,
	MOVES
};

static void take_all(struct world *w)
{
	for (unsigned int i = 0; i < w->s->policy->n_workers; i++)
		world_take_over(w, i);
}

static void move(struct play *p, unsigned int what, uint8_t detail)
{
	struct world *w = p->w;
	unsigned int worker = detail % w->s->policy->n_workers;

	if (what < STEPS) {
		play_step(p, (enum step)what, detail);
		return;
	}
	if (w->n_put > 0) /* between bursts */
		world_run(w);
	/*
	 * weir_proxy_adopt(): a policy is not succeeded twice before what was classified by it is
	 * decided.
	 */
	if (what == TAKE_ALL || what == PUBLISH || what == VACATE)
		take_all(w);
	if (what == PUBLISH)
		wish_publish(w, &p->in);
	else if (what == VACATE)
		wish_vacate(w);
	else if (what == QUEUE)
		w->s->rx = worker;
	else if (what == TAKE)
		world_take_over(w, worker);
	else if (what == ADOPT)
		wish_adopt(w, worker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = {.in = {data, data + size}};
	uint8_t knobs = fuzz_u8(&p.in) | WORLD_TWO_WORKERS;

	p.w = world_open_with(knobs, fuzz_hash(data, size), wish_room);
	p.w->handed_late = true;
	for (unsigned int i = 0; i < STEPS_MAX && fuzz_left(&p.in) > 0; i++) {
		unsigned int what = fuzz_u8(&p.in) % MOVES;

		move(&p, what, fuzz_u8(&p.in));
		play_settle(&p);
	}
	if (p.w->n_put > 0)
		world_run(p.w);
	take_all(p.w);
	world_quiet(p.w);
	wish_end(p.w);
	world_close(p.w);
	return 0;
}
