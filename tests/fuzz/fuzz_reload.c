// SPDX-License-Identifier: BSD-3-Clause
/*
 * Configurations that take each other's place while connections are open (HC-51): the steps of play.h,
 * and between them reloads out of the input, adopted by the workers at once or at moments of their
 * own. world.h and wish.h say what is looked at.
 *
 * Input: knobs (world.h), then steps: a byte what (modulo MOVES), a byte of detail, and for some of them
 * more.
 */
#include "play.h"
#include "wish.h"

#define STEPS_MAX 80

enum move {
	RELOAD = STEPS, /* published, and adopted by all */
	PUBLISH,
	ADOPT,
	VACATE,
	QUEUE, /* the next frames come by another worker's queue */
	MOVES
};

static void adopt_all(struct world *w)
{
	for (unsigned int i = 0; i < w->s->policy->n_workers; i++)
		wish_adopt(w, i);
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
	if (what == RELOAD || what == PUBLISH)
		wish_publish(w, &p->in);
	else if (what == VACATE)
		wish_vacate(w);
	else if (what == QUEUE)
		w->s->rx = worker;
	else
		wish_adopt(w, worker);
	if (what == RELOAD || what == VACATE)
		adopt_all(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = {.in = {data, data + size}};
	uint8_t knobs = fuzz_u8(&p.in);

	p.w = world_open_with(knobs, fuzz_hash(data, size), wish_room);
	for (unsigned int k = 0; k < WORLD_CLIENTS; k++)
		p.w->clients[k].service = k;
	for (unsigned int i = 0; i < STEPS_MAX && fuzz_left(&p.in) > 0; i++) {
		unsigned int what = fuzz_u8(&p.in) % MOVES;

		move(&p, what, fuzz_u8(&p.in));
		play_settle(&p);
	}
	world_quiet(p.w);
	wish_end(p.w);
	world_close(p.w);
	return 0;
}
