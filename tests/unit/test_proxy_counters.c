// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: what happened is counted, each once, and nothing that did not. */
#include "modes.h"

struct counted {
	enum weir_event event;
	uint64_t n;
};

/* These events and no others. Keys rotate whatever anybody does. */
static void events_are(const struct shell *s, const struct counted *list, unsigned int n)
{
	uint64_t should[WEIR_EVENTS] = {0};

	for (unsigned int i = 0; i < n; i++)
		should[list[i].event] = list[i].n;
	should[WEIR_EVENT_key_rotated] = shell_events(s, WEIR_EVENT_key_rotated);
	for (unsigned int e = 0; e < WEIR_EVENTS; e++)
		IS(shell_events(s, e), should[e]);
}

#define EVENTS(s, ...)                                                                             \
	events_are(s, (const struct counted[]){__VA_ARGS__},                                       \
		sizeof((const struct counted[]){__VA_ARGS__}) / sizeof(struct counted))

static const struct weir_service_counters *service_of(const struct talk *t)
{
	return &t->s->workers[0].px.counters.service[t->service];
}

static const struct weir_backend_counters *backend_of(const struct talk *t, uint16_t backend)
{
	return &t->s->workers[0].px.counters.backend[backend];
}

static void begin(struct talk *t, struct shell *s, unsigned int service)
{
	talk_init(t, s, service, 1);
	talk_syn(t);
	talk_ack(t);
}

static void backend_refuses(struct talk *t)
{
	struct segment g = talk_segment(t, WEIR_BACKEND, RST | ACK, 0);

	IS(talk_put(t, WEIR_BACKEND, &g), WEIR_FATE_backend_refused);
}

/* A whole life, everything going well. */
static void life(unsigned int service)
{
	struct shell *s = shell_usual();
	const struct weir_service_counters *c;
	struct talk t;

	begin(&t, s, service);
	c = service_of(&t);
	IS(backend_of(&t, t.backend)->active, 1);
	talk_answer(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 100);
	talk_say(&t, WEIR_CLIENT, PSH, 20);
	talk_say(&t, WEIR_BACKEND, PSH, 1000);
	talk_close(&t, WEIR_CLIENT);
	EVENTS(s, {WEIR_EVENT_syn_received, 1}, {WEIR_EVENT_cookie_accepted, 1},
		{WEIR_EVENT_conn_opened, 1}, {WEIR_EVENT_backend_syn_sent, 1},
		{WEIR_EVENT_conn_established, 1}, {WEIR_EVENT_conn_closed, 1});
	IS(c->syn, 1);
	IS(c->cookies_ok, 1);
	IS(c->opened, 1);
	IS(c->established, 1);
	IS(c->failed, 0);
	IS(c->bytes_in, 120);
	IS(c->bytes_out, 1000);
	IS(c->pkts_in, 2 + 2);
	IS(c->pkts_out, 1 + 2);
	IS(backend_of(&t, t.backend)->opened, 1);
	IS(backend_of(&t, t.backend)->established, 1);
	IS(backend_of(&t, t.backend)->refused, 0);
	IS(backend_of(&t, t.backend)->timed_out, 0);
	IS(backend_of(&t, t.backend)->active, 0);
	IS(shell_fates(s, WEIR_FATE_to_backend), c->pkts_in);
	IS(shell_fates(s, WEIR_FATE_to_client), c->pkts_out);
	shell_close(s);
}

static void hc50_life(void)
{
	each_mode(life);
}

/* One backend is silent, then the other, and so on until it is given up. */
static void no_luck(unsigned int service)
{
	struct shell *s = shell_usual();
	uint16_t first, second;
	struct talk t;

	begin(&t, s, service);
	first = t.backend;
	shell_wait_ms(s, 700);
	shell_clear(s);
	second = (uint16_t)(first ^ 1);
	IS(talk_conn(&t)->backend, second);
	IS(backend_of(&t, first)->timed_out, 1);
	IS(backend_of(&t, first)->active, 0);
	IS(backend_of(&t, second)->active, 1);
	EVENTS(s, {WEIR_EVENT_syn_received, 1}, {WEIR_EVENT_cookie_accepted, 1},
		{WEIR_EVENT_conn_opened, 1}, {WEIR_EVENT_backend_syn_sent, 2},
		{WEIR_EVENT_backend_syn_resent, 1}, {WEIR_EVENT_backend_retried, 1});
	shell_wait_ms(s, 20000);
	IS(talk_state(&t), WEIR_CLOSED);
	IS(shell_events(s, WEIR_EVENT_conn_failed), 1);
	IS(shell_events(s, WEIR_EVENT_conn_reset), 0);
	IS(service_of(&t)->opened, 1);
	IS(service_of(&t)->failed, 1);
	IS(service_of(&t)->established, 0);
	IS(backend_of(&t, first)->active + backend_of(&t, second)->active, 0);
	shell_close(s);
}

static void hc11_counted(void)
{
	each_mode(no_luck);
}

static void refused(unsigned int service)
{
	struct shell *s = shell_alone();
	struct talk t;

	begin(&t, s, service);
	backend_refuses(&t);
	EVENTS(s, {WEIR_EVENT_syn_received, 1}, {WEIR_EVENT_cookie_accepted, 1},
		{WEIR_EVENT_conn_opened, 1}, {WEIR_EVENT_backend_syn_sent, 1},
		{WEIR_EVENT_conn_failed, 1});
	IS(backend_of(&t, t.backend)->refused, 1);
	IS(backend_of(&t, t.backend)->opened, 1);
	IS(backend_of(&t, t.backend)->established, 0);
	IS(service_of(&t)->failed, 1);
	shell_close(s);
}

static void hc12_counted(void)
{
	each_mode(refused);
}

/* What a tool is told of the connection that a packet belonged to. */
static void told(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment g;
	struct talk t, u;
	uint32_t conn;

	talk_init(&u, s, service, 2);
	talk_open(&u);
	talk_init(&t, s, service, 1);
	talk_syn(&t);
	IS(s->last.conn, WEIR_CONN_NONE);
	talk_ack(&t);
	conn = (uint32_t)(talk_conn(&t) - s->workers[0].px.table.conns);
	IS(s->last.conn, conn);
	talk_answer(&t);
	IS(s->last.conn, conn);
	talk_say(&t, WEIR_CLIENT, PSH, 10);
	IS(s->last.conn, conn);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	g.sport++;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_bad_cookie);
	IS(s->last.conn, WEIR_CONN_NONE);
	shell_close(s);
}

static void hc50_told(void)
{
	each_mode(told);
}

/* A client that begins anew loses the old connection, also when there is no place for the new one. */
static void anew_in_vain(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;
	struct segment g;
	struct talk t, u;

	p->limits.source_rate = 1;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_open(&t);
	talk_abort(&t, WEIR_CLIENT);
	talk_init(&u, s, SHELL_FULLNAT, 1);
	u.isn[WEIR_CLIENT] += 5000000;
	u.next[WEIR_CLIENT] += 5000000;
	talk_syn(&u);
	g = talk_segment(&u, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_source_rate);
	IS(s->last.conn, WEIR_CONN_NONE);
	talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
	talk_hear_rst(&u, WEIR_CLIENT, u.expect[WEIR_CLIENT]);
	talk_silence(&u);
	EVENTS(s, {WEIR_EVENT_syn_received, 2}, {WEIR_EVENT_cookie_accepted, 2},
		{WEIR_EVENT_conn_opened, 1}, {WEIR_EVENT_backend_syn_sent, 1},
		{WEIR_EVENT_conn_established, 1}, {WEIR_EVENT_conn_replaced, 1},
		{WEIR_EVENT_conn_failed, 1});
	IS(shell_conns(s), 0);
	shell_close(s);
}

/* Nobody to open to: it failed, though it never was opened. */
static void hc12_none_counted(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct segment g;
	struct shell *s;
	struct talk t;

	p->members[0].weight = 0;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_no_backend);
	EVENTS(s, {WEIR_EVENT_syn_received, 1}, {WEIR_EVENT_cookie_accepted, 1},
		{WEIR_EVENT_conn_failed, 1});
	IS(s->last.conn, WEIR_CONN_NONE);
	IS(service_of(&t)->cookies_ok, 1);
	IS(service_of(&t)->opened, 0);
	IS(service_of(&t)->failed, 1);
	shell_close(s);
}

/* What was held goes out when the backend answers, or is dropped when the client gives up. */
static void held(unsigned int service)
{
	struct segment g;
	struct shell *s;
	struct talk t;

	s = shell_usual();
	begin(&t, s, service);
	g = talk_segment(&t, WEIR_CLIENT, PSH, 300);
	talk_put(&t, WEIR_CLIENT, &g);
	g = talk_syn_segment(&t, WEIR_BACKEND);
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_syn_ack);
	EVENTS(s, {WEIR_EVENT_syn_received, 1}, {WEIR_EVENT_cookie_accepted, 1},
		{WEIR_EVENT_conn_opened, 1}, {WEIR_EVENT_backend_syn_sent, 1},
		{WEIR_EVENT_conn_established, 1}, {WEIR_EVENT_held, 1},
		{WEIR_EVENT_held_flushed, 1});
	IS(service_of(&t)->pkts_in, 1);
	IS(service_of(&t)->bytes_in, 300);
	shell_close(s);

	s = shell_usual();
	begin(&t, s, service);
	g = talk_segment(&t, WEIR_CLIENT, PSH, 300);
	talk_put(&t, WEIR_CLIENT, &g);
	g = talk_segment(&t, WEIR_CLIENT, RST, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_client_abort);
	EVENTS(s, {WEIR_EVENT_syn_received, 1}, {WEIR_EVENT_cookie_accepted, 1},
		{WEIR_EVENT_conn_opened, 1}, {WEIR_EVENT_backend_syn_sent, 1},
		{WEIR_EVENT_conn_reset, 1}, {WEIR_EVENT_held, 1});
	IS(service_of(&t)->pkts_in, 0);
	IS(service_of(&t)->failed, 0);
	shell_close(s);
}

static void hc04_counted(void)
{
	each_mode(held);
}

/* RST of either side: when it is no longer pending. Draining is counted by another name. */
static void ended(unsigned int service)
{
	for (unsigned int how = 0; how < 3; how++) {
		struct shell *s = shell_usual();
		struct segment g;
		struct talk t;

		talk_init(&t, s, service, 1);
		talk_open(&t);
		if (how < 2) {
			g = talk_segment(&t, how, RST, 0);
			talk_put(&t, how, &g);
			shell_wait_ms(s, 5100);
		} else {
			weir_proxy_reset_all(&s->workers[0].px, 10, s->now_ns);
			IS(shell_clear(s), 2);
		}
		IS(talk_state(&t), WEIR_CLOSED);
		EVENTS(s, {WEIR_EVENT_syn_received, 1}, {WEIR_EVENT_cookie_accepted, 1},
			{WEIR_EVENT_conn_opened, 1}, {WEIR_EVENT_backend_syn_sent, 1},
			{WEIR_EVENT_conn_established, 1},
			{how < 2 ? WEIR_EVENT_conn_reset : WEIR_EVENT_conn_drained, 1});
		shell_close(s);
	}
}

static void hc22_counted(void)
{
	each_mode(ended);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-04 held segments are counted", hc04_counted},
		{"HC-11 a silent backend is counted", hc11_counted},
		{"HC-12 a refusal is counted", hc12_counted},
		{"HC-12 a connection that no backend accepts is counted", hc12_none_counted},
		{"HC-22 HC-54 ends are counted", hc22_counted},
		{"HC-24 a new beginning in vain", anew_in_vain},
		{"HC-50 a life is counted", hc50_life},
		{"HC-50 packets and their connections", hc50_told},
	};

	return unit_main("proxy counters", tests, sizeof(tests) / sizeof(tests[0]));
}
