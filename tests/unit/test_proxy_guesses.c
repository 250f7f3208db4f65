// SPDX-License-Identifier: BSD-3-Clause
/* The proxy against a forger of cookies without timestamps, and a service that requires timestamps. */
#include "modes.h"

#define FOREIGN 7 /* the client whose address is forged */

static struct shell *guarded(unsigned int limit)
{
	struct weir_policy *p = shell_policy(1, 2);

	p->limits.plain_guesses = limit;
	p->limits.held_packets = 1024; /* those that are believed are held */
	return shell_open(p, SHELL_START_NS);
}

/* A client at that port of the foreign address, whose SYN has been answered. */
static struct talk asked(struct shell *s, unsigned int service, uint16_t port, bool ts)
{
	struct talk t;

	talk_init(&t, s, service, FOREIGN);
	t.port = port;
	t.offer[WEIR_CLIENT].ts = ts;
	talk_syn(&t);
	return t;
}

/* A forged request; `right`: as it happens with the right cookie. Its fate. */
static unsigned int forge(struct talk *t, bool right)
{
	struct segment g = talk_segment(t, WEIR_CLIENT, PSH, 100);
	unsigned int fate;

	g.ack += right ? 0 : 1;
	fate = talk_put(t, WEIR_CLIENT, &g);
	shell_clear(t->s);
	return fate;
}

/* Of so many pairs of a wrong and a right cookie, from ever new ports: how many right ones open. */
static unsigned int believed(struct shell *s, unsigned int service, unsigned int pairs)
{
	static uint16_t port = 1024;
	unsigned int n = 0;

	for (unsigned int i = 0; i < pairs; i++) {
		struct talk wrong = asked(s, service, port++, false);
		struct talk right = asked(s, service, port++, false);
		unsigned int fate;

		IS(forge(&wrong, false), WEIR_FATE_bad_cookie);
		fate = forge(&right, true);
		CU_ASSERT_TRUE(fate == WEIR_FATE_cookie_guess || fate == WEIR_FATES);
		n += fate == WEIR_FATES; /* held: a connection was opened */
	}
	return n;
}

/* Row 2a: however fast the forger is, an address has so many guesses a second. */
static void guesses(unsigned int service)
{
	struct shell *s = guarded(16);
	struct talk t;
	double hours;

	for (unsigned int second = 0; second < 3; second++) {
		unsigned int n = believed(s, service, 500);

		CU_ASSERT_TRUE(n < 16);
		hours = (double)(1ull << WEIR_COOKIE_ODDS_PLAIN_LOG2) / (n + 1) / 3600;
		CU_ASSERT_TRUE(hours >= 1);
		/* clients with timestamps at that address are believed, and so are other addresses */
		t = asked(s, service, (uint16_t)(60000 + second), true);
		IS(forge(&t, true), WEIR_FATES);
		talk_init(&t, s, service, FOREIGN + 1 + second);
		t.offer[WEIR_CLIENT].ts = false;
		talk_syn(&t);
		IS(forge(&t, true), WEIR_FATES);
		shell_wait_ms(s, 1000);
		shell_clear(s); /* SYN-ACKs retransmitted */
	}
	printf("  blind request under one foreign address: %.0f hours\n", hours);
	shell_close(s);
}

static void row_2a(void)
{
	each_mode(guesses);
}

/* A four-tuple whose connection has ended gives no guesses beside the limit. */
static void ended(unsigned int service)
{
	struct shell *s = guarded(16);
	struct talk old = asked(s, service, 998, false), t;

	talk_ack(&old);
	talk_answer(&old);
	talk_close(&old, WEIR_CLIENT);
	shell_clear(s);
	t = asked(s, service, 998, false);
	for (unsigned int i = 0; i < 40; i++)
		forge(&t, false);
	IS(forge(&t, true), WEIR_FATE_cookie_guess);
	shell_wait_ms(s, 1000);
	shell_clear(s);
	IS(forge(&t, true), WEIR_FATES);
	shell_close(s);
}

/* ... and each counts once there, also where it is checked for a new incarnation before all else. */
static void ended_once(unsigned int service)
{
	for (unsigned int i = 0; i < 8; i++) { /* client ISNs on both sides of the old one */
		struct shell *s = guarded(16);
		struct talk old = asked(s, service, 998, false), t;

		talk_ack(&old);
		talk_answer(&old);
		talk_close(&old, WEIR_CLIENT);
		shell_clear(s);
		talk_init(&t, s, service, FOREIGN);
		t.port = old.port;
		t.offer[WEIR_CLIENT].ts = false;
		t.isn[WEIR_CLIENT] += 0x10000000u + (i << 29);
		t.next[WEIR_CLIENT] = t.isn[WEIR_CLIENT] + 1;
		talk_syn(&t);
		for (unsigned int n = 0; n < 15; n++)
			forge(&t, false);
		IS(forge(&t, true), WEIR_FATES);
		shell_close(s);
	}
}

static void row_2a_ended_once(void)
{
	each_mode(ended_once);
}

static void row_2a_ended(void)
{
	each_mode(ended);
}

/* The address's owner gets in by its retransmission, in the next second. */
static void owner(unsigned int service)
{
	struct shell *s = guarded(16);
	struct talk t = asked(s, service, 999, false);
	struct segment g = talk_segment(&t, WEIR_CLIENT, PSH, 100);

	IS(believed(s, service, 100) < 16, true);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_cookie_guess);
	talk_silence(&t);
	shell_wait_ms(s, 1000);
	shell_clear(s);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATES);
	shell_close(s);
}

static void row_2a_owner(void)
{
	each_mode(owner);
}

/* A flood from random addresses, two a cell and millisecond, keeps no address out. */
static void spread(void)
{
	struct shell *s = guarded(16);
	uint8_t frame[SEGMENT_FRAME_MAX];
	unsigned int refused = 0;
	uint64_t seed = 3;
	struct talk t;

	talk_init(&t, s, SHELL_NAT, 1);
	for (unsigned int i = 0; i < 1u << 21; i++) {
		struct segment g = talk_segment(&t, WEIR_CLIENT, ACK, 0);

		g.src = 0x01000000u + (uint32_t)unit_random(&seed) % 0x7e000000u;
		g.offset = 0;
		shell_put(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
		if (i % 64 == 63)
			shell_run(s);
		if (i % 4096 == 4095) {
			struct talk u;

			talk_init(&u, s, SHELL_NAT, 10 + i / 4096);
			u.offer[WEIR_CLIENT].ts = false;
			talk_syn(&u);
			refused += forge(&u, true) == WEIR_FATE_cookie_guess;
		}
	}
	CU_ASSERT_TRUE(refused == 0);
	shell_close(s);
}

/*
 * HC-40, many workers: a cell has a part of the limit only, and in a flood from random addresses the sum
 * of a few a cell goes up and down. Of the cells next to none is over it.
 */
static void many_workers(void)
{
	static const unsigned int workers[] = {1, 2, 16, 64},
				  per_256_cells[] = {32, 64, 128, 255, 512};

	for (unsigned int i = 0; i < 4; i++)
		for (unsigned int j = 0; j < 5; j++) {
			const uint64_t n = (uint64_t)WEIR_GUESSES * per_256_cells[j] / 256;
			struct weir_arena a = {.base = NULL};
			struct weir_guesses g;
			uint64_t seed = 1 + j;
			unsigned int over = 0;

			weir_guesses_init(&g, &a, 16, workers[i]);
			unit_arena_fill(&a);
			weir_guesses_init(&g, &a, 16, workers[i]);
			for (uint64_t k = 0; k < n; k++)
				weir_guesses_note(&g, unit_random(&seed), 7);
			for (unsigned int cell = 0; cell < WEIR_GUESSES; cell++)
				over += weir_guesses_over(&g, cell, 7);
			CU_ASSERT_TRUE(over <= WEIR_GUESSES / 1000);
			free(a.base);
		}
}

/* A service that requires timestamps neither answers nor believes who has none. */
static void required(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct shell *s = shell_open(p, SHELL_START_NS);
	struct talk t = asked(s, service, 1000, false), u;
	struct weir_policy *wanted = shell_wanted(s->policy);
	struct segment g;

	wanted->services[service].profile.require_timestamps = true;
	IS(shell_reload(s, wanted), WEIR_REFUSAL_NONE);
	g = talk_syn_segment(&t, WEIR_CLIENT);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_plain_syn);
	IS(forge(&t, true), WEIR_FATE_bad_cookie); /* of before the reload, and right */
	talk_silence(&t);
	IS(shell_conns(s), 0);
	u = asked(s, service, 1001, true);
	CU_ASSERT_TRUE(u.promised.ts);
	talk_ack(&u);
	talk_answer(&u);
	talk_say(&u, WEIR_CLIENT, PSH, 100);
	shell_close(s);
}

static void hc40_required(void)
{
	each_mode(required);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-40 so many guesses a second under a foreign address", row_2a},
		{"HC-40 its owner gets in a second later", row_2a_owner},
		{"HC-40 no guesses beside the limit on ended four-tuples", row_2a_ended},
		{"HC-40 a guess at an ended four-tuple counts once", row_2a_ended_once},
		{"HC-40 a flood from everywhere keeps no address out", spread},
		{"HC-40 nor does it with many workers", many_workers},
		{"HC-40 a service that requires timestamps", hc40_required},
	};

	return unit_main("proxy guesses", tests, sizeof(tests) / sizeof(tests[0]));
}
