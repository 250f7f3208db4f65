// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: FINs in every order, TIME_WAIT, and what comes after. */
#include "modes.h"

static unsigned int passes(enum weir_side from)
{
	return from == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client;
}

static void begin(struct talk *t, struct shell *s, unsigned int service, unsigned int n)
{
	talk_init(t, s, service, n);
	talk_open(t);
	talk_say(t, WEIR_CLIENT, PSH, 120);
	talk_say(t, WEIR_BACKEND, PSH, 1400);
	talk_say(t, WEIR_CLIENT, ACK, 0);
}

/* The four steps of the textbook, from either end. */
static void four_steps(unsigned int service)
{
	struct shell *s = shell_usual();

	for (unsigned int i = 0; i < 2; i++) {
		enum weir_side closer = i, other = weir_other(closer);
		struct talk t;

		begin(&t, s, service, i);
		talk_say(&t, closer, FIN, 0);
		IS(talk_state(&t), WEIR_FIN_WAIT_1);
		IS(talk_conn(&t)->closer, closer);
		talk_say(&t, other, ACK, 0);
		IS(talk_state(&t), WEIR_FIN_WAIT_2);
		talk_say(&t, other, FIN, 0);
		IS(talk_state(&t), WEIR_LAST_ACK);
		talk_say(&t, closer, ACK, 0);
		IS(talk_state(&t), WEIR_TIME_WAIT);
		talk_silence(&t);
		IS(shell_events(s, WEIR_EVENT_conn_closed), i + 1);
	}
	shell_close(s);
}

static void hc31_steps(void)
{
	each_mode(four_steps);
}

/* Half closed, and ten megabytes flow on, with pauses of a minute: HC-30. */
static void half_close(unsigned int service)
{
	for (unsigned int i = 0; i < 2; i++) {
		enum weir_side closer = i, other = weir_other(closer);
		struct shell *s = shell_usual();
		struct talk t;

		begin(&t, s, service, 1);
		talk_say(&t, closer, FIN, 50);
		s->tick_ms = 100;
		for (unsigned int kb = 0; kb < 10000; kb += 7) {
			for (unsigned int n = 0; n < 5; n++)
				talk_say(&t, other, PSH, 1400);
			talk_say(&t, closer, ACK, 0);
			if (kb % 1000 < 7)
				shell_wait_ms(s, 61000);
		}
		for (unsigned int hours = 0; hours < 20; hours++) { /* or only keep-alives */
			struct segment g = talk_segment(&t, other, ACK, 0);

			g.seq--;
			shell_wait_ms(s, 290000);
			IS(talk_put(&t, other, &g), passes(other));
			talk_hear(&t, closer, &g);
			talk_say(&t, closer, ACK, 0);
		}
		IS(talk_state(&t), WEIR_FIN_WAIT_2);
		talk_say(&t, other, FIN, 10);
		talk_say(&t, closer, ACK, 0);
		IS(talk_state(&t), WEIR_TIME_WAIT);
		shell_close(s);
	}
}

static void hc30(void)
{
	each_mode(half_close);
}

/* The other's FIN acknowledges the first in one segment: three steps. */
static void three_steps(unsigned int service)
{
	struct shell *s = shell_usual();

	for (unsigned int i = 0; i < 4; i++) {
		enum weir_side closer = i & 1, other = weir_other(closer);
		struct talk t;

		begin(&t, s, service, i);
		talk_say(&t, closer, FIN, i & 2 ? 700 : 0);
		talk_say(&t, other, FIN, i & 2 ? 900 : 0);
		IS(talk_state(&t), WEIR_LAST_ACK);
		talk_say(&t, closer, ACK, 0);
		IS(talk_state(&t), WEIR_TIME_WAIT);
	}
	shell_close(s);
}

static void hc31_three(void)
{
	each_mode(three_steps);
}

/* Both at once; each acknowledges the other's FIN only then. */
static void simultaneous(unsigned int service)
{
	struct shell *s = shell_usual();

	for (unsigned int i = 0; i < 2; i++) {
		enum weir_side first = i, second = weir_other(first);
		struct segment a, b;
		struct talk t;

		begin(&t, s, service, i);
		a = talk_segment(&t, first, FIN, 0);
		b = talk_segment(&t, second, FIN, 0);
		t.next[WEIR_CLIENT]++;
		t.next[WEIR_BACKEND]++;
		IS(talk_put(&t, first, &a), passes(first));
		IS(talk_put(&t, second, &b), passes(second));
		talk_hear(&t, second, &a);
		talk_hear(&t, first, &b);
		IS(talk_state(&t), WEIR_CLOSING);
		talk_say(&t, second, ACK, 0);
		IS(talk_state(&t), WEIR_LAST_ACK);
		talk_say(&t, second, ACK, 0); /* again: counts once */
		IS(talk_state(&t), WEIR_LAST_ACK);
		talk_say(&t, first, ACK, 0);
		IS(talk_state(&t), WEIR_TIME_WAIT);
	}
	shell_close(s);
}

static void hc31_simultaneous(void)
{
	each_mode(simultaneous);
}

/* FINs that come again are FINs at the same place; an ACK below one is not its ACK. */
static void again(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment fin, other_fin;
	struct talk t;

	begin(&t, s, service, 1);
	fin = talk_segment(&t, WEIR_CLIENT, FIN, 30);
	talk_say(&t, WEIR_CLIENT, FIN, 30);
	for (unsigned int i = 0; i < 3; i++) {
		IS(talk_put(&t, WEIR_CLIENT, &fin), WEIR_FATE_to_backend);
		talk_hear(&t, WEIR_BACKEND, &fin);
		IS(talk_state(&t), WEIR_FIN_WAIT_1);
	}
	fin.seq -= 10; /* there is one FIN, and it stands where it first stood */
	IS(talk_put(&t, WEIR_CLIENT, &fin), WEIR_FATE_to_backend);
	shell_take(s);
	t.expect[WEIR_BACKEND]--; /* all but the FIN */
	talk_say(&t, WEIR_BACKEND, ACK, 0);
	IS(talk_state(&t), WEIR_FIN_WAIT_1);
	t.expect[WEIR_BACKEND]++;
	talk_say(&t, WEIR_BACKEND, ACK, 0);
	IS(talk_state(&t), WEIR_FIN_WAIT_2);
	other_fin = talk_segment(&t, WEIR_BACKEND, FIN, 0);
	talk_say(&t, WEIR_BACKEND, FIN, 0);
	IS(talk_put(&t, WEIR_BACKEND, &other_fin), WEIR_FATE_to_client);
	talk_hear(&t, WEIR_CLIENT, &other_fin);
	IS(talk_state(&t), WEIR_LAST_ACK);
	talk_say(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_state(&t), WEIR_TIME_WAIT);

	/* HC-32: the last ACK was lost: FIN and ACK again, both translated */
	for (unsigned int i = 0; i < 3; i++) {
		shell_wait_ms(s, 1000);
		IS(talk_put(&t, WEIR_BACKEND, &other_fin), WEIR_FATE_to_client);
		talk_hear(&t, WEIR_CLIENT, &other_fin);
		talk_say(&t, WEIR_CLIENT, ACK, 0);
		IS(talk_state(&t), WEIR_TIME_WAIT);
	}
	shell_close(s);
}

static void hc31_again(void)
{
	each_mode(again);
}

/*
 * The handshake's numbers and a FIN's have the same memory. A FIN that was recorded has used it for good,
 * even if it is cancelled: a SYN-ACK that comes again is not answered with what is left there (HC-64).
 */
static void cancelled(unsigned int service)
{
	for (enum weir_side side = WEIR_CLIENT; side <= WEIR_BACKEND; side++) {
		struct shell *s = shell_usual();
		struct segment fin, syn_ack;
		struct talk t;

		talk_init(&t, s, service, 1);
		talk_open(&t);
		fin = talk_segment(&t, side, FIN, 0);
		fin.seq += 1000;
		fin.offset += 1000;
		IS(talk_put(&t, side, &fin), passes(side));
		talk_hear(&t, weir_other(side), &fin);
		talk_say(&t, side, PSH, 1400);
		IS(talk_state(&t), WEIR_ESTABLISHED);
		syn_ack = talk_syn_segment(&t, WEIR_BACKEND);
		IS(talk_put(&t, WEIR_BACKEND, &syn_ack), WEIR_FATE_backend_syn_ack);
		talk_silence(&t);
		shell_close(s);
	}
}

static void hc64_cancelled(void)
{
	each_mode(cancelled);
}

/* TIME_WAIT and what it keeps ends by itself, with no word to anybody. */
static void time_wait_ends(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t;

	begin(&t, s, service, 1);
	talk_close(&t, WEIR_CLIENT);
	s->tick_ms = 100;
	for (unsigned int i = 0; i < 63; i++) { /* RFC 1337: whatever is said */
		struct segment rst = talk_segment(&t, i & 1, RST, 0);

		shell_wait_ms(s, 1000);
		IS(talk_put(&t, i & 1, &rst), passes(i & 1));
		talk_hear(&t, weir_other(i & 1), &rst);
		talk_say(&t, i & 1, ACK, 0);
	}
	IS(talk_state(&t), WEIR_TIME_WAIT);
	shell_wait_ms(s, 2000);
	IS(talk_conn(&t), NULL);
	talk_silence(&t);
	IS(shell_conns(s), 0);
	IS(s->workers[0].px.local_ports, 0);
	shell_close(s);
}

static void hc32_ends(void)
{
	each_mode(time_wait_ends);
}

/* The same address and port again at once, from wherever the client's numbers are by then. */
static void reopened(unsigned int service)
{
	static const uint32_t adds[] = {
		1, 100, 70000, 0x30000000, 0x90000000, 0xffff0000, 0xfffffff0};
	static const uint8_t firsts[] = {ACK, PSH, FIN, ACK};

	for (unsigned int i = 0; i < 4 * sizeof(adds) / sizeof(adds[0]); i++) {
		struct shell *s = shell_usual();
		struct segment first;
		struct talk t, u;
		unsigned int kind = i % 4, fate;

		begin(&t, s, service, 1);
		talk_close(&t, i & 4 ? WEIR_CLIENT : WEIR_BACKEND);
		talk_init(&u, s, service, 1);
		u.isn[WEIR_CLIENT] = t.next[WEIR_CLIENT] + adds[i / 4];
		u.next[WEIR_CLIENT] = u.isn[WEIR_CLIENT] + 1;
		u.isn[WEIR_BACKEND] += 123456;
		u.next[WEIR_BACKEND] += 123456;
		talk_syn(&u);
		first = talk_segment(&u, WEIR_CLIENT, firsts[kind], kind == 1 ? 100 : 0);
		first.seq -= kind == 3; /* HC-06: the final ACK was lost, this is a keep-alive */
		fate = talk_put(&u, WEIR_CLIENT, &first);
		IS(fate,
			kind == 0 || kind == 3 ? (unsigned int)WEIR_FATE_handshake_ack
					       : (unsigned int)WEIR_FATES);
		talk_take_syn(&u); /* nobody else is told anything */
		talk_silence(&u);
		IS(shell_conns(s), 1);
		IS(shell_events(s, WEIR_EVENT_conn_replaced), 1);
		if (kind == 0 || kind == 3) {
			talk_answer(&u);
			talk_say(&u, WEIR_CLIENT, PSH, 100);
			talk_say(&u, WEIR_BACKEND, PSH, 100);
		}
		shell_close(s);
	}
}

static void hc32_reopened(void)
{
	each_mode(reopened);
}

/* `Connection: close` from few ports: never a stall, never a wait, never a port that is not free. */
static void close_benchmark(unsigned int service)
{
	struct shell *s = shell_usual();
	struct talk t[8];

	for (unsigned int i = 0; i < 400; i++) {
		struct talk *u = &t[i % 8];
		uint32_t was = i < 8 ? 0 : u->isn[WEIR_CLIENT];

		talk_init(u, s, service, i % 8);
		if (i >= 8) {
			u->isn[WEIR_CLIENT] = was + 1000000;
			u->next[WEIR_CLIENT] = was + 1000001;
		}
		u->isn[WEIR_BACKEND] += i * 777779;
		u->next[WEIR_BACKEND] += i * 777779;
		talk_open(u);
		talk_say(u, WEIR_CLIENT, PSH, 100);
		talk_say(u, WEIR_BACKEND, FIN, 500);
		talk_say(u, WEIR_CLIENT, FIN, 0);
		talk_say(u, WEIR_BACKEND, ACK, 0);
		IS(talk_state(u), WEIR_TIME_WAIT);
		if (i % 10 == 0)
			shell_wait_ms(s, 10);
	}
	IS(shell_conns(s), 8);
	IS(shell_events(s, WEIR_EVENT_conn_replaced), 392);
	shell_close(s);
}

static void hc32_benchmark(void)
{
	each_mode(close_benchmark);
}

/* The client gives up before the backend has answered. */
static void abort_it(struct talk *t)
{
	struct segment rst = talk_segment(t, WEIR_CLIENT, RST, 0);

	IS(talk_put(t, WEIR_CLIENT, &rst), WEIR_FATE_client_abort);
	shell_clear(t->s);
}

/* One pair of address and port towards a backend again: ISN and TSval have grown (RFC 6191) by the clock. */
static void numbers_grow(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;
	uint32_t isn = 0, tsval = 0, met = 0;
	uint64_t then_ns = 0;
	struct talk t;

	p->n_workers = 32; /* few ports each: 2016 */
	p->limits.connections = 32 * 64;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int i = 0; met < 20 && i < 100000; i++) {
		talk_init(&t, s, service, 1);
		/* chosen so that no two cookies of the last 4096 are the same by chance */
		t.isn[WEIR_CLIENT] = i * 777779;
		t.next[WEIR_CLIENT] = t.isn[WEIR_CLIENT] + 1;
		talk_syn(&t);
		talk_ack(&t);
		if (service == SHELL_FULLNAT && t.local_port / 32 != 1500)
			goto next;
		met++;
		if (met > 1) {
			IS(t.shown[WEIR_BACKEND] - isn, (uint32_t)((s->now_ns - then_ns) / 4000));
			IS(t.tsecr[WEIR_BACKEND] - tsval,
				(uint32_t)((s->now_ns - then_ns) / 1000000));
		}
		then_ns = s->now_ns;
		isn = t.shown[WEIR_BACKEND];
		tsval = t.tsecr[WEIR_BACKEND];
	next:
		abort_it(&t);
		s->now_ns += 5000000;
	}
	IS(met, 20);
	shell_close(s);
}

static void hc33_numbers(void)
{
	each_mode(numbers_grow);
}

/* What the first pair of the service is told, its backend being one of so many of each service. */
static void first_numbers(unsigned int service, unsigned int n_each, uint32_t *isn, uint32_t *tsval)
{
	struct shell *s = shell_open(shell_policy(1, n_each), SHELL_START_NS);
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	IS(shell_conn(s, service, t.client, t.port)->backend, service * n_each);
	*isn = t.shown[WEIR_BACKEND];
	*tsval = t.tsecr[WEIR_BACKEND];
	shell_close(s);
}

/* A reload may give a backend another number: it is the same pair all the same. */
static void hc33_renumbered(void)
{
	uint32_t isn[2], tsval[2];

	for (unsigned int i = 0; i < 2; i++)
		first_numbers(SHELL_NAT, 1 + i, &isn[i], &tsval[i]);
	IS(isn[0], isn[1]);
	IS(tsval[0], tsval[1]);
}

/* RFC 6528, RFC 7323 §5.4: where the clocks of other pairs stand is nobody's to know from one. */
static void hc33_apart(void)
{
	struct shell *s = shell_open(shell_policy(1, 2), SHELL_START_NS);
	uint32_t offset[2 * 8];

	for (unsigned int i = 0; i < 8;
		i++) { /* two backends by turns, ports one after the other */
		struct talk t;

		talk_init(&t, s, SHELL_FULLNAT, 1);
		t.port += i;
		talk_syn(&t);
		talk_ack(&t);
		offset[2 * i] = t.shown[WEIR_BACKEND] - (uint32_t)(s->now_ns / 4000);
		offset[2 * i + 1] = t.tsecr[WEIR_BACKEND] - (uint32_t)(s->now_ns / 1000000);
	}
	for (unsigned int i = 0; i < 16; i++)
		for (unsigned int j = 0; j < i; j++) /* the odds that two are so near: 10^-4 */
			CU_ASSERT_TRUE(offset[i] - offset[j] + 1000 > 2000);
	shell_close(s);
}

/* All other ports have their turn before one is used again. */
static void hc33_oldest(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	uint32_t last[65536] = {0};
	struct shell *s;
	uint32_t n = 0;

	p->limits.syn_ack_ring = 0;
	s = shell_open(p, SHELL_START_NS);
	for (; n < 70000; n++) {
		struct talk t;

		talk_init(&t, s, SHELL_FULLNAT, n);
		talk_syn(&t);
		talk_ack(&t);
		if (last[t.local_port] != 0)
			CU_ASSERT_TRUE(n + 1 - last[t.local_port] >= 64000);
		last[t.local_port] = n + 1;
		abort_it(&t);
		shell_tick(s);
	}
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-30 half close, data and keep-alives for long", hc30},
		{"HC-31 four steps", hc31_steps},
		{"HC-31 three steps, FIN with data", hc31_three},
		{"HC-31 simultaneous close", hc31_simultaneous},
		{"HC-31 HC-32 FINs and the last ACK again", hc31_again},
		{"HC-64 a FIN that was cancelled, then the SYN-ACK again", hc64_cancelled},
		{"HC-32 TIME_WAIT ends", hc32_ends},
		{"HC-32 a new cookie opens at once", hc32_reopened},
		{"HC-32 connection after connection from few ports", hc32_benchmark},
		{"HC-33 ISN and TSval grow for one pair", hc33_numbers},
		{"HC-33 ISN and TSval of a backend that got another number", hc33_renumbered},
		{"HC-33 ISN and TSval of different pairs", hc33_apart},
		{"HC-33 local ports: oldest first", hc33_oldest},
	};

	return unit_main("proxy close", tests, sizeof(tests) / sizeof(tests[0]));
}
