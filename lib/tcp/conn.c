// SPDX-License-Identifier: BSD-3-Clause
/*
 * Begin and end of a connection: owns the balance of all that a connection takes (memory, two keys, a
 * local port, a timer, held packets, gauges) and gives back. Every taker has its giver here.
 */
#include "tcp/calm.h"
#include "tcp/engine.h"

/* Ended connections that are looked for in one tick, at most, while the table is nearly full. */
#define RECYCLE_LOOKS 64

/* So many conns ahead their lines are fetched. */
#define FETCH_AHEAD 8

/* A gauge that counts connections which refer to a service or backend. */
static void refer(uint64_t *conns, bool more)
{
	weir_gauge(conns, *conns + (more ? 1 : -1ull));
}

/* The entry that has waited longest in that service's queue: a client that is there answers at once. */
static void evict_oldest(struct weir_proxy *px, uint16_t service)
{
	weir_calm_evict(px, conn_at(px, px->half_open.of[service].oldest));
}

/*
 * INVARIANT: bounded, and nothing is looked for that is not there: by_state says whether any connection
 * has ended or is half-open.
 */
void weir_conn_recycle(struct weir_proxy *px)
{
	const uint32_t capacity = px->table.capacity;
	unsigned int looks = RECYCLE_LOOKS;

	while (looks-- > 0 && capacity - px->table.count < weir_spare_conns(px) &&
		weir_settled_conns(px) < px->table.count) {
		struct weir_conn *c = conn_at(px, px->recycle_hand);

		px->recycle_hand = px->recycle_hand + 1 == capacity ? 0 : px->recycle_hand + 1;
		__builtin_prefetch(&conn_at(px, px->recycle_hand)[FETCH_AHEAD].state);
		if (c->state == WEIR_SYN_RCVD && weir_entries_pressed(px)) {
			evict_oldest(px, weir_policy_service_of(px->policy, c->client.id));
			continue;
		}
		if (is_active(c) || is_free(c))
			continue;
		weir_conn_evict(px, c);
		event(px, WEIR_EVENT_conn_recycled);
	}
}

/* In SYN_RCVD a connection is in its service's half-open queue, else in none. */
static __attribute__((noinline)) void queue(struct weir_proxy *px, struct weir_conn *c, bool in)
{
	uint16_t service = weir_policy_service_of(px->policy, c->client.id);

	if (in)
		weir_halfopen_put(&px->half_open, service, conn_index(px, c));
	else
		weir_halfopen_remove(&px->half_open, service, conn_index(px, c));
	weir_gauge(&px->counters.service[service].half_open, px->half_open.of[service].count);
}

/* Inlined twice, with `state` a constant. i: a conn that was taken, or WEIR_CONN_NONE. */
static inline __attribute__((always_inline)) struct weir_conn *begin(struct weir_proxy *px,
	const struct weir_key *client, uint64_t hash, uint32_t i, enum weir_state state)
{
	struct weir_conn *c;

	if (i == WEIR_CONN_NONE)
		return NULL;
	c = conn_at(px, i);
	c->client = *client;
	c->state = (uint8_t)state;
	c->quiet = WEIR_QUIET_NEW;
	if (!weir_table_insert(&px->table, client, hash, i)) {
		weir_table_give(&px->table, i);
		return NULL;
	}
	px->by_state[state]++;
	refer(&px->counters.listener[client->id].conns, true);
	px->changes++;
	return c;
}

struct weir_conn *weir_conn_begin(struct weir_proxy *px, const struct weir_key *client,
	uint64_t hash)
{
	uint32_t i = weir_table_take(&px->table);

	if (weir_table_pressed(px, weir_policy_service_of(px->policy, client->id)))
		weir_pressure_begin(px);
	return begin(px, client, hash, i, WEIR_SYN_SENT);
}

struct weir_conn *weir_conn_begin_half_open(struct weir_proxy *px, const struct weir_key *client,
	uint64_t hash)
{
	struct weir_conn *c;

	if (weir_entries_pressed(px))
		return NULL;
	c = begin(px, client, hash, weir_table_take(&px->table), WEIR_SYN_RCVD);
	if (c != NULL)
		queue(px, c, true);
	return c;
}

static void backend_load(struct weir_proxy *px, uint16_t backend, bool more)
{
	if (more)
		weir_sched_open(&px->sched, backend);
	else
		weir_sched_close(&px->sched, backend);
	refer(&px->counters.backend[backend].active, more);
}

/* Undoes weir_conn_attach_backend(), if it was done; hash: of the local key. */
static void detach(struct weir_proxy *px, struct weir_conn *c, uint64_t hash)
{
	if (!(c->flags & WEIR_CONN_KEYED_BACKEND))
		return;
	weir_table_remove(&px->table, &c->local, hash, conn_index(px, c));
	c->flags &= (uint8_t)~WEIR_CONN_KEYED_BACKEND;
	weir_local_give(px, c);
	refer(&px->counters.backend[c->backend].conns, false);
	if (is_active(c))
		backend_load(px, c->backend, false);
	if (c->state == WEIR_SYN_RCVD)
		weir_sched_half_open(&px->sched, c->backend, false);
	px->changes++;
}

struct weir_hashes weir_conn_hashes(const struct weir_proxy *px, const struct weir_conn *c)
{
	struct weir_hashes h = {.client = weir_key_hash(&px->table.secret, &c->client)};

	__builtin_prefetch(weir_table_line(&px->table, h.client), 1);
	if (!(c->flags & WEIR_CONN_KEYED_BACKEND))
		return h;
	h.local = weir_key_hash(&px->table.secret, &c->local);
	__builtin_prefetch(weir_table_line(&px->table, h.local), 1);
	return h;
}

void weir_conn_end(struct weir_proxy *px, struct weir_conn *c, const struct weir_hashes *hashes)
{
	uint32_t i = conn_index(px, c);

	weir_conn_drop_held(px, c);
	detach(px, c, hashes->local);
	weir_table_remove(&px->table, &c->client, hashes->client, i);
	weir_wheel_remove(&px->wheel, i);
	if (c->state == WEIR_SYN_RCVD)
		queue(px, c, false);
	px->by_state[c->state]--;
	if (is_counted(c))
		weir_count_off(px, &c->client);
	refer(&px->counters.listener[c->client.id].conns, false);
	px->changes++;
	weir_table_give(&px->table, i);
}

void weir_conn_evict(struct weir_proxy *px, struct weir_conn *c)
{
	struct weir_hashes hashes = weir_conn_hashes(px, c);

	if (!c->calm) /* else no cookie was given */
		weir_spent_note(&px->spent, hashes.client, c->cookie);
	weir_conn_end(px, c, &hashes);
}

void weir_conn_drop_held(struct weir_proxy *px, struct weir_conn *c)
{
	struct weir_pkt pkt;

	if (weir_conn_held(c) == WEIR_HELD_NONE)
		return;
	while (weir_held_get(&px->held, &c->held, &pkt)) {
		drop(&pkt, WEIR_FATE_early_gone);
		return_packet(px, &pkt);
	}
}

static void end_half_open(struct weir_proxy *px, struct weir_conn *c)
{
	queue(px, c, false);
	if (c->flags & WEIR_CONN_KEYED_BACKEND)
		weir_sched_half_open(&px->sched, c->backend, false);
}

void weir_conn_step(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	enum weir_tcp_event e)
{
	enum weir_state from = (enum weir_state)c->state;
	bool was_active = is_active(c), was_counted = is_counted(c);
	enum weir_state to = weir_state_step(c, side, e);

	if (to == from)
		return;
	if (from == WEIR_SYN_RCVD)
		end_half_open(px, c);
	px->by_state[from]--;
	px->by_state[to]++;
	if (was_counted && !is_counted(c)) {
		weir_count_off(px, &c->client);
		weir_local_ended(px, c);
	} else if (!was_counted && is_counted(c)) {
		weir_local_settled(px, c);
	}
	if (was_active && !is_active(c) && (c->flags & WEIR_CONN_KEYED_BACKEND))
		backend_load(px, c->backend, false);
	if (to == WEIR_TIME_WAIT)
		event(px, WEIR_EVENT_conn_closed);
	weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
}

uint32_t weir_conn_timeout_ms(const struct weir_proxy *px, const struct weir_conn *c)
{
	const struct weir_timeouts *t = &conn_service(px, c)->timeouts;

	if (is_active(c) && (c->flags & WEIR_CONN_RST_PENDING))
		return t->rst_pending_ms;
	switch ((enum weir_state)c->state) {
	case WEIR_SYN_SENT:
	case WEIR_HEADER_SENT:
		return t->connect_ms << c->tries;
	case WEIR_SYN_RCVD:
		return WEIR_HALF_OPEN_MS;
	case WEIR_ESTABLISHED:
		return t->established_ms;
	case WEIR_FIN_WAIT_1: /* HC-64: no FIN makes the time shorter that may be forged */
	case WEIR_CLOSING:
		return c->fin_again ? t->closing_ms : t->established_ms;
	case WEIR_FIN_WAIT_2:
		return t->half_close_ms;
	case WEIR_LAST_ACK:
		return c->fin_again ? t->closing_ms : t->half_close_ms;
	case WEIR_TIME_WAIT: /* HC-35: the conn outlives its cookie */
		return t->time_wait_ms > WEIR_COOKIE_LIFE_MS ? t->time_wait_ms
							     : WEIR_COOKIE_LIFE_MS;
	case WEIR_CLOSED:
	case WEIR_STATES:
		break;
	}
	return WEIR_COOKIE_LIFE_MS;
}

bool weir_conn_yield(struct weir_proxy *px, struct weir_conn *c)
{
	if (is_counted(c))
		return false;
	if (c->state == WEIR_SYN_RCVD) {
		weir_calm_evict(px, c);
		return true;
	}
	weir_conn_evict(px, c);
	event(px, WEIR_EVENT_port_recycled);
	return true;
}

/* c, whose backend key this is to be, may have it: of what has it, what yields goes (RFC 6191 §2). */
static bool free_key(struct weir_proxy *px, const struct weir_conn *c, const struct weir_key *key)
{
	uint32_t found = weir_table_lookup(&px->table, key, weir_key_hash(&px->table.secret, key));

	if (found == WEIR_CONN_NONE)
		return true;
	if (c->state == WEIR_SYN_RCVD && is_active(conn_at(px, found)))
		return false; /* entries do not displace each other so */
	return weir_conn_yield(px, conn_at(px, found));
}

bool weir_conn_attach_backend(struct weir_proxy *px, struct weir_conn *c, uint16_t backend)
{
	const bool fullnat = conn_service(px, c)->mode == WEIR_MODE_FULLNAT;
	const struct weir_key old_local = c->local;
	const uint16_t old_backend = c->backend;

	/* nat: the backend sees the client's own address and port */
	c->local = (struct weir_key){c->client.addr, c->client.port_be,
		WEIR_KEY_BACKEND | px->policy->backends[backend].key_id};
	c->backend = backend;
	if (fullnat ? !weir_local_take(px, c)
		    : !free_key(px, c, &c->local)) /* another service's connection may have it */
		goto undo;
	if (!weir_table_insert(&px->table, &c->local, weir_key_hash(&px->table.secret, &c->local),
		    conn_index(px, c))) {
		weir_local_give(px, c);
		goto undo;
	}
	c->flags |= WEIR_CONN_KEYED_BACKEND;
	refer(&px->counters.backend[backend].conns, true);
	backend_load(px, backend, true);
	if (c->state == WEIR_SYN_RCVD)
		weir_sched_half_open(&px->sched, backend, true);
	px->changes++;
	return true;
undo:
	c->local = old_local;
	c->backend = old_backend;
	return false;
}

void weir_conn_detach_backend(struct weir_proxy *px, struct weir_conn *c)
{
	detach(px, c, weir_key_hash(&px->table.secret, &c->local));
}
