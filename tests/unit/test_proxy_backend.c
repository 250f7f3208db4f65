// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: from a valid ACK to a backend that answers, or to none. */
#include <string.h>

#include "modes.h"

/* The next frame is a SYN to another backend: ports are per backend, so the pair is another one. */
static void other_syn(struct talk *t)
{
	uint16_t before = t->backend;

	talk_take_syn(t);
	CU_ASSERT_NOT_EQUAL(t->backend, before);
}

static void syn_lost(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	shell_wait_ms(s, 190);
	talk_silence(&t);
	shell_wait_ms(s, 20);
	talk_take_same_syn(&t);
	talk_silence(&t);
	IS(shell_events(s, WEIR_EVENT_backend_syn_resent), 1);
	talk_works(&t);
	shell_wait_ms(s, 10000);
	talk_silence(&t);
	shell_close(s);
}

static void hc11_once(void)
{
	each_mode(syn_lost);
}

/* 200 ms, 400 ms, then the next one; the silent one is told that it is over. */
static void syn_lost_twice(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	shell_wait_ms(s, 210);
	talk_take_same_syn(&t);
	shell_wait_ms(s, 380);
	talk_silence(&t);
	shell_wait_ms(s, 20);
	talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
	other_syn(&t);
	talk_silence(&t);
	shell_wait_ms(s, 190); /* as patient with this one */
	talk_silence(&t);
	shell_wait_ms(s, 20);
	talk_take_same_syn(&t);
	talk_works(&t);
	IS(shell_events(s, WEIR_EVENT_backend_retried), 1);
	shell_close(s);
}

static void hc11_twice(void)
{
	each_mode(syn_lost_twice);
}

/* Nobody answers: bounded, and the client is told at exactly what it expects. */
static void nobody_answers(unsigned int service)
{
	struct shell *s = shell_usual();
	const struct shell_out *out;
	struct talk t;
	unsigned int syns = 0, rsts = 0;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	for (unsigned int ms = 0; ms < 15000; ms += 100) {
		shell_wait_ms(s, 100);
		while ((out = shell_take(s)) != NULL && out->port == SHELL_BACKENDS)
			syns += (out->seg.flags & WEIR_TCP_SYN) != 0;
		if (out == NULL)
			continue;
		IS(out->seg.seq, t.expect[WEIR_CLIENT]);
		IS(out->seg.flags & RST, RST);
		CU_ASSERT_TRUE(ms < 7000);
		rsts++;
	}
	IS(rsts, 1);
	CU_ASSERT_TRUE(syns >= 3 && syns <= 12);
	IS(shell_in_state(s, WEIR_CLOSED), 1);
	IS(shell_events(s, WEIR_EVENT_conn_failed), 1);
	shell_close(s);
}

static void hc11_no_answer(void)
{
	each_mode(nobody_answers);
}

/* With nowhere else to go, two losses are not the end of it: also when the others have weight 0. */
static void hc11_alone(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct weir_policy *p = shell_policy(1, 1 + i);
		struct shell *s;
		struct talk t;

		if (i == 1)
			p->members[1].weight = 0;
		s = shell_open(p, SHELL_START_NS);
		talk_init(&t, s, SHELL_FULLNAT, 1);
		talk_syn(&t);
		talk_ack(&t);
		shell_wait_ms(s, 210);
		talk_take_same_syn(&t);
		shell_wait_ms(s, 410);
		talk_take_same_syn(&t);
		shell_wait_ms(s, 810);
		talk_take_same_syn(&t);
		talk_works(&t);
		shell_close(s);
	}
}

/* Five SYNs, each after twice the time of the last one; then both are told. */
static void hc11_alone_silent(void)
{
	struct shell *s = shell_alone();
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	for (unsigned int i = 0; i < 5;
		i++) { /* each later than the last by the wheel's tick at most */
		shell_wait_ms(s, (200 << i) - (i == 0 ? 10 : 60));
		talk_silence(&t);
		shell_wait_ms(s, 60);
		if (i < 4)
			talk_take_same_syn(&t);
	}
	talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	talk_silence(&t);
	IS(s->workers[0].px.counters.backend[t.backend].timed_out, 1);
	shell_close(s);
}

/* A SYN-ACK of the backend that was given up comes late: it learns that nobody wants it. */
static void late_answer(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment late;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	late = talk_syn_segment(&t, WEIR_BACKEND);
	shell_wait_ms(s, 700);
	shell_clear(s);
	IS(talk_put(&t, WEIR_BACKEND, &late), WEIR_FATE_refused_stray);
	talk_hear_rst(&t, WEIR_BACKEND, late.ack);
	IS(talk_state(&t), WEIR_SYN_SENT);
	shell_close(s);
}

static void hc11_late(void)
{
	each_mode(late_answer);
}

static struct segment refusal(const struct talk *t)
{
	struct segment g = talk_segment(t, WEIR_BACKEND, RST | ACK, 0);

	g.seq = 0;
	return g;
}

static void refused(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment g;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	g = refusal(&t);
	g.ack++; /* RFC 9293 §3.10.7.3: not to our SYN, or without ACK: not believed */
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_stray_rst);
	g = refusal(&t);
	g.flags = RST;
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_stray_rst);
	talk_silence(&t);
	g = refusal(&t);
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_refused);
	other_syn(&t); /* at once */
	talk_silence(&t);
	talk_works(&t);
	IS(s->workers[0].px.counters.backend[t.backend].refused, 0);
	shell_close(s);
}

static void hc12_refused(void)
{
	each_mode(refused);
}

static void last_refused(unsigned int service)
{
	for (unsigned int held = 0; held < 2; held++) {
		struct shell *s = shell_alone();
		struct segment g;
		struct talk t;

		talk_init(&t, s, service, 1);
		talk_syn(&t);
		talk_ack(&t);
		if (held) {
			g = talk_segment(&t, WEIR_CLIENT, PSH, 200);
			IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATES);
		}
		g = refusal(&t);
		IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_refused);
		talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
		talk_silence(&t);
		IS(shell_fates(s, WEIR_FATE_early_gone), held);
		IS(talk_state(&t), WEIR_CLOSED);
		g = talk_segment(&t, WEIR_CLIENT, PSH, 200); /* the RST was lost: told again */
		IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_refused_closed);
		talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
		shell_close(s);
	}
}

static void hc12_last(void)
{
	each_mode(last_refused);
}

/* All refuse: four are asked, all in one moment. */
static void hc12_all(void)
{
	struct shell *s = shell_open(shell_policy(1, 5), SHELL_START_NS);
	unsigned int asked[10] = {0}, n = 0;
	const struct shell_out *out;
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	while (talk_state(&t) == WEIR_SYN_SENT) {
		asked[t.backend]++;
		n++;
		g = refusal(&t);
		IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_refused);
		if (talk_state(&t) == WEIR_SYN_SENT)
			talk_take_syn(&t);
	}
	IS(n, 4);
	for (unsigned int i = 0; i < 5; i++)
		CU_ASSERT_TRUE(asked[i] <= 1);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->seg.seq, t.expect[WEIR_CLIENT]);
	shell_close(s);
}

/* The frame that our last SYN was, for ICMP to quote. */
static unsigned int icmp(struct talk *t, uint8_t code, uint32_t seq)
{
	struct segment syn = {.src = t->local,
		.sport = t->local_port,
		.dst = t->backend_addr,
		.dport = SHELL_BACKEND_PORT,
		.seq = seq,
		.flags = WEIR_TCP_SYN,
		.ttl = 60};
	uint8_t about[SEGMENT_FRAME_MAX], frame[SEGMENT_FRAME_MAX];

	segment_frame(&syn, about);
	return shell_in(t->s, frame, segment_unreachable(about, 0x0a0000fe, code, frame),
		SHELL_BACKENDS);
}

static void unreachable(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;
	uint32_t isn;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	isn = t.shown[WEIR_BACKEND];
	IS(icmp(&t, 1, isn + 1), WEIR_FATE_icmp_other);
	IS(icmp(&t, 1, isn - 1), WEIR_FATE_icmp_other);
	IS(icmp(&t, 4, isn), WEIR_FATE_icmp_other); /* too big: not unreachable */
	t.local_port++;
	IS(icmp(&t, 1, isn), WEIR_FATE_icmp_other);
	t.local_port--;
	talk_silence(&t);
	IS(icmp(&t, 1, isn), WEIR_FATE_backend_unreachable);
	IS(s->workers[0].px.counters.backend[t.backend].unreachable, 1);
	CU_ASSERT_NOT_EQUAL(s->last.conn, WEIR_CONN_NONE);
	other_syn(&t);
	talk_silence(&t);
	talk_works(&t);
	IS(icmp(&t, 1, t.shown[WEIR_BACKEND]), WEIR_FATE_icmp_other); /* RFC 5927: not once open */
	talk_say(&t, WEIR_CLIENT, PSH, 9);
	shell_close(s);
}

static void hc12_icmp(void)
{
	each_mode(unreachable);
}

/* The answer must be to our SYN; else it is an older connection's (HC-13) and told so. */
static void wrong_syn_ack(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment g;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	g = talk_segment(&t, WEIR_BACKEND, ACK, 0); /* acknowledges our SYN, and is none itself */
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_out_of_window);
	g = talk_syn_segment(&t, WEIR_BACKEND);
	g.flags = WEIR_TCP_SYN; /* no simultaneous open */
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_syn_from_backend);
	talk_silence(&t);
	IS(talk_state(&t), WEIR_SYN_SENT);
	g = talk_syn_segment(&t, WEIR_BACKEND);
	g.ack += 77;
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_old_ack);
	IS(talk_state(&t), WEIR_SYN_SENT);
	talk_hear_rst(&t, WEIR_BACKEND, g.ack);
	talk_take_syn(&t);
	talk_works(&t);
	shell_close(s);
}

static void hc12_ack(void)
{
	each_mode(wrong_syn_ack);
}

/* The third step was lost: the SYN-ACK comes again and gets it again, until there is no need. */
static void duplicate_syn_ack(unsigned int service)
{
	for (unsigned int ts = 0; ts < 2; ts++) {
		struct shell *s = shell_usual();
		struct segment g;
		struct talk t;

		talk_init(&t, s, service, 1);
		t.offer[WEIR_CLIENT].ts = t.offer[WEIR_BACKEND].ts = ts;
		talk_open(&t);
		for (unsigned int i = 0; i < 3; i++) {
			shell_wait_ms(s, 1000);
			talk_answer(&t); /* looks at our ACK */
			talk_silence(&t);
		}
		g = talk_syn_segment(&t, WEIR_BACKEND); /* another ISN: not that one */
		g.seq++;
		IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_out_of_window);
		g = talk_syn_segment(&t, WEIR_BACKEND); /* nor one that forgot its timestamps */
		g.opt_len = 0;
		if (ts)
			IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_out_of_window);
		talk_silence(&t);
		talk_say(&t, WEIR_CLIENT, PSH, 100);
		talk_say(&t, WEIR_BACKEND, PSH, 100);
		talk_say(&t, WEIR_CLIENT, FIN, 0); /* the connection has moved on */
		g = talk_syn_segment(&t, WEIR_BACKEND);
		IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_syn_ack);
		talk_silence(&t);
		shell_close(s);
	}
}

static void hc11_duplicate(void)
{
	each_mode(duplicate_syn_ack);
}

static void hc12_none(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct segment g;
	struct shell *s;
	struct talk t;

	p->members[0].weight = p->members[1].weight = 0;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	g = talk_segment(&t, WEIR_CLIENT, PSH, 10);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_no_backend);
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	talk_silence(&t);
	IS(shell_conns(s), 0);
	shell_close(s);
}

/* One that fails again and again rests; the others get its share, each its turn. */
static void hc12_turns(void)
{
	struct shell *s = shell_open(shell_policy(1, 3), SHELL_START_NS);
	unsigned int took[3] = {0};

	for (unsigned int i = 0; i < 33; i++) {
		struct talk t;

		talk_init(&t, s, SHELL_FULLNAT, i);
		talk_syn(&t);
		talk_ack(&t);
		if (t.backend == 0) {
			struct segment g = refusal(&t);

			IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_refused);
			talk_take_syn(&t);
		}
		talk_answer(&t);
		took[t.backend]++;
	}
	IS(took[0], 0);
	IS(took[1] + took[2], 33);
	CU_ASSERT_TRUE(took[1] - took[2] + 1 <= 2);
	IS(shell_events(s, WEIR_EVENT_backend_marked_down), 1);
	IS(shell_events(s, WEIR_EVENT_backend_retried), 3);
	shell_close(s);
}

/* HC-65: a backend that rejects one client, whatever ports that has, serves the others as before. */
static void hc65_one_client(void)
{
	struct shell *s = shell_usual();

	for (unsigned int i = 0; i < 8; i++) {
		struct segment g;
		struct talk t;

		talk_init(&t, s, SHELL_FULLNAT, i * 250); /* from one address */
		talk_syn(&t);
		talk_ack(&t);
		for (;;) { /* both reject it */
			g = refusal(&t);
			IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_refused);
			if (talk_state(&t) != WEIR_SYN_SENT)
				break;
			talk_take_syn(&t);
		}
		talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	}
	IS(shell_events(s, WEIR_EVENT_backend_marked_down), 0);
	shell_close(s);
}

/* Failures count when they come in a row: one that answers in between is not marked down. */
static void hc12_now_and_then(void)
{
	struct shell *s = shell_usual();

	for (unsigned int i = 0; i < 40; i++) {
		struct segment g;
		struct talk t;

		talk_init(&t, s, SHELL_FULLNAT, i);
		talk_syn(&t);
		talk_ack(&t);
		if (i % 4 < 2) { /* each of the two backends refuses, then answers */
			g = refusal(&t);
			IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_refused);
			talk_take_syn(&t);
		}
		talk_answer(&t);
	}
	IS(shell_events(s, WEIR_EVENT_backend_retried), 20);
	IS(shell_events(s, WEIR_EVENT_backend_marked_down), 0);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-11 backend SYN lost", hc11_once},
		{"HC-11 two lost: another backend, another port", hc11_twice},
		{"HC-11 no backend answers: RST to the client", hc11_no_answer},
		{"HC-11 a lone backend is tried for longer", hc11_alone},
		{"HC-11 a lone backend that stays silent", hc11_alone_silent},
		{"HC-11 an answer that comes too late", hc11_late},
		{"HC-11 the SYN-ACK comes again and is acknowledged again", hc11_duplicate},
		{"HC-12 refused: another at once", hc12_refused},
		{"HC-12 the last one refuses: exact RST", hc12_last},
		{"HC-12 all refuse", hc12_all},
		{"HC-12 ICMP unreachable, right and wrong", hc12_icmp},
		{"HC-12 the SYN-ACK's ack is checked", hc12_ack},
		{"HC-12 no backend at all", hc12_none},
		{"HC-12 a refusing backend is held down, no other", hc12_turns},
		{"HC-65 a backend that rejects one client is not marked down", hc65_one_client},
		{"HC-12 a backend that refuses now and then is not marked down", hc12_now_and_then},
	};

	return unit_main("proxy backend", tests, sizeof(tests) / sizeof(tests[0]));
}
