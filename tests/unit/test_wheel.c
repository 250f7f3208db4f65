// SPDX-License-Identifier: BSD-3-Clause
/* flow/wheel: against a list that is searched whole, with clocks that run, jump and go back. */
#include "flow/wheel.h"
#include "unit.h"

#define CONNS 400u

/*
 * The wheel under test, and the slow twin: who is on it, and the tick that it must be off by: the
 * deadline, or the next tick for what was late when it was set.
 */
struct box {
	struct weir_conn conns[CONNS];
	bool on[CONNS];
	uint32_t due[CONNS];
	struct weir_wheel w;
	struct weir_arena arena;
	uint64_t now_ns;
	uint64_t seed;
	uint32_t bad; /* differences seen */
};

static struct box box;

static void box_make(uint64_t now_ns, uint64_t seed)
{
	memset(&box, 0, sizeof(box));
	box.now_ns = now_ns;
	box.seed = seed;
	weir_wheel_init(&box.w, &box.arena, box.conns, now_ns);
	unit_arena_fill(&box.arena);
	weir_wheel_init(&box.w, &box.arena, box.conns, now_ns);
	for (uint32_t i = 0; i < CONNS; i++)
		box.conns[i].wheel_prev = WEIR_WHEEL_OFF;
}

static uint32_t box_tick(void)
{
	return weir_tick(box.now_ns);
}

static uint32_t later_of(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0 ? a : b;
}

static void box_add(uint32_t conn, uint32_t deadline)
{
	box.due[conn] = later_of(deadline, box.w.tick + 1);
	box.conns[conn].deadline = deadline;
	weir_wheel_add(&box.w, conn);
	box.on[conn] = true;
}

static void box_set(uint32_t conn, uint32_t deadline)
{
	bool earlier = (int32_t)(deadline - box.conns[conn].deadline) < 0;

	box.due[conn] = later_of(deadline, earlier ? box.w.tick + 1 : box.due[conn]);
	weir_wheel_set(&box.w, conn, deadline);
}

/*
 * Takes what has expired, in calls with a small limit, until the wheel has caught up: each one must
 * be due and on the wheel, and each call must keep to its bounds. Returns the number of calls.
 */
static uint32_t box_drain(uint32_t *expired)
{
	uint32_t calls = 0;

	*expired = 0;
	for (;;) {
		unsigned int limit = 1 + unit_random(&box.seed) % 8, before = limit;
		uint32_t tick = box.w.tick;
		uint32_t conn = weir_wheel_expired(&box.w, box.now_ns, &limit);
		bool jumped = (int32_t)(box_tick() - tick) > (int32_t)WEIR_WHEEL_SLOTS;

		calls++;
		box.bad += limit > before;
		box.bad += !jumped && box.w.tick - tick > WEIR_WHEEL_STEPS;
		if (conn != WEIR_CONN_NONE) {
			box.bad += !box.on[conn] || limit == before;
			box.bad += (int32_t)(box.conns[conn].deadline - box_tick()) > 0;
			box.bad += box.conns[conn].wheel_prev != WEIR_WHEEL_OFF;
			box.on[conn] = false;
			++*expired;
		} else if (limit != 0 && (int32_t)(box_tick() - box.w.tick) <= 0) {
			return calls;
		} else if (calls > 100 * CONNS) {
			box.bad++; /* it stands still */
			return calls;
		}
	}
}

/* Having caught up, nobody who is due can be left on it, and all links hold. */
static void box_check(void)
{
	uint32_t linked = 0, on = 0;

	for (uint32_t i = 0; i < CONNS; i++) {
		on += box.on[i];
		box.bad += box.on[i] && (int32_t)(box.due[i] - box.w.tick) <= 0;
		box.bad += box.on[i] == (box.conns[i].wheel_prev == WEIR_WHEEL_OFF);
	}
	for (uint32_t slot = 0; slot < WEIR_WHEEL_SLOTS; slot++) {
		uint32_t prev = WEIR_WHEEL_HEAD | slot;

		for (uint32_t i = box.w.slots[slot]; i != WEIR_CONN_NONE && linked <= CONNS;
			i = box.conns[i].wheel_next) {
			box.bad += box.conns[i].wheel_prev != prev;
			prev = i;
			linked++;
		}
	}
	box.bad += linked != on;
}

/* Mostly soon, sometimes beyond the horizon, sometimes in the past. */
static uint32_t some_deadline(void)
{
	uint64_t r = unit_random(&box.seed);
	uint32_t spread = r & 7 ? 300 : 5 * WEIR_WHEEL_SLOTS;

	return box_tick() + (uint32_t)(r >> 8) % spread - 10;
}

static void some_change(void)
{
	uint64_t r = unit_random(&box.seed);
	uint32_t conn = (uint32_t)(r >> 8) % CONNS;

	if (!box.on[conn]) {
		box_add(conn, some_deadline());
		return;
	}
	switch (r & 3) {
	case 0:
		weir_wheel_remove(&box.w, conn);
		weir_wheel_remove(&box.w, conn); /* the second time does nothing */
		box.on[conn] = false;
		break;
	case 1: /* a packet: only writes, and only later */
		box.conns[conn].deadline += (uint32_t)(r >> 32) % 1000;
		box.due[conn] = later_of(box.conns[conn].deadline, box.due[conn]);
		break;
	default:
		box_set(conn, some_deadline());
	}
}

static void some_time(void)
{
	uint64_t r = unit_random(&box.seed);
	uint64_t ticks = r & 63 ? r >> 8 & 3 : (r >> 8) % (3 * WEIR_WHEEL_SLOTS);

	if ((r & 255) == 1 && box.now_ns > 100 * WEIR_TICK_NS)
		box.now_ns -= (r >> 8) % 100 * WEIR_TICK_NS;
	else
		box.now_ns += ticks * WEIR_TICK_NS + (r >> 32) % WEIR_TICK_NS;
}

static uint32_t twin_from(uint64_t now_ns, uint64_t seed, uint32_t steps)
{
	uint32_t expired, total = 0;

	box_make(now_ns, seed);
	for (uint32_t step = 0; step < steps && box.bad == 0; step++) {
		for (uint32_t i = unit_random(&box.seed) % 8; i > 0; i--)
			some_change();
		some_time();
		box_drain(&expired);
		total += expired;
		if (step % 64 == 0)
			box_check();
	}
	box_check();
	CU_ASSERT_EQUAL(box.bad, 0);
	free(box.arena.base);
	return total;
}

static void wheel_twin(void)
{
	CU_ASSERT(twin_from(0, 1, 20000) > 10000);
	CU_ASSERT(twin_from(123456789012345ull, 2, 20000) > 10000);
}

/* The tick's 32 bits wrap early in it: now by small steps, now by a jump. */
static void wheel_twin_wraps(void)
{
	for (uint64_t seed = 3; seed < 23; seed++)
		CU_ASSERT(twin_from((0x100000000ull - 60) * WEIR_TICK_NS, seed, 500) > 100);
}

/* Tick by tick each conn comes out at its deadline, not a tick before or after. */
static void wheel_on_time(void)
{
	uint32_t start, expired;

	box_make(77 * WEIR_TICK_NS, 4);
	start = box_tick();
	for (uint32_t i = 0; i < CONNS; i++)
		box_add(i, start + 1 + i * 97); /* up to 4.7 turns away */
	for (uint32_t tick = start; tick <= start + CONNS * 97; tick++) {
		uint32_t since = tick - start - 1;

		box.now_ns = tick * WEIR_TICK_NS + WEIR_TICK_NS - 1;
		box_drain(&expired);
		box.bad += expired != (tick > start && since % 97 == 0 && since / 97 < CONNS);
	}
	CU_ASSERT_EQUAL(box.bad, 0);
	free(box.arena.base);
}

/* A packet that only writes the deadline costs nothing and keeps the conn on. */
static void wheel_lazy(void)
{
	uint32_t expired;

	box_make(0, 5);
	box_add(0, 10);
	for (uint32_t tick = 1; tick < 1000; tick++) {
		box.conns[0].deadline = tick + 10;
		box.now_ns = tick * WEIR_TICK_NS;
		box_drain(&expired);
		box.bad += expired != 0;
	}
	box.now_ns = 1008 * WEIR_TICK_NS;
	box_drain(&expired);
	CU_ASSERT_EQUAL(expired, 0);
	box.now_ns = 1009 * WEIR_TICK_NS;
	box_drain(&expired);
	CU_ASSERT_EQUAL(expired, 1);

	/* earlier than it is linked for: takes effect at once */
	box_add(1, box_tick() + 5000);
	box_set(1, box_tick() + 2);
	box.now_ns += 2 * WEIR_TICK_NS;
	box_drain(&expired);
	CU_ASSERT_EQUAL(expired, 1);
	CU_ASSERT_EQUAL(box.bad, 0);
	free(box.arena.base);
}

/* HC-52: ten days later, the due ones come in a bounded number of calls and the rest stays. */
static void wheel_jump(void)
{
	uint32_t days10 = 10u * 24 * 3600 * 125;
	uint32_t expired, calls;

	box_make(5 * WEIR_TICK_NS, 6);
	for (uint32_t i = 0; i < CONNS; i++)
		box_add(i, box_tick() + (i % 2 ? 1 + i * 50 : days10 + 100 + i));
	box.now_ns += days10 * WEIR_TICK_NS;
	calls = box_drain(&expired);
	CU_ASSERT_EQUAL(expired, CONNS / 2);
	/* each conn is looked at once, and each slot */
	CU_ASSERT(calls <= 2 * CONNS + WEIR_WHEEL_SLOTS / WEIR_WHEEL_STEPS + 1);
	box_check();

	box.now_ns += (100 + CONNS) * WEIR_TICK_NS;
	box_drain(&expired);
	CU_ASSERT_EQUAL(expired, CONNS / 2);
	CU_ASSERT_EQUAL(box.bad, 0);
	free(box.arena.base);
}

/* HC-52: a clock that goes back does nothing, and what it set then comes when it is due. */
static void wheel_clock_back(void)
{
	uint32_t expired, tick;

	box_make(100000 * WEIR_TICK_NS, 7);
	box_add(0, box_tick() + 50);
	tick = box.w.tick;
	box.now_ns -= 90000 * WEIR_TICK_NS;
	box_drain(&expired);
	CU_ASSERT_EQUAL(expired, 0);
	CU_ASSERT_EQUAL(box.w.tick, tick);
	box_add(1, box_tick() + 20); /* long past, to the wheel */
	box_drain(&expired);
	CU_ASSERT_EQUAL(expired, 0);

	box.now_ns = 100001 * WEIR_TICK_NS;
	box_drain(&expired);
	CU_ASSERT_EQUAL(expired, 1);
	CU_ASSERT_TRUE(box.on[0]);
	box.now_ns = 100050 * WEIR_TICK_NS;
	box_drain(&expired);
	CU_ASSERT_EQUAL(expired, 1);
	CU_ASSERT_EQUAL(box.bad, 0);
	free(box.arena.base);
}

/* A limit of nothing looks at nothing; a crowd at one tick comes out over many calls. */
static void wheel_limits(void)
{
	unsigned int limit = 0;
	uint32_t expired;

	box_make(0, 8);
	for (uint32_t i = 0; i < CONNS; i++)
		box_add(i, 3);
	box.now_ns = 3 * WEIR_TICK_NS;
	CU_ASSERT_EQUAL(weir_wheel_expired(&box.w, box.now_ns, &limit), WEIR_CONN_NONE);
	CU_ASSERT_EQUAL(box.w.tick, 2);
	box_drain(&expired);
	CU_ASSERT_EQUAL(expired, CONNS);
	CU_ASSERT_EQUAL(box.bad, 0);
	free(box.arena.base);
}

static void wheel_ticks(void)
{
	CU_ASSERT_EQUAL(weir_tick_after(0, 0), 0);
	CU_ASSERT_EQUAL(weir_tick_after(0, 8), 1);
	CU_ASSERT_EQUAL(weir_tick_after(0, 9), 2);
	CU_ASSERT_EQUAL(weir_tick_after(1, 8), 2);
	CU_ASSERT_EQUAL(weir_tick_after(WEIR_TICK_NS - 1, 0), 1);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"wheel against a list", wheel_twin},
		{"wheel against a list, the tick wrapping", wheel_twin_wraps},
		{"wheel is on time", wheel_on_time},
		{"wheel is lazy", wheel_lazy},
		{"HC-52 wheel when the clock jumps", wheel_jump},
		{"HC-52 wheel when the clock goes back", wheel_clock_back},
		{"wheel keeps to its limits", wheel_limits},
		{"wheel's ticks round up", wheel_ticks},
	};

	return unit_main("wheel", tests, sizeof(tests) / sizeof(tests[0]));
}
