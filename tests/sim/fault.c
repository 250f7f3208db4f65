// SPDX-License-Identifier: BSD-3-Clause
#include "fault.h"

#include "deed.h"
#include "world.h"

/* Time after a trouble in which connections may still suffer from it. */
#define AFTERMATH (5 * SIM_S)

static void on_over(struct sim_timer *t)
{
	struct sim_trouble *trouble = sim_owner(t, struct sim_trouble, over);

	trouble->host->up.quality.delay_ns = trouble->delay_ns;
	sim_host_set_power(trouble->host, SIM_UP);
	trouble->host = NULL;
}

static void begin(struct sim_faults *f, struct sim_trouble *trouble, struct sim_host *h,
	uint64_t lasts)
{
	struct sim_queue *q = &f->world->queue;

	trouble->host = h;
	trouble->delay_ns = h->up.quality.delay_ns;
	h->troubled_ns = q->now_ns + lasts + AFTERMATH;
	sim_queue_set(q, &trouble->over, q->now_ns + lasts);
}

static void backend_suffers(struct sim_faults *f)
{
	struct sim_world *w = f->world;
	struct sim_host *h =
		&w->backends[sim_below(&f->random, SIM_SERVICES)][sim_below(&f->random, w->n_each)];

	begin(f, &f->backend, h, sim_between(&f->random, 500, 10000) * SIM_MS);
	switch (sim_below(&f->random, 3)) {
	case 0:
		sim_did(SIM_DID_backend_died);
		h->router = sim_chance(&f->random, 500000);
		sim_host_set_power(h, SIM_DEAD);
		break;
	case 1:
		sim_did(SIM_DID_backend_refusing);
		sim_host_set_power(h, SIM_REFUSING);
		break;
	default:
		sim_did(SIM_DID_backend_late);
		h->up.quality.delay_ns += sim_between(&f->random, 300, 4000) * SIM_MS;
		break;
	}
}

/* At times for longer than any keep-alive or repetition goes on. */
static void client_suffers(struct sim_faults *f)
{
	struct sim_world *w = f->world;
	struct sim_host *h = &w->clients[sim_below(&f->random, w->n_clients)];
	uint32_t most = sim_chance(&f->random, 500000) ? 10000 : 150000;

	sim_did(SIM_DID_client_died);
	begin(f, &f->client, h, sim_between(&f->random, 500, most) * SIM_MS);
	sim_host_set_power(h, SIM_DEAD);
}

static void front_suffers(struct sim_faults *f, uint64_t lasts)
{
	uint64_t until = f->world->queue.now_ns + lasts + AFTERMATH;

	if (f->front_ns < until)
		f->front_ns = until;
}

/* What all the others have to wait for may be in its queue. */
static void stall(struct sim_faults *f)
{
	struct sim_world *w = f->world;
	uint64_t lasts = sim_between(&f->random, 10, 1500) * SIM_MS;

	sim_did(SIM_DID_worker_stalled);
	sim_front_stall(&w->front, sim_below(&f->random, w->front.shell->policy->n_workers), lasts);
	front_suffers(f, lasts);
}

static void drought(struct sim_faults *f)
{
	uint64_t lasts = sim_between(&f->random, 50, 3000) * SIM_MS;

	sim_did(SIM_DID_drought);
	sim_front_dry(&f->world->front, sim_between(&f->random, 300000, 1000000), lasts);
	front_suffers(f, lasts);
}

static void on_next(struct sim_timer *t)
{
	struct sim_faults *f = sim_owner(t, struct sim_faults, next);
	struct sim_world *w = f->world;
	uint32_t which = sim_below(&f->random, 10);

	w->stats.faults++;
	if (which < 4 && f->backend.host == NULL)
		backend_suffers(f);
	else if (which < 6 && f->client.host == NULL)
		client_suffers(f);
	else if (which < 8)
		stall(f);
	else
		drought(f);
	if (w->queue.now_ns < w->end_ns)
		sim_queue_set(&w->queue, t,
			w->queue.now_ns + sim_between(&f->random, 1000, 20000) * SIM_MS);
}

uint64_t sim_faults_over_ns(const struct sim_faults *f)
{
	const struct sim_trouble *of_hosts[] = {&f->backend, &f->client};
	uint64_t over_ns = f->front_ns > AFTERMATH ? f->front_ns - AFTERMATH : 0;

	for (unsigned int i = 0; i < 2; i++)
		if (of_hosts[i]->host != NULL && of_hosts[i]->over.at_ns > over_ns)
			over_ns = of_hosts[i]->over.at_ns;
	if (sim_timer_is_set(&f->next) && f->next.at_ns + 1 > over_ns)
		over_ns = f->next.at_ns + 1;
	return over_ns;
}

void sim_faults_begin(struct sim_faults *f, struct sim_world *w)
{
	*f = (struct sim_faults){.world = w, .random = sim_random_fork(&w->random)};
	f->next.fire = on_next;
	f->backend.over.fire = f->client.over.fire = on_over;
	sim_queue_set(&w->queue, &f->next, w->queue.now_ns + 3 * SIM_S);
}
