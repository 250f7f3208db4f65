// SPDX-License-Identifier: BSD-3-Clause
/*
 * The proxy engine: what its contracts say of failed calls, health and another policy, seen from the
 * inside (tcp/engine.h), because packets show it rarely.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow/derive.h"
#include "tcp/engine.h"
#include "modes.h"

static struct weir_proxy *engine(struct shell *s)
{
	return &s->workers[0].px;
}

/* From here on no local port leads to that backend. */
static void take_ports_away(struct shell *s, uint16_t backend)
{
	s->policy->backends[backend].locals = 0;
}

/* The connection of a client's talk, to be looked at. */
static struct weir_conn *conn_of(struct shell *s, const struct talk *t)
{
	return (struct weir_conn *)(uintptr_t)shell_conn(s, SHELL_FULLNAT, t->client, t->port);
}

/* New clients, all of which go to backend 1. */
static void expect_second_backend(struct shell *s, unsigned int clients)
{
	struct talk t;

	for (unsigned int i = 0; i < clients; i++) {
		talk_init(&t, s, SHELL_FULLNAT, i);
		talk_syn(&t);
		talk_ack(&t);
		CU_ASSERT_PTR_NOT_NULL_FATAL(conn_of(s, &t));
		IS(conn_of(s, &t)->backend, 1);
	}
}

/* A connection that gets no port to another backend is as it was. */
static void attach_refused(void)
{
	struct shell *s = shell_usual();
	struct weir_proxy *px = engine(s);
	struct weir_conn *c, before;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	c = conn_of(s, &t);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	weir_conn_detach_backend(px, c);
	before = *c;
	take_ports_away(s, !c->backend);
	CU_ASSERT_FALSE(weir_conn_attach_backend(px, c, !c->backend));
	CU_ASSERT_EQUAL(memcmp(c, &before, sizeof(before)), 0);
	CU_ASSERT_TRUE(weir_conn_attach_backend(px, c, before.backend));
	shell_close(s);
}

/* lc: the backend without a port is the least active one, and is not asked twice. */
static void another_backend(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct shell *s;

	p->services[SHELL_FULLNAT].scheduler = WEIR_SCHED_LC;
	s = shell_open(p, SHELL_START_NS);
	take_ports_away(s, 0);
	expect_second_backend(s, 3);
	shell_close(s);
}

/* What the control side says of a backend's health counts for the next connection. */
static void health(void)
{
	static struct weir_health h;
	struct shell *s = shell_usual();

	weir_health_set(&h, 0, false);
	weir_proxy_heed(engine(s), &h);
	expect_second_backend(s, 4);
	shell_close(s);
}

/* on_down: connections of a backend that goes down end at both ends, in portions; others go on. */
static void backend_down(bool reset)
{
	static struct talk t[80];
	static struct weir_health h;
	struct shell *s = shell_usual();
	unsigned int ended = 0, turns = 0, to_first = 0;

	memset(&h, 0, sizeof(h));
	s->policy->services[SHELL_FULLNAT].on_down = reset ? WEIR_ON_DOWN_RESET : WEIR_ON_DOWN_KEEP;
	weir_proxy_heed(engine(s), &h);
	for (unsigned int i = 0; i < 80; i++) {
		talk_init(&t[i], s, SHELL_FULLNAT, i);
		talk_open(&t[i]);
		to_first += conn_of(s, &t[i])->backend == 0;
	}
	CU_ASSERT(to_first > 16 && to_first < 64); /* more than a turn's */
	weir_health_set(&h, 0, false);
	weir_health_set(&h, 0, false); /* is one fall */
	IS(weir_health_falls(&h), 1);
	while (turns == 0 || engine(s)->sweep.left > 0) {
		unsigned int before = weir_proxy_active(engine(s));

		weir_proxy_tick(engine(s), s->now_ns);
		CU_ASSERT(before - weir_proxy_active(engine(s)) <= 16);
		turns++;
	}
	for (unsigned int i = 0; i < 80; i++)
		ended += talk_state(&t[i]) == WEIR_CLOSED;
	IS(ended, reset ? to_first : 0);
	CU_ASSERT(turns > (reset ? 1 : 0));
	IS(shell_events(s, WEIR_EVENT_conn_backend_down), reset ? to_first : 0);
	IS(shell_clear(s), reset ? 2 * to_first : 0); /* RST to both ends */
	IS(weir_proxy_active(engine(s)), 80 - ended);
	shell_close(s);
}

static void backend_down_reset(void)
{
	backend_down(true);
}

static void backend_down_keep(void)
{
	backend_down(false);
}

/* Numbers that stand for something new: a backend's counts and a listener's SYN-ACKs are of the old. */
static void numbers_given_away(void)
{
	struct shell *s = shell_usual();
	struct weir_proxy *px = engine(s);
	struct weir_derivation how = {0};
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	CU_ASSERT_NOT_EQUAL(px->synacks.due[0], px->synacks.head);
	px->sched.backends[1].fails = 2;
	CU_ASSERT_EQUAL_FATAL(weir_policy_derive(s->policy, s->policy, &how), 0);
	how.next->backends[1].since = how.next->generation;
	how.next->listeners[how.next->n_listeners - 1].since = how.next->generation;
	weir_proxy_adopt(px, how.next);
	IS(px->sched.backends[1].fails, 0);
	IS(px->synacks.due[0], px->synacks.head);
	weir_proxy_adopt(px, s->policy);
	weir_policy_free(how.next);
	shell_close(s);
}

static void call_burst(struct weir_proxy *px)
{
	weir_proxy_burst(px, NULL, 0, px->now_ns);
}

static void call_tick(struct weir_proxy *px)
{
	weir_proxy_tick(px, px->now_ns);
}

static void call_adopt(struct weir_proxy *px)
{
	weir_proxy_adopt(px, px->policy);
}

static void call_reset_all(struct weir_proxy *px)
{
	weir_proxy_reset_all(px, 1, px->now_ns);
}

/* The signal that ended a process in which a callback of the engine calls it back; 0: none did. */
static int signal_of(void (*call)(struct weir_proxy *px), struct weir_proxy *px)
{
	const struct rlimit no_core = {0, 0};
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		fclose(stderr); /* what assert() says is expected */
		setrlimit(RLIMIT_CORE, &no_core);
		px->in_callback = true;
		call(px);
		_exit(0);
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* proxy.h: a callback that calls the engine stops the program, unless it was built with NDEBUG. */
static void called_back(void)
{
	static void (*const calls[])(struct weir_proxy * px) = {
		call_burst, call_tick, call_adopt, weir_proxy_drain, call_reset_all};
	struct shell *s = shell_usual();
#ifdef NDEBUG
	const int expected = 0;
#else
	const int expected = SIGABRT;
#endif

	for (unsigned int i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		IS(signal_of(calls[i], engine(s)), expected);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"no port: the connection is as it was", attach_refused},
		{"no port: another backend", another_backend},
		{"an unhealthy backend is not chosen", health},
		{"on_down = reset: its connections end", backend_down_reset},
		{"on_down = keep: they go on", backend_down_keep},
		{"HC-51 numbers given away", numbers_given_away},
		{"a callback that calls the engine stops the program", called_back},
	};

	return unit_main("proxy: engine", tests, sizeof(tests) / sizeof(tests[0]));
}
