// SPDX-License-Identifier: BSD-3-Clause
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>

#include "flow/pkt.h"

#define CLIENTS   0x00800000u /* numbers of the attacker's clients */
#define HELD_EACH 16u         /* packets that a connection may have held */
#define HALF_OPEN 1024u       /* places of the half-open queue */

static const struct {
	const char *name;
	enum weir_fate fate;
} states[HOSTILES] = {
	[HOSTILE_TABLE_FULL] = {"hostile_table_full", WEIR_FATE_reply_budget},
	[HOSTILE_PORTS_1] = {"hostile_ports_1", WEIR_FATE_reply_budget},
	[HOSTILE_PORTS_16] = {"hostile_ports_16", WEIR_FATE_reply_budget},
	[HOSTILE_HELD_FULL] = {"hostile_held_full", WEIR_FATE_early_limit},
	[HOSTILE_SPENT] = {"hostile_spent", WEIR_FATE_old_cookie},
	[HOSTILE_HALF_OPEN] = {"hostile_half_open", WEIR_FATE_to_backend},
	[HOSTILE_ENTRY] = {"hostile_entry", WEIR_FATE_bad_ack},
};

const char *hostile_name(enum hostile state)
{
	return states[state].name;
}

enum weir_fate hostile_fate(enum hostile state)
{
	return states[state].fate;
}

static void use_up_ports(struct world *w, uint8_t n_addrs)
{
	const struct weir_policy *p = w->policy;

	w->policy->interfaces[0].n_addrs = n_addrs;
	for (uint32_t i = 0; i < p->n_backends * p->pools_each; i++)
		w->px.pools[i].in_use = w->px.pools[i].count;
}

static void fill_spent(struct world *w)
{
	for (uint32_t i = 0; i < 4 * w->px.spent.lines * WEIR_SPENT_WAYS; i++)
		weir_spent_note(&w->px.spent, frames_random(), (uint32_t)frames_random());
}

/* Room for the entries beside the n connections, and places that entries leave free. */
static uint32_t room_for(enum hostile state, uint32_t n)
{
	if (state == HOSTILE_HALF_OPEN || state == HOSTILE_ENTRY)
		return n + HALF_OPEN + 256;
	return state == HOSTILE_TABLE_FULL ? n : n + 64;
}

struct world *hostile_open(enum hostile state, uint32_t n)
{
	struct world *w = world_open(room_for(state, n), 0, 1);

	dialogue_establish(w, n);
	for (uint32_t i = 0; i < n; i++)
		w->px.table.conns[i].quiet = WEIR_QUIET_HEARD;
	if (state == HOSTILE_PORTS_1 || state == HOSTILE_PORTS_16)
		use_up_ports(w, state == HOSTILE_PORTS_1 ? 1 : WEIR_LOCALS_MAX);
	else if (state == HOSTILE_SPENT)
		fill_spent(w);
	return w;
}

static void step(struct world *w, struct dialogue *d, enum dialogue_step s)
{
	dialogue_say(d, s);
	world_burst(w, d->frames, d->n);
	dialogue_hear(d, w, s);
}

/* The next segments of early data; all are held. */
static void hold(struct world *w, struct dialogue *d)
{
	dialogue_say(d, DIALOGUE_REQUEST);
	world_burst(w, d->frames, d->n);
	for (unsigned int i = 0; i < d->n; i++)
		if (w->pkts[i].send != WEIR_SEND_HELD) {
			fprintf(stderr, "bench: an early segment was not held\n");
			exit(1);
		}
}

/* The cookies that the clients were shown have opened connections, of which nothing else is left. */
static void spend(struct world *w, const struct dialogue *d)
{
	for (unsigned int i = 0; i < d->n; i++) {
		const struct weir_header *h = &d->ends[WEIR_CLIENT][i];
		const struct weir_key key = {.addr = h->src, .port_be = h->sport_be, .id = 0};

		weir_spent_note(&w->px.spent, weir_key_hash(&w->px.table.secret, &key), h->ack - 1);
	}
}

/* From here on backends answer SYNs; forged ones have all places of the queue. */
static void fill_queue(struct world *w, struct frame *frames)
{
	world_be_calm(w, HALF_OPEN);
	for (uint32_t i = 0; i < 2 * HALF_OPEN; i += WEIR_BURST) {
		frames_fill(frames, WEIR_BURST, w, frame_make_syn, frame_make_syn, 0);
		world_burst(w, frames, WEIR_BURST);
	}
}

/* Each client has an entry. What comes next says nothing of it, but may carry a cookie: two are checked. */
static void miss_entries(struct world *w, struct dialogue *d)
{
	world_be_calm(w, HALF_OPEN);
	dialogue_say(d, DIALOGUE_SYN);
	world_burst(w, d->frames, d->n);
	if (w->px.by_state[WEIR_SYN_RCVD] != d->n) {
		fprintf(stderr, "bench: %u SYNs made %u entries\n", d->n,
			w->px.by_state[WEIR_SYN_RCVD]);
		exit(1);
	}
	for (unsigned int i = 0; i < d->n; i++) {
		d->ends[WEIR_CLIENT][i].ack = (uint32_t)frames_random();
		d->ends[WEIR_CLIENT][i].tsecr = (uint32_t)frames_random();
	}
	dialogue_say(d, DIALOGUE_ACK);
}

static void speak(struct world *w, struct dialogue *d, enum hostile state)
{
	dialogue_begin(d, w, CLIENTS, WEIR_BURST);
	if (state == HOSTILE_ENTRY) {
		miss_entries(w, d);
		return;
	}
	step(w, d, DIALOGUE_SYN);
	if (state == HOSTILE_SPENT)
		spend(w, d);
	if (state == HOSTILE_HELD_FULL) {
		step(w, d, DIALOGUE_ACK);
		for (unsigned int i = 0; i < HELD_EACH; i++)
			hold(w, d);
		w->px.held.capacity = w->px.held.fresh;
		dialogue_say(d, DIALOGUE_REQUEST);
	} else {
		dialogue_say(d, DIALOGUE_ACK);
	}
}

void hostile_frames(struct world *w, enum hostile state, struct frame *frames, uint32_t n)
{
	static struct dialogue d;

	if (state == HOSTILE_HALF_OPEN) {
		fill_queue(w, frames);
		frames_fill(frames, n, w, frame_make_syn, frame_make_syn, 0);
		memset(w->fates, 0, sizeof(w->fates));
		return;
	}
	speak(w, &d, state);
	for (uint32_t i = 0; i < n; i++)
		frames[i] = d.frames[i % WEIR_BURST];
	memset(w->fates, 0, sizeof(w->fates));
}
