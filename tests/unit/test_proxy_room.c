// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: who must go when the table or a pool of local ports is full of connections (HC-61). */
#include <stdlib.h>

#include "modes.h"

#define CONNS   64u
#define TALKERS 4u

static struct shell *shell_small(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 1);

	p->limits.connections = CONNS;
	p->limits.syn_ack_ring = 0;
	return shell_open(p, SHELL_START_NS);
}

/* Connections from..to-1; the client has said something, or not. */
static void open_some(struct shell *s, unsigned int service, struct talk *t, unsigned int from,
	unsigned int to, bool heard)
{
	for (unsigned int i = from; i < to; i++) {
		talk_init(&t[i], s, service, i);
		talk_open(&t[i]);
		if (heard)
			talk_say(&t[i], WEIR_CLIENT, PSH, 10);
	}
	shell_clear(s);
}

static void each_talks(struct talk *t, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		shell_clear(t[i].s);
		talk_say(&t[i], WEIR_CLIENT, PSH, 10);
		talk_say(&t[i], WEIR_BACKEND, PSH, 10);
	}
}

/* A newcomer, number n, asks once; true: it is served, and says something. */
static bool is_served(struct shell *s, unsigned int service, unsigned int n)
{
	struct segment g;
	struct talk t;

	shell_clear(s);
	talk_init(&t, s, service, n);
	talk_syn(&t);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	if (talk_put(&t, WEIR_CLIENT, &g) != WEIR_FATE_handshake_ack)
		return false;
	talk_take_syn(&t);
	talk_answer(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 10);
	return true;
}

/* A newcomer asks every second, the talkers go on. How many seconds until it is served. */
static unsigned int seconds_until_served(struct shell *s, unsigned int service,
	struct talk *talkers)
{
	unsigned int seconds = 0;

	while (!is_served(s, service, 5000 + seconds) && seconds < 100) {
		shell_wait_ms(s, 1000);
		each_talks(talkers, TALKERS);
		seconds++;
	}
	shell_clear(s);
	return seconds;
}

/* How many of t[from..to-1] are still open. */
static unsigned int left_of(const struct talk *t, unsigned int from, unsigned int to)
{
	unsigned int n = 0;

	for (unsigned int i = from; i < to; i++)
		n += talk_conn(&t[i]) != NULL && talk_state(&t[i]) == WEIR_ESTABLISHED;
	return n;
}

/* An attacker has all of the table but for four talkers, whether it sends data or not, and is silent. */
static void falls_silent(unsigned int service, bool heard)
{
	struct shell *s = shell_small(service);
	struct talk t[CONNS];

	open_some(s, service, t, 0, TALKERS, true);
	open_some(s, service, t, TALKERS, CONNS, heard);
	CU_ASSERT_FALSE(is_served(s, service, 4000));
	IS(shell_fates(s, WEIR_FATE_table_full), 1);
	CU_ASSERT_TRUE(seconds_until_served(s, service, t) <= 30);
	IS(left_of(t, 0, TALKERS), TALKERS);
	CU_ASSERT_TRUE(shell_events(s, WEIR_EVENT_conn_evicted) > 0);
	CU_ASSERT_TRUE(left_of(t, TALKERS, CONNS) > CONNS / 2); /* not more than are needed */
	shell_close(s);
}

static void hc61_silent(void)
{
	for (unsigned int heard = 0; heard < 2; heard++) {
		falls_silent(SHELL_FULLNAT, heard);
		falls_silent(SHELL_NAT, heard);
	}
}

/* It keeps its connections alive by ACKs without data: that is not talking. */
static void hc61_keep_alives(void)
{
	struct shell *s = shell_small(SHELL_NAT);
	struct talk t[CONNS];
	unsigned int seconds = 0;

	open_some(s, SHELL_NAT, t, 0, CONNS, false);
	while (!is_served(s, SHELL_NAT, 5000 + seconds) && seconds < 100) {
		for (unsigned int i = 0; i < CONNS; i++) {
			struct segment g = talk_segment(&t[i], WEIR_CLIENT, ACK, 0);

			if (talk_conn(&t[i]) != NULL)
				talk_put(&t[i], WEIR_CLIENT, &g);
		}
		shell_wait_ms(s, 1000);
		shell_clear(s);
		seconds++;
	}
	CU_ASSERT_TRUE(seconds <= 30);
	shell_close(s);
}

/* Both ends are told, at the numbers that they expect. */
static void both_are_told(unsigned int service)
{
	struct shell *s = shell_small(service);
	struct talk t[CONNS];
	unsigned int told[2] = {0, 0}, evicted;
	const struct shell_out *out;

	open_some(s, service, t, 0, CONNS, false);
	CU_ASSERT_FALSE(is_served(s, service, 4000));
	shell_clear(s);
	shell_wait_ms(s, 8000);
	evicted = (unsigned int)shell_events(s, WEIR_EVENT_conn_evicted);
	CU_ASSERT_TRUE(evicted > 0 && evicted <= CONNS / 16);
	while ((out = shell_take(s)) != NULL) {
		enum weir_side to = out->port == SHELL_BACKENDS ? WEIR_BACKEND : WEIR_CLIENT;
		bool fits = false;

		CU_ASSERT_TRUE(out->seg.flags & RST);
		for (unsigned int i = 0; i < CONNS; i++)
			fits |= talk_conn(&t[i]) == NULL && out->seg.seq == t[i].expect[to];
		CU_ASSERT_TRUE(fits);
		told[to]++;
	}
	IS(told[WEIR_CLIENT], evicted);
	IS(told[WEIR_BACKEND], evicted);
	shell_close(s);
}

static void hc61_told(void)
{
	each_mode(both_are_told);
}

/* Some are evicted for the last newcomers, who found hardly any place; nobody for nobody. */
static void hc61_unwanted(void)
{
	struct shell *s = shell_small(SHELL_NAT);
	struct talk t[CONNS + CONNS / 16];

	open_some(s, SHELL_NAT, t, 0, CONNS, false);
	shell_wait_ms(s, 14000);
	IS(shell_conns(s), CONNS - CONNS / 16);
	shell_clear(s);
	open_some(s, SHELL_NAT, t, CONNS, CONNS + CONNS / 16, true);
	shell_wait_ms(s, 14000);
	shell_clear(s);
	IS(shell_conns(s), CONNS - CONNS / 16);
	shell_wait_ms(s, 60000);
	IS(shell_conns(s), CONNS - CONNS / 16);
	shell_close(s);
}

/* Quiet ones first, then those that are closing, then idle ones: as many newcomers as each suffices for. */
static void order_of_going(unsigned int service)
{
	struct shell *s = shell_small(service);
	struct talk t[CONNS];
	unsigned int n = 6000;

	open_some(s, service, t, 0, 16, true);
	open_some(s, service, t, 16, 32, true);
	for (unsigned int i = 16; i < 32; i++) {
		talk_say(&t[i], WEIR_CLIENT, FIN, 0);
		talk_say(&t[i], WEIR_BACKEND, ACK, 0);
		IS(talk_state(&t[i]), WEIR_FIN_WAIT_2);
	}
	shell_wait_ms(s, 20000); /* these are idle */
	open_some(s, service, t, 32, CONNS, false);
	for (unsigned int seconds = 0; seconds < 60 && left_of(t, 32, CONNS) > 0; seconds++) {
		is_served(s, service, n++);
		shell_wait_ms(s, 1000);
		IS(left_of(t, 0, 16), 16);
		if (left_of(t, 32, CONNS) > 8) /* hardly any are left: a turn may look further */
			IS(shell_in_state(s, WEIR_FIN_WAIT_2), 16);
	}
	IS(left_of(t, 32, CONNS), 0);
	for (unsigned int seconds = 0; seconds < 60 && shell_in_state(s, WEIR_FIN_WAIT_2) > 0;
		seconds++) {
		is_served(s, service, n++);
		shell_wait_ms(s, 1000);
		if (shell_in_state(s, WEIR_FIN_WAIT_2) > 8)
			IS(left_of(t, 0, 16), 16);
	}
	IS(shell_in_state(s, WEIR_FIN_WAIT_2), 0);
	shell_close(s);
}

static void hc61_order(void)
{
	each_mode(order_of_going);
}

/* Idle times shrink in proportion: at 80 % of the table to a half. At 60 % they are whole. */
static void shrinks(unsigned int conns)
{
	const unsigned int after_s = 7440 * (CONNS - conns) * 100 / (CONNS * 40);
	struct shell *s = shell_small(SHELL_NAT);
	struct talk t[CONNS];

	open_some(s, SHELL_NAT, t, 0, conns, true);
	s->tick_ms = 100;
	shell_wait_ms(s, (after_s - 40) * 1000ull);
	IS(left_of(t, 0, conns), conns);
	each_talks(t, 1);
	shell_wait_ms(s, 80000);
	CU_ASSERT_TRUE(shell_events(s, WEIR_EVENT_conn_pressed) > 0);
	IS(shell_events(s, WEIR_EVENT_conn_evicted), 0);
	IS(talk_state(&t[0]), WEIR_ESTABLISHED);
	CU_ASSERT_TRUE(left_of(t, 0, conns) < conns);
	CU_ASSERT_TRUE(left_of(t, 0, conns) > CONNS / 2);
	shell_clear(s);
	shell_close(s);
}

static void hc61_shrinks(void)
{
	shrinks(CONNS * 80 / 100);
	shrinks(CONNS * 90 / 100);
}

static void hc61_whole(void)
{
	struct shell *s = shell_small(SHELL_NAT);
	struct talk t[CONNS];

	open_some(s, SHELL_NAT, t, 0, CONNS * 60 / 100, true);
	s->tick_ms = 100;
	shell_wait_ms(s, 7430000);
	IS(left_of(t, 0, CONNS * 60 / 100), CONNS * 60 / 100);
	shell_wait_ms(s, 20000);
	IS(shell_events(s, WEIR_EVENT_conn_idle), CONNS * 60 / 100);
	IS(shell_events(s, WEIR_EVENT_conn_pressed), 0);
	shell_close(s);
}

/* The ports of the one backend are used up; the table is not half full. */
static void hc61_ports(void)
{
	struct weir_policy *p = shell_policy(32, 1);
	struct shell *s;
	struct talk *t = calloc(2100, sizeof(*t)), talkers[TALKERS];
	unsigned int n = 0, who = 0, seconds = 0;

	p->limits.connections = 32 * 8192;
	p->limits.syn_ack_ring = 0;
	s = shell_open(p, SHELL_START_NS);
	for (; n < (65536 - 1024) / 32; n++) {
		who = next_of_worker(s, SHELL_FULLNAT, who + 1);
		talk_init(&t[n], s, SHELL_FULLNAT, who);
		talk_open(&t[n]);
		if (n < TALKERS)
			talkers[n] = t[n];
	}
	while (who = next_of_worker(s, SHELL_FULLNAT, who + 1), !is_served(s, SHELL_FULLNAT, who)) {
		IS(shell_fates(s, WEIR_FATE_no_local_port), ++seconds);
		CU_ASSERT_FATAL(seconds < 100);
		each_talks(talkers, TALKERS);
		shell_wait_ms(s, 1000);
	}
	CU_ASSERT_TRUE(seconds > 0 && seconds <= 30);
	shell_clear(s);
	shell_wait_ms(s, 1000);
	CU_ASSERT_TRUE(shell_events(s, WEIR_EVENT_conn_evicted) >= 32);
	CU_ASSERT_TRUE(shell_events(s, WEIR_EVENT_conn_evicted) <= 40);
	IS(left_of(talkers, 0, TALKERS), TALKERS);
	shell_close(s);
	free(t);
}

/* Where the hand is a second after so many of worker 0's connections were opened, to so many backends. */
static uint32_t hand_with(unsigned int conns, unsigned int backends)
{
	struct weir_policy *p = shell_policy(32, backends);
	struct talk *t = calloc(conns, sizeof(*t));
	unsigned int who = 0;
	struct shell *s;
	uint32_t hand;

	p->limits.connections = 32 * 8192;
	p->limits.syn_ack_ring = 0;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int n = 0; n < conns; n++) {
		who = next_of_worker(s, SHELL_FULLNAT, who + 1);
		talk_init(&t[n], s, SHELL_FULLNAT, who);
		talk_open(&t[n]);
	}
	shell_wait_ms(s, 1000);
	hand = s->workers[0].px.pressure.hand;
	shell_close(s);
	free(t);
	return hand;
}

/* A pool of 2 016 ports fills from 1 210 on. As many connections to two backends are no pressure. */
static void hc61_pools(void)
{
	CU_ASSERT_TRUE(hand_with(1300, 1) > 50);
	IS(hand_with(1300, 2), 0);
}

/* HC-62: who is refused gets RST, within a budget; beyond it silence. */
static void hc62_refusals(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct talk t[CONNS], u;
	struct segment g;
	struct shell *s;

	p->limits.connections = CONNS;
	p->limits.reply_budget = 10;
	s = shell_open(p, SHELL_START_NS);
	open_some(s, SHELL_NAT, t, 0, CONNS, true);
	talk_init(&u, s, SHELL_NAT, 4000);
	talk_syn(&u);
	g = talk_segment(&u, WEIR_CLIENT, ACK, 0);
	for (unsigned int i = 0; i < 10; i++) {
		IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_table_full);
		talk_hear_rst(&u, WEIR_CLIENT, u.expect[WEIR_CLIENT]);
	}
	IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_reply_budget);
	talk_silence(&u);
	IS(shell_events(s, WEIR_EVENT_conn_failed), 11);
	shell_close(s);
}

/* Client n asks and says something. false: it is refused. */
static bool opens(struct talk *t, struct shell *s, unsigned int service, unsigned int n)
{
	struct segment g;

	shell_clear(s);
	talk_init(t, s, service, n);
	talk_syn(t);
	g = talk_segment(t, WEIR_CLIENT, ACK, 0);
	if (talk_put(t, WEIR_CLIENT, &g) != WEIR_FATE_handshake_ack)
		return false;
	talk_take_syn(t);
	talk_answer(t);
	talk_say(t, WEIR_CLIENT, PSH, 10);
	return true;
}

/*
 * HC-65: a hostile service's clients talk on every connection they can get, and ask for more all the time.
 * Of the other service's newcomers, ten a second that stay for five seconds, how many are refused?
 */
static unsigned int refused_beside(uint32_t reserve)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct talk hostile[1000], quiet[300];
	unsigned int n = 0, refused = 0;
	bool is_open[300];
	struct shell *s;

	p->limits.connections = 1000;
	p->limits.syn_ack_ring = 0;
	p->limits.service_reserve = reserve;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int i = 0; i < 300; i++) {
		while (n < 1000 && opens(&hostile[n], s, SHELL_NAT, n))
			n++;
		if (i % 50 == 0) /* every five seconds */
			each_talks(hostile, n);
		is_open[i] = opens(&quiet[i], s, SHELL_FULLNAT, 2000 + i);
		refused += !is_open[i];
		shell_clear(s);
		if (i >= 50 && is_open[i - 50])
			talk_close(&quiet[i - 50], WEIR_CLIENT);
		shell_wait_ms(s, 100);
	}
	printf("  of 300 newcomers %u are refused beside %u hostile connections\n", refused, n);
	if (reserve > 0)
		CU_ASSERT_TRUE(shell_fates(s, WEIR_FATE_service_share) > 0);
	shell_close(s);
	return refused;
}

static void hc65_table(void)
{
	CU_ASSERT_TRUE(refused_beside(0) > 15);
	CU_ASSERT_TRUE(refused_beside(10) == 0);
}

/* Also of a table that is so small that a tenth of it is no whole place. */
static void hc65_small_table(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct talk t;
	struct shell *s;
	unsigned int n = 0;

	p->limits.connections = 9;
	p->limits.service_reserve = 10;
	s = shell_open(p, SHELL_START_NS);
	while (n < 9 && opens(&t, s, SHELL_NAT, n))
		n++;
	IS(n, 8);
	CU_ASSERT_TRUE(opens(&t, s, SHELL_FULLNAT, 2000));
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-61 the table is full and the attacker silent: newcomers are served",
			hc61_silent},
		{"HC-61 keep-alives are not talking", hc61_keep_alives},
		{"HC-61 both ends of an evicted connection are told", hc61_told},
		{"HC-61 nobody goes for nobody", hc61_unwanted},
		{"HC-61 quiet ones go first, then half-closed, then idle ones", hc61_order},
		{"HC-61 idle times shrink in proportion", hc61_shrinks},
		{"HC-61 idle times are whole up to adaptive_start", hc61_whole},
		{"HC-61 local ports are used up: newcomers are served", hc61_ports},
		{"HC-61 each pool of local ports counts by itself", hc61_pools},
		{"HC-62 refusals have a budget", hc62_refusals},
		{"HC-65 the table leaves each service its part", hc65_table},
		{"HC-65 a small table, too", hc65_small_table},
	};

	return unit_main("proxy room", tests, sizeof(tests) / sizeof(tests[0]));
}
