// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: an established connection's numbers, windows, wraps, reordering. */
#include <string.h>

#include "modes.h"

/* Both ends talk, n words, of random lengths. */
static void chat(struct talk *t, unsigned int n, uint64_t *seed)
{
	for (unsigned int i = 0; i < n; i++) {
		uint64_t r = unit_random(seed);

		talk_say(t, r & 1, r & 2 ? PSH : ACK, (unsigned int)((r >> 8) % 1401));
		if ((r >> 32 & 3) == 0)
			shell_wait_ms(t->s, (r >> 40) % 200);
	}
	talk_say(t, WEIR_CLIENT, ACK, 0);
	talk_say(t, WEIR_BACKEND, ACK, 0);
	talk_silence(t);
}

static void chats(unsigned int service)
{
	struct shell *s = shell_usual();
	uint64_t seed = 20;

	for (unsigned int i = 0; i < 16; i++) {
		struct talk t;

		talk_init(&t, s, service, i);
		t.offer[WEIR_CLIENT].ts = t.offer[WEIR_BACKEND].ts = i & 1;
		t.offer[WEIR_CLIENT].wscale = i & 2 ? 9 : 2;
		t.offer[WEIR_CLIENT].sack = i & 4;
		t.wnd[WEIR_CLIENT] = t.wnd[WEIR_BACKEND] = 60000;
		talk_open(&t);
		chat(&t, 60, &seed);
	}
	shell_close(s);
}

static void hc20_chat(void)
{
	each_mode(chats);
}

/* SACK and D-SACK (RFC 2883: below the ack), wherever the option stands. */
static void sack(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	for (unsigned int i = 0; i < 8; i++) {
		enum weir_side side = i & 1, other = weir_other(side);
		uint32_t edges[4];
		struct segment g;
		const struct shell_out *out;
		const uint8_t *sack_at;

		talk_say(&t, other, PSH, 600);
		g = talk_segment(&t, side, ACK, 0);
		edges[0] = g.ack - 600, edges[1] = g.ack - 300; /* a duplicate */
		edges[2] = g.ack + 100, edges[3] = g.ack + 200;
		for (unsigned int nops = i >> 1; nops > 0; nops--)
			segment_nop(&g);
		segment_sack(&g, edges, 2);
		IS(talk_put(&t, side, &g),
			side == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
		out = shell_take(s);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		IS(out->seg.sack_blocks, 2);
		sack_at = out->data + out->seg.l4_off + out->seg.sack_off;
		for (unsigned int e = 0; e < 4; e++) {
			uint32_t edge;

			memcpy(&edge, sack_at + 4 * e, 4);
			IS(weir_be32(edge) - t.isn[other], edges[e] - t.shown[side]);
		}
	}
	IS(shell_events(s, WEIR_EVENT_sack_stripped), 0);
	shell_close(s);
}

static void hc20_sack(void)
{
	each_mode(sack);
}

/* The client is reached where it was last heard from. */
static void hc20_hop(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	const struct shell_out *again;
	struct shell *s;
	struct talk t;

	p->interfaces[SHELL_BACKENDS].no_clients = false; /* one-armed */
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	t.by = SHELL_BACKENDS;
	talk_syn(&t);
	shell_wait_ms(s, 1100);
	again = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	IS(again->port, SHELL_BACKENDS);
	IS(memcmp(again->mac, t.mac, 6), 0);
	talk_ack(&t);
	talk_answer(&t);
	talk_say(&t, WEIR_BACKEND, PSH, 10);
	t.mac[1] = 0x77; /* another router */
	talk_say(&t, WEIR_CLIENT, ACK, 0);
	talk_say(&t, WEIR_BACKEND, PSH, 10); /* for_client() looks at port and MAC */
	t.by = SHELL_CLIENTS;
	talk_say(&t, WEIR_CLIENT, ACK, 0);
	talk_say(&t, WEIR_BACKEND, PSH, 10);
	shell_close(s);
}

static struct segment at(const struct talk *t, enum weir_side side, int32_t seq, int32_t ack,
	uint8_t flags, unsigned int len)
{
	struct segment g = talk_segment(t, side, flags, len);

	g.seq += (uint32_t)seq;
	g.ack += (uint32_t)ack;
	return g;
}

/* What does not fit is not forwarded, and nothing of it is believed. */
static void out_of_window(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 1000);
	talk_say(&t, WEIR_BACKEND, PSH, 1000);
	talk_say(&t, WEIR_CLIENT, ACK, 0);
	for (unsigned int i = 0; i < 2; i++) {
		enum weir_side side = i;
		struct segment g = at(&t, side, 70000, 0, ACK, 100); /* beyond 502 << 7 */

		IS(talk_put(&t, side, &g), WEIR_FATE_out_of_window);
		g = at(&t, side, -80000, 0, FIN, 100);
		IS(talk_put(&t, side, &g), WEIR_FATE_out_of_window);
		g = at(&t, side, 0, 1, FIN, 0); /* acknowledges what was not said */
		IS(talk_put(&t, side, &g), WEIR_FATE_bad_ack);
		g = at(&t, side, 0, -80000, FIN, 0);
		IS(talk_put(&t, side, &g), WEIR_FATE_bad_ack);
		g = at(&t, side, 0x40000000, 0x40000000, FIN, 0);
		IS(talk_put(&t, side, &g), WEIR_FATE_out_of_window);
	}
	talk_silence(&t);
	IS(talk_state(&t), WEIR_ESTABLISHED);
	talk_say(&t, WEIR_BACKEND, PSH, 1000);
	talk_say(&t, WEIR_CLIENT, PSH, 1000);
	shell_close(s);
}

static void hc21(void)
{
	each_mode(out_of_window);
}

/* What is not believed does not keep the connection alive. */
static void hc21_idle(void)
{
	struct shell *s = shell_usual();
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_open(&t);
	s->tick_ms = 100;
	for (unsigned int minutes = 0; minutes < 123; minutes++) {
		struct segment g = at(&t, WEIR_CLIENT, 0, 1000000, PSH, 10);

		shell_wait_ms(s, 60000);
		IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_bad_ack);
	}
	IS(talk_state(&t), WEIR_ESTABLISHED);
	shell_wait_ms(s, 60200);
	IS(talk_state(&t), WEIR_CLOSED);
	shell_close(s);
}

/* Alive for the configured 2 h 4 min (RFC 5382 REQ-5), and as long as keep-alives come. */
static void keep_alive(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 300);
	talk_say(&t, WEIR_BACKEND, PSH, 500);
	talk_say(&t, WEIR_CLIENT, ACK, 0);
	s->tick_ms = 100;
	for (unsigned int i = 0; i < 8; i++) {
		enum weir_side side = i & 1;
		struct segment g = talk_segment(&t, side, ACK, i >> 1 & 1);

		g.seq--;
		g.offset--;
		shell_wait_ms(s, 7200000);
		IS(talk_put(&t, side, &g),
			side == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
		talk_hear(&t, weir_other(side), &g);
		talk_say(&t, weir_other(side), ACK, 0); /* its answer */
	}
	talk_silence(&t);
	shell_wait_ms(s, 7439000);
	talk_silence(&t);
	IS(talk_state(&t), WEIR_ESTABLISHED);
	talk_say(&t, WEIR_BACKEND, PSH, 10);
	shell_close(s);
}

static void hc25(void)
{
	each_mode(keep_alive);
}

/* A closed window is probed from both ends: at its edge with a byte, below it without. */
static void zero_window(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	for (unsigned int i = 0; i < 2; i++) {
		enum weir_side side = i, other = weir_other(side);
		struct segment g;

		talk_say(&t, side, PSH, 500);
		t.wnd[other] = 0;
		talk_say(&t, other, ACK, 0);
		g = talk_segment(&t, side, ACK, 1); /* BSD */
		IS(talk_put(&t, side, &g),
			side == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
		shell_take(s); /* not accepted by its receiver: not heard */
		talk_say(&t, other, ACK, 0);
		g = at(&t, side, -1, 0, ACK, 0); /* Linux */
		IS(talk_put(&t, side, &g),
			side == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
		shell_take(s);
		t.wnd[other] = 500;
		talk_say(&t, other, ACK, 0);
		talk_say(&t, side, PSH, 700);
		talk_say(&t, other, ACK, 0);
	}
	talk_silence(&t);
	shell_close(s);
}

static void hc21_zero_window(void)
{
	each_mode(zero_window);
}

/* 150 KB each way, in 5 minutes: over every place where a number may wrap near its beginning. */
static void over_wrap(struct talk *t)
{
	t->s->tick_ms = 50;
	for (unsigned int i = 0; i < 110; i++) {
		talk_say(t, WEIR_CLIENT, PSH, 1400);
		talk_say(t, WEIR_BACKEND, PSH, 1400);
		talk_say(t, WEIR_CLIENT, ACK, 0);
		shell_wait_ms(t->s, 2700);
	}
	talk_close(t, WEIR_BACKEND);
}

/* The ends' own numbers. */
static void wrap_own(unsigned int service)
{
	struct shell *s = shell_usual();

	for (unsigned int i = 0; i < 4; i++) {
		struct talk t;

		talk_init(&t, s, service, i);
		for (unsigned int side = 0; side < 2; side++) {
			t.isn[side] = i == 0 ? 0xffffffff : i == 1 ? 0xfffffffe : 0xffff0000;
			t.next[side] = t.isn[side] + 1;
			t.tsval[side] = i == 2 ? 0xffffffff : 0xffffff00;
		}
		talk_open(&t);
		over_wrap(&t);
	}
	shell_close(s);
}

static void hc26_own(void)
{
	each_mode(wrap_own);
}

/* The cookie, by looking for a client ISN that has one near the end; TSval with it, in the last 17 s. */
static void wrap_cookie(unsigned int service)
{
	const uint64_t last_byte_ms = 0xff000000ull + (1u << 23);

	for (unsigned int ts = 0; ts < 2; ts++) {
		struct weir_policy *p = shell_policy(1, 2);
		struct shell *s;
		struct talk t;
		uint32_t isn = 0;

		p->limits.syn_ack_ring = 0;
		p->services[service].profile.ecn = true;
		s = shell_open(p, last_byte_ms * 1000000);
		do {
			talk_init(&t, s, service, 1);
			t.offer[WEIR_CLIENT] = (struct talk_offer){.mss = 9000,
				.ts = ts,
				.sack = true,
				.wscale = ts ? WEIR_WSCALE_NONE : 14,
				.ecn = true};
			t.offer[WEIR_BACKEND].ts = ts;
			t.isn[WEIR_CLIENT] = isn++;
			t.next[WEIR_CLIENT] = isn;
			talk_syn(&t);
			shell_clear(s);
			if (isn % 1000000 == 0) /* the other generation */
				shell_wait_ms(s, 32000);
			if (t.shown[WEIR_CLIENT] < 0x80000000 && isn == 1)
				shell_wait_ms(s, 32000);
		} while (t.shown[WEIR_CLIENT] < 0xfffe0000);
		if (ts)
			CU_ASSERT_TRUE(t.tsecr[WEIR_CLIENT] >= 0xfffc0000);
		talk_ack(&t);
		talk_answer(&t);
		over_wrap(&t);
		CU_ASSERT_TRUE(t.expect[WEIR_CLIENT] < 0x80000000);
		shell_close(s);
	}
}

static void hc26_cookie(void)
{
	each_mode(wrap_cookie);
}

/* Our numbers towards the backend, by beginning at the right moment. */
static void wrap_ours(unsigned int service)
{
	uint64_t start = SHELL_START_NS;

	for (unsigned int turn = 0; turn < 3; turn++) {
		struct shell *s = shell_open(shell_policy(1, 1), start);
		struct talk t;

		talk_init(&t, s, service, 1);
		talk_open(&t);
		if (turn == 0) { /* ISN: 4 us each (RFC 6528) */
			start += (uint64_t)(0u - 50000 - t.shown[WEIR_BACKEND]) * 4000;
		} else {
			over_wrap(&t);
			if (turn == 1)
				CU_ASSERT_TRUE(t.expect[WEIR_BACKEND] < 0x80000000);
			if (turn == 2)
				CU_ASSERT_TRUE(t.tsecr[WEIR_BACKEND] < 0x80000000);
		}
		if (turn == 1) /* TSval: 1 ms each; by now it is 5 minutes on */
			start += (uint64_t)(0u - t.tsecr[WEIR_BACKEND] + 200000) * 1000000;
		shell_close(s);
	}
}

static void hc26_ours(void)
{
	each_mode(wrap_ours);
}

/* Any order, some twice. */
static void reordered(unsigned int service)
{
	struct shell *s = shell_usual();
	uint64_t seed = 27;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	for (unsigned int round = 0; round < 50; round++) {
		enum weir_side side = round & 1;
		struct segment g[8];

		for (unsigned int i = 0; i < 8; i++) {
			g[i] = talk_segment(&t, side, ACK, 500);
			t.next[side] += 500;
		}
		for (unsigned int i = 0; i < 16; i++) {
			const struct segment *one = &g[(i < 8 ? i * 5 : unit_random(&seed)) % 8];

			IS(talk_put(&t, side, one),
				side == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
			talk_hear(&t, weir_other(side), one);
		}
		t.expect[weir_other(side)] = t.shown[weir_other(side)] + t.next[side] - t.isn[side];
		talk_say(&t, weir_other(side), ACK, 0);
	}
	talk_silence(&t);
	shell_close(s);
}

static void hc27(void)
{
	each_mode(reordered);
}

/* The FIN overtakes data: the data still passes, and what is acknowledged is counted by number. */
static void fin_first(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment data, fin;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	data = talk_segment(&t, WEIR_CLIENT, PSH, 800);
	t.next[WEIR_CLIENT] += 800;
	fin = talk_segment(&t, WEIR_CLIENT, FIN, 0);
	t.next[WEIR_CLIENT]++;
	IS(talk_put(&t, WEIR_CLIENT, &fin), WEIR_FATE_to_backend);
	talk_hear(&t, WEIR_BACKEND, &fin);
	IS(talk_state(&t), WEIR_ESTABLISHED);
	talk_say(&t, WEIR_BACKEND, ACK, 0); /* of what it has: not of the FIN */
	IS(talk_state(&t), WEIR_ESTABLISHED);
	IS(talk_put(&t, WEIR_CLIENT, &data), WEIR_FATE_to_backend);
	talk_hear(&t, WEIR_BACKEND, &data);
	t.expect[WEIR_BACKEND]++; /* and the FIN behind it */
	talk_say(&t, WEIR_BACKEND, ACK, 0);
	IS(talk_state(&t), WEIR_FIN_WAIT_2);
	talk_say(&t, WEIR_BACKEND, FIN, 10);
	talk_say(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_state(&t), WEIR_TIME_WAIT);
	shell_close(s);
}

static void hc27_fin(void)
{
	each_mode(fin_first);
}

/* An ACK that is overtaken by a later one is old, and harmless. */
static void old_ack(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment first, second;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_open(&t);
	talk_say(&t, WEIR_BACKEND, PSH, 1000);
	first = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	talk_say(&t, WEIR_BACKEND, PSH, 1000);
	second = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &second), WEIR_FATE_to_backend);
	talk_hear(&t, WEIR_BACKEND, &second);
	IS(talk_put(&t, WEIR_CLIENT, &first), WEIR_FATE_to_backend);
	talk_hear(&t, WEIR_BACKEND, &first);
	talk_say(&t, WEIR_BACKEND, PSH, 1400);
	shell_close(s);
}

static void hc27_ack(void)
{
	each_mode(old_ack);
}

/* A large window is known from the first ACK on: what is repeated within it passes. */
static void repeated(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment first;
	struct talk t;

	talk_init(&t, s, service, 1);
	t.offer[WEIR_CLIENT].wscale = 9;
	t.wnd[WEIR_CLIENT] = 2000; /* a megabyte */
	talk_open(&t);
	first = talk_segment(&t, WEIR_BACKEND, ACK, 1400);
	for (unsigned int i = 0; i < 500; i++)
		talk_say(&t, WEIR_BACKEND, ACK, 1400);
	IS(talk_put(&t, WEIR_BACKEND, &first), WEIR_FATE_to_client);
	talk_hear(&t, WEIR_CLIENT, &first);
	shell_close(s);
}

static void hc27_repeated(void)
{
	each_mode(repeated);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-20 both ends talk at random", hc20_chat},
		{"HC-20 SACK and D-SACK both ways", hc20_sack},
		{"HC-20 the client moves to another neighbour", hc20_hop},
		{"HC-21 out of window, bad acks", hc21},
		{"HC-21 what is not believed keeps nothing alive", hc21_idle},
		{"HC-21 zero-window probes", hc21_zero_window},
		{"HC-25 keep-alives, long idle", hc25},
		{"HC-26 wraps of the ends' own numbers", hc26_own},
		{"HC-26 wraps of the cookie", hc26_cookie},
		{"HC-26 wraps of our numbers to the backend", hc26_ours},
		{"HC-27 any order, some twice", hc27},
		{"HC-27 FIN before data", hc27_fin},
		{"HC-27 an old repetition in a large window", hc27_repeated},
		{"HC-27 an ACK that was overtaken", hc27_ack},
	};

	return unit_main("proxy open", tests, sizeof(tests) / sizeof(tests[0]));
}
