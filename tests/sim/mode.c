// SPDX-License-Identifier: BSD-3-Clause
#include "mode.h"

#include <string.h>

#include "world.h"

/* Each service twice a second, on average: clients have clocks of whole seconds. */
#define FLAP_NS (SIM_S / 2 / SIM_SERVICES)

const char *const sim_mode_names[SIM_MODES] = {"always", "never", "adaptive", "flap"};

enum sim_mode sim_mode_find(const char *name)
{
	unsigned int mode = 0;

	while (mode < SIM_MODES && strcmp(sim_mode_names[mode], name) != 0)
		mode++;
	return (enum sim_mode)mode;
}

/* So few that the usual coming and going of connections passes the upper ones. */
static struct weir_watermarks low_marks(struct sim_random *r)
{
	const uint32_t queue = sim_below(r, 10), rate = sim_below(r, 8);

	return (struct weir_watermarks){.queue_low = queue,
		.queue_high = queue + sim_below(r, 20),
		.rate_low = rate,
		.rate_high = sim_chance(r, 500000) ? rate + sim_below(r, 20) : 0,
		.hold_ms = sim_between(r, 100, 5000)};
}

void sim_mode_configure(struct weir_policy *p, enum sim_mode mode, bool tight, struct sim_random *r)
{
	static const enum weir_syn_cookies as[SIM_MODES] = {[SIM_ALWAYS] = WEIR_SYN_COOKIES_ALWAYS,
		[SIM_NEVER] = WEIR_SYN_COOKIES_NEVER,
		[SIM_ADAPTIVE] = WEIR_SYN_COOKIES_ADAPTIVE,
		[SIM_FLAP] = WEIR_SYN_COOKIES_NEVER};

	if (!sim_mode_is_calm(mode))
		return;
	p->limits.half_open = (tight ? sim_between(r, 1, 32) : 1024) * p->n_workers;
	for (uint32_t i = 0; i < p->n_services; i++) {
		p->services[i].syn_cookies = (uint8_t)as[mode];
		p->services[i].watermarks = low_marks(r);
	}
}

static void on_flap(struct sim_timer *t)
{
	struct sim_flap *f = sim_owner(t, struct sim_flap, timer);
	struct sim_world *w = f->world;
	const uint32_t service = f->changes % SIM_SERVICES;
	const bool calm = f->changes / SIM_SERVICES % 2;

	f->changes++;
	weir_orders_set(&f->orders, service,
		(calm ? WEIR_SYN_COOKIES_NEVER : WEIR_SYN_COOKIES_ALWAYS) + 1);
	if (w->open > 0 || w->visits.left > 0)
		sim_queue_set(&w->queue, t,
			w->queue.now_ns + FLAP_NS / 2 + sim_random(&f->random) % FLAP_NS);
}

void sim_flap_begin(struct sim_flap *f, struct sim_world *w)
{
	const struct shell *s = w->front.shell;

	struct sim_random aside = w->random;

	f->world = w;
	f->random = sim_random_fork(&aside);
	f->timer.fire = on_flap;
	for (uint32_t i = 0; i < s->policy->n_workers; i++)
		weir_proxy_obey(&s->workers[i].px, &f->orders);
	sim_queue_set(&w->queue, &f->timer, w->queue.now_ns);
}
