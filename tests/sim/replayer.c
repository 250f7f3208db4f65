// SPDX-License-Identifier: BSD-3-Clause
#include "replayer.h"

#include <string.h>

#include "deed.h"
#include "world.h"

#define GAP_NS (SIM_S / 50)

/* Where no client lives. */
#define ELSEWHERE 0xc6130000u /* 198.19.0.0/16 */

/* The third step of a handshake, with data or without: what might open a connection. */
static bool is_beginning(struct sim_world *w, const struct sim_seg *s)
{
	struct sim_host *h = sim_world_client(w, s->src);
	const struct sim_peer *p = h != NULL ? sim_host_find(h, s->sport, s->dst, s->dport) : NULL;

	return p != NULL && (s->flags & WEIR_TCP_ACK) && !(s->flags & WEIR_TCP_RST) &&
		s->seq == p->iss + 1;
}

void sim_replayer_hear(struct sim_replayer *r, const uint8_t *frame, uint32_t len)
{
	struct sim_seg s;

	if (r->world == NULL || !sim_wire_read(&s, frame, len) || !is_beginning(r->world, &s))
		return;
	r->heard[r->n % SIM_REPLAYS].len = len;
	memcpy(r->heard[r->n % SIM_REPLAYS].frame, frame, len);
	r->n++;
}

/* The same numbers from another address or port. */
static void from_elsewhere(struct sim_replayer *r, const uint8_t *heard, uint32_t len)
{
	uint8_t frame[SIM_FRAME_MAX];
	struct sim_seg s;

	sim_did(SIM_DID_replay_elsewhere);
	sim_wire_read(&s, heard, len);
	if (sim_below(&r->random, 2))
		s.src = ELSEWHERE + sim_below(&r->random, 1u << 16);
	else
		s.sport ^= (uint16_t)sim_between(&r->random, 0x4000, 0xffff); /* no client's */
	sim_front_guess(&r->world->front, SHELL_CLIENTS, frame, sim_wire_write(frame, &s, false));
}

static void on_time(struct sim_timer *t)
{
	struct sim_replayer *r = sim_owner(t, struct sim_replayer, timer);
	struct sim_world *w = r->world;
	const uint32_t kept = r->n < SIM_REPLAYS ? r->n : SIM_REPLAYS;

	if (kept > 0) {
		const uint32_t i = sim_below(&r->random, kept);

		w->stats.attacks++;
		if (sim_chance(&r->random, 300000)) {
			from_elsewhere(r, r->heard[i].frame, r->heard[i].len);
		} else {
			sim_did(SIM_DID_replay);
			sim_front_receive(&w->front, SHELL_CLIENTS, r->heard[i].frame,
				r->heard[i].len);
		}
	}
	if (w->queue.now_ns < w->end_ns)
		sim_queue_set(&w->queue, t,
			w->queue.now_ns + sim_random(&r->random) % (2 * GAP_NS));
}

void sim_replayer_begin(struct sim_replayer *r, struct sim_world *w)
{
	r->world = w;
	r->random = sim_random_fork(&w->random);
	r->timer.fire = on_time;
	sim_queue_set(&w->queue, &r->timer, w->queue.now_ns);
}
