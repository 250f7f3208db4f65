// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/parts.h"

/* SYNs without an answer before another backend is tried; and when there is no other (HC-11). */
#define SYN_TRIES       2
#define SYN_TRIES_ALONE 5

/* Window updates that the client did not react to: a probe of its own will ask again. */
#define UPDATE_TRIES 5

void weir_expire_reset(struct weir_proxy *px, struct weir_conn *c, enum weir_event e)
{
	weir_conn_drop_held(px, c);
	weir_send_rst_to_client(px, c);
	if (c->flags & WEIR_CONN_KEYED_BACKEND)
		weir_send_rst_to_backend(px, c);
	weir_conn_step(px, c, WEIR_CLIENT, WEIR_TCP_RESET);
	event(px, e);
}

static void syn_unanswered(struct weir_proxy *px, struct weir_conn *c)
{
	bool alone = c->switches == 0 && !weir_answer_has_other(px, c);

	c->tries++;
	if (c->tries >= (alone ? SYN_TRIES_ALONE : SYN_TRIES) || is_removed(px, c->backend)) {
		weir_count(&px->counters.backend[c->backend].timed_out, 1);
		weir_send_rst_to_backend(px, c); /* should it have heard us after all */
		weir_answer_failed(px, c);
		return;
	}
	weir_send_syn(px, c);
	event(px, WEIR_EVENT_backend_syn_resent);
	weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
}

/* HC-04: the client was told window 0 and has not spoken since the backend answered. */
static void repeat_window_update(struct weir_proxy *px, struct weir_conn *c)
{
	if (c->tries++ >= UPDATE_TRIES) {
		c->flags &= (uint8_t)~WEIR_CONN_WND_UPDATE;
		weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
		return;
	}
	weir_send_window_update(px, c);
	weir_conn_timer(px, c, conn_service(px, c)->timeouts.connect_ms << c->tries);
}

void weir_expire(struct weir_proxy *px, struct weir_conn *c)
{
	switch ((enum weir_state)c->state) {
	case WEIR_SYN_SENT:
		syn_unanswered(px, c);
		return;
	case WEIR_ESTABLISHED:
	case WEIR_FIN_WAIT_1:
	case WEIR_FIN_WAIT_2:
	case WEIR_CLOSING:
	case WEIR_LAST_ACK:
		if (c->flags & WEIR_CONN_PROBATION) { /* nobody contradicted the RST */
			weir_conn_step(px, c, (enum weir_side)c->reset_by, WEIR_TCP_RESET);
			event(px, WEIR_EVENT_conn_reset);
		} else if (c->flags & WEIR_CONN_WND_UPDATE) {
			repeat_window_update(px, c);
		} else {
			weir_expire_reset(px, c, WEIR_EVENT_conn_idle); /* HC-34 */
		}
		return;
	case WEIR_TIME_WAIT:
	case WEIR_CLOSED:
	case WEIR_STATES:
		weir_conn_end(px, c);
		return;
	}
}
