// SPDX-License-Identifier: BSD-3-Clause
#include "blind.h"

#include "deed.h"
#include "world.h"

#define SHOTS_PER_S 20

/* Its victim, from either end, and what it says. */
struct shot {
	struct sim_conn *conn;
	const struct sim_peer *client, *backend;
	const struct sim_peer *from; /* which of them it pretends to be */
	struct sim_seg seg;
};

enum aim {
	IN_WINDOW_RST, /* in the window, not exact */
	IN_WINDOW_SYN,
	IN_WINDOW_FIN, /* ... and acknowledging what was never sent, or long ago */
	IN_WINDOW_DATA,
	FAR_FIN, /* rightly acknowledging, but beyond every window */
	FAR_RST,
	STALE_FINS, /* of both ends, below what the receivers have; a victim is hit once */
	WRONG_DOOR, /* by the port of the other side, with exact numbers */
	AIMS
};

static const uint8_t junk[32];

static struct sim_peer *peer_of(const struct sim_app *a)
{
	return a != NULL ? a->peer : NULL;
}

/* A connection on which both ends are open and say nothing for some seconds; false: none was found. */
static bool find_victim(struct sim_blind *b, struct shot *s)
{
	struct sim_world *w = b->world;

	for (unsigned int i = 0; i < 16 && w->n_conns > 0; i++) {
		struct sim_conn *c = w->conns[sim_below(&b->random, w->n_conns)];
		const struct sim_peer *p = peer_of(&c->client), *q = peer_of(c->backend);
		const struct sim_app *waits = &c->client;

		if (p == NULL || q == NULL || p->state != SIM_ESTABLISHED ||
			q->state != SIM_ESTABLISHED || p->ts || p->wnd < 2 || q->wnd < 2)
			continue;
		if (!sim_timer_is_set(&waits->wait))
			waits = c->backend;
		if (!sim_timer_is_set(&waits->wait) ||
			waits->wait.at_ns < w->queue.now_ns + 5 * SIM_S)
			continue;
		*s = (struct shot){.conn = c, .client = p, .backend = q, .from = p};
		return true;
	}
	return false;
}

/* As the end that it pretends to be would address it. */
static void address(struct shot *s)
{
	s->seg = (struct sim_seg){.family = s->from->family,
		.src = s->from->host->addr,
		.sport = s->from->lport,
		.dst = s->from->remote,
		.dport = s->from->rport,
		.seq = s->from->nxt,
		.ack = s->from->rcv_nxt,
		.wscale = SIM_NO_WSCALE};
}

static void send(struct sim_blind *b, const struct shot *s, enum shell_port port)
{
	uint8_t frame[SIM_FRAME_MAX];

	sim_front_guess(&b->world->front, port, frame, sim_wire_write(frame, &s->seg, false));
	b->world->stats.attacks++;
}

static uint32_t in_window(struct sim_blind *b, const struct shot *s)
{
	return s->from->nxt + sim_between(&b->random, 1, s->from->wnd - 1);
}

/* Far from everything that was ever said here. */
static uint32_t elsewhere(struct sim_blind *b, uint32_t number)
{
	return number + (1u << 30) + sim_below(&b->random, 1u << 31);
}

/* HC-64: each of the two is far below what its receiver has. They shorten no timer. */
static void stale_fins(struct sim_blind *b, struct shot *s)
{
	if (s->conn->struck || s->client->una - s->client->iss < 100 ||
		s->backend->una - s->backend->iss < 100)
		return;
	sim_did(SIM_DID_stale_fins);
	s->conn->struck = true;
	for (unsigned int side = 0; side < 2; side++) {
		s->from = side == 0 ? s->client : s->backend;
		address(s);
		s->seg.flags = WEIR_TCP_FIN | WEIR_TCP_ACK;
		s->seg.seq = s->from->una - sim_between(&b->random, 2, 90);
		send(b, s, side == 0 ? SHELL_CLIENTS : SHELL_BACKENDS);
	}
}

static void wrong_door(struct sim_blind *b, struct shot *s)
{
	static const uint8_t flags[] = {WEIR_TCP_RST, WEIR_TCP_FIN | WEIR_TCP_ACK, WEIR_TCP_ACK};

	sim_did(SIM_DID_wrong_door);
	if (sim_below(&b->random, 2))
		s->from = s->backend;
	address(s);
	s->seg.flags = flags[sim_below(&b->random, sizeof(flags))];
	if (s->seg.flags == WEIR_TCP_ACK) {
		s->seg.payload = junk;
		s->seg.payload_len = sizeof(junk);
	}
	if (b->world->sabotage == SIM_SABOTAGE_DOORS)
		send(b, s, s->from == s->backend ? SHELL_BACKENDS : SHELL_CLIENTS);
	else
		send(b, s, s->from == s->backend ? SHELL_CLIENTS : SHELL_BACKENDS);
}

/* A client's, by the clients' port. */
static void near_or_far(struct sim_blind *b, struct shot *s, enum aim aim)
{
	static const uint8_t flags[AIMS] = {[IN_WINDOW_RST] = WEIR_TCP_RST,
		[IN_WINDOW_SYN] = WEIR_TCP_SYN,
		[IN_WINDOW_FIN] = WEIR_TCP_FIN | WEIR_TCP_ACK,
		[IN_WINDOW_DATA] = WEIR_TCP_ACK,
		[FAR_FIN] = WEIR_TCP_FIN | WEIR_TCP_ACK,
		[FAR_RST] = WEIR_TCP_RST | WEIR_TCP_ACK};
	const bool far = aim == FAR_FIN || aim == FAR_RST;

	address(s);
	s->seg.flags = flags[aim];
	s->seg.seq = far ? elsewhere(b, s->seg.seq) : in_window(b, s);
	if (aim == IN_WINDOW_FIN || aim == IN_WINDOW_DATA)
		s->seg.ack = elsewhere(b, s->seg.ack);
	if (aim == IN_WINDOW_DATA) {
		s->seg.payload = junk;
		s->seg.payload_len = sizeof(junk);
	}
	s->seg.sealed = aim == IN_WINDOW_SYN && sim_mode_is_calm(b->world->spec.mode);
	sim_did(far ? SIM_DID_far_guess : SIM_DID_in_window_guess);
	send(b, s, SHELL_CLIENTS);
}

static void shoot(struct sim_blind *b)
{
	enum aim aim = (enum aim)sim_below(&b->random, AIMS);
	struct shot s;

	if (!find_victim(b, &s))
		return;
	switch (aim) {
	case STALE_FINS:
		stale_fins(b, &s);
		return;
	case WRONG_DOOR:
		wrong_door(b, &s);
		return;
	case IN_WINDOW_RST:
	case IN_WINDOW_SYN:
	case IN_WINDOW_FIN:
	case IN_WINDOW_DATA:
	case FAR_FIN:
	case FAR_RST:
	case AIMS:
		near_or_far(b, &s, aim);
		return;
	}
}

static void on_time(struct sim_timer *t)
{
	struct sim_blind *b = sim_owner(t, struct sim_blind, timer);
	struct sim_world *w = b->world;

	shoot(b);
	if (w->queue.now_ns < w->end_ns)
		sim_queue_set(&w->queue, t,
			w->queue.now_ns + sim_random(&b->random) % (2 * SIM_S / SHOTS_PER_S));
}

void sim_blind_begin(struct sim_blind *b, struct sim_world *w)
{
	*b = (struct sim_blind){.world = w, .random = sim_random_fork(&w->random)};
	b->timer.fire = on_time;
	sim_queue_set(&w->queue, &b->timer, w->queue.now_ns);
}
