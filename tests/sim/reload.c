// SPDX-License-Identifier: BSD-3-Clause
#include "reload.h"

#include "deed.h"
#include "world.h"

static void drop_last(struct weir_policy *p, unsigned int service)
{
	struct weir_service *s = &p->services[service];
	uint32_t at = s->first_member + --s->n_members;

	memmove(&p->members[at], &p->members[at + 1],
		(--p->n_members - at) * sizeof(p->members[0]));
	for (uint32_t i = service + 1; i < p->n_services; i++)
		p->services[i].first_member--;
}

/* Of each service somebody stays who takes new connections: the first. */
static void change_service(struct sim_random *r, struct weir_policy *p, unsigned int service)
{
	struct weir_service *s = &p->services[service];

	if (s->n_members > 1 && sim_chance(r, 400000))
		drop_last(p, service);
	for (uint32_t i = 0; i < s->n_members; i++)
		p->members[s->first_member + i].weight =
			(uint16_t)(i == 0 ? sim_between(r, 1, 5) : sim_below(r, 4));
	s->scheduler = (uint8_t)sim_below(r, 3);
	s->timeouts.established_ms = sim_between(r, 120000, 300000);
	s->timeouts.half_close_ms = sim_between(r, 60000, 300000);
	s->profile.sack = sim_chance(r, 800000);
}

static void on_next(struct sim_timer *t)
{
	struct sim_reloads *r = sim_owner(t, struct sim_reloads, next);
	struct sim_world *w = r->world;

	if (w->front.shell->old == NULL) {
		struct weir_policy *p = shell_wanted(r->all);

		for (unsigned int s = 0; s < p->n_services; s++)
			change_service(&r->random, p, s);
		if (shell_publish(w->front.shell, p) != WEIR_REFUSAL_NONE)
			shell_die("a reload is refused");
		sim_did(SIM_DID_reloaded);
	}
	if (w->queue.now_ns < w->end_ns)
		sim_queue_set(&w->queue, t,
			w->queue.now_ns + sim_between(&r->random, 50, 5000) * SIM_MS);
}

void sim_reloads_begin(struct sim_reloads *r, struct sim_world *w)
{
	struct sim_random aside = w->random; /* what else is random stays as it was */

	*r = (struct sim_reloads){.world = w, .random = sim_random_fork(&aside)};
	r->all = shell_wanted(w->front.shell->policy);
	r->next.fire = on_next;
	sim_queue_set(&w->queue, &r->next, w->queue.now_ns + 2 * SIM_S);
}

void sim_reloads_end(struct sim_reloads *r)
{
	weir_policy_free(r->all);
	r->all = NULL;
}
