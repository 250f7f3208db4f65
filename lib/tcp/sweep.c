// SPDX-License-Identifier: BSD-3-Clause
/*
 * on_down = "reset": when the control side says that a backend is down, the table is walked, a bounded part
 * a turn, and the connections of all such backends end with RST to both sides. Nothing new goes to them
 * meanwhile (flow/sched.h). Those that wait for a backend's answer are left to their timers, which lead
 * them to another backend.
 */
#include "tcp/engine.h"

#define LOOKS_MAX  256 /* connections looked at in one turn */
#define RESETS_MAX 16  /* ... and reset */

static bool is_to_end(const struct weir_proxy *px, const struct weir_conn *c)
{
	return is_active(c) && c->state != WEIR_SYN_SENT && c->state != WEIR_SYN_RCVD &&
		!weir_health_is_good(px->sched.health, c->backend) &&
		conn_service(px, c)->on_down == WEIR_ON_DOWN_RESET;
}

void weir_sweep_turn(struct weir_proxy *px)
{
	struct weir_sweep *s = &px->sweep;
	const uint32_t fresh = px->table.fresh, falls = weir_health_falls(px->sched.health);
	unsigned int resets = 0;

	if (falls != s->falls) { /* another one: the whole table again, from where the hand is */
		s->falls = falls;
		s->left = fresh;
	}
	for (unsigned int i = 0; i < LOOKS_MAX && s->left > 0 && resets < RESETS_MAX; i++) {
		struct weir_conn *c = conn_at(px, s->hand % fresh);

		s->hand = (s->hand + 1) % fresh;
		s->left--;
		if (!is_to_end(px, c))
			continue;
		weir_expire_reset(px, c, WEIR_EVENT_conn_backend_down);
		resets++;
	}
}
