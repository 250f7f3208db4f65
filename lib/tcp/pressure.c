// SPDX-License-Identifier: BSD-3-Clause
/* Owns the hand that goes round when room runs short, and what it does to a connection: pressure.h. */
#include <string.h>

#include "tcp/engine.h"

/* A turn of the hand takes as long, at least: while room is being made, and while idle times shrink. */
#define FAST_TURN_NS 2000000000ull
#define SLOW_TURN_NS 16000000000ull

/* In one tick, at most: conns that are looked at, and of these reset or evicted (two RSTs each). */
#define LOOKS   256u
#define VICTIMS 16u

/* Room is made for so long after a newcomer wanted some: a client that was refused tries again. */
#define MAKE_ROOM_NS 10000000000ull

/* Idle times do not shrink below, where the client has sent data; and so long idle is not talking. */
#define IDLE_LEAST_MS 60000u
#define SILENT_MS     15000u

/* In one tick, at most: pools that are looked at for whether they fill. */
#define POOL_LOOKS 16u

/* So many conns ahead their lines are fetched. */
#define FETCH_AHEAD 8

/* What is left of an idle time that shrinks. */
#define WHOLE 256u

static bool makes_room(const struct weir_proxy *px)
{
	return px->now_ns < px->pressure.until_ns;
}

/* Another first turn is to come, with the lowest grade. */
static void rest(struct weir_proxy *px)
{
	const struct weir_pressure *was = &px->pressure;

	px->pressure = (struct weir_pressure){
		.looked_ns = px->now_ns, .ports_ns = was->ports_ns, .pool = was->pool};
}

void weir_pressure_begin(struct weir_proxy *px)
{
	if (!makes_room(px))
		rest(px);
	px->pressure.until_ns = px->now_ns + MAKE_ROOM_NS;
}

/* What is left of idle times when `taken` of `all` places are taken by connections that go on. */
static uint32_t what_is_left(const struct weir_limits *limits, uint64_t taken, uint64_t all)
{
	const uint64_t start = all * limits->adaptive_start, end = all * limits->adaptive_end;

	if (taken * 100 <= start || end <= start)
		return WHOLE;
	if (taken * 100 >= end)
		return 0;
	return (uint32_t)((end - taken * 100) * WHOLE / (end - start));
}

/* How much room there is for a connection, or rather for what would take its place. */
struct room {
	uint32_t left; /* of idle times, of WHOLE */
	uint32_t lack; /* so many must go */
};

/* The same from here, where `taken` of `all` places are taken by connections that go on. */
static void narrow(struct room *room, const struct weir_limits *limits, uint32_t taken,
	uint32_t all, uint32_t spare)
{
	const uint32_t left = what_is_left(limits, taken, all);
	const uint32_t lack = all - taken < spare ? spare - (all - taken) : 0;

	room->left = left < room->left ? left : room->left;
	room->lack = lack > room->lack ? lack : room->lack;
}

static struct room room_for(const struct weir_proxy *px, const struct weir_conn *c)
{
	const struct weir_limits *limits = &px->policy->limits;
	const uint32_t settled = weir_settled_conns(px);
	const uint32_t all = px->table.capacity -
		weir_kept_back(px, weir_policy_service_of(px->policy, c->client.id));
	struct room room = {.left = WHOLE};

	narrow(&room, limits, settled, all > settled ? all : settled, weir_spare_conns(px));
	if (c->flags & WEIR_CONN_LOCAL_PORT) {
		const struct weir_localports *p = weir_local_pool(px, c);

		narrow(&room, limits, p->in_use - p->yielding, p->count, weir_spare_ports(p));
	}
	if (!makes_room(px))
		room.lack = 0;
	return room;
}

/*
 * How long c has been idle, by its timer: a segment that restarts it sets it to the whole idle time.
 * After a reload that changed the idle times this is wrong until c's next segment: never below 0.
 */
static uint32_t idle_ms(const struct weir_proxy *px, const struct weir_conn *c)
{
	const uint32_t whole_ms = weir_conn_timeout_ms(px, c);
	const int32_t left_ticks = (int32_t)(c->deadline - weir_tick(px->now_ns));
	const int64_t left_ms = (int64_t)left_ticks * (int64_t)(WEIR_TICK_NS / 1000000);

	return left_ms >= whole_ms ? 0 : (uint32_t)(whole_ms - left_ms);
}

static enum weir_grade grade_of(const struct weir_conn *c, uint32_t idle)
{
	if (c->quiet == WEIR_QUIET_SEEN || c->quiet == WEIR_QUIET_GONE)
		return idle < IDLE_LEAST_MS ? WEIR_GRADE_YOUNG : WEIR_GRADE_QUIET;
	if (c->quiet == WEIR_QUIET_NEW || idle < SILENT_MS)
		return WEIR_GRADES;
	return c->state == WEIR_ESTABLISHED ? WEIR_GRADE_IDLE : WEIR_GRADE_HALF;
}

static bool is_idle_for_too_long(const struct weir_proxy *px, const struct weir_conn *c,
	uint32_t idle, uint32_t left)
{
	const uint32_t least = c->quiet == WEIR_QUIET_HEARD ? IDLE_LEAST_MS : SILENT_MS;
	const uint64_t most = (uint64_t)weir_conn_timeout_ms(px, c) * left / WHOLE;

	return left < WHOLE && idle > (most > least ? most : least);
}

/*
 * The backend is always told, because its connection would be in the way of the next one from that
 * port. What clients are told has a budget: an attacker can bring this about.
 */
static void evict(struct weir_proxy *px, struct weir_conn *c)
{
	enum weir_fate why;

	if (weir_replies_take(&px->replies, WEIR_REPLY_REFUSAL,
		    weir_policy_service_of(px->policy, c->client.id), NULL, px->now_ns, &why))
		weir_send_rst_to_client(px, c);
	weir_send_rst_to_backend(px, c);
	weir_conn_evict(px, c);
	event(px, WEIR_EVENT_conn_evicted);
}

/* Its timer runs by its idle time. Those whose timer is a shorter one end soon by themselves. */
static bool has_idle_time(const struct weir_conn *c)
{
	return is_active(c) && c->state >= WEIR_ESTABLISHED &&
		(c->flags & (WEIR_CONN_RST_PENDING | WEIR_CONN_WND_UPDATE)) == 0;
}

/* true: c was reset or evicted. */
static bool look_at(struct weir_proxy *px, struct weir_conn *c)
{
	struct weir_pressure *p = &px->pressure;
	struct room room;
	uint32_t idle;

	if (!has_idle_time(c))
		return false;
	room = room_for(px, c);
	idle = idle_ms(px, c);
	if (room.lack > 0 && grade_of(c, idle) <= p->grade) {
		p->evicted[grade_of(c, idle)]++;
		p->unmet = room.lack - 1;
		evict(px, c);
		return true;
	}
	if (room.lack > 0)
		p->unmet = room.lack;
	if (is_idle_for_too_long(px, c, idle, room.left)) {
		weir_expire_reset(px, c, WEIR_EVENT_conn_pressed);
		return true;
	}
	if (c->quiet == WEIR_QUIET_NEW)
		c->quiet = WEIR_QUIET_SEEN;
	return false;
}

/*
 * The next turn's grade: the next one, if more are lacking still than went in this turn; else the highest
 * that had any to give.
 */
static void end_turn(struct weir_pressure *p)
{
	uint32_t sum = 0;

	for (unsigned int g = 0; g < WEIR_GRADES; g++)
		sum += p->evicted[g];
	if (sum < p->unmet)
		p->grade += p->grade < WEIR_GRADES - 1;
	else
		while (p->grade > 0 && p->evicted[p->grade] == 0)
			p->grade--;
	p->hand = 0;
	p->unmet = 0;
	memset(p->evicted, 0, sizeof(p->evicted));
}

/* Idle times shrink when `taken` of `all` places are taken. */
static bool is_filling(const struct weir_limits *limits, uint64_t taken, uint64_t all)
{
	return taken * 100 > all * limits->adaptive_start;
}

/*
 * Some pool of local ports is filling, or was when the hand began a turn. All of them are looked at by and by:
 * what matters takes minutes.
 */
static bool ports_are_filling(struct weir_proxy *px)
{
	struct weir_pressure *p = &px->pressure;
	const uint32_t pools = px->policy->n_backends * px->policy->pools_each;

	/* there is no pool, or one alone would not be so full of all that are taken */
	if (px->local_ports == 0 ||
		!is_filling(&px->policy->limits, px->local_ports, px->pools[0].count))
		return false;
	for (uint32_t n = pools < POOL_LOOKS ? pools : POOL_LOOKS; n > 0; n--) {
		const struct weir_localports *pool;

		p->pool = p->pool + 1 < pools ? p->pool + 1 : 0;
		pool = &px->pools[p->pool];
		if (is_filling(&px->policy->limits, pool->in_use - pool->yielding, pool->count))
			p->ports_ns = px->now_ns + SLOW_TURN_NS;
	}
	return px->now_ns < p->ports_ns;
}

/* How long the hand's turn takes now; 0: it rests. */
static uint64_t turn_ns(struct weir_proxy *px)
{
	const struct weir_limits *limits = &px->policy->limits;

	if (makes_room(px))
		return FAST_TURN_NS;
	if (limits->adaptive_end <= limits->adaptive_start)
		return 0;
	if (is_filling(limits, weir_settled_conns(px), px->table.capacity) || ports_are_filling(px))
		return SLOW_TURN_NS;
	return 0;
}

/* How many looks the time since the last ones pays for. */
static unsigned int looks_due(struct weir_proxy *px, uint64_t turn)
{
	struct weir_pressure *p = &px->pressure;
	const uint64_t since = px->now_ns - p->looked_ns;
	const uint64_t conns = px->table.fresh;

	if (conns == 0 || since >= turn || since * conns >= LOOKS * turn) {
		p->looked_ns = px->now_ns;
		return conns < LOOKS ? (unsigned int)conns : LOOKS;
	}
	p->looked_ns += since * conns / turn * turn / conns;
	return (unsigned int)(since * conns / turn);
}

void weir_pressure_tick(struct weir_proxy *px)
{
	struct weir_pressure *p = &px->pressure;
	const uint64_t turn = turn_ns(px);
	unsigned int victims = 0;

	if (turn == 0) {
		rest(px);
		return;
	}
	for (unsigned int n = looks_due(px, turn); n > 0 && victims < VICTIMS; n--) {
		struct weir_conn *c = conn_at(px, p->hand);

		__builtin_prefetch(&c[FETCH_AHEAD].state, 1);
		__builtin_prefetch(&c[FETCH_AHEAD].deadline);
		victims += look_at(px, c);
		if (++p->hand >= px->table.fresh)
			end_turn(p);
	}
}
