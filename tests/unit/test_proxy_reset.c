// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: RSTs and replayed cookies for a connection that is there already. */
#include "modes.h"

static unsigned int passes(enum weir_side from)
{
	return from == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client;
}

/* An established connection with something said on both sides. */
static void begin(struct talk *t, struct shell *s, unsigned int service, unsigned int n)
{
	talk_init(t, s, service, n);
	talk_open(t);
	talk_say(t, WEIR_CLIENT, PSH, 300);
	talk_say(t, WEIR_BACKEND, PSH, 900);
	talk_say(t, WEIR_CLIENT, ACK, 0);
}

static unsigned int reset_at(struct talk *t, enum weir_side side, int32_t off, struct segment *rst)
{
	*rst = talk_segment(t, side, RST, 0);
	rst->seq += (uint32_t)off;
	return talk_put(t, side, rst);
}

/* RFC 5961 §3.2: case 1, not in the window. */
static void rst_out(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment rst;
	struct talk t;

	begin(&t, s, service, 1);
	for (unsigned int side = 0; side < 2; side++) {
		IS(reset_at(&t, side, -1, &rst), WEIR_FATE_out_of_window);
		IS(reset_at(&t, side, -100000, &rst), WEIR_FATE_out_of_window);
		IS(reset_at(&t, side, 70000, &rst), WEIR_FATE_out_of_window);
		IS(reset_at(&t, side, INT32_MAX, &rst), WEIR_FATE_out_of_window);
	}
	talk_silence(&t);
	shell_wait_ms(s, 60000);
	IS(talk_state(&t), WEIR_ESTABLISHED);
	talk_say(&t, WEIR_BACKEND, PSH, 10);
	shell_close(s);
}

static void hc22_out(void)
{
	each_mode(rst_out);
}

/* Case 3: in the window. It passes, changes nothing, and the challenge it provokes passes (HC-23). */
static void rst_in(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment rst;
	struct talk t;

	begin(&t, s, service, 1);
	for (unsigned int side = 0; side < 2; side++) {
		IS(reset_at(&t, side, 5000, &rst), passes(side));
		talk_hear(&t, weir_other(side), &rst);
		talk_say(&t, weir_other(side), ACK, 0);
	}
	shell_wait_ms(s, 60000);
	IS(talk_state(&t), WEIR_ESTABLISHED);
	talk_say(&t, WEIR_CLIENT, PSH, 10);
	talk_say(&t, WEIR_BACKEND, PSH, 10);
	shell_close(s);
}

static void hc22_in(void)
{
	each_mode(rst_in);
}

/* Case 2: exact. It passes; after the wait nothing is left but the memory of it. */
static void rst_exact(unsigned int service)
{
	for (unsigned int side = 0; side < 2; side++) {
		struct shell *s = shell_usual();
		struct segment rst, late;
		struct talk t;

		begin(&t, s, service, 1);
		late = talk_segment(&t, weir_other(side), PSH, 50);
		IS(reset_at(&t, side, 0, &rst), passes(side));
		talk_hear(&t, weir_other(side), &rst);
		shell_wait_ms(s, 4900);
		CU_ASSERT_NOT_EQUAL(talk_state(&t), WEIR_CLOSED);
		shell_wait_ms(s, 200);
		IS(talk_state(&t), WEIR_CLOSED);
		talk_silence(&t); /* both ends know: no RST of ours */
		IS(shell_events(s, WEIR_EVENT_conn_reset), 1);
		for (unsigned int i = 0; i < 2; i++) { /* whoever goes on gets his own exact RST */
			late = talk_segment(&t, i, PSH, 50);
			IS(talk_put(&t, i, &late), WEIR_FATE_refused_closed);
			talk_hear_rst(&t, i, late.ack);
			IS(reset_at(&t, i, 0, &rst), WEIR_FATE_after_close);
		}
		talk_silence(&t);
		shell_close(s);
	}
}

static void hc22_exact(void)
{
	each_mode(rst_exact);
}

/* The receiver goes on: it was not exact for it, or a forgery. Its sender going on proves nothing. */
static void rst_pending(unsigned int service)
{
	for (unsigned int i = 0; i < 4; i++) {
		enum weir_side side = i & 1, speaks = i & 2 ? side : weir_other(side);
		struct shell *s = shell_usual();
		struct segment rst;
		struct talk t;

		begin(&t, s, service, 1);
		IS(reset_at(&t, side, 0, &rst), passes(side));
		talk_hear(&t, weir_other(side), &rst);
		shell_wait_ms(s, 3000);
		talk_say(&t, speaks, PSH, 70);
		shell_wait_ms(s, 2100); /* 5 s from the RST, whatever its sender adds */
		IS(talk_state(&t), speaks == side ? WEIR_CLOSED : WEIR_ESTABLISHED);
		if (speaks != side) {
			talk_say(&t, side, PSH, 70);
			talk_say(&t, speaks, PSH, 70);
		}
		shell_close(s);
	}
}

static void hc22_rst_pending(void)
{
	each_mode(rst_pending);
}

/* The usual abort: the client has closed with data under way, and answers each segment by RST. */
static void abort_download(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;

	begin(&t, s, service, 1);
	for (unsigned int i = 0; i < 5; i++) {
		struct segment data = talk_segment(&t, WEIR_BACKEND, PSH, 1000), rst;

		t.next[WEIR_BACKEND] += 1000;
		IS(talk_put(&t, WEIR_BACKEND, &data), WEIR_FATE_to_client);
		shell_take(s);
		rst = talk_segment(&t, WEIR_CLIENT, RST, 0); /* at what the backend acknowledged */
		IS(talk_put(&t, WEIR_CLIENT, &rst), WEIR_FATE_to_backend);
		talk_hear(&t, WEIR_BACKEND, &rst);
	}
	shell_wait_ms(s, 5100);
	IS(talk_state(&t), WEIR_CLOSED);
	shell_close(s);
}

static void hc22_abort(void)
{
	each_mode(abort_download);
}

/* RST|ACK: both numbers are translated. */
static void rst_ack(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment rst;
	struct talk t;

	begin(&t, s, service, 1);
	rst = talk_segment(&t, WEIR_BACKEND, RST | ACK, 0);
	IS(talk_put(&t, WEIR_BACKEND, &rst), WEIR_FATE_to_client);
	talk_hear(&t, WEIR_CLIENT, &rst);
	shell_close(s);
}

static void hc20_rst(void)
{
	each_mode(rst_ack);
}

/* What its own handshake said, said again, replaces nothing: in whatever state it is. */
static void own_cookie(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment ack, probe;
	struct talk t;
	unsigned int fate;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	ack = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	probe = ack;
	probe.seq--;
	talk_ack(&t);
	IS(talk_put(&t, WEIR_CLIENT, &ack), WEIR_FATE_duplicate_ack);
	talk_answer(&t);
	for (unsigned int i = 0; i < 100; i++) { /* far away from where it stood */
		talk_say(&t, WEIR_CLIENT, PSH, 1400);
		talk_say(&t, WEIR_BACKEND, PSH, 1400);
		talk_say(&t, WEIR_CLIENT, ACK, 0);
		IS(talk_put(&t, WEIR_CLIENT, &ack),
			i < 47 ? WEIR_FATE_to_backend : WEIR_FATE_out_of_window);
		shell_clear(s);
	}
	IS(talk_put(&t, WEIR_CLIENT, &probe), WEIR_FATE_out_of_window);
	talk_silence(&t);
	IS(shell_events(s, WEIR_EVENT_cookie_accepted), 1);
	talk_close(&t, WEIR_CLIENT);
	fate = talk_put(&t, WEIR_CLIENT, &ack); /* HC-35: TIME_WAIT */
	IS(fate, WEIR_FATE_refused_closed);
	talk_hear_rst(&t, WEIR_CLIENT,
		ack.ack); /* too old for a client that knows the connection */
	talk_silence(&t);
	IS(shell_events(s, WEIR_EVENT_cookie_accepted), 1);
	IS(shell_events(s, WEIR_EVENT_backend_syn_sent), 1);
	IS(talk_state(&t), WEIR_TIME_WAIT);
	shell_close(s);
}

static void hc24_own_cookie(void)
{
	each_mode(own_cookie);
}

/* HC-35: after a reset. Whoever says it is told the truth, and nothing is opened. */
static void replay_closed(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment ack, data, rst;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	ack = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	data = talk_segment(&t, WEIR_CLIENT, PSH, 100);
	talk_ack(&t);
	talk_answer(&t);
	IS(reset_at(&t, WEIR_BACKEND, 0, &rst), WEIR_FATE_to_client);
	shell_clear(s);
	shell_wait_ms(s, 5100);
	IS(talk_state(&t), WEIR_CLOSED);
	IS(talk_put(&t, WEIR_CLIENT, &ack),
		WEIR_FATE_refused_closed); /* a challenge looks like it */
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	IS(talk_put(&t, WEIR_CLIENT, &data), WEIR_FATE_refused_closed);
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	s->tick_ms = 100;
	shell_wait_ms(s, WEIR_COOKIE_LIFE_MS - 5500); /* to the end of its life and beyond */
	for (unsigned int i = 0; i < 200; i++) {
		talk_put(&t, WEIR_CLIENT, &ack);
		talk_put(&t, WEIR_CLIENT, &data);
		shell_wait_ms(s, 500);
	}
	IS(shell_events(s, WEIR_EVENT_cookie_accepted), 1);
	IS(shell_events(s, WEIR_EVENT_backend_syn_sent), 1);
	shell_close(s);
}

static void hc35_closed(void)
{
	each_mode(replay_closed);
}

/* In TIME_WAIT, all its life long, however short TIME_WAIT is configured. */
static void replay_time_wait(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct segment ack, data;
	struct shell *s;
	struct talk t;

	p->services[service].timeouts.time_wait_ms = 1000;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, service, 1);
	talk_syn(&t);
	ack = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	data = talk_segment(&t, WEIR_CLIENT, PSH, 100);
	talk_ack(&t);
	talk_answer(&t);
	talk_close(&t, WEIR_BACKEND);
	for (unsigned int i = 0; i < 300; i++) {
		talk_put(&t, WEIR_CLIENT, &ack);
		talk_put(&t, WEIR_CLIENT, &data);
		shell_wait_ms(s, 500);
	}
	IS(shell_events(s, WEIR_EVENT_cookie_accepted), 1);
	IS(shell_events(s, WEIR_EVENT_backend_syn_sent), 1);
	shell_close(s);
}

static void hc35_time_wait(void)
{
	each_mode(replay_time_wait);
}

/*
 * The old cookie is alive when its connection has been replaced by a new one. A duplicate of it from
 * the depths of the network must not replace the new one in turn.
 */
static void replay_replaced(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment ack, data;
	struct talk t, u;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	ack = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	data = talk_segment(&t, WEIR_CLIENT, PSH, 100);
	talk_ack(&t);
	talk_answer(&t);
	talk_close(&t, WEIR_CLIENT);
	talk_begin_anew(&u, &t, 5000000);
	talk_syn(&u);
	talk_ack(&u);
	talk_answer(&u);
	IS(talk_put(&u, WEIR_CLIENT, &ack), WEIR_FATE_old_cookie);
	IS(talk_put(&u, WEIR_CLIENT, &data), WEIR_FATE_old_cookie);
	talk_silence(&u);
	IS(talk_state(&u), WEIR_ESTABLISHED);
	IS(shell_events(s, WEIR_EVENT_cookie_stale), 2);
	talk_say(&u, WEIR_CLIENT, PSH, 100);
	talk_close(&u, WEIR_BACKEND);
	IS(talk_put(&u, WEIR_CLIENT, &ack), WEIR_FATE_old_cookie);
	IS(talk_state(&u), WEIR_TIME_WAIT);
	shell_close(s);
}

static void hc35_replaced(void)
{
	each_mode(replay_replaced);
}

/* A forged ACK for a connection that is there: it neither passes nor replaces. */
static void hc24_forged(void)
{
	struct shell *s = shell_usual();
	uint64_t seed = 24;
	struct talk t;

	begin(&t, s, SHELL_FULLNAT, 1);
	for (unsigned int i = 0; i < 2000; i++) {
		struct segment g = talk_segment(&t, WEIR_CLIENT, i & 1 ? PSH : ACK, i & 1 ? 20 : 0);
		unsigned int fate;

		g.seq = t.next[WEIR_CLIENT] + 1000000 + (uint32_t)(unit_random(&seed) % 0xf0000000);
		g.ack = (uint32_t)unit_random(&seed);
		fate = talk_put(&t, WEIR_CLIENT, &g);
		CU_ASSERT_TRUE(fate == WEIR_FATE_out_of_window || fate == WEIR_FATE_bad_ack);
	}
	talk_silence(&t);
	IS(shell_events(s, WEIR_EVENT_cookie_accepted), 1);
	talk_say(&t, WEIR_BACKEND, PSH, 10);
	shell_close(s);
}

/* Idle for too long: both are told, at exactly what they expect. */
static void idle(unsigned int service)
{
	for (unsigned int half = 0; half < 2; half++) {
		struct shell *s = shell_usual();
		struct segment g;
		struct talk t;

		begin(&t, s, service, 1);
		if (half) {
			talk_say(&t, WEIR_CLIENT, FIN, 0);
			talk_say(&t, WEIR_BACKEND, ACK, 0);
		}
		talk_say(&t, half, PSH, 60); /* heard, but never acknowledged */
		s->tick_ms = 100;
		shell_wait_ms(s, half ? 299800 : 7439800);
		talk_silence(&t);
		shell_wait_ms(s, 400);
		talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
		talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
		talk_silence(&t);
		IS(talk_state(&t), WEIR_CLOSED);
		IS(shell_events(s, WEIR_EVENT_conn_idle), 1);
		g = talk_segment(&t, WEIR_BACKEND, PSH, 10); /* the RST was lost */
		IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_refused_closed);
		talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
		shell_close(s);
	}
}

static void hc34(void)
{
	each_mode(idle);
}

/*
 * What was under way when it ended did not arrive: our RST is beyond what the client expects, which
 * challenges it (RFC 5961 §3.2) and gets the exact one, though it never heard a byte.
 */
static void challenged(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment lost, challenge;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	lost = talk_segment(&t, WEIR_BACKEND, PSH, 500);
	IS(talk_put(&t, WEIR_BACKEND, &lost), WEIR_FATE_to_client);
	shell_clear(s);
	s->tick_ms = 100;
	shell_wait_ms(s, 7440200);
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT] + 500);
	shell_clear(s);
	challenge = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &challenge), WEIR_FATE_refused_closed);
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	shell_close(s);
}

static void hc34_challenged(void)
{
	each_mode(challenged);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-20 RST|ACK is translated", hc20_rst},
		{"HC-22 RST out of the window", hc22_out},
		{"HC-22 HC-23 RST in the window, and its challenge", hc22_in},
		{"HC-22 exact RST, RST pending, CLOSED", hc22_exact},
		{"HC-22 a pending RST is cancelled by its receiver only", hc22_rst_pending},
		{"HC-22 an aborted download", hc22_abort},
		{"HC-24 its own cookie again", hc24_own_cookie},
		{"HC-24 forged ACKs", hc24_forged},
		{"HC-34 idle: exact RST both ways", hc34},
		{"HC-34 a challenge to that RST", hc34_challenged},
		{"HC-35 replay in CLOSED", hc35_closed},
		{"HC-35 replay in TIME_WAIT", hc35_time_wait},
		{"HC-35 replay of a replaced connection's cookie", hc35_replaced},
	};

	return unit_main("proxy reset", tests, sizeof(tests) / sizeof(tests[0]));
}
