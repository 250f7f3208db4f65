// SPDX-License-Identifier: BSD-3-Clause
#include "visit.h"

#include "check.h"
#include "deed.h"
#include "world.h"

/* Below SIM_PORT_FIRST: no connection was ever there. */
#define PORT_FIRST 20000

/* A client who was refused, or has heard nothing for so long, tries again from another port. */
#define AGAIN_NS (2 * SIM_S)

static bool is_served(const struct sim_visit *v)
{
	return v->conn != NULL && v->conn->client.read > 0;
}

static void on_due(struct sim_timer *t)
{
	struct sim_visit *v = sim_owner(t, struct sim_visit, due);

	if (!is_served(v))
		sim_fail(v->conn->who, "a newcomer is not served within %u s of the last fault",
			SIM_SERVED_S);
	sim_queue_cancel(&v->world->queue, &v->next);
	v->world->visits.left--;
	sim_did(SIM_DID_visited);
}

static void on_next(struct sim_timer *t)
{
	struct sim_visit *v = sim_owner(t, struct sim_visit, next);
	struct sim_queue *q = &v->world->queue;

	if (v->conn == NULL)
		sim_queue_set(q, &v->due, q->now_ns + SIM_SERVED_S * SIM_S);
	if (is_served(v))
		return;
	v->conn = sim_world_visit(v->world, v->number,
		(uint16_t)(PORT_FIRST + SIM_VISITS * v->tries++ + v->number));
	sim_queue_set(q, t, q->now_ns + AGAIN_NS);
}

/* Spoilt frames may be under way, which only a wire that spoils some may bring. */
static void heal(struct sim_quality *q)
{
	*q = (struct sim_quality){.delay_ns = q->delay_ns,
		.jitter_ns = q->jitter_ns,
		.corrupt = q->corrupt > 0,
		.truncate = q->truncate > 0};
}

static void heal_wires(struct sim_world *w)
{
	for (uint32_t i = 0; i < w->n_clients; i++) {
		heal(&w->clients[i].up.quality);
		heal(&w->clients[i].down.quality);
	}
	for (unsigned int s = 0; s < SIM_SERVICES; s++)
		for (uint32_t i = 0; i < w->n_each; i++) {
			heal(&w->backends[s][i].up.quality);
			heal(&w->backends[s][i].down.quality);
		}
}

static void on_heal(struct sim_timer *t)
{
	struct sim_visits *v = sim_owner(t, struct sim_visits, heal);
	struct sim_queue *q = &v->world->queue;
	uint64_t over_ns = sim_faults_over_ns(&v->world->faults);

	if (over_ns > q->now_ns) {
		sim_queue_set(q, t, over_ns);
		return;
	}
	heal_wires(v->world);
	for (uint32_t i = 0; i < SIM_VISITS; i++)
		sim_queue_set(q, &v->visit[i].next,
			q->now_ns + sim_below(&v->random, 60000) * SIM_MS);
}

void sim_visits_begin(struct sim_visits *v, struct sim_world *w, uint64_t at_ns)
{
	*v = (struct sim_visits){
		.world = w, .random = sim_random_fork(&w->random), .left = SIM_VISITS};
	for (uint32_t i = 0; i < SIM_VISITS; i++) {
		v->visit[i] = (struct sim_visit){.world = w, .number = i};
		v->visit[i].next.fire = on_next;
		v->visit[i].due.fire = on_due;
	}
	v->heal.fire = on_heal;
	sim_queue_set(&w->queue, &v->heal, at_ns);
}
