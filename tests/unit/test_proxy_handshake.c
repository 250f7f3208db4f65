// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: from SYN to a valid ACK. */
#include <string.h>

#include "modes.h"

/* A SYN that nobody will follow up, from anywhere. */
static struct segment spoofed_syn(unsigned int service, uint64_t *seed)
{
	uint64_t r = unit_random(seed);
	struct segment g = {.src = 0x01000000u + (uint32_t)(r % 0x7e000000u),
		.sport = (uint16_t)(1 + (r >> 40) % 65535),
		.dst = SHELL_VIP(service),
		.dport = SHELL_VIP_PORT,
		.seq = (uint32_t)unit_random(seed),
		.wnd = 1024,
		.flags = WEIR_TCP_SYN,
		.ttl = 50,
		.src_mac = {2, 0, 0, 0, 0, 7}};

	if (r & 1)
		segment_mss(&g, 1460);
	if (r & 2)
		segment_timestamps(&g, (uint32_t)r, 0);
	if (r & 4)
		segment_sack_ok(&g);
	return g;
}

static void flood(struct shell *s, unsigned int service, unsigned int n, uint64_t *seed)
{
	for (unsigned int i = 0; i < n; i++) {
		struct segment g = spoofed_syn(service, seed);
		uint8_t frame[SEGMENT_FRAME_MAX];
		size_t len = segment_frame(&g, frame);

		shell_put(s, frame, len, SHELL_CLIENTS);
		if (i % 50 == 49)
			shell_run(s);
	}
	shell_run(s);
}

static void stateless(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;
	uint64_t seed = 1, before;
	const struct shell_out *out;
	unsigned int n = 0;

	talk_init(&t, s, service, 1);
	talk_open(&t); /* there is something that could change */
	before = shell_memory_hash(s);
	flood(s, service, 5000, &seed);
	IS(shell_memory_hash(s), before);
	IS(shell_conns(s), 1);
	IS(shell_fates(s, WEIR_FATE_syn_cookie), 5001);
	for (; (out = shell_take(s)) != NULL; n++) {
		IS(out->port, SHELL_CLIENTS); /* the backends never hear of it */
		IS(out->seg.flags, WEIR_TCP_SYN | WEIR_TCP_ACK);
		CU_ASSERT_TRUE(out->len <= 54 + 4 + 12 + 4); /* MSS, and what was offered */
		CU_ASSERT_TRUE(out->seg.wscale == WEIR_WSCALE_NONE);
	}
	IS(n, 5000);
	talk_say(&t, WEIR_CLIENT, PSH, 100);
	shell_close(s);
}

static void hc01(void)
{
	each_mode(stateless);
}

/* As the cookie kept it, and held to the profile's. Without timestamps there are few bits. */
static uint16_t rounded_mss(uint16_t mss, bool ts)
{
	static const uint16_t kept[] = {1460, 1440, 1400, 1360, 1200, 536, 256};
	static const uint16_t plain[] = {1460, 1360, 1360, 1360, 536, 536, 256};
	unsigned int i = 0;

	while (i < 6 && kept[i] > mss)
		i++;
	return ts ? kept[i] : plain[i];
}

static struct talk_offer rounded(struct talk_offer o)
{
	if (o.ts || (o.sack && o.wscale != WEIR_WSCALE_NONE && o.wscale >= 6)) {
		o.wscale = o.ts || o.wscale < 8 || o.wscale == WEIR_WSCALE_NONE ? o.wscale : 8;
	} else {
		o.wscale = WEIR_WSCALE_NONE;
		o.sack = false;
	}
	return o;
}

static void options(unsigned int service)
{
	static const uint16_t mss[] = {0, 256, 535, 536, 1380, 1460, 9000};
	struct shell *s = shell_usual();
	unsigned int n = 0;

	for (unsigned int i = 0; i < 7 * 16 * 4; i++) {
		struct talk_offer o = {.mss = mss[i % 7],
			.wscale = (uint8_t)(i / 7 % 16),
			.sack = i / 112 & 1,
			.ts = i / 112 >> 1 & 1};
		struct talk t;

		if (o.wscale == 15)
			o.wscale = WEIR_WSCALE_NONE;
		talk_init(&t, s, service, n++);
		t.offer[WEIR_CLIENT] = o;
		o = rounded(o);
		talk_syn(&t);
		IS(t.promised.mss, 1460);
		IS(t.promised.wscale, o.wscale == WEIR_WSCALE_NONE ? WEIR_WSCALE_NONE : 7);
		IS(t.promised.sack, o.sack);
		IS(t.promised.ts, o.ts);
		talk_ack(&t);
		IS(t.asked.mss, rounded_mss(o.mss ? o.mss : 536, o.ts)); /* RFC 9293 §3.7.1 */
		IS(t.asked.sack, o.sack);
		IS(t.asked.ts, o.ts);
		IS(t.asked.wscale, o.wscale);
		if (n % 100 == 0)
			weir_proxy_reset_all(&s->workers[0].px, 1000, s->now_ns);
		shell_tick(s); /* the table is small: places of ended ones are had back */
		shell_clear(s);
	}
	shell_close(s);
}

/* Bursts full of SYNs, and of ACKs, probes and lies: to each its own, whoever stands beside it. */
static void bursts(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t[WEIR_BURST];
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct segment g;

	for (unsigned int i = 0; i < WEIR_BURST; i++) {
		talk_init(&t[i], s, service, i);
		g = talk_syn_segment(&t[i], WEIR_CLIENT);
		shell_put(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
	}
	shell_run(s);
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		talk_take_syn_ack(&t[i]);
	for (unsigned int i = 0; i < WEIR_BURST; i++) {
		g = talk_segment(&t[i], WEIR_CLIENT, ACK, 0);
		g.seq -= i % 3 == 1;
		g.ack += i % 3 == 2;
		shell_put(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
	}
	shell_run(s);
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		if (i % 3 != 2)
			talk_take_syn(&t[i]);
	talk_silence(&t[0]);
	IS(shell_fates(s, WEIR_FATE_handshake_ack), 43);
	IS(shell_fates(s, WEIR_FATE_bad_cookie), 21);
	for (unsigned int i = 0; i < WEIR_BURST; i++) {
		if (i % 3 == 2)
			talk_ack(&t[i]);
		talk_answer(&t[i]);
		talk_say(&t[i], WEIR_CLIENT, PSH, 10);
	}
	shell_close(s);
}

static void hc01_bursts(void)
{
	each_mode(bursts);
}

static void hc02(void)
{
	each_mode(options);
}

/* The server speaks first: no stall, with timestamps or without. talk_answer() looks at TSecr. */
static void server_first(unsigned int service)
{
	struct shell *s = shell_usual();

	for (unsigned int i = 0; i < 2; i++) {
		struct talk t;

		talk_init(&t, s, service, i);
		t.offer[WEIR_CLIENT].ts = i;
		t.offer[WEIR_BACKEND].ts = i;
		talk_syn(&t);
		shell_wait_ms(s, 40);
		talk_ack(&t);
		shell_wait_ms(s, 3);
		talk_answer(&t);
		talk_say(&t, WEIR_BACKEND, PSH, 41);
		shell_wait_ms(s, 1000);
		talk_say(&t, WEIR_CLIENT, ACK, 0);
		talk_say(&t, WEIR_CLIENT, PSH, 30);
		talk_say(&t, WEIR_BACKEND, PSH, 300);
		talk_silence(&t);
	}
	shell_close(s);
}

static void hc05(void)
{
	each_mode(server_first);
}

/* The final ACK was lost; this is what comes instead. */
struct late {
	uint8_t flags;
	uint16_t len;
	int16_t at; /* from where the client's first byte stands */
	bool kept;  /* it is something for the backend */
};

static void late_first(struct talk *t, const struct late *l)
{
	struct segment g = talk_segment(t, WEIR_CLIENT, l->flags, l->len);

	g.seq += (uint32_t)(int32_t)l->at;
	IS(talk_put(t, WEIR_CLIENT, &g),
		l->kept ? (unsigned int)WEIR_FATES : (unsigned int)WEIR_FATE_handshake_ack);
	talk_take_syn(t);
	talk_silence(t);
	if (!l->kept) {
		talk_answer(t);
	} else {
		struct segment a = talk_syn_segment(t, WEIR_BACKEND);

		t->next[WEIR_CLIENT] += l->len + ((l->flags & WEIR_TCP_FIN) != 0);
		IS(talk_put(t, WEIR_BACKEND, &a), WEIR_FATE_backend_syn_ack);
		talk_hear(t, WEIR_BACKEND, &g);
		IS(t->expect[WEIR_BACKEND],
			t->shown[WEIR_BACKEND] + 1 + l->len + ((l->flags & WEIR_TCP_FIN) != 0));
	}
	talk_silence(t);
	talk_say(t, WEIR_BACKEND, PSH, 77);
	if (!(l->flags & WEIR_TCP_FIN))
		talk_say(t, WEIR_CLIENT, PSH, 50);
}

static void client_first(unsigned int service)
{
	static const struct late lates[] = {
		{ACK, 1, 0, true}, /* data, or a zero-window probe with a byte */
		{PSH, 1460, 0, true}, {FIN, 0, 0, true}, {FIN, 100, 0, true}, {ACK, 0, 0, false},
		{ACK, 0, -1, false}, /* keep-alive, Linux' zero-window probe */
		{ACK, 1, -1, false}, /* keep-alive with a byte of garbage (RFC 9293 §3.8.4) */
	};
	struct shell *s = shell_usual();

	for (unsigned int i = 0; i < 2 * sizeof(lates) / sizeof(lates[0]); i++) {
		struct talk t;

		talk_init(&t, s, service, i);
		t.offer[WEIR_CLIENT].ts = t.offer[WEIR_BACKEND].ts = i & 1;
		talk_syn(&t);
		shell_wait_ms(s, 900);
		late_first(&t, &lates[i / 2]);
	}
	shell_close(s);
}

static void hc06(void)
{
	each_mode(client_first);
}

/* Neither says "I heard your SYN-ACK and accept it". */
static void hc06_never(void)
{
	struct shell *s = shell_usual();
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	g = talk_segment(&t, WEIR_CLIENT, RST | ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_stray_rst);
	g = talk_segment(&t, WEIR_CLIENT, WEIR_TCP_SYN | ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_stray_syn_ack);
	g = talk_segment(&t, WEIR_CLIENT, FIN, 0); /* one lower only what may be a probe */
	g.seq--;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_stray_fin);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 2);
	g.seq--;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_bad_cookie);
	talk_silence(&t);
	IS(shell_conns(s), 0);
	talk_ack(&t); /* what may, still does */
	shell_close(s);
}

/* The next frame is the SYN-ACK once more, the same in everything. */
static void again(struct talk *t)
{
	const struct shell_out *out = shell_take(t->s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->fate, WEIR_FATE_created);
	IS(out->send, WEIR_SEND_NEIGHBOUR);
	IS(memcmp(out->mac, t->mac, 6), 0);
	IS(out->seg.flags, WEIR_TCP_SYN | WEIR_TCP_ACK);
	IS(out->seg.seq, t->shown[WEIR_CLIENT]);
	IS(out->seg.ack, t->next[WEIR_CLIENT]);
	IS(out->seg.wnd, t->early_wnd);
	IS(out->seg.mss, t->promised.mss);
	IS(out->seg.wscale, t->promised.wscale);
	IS(out->seg.sack_ok, t->promised.sack);
	IS(out->seg.tsval, t->tsecr[WEIR_CLIENT]);
	IS(out->seg.tsecr, t->tsval[WEIR_CLIENT]);
	IS(weir_be32(out->seg.dst.w[3]), t->client);
	IS(weir_be16(out->seg.dport_be), t->port);
}

static void repeated(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	shell_wait_ms(s, 990);
	talk_silence(&t);
	shell_wait_ms(s, 20);
	again(&t);
	talk_silence(&t);
	shell_wait_ms(s, 1980);
	talk_silence(&t);
	shell_wait_ms(s, 20);
	again(&t);
	shell_wait_ms(s, 20000);
	talk_silence(&t);
	IS(shell_events(s, WEIR_EVENT_syn_ack_resent), 2);
	talk_ack(&t); /* and the answer to the last one is good */
	talk_answer(&t);
	talk_say(&t, WEIR_BACKEND, PSH, 20);

	talk_init(&t, s, service, 2); /* who has answered is not asked again */
	talk_open(&t);
	shell_wait_ms(s, 5000);
	talk_silence(&t);
	shell_close(s);
}

static void hc07(void)
{
	each_mode(repeated);
}

/* A flood that fills the ring within a second: it is silent, and the flood's cost stays at one to one. */
static void hc07_flood(void)
{
	struct shell *s = shell_usual();
	uint64_t seed = 7;

	for (unsigned int ms = 0; ms < 6000; ms += 8) {
		flood(s, SHELL_FULLNAT, 3, &seed); /* 375 a second, a ring of 256 */
		IS(shell_clear(s), 3);
		shell_wait_ms(s, 8);
		IS(shell_clear(s), 0);
	}
	IS(shell_events(s, WEIR_EVENT_syn_ack_resent), 0);
	shell_close(s);
}

/* Also where an old connection still stands on the tuple. */
static void repeated_over_old(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t, u;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	talk_close(&t, WEIR_CLIENT);
	shell_wait_ms(s, 4000);
	talk_init(&u, s, service, 1);
	u.isn[WEIR_CLIENT] += 100000;
	u.next[WEIR_CLIENT] += 100000;
	talk_syn(&u);
	shell_wait_ms(s, 1010);
	again(&u);
	talk_ack(&u);
	talk_answer(&u);
	shell_wait_ms(s, 5000);
	talk_silence(&u);
	shell_close(s);
}

static void hc07_over_old(void)
{
	each_mode(repeated_over_old);
}

/* The first data segment is lost: no byte is ever skipped. */
static void second_first(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment first, second, answer;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	first = talk_segment(&t, WEIR_CLIENT, ACK, 1000);
	t.next[WEIR_CLIENT] += 1000;
	second = talk_segment(&t, WEIR_CLIENT, PSH, 500);
	t.next[WEIR_CLIENT] += 500;
	for (unsigned int i = 0; i < 3; i++) {
		IS(talk_put(&t, WEIR_CLIENT, &second), WEIR_FATE_bad_cookie);
		talk_silence(&t); /* no RST, no SYN */
		shell_wait_ms(s, 300);
	}
	IS(shell_conns(s), 0);
	IS(talk_put(&t, WEIR_CLIENT, &first), WEIR_FATES);
	talk_take_syn(&t);
	IS(talk_put(&t, WEIR_CLIENT, &second), WEIR_FATES);
	answer = talk_syn_segment(&t, WEIR_BACKEND);
	IS(talk_put(&t, WEIR_BACKEND, &answer), WEIR_FATE_backend_syn_ack);
	talk_hear(&t, WEIR_BACKEND, &first);
	talk_hear(&t, WEIR_BACKEND, &second);
	IS(t.expect[WEIR_BACKEND], t.shown[WEIR_BACKEND] + 1501);
	talk_silence(&t);
	shell_close(s);
}

static void hc08(void)
{
	each_mode(second_first);
}

/* Who goes on in vain is told, by an RST that he accepts, as far as the budget reaches. */
static void hc08_patience(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct segment g;
	struct shell *s;
	struct talk t;
	unsigned int told = 0;

	p->limits.reply_budget = 5;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	t.expect[WEIR_CLIENT] = 0x12345678;
	g = talk_segment(&t, WEIR_CLIENT, PSH, 100);
	for (unsigned int i = 0; i < WEIR_GRACE_MS / 100 - 1; i++) {
		IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_bad_cookie);
		shell_wait_ms(s, 99);
	}
	talk_silence(&t);
	shell_wait_ms(s, 100 + 2 * WEIR_GRACE_UNIT_MS);
	for (unsigned int i = 0; i < 100; i++) {
		unsigned int fate = talk_put(&t, WEIR_CLIENT, &g);

		if (fate == WEIR_FATE_refused_stray) {
			talk_hear_rst(&t, WEIR_CLIENT, 0x12345678);
			told++;
		} else {
			IS(fate, WEIR_FATE_reply_budget);
		}
	}
	CU_ASSERT_TRUE(told >= 2 && told <= 7); /* a budget is another one each second */
	shell_close(s);
}

/* An old SYN comes late: its client denies it, and nobody else ever knew. */
static void old_duplicate(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment rst;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	rst = talk_segment(&t, WEIR_CLIENT, RST, 0);
	rst.seq = t.expect[WEIR_CLIENT]; /* RFC 9293 §3.10.7.1: at our ack */
	IS(talk_put(&t, WEIR_CLIENT, &rst), WEIR_FATE_stray_rst);
	talk_silence(&t);
	IS(shell_conns(s), 0);
	IS(shell_events(s, WEIR_EVENT_backend_syn_sent), 0);
	shell_close(s);
}

static void hc09(void)
{
	each_mode(old_duplicate);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-01 a SYN flood changes nothing", hc01},
		{"HC-01 whole bursts", hc01_bursts},
		{"HC-02 options survive the cookie", hc02},
		{"HC-05 server speaks first", hc05},
		{"HC-06 final ACK lost, client goes on", hc06},
		{"HC-06 what never completes a handshake", hc06_never},
		{"HC-07 SYN-ACK again after 1 s and 3 s", hc07},
		{"HC-07 silent in a flood", hc07_flood},
		{"HC-07 again over a connection that has ended", hc07_over_old},
		{"HC-08 second data segment first", hc08},
		{"HC-08 patience ends in RST, within the budget", hc08_patience},
		{"HC-09 delayed duplicate SYN", hc09},
	};

	return unit_main("proxy handshake", tests, sizeof(tests) / sizeof(tests[0]));
}
