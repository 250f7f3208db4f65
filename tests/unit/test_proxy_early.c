// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: what the client says before the backend has answered (HC-04). */
#include "early.h"

#define MSS 1460

/* As much as was announced, FIN included: all of it, in order, and nothing else. */
static void whole_window(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment said[11];
	struct talk t;

	early_begin(&t, s, service, 1);
	IS(t.early_wnd, 14600); /* bytes: a SYN-ACK's window is not scaled */
	for (unsigned int i = 0; i < 10; i++)
		IS(early_say(&t, ACK, MSS, &said[i]), WEIR_FATES);
	IS(early_say(&t, FIN, 0, &said[10]), WEIR_FATES);
	talk_silence(&t);
	IS(s->workers[0].px.held.count, 11);
	shell_wait_ms(s, 150);
	early_answer(&t);
	for (unsigned int i = 0; i < 11; i++)
		talk_hear(&t, WEIR_BACKEND, &said[i]);
	talk_silence(&t); /* the first of them is the third step: no ACK besides */
	IS(t.expect[WEIR_BACKEND], t.shown[WEIR_BACKEND] + 1 + 14600 + 1);
	IS(talk_state(&t), WEIR_FIN_WAIT_1);
	IS(s->workers[0].px.held.count, 0);
	talk_say(&t, WEIR_BACKEND, ACK, 0);
	IS(talk_state(&t), WEIR_FIN_WAIT_2);
	shell_close(s);
}

static void hc04_whole(void)
{
	each_mode(whole_window);
}

/* The packets are fewer than the bytes would be: the window says so, and what fits it is held. */
static void small_segments(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct segment said[16];
	struct shell *s;
	struct talk t;

	p->services[SHELL_NAT].profile.mss = 536;
	s = shell_open(p, SHELL_START_NS);
	early_begin(&t, s, SHELL_NAT, 1);
	IS(t.early_wnd, 16 * 524); /* timestamps take 12 of 536 */
	for (unsigned int i = 0; i < 16; i++)
		IS(early_say(&t, ACK, 524, &said[i]), WEIR_FATES);
	early_answer(&t);
	for (unsigned int i = 0; i < 16; i++)
		talk_hear(&t, WEIR_BACKEND, &said[i]);
	shell_close(s);
}

/* Beyond the window, too many packets, too many bytes: dropped, and repeated they pass. */
static void limits(void)
{
	struct shell *s = shell_usual();
	struct segment said[17], g;
	struct talk t;

	early_begin(&t, s, SHELL_FULLNAT, 1);
	g = talk_segment(&t, WEIR_CLIENT, ACK, MSS);
	g.seq += 14600 - MSS + 1;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_out_of_window);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 1);
	g.seq -= 2;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_out_of_window);
	g = talk_segment(&t, WEIR_CLIENT, ACK, MSS);
	g.ack++;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_bad_ack);
	for (unsigned int i = 0; i < 16; i++)
		IS(early_say(&t, PSH, 10, &said[i]), WEIR_FATES);
	IS(early_say(&t, PSH, 10, &said[16]), WEIR_FATE_early_limit);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_duplicate_ack);
	talk_silence(&t);
	early_answer(&t);
	for (unsigned int i = 0; i < 16; i++)
		talk_hear(&t, WEIR_BACKEND, &said[i]);
	IS(talk_put(&t, WEIR_CLIENT, &said[16]), WEIR_FATE_to_backend);
	talk_hear(&t, WEIR_BACKEND, &said[16]);
	IS(t.expect[WEIR_BACKEND], t.shown[WEIR_BACKEND] + 171);

	early_begin(&t, s, SHELL_FULLNAT,
		2); /* the same bytes again: held once; others of the same place */
	g = talk_segment(&t, WEIR_CLIENT, PSH, MSS);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATES);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_early_again);
	for (unsigned int i = 1; i < 10; i++) {
		g.payload_len--;
		IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATES);
	}
	g.payload_len = 46; /* 14555 are held, of 14600 */
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_early_limit);
	g.payload_len = 45;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATES);
	shell_close(s);
}

/* The backend takes less than was announced: no more than that goes out; the rest is repeated. */
static void small_backend(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment said[4], g;
	struct talk t;

	early_begin(&t, s, service, 1);
	for (unsigned int i = 0; i < 4; i++)
		IS(early_say(&t, ACK, 1000, &said[i]), WEIR_FATES);
	g = talk_syn_segment(&t, WEIR_BACKEND);
	g.wnd = 2000;
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_syn_ack);
	for (unsigned int i = 0; i < 3; i++) /* the third begins at the edge, as a probe may */
		talk_hear(&t, WEIR_BACKEND, &said[i]);
	talk_silence(&t);
	IS(shell_fates(s, WEIR_FATE_out_of_window), 1);
	talk_say(&t, WEIR_BACKEND, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &said[3]), WEIR_FATE_to_backend);
	talk_hear(&t, WEIR_BACKEND, &said[3]);
	IS(t.expect[WEIR_BACKEND], t.shown[WEIR_BACKEND] + 4001);
	shell_close(s);
}

static void hc04_small(void)
{
	each_mode(small_backend);
}

/* Nothing of what is held fits: the third step is our own. */
static void none_fits(unsigned int service)
{
	struct shell *s = shell_usual();
	const struct shell_out *out;
	struct segment second, g;
	struct talk t;

	early_begin(&t, s, service, 1);
	second = talk_segment(&t, WEIR_CLIENT, ACK, 1000);
	second.seq += 1000;
	second.offset += 1000;
	IS(talk_put(&t, WEIR_CLIENT, &second), WEIR_FATES);
	g = talk_syn_segment(&t, WEIR_BACKEND);
	g.wnd = 500;
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_syn_ack);
	IS(shell_fates(s, WEIR_FATE_out_of_window), 1);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->port, SHELL_BACKENDS);
	IS(out->seg.flags, ACK);
	IS(out->seg.seq, t.expect[WEIR_BACKEND]);
	talk_silence(&t);
	shell_close(s);
}

static void hc04_none_fits(void)
{
	each_mode(none_fits);
}

/*
 * The server speaks first, more than an old-fashioned window, and then again from the beginning. The
 * client's window is that of its last ACK before the backend answered, never less than before.
 */
static void large_window(unsigned int service)
{
	for (unsigned int later = 0; later < 2; later++) {
		struct shell *s = shell_usual();
		struct segment first, g;
		struct talk t;

		talk_init(&t, s, service, 1);
		t.wnd[WEIR_CLIENT] = later ? 10 : 65535;
		talk_syn(&t);
		talk_ack(&t);
		for (unsigned int i = 0; later && i < 2; i++) {
			t.wnd[WEIR_CLIENT] = i ? 5 : 65535;
			g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
			IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_duplicate_ack);
		}
		talk_answer(&t);
		IS(t.ack_wnd, 65535);
		first = talk_segment(&t, WEIR_BACKEND, PSH, 1400);
		for (unsigned int i = 0; i < 200; i++)
			talk_say(&t, WEIR_BACKEND, PSH, 1400);
		IS(talk_put(&t, WEIR_BACKEND, &first), WEIR_FATE_to_client);
		talk_hear(&t, WEIR_CLIENT, &first);
		shell_close(s);
	}
}

static void hc05_large_window(void)
{
	each_mode(large_window);
}

/* What is held moves along to another backend. */
static void moved(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment said, refusal;
	struct talk t;

	early_begin(&t, s, service, 1);
	IS(early_say(&t, PSH, 700, &said), WEIR_FATES);
	refusal = talk_segment(&t, WEIR_BACKEND, RST | ACK, 0);
	IS(talk_put(&t, WEIR_BACKEND, &refusal), WEIR_FATE_backend_refused);
	talk_take_syn(&t);
	early_answer(&t);
	talk_hear(&t, WEIR_BACKEND, &said);
	talk_silence(&t);
	talk_say(&t, WEIR_BACKEND, PSH, 100);
	shell_close(s);
}

static void hc04_moved(void)
{
	each_mode(moved);
}

/* The client gives up: its RST is believed where it may stand, and the backend hears of it. */
static void given_up(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment said, rst;
	struct talk t;

	early_begin(&t, s, service, 1);
	IS(early_say(&t, PSH, 700, &said), WEIR_FATES);
	rst = talk_segment(&t, WEIR_CLIENT, RST, 0);
	rst.seq -= 701;
	IS(talk_put(&t, WEIR_CLIENT, &rst), WEIR_FATE_out_of_window);
	rst.seq += 701 + 20000;
	IS(talk_put(&t, WEIR_CLIENT, &rst), WEIR_FATE_out_of_window);
	talk_silence(&t);
	rst.seq -= 20000;
	IS(talk_put(&t, WEIR_CLIENT, &rst), WEIR_FATE_client_abort);
	talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
	talk_silence(&t);
	IS(talk_state(&t), WEIR_CLOSED);
	IS(shell_fates(s, WEIR_FATE_early_gone), 1);
	shell_close(s);
}

static void hc04_given_up(void)
{
	each_mode(given_up);
}

/* No extra round trip: data right behind the ACK, in one burst with it. */
static void one_burst(unsigned int service)
{
	struct shell *s = shell_usual();
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct segment ack, data, g;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	ack = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	data = talk_segment(&t, WEIR_CLIENT, PSH, 300);
	shell_put(s, frame, segment_frame(&ack, frame), SHELL_CLIENTS);
	shell_put(s, frame, segment_frame(&data, frame), SHELL_CLIENTS);
	shell_put(s, frame, segment_frame(&data, frame), SHELL_CLIENTS);
	shell_run(s);
	IS(shell_fates(s, WEIR_FATE_handshake_ack), 1);
	IS(shell_fates(s, WEIR_FATE_early_again), 1);
	IS(s->workers[0].px.held.count, 1);
	talk_take_syn(&t);
	talk_silence(&t);
	g = talk_syn_segment(&t, WEIR_BACKEND);
	shell_put(s, frame, segment_frame(&g, frame), SHELL_BACKENDS);
	shell_put(s, frame, segment_frame(&data, frame), SHELL_CLIENTS);
	shell_run(s);
	for (unsigned int i = 0; i < 2; i++) /* one was held, one came behind the answer */
		talk_hear(&t, WEIR_BACKEND, &data);
	talk_silence(&t);
	shell_close(s);
}

static void hc04_burst(void)
{
	each_mode(one_burst);
}

/* Its RST, `off` beyond where it began; returns the fate. */
static unsigned int reset(struct talk *t, uint32_t off)
{
	struct segment g = talk_segment(t, WEIR_CLIENT, WEIR_TCP_RST, 0);

	g.seq = t->isn[WEIR_CLIENT] + 1 + off;
	return talk_put(t, WEIR_CLIENT, &g);
}

static void hear_challenge(struct talk *t)
{
	const struct shell_out *out = shell_take(t->s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(weir_be32(out->seg.dst.w[3]), t->client);
	IS(weir_be16(out->seg.dport_be), t->port);
	IS(out->seg.flags, ACK);
	IS(out->seg.seq, t->expect[WEIR_CLIENT]);
	IS(out->seg.ack, t->isn[WEIR_CLIENT] + 1); /* nothing that is held */
	IS(out->seg.wnd, 14600 >> 7);
	IS(out->seg.payload_len, 0);
	IS(out->seg.opt_len, t->offer[WEIR_CLIENT].ts ? 12 : 0);
}

/* RFC 5961 §3.2: exact is its beginning, and each end of what is held. */
static void resets(unsigned int service)
{
	static const struct {
		uint32_t off;
		unsigned int fate;
	} at[] = {
		{UINT32_MAX, WEIR_FATE_out_of_window},
		{14601, WEIR_FATE_out_of_window},
		{0x80000000, WEIR_FATE_out_of_window},
		{1, WEIR_FATE_challenged},
		{699, WEIR_FATE_challenged},
		{701, WEIR_FATE_challenged},
		{1400, WEIR_FATE_challenged}, /* the FIN stands there */
		{14600, WEIR_FATE_challenged},
		{0, WEIR_FATE_client_abort},
		{700, WEIR_FATE_challenged}, /* data follows */
		{1401, WEIR_FATE_client_abort},
	};
	struct segment said;
	struct talk t;

	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct shell *s = shell_usual();
		bool over = at[i].fate == WEIR_FATE_client_abort;

		early_begin(&t, s, service, 1);
		IS(early_say(&t, PSH, 700, &said), WEIR_FATES);
		IS(early_say(&t, FIN, 700, &said), WEIR_FATES);
		IS(reset(&t, at[i].off), at[i].fate);
		if (at[i].fate == WEIR_FATE_challenged)
			hear_challenge(&t);
		if (over)
			talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
		talk_silence(&t);
		IS(talk_state(&t), over ? WEIR_CLOSED : WEIR_SYN_SENT);
		IS(s->workers[0].px.held.count, over ? 0 : 2);
		shell_close(s);
	}
}

static void hc22_resets(void)
{
	each_mode(resets);
}

/* Challenges are replies: within their budget (RFC 5961 §5). */
static void challenges(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;
	struct talk t[3];

	p->limits.reply_budget = 2;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int i = 0; i < 3; i++) {
		talk_init(&t[i], s, SHELL_FULLNAT, i);
		t[i].offer[WEIR_CLIENT].ts = false;
		talk_syn(&t[i]);
		talk_ack(&t[i]);
		IS(reset(&t[i], 9), i < 2 ? WEIR_FATE_challenged : WEIR_FATE_reply_budget);
		if (i == 2)
			break;
		hear_challenge(&t[i]);
		IS(reset(&t[i], 9), WEIR_FATE_challenge_limit);
	}
	talk_silence(&t[2]);
	IS(reset(&t[2], 0), WEIR_FATE_client_abort);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-04 a whole window, in order", hc04_whole},
		{"HC-04 a service of small segments", small_segments},
		{"HC-04 limits of bytes and packets", limits},
		{"HC-04 a backend with a smaller window", hc04_small},
		{"HC-04 a backend whose window fits nothing", hc04_none_fits},
		{"HC-05 a server that speaks first and a lot", hc05_large_window},
		{"HC-04 held through a change of backend", hc04_moved},
		{"HC-04 the client gives up", hc04_given_up},
		{"HC-22 RSTs before the backend answers", hc22_resets},
		{"HC-22 no more challenges than the budget", challenges},
		{"HC-04 ACK, data, answer in one burst", hc04_burst},
	};

	return unit_main("proxy early", tests, sizeof(tests) / sizeof(tests[0]));
}
