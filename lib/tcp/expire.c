// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/parts.h"

/* SYNs without an answer before another backend is tried; and when there is no other (HC-11). */
#define SYN_TRIES       2
#define SYN_TRIES_ALONE 5

/* Window updates that the client did not react to: a probe of its own will ask again. */
#define UPDATE_TRIES 5

/* Connections that leave together. */
#define LEAVING_MAX 16

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

/* The timer of one that has not ended (off the wheel) has gone off. */
static void expire(struct weir_proxy *px, struct weir_conn *c)
{
	if (c->state == WEIR_SYN_SENT) {
		syn_unanswered(px, c);
	} else if (c->flags & WEIR_CONN_RST_PENDING) { /* nobody contradicted the RST */
		weir_conn_step(px, c, (enum weir_side)c->reset_by, WEIR_TCP_RESET);
		event(px, WEIR_EVENT_conn_reset);
	} else if (c->flags & WEIR_CONN_WND_UPDATE) {
		repeat_window_update(px, c);
	} else {
		weir_expire_reset(px, c, WEIR_EVENT_conn_idle); /* HC-34 */
	}
}

/* Connections whose time is over, off the wheel; what is to be touched of the table is on its way. */
struct leaving {
	unsigned int n;
	struct {
		struct weir_conn *conn;
		struct weir_hashes hashes;
	} at[LEAVING_MAX];
};

static void leave(struct weir_proxy *px, struct leaving *l)
{
	for (unsigned int i = 0; i < l->n; i++)
		weir_conn_end(px, l->at[i].conn, &l->at[i].hashes);
	l->n = 0;
}

/*
 * Nothing of those that leave has been in a cache for a minute, so they are gathered, that they may
 * wait together. INVARIANT: nothing else happens in between; who expires may take a place of theirs.
 */
void weir_expire_due(struct weir_proxy *px, unsigned int limit)
{
	struct leaving l;
	uint32_t conn;

	l.n = 0;
	while ((conn = weir_wheel_expired(&px->wheel, px->now_ns, &limit)) != WEIR_CONN_NONE) {
		struct weir_conn *c = conn_at(px, conn);

		if (is_active(c)) {
			leave(px, &l);
			expire(px, c);
			continue;
		}
		l.at[l.n].conn = c;
		l.at[l.n++].hashes = weir_conn_hashes(px, c);
		if (l.n == LEAVING_MAX)
			leave(px, &l);
	}
	leave(px, &l);
}
