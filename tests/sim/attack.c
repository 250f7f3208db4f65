// SPDX-License-Identifier: BSD-3-Clause
#include "attack.h"

#include "world.h"

/* A plain ACK opens a connection once in 2^24: one in so many of them is sent. */
#define RARELY 20

#define NOBODY 0xc6120000u /* 198.18.0.0/15: where no client lives */

enum weapon {
	SYN_FLOOD,
	ACK_FLOOD,
	ACK_PLAIN,
	RST_FLOOD,
	FIN_FLOOD,
	SYN_ACK_FLOOD,
	ODD_FLAGS,
	CLOSED_PORT,
	GUESS,    /* any numbers, in a living connection's tuple */
	NEAR_RST, /* in the window, but not exact */
	NEAR_SYN,
	FAR_DATA,  /* rightly acknowledging, but beyond every window */
	STALE_RST, /* exact by what was acknowledged, but its receiver is farther by now */
	WEAPONS
};

static struct sim_seg aimless(struct sim_attack *a)
{
	struct sim_random *r = &a->random;

	return (struct sim_seg){
		.src = NOBODY + sim_below(r, 1u << 17),
		.dst = SHELL_VIP(sim_below(r, SIM_SERVICES)),
		.sport = (uint16_t)sim_between(r, 1, 65535),
		.dport = SHELL_VIP_PORT,
		.seq = (uint32_t)sim_random(r),
		.ack = (uint32_t)sim_random(r),
		.wnd = (uint16_t)sim_random(r),
		.wscale = SIM_NO_WSCALE,
		.ts = sim_chance(r, 500000),
		.tsval = (uint32_t)sim_random(r),
		.tsecr = (uint32_t)sim_random(r),
	};
}

/* The client of some connection that lives, or NULL. */
static struct sim_peer *victim(struct sim_attack *a)
{
	struct sim_world *w = a->world;

	for (unsigned int i = 0; i < 8 && w->n_conns > 0; i++) {
		struct sim_peer *p = w->conns[sim_below(&a->random, w->n_conns)]->client.peer;

		if (p != NULL && p->state == SIM_ESTABLISHED)
			return p;
	}
	return NULL;
}

static void aim(struct sim_seg *s, const struct sim_peer *p)
{
	s->src = p->host->addr;
	s->sport = p->lport;
	s->dst = p->remote;
}

static void guess(struct sim_attack *a, struct sim_seg *s)
{
	static const uint8_t flags[] = {WEIR_TCP_RST, WEIR_TCP_SYN, WEIR_TCP_ACK,
		WEIR_TCP_FIN | WEIR_TCP_ACK, WEIR_TCP_RST | WEIR_TCP_ACK};
	const struct sim_peer *p = victim(a);

	s->flags = flags[sim_below(&a->random, sizeof(flags))];
	if (p != NULL)
		aim(s, p);
}

/*
 * Numbers in the window, which a real attacker hits once in 2^16 or so. They must not become exact
 * on their way: the victim is one that will say nothing for a while.
 */
static void near(struct sim_attack *a, struct sim_seg *s, uint8_t flags)
{
	const struct sim_peer *p = victim(a);
	const struct sim_app *app = p != NULL ? p->app : NULL;

	s->flags = flags;
	s->ts = false;
	if (app == NULL || !sim_timer_is_set(&app->wait) || p->wnd < 2 ||
		app->wait.at_ns < a->world->queue.now_ns + 5 * SIM_S)
		return;
	aim(s, p);
	s->seq = p->nxt + sim_between(&a->random, 1, p->wnd - 1);
}

static void stale(struct sim_attack *a, struct sim_seg *s)
{
	const struct sim_peer *p = victim(a), *q = NULL;
	const struct sim_app *app = p != NULL ? p->app : NULL;

	s->flags = WEIR_TCP_RST;
	if (app != NULL && app->conn->backend != NULL)
		q = app->conn->backend->peer;
	if (q == NULL || q->state == SIM_TIME_WAIT || q->rcv_nxt - q->irs <= p->una - p->iss)
		return;
	aim(s, p);
	s->seq = p->una;
	s->ts = false;
}

static void far(struct sim_attack *a, struct sim_seg *s)
{
	static const uint8_t junk[100];
	const struct sim_peer *p = victim(a);
	const struct sim_app *app = p != NULL ? p->app : NULL;

	s->flags = WEIR_TCP_ACK;
	if (app == NULL || app->conn->backend == NULL)
		return; /* before the connection is there this would be somebody's bad cookie */
	aim(s, p);
	s->seq = p->nxt + 1000000 + sim_below(&a->random, 1000000);
	s->ack = p->rcv_nxt;
	s->ts = false;
	s->payload = junk;
	s->payload_len = sizeof(junk);
}

static void choose(struct sim_attack *a, struct sim_seg *s)
{
	/* Of floods that take no aim. ACKs carry timestamps, as cookies with most bits to guess. */
	static const uint8_t flags[WEAPONS] = {
		[SYN_FLOOD] = WEIR_TCP_SYN,
		[ACK_FLOOD] = WEIR_TCP_ACK,
		[ACK_PLAIN] = WEIR_TCP_ACK,
		[RST_FLOOD] = WEIR_TCP_RST,
		[FIN_FLOOD] = WEIR_TCP_FIN | WEIR_TCP_ACK,
		[SYN_ACK_FLOOD] = WEIR_TCP_SYN | WEIR_TCP_ACK,
		[CLOSED_PORT] = WEIR_TCP_SYN,
	};
	enum weapon weapon = (enum weapon)sim_below(&a->random, WEAPONS);

	if (weapon == ACK_PLAIN && sim_below(&a->random, RARELY) != 0)
		weapon = SYN_FLOOD;
	s->flags = flags[weapon];
	if (weapon == ACK_FLOOD || weapon == FIN_FLOOD)
		s->ts = true;
	else if (weapon == ACK_PLAIN)
		s->ts = false;
	else if (weapon == CLOSED_PORT)
		s->dport = (uint16_t)sim_between(&a->random, 81, 1000);
	else if (weapon == ODD_FLAGS)
		s->flags = (uint8_t)sim_random(&a->random) | WEIR_TCP_SYN | WEIR_TCP_FIN;
	else if (weapon == GUESS)
		guess(a, s);
	else if (weapon == NEAR_RST)
		near(a, s, WEIR_TCP_RST);
	else if (weapon == NEAR_SYN)
		near(a, s, WEIR_TCP_SYN);
	else if (weapon == FAR_DATA)
		far(a, s);
	else if (weapon == STALE_RST)
		stale(a, s);
}

static void on_time(struct sim_timer *t)
{
	struct sim_attack *a = sim_owner(t, struct sim_attack, timer);
	struct sim_world *w = a->world;
	struct sim_seg s = aimless(a);
	uint8_t frame[SIM_FRAME_MAX];

	choose(a, &s);
	sim_front_receive(&w->front, SHELL_CLIENTS, frame, sim_wire_write(frame, &s, false));
	w->stats.attacks++;
	if (w->queue.now_ns < w->end_ns)
		sim_queue_set(&w->queue, t,
			w->queue.now_ns + sim_random(&a->random) % (2 * a->gap_ns));
}

void sim_attack_begin(struct sim_attack *a, struct sim_world *w, uint32_t pps)
{
	*a = (struct sim_attack){.world = w, .random = sim_random_fork(&w->random)};
	a->timer.fire = on_time;
	if (pps == 0)
		return;
	a->gap_ns = SIM_S / pps;
	sim_queue_set(&w->queue, &a->timer, w->queue.now_ns);
}
