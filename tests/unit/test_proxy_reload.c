// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: another policy while connections are open (HC-51). */
#include "wanted.h"

/*
 * Connections in every state
 */

enum change {
	CHANGE_NOTHING,
	CHANGE_WEIGHTS,
	CHANGE_ALL_ELSE, /* what may change about a service that stays */
	CHANGE_BACKENDS, /* removed, others there instead */
	CHANGE_SERVICES, /* removed, another one there instead */
	CHANGES,
};

static void change(struct shell *s, enum change what)
{
	struct weir_policy *p = shell_wanted(s->policy);

	switch (what) {
	case CHANGE_NOTHING:
	case CHANGES:
		break;
	case CHANGE_WEIGHTS:
		for (uint32_t i = 0; i < p->n_members; i++)
			p->members[i].weight = (uint16_t)(i % 2 == 0 ? 0 : 7);
		break;
	case CHANGE_ALL_ELSE:
		for (uint32_t i = 0; i < p->n_services; i++) {
			p->services[i].profile.mss = 700;
			p->services[i].profile.sack ^= true;
			p->services[i].profile.timestamps ^= true;
			p->services[i].profile.ecn ^= true;
			p->services[i].scheduler = WEIR_SCHED_LC;
			p->services[i].timeouts.established_ms += 1000;
		}
		p->limits.held_bytes = 536;
		p->limits.reply_budget = 7;
		break;
	case CHANGE_BACKENDS:
		for (uint32_t i = 0; i < p->n_backends; i++)
			p->backends[i].port_be = weir_be16(SHELL_BACKEND_PORT + 1);
		break;
	case CHANGE_SERVICES:
		while (p->n_services > 0)
			drop_service(p, 0);
		add_service(p);
		break;
	}
	IS(shell_reload(s, p), WEIR_REFUSAL_NONE);
	talk_silence(&(struct talk){.s = s}); /* nobody is told anything */
}

typedef void talk_step(struct talk *t);

static void client_speaks(struct talk *t)
{
	talk_say(t, WEIR_CLIENT, PSH, 100);
}

static void backend_speaks(struct talk *t)
{
	talk_say(t, WEIR_BACKEND, PSH, 1000);
}

static void client_fin(struct talk *t)
{
	talk_say(t, WEIR_CLIENT, FIN, 0);
}

static void backend_acks(struct talk *t)
{
	talk_say(t, WEIR_BACKEND, ACK, 0);
}

static void backend_fin(struct talk *t)
{
	talk_say(t, WEIR_BACKEND, FIN, 10);
}

static void client_acks(struct talk *t)
{
	talk_say(t, WEIR_CLIENT, ACK, 0);
}

/* A change before every step, each in a connection of its own: it goes on as if nothing had been. */
static void every_moment(unsigned int service, enum change what)
{
	static talk_step *const steps[] = {talk_syn, talk_ack, talk_answer, client_speaks,
		backend_speaks, client_fin, backend_acks, backend_speaks, backend_fin, client_acks};
	const unsigned int n = sizeof(steps) / sizeof(steps[0]);

	/* who has no connection yet cannot have one any more: no_newcomers() */
	for (unsigned int at = what < CHANGE_BACKENDS ? 0 : 2; at <= n; at++) {
		struct shell *s = shell_roomy(1, 2);
		struct talk t;

		talk_init(&t, s, service, 1);
		for (unsigned int i = 0; i < n; i++) {
			if (i == at)
				change(s, what);
			if (at == 0 && what == CHANGE_ALL_ELSE)
				t.offer[WEIR_BACKEND].ts = false;
			steps[i](&t);
		}
		if (at == n)
			change(s, what);
		talk_silence(&t);
		IS(talk_state(&t), WEIR_TIME_WAIT);
		change(s, what);
		shell_close(s);
	}
}

static void hc51_every_moment(void)
{
	for (unsigned int c = 0; c < CHANGES; c++) {
		every_moment(SHELL_FULLNAT, c);
		every_moment(SHELL_NAT, c);
	}
}

static void reset_after(unsigned int service)
{
	for (unsigned int c = 0; c < CHANGES; c++) {
		struct shell *s = shell_roomy(1, 2);
		struct segment g;
		struct talk t;

		talk_init(&t, s, service, 1);
		talk_open(&t);
		change(s, c);
		g = talk_segment(&t, WEIR_CLIENT, RST, 0);
		IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
		talk_hear(&t, WEIR_BACKEND, &g);
		shell_wait_ms(s, 6000);
		IS(talk_state(&t), WEIR_CLOSED);
		change(s, c);
		g = talk_segment(&t, WEIR_BACKEND, PSH, 10);
		IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_refused_closed);
		shell_close(s);
	}
}

static void hc51_reset(void)
{
	each_mode(reset_after);
}

/*
 * Who comes after
 */

static void next_pick(unsigned int service)
{
	struct shell *s = shell_roomy(1, 2);
	struct weir_policy *p = shell_wanted(s->policy);
	unsigned int n = 0, first = 0;

	p->services[service].scheduler = WEIR_SCHED_WRR;
	p->members[2 * service].weight = 3;
	shell_reload(s, p);
	for (unsigned int i = 0; i < 8; i++)
		first += picked(s, service, ++n) == SHELL_BACKEND(service, 0);
	IS(first, 6);
	/* drained */
	p = shell_wanted(s->policy);
	p->members[2 * service].weight = 0;
	shell_reload(s, p);
	for (unsigned int i = 0; i < 4; i++)
		IS(picked(s, service, ++n), SHELL_BACKEND(service, 1));
	/* replaced */
	p = shell_wanted(s->policy);
	p->backends[2 * service + 1].addr = weir_addr_v4(weir_be32(NEW_BACKEND));
	p->nexthops[p->backends[2 * service + 1].nexthop].addr = p->backends[2 * service + 1].addr;
	shell_reload(s, p);
	for (unsigned int i = 0; i < 4; i++)
		IS(picked(s, service, ++n), NEW_BACKEND);
	shell_close(s);
}

static void hc51_next_pick(void)
{
	each_mode(next_pick);
}

/* Cursors of longer orders are not beyond the end of shorter ones. */
static void hc51_shorter_order(void)
{
	for (unsigned int scheduler = WEIR_SCHED_RR; scheduler <= WEIR_SCHED_LC; scheduler++) {
		struct weir_policy *p = shell_policy(1, 8);
		struct shell *s;

		p->services[SHELL_FULLNAT].scheduler = (uint8_t)scheduler;
		s = shell_open(p, SHELL_START_NS);
		for (unsigned int n = 1; n <= 7; n++)
			picked(s, SHELL_FULLNAT, n);
		p = shell_wanted(s->policy);
		for (unsigned int i = 0; i < 7; i++)
			drop_member(p, SHELL_FULLNAT, 1);
		IS(shell_reload(s, p), WEIR_REFUSAL_NONE);
		IS(picked(s, SHELL_FULLNAT, 8), SHELL_BACKEND(SHELL_FULLNAT, 0));
		shell_close(s);
	}
}

/* A service that was removed answers like a closed port; so does its cookie. */
static void no_newcomers(unsigned int service)
{
	struct shell *s = shell_roomy(1, 2);
	struct weir_policy *p;
	struct segment syn, ack;
	struct talk t, old;

	talk_init(&old, s, service, 1);
	talk_open(&old);
	talk_init(&t, s, service, 2);
	talk_syn(&t);
	change(s, CHANGE_SERVICES);
	syn = talk_syn_segment(&t, WEIR_CLIENT);
	ack = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &syn), WEIR_FATE_refused_port);
	shell_clear(s);
	IS(talk_put(&t, WEIR_CLIENT, &ack), WEIR_FATE_refused_port);
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	IS(shell_conns(s), 1);
	shell_wait_ms(s, 5000); /* its SYN-ACK is not sent again either */
	talk_silence(&t);
	p = shell_wanted(s->policy);
	p->limits.refuse_closed_ports = false;
	shell_reload(s, p);
	IS(talk_put(&t, WEIR_CLIENT, &syn), WEIR_FATE_closed_port);
	IS(talk_put(&t, WEIR_CLIENT, &ack), WEIR_FATE_closed_port);
	client_speaks(&old);
	backend_speaks(&old);
	shell_close(s);
}

static void hc51_removed_service(void)
{
	each_mode(no_newcomers);
}

/* A removed service's client that begins anew on an open connection's port has not got a new one. */
static void hc51_new_incarnation(void)
{
	struct shell *s = shell_roomy(1, 2);
	struct talk t, again;
	struct segment g;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_open(&t);
	again = t;
	again.isn[WEIR_CLIENT] += 1u << 30;
	again.next[WEIR_CLIENT] = again.isn[WEIR_CLIENT] + 1;
	talk_abort(&t, WEIR_CLIENT);
	talk_syn(&again);
	change(s, CHANGE_SERVICES);
	g = talk_segment(&again, WEIR_CLIENT, ACK, 0);
	CU_ASSERT_NOT_EQUAL(talk_put(&again, WEIR_CLIENT, &g), WEIR_FATE_handshake_ack);
	shell_clear(s);
	client_speaks(&t);
	IS(shell_conns(s), 1);
	shell_close(s);
}

/* Half-open connections wait no longer than for the next repetition of the SYN. */
static void half_open(unsigned int service)
{
	struct shell *s = shell_roomy(1, 2);
	struct weir_policy *p = shell_wanted(s->policy);
	uint32_t was;
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	was = t.backend_addr;
	drop_member(p, service, was - SHELL_BACKEND(service, 0));
	shell_reload(s, p);
	shell_wait_ms(s, 210);
	talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
	talk_take_syn(&t);
	CU_ASSERT_NOT_EQUAL(t.backend_addr, was);
	talk_answer(&t);
	client_speaks(&t);
	shell_close(s);
}

static void hc51_half_open(void)
{
	each_mode(half_open);
}

static void nowhere_else(unsigned int service)
{
	struct shell *s = shell_roomy(1, 1);
	struct weir_policy *p = shell_wanted(s->policy);
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	talk_ack(&t);
	drop_member(p, service, 0);
	shell_reload(s, p);
	shell_wait_ms(s, 210);
	talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
	talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
	IS(shell_events(s, WEIR_EVENT_backend_marked_down), 0);
	shell_close(s);
}

static void hc51_nowhere_else(void)
{
	each_mode(nowhere_else);
}

/* fullnat: an older connection in the way is no reason to go back to a backend that was removed. */
static void hc51_old_connection(void)
{
	struct shell *s = shell_roomy(1, 2);
	struct weir_policy *p = shell_wanted(s->policy);
	struct segment g;
	struct talk t;
	uint32_t was;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	was = t.backend_addr;
	drop_member(p, SHELL_FULLNAT, was - SHELL_BACKEND(SHELL_FULLNAT, 0));
	shell_reload(s, p);
	g = talk_segment(&t, WEIR_BACKEND, ACK, 0);
	g.ack += 12345;
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_old_ack);
	shell_take(s);
	talk_take_syn(&t);
	CU_ASSERT_NOT_EQUAL(t.backend_addr, was);
	talk_answer(&t);
	shell_close(s);
}

/* What the cookie says was promised, not what would be promised now. */
static void old_cookie(unsigned int service)
{
	struct shell *s = shell_roomy(1, 1);
	struct talk t;

	talk_init(&t, s, service, 1);
	talk_syn(&t);
	CU_ASSERT_TRUE(t.promised.sack && t.promised.ts);
	change(s, CHANGE_ALL_ELSE);
	talk_ack(&t);
	CU_ASSERT_TRUE(t.asked.sack && t.asked.ts);
	talk_answer(&t);
	client_speaks(&t);
	backend_speaks(&t);
	talk_init(&t, s, service, 2);
	talk_syn(&t);
	CU_ASSERT_FALSE(t.promised.sack || t.promised.ts);
	IS(t.promised.mss, 700);
	shell_close(s);
}

static void hc51_old_cookie(void)
{
	each_mode(old_cookie);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-51 a reload at every moment of a connection", hc51_every_moment},
		{"HC-51 a reset connection", hc51_reset},
		{"HC-51 weights, drain, other backends: the next pick", hc51_next_pick},
		{"HC-51 shorter orders", hc51_shorter_order},
		{"HC-51 a removed service", hc51_removed_service},
		{"HC-51 a removed service's client starts a new incarnation", hc51_new_incarnation},
		{"HC-51 half-open connections move on", hc51_half_open},
		{"HC-51 ... or end", hc51_nowhere_else},
		{"HC-51 ... and do not come back", hc51_old_connection},
		{"HC-51 a cookie of the old profile", hc51_old_cookie},
	};

	return unit_main("proxy-reload", tests, sizeof(tests) / sizeof(tests[0]));
}
