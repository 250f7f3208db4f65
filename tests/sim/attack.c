// SPDX-License-Identifier: BSD-3-Clause
#include "attack.h"

#include "deed.h"
#include "segment.h"
#include "world.h"

#define NOBODY 0xc6120000u /* 198.18.0.0/15: where no client lives */

enum weapon {
	SYN_FLOOD,
	ACK_FLOOD,
	RST_FLOOD,
	FIN_FLOOD,
	SYN_ACK_FLOOD,
	ODD_FLAGS,
	CLOSED_PORT, /* up to here without aim */
	ACK_PLAIN,
	GUESS,    /* any numbers, in a living connection's tuple */
	NEAR_RST, /* in the window, but not exact */
	NEAR_SYN,
	FAR_DATA,    /* rightly acknowledging, but beyond every window */
	UNREACHABLE, /* ICMP about a SYN that was never sent */
	STALE_RST,   /* exact by what was acknowledged, but its receiver is farther by now */
	STALE_FIN,   /* in the window, but below what its receiver has */
	WEAPONS
};

static struct sim_seg aimless(struct sim_attack *a)
{
	struct sim_random *r = &a->random;
	const uint32_t src = NOBODY + sim_below(r, 1u << 17);
	const unsigned int service = sim_below(r, SIM_SERVICES);

	return (struct sim_seg){
		.family = sim_family_of(a->world->spec.family, service),
		.src = src,
		.dst = SHELL_VIP(service),
		.sport = (uint16_t)sim_between(r, 1, 65535),
		.dport = SHELL_VIP_PORT,
		.seq = (uint32_t)sim_random(r),
		.ack = (uint32_t)sim_random(r),
		.wnd = (uint16_t)sim_random(r),
		.wscale = SIM_NO_WSCALE,
		.ts = sim_chance(r, 500000),
		.sealed = sim_mode_is_calm(a->world->spec.mode),
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
	s->family = p->family;
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
	if (p == NULL)
		return;
	sim_did(SIM_DID_blind_guess);
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
	sim_did(SIM_DID_near_guess);
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
	sim_did(SIM_DID_stale_rst);
	aim(s, p);
	s->seq = p->una;
	s->ts = false;
}

/*
 * HC-64: either end's FIN at what its receiver has long acknowledged: both ends know better. One ahead of
 * what was sent would be queued by its receiver, as odds allow, and spoil the conversation by itself.
 */
static void stale_fin(struct sim_attack *a, struct sim_seg *s)
{
	const struct sim_peer *p = victim(a), *q = NULL;
	const struct sim_app *app = p != NULL ? p->app : NULL;

	s->flags = WEIR_TCP_FIN | WEIR_TCP_ACK;
	s->ts = false;
	if (app != NULL && app->conn->backend != NULL)
		q = app->conn->backend->peer;
	if (q == NULL || p->ts || p->una - p->iss < 100)
		return;
	sim_did(SIM_DID_stale_fin);
	aim(s, p);
	s->wnd = 0; /* of an old segment: its receiver does not look at it */
	s->seq = p->una - sim_between(&a->random, 2, 90);
	s->ack = p->rcv_nxt;
	if (sim_chance(&a->random, 500000) || q->una - q->iss < 100)
		return;
	a->port = SHELL_BACKENDS;
	s->src = q->host->addr;
	s->sport = q->lport;
	s->dst = q->remote;
	s->dport = q->rport;
	s->seq = q->una - sim_between(&a->random, 2, 90);
	s->ack = q->rcv_nxt;
}

static void far(struct sim_attack *a, struct sim_seg *s)
{
	static const uint8_t junk[100];
	const struct sim_peer *p = victim(a);
	const struct sim_app *app = p != NULL ? p->app : NULL;

	s->flags = WEIR_TCP_ACK;
	if (app == NULL || app->conn->backend == NULL)
		return; /* before the connection is there this would be somebody's bad cookie */
	sim_did(SIM_DID_far_data);
	aim(s, p);
	s->seq = p->nxt + 1000000 + sim_below(&a->random, 1000000);
	s->ack = p->rcv_nxt;
	s->ts = false;
	s->payload = junk;
	s->payload_len = sizeof(junk);
}

/* The right number, which only a sabotage knows. */
static void forge(struct sim_attack *a, struct sim_seg *s)
{
	const struct weir_keys *keys = &a->world->front.shell->workers[0].px.keys;
	struct weir_cookie cookie = {.agreed = {.mss_index = 3, .wscale = WEIR_WSCALE_NONE}};
	struct weir_seg syn = {.src = ip_addr(s->family, s->src),
		.dst = ip_addr(s->family, s->dst),
		.sport_be = weir_be16(s->sport),
		.dport_be = weir_be16(s->dport),
		.seq = s->seq - 1};
	const struct weir_seg *one = &syn;

	weir_cookie_make(keys, &one, &cookie, 1, 0);
	s->ack = cookie.isn + 1;
	a->forged++;
}

/* Without timestamps a cookie has fewer bits to guess. */
static void plain_ack(struct sim_attack *a, struct sim_seg *s)
{
	const enum sim_sabotage sabotage = a->world->sabotage;
	const struct sim_peer *p;

	s->flags = WEIR_TCP_ACK;
	s->ts = false;
	if (sabotage == SIM_SABOTAGE_SECRET || (sabotage == SIM_SABOTAGE_LUCK && a->forged == 0)) {
		forge(a, s);
	} else if (sabotage == SIM_SABOTAGE_LUCK && a->forged == 1 && (p = victim(a)) != NULL) {
		aim(s, p);
		forge(a, s);
	}
}

/* Of floods that take no aim. */
static const struct {
	uint8_t flags;
	enum sim_deed deed;
} floods[] = {
	[SYN_FLOOD] = {WEIR_TCP_SYN, SIM_DID_syn_flood},
	[ACK_FLOOD] = {WEIR_TCP_ACK, SIM_DID_ack_flood},
	[RST_FLOOD] = {WEIR_TCP_RST, SIM_DID_rst_flood},
	[FIN_FLOOD] = {WEIR_TCP_FIN | WEIR_TCP_ACK, SIM_DID_fin_flood},
	[SYN_ACK_FLOOD] = {WEIR_TCP_SYN | WEIR_TCP_ACK, SIM_DID_syn_ack_flood},
	[ODD_FLAGS] = {0, SIM_DID_odd_flags},
	[CLOSED_PORT] = {WEIR_TCP_SYN, SIM_DID_closed_port},
};

static enum weapon choose(struct sim_attack *a, struct sim_seg *s)
{
	enum weapon weapon = (enum weapon)sim_below(&a->random, WEAPONS);

	if (weapon <= CLOSED_PORT) {
		s->flags = floods[weapon].flags;
		sim_did(floods[weapon].deed);
	}
	switch (weapon) {
	case ODD_FLAGS:
		s->flags = (uint8_t)sim_random(&a->random) | WEIR_TCP_SYN | WEIR_TCP_FIN;
		break;
	case CLOSED_PORT:
		s->dport = (uint16_t)sim_between(&a->random, 81, 1000);
		break;
	case ACK_PLAIN:
		plain_ack(a, s);
		break;
	case GUESS:
		guess(a, s);
		break;
	case NEAR_RST:
		near(a, s, WEIR_TCP_RST);
		break;
	case NEAR_SYN:
		near(a, s, WEIR_TCP_SYN);
		break;
	case FAR_DATA:
		far(a, s);
		break;
	case STALE_RST:
		stale(a, s);
		break;
	case STALE_FIN:
		stale_fin(a, s);
		break;
	case UNREACHABLE:
	case SYN_FLOOD:
	case ACK_FLOOD:
	case RST_FLOOD:
	case FIN_FLOOD:
	case SYN_ACK_FLOOD:
	case WEAPONS:
		break;
	}
	return weapon;
}

/* Somewhere in the ports that fullnat uses. */
static void unreachable(struct sim_attack *a, struct sim_seg *s)
{
	uint8_t about[SIM_FRAME_MAX], frame[SEGMENT_FRAME_MAX];
	struct sim_random *r = &a->random;
	unsigned int service;

	sim_did(SIM_DID_icmp_guess);
	s->src = SHELL_LOCAL + sim_below(r, 2);
	s->sport = (uint16_t)sim_between(r, 10240, 10400);
	service = 2 * sim_below(r, SIM_SERVICES / 2);
	s->family = sim_family_of(a->world->spec.family, service);
	s->dst = SHELL_BACKEND(service, sim_below(r, a->world->n_each));
	s->dport = SHELL_BACKEND_PORT;
	s->flags = WEIR_TCP_SYN;
	sim_wire_write(about, s, false);
	sim_front_guess(&a->world->front, SHELL_CLIENTS, frame,
		(uint32_t)segment_error(about, NOBODY, SEGMENT_NO_HOST, frame));
}

static void on_time(struct sim_timer *t)
{
	struct sim_attack *a = sim_owner(t, struct sim_attack, timer);
	struct sim_world *w = a->world;
	struct sim_seg s = aimless(a);
	uint8_t frame[SIM_FRAME_MAX];

	a->port = SHELL_CLIENTS;
	if (choose(a, &s) == UNREACHABLE)
		unreachable(a, &s);
	else
		sim_front_guess(&w->front, a->port, frame, sim_wire_write(frame, &s, false));
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
