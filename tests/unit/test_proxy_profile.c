// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: what is promised to the client, and what the backend then has of it (HC-03). */
#include "modes.h"

/* What the service lacks is not promised, and not asked for. */
static void profile(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;
	struct talk t;

	p->services[service].profile = (struct weir_profile){.mss = 1380, .wscale = 3};
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, service, 1);
	talk_syn(&t);
	IS(t.promised.mss, 1380);
	IS(t.promised.wscale, WEIR_WSCALE_NONE); /* without timestamps and SACK */
	CU_ASSERT_FALSE(t.promised.sack);
	CU_ASSERT_FALSE(t.promised.ts);
	CU_ASSERT_FALSE(t.promised.ecn);
	talk_ack(&t);
	CU_ASSERT_FALSE(t.asked.sack);
	CU_ASSERT_FALSE(t.asked.ts);
	t.offer[WEIR_BACKEND].ts = t.offer[WEIR_BACKEND].sack = false;
	talk_answer(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 10);
	talk_say(&t, WEIR_BACKEND, PSH, 10);
	shell_close(s);
}

static void hc03_profile(void)
{
	each_mode(profile);
}

/* Promised and not there: timestamps cannot be taken back. */
static void no_timestamps(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment g;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	t.offer[WEIR_BACKEND].ts = false;
	g = talk_syn_segment(&t, WEIR_BACKEND);
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_timestamps);
	talk_hear_rst(&t, WEIR_BACKEND, g.ack);
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	talk_silence(&t);
	IS(talk_state(&t), WEIR_CLOSED);
	/* the next client is not promised them, whoever answers */
	talk_init(&t, s, service, 2);
	talk_syn(&t);
	CU_ASSERT_FALSE(t.promised.ts);
	t.offer[WEIR_BACKEND].ts = false;
	talk_ack(&t);
	talk_answer(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 100);
	talk_say(&t, WEIR_BACKEND, PSH, 100);
	shell_close(s);
}

static void hc03_timestamps(void)
{
	each_mode(no_timestamps);
}

/* SACK can be: the backend never sees a block. The scale can be: the window is shown in another. */
static void other_options(unsigned int service)
{
	struct shell *s = shell_usual();
	const struct shell_out *out;
	struct segment g;
	struct talk t;
	uint32_t edges[2];

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	CU_ASSERT_TRUE(t.promised.sack);
	IS(t.promised.wscale, 7);
	talk_ack(&t);
	t.offer[WEIR_BACKEND].sack = false;
	t.offer[WEIR_BACKEND].wscale = 3;
	t.wnd[WEIR_BACKEND] = 1001;
	talk_answer(&t);
	talk_say(&t, WEIR_BACKEND, PSH, 1400);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	edges[0] = g.ack + 100;
	edges[1] = g.ack + 200;
	segment_sack(&g, edges, 1);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->seg.sack_blocks, 0);
	IS(out->seg.wnd, 502); /* the client's own scale is the backend's business as it is */
	IS(shell_events(s, WEIR_EVENT_sack_stripped), 1);
	g = talk_segment(&t, WEIR_BACKEND, ACK, 0);
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_to_client);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->seg.wnd, (1001 << 3) >> 7);
	shell_close(s);
}

static void hc03_others(void)
{
	each_mode(other_options);
}

/* Whoever offers a scale that answers none gets none (RFC 7323 §1.3). */
static void no_scale(unsigned int service)
{
	struct shell *s = shell_usual();
	const struct shell_out *out;
	struct segment g;

	for (unsigned int i = 0; i < 2; i++) { /* the client offers none; the backend offers none */
		struct talk t;

		talk_init(&t, s, service, i);
		t.offer[i ? WEIR_BACKEND : WEIR_CLIENT].wscale = WEIR_WSCALE_NONE;
		t.wnd[WEIR_CLIENT] = 700;
		t.wnd[WEIR_BACKEND] = 800;
		talk_open(&t);
		g = talk_segment(&t, WEIR_BACKEND, ACK, 0);
		IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_to_client);
		out = shell_take(s);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		IS(out->seg.wnd, i ? 800 >> 7 : 800);
		g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
		IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
		out = shell_take(s);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		IS(out->seg.wnd, i ? 65535 : 700); /* 700 << 7 is more than fits */
	}
	shell_close(s);
}

static void hc03_no_scale(void)
{
	each_mode(no_scale);
}

/* What the client takes is what the backend is told: unscaled in the SYN, scaled after it. */
static void client_window(unsigned int service)
{
	static const struct {
		uint16_t wnd;
		uint8_t client, backend; /* scales */
		uint16_t asked, ack;
	} cases[] = {
		{502, 7, 7, 502 << 7, 502},
		{60000, 9, 7, 65535, 60000},
		{60000, 9, WEIR_WSCALE_NONE, 65535, 65535},
		{100, 3, WEIR_WSCALE_NONE, 800, 800},
		{60000, WEIR_WSCALE_NONE, WEIR_WSCALE_NONE, 60000, 60000},
		{0, 7, 7, 0, 0},
	};
	struct shell *s = shell_usual();

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct talk t;

		talk_init(&t, s, service, i);
		t.wnd[WEIR_CLIENT] = cases[i].wnd;
		t.offer[WEIR_CLIENT].wscale = cases[i].client;
		t.offer[WEIR_BACKEND].wscale = cases[i].backend;
		talk_open(&t);
		IS(t.asked_wnd, cases[i].asked);
		IS(t.ack_wnd, cases[i].ack);
	}
	shell_close(s);
}

static void hc03_window(void)
{
	each_mode(client_window);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-03 only what the service has is promised", hc03_profile},
		{"HC-03 a backend without timestamps", hc03_timestamps},
		{"HC-03 a backend without SACK, with another scale", hc03_others},
		{"HC-03 no scale on one side", hc03_no_scale},
		{"HC-03 the client's window, as the backend is told it", hc03_window},
	};

	return unit_main("proxy profile", tests, sizeof(tests) / sizeof(tests[0]));
}
