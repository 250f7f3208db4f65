// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: a backend that answers our SYN out of an older connection's state (RFC 9293 §3.10.7.3). */
#include "modes.h"

static void old_incarnation(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t, before;
	struct segment g;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	g = talk_segment(&t, WEIR_BACKEND, ACK, 0);
	g.ack = t.expect[WEIR_BACKEND] - 100000;
	before = t;
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_old_ack);
	talk_hear_rst(&t, WEIR_BACKEND, g.ack); /* from the port that it knows */
	talk_take_syn(&t);
	IS(t.backend, before.backend);
	if (service == SHELL_FULLNAT)
		CU_ASSERT_NOT_EQUAL(t.local_port, before.local_port);
	IS(shell_events(s, WEIR_EVENT_backend_retried), service == SHELL_FULLNAT);
	talk_silence(&t);
	talk_works(&t);
	shell_close(s);
}

static void hc13(void)
{
	each_mode(old_incarnation);
}

/* nat: the same pair again, once, and the timer goes on as after any repetition. */
static void hc13_nat_once(void)
{
	struct shell *s = shell_alone();
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_NAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	shell_wait_ms(s, 100);
	for (unsigned int i = 0; i < 3; i++) {
		g = talk_segment(&t, WEIR_BACKEND, ACK, 0);
		g.ack -= 4711;
		IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_old_ack);
		talk_hear_rst(&t, WEIR_BACKEND, g.ack);
		if (i == 0)
			talk_take_same_syn(&t);
		talk_silence(&t);
	}
	IS(shell_events(s, WEIR_EVENT_backend_syn_resent), 1);
	shell_wait_ms(s, 380);
	talk_silence(&t);
	shell_wait_ms(s, 30);
	talk_take_same_syn(&t);
	talk_works(&t);
	IS(shell_events(s, WEIR_EVENT_backend_syn_resent), 2);
	IS(shell_events(s, WEIR_EVENT_backend_retried), 0);
	shell_close(s);
}

/* An old ACK with any number, which may be forged; the SYN that follows it, if any. */
static unsigned int old_ack(struct talk *t)
{
	struct segment g = talk_segment(t, WEIR_BACKEND, ACK, 0);

	g.ack = 4711;
	IS(talk_put(t, WEIR_BACKEND, &g), WEIR_FATE_backend_old_ack);
	talk_hear_rst(t, WEIR_BACKEND, 4711);
	if (t->s->queue_at == t->s->n_queue)
		return 0;
	talk_take_syn(t);
	return 1;
}

/*
 * It does not go on for ever: three more local ports, then one more SYN from the last one. However many old
 * ACKs come, they end nothing (HC-63): it opens. A backend that answers nothing else is silent.
 */
static void hc13_for_ever(void)
{
	for (unsigned int opens = 0; opens < 2; opens++) {
		struct shell *s = shell_alone();
		unsigned int n = 0;
		struct talk t;

		talk_init(&t, s, SHELL_FULLNAT, 1);
		talk_syn(&t);
		talk_ack(&t);
		for (unsigned int i = 0; i < 100; i++)
			n += old_ack(&t);
		IS(n, 4);
		IS(talk_state(&t), WEIR_SYN_SENT);
		if (opens) {
			talk_works(&t);
		} else {
			shell_wait_ms(s, 2000);
			IS(talk_state(&t), WEIR_CLOSED);
		}
		shell_close(s);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-13 ACK of an old incarnation", hc13},
		{"HC-13 nat: the same pair again, once", hc13_nat_once},
		{"HC-13 not for ever", hc13_for_ever},
	};

	return unit_main("proxy old incarnation", tests, sizeof(tests) / sizeof(tests[0]));
}
