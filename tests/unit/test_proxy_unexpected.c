// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: SYNs that are not as usual, and segments for where nothing is. */
#include <string.h>

#include "modes.h"

static void hc10_data(void)
{
	struct shell *s = shell_usual();
	struct segment g;
	struct talk t;
	const struct shell_out *out;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	g = talk_syn_segment(&t, WEIR_CLIENT);
	g.payload_len = 400;
	g.opt[g.opt_len++] = 34; /* TFO cookie request, RFC 7413 */
	g.opt[g.opt_len++] = 2;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_syn_cookie);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->seg.ack, g.seq + 1);
	IS(out->seg.payload_len, 0);
	IS(out->len, 74); /* MSS, SACK, timestamps, scale: no TFO */
	t.offer[WEIR_CLIENT].ts = t.offer[WEIR_CLIENT].sack = false;
	t.offer[WEIR_CLIENT].wscale = WEIR_WSCALE_NONE;
	talk_syn(&t);
	talk_ack(&t); /* the data comes again after the handshake */
	talk_answer(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 400);
	shell_close(s);
}

static void ecn_case(bool has, bool ts, bool asks)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;
	struct talk t;

	p->services[SHELL_FULLNAT].profile.ecn = has;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	t.offer[WEIR_CLIENT].ecn = asks;
	t.offer[WEIR_CLIENT].ts = t.offer[WEIR_BACKEND].ts = ts;
	talk_syn(&t);
	IS(t.promised.ecn, has && ts && asks);
	talk_ack(&t);
	IS(t.asked.ecn, has && ts && asks);
	talk_answer(&t);
	shell_close(s);
}

static void hc10_ecn(void)
{
	for (unsigned int i = 0; i < 8; i++)
		ecn_case(i & 1, i & 2, i & 4);
}

static void hc10_flags(void)
{
	static const uint8_t flags[] = {0, WEIR_TCP_FIN, 0x3f, 0x29, WEIR_TCP_PSH, WEIR_TCP_URG,
		WEIR_TCP_SYN | WEIR_TCP_FIN, WEIR_TCP_SYN | WEIR_TCP_RST, WEIR_TCP_SYN | FIN,
		WEIR_TCP_RST | FIN, WEIR_TCP_SYN | WEIR_TCP_RST | ACK};
	struct shell *s = shell_usual();
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	for (unsigned int i = 0; i < sizeof(flags); i++) {
		struct segment g = talk_segment(&t, WEIR_CLIENT, flags[i], 0);

		IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_tcp_flags);
	}
	talk_silence(&t);
	shell_close(s);
}

/* What cannot be read counts as not said (RFC 9293 §3.7.1): MSS 536, nothing else. */
static void hc10_options(void)
{
	static const uint8_t bad[][8] = {{2, 0, 5, 180, 3, 3, 7, 1}, {2, 1, 5, 180, 3, 3, 7, 1},
		{2, 40, 5, 180, 3, 3, 7, 1}, {2, 3, 5, 1, 1, 1, 1, 1}, {0, 2, 4, 5, 180, 3, 3, 7},
		{8, 9, 0, 0, 0, 1, 0, 0}, {2, 4, 0, 0, 1, 1, 1, 1}, {99, 255, 2, 4, 5, 180, 3, 3}};
	struct shell *s = shell_usual();

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct talk t;
		struct segment g;
		const struct shell_out *out;

		talk_init(&t, s, SHELL_FULLNAT, i);
		t.offer[WEIR_CLIENT] = (struct talk_offer){.wscale = WEIR_WSCALE_NONE};
		t.offer[WEIR_BACKEND].ts = false;
		g = talk_syn_segment(&t, WEIR_CLIENT);
		memcpy(g.opt, bad[i], 8);
		g.opt_len = 8;
		IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_syn_cookie);
		out = shell_take(s);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		IS(out->len, 58); /* our MSS */
		t.expect[WEIR_CLIENT] = out->seg.seq + 1;
		t.shown[WEIR_CLIENT] = out->seg.seq;
		talk_ack(&t);
		IS(t.asked.mss, 536);
		IS(t.asked.wscale, WEIR_WSCALE_NONE);
		CU_ASSERT_FALSE(t.asked.ts || t.asked.sack);
	}
	shell_close(s);
}

/* A segment to a port or address where nothing is; returns its fate. */
static unsigned int knock(struct shell *s, uint32_t dst, uint16_t dport, uint8_t flags,
	unsigned int len)
{
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	g = talk_segment(&t, WEIR_CLIENT, flags, len);
	g.seq = 1000;
	g.ack = flags & WEIR_TCP_ACK ? 5000 : 0;
	g.dst = dst;
	g.dport = dport;
	return talk_put(&t, WEIR_CLIENT, &g);
}

static void refused(struct shell *s, uint8_t flags, unsigned int len, uint32_t seq, uint32_t ack)
{
	const struct shell_out *out;

	IS(knock(s, SHELL_VIP(0), 81, flags, len), WEIR_FATE_refused_port);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->send, WEIR_SEND_BACK);
	IS(out->seg.flags, flags & WEIR_TCP_ACK ? RST : RST | ACK); /* RFC 9293 §3.10.7.1 */
	IS(out->seg.seq, seq);
	IS(out->seg.ack, ack);
	IS(weir_be16(out->seg.sport_be), 81);
	IS(s->last.frame.csum, WEIR_CSUM_GOOD); /* whatever the sum of what came was */
	IS(shell_take(s), NULL);
}

static void hc14_refused(void)
{
	struct shell *s = shell_usual();

	refused(s, WEIR_TCP_SYN, 0, 0, 1001);
	refused(s, WEIR_TCP_SYN, 10, 0, 1011);
	refused(s, ACK, 100, 5000, 0);
	refused(s, FIN, 0, 5000, 0);
	IS(knock(s, SHELL_VIP(0), 81, RST, 0), WEIR_FATE_stray_rst);
	IS(knock(s, SHELL_VIP(0), 81, RST | ACK, 0), WEIR_FATE_stray_rst);
	IS(shell_take(s), NULL);
	shell_close(s);
}

static void hc14_silent(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct shell *s;

	p->limits.refuse_closed_ports = false;
	s = shell_open(p, SHELL_START_NS);
	IS(knock(s, SHELL_VIP(0), 81, WEIR_TCP_SYN, 0), WEIR_FATE_closed_port);
	IS(knock(s, SHELL_VIP(1), 65535, ACK, 10), WEIR_FATE_closed_port);
	IS(knock(s, 0xc0000203, 80, WEIR_TCP_SYN, 0), WEIR_FATE_not_ours);
	IS(knock(s, SHELL_LOCAL, 4000, WEIR_TCP_SYN, 0), WEIR_FATE_not_ours);
	IS(knock(s, SHELL_BACKEND(0, 0), SHELL_BACKEND_PORT, WEIR_TCP_SYN, 0), WEIR_FATE_not_ours);
	IS(shell_take(s), NULL);
	shell_close(s);
}

/* What a backend says to others than us, or to a group, is not ours to refuse. */
static void hc14_backend(void)
{
	static const uint32_t others[] = {0x08080808, 0xe0000001, 0xffffffff, 0x7f000001};
	struct shell *s = shell_usual();

	for (unsigned int service = 0; service < 2; service++) {
		for (unsigned int i = 0; i < 4; i++) {
			struct segment g = {.src = SHELL_BACKEND(service, 0),
				.dst = others[i],
				.sport = SHELL_BACKEND_PORT,
				.dport = 4000,
				.flags = ACK,
				.ttl = 9};
			bool client = service == SHELL_NAT && i == 0;
			uint8_t frame[SEGMENT_FRAME_MAX];

			IS(shell_in(s, frame, segment_frame(&g, frame), SHELL_BACKENDS),
				client ? WEIR_FATE_refused_stray : WEIR_FATE_not_ours);
		}
	}
	shell_close(s);
}

/* The next frame carries these timestamps. */
static void hear_timestamps(struct shell *s, uint32_t tsval, uint32_t tsecr)
{
	const struct shell_out *out = shell_take(s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_TRUE(out->seg.ts_off != 0);
	IS(out->seg.tsval, tsval);
	IS(out->seg.tsecr, tsecr);
}

/* RFC 7323 §3.2: timestamps that nobody has asked for mean nothing, and pass as they are. */
static void unasked_timestamps(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment g;
	struct talk t;

	talk_init(&t, s, service, 1);
	t.offer[WEIR_CLIENT].ts = false;
	talk_open(&t); /* the backend offers them all the same */
	for (unsigned int side = 0; side < 2; side++) {
		g = talk_segment(&t, side, PSH, 10);
		segment_nop(&g);
		segment_nop(&g);
		segment_timestamps(&g, 111, 222);
		IS(talk_put(&t, side, &g),
			side == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
		hear_timestamps(s, 111, 222);
	}
	shell_close(s);
}

static void hc03_unasked(void)
{
	each_mode(unasked_timestamps);
}

/* A refusal, and something more of that backend in one burst: by then that is nobody's. */
static void behind_refusal(unsigned int service)
{
	struct shell *s = shell_usual();
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct segment g;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	g = talk_segment(&t, WEIR_BACKEND, RST | ACK, 0);
	shell_put(s, frame, segment_frame(&g, frame), SHELL_BACKENDS);
	g = talk_segment(&t, WEIR_BACKEND, ACK, 0);
	shell_put(s, frame, segment_frame(&g, frame), SHELL_BACKENDS);
	shell_run(s);
	IS(shell_fates(s, WEIR_FATE_backend_refused), 1);
	IS(shell_fates(s, WEIR_FATE_refused_stray), 1);
	IS(s->last.conn, WEIR_CONN_NONE);
	shell_close(s);
}

static void hc12_behind(void)
{
	each_mode(behind_refusal);
}

/*
 * HC-13: the backend has an older connection on the port, and there is no other port to anybody. What
 * it says next, in the same burst, is nobody's.
 */
static void hc33_old_and_alone(void)
{
	struct shell *s = shell_alone();
	struct weir_localports *pool = s->workers[0].px.pools;
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	pool->in_use = pool->count + 1; /* full when this one's port is given back */
	g = talk_segment(&t, WEIR_BACKEND, ACK, 0);
	g.ack -= 4711;
	for (unsigned int i = 0; i < 2; i++)
		shell_put(s, frame, segment_frame(&g, frame), SHELL_BACKENDS);
	shell_run(s);
	IS(pool->in_use, pool->count);
	pool->in_use = 0;
	IS(shell_fates(s, WEIR_FATE_backend_old_ack), 1);
	IS(shell_fates(s, WEIR_FATE_refused_stray), 1);
	talk_hear_rst(&t, WEIR_BACKEND, g.ack);
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	talk_hear_rst(&t, WEIR_BACKEND, g.ack);
	talk_silence(&t);
	IS(talk_state(&t), WEIR_CLOSED);
	IS(shell_events(s, WEIR_EVENT_conn_failed), 1);
	shell_audit(s);
	shell_close(s);
}

/*
 * The table is full: one that has ended makes room for one that gets no port, so both are gone. What
 * comes for the first one behind that in the burst is nobody's.
 */
static void hc50_behind_evicted(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct weir_localports *pool;
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct talk ended, t;
	struct segment g;
	struct shell *s;

	p->limits.connections = 1;
	s = shell_open(p, SHELL_START_NS);
	pool = s->workers[0].px.pools;
	talk_init(&ended, s, SHELL_FULLNAT, 1);
	talk_open(&ended);
	talk_close(&ended, WEIR_CLIENT);
	talk_init(&t, s, SHELL_FULLNAT, 2);
	talk_syn(&t);
	pool->in_use = pool->count + 1; /* full when that one's port is given back */
	shell_tick(s);
	IS(shell_conns(s), 0);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	shell_put(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
	g = talk_segment(&ended, WEIR_CLIENT, ACK, 0);
	shell_put(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
	shell_run(s);
	pool->in_use = 0;
	IS(shell_fates(s, WEIR_FATE_no_local_port), 1);
	IS(shell_fates(s, WEIR_FATE_bad_cookie), 1);
	IS(s->last.conn, WEIR_CONN_NONE);
	IS(shell_conns(s), 0);
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	talk_silence(&t);
	shell_audit(s);
	shell_close(s);
}

/* RFC 6528: who speaks has a part in the ISN: of two clients with one port none can tell the other's. */
static void hc33_isn_of_address(void)
{
	struct shell *s = shell_alone();
	struct talk t, u;

	talk_init(&t, s, SHELL_NAT, 1);
	talk_init(&u, s, SHELL_NAT, 2);
	IS(t.port, u.port);
	talk_syn(&t);
	talk_ack(&t);
	talk_syn(&u);
	talk_ack(&u);
	IS(t.backend_addr, u.backend_addr);
	CU_ASSERT_NOT_EQUAL(t.shown[WEIR_BACKEND], u.shown[WEIR_BACKEND]);
	CU_ASSERT_NOT_EQUAL(t.tsecr[WEIR_BACKEND], u.tsecr[WEIR_BACKEND]);
	shell_close(s);
}

/* HC-33, RFC 6528: two backends are shown other ISNs for one tuple of ours at one time. */
static void isn_of_backend(void)
{
	struct shell *s = shell_usual();
	struct segment refusal;
	uint32_t first;
	struct talk t;

	talk_init(&t, s, SHELL_NAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	first = t.shown[WEIR_BACKEND];
	refusal = talk_segment(&t, WEIR_BACKEND, RST | ACK, 0);
	IS(talk_put(&t, WEIR_BACKEND, &refusal), WEIR_FATE_backend_refused);
	talk_take_syn(&t);
	CU_ASSERT_NOT_EQUAL(t.shown[WEIR_BACKEND], first);
	talk_answer(&t);
	shell_close(s);
}

/* HC-35: a used cookie comes again when the connection that took its place has been given up. */
static void replay_given_up(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment ack, rst;
	struct talk t, u;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	ack = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	talk_ack(&t);
	talk_answer(&t);
	talk_close(&t, WEIR_CLIENT);
	talk_begin_anew(&u, &t, 5000000);
	talk_syn(&u);
	talk_ack(&u);
	rst = talk_segment(&u, WEIR_CLIENT, RST, 0);
	IS(talk_put(&u, WEIR_CLIENT, &rst), WEIR_FATE_client_abort);
	shell_clear(s);
	IS(talk_state(&u), WEIR_CLOSED);
	IS(talk_put(&u, WEIR_CLIENT, &ack), WEIR_FATE_old_cookie);
	talk_silence(&u);
	IS(shell_events(s, WEIR_EVENT_cookie_stale), 1);
	shell_close(s);
}

static void hc35_given_up(void)
{
	each_mode(replay_given_up);
}

/*
 * HC-08: what made a tuple suspect is not held against whoever begins anew on it a while later, and
 * whose second segment comes first.
 */
static void overtaken_again(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment stray, second;
	struct talk t, u;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	stray = talk_segment(&t, WEIR_CLIENT, PSH, 100);
	stray.seq += 100;
	IS(talk_put(&t, WEIR_CLIENT, &stray), WEIR_FATE_bad_cookie);
	shell_wait_ms(s, 20000);
	shell_clear(s);

	talk_begin_anew(&u, &t, 5000000);
	talk_syn(&u);
	second = talk_segment(&u, WEIR_CLIENT, PSH, 100);
	second.seq += 100;
	IS(talk_put(&u, WEIR_CLIENT, &second), WEIR_FATE_bad_cookie);
	talk_silence(&u);
	talk_ack(&u);
	talk_answer(&u);
	talk_say(&u, WEIR_CLIENT, PSH, 100);
	shell_close(s);
}

static void hc08_overtaken_again(void)
{
	each_mode(overtaken_again);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-10 SYN with data and TFO", hc10_data},
		{"HC-10 ECN only if the cookie keeps it", hc10_ecn},
		{"HC-10 flags that TCP never sends", hc10_flags},
		{"HC-10 malformed options", hc10_options},
		{"HC-14 closed port refused", hc14_refused},
		{"HC-14 closed port silent, not ours", hc14_silent},
		{"HC-14 a backend that speaks to others", hc14_backend},
		{"HC-03 timestamps that were not offered", hc03_unasked},
		{"HC-12 one burst: a refusal, and more behind it", hc12_behind},
		{"HC-13 HC-33 an old connection, and no other port", hc33_old_and_alone},
		{"HC-50 one burst: evicted, and more behind it", hc50_behind_evicted},
		{"HC-33 the ISN to a backend is of the client's address", hc33_isn_of_address},
		{"HC-33 the ISN to a backend is of the backend's address", isn_of_backend},
		{"HC-35 replaced and given up", hc35_given_up},
		{"HC-08 overtaken on a tuple that was suspect", hc08_overtaken_again},
	};

	return unit_main("proxy unexpected", tests, sizeof(tests) / sizeof(tests[0]));
}
