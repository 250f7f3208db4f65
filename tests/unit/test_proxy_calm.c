// SPDX-License-Identifier: BSD-3-Clause
/* Half-open entries (HC-70 to HC-74): the queue, what passes untouched, a full queue, who is blamed. */
#include <string.h>

#include "flow/halfopen.h"
#include "modes.h"
#include "tcp/calm.h"

#define CONNS 16

static struct shell *calm_shell(unsigned int n_workers, unsigned int half_open)
{
	struct weir_policy *p = shell_policy(n_workers, 1);

	for (uint32_t i = 0; i < p->n_services; i++)
		p->services[i].syn_cookies = WEIR_SYN_COOKIES_NEVER;
	p->limits.half_open = half_open;
	return shell_open(p, SHELL_START_NS);
}

static struct segment syn_of(uint32_t client, unsigned int service);

/* HC-70: an entry whose time is over, and that the wheel has not come to, is not young again. */
static void overdue_is_old(unsigned int service)
{
	struct shell *s = calm_shell(1, 64);
	struct segment g = syn_of(0x0b000001, service);
	struct weir_proxy *px = &s->workers[0].px;
	uint8_t frame[SEGMENT_FRAME_MAX];
	const uint64_t then = px->now_ns;
	const struct weir_conn *c;

	IS(shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS), WEIR_FATE_to_backend);
	c = weir_table_conn(&px->table, px->half_open.of[service].oldest);
	px->now_ns = then + 74000000000ull;
	CU_ASSERT_TRUE(weir_calm_age_ms(px, c) > 73900);
	px->now_ns = then + 76000000000ull;
	CU_ASSERT_TRUE(weir_calm_age_ms(px, c) >= WEIR_HALF_OPEN_MS);
	px->now_ns = then;
	shell_clear(s);
	shell_close(s);
}

/* HC-70: against an array that knows only the order. */
static void queue_keeps_order(void)
{
	struct weir_conn conns[CONNS];
	struct weir_halfopen_queue of[2] = {{0}};
	struct weir_arena arena = {(uint8_t *)of, sizeof(of) + 64, 0};
	struct weir_halfopen h;
	uint32_t model[CONNS], n = 0;
	uint64_t seed = 70;

	weir_halfopen_init(&h, &arena, conns, 2);
	h.of = of;
	of[1] = of[0] = (struct weir_halfopen_queue){WEIR_CONN_NONE, WEIR_CONN_NONE, 0};
	for (unsigned int step = 0; step < 20000; step++) {
		uint32_t c = (uint32_t)(unit_random(&seed) % CONNS), at = 0;

		while (at < n && model[at] != c)
			at++;
		if (at == n) {
			weir_halfopen_put(&h, 1, c);
			model[n++] = c;
		} else {
			weir_halfopen_remove(&h, 1, c);
			memmove(&model[at], &model[at + 1], (--n - at) * sizeof(*model));
		}
		IS(of[1].count, n);
		IS(of[1].oldest, n > 0 ? model[0] : WEIR_CONN_NONE);
		IS(of[1].newest, n > 0 ? model[n - 1] : WEIR_CONN_NONE);
		IS(of[0].count, 0);
	}
}

static struct segment syn_of(uint32_t client, unsigned int service)
{
	struct segment g = {.src = client,
		.sport = 1234,
		.dst = SHELL_VIP(service),
		.dport = SHELL_VIP_PORT,
		.seq = client * 977,
		.wnd = 64240,
		.flags = WEIR_TCP_SYN | 0x40 /* ECE: of AccECN, say */,
		.ttl = 64,
		.payload_len = 33,
		.src_mac = {2, 0, 0, 0, 0xcc, 1}};
	static const uint8_t odd[] = {
		1, 30, 4, 9, 9, 172, 5, 1, 2, 3, 2, 4, 5, 0xb4, 77, 3, 1, 255, 2, 1};

	memcpy(g.opt, odd, sizeof(odd));
	g.opt_len = sizeof(odd);
	return g;
}

/* HC-70, HC-72: in nat a router could have forwarded it: addresses, ports, TTL and sums aside. */
static void nat_changes_addresses_only(void)
{
	struct shell *s = calm_shell(1, 64);
	struct segment g = syn_of(0xcb007105, SHELL_NAT);
	uint8_t frame[SEGMENT_FRAME_MAX];
	size_t len = segment_frame(&g, frame);
	const struct shell_out *out;

	IS(shell_in(s, frame, len, SHELL_CLIENTS), WEIR_FATE_to_backend);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL_FATAL(out->len, len);
	/* the IP header from its beginning to TTL; source address; source port; all of TCP but the sum */
	IS(memcmp(out->data + 14, frame + 14, 8), 0);
	IS(memcmp(out->data + 26, frame + 26, 4), 0);
	IS(memcmp(out->data + 34, frame + 34, 2), 0);
	IS(memcmp(out->data + 38, frame + 38, 12), 0);
	IS(memcmp(out->data + 52, frame + 52, len - 52), 0);
	IS(out->data[22], 63);
	shell_close(s);
}

/* HC-70: a flood of SYNs with "never": bounded, the oldest leaves, nothing open is touched. */
static void flood_is_bounded(unsigned int service)
{
	struct shell *s = calm_shell(2, 64);
	uint8_t frame[SEGMENT_FRAME_MAX];

	for (uint32_t i = 0; i < 5000; i++) {
		struct segment g = syn_of(0x0b000001 + i, service);

		IS(shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS),
			WEIR_FATE_to_backend);
		CU_ASSERT_TRUE(shell_in_state(s, WEIR_SYN_RCVD) <= 64);
		shell_clear(s);
	}
	IS(shell_in_state(s, WEIR_SYN_RCVD), 64);
	IS(shell_events(s, WEIR_EVENT_half_open), 5000);
	IS(shell_events(s, WEIR_EVENT_half_open_evicted), 5000 - 64);
	shell_audit(s);
	shell_wait_ms(s, 75100);
	IS(shell_in_state(s, WEIR_SYN_RCVD), 0);
	IS(shell_events(s, WEIR_EVENT_half_open_expired), 64);
	shell_close(s);
}

/* HC-70: the table fills with entries; whatever is met first, the oldest leaves, not a client that just came. */
static void oldest_makes_room(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 1);
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct segment g = syn_of(0x0b000001, service);
	struct shell *s;

	p->services[service].syn_cookies = WEIR_SYN_COOKIES_NEVER;
	p->limits.connections = p->limits.half_open = 64;
	s = shell_open(p, SHELL_START_NS);
	for (uint32_t i = 0; i < 64; i++, g.src++)
		shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
	IS(shell_fates(s, WEIR_FATE_no_entry), 1);
	g = syn_of(0x0b000001, service); /* the first gives its place to the last */
	g.flags = WEIR_TCP_RST;
	g.seq++;
	g.opt_len = g.payload_len = 0;
	shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
	g = syn_of(0x0b000100, service);
	IS(shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS), WEIR_FATE_to_backend);
	shell_tick(s);
	IS(shell_events(s, WEIR_EVENT_half_open_evicted), 1);
	CU_ASSERT_PTR_NOT_NULL(shell_conn(s, service, g.src, g.sport));
	CU_ASSERT_PTR_NULL(shell_conn(s, service, 0x0b000002, g.sport));
	shell_clear(s);
	shell_close(s);
}

/* HC-71: the same SYN hundreds of times is one entry. */
static void same_syn_is_one_entry(unsigned int service)
{
	struct shell *s = calm_shell(1, 64);
	struct segment g = syn_of(0xcb007105, service);
	uint8_t frame[SEGMENT_FRAME_MAX];
	size_t len = segment_frame(&g, frame);

	for (unsigned int i = 0; i < 500; i++)
		IS(shell_in(s, frame, len, SHELL_CLIENTS), WEIR_FATE_to_backend);
	IS(shell_in_state(s, WEIR_SYN_RCVD), 1);
	IS(shell_events(s, WEIR_EVENT_half_open), 1);
	shell_clear(s);
	shell_close(s);
}

/* HC-74: silence is counted for service and backend, once. */
static void silence_is_counted(unsigned int service)
{
	struct shell *s = calm_shell(1, 64);
	struct segment g = syn_of(0xcb007105, service);
	const struct weir_counters *n = &s->workers[0].px.counters;
	uint8_t frame[SEGMENT_FRAME_MAX];

	shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
	shell_wait_ms(s, 76000);
	shell_clear(s);
	IS(n->service[service].timed_out, 1);
	IS(n->backend[service].timed_out, 1);
	IS(n->service[service].refused + n->service[service].unreachable, 0);
	shell_close(s);
}

/* HC-70: when synweir stops, entries end like connections. */
static void stop_ends_entries(unsigned int service)
{
	struct shell *s = calm_shell(1, 64);
	struct segment g = syn_of(0xcb007105, service);
	uint8_t frame[SEGMENT_FRAME_MAX];
	const struct shell_out *out;

	shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
	shell_clear(s);
	weir_proxy_drain(&s->workers[0].px);
	CU_ASSERT_TRUE(weir_proxy_reset_all(&s->workers[0].px, 10, s->now_ns));
	out = shell_take(
		s); /* the client, which is in SYN_SENT, believes this one (RFC 9293 §3.10.7.3) */
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->seg.flags, WEIR_TCP_RST | WEIR_TCP_ACK);
	IS(out->seg.ack, g.seq + 1);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->seg.flags, WEIR_TCP_RST);
	shell_close(s);
}

/*
 * HC-45: a flood on an adaptive service: cookies begin at the mark, within the burst; no entry of a client
 * is displaced; when the flood has ended, so do the cookies, in the configured time.
 */
static void adaptive_flood(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct segment g = syn_of(0xcb007105, service);
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct shell *s;

	for (uint32_t i = 0; i < p->n_services; i++)
		p->services[i].syn_cookies = WEIR_SYN_COOKIES_ADAPTIVE;
	s = shell_open(p, SHELL_START_NS);
	IS(shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS), WEIR_FATE_to_backend);
	for (uint32_t i = 0; i < 5000; i++) {
		struct segment spoofed = syn_of(0x0b000001 + i, service);

		shell_put(s, frame, segment_frame(&spoofed, frame), SHELL_CLIENTS);
		if (i % 64 == 63)
			shell_run(s);
	}
	shell_run(s);
	CU_ASSERT_TRUE(shell_in_state(s, WEIR_SYN_RCVD) <= 33); /* the mark */
	IS(shell_events(s, WEIR_EVENT_half_open_evicted), 0);
	IS(shell_events(s, WEIR_EVENT_gate_cookies), 1);
	CU_ASSERT_PTR_NOT_NULL(shell_conn(s, (uint16_t)service, 0xcb007105, 1234));
	shell_wait_ms(s, 3000 + 5000 + 1500); /* stale entries, hold, a period */
	shell_clear(s);
	IS(shell_events(s, WEIR_EVENT_gate_entries), 1);
	IS(s->workers[0].px.counters.service[service].calm, 1);
	IS(s->workers[0].px.counters.service[service].switches, 2);
	shell_close(s);
}

/* HC-73: cookies begin between SYN and ACK: the ACK is good by the entry, for every client there is. */
static void switch_loses_none(unsigned int service)
{
	struct shell *s = calm_shell(1, 64);
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct segment g = syn_of(0xcb007105, service);
	const struct shell_out *out;
	struct segment answer = {.src = SHELL_BACKEND(service, 0),
		.sport = SHELL_BACKEND_PORT,
		.flags = WEIR_TCP_SYN | WEIR_TCP_ACK,
		.seq = 7777,
		.wnd = 65160,
		.ttl = 64};

	shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	answer.dst = weir_be32(out->seg.src.w[3]);
	answer.dport = weir_be16(out->seg.sport_be);
	answer.ack = out->seg.seq + 1;
	IS(shell_in(s, frame, segment_frame(&answer, frame), SHELL_BACKENDS), WEIR_FATE_to_client);
	s->workers[0].px.gates[service].rule.mode = WEIR_SYN_COOKIES_ALWAYS;
	s->policy->services[service].syn_cookies = WEIR_SYN_COOKIES_ALWAYS;
	shell_wait_ms(s, 50);
	CU_ASSERT_TRUE(s->workers[0].px.gates[service].cookies);
	g.flags = WEIR_TCP_ACK;
	g.seq++;
	g.ack = 7778;
	g.opt_len = g.payload_len = 0;
	IS(shell_in(s, frame, segment_frame(&g, frame), SHELL_CLIENTS), WEIR_FATE_to_backend);
	IS(shell_in_state(s, WEIR_ESTABLISHED), 1);
	shell_clear(s);
	shell_close(s);
}

/* HC-73, HC-62: with cookies a SYN on an entry's tuple reaches its backend within a budget, else it gets one. */
static void known_syns_have_a_budget(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct segment g = syn_of(0xcb007105, service);
	uint8_t frame[SEGMENT_FRAME_MAX];
	size_t len = segment_frame(&g, frame);
	unsigned int passed = 0, cookies = 0;
	struct shell *s;

	p->services[service].syn_cookies = WEIR_SYN_COOKIES_NEVER;
	p->limits.syn_ack_ring = 4096;
	p->limits.reply_budget = 10;
	s = shell_open(p, SHELL_START_NS);
	IS(shell_in(s, frame, len, SHELL_CLIENTS), WEIR_FATE_to_backend);
	s->workers[0].px.gates[service].rule.mode = WEIR_SYN_COOKIES_ALWAYS;
	s->policy->services[service].syn_cookies = WEIR_SYN_COOKIES_ALWAYS;
	shell_wait_ms(s, 50);
	for (unsigned int i = 0; i < 500; i++) {
		unsigned int fate = shell_in(s, frame, len, SHELL_CLIENTS);

		passed += fate == WEIR_FATE_to_backend;
		cookies += fate == WEIR_FATE_syn_cookie;
	}
	CU_ASSERT_TRUE(passed > 0 && passed <= 15); /* a budget is up to a half above its rate */
	IS(cookies, 500 - passed);
	IS(shell_in_state(s, WEIR_SYN_RCVD), 1);
	shell_clear(s);
	shell_close(s);
}

static void in_each_mode(void)
{
	each_mode(overdue_is_old);
	each_mode(flood_is_bounded);
	each_mode(oldest_makes_room);
	each_mode(same_syn_is_one_entry);
	each_mode(silence_is_counted);
	each_mode(stop_ends_entries);
	each_mode(adaptive_flood);
	each_mode(switch_loses_none);
	each_mode(known_syns_have_a_budget);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-70 the queue keeps its order", queue_keeps_order},
		{"HC-70 HC-72 nat changes addresses only", nat_changes_addresses_only},
		{"HC-45 HC-70 HC-71 HC-74 floods, one SYN again, silence, the end", in_each_mode},
	};

	return unit_main("calm", tests, sizeof(tests) / sizeof(tests[0]));
}
