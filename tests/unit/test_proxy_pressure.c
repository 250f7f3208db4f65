// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: early data when the pool for it runs short (HC-04). */
#include "early.h"

static struct shell *shell_squeezed(void)
{
	struct weir_policy *p = shell_policy(1, 2);

	p->limits.held_packets = 8;
	p->limits.syn_ack_ring = 0;
	return shell_open(p, SHELL_START_NS);
}

/* One packet in the pool for each of the clients from..to-1. */
static void fill(struct shell *s, struct talk *t, unsigned int from, unsigned int to)
{
	struct segment said;

	for (unsigned int i = from; i < to; i++) {
		early_begin(&t[i], s, SHELL_FULLNAT, 100 + i);
		IS(early_say(&t[i], PSH, 100, &said), WEIR_FATES);
	}
}

/* Those five are done: from here on only others are heard. */
static void finish(struct talk full[5])
{
	for (unsigned int i = 0; i < 5; i++) {
		early_answer(&full[i]);
		shell_clear(full[i].s);
		talk_say(&full[i], WEIR_CLIENT, PSH, 10);
	}
}

/* The update says what the backend takes, in the scale that was promised, at numbers that fit. */
static void hear_update(struct talk *t)
{
	const struct shell_out *out = shell_take(t->s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->port, SHELL_CLIENTS);
	IS(out->seg.flags, ACK);
	IS(out->seg.payload_len, 0);
	IS(out->seg.seq, t->expect[WEIR_CLIENT]);
	IS(out->seg.ack, t->next[WEIR_CLIENT]);
	IS(out->seg.wnd, 64240 >> 7);
	IS(weir_be32(out->seg.dst.w[3]), t->client);
	CU_ASSERT_TRUE(out->seg.ts_off != 0);
	IS(out->seg.tsval, t->tsecr[WEIR_CLIENT]);
	IS(out->seg.tsecr,
		t->tsval[WEIR_CLIENT] + (uint32_t)(SHELL_START_NS / 1000000 - t->began_ms));
}

/* Past half of the pool: window 0, opened later, and said so until the client speaks. */
static void squeezed(void)
{
	struct shell *s = shell_squeezed();
	struct talk full[5], t;

	fill(s, full, 0, 4);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	IS(t.early_wnd, 14600);
	fill(s, full, 4, 5);
	talk_init(&t, s, SHELL_FULLNAT, 2);
	talk_syn(&t);
	IS(t.early_wnd, 0);
	IS(shell_events(s, WEIR_EVENT_window_closed), 1);
	talk_ack(&t);
	early_answer(&t);
	shell_take(s); /* our ACK */
	hear_update(&t);
	talk_silence(&t);
	finish(full);
	shell_wait_ms(s, 190);
	talk_silence(&t);
	shell_wait_ms(s, 20);
	hear_update(&t);
	shell_wait_ms(s, 410);
	hear_update(&t);
	talk_silence(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 400); /* it has heard us */
	shell_wait_ms(s, 20000);
	talk_silence(&t);
	IS(shell_events(s, WEIR_EVENT_window_update), 3);
	talk_say(&t, WEIR_BACKEND, PSH, 400);
	shell_close(s);
}

/* A client that never speaks is not told for ever; the connection goes on as any other. */
static void squeezed_silent(void)
{
	struct shell *s = shell_squeezed();
	struct talk full[5], t;
	unsigned int n;

	fill(s, full, 0, 5);
	talk_init(&t, s, SHELL_FULLNAT, 2);
	talk_syn(&t);
	finish(full);
	talk_ack(&t);
	shell_wait_ms(s,
		210); /* a SYN of ours was lost: the updates are counted from 0 all the same */
	early_answer(&t);
	shell_clear(s);
	shell_wait_ms(s, 60000);
	n = shell_clear(s);
	IS(n, 5);
	IS(talk_state(&t), WEIR_ESTABLISHED);
	talk_say(&t, WEIR_BACKEND, PSH, 40);
	talk_say(&t, WEIR_CLIENT, PSH, 40);
	shell_close(s);
}

/* What the backend says meanwhile does not put the updates off: the client may not have room for it. */
static void squeezed_backend(void)
{
	struct shell *s = shell_squeezed();
	struct talk full[5], t;

	fill(s, full, 0, 5);
	talk_init(&t, s, SHELL_FULLNAT, 2);
	talk_syn(&t);
	finish(full);
	talk_ack(&t);
	early_answer(&t);
	shell_clear(s);
	shell_wait_ms(s, 150);
	talk_say(&t, WEIR_BACKEND, PSH, 10);
	shell_wait_ms(s, 60);
	IS(shell_clear(s), 1);
	IS(shell_events(s, WEIR_EVENT_window_update), 2);
	shell_close(s);
}

/* The backend closes before the client has spoken: what it sends tells the window by itself. */
static void squeezed_fin(void)
{
	struct shell *s = shell_squeezed();
	struct talk full[5], t;
	struct segment fin;

	fill(s, full, 0, 5);
	talk_init(&t, s, SHELL_FULLNAT, 2);
	talk_syn(&t);
	finish(full);
	talk_ack(&t);
	early_answer(&t);
	shell_clear(s);
	fin = talk_segment(&t, WEIR_BACKEND, FIN, 100);
	talk_say(&t, WEIR_BACKEND, FIN, 100);
	IS(talk_put(&t, WEIR_BACKEND, &fin), WEIR_FATE_to_client);
	talk_hear(&t, WEIR_CLIENT, &fin);
	s->tick_ms = 100;
	shell_wait_ms(s, 59000);
	talk_silence(&t);
	shell_wait_ms(s, 2000); /* and as any other it ends when nobody goes on */
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
	talk_silence(&t);
	shell_close(s);
}

/* RFC 5961 §3.2: a RST near the right place; the window of the challenge. */
static unsigned int challenged_window(struct talk *t)
{
	struct segment g = talk_segment(t, WEIR_CLIENT, WEIR_TCP_RST, 0);
	const struct shell_out *out;

	g.seq += 9;
	IS(talk_put(t, WEIR_CLIENT, &g), WEIR_FATE_challenged);
	out = shell_take(t->s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	return out->seg.wnd;
}

/* HC-22: a challenge does not open what is to stay closed. */
static void squeezed_challenge(void)
{
	struct shell *s = shell_squeezed();
	struct talk full[5], t;

	fill(s, full, 0, 5);
	talk_init(&t, s, SHELL_FULLNAT, 2);
	talk_syn(&t);
	IS(t.early_wnd, 0);
	talk_ack(&t);
	IS(challenged_window(&t), 0);
	shell_close(s);
}

/* Nor does it close what is open: in the largest scale 14600 bytes are less than one. */
static void scaled_challenge(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;
	struct talk t;

	p->services[SHELL_FULLNAT].profile.wscale = 14;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	IS(challenged_window(&t), 1);
	shell_close(s);
}

/* The service's share is used up: the packet is dropped by that name, the connection is not. */
static void pool_full(void)
{
	struct shell *s = shell_squeezed();
	struct talk full[6], t;
	struct segment said;

	for (unsigned int i = 0; i < 6; i++) {
		talk_init(&full[i], s, SHELL_FULLNAT, 100 + i);
		talk_syn(&full[i]);
	}
	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	for (unsigned int i = 0; i < 6; i++) {
		IS(early_say(&full[i], PSH, 100, &said), WEIR_FATES);
		talk_take_syn(&full[i]);
	}
	IS(early_say(&t, PSH, 100, &said), WEIR_FATE_early_limit);
	talk_take_syn(&t);
	early_answer(&t);
	shell_clear(s);
	IS(talk_put(&t, WEIR_CLIENT, &said), WEIR_FATE_to_backend);
	talk_hear(&t, WEIR_BACKEND, &said);
	shell_close(s);
}

/*
 * HC-65: one service's clients fill what it may have, window 0 or not. Its newcomers are told window 0;
 * those of the other service are not, are not told of windows that they know, and what they say early is
 * held.
 */
static void shares(void)
{
	struct shell *s = shell_squeezed();
	struct talk full[6], own, other;
	struct segment said;

	for (unsigned int i = 0; i < 6; i++) {
		talk_init(&full[i], s, SHELL_FULLNAT, 100 + i);
		talk_syn(&full[i]);
	}
	for (unsigned int i = 0; i < 6; i++) {
		IS(early_say(&full[i], PSH, 100, &said), WEIR_FATES);
		talk_take_syn(&full[i]);
	}
	talk_init(&own, s, SHELL_FULLNAT, 1);
	talk_syn(&own);
	IS(own.early_wnd, 0);
	talk_init(&other, s, SHELL_NAT, 2);
	talk_syn(&other);
	IS(other.early_wnd, 14600);
	IS(early_say(&other, PSH, 100, &said), WEIR_FATES);
	talk_take_syn(&other);
	early_answer(&other);
	talk_hear(&other, WEIR_BACKEND, &said);
	talk_silence(&other);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-04 half of the pool: window 0, opened until it is heard", squeezed},
		{"HC-04 window 0 and a client that never speaks", squeezed_silent},
		{"HC-04 window 0 and a backend that speaks", squeezed_backend},
		{"HC-04 window 0 and a backend that closes", squeezed_fin},
		{"HC-22 a challenge keeps the window shut", squeezed_challenge},
		{"HC-22 a challenge keeps the window open", scaled_challenge},
		{"HC-04 the share of the pool is used up", pool_full},
		{"HC-65 a silent backend's clients leave others their share", shares},
	};

	return unit_main("proxy pressure", tests, sizeof(tests) / sizeof(tests[0]));
}
