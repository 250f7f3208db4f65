// SPDX-License-Identifier: BSD-3-Clause
#include "cells.h"

#include "tcp/state.h"

/* A cell, and who did it. */
static bool counting;
static unsigned int steps[WEIR_STATES][WEIR_ROLES][WEIR_TCP_EVENTS][2];

enum weir_state __real_weir_state_step(struct weir_conn *conn, enum weir_side side,
	enum weir_tcp_event event);
enum weir_state __wrap_weir_state_step(struct weir_conn *conn, enum weir_side side,
	enum weir_tcp_event event);

enum weir_state __wrap_weir_state_step(struct weir_conn *conn, enum weir_side side,
	enum weir_tcp_event event)
{
	enum weir_state from = (enum weir_state)conn->state;
	enum weir_role role = conn->closer == side ? WEIR_CLOSER : WEIR_OTHER;
	enum weir_state to = __real_weir_state_step(conn, side, event);

	steps[from][role][event][side] += counting;
	return to;
}

void cells_count(bool on)
{
	counting = on;
}

/* Nobody has closed yet: there is one role. */
static bool has_closer(enum weir_state s)
{
	return s > WEIR_ESTABLISHED;
}

/* One of the table's cells, and who does it. */
struct cell {
	enum weir_state state;
	enum weir_role role;
	enum weir_tcp_event event;
	enum weir_side side;
};

#define CELLS (WEIR_STATES * WEIR_ROLES * WEIR_TCP_EVENTS * 2)

static struct cell cell_at(unsigned int i)
{
	return (struct cell){.side = i & 1,
		.event = i / 2 % WEIR_TCP_EVENTS,
		.role = i / 2 / WEIR_TCP_EVENTS % WEIR_ROLES,
		.state = i / 2 / WEIR_TCP_EVENTS / WEIR_ROLES};
}

/*
 * Every cell that changes the state, done by either side. But a RST ends no TIME_WAIT (RFC 1337),
 * a client never answers our SYN or what we insert, and the client's ACK is the client's. A half-open entry that leaves
 * is no state, so nobody is said to have done it. What changes nothing is never asked for.
 */
static bool is_reachable(const struct cell *c)
{
	if (weir_transitions[c->state][c->role][c->event] == c->state)
		return false;
	if (c->state == WEIR_TIME_WAIT)
		return false;
	if (c->event == WEIR_TCP_ACKED || c->state == WEIR_SYN_RCVD)
		return c->side == WEIR_CLIENT;
	if (c->event == WEIR_TCP_SYN_ACK || c->event == WEIR_TCP_HEADER ||
		c->event == WEIR_TCP_HEADER_ACKED)
		return c->side == WEIR_BACKEND;
	return true;
}

static bool is_reached(const struct cell *c)
{
	unsigned int n = steps[c->state][c->role][c->event][c->side];

	if (!has_closer(c->state)) /* the roles of one cell */
		n += steps[c->state][!c->role][c->event][c->side];
	return n > 0;
}

/* As the other role of a state without roles. */
static bool is_double(const struct cell *c)
{
	return !has_closer(c->state) && c->role == WEIR_OTHER;
}

unsigned int cells_wrong(FILE *out)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < CELLS; i++) {
		struct cell c = cell_at(i);

		if (is_double(&c) || is_reachable(&c) == is_reached(&c))
			continue;
		n++;
		fprintf(out, "%s %s: %s, the %s being the %s\n",
			is_reached(&c) ? "unreachable, but reached:" : "no script reaches",
			weir_state_name(c.state), weir_tcp_event_name(c.event),
			c.side == WEIR_CLIENT ? "client" : "backend",
			c.role == WEIR_CLOSER ? "closer" : "other");
	}
	return n;
}

unsigned int cells_reachable(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < CELLS; i++) {
		struct cell c = cell_at(i);

		n += is_reachable(&c) && !is_double(&c);
	}
	return n;
}
