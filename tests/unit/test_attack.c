// SPDX-License-Identifier: BSD-3-Clause
/* The proxy under attack, and under what looks like it: each case once broke something. */
#include <string.h>

#include "modes.h"

/*
 * HC-13, HC-24: a client begins anew in the midst of a download. By nat its new SYN goes out from the
 * same port, and meets what the backend still had under way: dozens of segments, all of the old one.
 */
static void hc13_under_way(void)
{
	struct shell *s = shell_alone();
	struct segment old[24], g;
	struct talk t, before;

	talk_init(&t, s, SHELL_NAT, 1);
	talk_open(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 100);
	talk_say(&t, WEIR_BACKEND, PSH, 1000);
	for (unsigned int i = 0; i < 24; i++) {
		old[i] = talk_segment(&t, WEIR_BACKEND, PSH, 1000);
		t.next[WEIR_BACKEND] += 1000;
	}
	talk_abort(&t, WEIR_CLIENT);
	before = t;
	t.isn[WEIR_CLIENT] += 500000000;
	t.isn[WEIR_BACKEND] += 77777;
	t.next[WEIR_CLIENT] = t.isn[WEIR_CLIENT] + 1;
	t.next[WEIR_BACKEND] = t.isn[WEIR_BACKEND] + 1;
	talk_syn(&t);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_handshake_ack);
	IS(shell_events(s, WEIR_EVENT_conn_replaced), 1);
	talk_hear_rst(&before, WEIR_BACKEND, old[0].ack);
	talk_take_syn(&t);
	for (unsigned int i = 0; i < 24; i++) {
		IS(talk_put(&t, WEIR_BACKEND, &old[i]), WEIR_FATE_backend_old_ack);
		IS(talk_state(&t), WEIR_SYN_SENT);
	}
	CU_ASSERT_TRUE(shell_clear(s) <= 26); /* an RST each, and not a SYN each */
	talk_answer(&t);
	talk_silence(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 100);
	talk_say(&t, WEIR_BACKEND, PSH, 1000);
	shell_close(s);
}

/*
 * HC-05: nothing of what was held may go on, so nothing of it is the third step: the backend, which
 * may be the one to speak first, must not wait for it until it repeats its SYN-ACK.
 */
static void hc05_held_in_vain(void)
{
	struct shell *s = shell_alone();
	struct talk t;
	struct segment g;
	const struct shell_out *out;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	g = talk_segment(&t, WEIR_CLIENT, PSH, 500); /* a later one: the first was lost */
	g.seq += 5000;
	g.offset += 5000;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATES);
	g = talk_syn_segment(&t, WEIR_BACKEND);
	g.wnd = 2000; /* and the backend has no room for it */
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_syn_ack);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->seg.flags, ACK);
	IS(out->seg.seq, t.expect[WEIR_BACKEND]);
	IS(out->seg.ack, t.isn[WEIR_BACKEND] + 1);
	talk_silence(&t);
	shell_close(s);
}

/* A client that opens its window while the backend has not answered: the backend must come to know. */
static void hc04_client_opens(void)
{
	struct shell *s = shell_alone();
	const struct shell_out *out;
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	t.wnd[WEIR_CLIENT] = 0;
	talk_syn(&t);
	talk_ack(&t);
	t.wnd[WEIR_CLIENT] = 400;
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_duplicate_ack);
	t.wnd[WEIR_CLIENT] = 300; /* what comes late takes nothing back */
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_duplicate_ack);
	g = talk_syn_segment(&t, WEIR_BACKEND);
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_syn_ack);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->seg.wnd, 400);
	talk_say(&t, WEIR_BACKEND, PSH, 1400);
	shell_close(s);
}

/* Pings and segments to closed ports cost nobody the RST for his connection. */
static void hc42_budget(void)
{
	struct shell *s = shell_alone();
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_open(&t);
	g = talk_segment(&t, WEIR_CLIENT, RST, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
	shell_wait_ms(s, 6000); /* the RST is pending for 5 s */
	IS(talk_state(&t), WEIR_CLOSED);
	for (unsigned int i = 0; i < 2000; i++)
		shell_in(s, frame, segment_ping(0xcb007105, SHELL_VIP(0), frame), SHELL_CLIENTS);
	CU_ASSERT_TRUE(shell_fates(s, WEIR_FATE_reply_budget) > 0);
	shell_clear(s);
	g = talk_segment(&t, WEIR_BACKEND, PSH, 100);
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_refused_closed);
	g.dport++; /* one that we do not know */
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_refused_stray);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-13 what was under way of the old one (nat)", hc13_under_way},
		{"HC-05 held in vain", hc05_held_in_vain},
		{"HC-04 the client opens its window early", hc04_client_opens},
		{"HC-42 unknown tuples do not use up the RSTs for connections", hc42_budget},
	};

	return unit_main("attack", tests, sizeof(tests) / sizeof(tests[0]));
}
