// SPDX-License-Identifier: BSD-3-Clause
#include "bots.h"

#include "deed.h"
#include "world.h"

#define BOT_ADDR  0x0b000001u /* 11.0.n.1 */
#define BOT_PORT  1024
#define PORTS     64          /* that a connection uses, one after the other */
#define TURN_NS   (5 * SIM_S) /* each connection's turn comes so often */
#define HELD_DATA 1000

static uint32_t addr_of(const struct sim_bots *b, uint32_t i)
{
	return BOT_ADDR + (i % b->net.addrs << 8);
}

bool sim_bots_have(const struct sim_bots *b, uint32_t addr)
{
	return b->world != NULL && (addr - BOT_ADDR) % 256 == 0 &&
		(addr - BOT_ADDR) / 256 < b->net.addrs;
}

static void say(struct sim_bots *b, uint32_t i, uint8_t flags, uint16_t len)
{
	static const uint8_t zeros[HELD_DATA]; /* SIM_ATTACK_STREAM, again and again */
	const struct sim_bot *bot = &b->bot[i];
	const bool syn = flags & WEIR_TCP_SYN;
	uint8_t frame[SIM_FRAME_MAX];
	const enum weir_family family = sim_family_of(b->world->spec.family, bot->service);
	struct sim_seg s = {.family = family,
		.src = addr_of(b, i),
		.sport = bot->port,
		.dst = SHELL_VIP(bot->service),
		.dport = SHELL_VIP_PORT,
		.seq = syn ? bot->iss : bot->nxt,
		.ack = bot->rcv_nxt,
		.flags = flags,
		.wnd = 65535,
		.wscale = SIM_NO_WSCALE,
		.mss = syn ? sim_family_mss(family, 1460) : 0,
		.sealed = syn && sim_mode_is_calm(b->world->spec.mode),
		.payload_len = len,
		.payload = zeros};

	sim_front_receive(&b->world->front, SHELL_CLIENTS, frame, sim_wire_write(frame, &s, false));
	b->world->stats.attacks++;
}

/*
 * Each has one address only, also where both families are spoken: with two it might open twice as much. Services
 * 2n and 2n + 1 are of different families then.
 */
static unsigned int service_for(struct sim_bots *b, uint32_t i)
{
	const enum sim_family world = b->world->spec.family;
	const unsigned int s = sim_below(&b->random, SIM_SERVICES);

	if (world != SIM_BOTH ||
		sim_family_of(world, s) == sim_family_of(world, i % b->net.addrs % 2))
		return s;
	return s ^ 1;
}

/* From its next port. */
static void ask(struct sim_bots *b, uint32_t i)
{
	struct sim_bot *bot = &b->bot[i];
	const uint32_t place = i / b->net.addrs;

	bot->asked = true;
	bot->open = false;
	bot->port = (uint16_t)(BOT_PORT + place * PORTS + (bot->port + 1u) % PORTS);
	bot->iss = (uint32_t)sim_random(&b->random);
	bot->service = (uint16_t)(b->net.tenant ? 0 : service_for(b, i));
	say(b, i, WEIR_TCP_SYN, 0);
}

static void answer_syn_ack(struct sim_bots *b, uint32_t i, const struct sim_seg *s)
{
	struct sim_bot *bot = &b->bot[i];

	if (s->ack != bot->iss + 1)
		return;
	if (!bot->open) {
		b->world->handshakes++;
		sim_did(SIM_DID_bot_opened);
	}
	bot->open = true;
	bot->rcv_nxt = s->seq + 1;
	bot->nxt = bot->iss + 1;
	say(b, i, WEIR_TCP_ACK, b->net.tenant ? HELD_DATA : 0);
}

void sim_bots_hear(struct sim_bots *b, const uint8_t *frame, uint32_t len)
{
	struct sim_seg s;
	struct sim_bot *bot;
	uint32_t i;

	if (!sim_timer_is_set(&b->timer) || !sim_wire_read(&s, frame, len))
		return;
	i = (s.dport - BOT_PORT) / PORTS * b->net.addrs + (s.dst - BOT_ADDR) / 256;
	if (i >= b->n || b->bot[i].port != s.dport || !b->bot[i].asked)
		return;
	bot = &b->bot[i];
	if (s.flags & WEIR_TCP_RST) {
		sim_did(SIM_DID_bot_refused);
		bot->asked = bot->open = false;
	} else if (s.flags & WEIR_TCP_SYN) {
		answer_syn_ack(b, i, &s);
	} else if (bot->open && (s.payload_len > 0 || s.seq != bot->rcv_nxt)) {
		if (s.seq == bot->rcv_nxt)
			bot->rcv_nxt += sim_seg_len(&s);
		say(b, i, WEIR_TCP_ACK, 0);
	}
}

static void take_turn(struct sim_bots *b, uint32_t i)
{
	struct sim_bot *bot = &b->bot[i];

	if (!bot->open) {
		ask(b, i);
	} else if (sim_chance(&b->random, b->net.slow)) {
		sim_did(SIM_DID_bot_slow);
		say(b, i, WEIR_TCP_ACK, 1);
		bot->nxt++;
	}
}

static void on_turn(struct sim_timer *t)
{
	struct sim_bots *b = sim_owner(t, struct sim_bots, timer);
	struct sim_world *w = b->world;

	if (w->queue.now_ns >= w->end_ns)
		return;
	sim_queue_set(&w->queue, t, w->queue.now_ns + TURN_NS / b->n);
	take_turn(b, b->turn++ % b->n);
}

void sim_bots_begin(struct sim_bots *b, struct sim_world *w, const struct sim_botnet *net)
{
	struct sim_random aside =
		w->random; /* what else is random stays as it would be without them */

	b->world = w;
	b->random = sim_random_fork(&aside);
	b->net = *net;
	b->n = net->addrs * net->each;
	b->timer.fire = on_turn;
	sim_queue_set(&w->queue, &b->timer, w->queue.now_ns);
}
