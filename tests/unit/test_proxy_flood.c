// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: floods, garbage, clocks, the end. */
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "modes.h"

static uint32_t anybody(uint64_t r)
{
	return 0x01000000u + (uint32_t)(r % 0x7e000000u);
}

/* A segment of somebody unknown to a service. */
static struct segment stray(unsigned int service, uint8_t flags, uint64_t *seed)
{
	uint64_t r = unit_random(seed);
	struct segment g = {.src = anybody(r),
		.sport = (uint16_t)(1 + (r >> 40) % 65535),
		.dst = SHELL_VIP(service),
		.dport = SHELL_VIP_PORT,
		.flags = flags,
		.ttl = 50,
		.seq = (uint32_t)unit_random(seed),
		.ack = (uint32_t)unit_random(seed),
		.wnd = 1024,
		.src_mac = {2, 0, 0, 0, 0, 7}};

	if (r & 1) {
		segment_nop(&g);
		segment_nop(&g);
		segment_timestamps(&g, (uint32_t)r, (uint32_t)unit_random(seed));
	}
	return g;
}

/* n of them, in bursts; nothing is remembered, nothing is said. */
static void silent_flood(unsigned int service, uint8_t flags, unsigned int len, enum weir_fate fate)
{
	struct shell *s = shell_usual();
	uint8_t frame[SEGMENT_FRAME_MAX];
	uint64_t seed = 40, before;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	before = shell_memory_hash(s);
	for (unsigned int i = 0; i < 6400; i++) {
		struct segment g = stray(service, flags, &seed);

		g.payload_len = (uint16_t)len;
		shell_put(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
		if (i % 64 == 63)
			shell_run(s);
	}
	IS(shell_fates(s, fate), 6400);
	IS(shell_memory_hash(s), before);
	talk_silence(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 100);
	shell_close(s);
}

static void ack_flood(unsigned int service)
{
	silent_flood(service, ACK, 0, WEIR_FATE_bad_cookie);
	silent_flood(service, PSH, 1, WEIR_FATE_bad_cookie);
	silent_flood(service, ACK, 900, WEIR_FATE_bad_cookie);
}

static void hc40(void)
{
	each_mode(ack_flood);
}

/* One that goes on from one address: answers come from the budget. */
static void hc40_budget(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct shell *s;
	const unsigned int last_s = 20, told_s = last_s - WEIR_GRACE_BARE_MS / 1000;
	uint64_t seed = 41;
	unsigned int answers = 0;
	struct segment g;

	p->limits.reply_budget = 50;
	s = shell_open(p, SHELL_START_NS);
	g = stray(SHELL_FULLNAT, ACK, &seed);
	for (unsigned int ms = 0; ms < last_s * 1000; ms += 8) {
		uint8_t frame[SEGMENT_FRAME_MAX];

		for (unsigned int i = 0; i < 8; i++)
			shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
		answers += shell_clear(s);
		shell_wait_ms(s, 8);
	}
	CU_ASSERT_TRUE(answers > (told_s - 1) * 50 && answers <= (told_s + 2) * 50);
	IS(shell_conns(s), 0);
	shell_close(s);
}

static void other_floods(unsigned int service)
{
	silent_flood(service, RST, 0, WEIR_FATE_stray_rst);
	silent_flood(service, RST | ACK, 0, WEIR_FATE_stray_rst);
	silent_flood(service, FIN, 0, WEIR_FATE_stray_fin);
	silent_flood(service, FIN, 10, WEIR_FATE_stray_fin);
	silent_flood(service, WEIR_TCP_SYN | ACK, 0, WEIR_FATE_stray_syn_ack);
	silent_flood(service, 0, 0, WEIR_FATE_tcp_flags);
	silent_flood(service, 0x3f, 0, WEIR_FATE_tcp_flags);
}

static void hc41(void)
{
	each_mode(other_floods);
}

static void hc41_fragments(void)
{
	struct shell *s = shell_usual();
	uint64_t seed = 42, before = shell_memory_hash(s);

	for (unsigned int i = 0; i < 1000; i++) {
		struct segment g = stray(SHELL_FULLNAT, WEIR_TCP_SYN, &seed);
		uint8_t frame[SEGMENT_FRAME_MAX];
		size_t len = segment_frame(&g, frame);

		frame_put16(frame + FRAME_IP + 6, i & 1 ? 0x2000 : (uint16_t)(1 + i % 0x1fff));
		frame_mend_ip(frame);
		IS(shell_in(s, frame, len, SHELL_CLIENTS), WEIR_FATE_ip_fragment);
	}
	IS(shell_memory_hash(s), before);
	IS(shell_clear(s), 0);
	shell_close(s);
}

/* From a backend's address: answered by RST within the budget, never with more. */
static void hc41_backend(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct shell *s;
	uint64_t seed = 43, before;
	unsigned int answers;

	p->limits.reply_budget = 20;
	s = shell_open(p, SHELL_START_NS);
	before = shell_memory_hash(s);
	for (unsigned int i = 0; i < 1000; i++) {
		static const uint8_t flags[] = {ACK, FIN, RST, WEIR_TCP_SYN, WEIR_TCP_SYN | ACK};
		struct segment g = stray(SHELL_FULLNAT, flags[i % 5], &seed);
		uint8_t frame[SEGMENT_FRAME_MAX];

		g.src = SHELL_BACKEND(SHELL_FULLNAT, 0);
		g.sport = SHELL_BACKEND_PORT;
		g.dst = SHELL_LOCAL;
		g.dport = (uint16_t)(1024 + i);
		shell_in(s, frame, segment_frame(&g, frame), SHELL_BACKENDS);
	}
	answers = shell_clear(s);
	IS(answers, 19); /* the last part of the budget is the other services' (HC-65) */
	IS(shell_fates(s, WEIR_FATE_stray_rst), 200);
	IS(shell_fates(s, WEIR_FATE_syn_from_backend), 200);
	IS(shell_memory_hash(s), before);
	shell_close(s);
}

/* What a client or backend of some connection might say, with some of it wrong. */
static size_t nearly_right(const struct talk *t, uint8_t *frame, enum weir_side side,
	uint64_t *seed)
{
	static const uint8_t flags[] = {
		ACK, ACK, PSH, FIN, RST, RST | ACK, WEIR_TCP_SYN, WEIR_TCP_SYN | ACK};
	uint64_t r = unit_random(seed);
	struct segment g = talk_segment(t, side, flags[r & 7], (unsigned int)(r >> 8) % 64);

	if (r >> 16 & 1)
		g.seq += (uint32_t)(int32_t)(int16_t)(r >> 32);
	if (r >> 17 & 1)
		g.ack += (uint32_t)(int32_t)(int16_t)(r >> 40);
	if ((r >> 18 & 7) == 0)
		g.seq = (uint32_t)unit_random(seed);
	if ((r >> 21 & 7) == 0)
		g.opt_len = 0;
	if ((r >> 24 & 7) == 0) {
		g.opt_len = (uint8_t)((r >> 48) % 41);
		for (unsigned int i = 0; i < g.opt_len; i++)
			g.opt[i] = (uint8_t)unit_random(seed);
	}
	if ((r >> 27 & 7) == 0)
		g.ttl = (uint8_t)(r >> 56);
	g.wnd = (uint16_t)unit_random(seed);
	return segment_frame(&g, frame);
}

/* Bytes changed anywhere; often with checksums that say so is right. */
static size_t damage(uint8_t *frame, size_t len, uint64_t *seed)
{
	uint64_t r = unit_random(seed);

	for (unsigned int n = r & 3; n > 0; n--)
		frame[unit_random(seed) % len] = (uint8_t)unit_random(seed);
	if (r & 4)
		frame_mend(frame, len);
	if ((r & 0x38) == 0)
		len = 1 + (r >> 8) % len;
	if ((r & 0x3c0) == 0)
		frame_put16(frame + 12, (uint16_t)(r & 0x400 ? 0x0806 : r >> 16));
	return len;
}

static size_t garbage(const struct talk *t, uint8_t *frame, uint64_t *seed)
{
	uint64_t r = unit_random(seed);
	size_t len;

	switch (r & 7) {
	case 0:
		len = 1 + (r >> 8) % 200;
		for (size_t i = 0; i < len; i++)
			frame[i] = (uint8_t)unit_random(seed);
		return len;
	case 1:
		len = segment_ping(anybody(r), r & 0x100 ? SHELL_VIP(0) : SHELL_LOCAL, frame);
		return damage(frame, len, seed);
	case 2: {
		struct segment syn = {.src = t->local,
			.sport = t->local_port,
			.dst = t->backend_addr,
			.dport = SHELL_BACKEND_PORT,
			.seq = t->shown[WEIR_BACKEND],
			.ttl = 9};
		uint8_t about[SEGMENT_FRAME_MAX];

		segment_frame(&syn, about);
		len = segment_unreachable(about, 0x0a0000fe, (uint8_t)(r >> 8) & 7, frame);
		return r & 0x1000 ? len : damage(frame, len, seed);
	}
	case 3:
	case 4:
		return damage(frame, nearly_right(t, frame, r >> 8 & 1, seed), seed);
	default:
		return nearly_right(t, frame, r >> 8 & 1, seed);
	}
}

/* Brings a connection as far as chance will have it. */
static void begin_at_random(struct talk *t, struct shell *s, unsigned int n, uint64_t *seed)
{
	uint64_t r = unit_random(seed);

	talk_init(t, s, r & 1, n);
	talk_syn(t);
	talk_ack(t);
	if (r & 2)
		talk_answer(t);
	if ((r & 0xe) == 0xe)
		talk_say(t, r >> 8 & 1, FIN, 5);
	shell_clear(s);
}

/* 10^5 frames of all that, with live connections among them; the shell looks at everything. */
static void hc50(void)
{
	struct shell *s = shell_usual();
	uint64_t seed = 50;
	struct talk t;

	for (unsigned int i = 0; i < 100000; i++) {
		uint8_t frame[SEGMENT_FRAME_MAX];
		size_t len;

		if (i % 200 == 0) {
			shell_run(s);
			shell_clear(s);
			begin_at_random(&t, s, i / 200, &seed);
		}
		len = garbage(&t, frame, &seed);
		shell_put(s, frame, len, unit_random(&seed) & 1);
		if (unit_random(&seed) % 16 == 0)
			shell_run(s);
		if (unit_random(&seed) % 64 == 0)
			shell_wait_ms(s, unit_random(&seed) % 100);
		shell_clear(s);
	}
	shell_run(s);
	talk_init(&t, s, SHELL_FULLNAT, 900); /* and it still serves */
	shell_clear(s);
	talk_open(&t);
	talk_say(&t, WEIR_BACKEND, PSH, 100);
	shell_close(s);
}

/* Wall clock steps: cookies of another time are not good, connections do not care. */
static void hc52_wall(void)
{
	static const int64_t steps_s[] = {3600, -3600, 31, -31, 100000000, -100000000};
	struct shell *s = shell_usual();
	struct weir_proxy *px = &s->workers[0].px;

	for (unsigned int i = 0; i < sizeof(steps_s) / sizeof(steps_s[0]); i++) {
		struct talk t, u, v;

		talk_init(&t, s, SHELL_FULLNAT, 3 * i);
		talk_open(&t);
		talk_init(&u, s, SHELL_FULLNAT, 3 * i + 1);
		talk_syn(&u);
		weir_proxy_set_wall_offset(px,
			px->wall_offset_ns + (uint64_t)(steps_s[i] * 1000000000));
		shell_tick(s);
		talk_say(&t, WEIR_CLIENT, PSH, 100);
		talk_init(&v, s, SHELL_FULLNAT, 3 * i + 2);
		talk_open(&v);
		talk_say(&v, WEIR_BACKEND, PSH, 100);
	}
	CU_ASSERT_TRUE(shell_events(s, WEIR_EVENT_key_rotated) >= 6);
	shell_close(s);
}

/* A worker that slept: what became due happens, a bounded piece at a time; nothing else. */
static void hc52_slept(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct shell *s;
	struct talk t[200], u;
	uint64_t syns = 0, syn_acks = 0;

	p->limits.syn_ack_ring = 1024; /* 400 SYNs at once are no flood */
	p->limits.connections = 1024;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int i = 200; i < 400; i++) {
		talk_init(&u, s, SHELL_FULLNAT, i);
		talk_syn(&u);
	}
	for (unsigned int i = 0; i < 200; i++) {
		talk_init(&t[i], s, SHELL_FULLNAT, i);
		talk_syn(&t[i]);
		talk_ack(&t[i]);
	}
	s->workers[0].px.resends[SHELL_FULLNAT].credit = 200 * WEIR_RESEND_COST;
	s->now_ns += 1500000000; /* SYNs to backends are late, and SYN-ACKs due: 64 and 32 a tick */
	for (unsigned int ticks = 1; syns < 200 || syn_acks < 200; ticks++) {
		shell_tick(s);
		syns = shell_events(s, WEIR_EVENT_backend_syn_resent);
		syn_acks = shell_events(s, WEIR_EVENT_syn_ack_resent);
		IS(syns, ticks * 64 < 200 ? ticks * 64 : 200);
		IS(syn_acks, ticks * 32 < 200 ? ticks * 32 : 200);
		CU_ASSERT_FATAL(ticks < 9);
	}
	shell_clear(s);
	for (unsigned int i = 0; i < 200; i++)
		talk_answer(&t[i]);
	s->now_ns += 3600000000000ull; /* an hour: nobody was idle for too long */
	for (unsigned int i = 0; i < 100; i++)
		shell_tick(s);
	shell_clear(s);
	for (unsigned int i = 0; i < 200; i++)
		talk_say(&t[i], WEIR_CLIENT, PSH, 10);
	shell_close(s);
}

/* A clock that goes back: timers wait, connections go on. */
static void hc52_back(void)
{
	struct shell *s = shell_usual();
	struct talk t, u;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_open(&t);
	talk_init(&u, s, SHELL_FULLNAT, 2);
	talk_syn(&u);
	talk_ack(&u);
	s->now_ns -= 5000000000;
	shell_tick(s);
	t.began_ms -= 5000; /* the ends' clocks do not */
	u.began_ms -= 5000;
	talk_say(&t, WEIR_BACKEND, PSH, 100);
	talk_say(&t, WEIR_CLIENT, PSH, 100);
	talk_answer(&u);
	shell_wait_ms(s, 8000);
	talk_silence(&t);
	talk_say(&u, WEIR_CLIENT, PSH, 100);
	shell_close(s);
}

/* Stopping: no new ones, all else goes on; at the end everybody is told, a few at a time. */
static void drained(unsigned int service)
{
	struct shell *s = shell_usual();
	struct weir_proxy *px = &s->workers[0].px;
	struct talk t[10], u;
	struct segment g;

	for (unsigned int i = 0; i < 10; i++) {
		talk_init(&t[i], s, service, i);
		talk_syn(&t[i]);
	}
	for (unsigned int i = 0; i < 8; i++) {
		talk_ack(&t[i]);
		talk_answer(&t[i]);
	}
	weir_proxy_drain(px);
	talk_init(&u, s, service, 100);
	g = talk_syn_segment(&u, WEIR_CLIENT);
	IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_draining);
	talk_ack(&t[8]); /* whom we have said SYN-ACK to */
	talk_say(&t[0], WEIR_CLIENT, PSH, 100);
	talk_say(&t[0], WEIR_BACKEND, PSH, 100);
	talk_close(&t[1], WEIR_CLIENT);
	talk_answer(&t[8]);
	shell_wait_ms(s, 5000);
	IS(shell_clear(s), 0); /* t[9] is not asked again */
	IS(weir_proxy_active(px), 8);
	CU_ASSERT_FALSE(weir_proxy_reset_all(px, 3, s->now_ns));
	IS(weir_proxy_active(px), 5);
	CU_ASSERT_FALSE(weir_proxy_reset_all(px, 4, s->now_ns));
	CU_ASSERT_TRUE(weir_proxy_reset_all(px, 4, s->now_ns));
	CU_ASSERT_TRUE(weir_proxy_reset_all(px, 4, s->now_ns));
	for (unsigned int i = 0; i < 9; i++) {
		if (i == 1)
			continue;
		talk_hear_rst(&t[i], WEIR_CLIENT, t[i].expect[WEIR_CLIENT]);
		talk_hear_rst(&t[i], WEIR_BACKEND, t[i].expect[WEIR_BACKEND]);
	}
	talk_silence(&u);
	IS(shell_events(s, WEIR_EVENT_conn_drained), 8);
	shell_close(s);
}

static void hc54(void)
{
	each_mode(drained);
}

/* The living are searched for among the dead in steps: 64 for each that may be ended. */
static void hc54_among_dead(void)
{
	struct shell *s = shell_usual();
	struct weir_proxy *px = &s->workers[0].px;
	struct talk t[130];

	for (unsigned int i = 0; i < 130; i++) {
		talk_init(&t[i], s, SHELL_NAT, i);
		talk_open(&t[i]);
		if (i < 129)
			talk_close(&t[i], WEIR_CLIENT);
	}
	CU_ASSERT_FALSE(weir_proxy_reset_all(px, 1, s->now_ns));
	CU_ASSERT_FALSE(weir_proxy_reset_all(px, 1, s->now_ns));
	talk_silence(&t[129]);
	CU_ASSERT_TRUE(weir_proxy_reset_all(px, 1, s->now_ns));
	talk_hear_rst(&t[129], WEIR_CLIENT, t[129].expect[WEIR_CLIENT]);
	IS(px->counters.conns_by_state[WEIR_TIME_WAIT], 129);
	IS(px->counters.conns_by_state[WEIR_CLOSED], 1);
	shell_close(s);
}

/* Also those that hold packets and wait for their backend. */
static void hc54_early(void)
{
	struct shell *s = shell_usual();
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	g = talk_segment(&t, WEIR_CLIENT, PSH, 500);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATES);
	CU_ASSERT_TRUE(weir_proxy_reset_all(&s->workers[0].px, 1, s->now_ns));
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
	IS(shell_fates(s, WEIR_FATE_early_gone), 1);
	shell_close(s);
}

static void hc14_ping(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	uint8_t frame[SEGMENT_FRAME_MAX];
	const struct shell_out *out;
	struct shell *s;

	p->limits.reply_budget = 2;
	s = shell_open(p, SHELL_START_NS);
	IS(shell_in(s, frame, segment_ping(0xcb007105, SHELL_VIP(1), frame), SHELL_CLIENTS),
		WEIR_FATE_icmp_echo);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->data[FRAME_TCP], 0);
	IS(frame_sum(0, out->data + FRAME_TCP, out->len - FRAME_TCP), 0xffff);
	IS(shell_in(s, frame, segment_ping(0xcb007105, SHELL_LOCAL, frame), SHELL_CLIENTS),
		WEIR_FATE_icmp_echo);
	IS(shell_in(s, frame, segment_ping(0xcb007105, SHELL_VIP(0), frame), SHELL_CLIENTS),
		WEIR_FATE_reply_budget);
	IS(shell_in(s, frame, segment_ping(0xcb007105, 0xcb007106, frame), SHELL_CLIENTS),
		WEIR_FATE_not_ours);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-14 ping, within the budget", hc14_ping},
		{"HC-40 ACK flood: no state, no word", hc40},
		{"HC-40 answers come from the budget", hc40_budget},
		{"HC-41 RST, FIN, SYN-ACK, null, xmas floods", hc41},
		{"HC-41 fragments", hc41_fragments},
		{"HC-41 strays from a backend's address", hc41_backend},
		{"HC-50 100000 frames of garbage", hc50},
		{"HC-52 the wall clock steps", hc52_wall},
		{"HC-52 a worker that slept", hc52_slept},
		{"HC-52 a clock that goes back", hc52_back},
		{"HC-54 drain, then RST both ways", hc54},
		{"HC-54 one alive among the dead", hc54_among_dead},
		{"HC-54 with packets held", hc54_early},
	};

	return unit_main("proxy flood", tests, sizeof(tests) / sizeof(tests[0]));
}
