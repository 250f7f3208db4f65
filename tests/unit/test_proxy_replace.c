// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: a client that begins anew on its tuple, next to what it left behind. */
#include "modes.h"
#include "tcp/cookie.h"

/* An open connection, of which so many bytes came from the backend; ended by that side's RST. */
static void reset_after(struct talk *t, struct shell *s, unsigned int service, unsigned int bytes,
	enum weir_side side)
{
	struct segment rst;

	talk_init(t, s, service, 1);
	t->offer[WEIR_CLIENT].ts = false;
	talk_open(t);
	for (; bytes > 0; bytes -= 1000) {
		talk_say(t, WEIR_BACKEND, PSH, 1000);
		talk_say(t, WEIR_CLIENT, ACK, 0);
	}
	rst = talk_segment(t, side, WEIR_TCP_RST, 0);
	IS(talk_put(t, side, &rst),
		side == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
	shell_clear(s);
}

/* HC-08 over what has ended: the second segment of a new beginning is first; it is not told "RST". */
static void overtaken(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment first, second;
	struct talk t, u;

	reset_after(&t, s, service, 0, WEIR_BACKEND);
	shell_wait_ms(s, 5100);
	IS(talk_state(&t), WEIR_CLOSED);
	talk_begin_anew(&u, &t, 3000000);
	talk_syn(&u);
	first = talk_segment(&u, WEIR_CLIENT, ACK, 1000);
	second = first;
	second.seq += 1000;
	second.offset += 1000;
	IS(talk_put(&u, WEIR_CLIENT, &second), WEIR_FATE_bad_cookie);
	talk_silence(&u);
	IS(talk_put(&u, WEIR_CLIENT, &first), WEIR_FATES);
	talk_take_syn(&u);
	shell_close(s);
}

static void hc08_overtaken(void)
{
	each_mode(overtaken);
}

/*
 * What is added to t's ISN so that a new beginning fits into the old connection: its ISN is in the
 * window, its cookie among what the backend has sent.
 */
static uint32_t near_beginning(const struct talk *t, uint32_t sent)
{
	struct weir_seg syn = {.dport_be = weir_be16(SHELL_VIP_PORT)};
	struct weir_agreed agreed = {.mss_index = 6, .wscale = 7, .sack = true};

	syn.src = weir_addr_v4(weir_be32(t->client));
	syn.dst = weir_addr_v4(weir_be32(SHELL_VIP(t->service)));
	syn.sport_be = weir_be16(t->port);
	for (uint32_t add = 1; add < 60000; add++) {
		struct weir_cookie c = {.agreed = agreed};
		const struct weir_seg *one = &syn;

		syn.seq = t->isn[WEIR_CLIENT] + add;
		weir_cookie_make(&t->s->workers[0].px.keys, &one, &c, 1, 0);
		if (c.isn - t->shown[WEIR_CLIENT] - 1 < sent)
			return add;
	}
	CU_FAIL_FATAL("no such ISN");
	return 0;
}

/* HC-24: it fits by chance, but a RST has passed: who speaks after that begins anew. */
static void fitting(unsigned int service)
{
	for (enum weir_side side = WEIR_CLIENT; side <= WEIR_BACKEND; side++) {
		struct shell *s = shell_usual();
		struct segment ack;
		struct talk t, u;

		reset_after(&t, s, service, 50000, side);
		talk_begin_anew(&u, &t, near_beginning(&t, 50000));
		u.offer[WEIR_CLIENT].ts = false;
		talk_syn(&u);
		CU_ASSERT_TRUE(u.shown[WEIR_CLIENT] - t.shown[WEIR_CLIENT] - 1 < 50000);
		ack = talk_segment(&u, WEIR_CLIENT, ACK, 0);
		IS(talk_put(&u, WEIR_CLIENT, &ack), WEIR_FATE_handshake_ack);
		talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
		talk_take_syn(&u);
		talk_answer(&u);
		talk_say(&u, WEIR_CLIENT, PSH, 100);
		shell_close(s);
	}
}

static void hc24_fitting(void)
{
	each_mode(fitting);
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

/* In a flood the ring of SYN-ACKs is silent, and no SYN is looked up: so it is without a ring. */
static struct shell *shell_flooded(void)
{
	struct weir_policy *p = shell_policy(1, 2);

	p->limits.syn_ack_ring = 0;
	return shell_open(p, SHELL_START_NS);
}

/* The SYN that made the connection comes again in a flood: a cookie, a challenge, no harm. */
static void own_syn(unsigned int service)
{
	struct shell *s = shell_flooded();
	struct talk t, u;

	begin(&t, s, service, 1);
	u = t;
	talk_syn(&u);
	IS(u.shown[WEIR_CLIENT], t.shown[WEIR_CLIENT]); /* within an epoch the same one */
	talk_say(&t, WEIR_CLIENT, ACK, 0);              /* RFC 5961 §4: the client's challenge */
	u.isn[WEIR_CLIENT] ^= 0x5a5a5a5a;               /* somebody else's SYN */
	talk_syn(&u);
	talk_say(&t, WEIR_CLIENT, ACK, 0);
	talk_silence(&t);
	talk_say(&t, WEIR_BACKEND, PSH, 100);
	shell_wait_ms(s, 5000);
	talk_silence(&t); /* nor are those SYN-ACKs repeated */
	IS(shell_conns(s), 1);
	shell_close(s);
}

static void hc24_own_syn(void)
{
	each_mode(own_syn);
}

/* RFC 5961 §4.2: what synweir says next to t's client, and what it expects of it. */
static void hear_challenge(struct talk *t)
{
	const struct shell_out *out = shell_take(t->s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->seg.flags, ACK);
	IS(out->seg.payload_len, 0);
	IS(out->seg.seq, t->expect[WEIR_CLIENT]);
	IS(out->seg.ack, t->next[WEIR_CLIENT]);
	CU_ASSERT_NOT_EQUAL(out->seg.wnd, 0);
	IS(weir_be32(out->seg.dst.w[3]), t->client);
	IS(weir_be16(out->seg.dport_be), t->port);
}

/* So long after one a connection may be challenged again (RFC 5961 §7). */
#define CHALLENGE_MS 540

/* A segment of new incarnation u while t is alive: u is refused, and t's client is asked. */
static void refused(struct talk *t, struct talk *u, const struct segment *g)
{
	enum weir_state state = talk_state(t);

	IS(talk_put(u, WEIR_CLIENT, g), WEIR_FATE_challenged);
	talk_hear_rst(u, WEIR_CLIENT, g->ack);
	hear_challenge(t);
	talk_silence(t);
	IS(talk_state(t), state);
}

/*
 * HC-63: the client's numbers before it or after it, far or near; its first segment of any kind. The
 * client knows nothing of what it is asked about: its RST is exact, and its next try opens.
 */
static void rebooted(unsigned int service)
{
	static const uint32_t adds[] = {0x10000000, 0xf0000000, 700, 0xfffffc00};

	for (unsigned int i = 0; i < 4; i++) {
		struct shell *s = shell_flooded();
		struct segment first;
		struct talk t, u;

		begin(&t, s, service, 1);
		talk_begin_anew(&u, &t, adds[i]);
		talk_syn(&u);
		IS(talk_state(&t), WEIR_ESTABLISHED); /* a SYN proves nothing */
		first = talk_segment(&u, WEIR_CLIENT, i == 1 ? PSH : ACK, i == 1 ? 100 : 0);
		refused(&t, &u, &first);
		shell_wait_ms(s, CHALLENGE_MS);
		refused(&t, &u, &first); /* the answers were lost */
		talk_abort(&t, WEIR_CLIENT);
		talk_begin_anew(&u, &t, adds[i] + 64000);
		talk_syn(&u);
		first = talk_segment(&u, WEIR_CLIENT, ACK, 0);
		IS(talk_put(&u, WEIR_CLIENT, &first), WEIR_FATE_handshake_ack);
		talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
		talk_take_syn(&u);
		talk_silence(&u);
		if (service == SHELL_FULLNAT)
			CU_ASSERT_TRUE(u.local_port != t.local_port || u.backend != t.backend);
		IS(shell_events(s, WEIR_EVENT_conn_replaced), 1);
		IS(shell_conns(s), 1);
		talk_works(&u);
		shell_close(s);
	}
}

static void hc63_rebooted(void)
{
	each_mode(rebooted);
}

/* Also while the first attempt waits for its backend: the RST ends it at once. */
static void rebooted_early(unsigned int service)
{
	struct shell *s = shell_flooded();
	struct segment g, rst;
	struct talk t, u;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	g = talk_segment(&t, WEIR_CLIENT, PSH, 99);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATES);
	talk_begin_anew(&u, &t, 0x20000000);
	talk_syn(&u);
	g = talk_segment(&u, WEIR_CLIENT, ACK, 0);
	refused(&t, &u, &g);
	rst = talk_segment(&t, WEIR_CLIENT, RST, 0);
	IS(talk_put(&t, WEIR_CLIENT, &rst), WEIR_FATE_client_abort);
	IS(shell_fates(s, WEIR_FATE_early_gone), 1);
	talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
	talk_begin_anew(&u, &t, 0x21000000);
	talk_syn(&u);
	g = talk_segment(&u, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_handshake_ack);
	talk_take_syn(&u);
	talk_answer(&u);
	talk_say(&u, WEIR_BACKEND, PSH, 40);
	shell_close(s);
}

static void hc63_early(void)
{
	each_mode(rebooted_early);
}

/*
 * RFC 5961 §4, when SYNs are few: the client's SYN is challenged, whatever its ISN, and after the RST
 * its retransmission opens. The connection's own SYN, coming again, does no harm.
 */
static void challenged_syn(unsigned int service)
{
	static const uint32_t adds[] = {0, 0x10000000, 0xf0000000, 700, 0xfffffc00};

	for (unsigned int i = 0; i < 5; i++) {
		struct shell *s = shell_usual();
		struct segment syn, ack;
		struct talk t, u;

		begin(&t, s, service, 1);
		talk_begin_anew(&u, &t, adds[i]);
		syn = talk_syn_segment(&u, WEIR_CLIENT);
		IS(talk_put(&u, WEIR_CLIENT, &syn), WEIR_FATE_challenged);
		hear_challenge(&t);
		talk_say(&t, WEIR_CLIENT, PSH, 100);
		talk_say(&t, WEIR_BACKEND, PSH, 100);
		talk_say(&t, WEIR_CLIENT, ACK, 0);
		IS(talk_put(&u, WEIR_CLIENT, &syn), WEIR_FATE_challenge_limit);
		talk_silence(&t);
		shell_wait_ms(s, CHALLENGE_MS);
		IS(talk_put(&u, WEIR_CLIENT, &syn), WEIR_FATE_challenged);
		shell_clear(s);
		talk_abort(&t, WEIR_CLIENT);
		talk_syn(&u);
		CU_ASSERT_NOT_EQUAL(u.shown[WEIR_CLIENT], t.shown[WEIR_CLIENT]);
		ack = talk_segment(&u, WEIR_CLIENT, ACK, 0);
		IS(talk_put(&u, WEIR_CLIENT, &ack), WEIR_FATE_handshake_ack);
		talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
		talk_take_syn(&u);
		talk_works(&u);
		shell_close(s);
	}
}

static void hc63_syn(void)
{
	each_mode(challenged_syn);
}

/*
 * A small stack that starts from the same ISN each time, on the same port (lwIP): after a close, again
 * and again within an epoch, it is shown other cookies and opens at once.
 */
static void same_isn(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment ack[4];
	struct talk t[4];

	for (unsigned int i = 0; i < 4; i++) {
		talk_init(&t[i], s, service, 1);
		t[i].offer[WEIR_CLIENT].ts = false;
		t[i].isn[WEIR_BACKEND] += i * 7777777;
		t[i].next[WEIR_BACKEND] += i * 7777777;
		talk_syn(&t[i]);
		ack[i] = talk_segment(&t[i], WEIR_CLIENT, ACK, 0);
		for (unsigned int k = 0; k < i; k++) { /* HC-35: those before are replays */
			CU_ASSERT_NOT_EQUAL(t[i].shown[WEIR_CLIENT], t[k].shown[WEIR_CLIENT]);
			CU_ASSERT_NOT_EQUAL(talk_put(&t[i], WEIR_CLIENT, &ack[k]),
				WEIR_FATE_handshake_ack);
		}
		IS(shell_events(s, WEIR_EVENT_cookie_accepted), i);
		shell_clear(s);
		talk_ack(&t[i]);
		talk_works(&t[i]);
		talk_close(&t[i], i & 1);
	}
	shell_close(s);
}

static void hc32_same_isn(void)
{
	each_mode(same_isn);
}

/* Unknown hosts' SYNs, more than the ring of SYN-ACKs takes in a second. */
static void flood(struct shell *s, unsigned int service)
{
	struct segment syn = {.dst = SHELL_VIP(service),
		.dport = SHELL_VIP_PORT,
		.flags = WEIR_TCP_SYN,
		.ttl = 50,
		.wnd = 1024,
		.src_mac = {2, 0, 0, 0, 0, 7}};
	uint8_t frame[SEGMENT_FRAME_MAX];

	for (unsigned int i = 0; i < 2000; i++) {
		syn.src = 0x40000000u + i;
		syn.sport = (uint16_t)(1 + i);
		shell_in(s, frame, segment_frame(&syn, frame), SHELL_CLIENTS);
	}
	shell_clear(s);
	CU_ASSERT_TRUE(weir_synack_silent(&s->workers[0].px.synacks, (uint16_t)service, s->now_ns));
}

/* Its handshake; false: its connection is refused by RST. */
static bool opens(struct talk *t)
{
	struct segment ack;

	talk_syn(t);
	ack = talk_segment(t, WEIR_CLIENT, ACK, 0);
	if (talk_put(t, WEIR_CLIENT, &ack) == WEIR_FATE_handshake_ack) {
		talk_take_syn(t);
		return true;
	}
	shell_clear(t->s);
	return false;
}

/*
 * That small stack in a flood: it has been a client lately, so its SYN is looked up. Told by RST it would
 * come again with the same numbers, and be told so until the epoch of keys changes.
 */
static void same_isn_flooded(unsigned int service)
{
	struct shell *s = shell_usual();
	unsigned int refused_ms = 0;
	struct talk t;

	for (unsigned int i = 0; i < 4; i++) {
		talk_init(&t, s, service, 1);
		t.offer[WEIR_CLIENT].ts = i & 1;
		t.isn[WEIR_BACKEND] += i * 7777777;
		t.next[WEIR_BACKEND] += i * 7777777;
		flood(s, service);
		while (!opens(&t)) {
			refused_ms += 500;
			shell_wait_ms(s, 500);
			flood(s, service);
		}
		talk_works(&t);
		talk_close(&t, WEIR_BACKEND);
	}
	printf("  refused for %u ms\n", refused_ms);
	IS(refused_ms, 0);
	shell_close(s);
}

static void hc32_same_isn_flooded(void)
{
	each_mode(same_isn_flooded);
}

/* How a client in SYN_SENT answers an ACK (RFC 9293 §3.10.7.3): by a RST, or not at all, if its number fits. */
static bool ask_syn_sent(struct talk *u, const struct segment *syn, struct segment *rst)
{
	const struct shell_out *out;

	IS(talk_put(u, WEIR_CLIENT, syn), WEIR_FATE_challenged);
	out = shell_take(u->s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	*rst = talk_segment(u, WEIR_CLIENT, RST, 0);
	rst->seq = out->seg.ack;
	return out->seg.ack != syn->seq + 1;
}

/*
 * The same stack loses its memory while its connection is alive, and nothing that it sent was acknowledged:
 * the number that the backend expects is the one that its SYN asks for. It is challenged all the same, so
 * that it answers, and is served.
 */
static void same_isn_alive(unsigned int service, bool flooded)
{
	for (unsigned int bytes = 0; bytes <= 100; bytes += 100) {
		struct shell *s = shell_usual();
		struct segment syn, rst;
		struct talk t, u;

		talk_init(&t, s, service, 1);
		talk_open(&t);
		talk_say(&t, WEIR_BACKEND, PSH, 900); /* the server speaks first */
		if (bytes > 0)
			talk_say(&t, WEIR_CLIENT, PSH, bytes);
		if (flooded)
			flood(s, service);
		talk_begin_anew(&u, &t, 0);
		syn = talk_syn_segment(&u, WEIR_CLIENT);
		rst = talk_segment(&t, WEIR_CLIENT, RST, 0);
		rst.seq = t.isn[WEIR_CLIENT]; /* no RST there without that SYN */
		IS(talk_put(&t, WEIR_CLIENT, &rst), WEIR_FATE_out_of_window);
		CU_ASSERT_TRUE(ask_syn_sent(&u, &syn, &rst));
		IS(talk_state(&t), WEIR_ESTABLISHED);
		IS(talk_put(&u, WEIR_CLIENT, &rst), WEIR_FATE_to_backend);
		talk_hear_rst(&t, WEIR_BACKEND, t.shown[WEIR_BACKEND]); /* to which it is old */
		talk_syn(&u);
		CU_ASSERT_NOT_EQUAL(u.shown[WEIR_CLIENT], t.shown[WEIR_CLIENT]);
		syn = talk_segment(&u, WEIR_CLIENT, ACK, 0);
		IS(talk_put(&u, WEIR_CLIENT, &syn), WEIR_FATE_handshake_ack);
		talk_hear_rst(&t, WEIR_BACKEND,
			t.next[WEIR_CLIENT] - t.isn[WEIR_CLIENT] + t.shown[WEIR_BACKEND]);
		talk_take_syn(&u);
		talk_works(&u);
		shell_close(s);
	}
}

static void same_isn_calm(unsigned int service)
{
	same_isn_alive(service, false);
}

static void same_isn_in_flood(unsigned int service)
{
	same_isn_alive(service, true);
}

static void hc63_same_isn(void)
{
	each_mode(same_isn_calm);
	each_mode(same_isn_in_flood);
}

/* A client that knows the connection ignores both answers, and there are no more than one in half a second. */
static void hc63_guessed(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct segment g;
	struct shell *s;
	struct talk t, u;

	p->limits.syn_ack_ring = 0;
	s = shell_open(p, SHELL_START_NS);
	begin(&t, s, SHELL_NAT, 1);
	talk_begin_anew(&u, &t, 0x30000000);
	talk_syn(&u);
	g = talk_segment(&u, WEIR_CLIENT, ACK, 0);
	for (unsigned int i = 0; i < 2; i++) {
		refused(&t, &u, &g);
		IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_challenge_limit);
		talk_silence(&t);
		shell_wait_ms(s, CHALLENGE_MS);
	}
	for (unsigned int i = 0; i < 2; i++) {
		talk_say(&t, WEIR_CLIENT, PSH, 100);
		talk_say(&t, WEIR_BACKEND, PSH, 100);
	}
	IS(shell_events(s, WEIR_EVENT_cookie_accepted), 1);
	IS(shell_events(s, WEIR_EVENT_conn_replaced), 0);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-08 a new incarnation whose segments are reordered", hc08_overtaken},
		{"HC-24 a new beginning that fits the old connection", hc24_fitting},
		{"HC-24 its own SYN retransmitted, a spoofed SYN", hc24_own_syn},
		{"HC-63 a rebooted client", hc63_rebooted},
		{"HC-63 a client rebooted before the backend answered", hc63_early},
		{"HC-63 a SYN is challenged", hc63_syn},
		{"HC-63 same ISN, nothing acknowledged", hc63_same_isn},
		{"HC-63 a cookie that was guessed", hc63_guessed},
		{"HC-32 HC-35 same port, same ISN", hc32_same_isn},
		{"HC-32 same port, same ISN, in a flood", hc32_same_isn_flooded},
	};

	return unit_main("proxy replace", tests, sizeof(tests) / sizeof(tests[0]));
}
