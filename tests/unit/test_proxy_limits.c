// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: full tables, used-up ports, several workers, and whether anything is left behind. */
#include <stdlib.h>

#include "modes.h"

/* Valid, and no room: RST at exactly what the client expects; nothing else is harmed. */
static void table_full(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct shell *s;
	struct segment g, old_ack;
	struct talk t[8], u;

	p->limits.connections = 8;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int i = 0; i < 8; i++) {
		talk_init(&t[i], s, service, i);
		talk_syn(&t[i]);
		old_ack = talk_segment(&t[i], WEIR_CLIENT, ACK, 0);
		talk_ack(&t[i]);
		talk_answer(&t[i]);
	}
	talk_init(&u, s, service, 100);
	talk_syn(&u);
	g = talk_segment(&u, WEIR_CLIENT, PSH, 100);
	IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_table_full);
	talk_hear_rst(&u, WEIR_CLIENT, u.expect[WEIR_CLIENT]);
	talk_silence(&u);
	for (unsigned int i = 0; i < 8; i++)
		talk_say(&t[i], WEIR_CLIENT, PSH, 100);

	talk_close(&t[7], WEIR_BACKEND); /* one that has ended makes room, between bursts */
	shell_tick(s);
	talk_syn(&u);
	talk_ack(&u);
	talk_answer(&u);
	IS(shell_events(s, WEIR_EVENT_conn_recycled), 1);
	IS(shell_conns(s), 8);
	IS(talk_conn(&t[7]), NULL);

	/* HC-35: its cookie is alive, but has been used */
	talk_close(&t[0], WEIR_CLIENT);
	IS(talk_put(&t[7], WEIR_CLIENT, &old_ack), WEIR_FATE_old_cookie);
	IS(shell_events(s, WEIR_EVENT_cookie_stale), 1);
	talk_silence(&u);
	shell_wait_ms(s, 1500); /* HC-07: nor is its SYN-ACK one that nobody answered */
	IS(shell_events(s, WEIR_EVENT_syn_ack_resent), 0);
	talk_say(&u, WEIR_CLIENT, PSH, 100);
	shell_close(s);
}

static void hc50_table_full(void)
{
	each_mode(table_full);
}

/* Opens the table's 129 connections, of which the last one has ended. */
static struct shell *shell_last_ended(struct talk t[129])
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;

	p->limits.connections = 129;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int i = 0; i < 129; i++) {
		talk_init(&t[i], s, SHELL_NAT, i);
		talk_open(&t[i]);
	}
	talk_close(&t[128], WEIR_CLIENT);
	return s;
}

/* The search for one that has ended is bounded: 64 conns a tick, going on where it stopped. */
static void hc50_recycle_bound(void)
{
	struct talk t[129], u;
	struct shell *s = shell_last_ended(t);

	for (unsigned int ticks = 0; ticks < 3; ticks++) {
		struct segment g;

		talk_init(&u, s, SHELL_NAT, 200 + ticks);
		talk_syn(&u);
		g = talk_segment(&u, WEIR_CLIENT, ACK, 0);
		IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_table_full);
		talk_hear_rst(&u, WEIR_CLIENT, u.expect[WEIR_CLIENT]);
		IS(s->workers[0].px.recycle_hand, 64 * ticks);
		shell_tick(s);
	}
	talk_ack(&u);
	talk_answer(&u);
	IS(talk_conn(&t[128]), NULL);
	IS(shell_events(s, WEIR_EVENT_conn_recycled), 1);
	for (unsigned int i = 0; i < 128; i++)
		talk_say(&t[i], WEIR_CLIENT, PSH, 10);
	shell_tick(s); /* HC-62: none has ended, so none is looked for */
	IS(s->workers[0].px.recycle_hand, 0);
	shell_close(s);
}

/* Three a second for an address, and RST for the fourth, whatever port it comes from. */
static void source_rate(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct shell *s;
	struct talk t;

	p->limits.source_rate = 3;
	s = shell_open(p, SHELL_START_NS - 1000000); /* the last millisecond of a second */
	for (unsigned int i = 0; i < 8; i++) {
		struct segment g;

		talk_init(&t, s, service, 1);
		t.port = (uint16_t)(2000 + i);
		talk_syn(&t);
		g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
		IS(talk_put(&t, WEIR_CLIENT, &g),
			i % 4 < 3 ? WEIR_FATE_handshake_ack : WEIR_FATE_source_rate);
		if (i % 4 == 3) {
			talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
			talk_init(&t, s, service, 2); /* another address is not concerned */
			t.port = (uint16_t)(2000 + i);
			talk_syn(&t);
			talk_ack(&t);
			shell_wait_ms(s, 1);
		}
		shell_clear(s);
	}
	IS(shell_conns(s), 8);
	shell_close(s);
}

static void hc35_source_rate(void)
{
	each_mode(source_rate);
}

/* A shell with few ports per worker, one backend, and n local addresses. */
static struct shell *shell_few_ports(unsigned int n_locals)
{
	struct weir_policy *p = shell_policy(32, 1);

	p->limits.connections = 32 * 8192;
	p->limits.syn_ack_ring = 0;
	p->interfaces[SHELL_BACKENDS].n_addrs = (uint8_t)n_locals;
	p->interfaces[SHELL_BACKENDS].addrs[1] =
		(struct weir_interface_addr){weir_addr_v4(weir_be32(0x0a000005)), 120};
	return shell_open(p, SHELL_START_NS);
}

/* Opens connections on worker 0 as long as there is a port; returns how many. */
static unsigned int use_up(struct shell *s, struct talk *t, unsigned int max)
{
	unsigned int who = 0, n = 0;

	for (; n < max; n++, who++) {
		struct segment g;

		who = next_of_worker(s, SHELL_FULLNAT, who);
		talk_init(&t[n], s, SHELL_FULLNAT, who);
		talk_syn(&t[n]);
		g = talk_segment(&t[n], WEIR_CLIENT, ACK, 0);
		if (talk_put(&t[n], WEIR_CLIENT, &g) == WEIR_FATE_no_local_port) {
			talk_hear_rst(&t[n], WEIR_CLIENT, t[n].expect[WEIR_CLIENT]);
			break;
		}
		talk_take_syn(&t[n]);
		talk_answer(&t[n]);
		shell_clear(s);
	}
	return n;
}

/* The client is refused, so often as a tick does not help. */
static unsigned int ticks_until_served(struct talk *t)
{
	struct segment g;
	unsigned int ticks = 0;

	talk_syn(t);
	g = talk_segment(t, WEIR_CLIENT, ACK, 0);
	while (talk_put(t, WEIR_CLIENT, &g) == WEIR_FATE_no_local_port && ticks++ < 1000) {
		talk_hear_rst(t, WEIR_CLIENT, t->expect[WEIR_CLIENT]);
		shell_tick(t->s);
	}
	talk_take_syn(t);
	return ticks;
}

/*
 * Each port once; then RST by name. One whose connection has ended is taken back between bursts: 16 are
 * looked at in a tick, those first that were taken first, in turns of 64.
 */
static void hc33_exhausted(void)
{
	struct shell *s = shell_few_ports(1);
	struct talk *t = calloc(5000, sizeof(*t));
	unsigned int n = use_up(s, t, 5000), ticks;

	IS(n, (65536 - 1024) / 32);
	IS(s->workers[0].px.local_ports, n);
	talk_silence(&t[0]);
	for (unsigned int i = 0; i < n; i += 500)
		talk_say(&t[i], WEIR_CLIENT, PSH, 10);
	talk_close(&t[64], WEIR_CLIENT);
	shell_clear(s);
	ticks = ticks_until_served(&t[n]);
	CU_ASSERT_TRUE(ticks > 4 && ticks <= 8);
	IS(t[n].local_port, t[64].local_port);
	IS(shell_events(s, WEIR_EVENT_port_recycled), 1);
	talk_answer(&t[n]);
	talk_say(&t[n], WEIR_BACKEND, PSH, 100);
	IS(talk_conn(&t[64]), NULL);
	shell_clear(s);
	talk_close(&t[n - 1], WEIR_BACKEND); /* the last turn's: all others are looked at first */
	talk_init(&t[n + 1], s, SHELL_FULLNAT, next_of_worker(s, SHELL_FULLNAT, 200000));
	ticks = ticks_until_served(&t[n + 1]);
	CU_ASSERT_TRUE(ticks > (n - 192) / 16 && ticks <= n / 16);
	IS(t[n + 1].local_port, t[n - 1].local_port);
	shell_close(s);
	free(t);
}

/* A second local address has as many again. */
static void hc33_addresses(void)
{
	struct shell *s = shell_few_ports(2);
	struct talk *t = calloc(5000, sizeof(*t));
	unsigned int n = use_up(s, t, 5000), second = 0;

	IS(n, 2 * (65536 - 1024) / 32);
	for (unsigned int i = 0; i < n; i++)
		second += t[i].local == 0x0a000005;
	IS(second, n / 2);
	shell_close(s);
	free(t);
}

/* Of three local addresses the one that is not near the backends is left out; the others take turns. */
static void hc33_near(void)
{
	static const uint32_t locals[3] = {SHELL_LOCAL, 0xac100001, 0x0a000005};
	struct weir_policy *p = shell_policy(1, 2);
	unsigned int used[3] = {0};
	struct talk t[32];
	struct shell *s;

	p->interfaces[SHELL_BACKENDS].n_addrs = 3;
	for (unsigned int a = 0; a < 3; a++)
		p->interfaces[SHELL_BACKENDS].addrs[a] =
			(struct weir_interface_addr){weir_addr_v4(weir_be32(locals[a])), 120};
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int i = 0; i < 32; i++) {
		talk_init(&t[i], s, SHELL_FULLNAT, i);
		t[i].port += i;
		talk_open(&t[i]);
		for (unsigned int a = 0; a < 3; a++)
			used[a] += t[i].local == locals[a];
		shell_audit(s);
	}
	CU_ASSERT_TRUE(used[0] > 0 && used[2] > 0);
	IS(used[0] + used[2], 32);
	shell_close(s);
}

/* The first backend has refused, and there is no local port to the next n: two are tried, no third. */
static void nowhere_else(unsigned int n)
{
	struct shell *s = shell_open(shell_policy(1, 4), SHELL_START_NS);
	struct weir_localports *pools = s->workers[0].px.pools;
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	talk_ack(&t);
	IS(t.backend, 0);
	IS(s->policy->pools_each, 1);
	for (unsigned int b = 1; b <= n; b++)
		pools[b].in_use = pools[b].count;
	g = talk_segment(&t, WEIR_BACKEND, RST | ACK, 0);
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_refused);
	for (unsigned int b = 1; b <= n; b++)
		pools[b].in_use = 0;
	IS(shell_events(s, WEIR_EVENT_backend_retried), n < 2);
	IS(shell_events(s, WEIR_EVENT_conn_failed), n >= 2);
	if (n < 2) {
		talk_take_syn(&t);
		IS(t.backend, n + 1);
		talk_answer(&t);
	} else {
		talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
		IS(talk_state(&t), WEIR_CLOSED);
	}
	talk_silence(&t);
	shell_audit(s);
	shell_close(s);
}

static void hc33_nowhere_else(void)
{
	for (unsigned int n = 0; n < 3; n++)
		nowhere_else(n);
}

/* Every bucket of the table is full, but for `room` slots of the one that the client's key prefers. */
static void crowd(struct talk *t, uint32_t room, uint32_t *was)
{
	struct weir_table *table = &t->s->workers[0].px.table;
	struct weir_key key = {
		weir_addr_v4(weir_be32(t->client)), weir_be16(t->port), (uint16_t)t->service};
	struct weir_bucket_line *first =
		(void *)weir_table_line(table, weir_key_hash(&table->secret, &key));

	for (uint32_t i = 0; i < table->n_buckets; i++) {
		was[i] = table->buckets[i].used;
		table->buckets[i].used = WEIR_BUCKET_SLOTS;
	}
	first->used -= room;
}

/* There are conns, but no place for a key: the first or the second one. RST, and nothing is left. */
static void no_place(unsigned int service)
{
	for (uint32_t room = 0; room < 2; room++) {
		struct shell *s = shell_usual();
		struct weir_table *table = &s->workers[0].px.table;
		uint32_t *was = calloc(table->n_buckets, sizeof(*was));
		struct segment g;
		struct talk t;

		talk_init(&t, s, service, 1);
		talk_syn(&t);
		g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
		crowd(&t, room, was);
		IS(talk_put(&t, WEIR_CLIENT, &g),
			room ? WEIR_FATE_no_local_port : WEIR_FATE_table_full);
		for (uint32_t i = 0; i < table->n_buckets; i++)
			table->buckets[i].used = was[i];
		talk_hear_rst(&t, WEIR_CLIENT, t.expect[WEIR_CLIENT]);
		talk_silence(&t);
		IS(shell_conns(s), 0);
		shell_audit(s);
		talk_ack(&t);
		talk_answer(&t);
		free(was);
		shell_close(s);
	}
}

static void hc50_no_place(void)
{
	each_mode(no_place);
}

/* Two nat services in front of the same servers. */
static struct shell *shell_nat_twins(unsigned int n_each)
{
	struct weir_policy *p = shell_policy(1, n_each);

	p->services[SHELL_FULLNAT].mode = WEIR_MODE_NAT;
	for (unsigned int i = 0; i < n_each; i++) {
		p->backends[i].addr = p->backends[n_each + i].addr;
		p->nexthops[i].addr = p->nexthops[n_each + i].addr;
	}
	return shell_open(p, SHELL_START_NS);
}

/* The client of t at the other service, which is fullnat by name only. */
static struct talk at_the_other(const struct talk *t)
{
	struct talk u = *t;

	u.service = SHELL_FULLNAT;
	u.isn[WEIR_CLIENT] += 5000000;
	u.next[WEIR_CLIENT] = u.isn[WEIR_CLIENT] + 1;
	return u;
}

/* One client port leads to one of them at a time. */
static void hc33_nat_shared(void)
{
	struct shell *s = shell_nat_twins(1);
	struct segment g;
	struct talk t, u;

	talk_init(&t, s, SHELL_NAT, 1);
	talk_open(&t);
	u = at_the_other(&t);
	talk_syn(&u);
	g = talk_segment(&u, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_no_local_port);
	talk_hear_rst(&u, WEIR_CLIENT, u.expect[WEIR_CLIENT]);
	talk_say(&t, WEIR_CLIENT, PSH, 10);
	talk_close(&t, WEIR_CLIENT);
	IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_handshake_ack);
	IS(shell_events(s, WEIR_EVENT_port_recycled), 1);
	IS(shell_conns(s), 1);
	shell_clear(s);
	shell_close(s);
}

/* Where the client's last connection to that server has ended, the next one goes there all the same. */
static void hc33_nat_ended(void)
{
	struct shell *s = shell_nat_twins(2);
	const struct shell_out *out;
	struct segment g;
	struct talk t, u;

	talk_init(&t, s, SHELL_NAT, 1);
	talk_open(&t);
	talk_close(&t, WEIR_CLIENT);
	u = at_the_other(&t);
	talk_syn(&u);
	g = talk_segment(&u, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_handshake_ack);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(weir_be32(out->seg.dst.w[3]), t.backend_addr);
	IS(shell_events(s, WEIR_EVENT_port_recycled), 1);
	shell_close(s);
}

/* Several workers: whoever receives, the owner works; both directions meet there. */
static void workers(unsigned int service)
{
	struct shell *s = shell_open(shell_policy(4, 2), SHELL_START_NS);
	unsigned int used = 0;
	uint64_t in = 0, out = 0;

	for (unsigned int i = 0; i < 64; i++) {
		struct talk t;

		talk_init(&t, s, service, i);
		s->rx = i % 4;
		talk_syn(&t);
		s->rx = (i + 1) % 4;
		talk_ack(&t);
		s->rx = (i + 2) % 4;
		talk_answer(&t);
		s->rx = (i + 3) % 4;
		talk_say(&t, WEIR_CLIENT, PSH, 100);
		s->rx = i / 4 % 4;
		talk_say(&t, WEIR_BACKEND, PSH, 100);
		talk_close(&t, i & 1);
	}
	for (unsigned int w = 0; w < 4; w++) {
		used += s->workers[w].px.table.count > 0;
		in += s->workers[w].balance.handed_in;
		out += s->workers[w].balance.handed_out;
	}
	IS(used, 4);
	IS(in, out);
	CU_ASSERT_TRUE(in > 64 * 4);
	IS(shell_in_state(s, WEIR_TIME_WAIT), 64);
	shell_close(s);
}

static void hc50_workers(void)
{
	each_mode(workers);
}

/* The beginning of a life, as chance (r) will have it. false: it ends with the beginning. */
static bool born(struct talk *t, uint64_t r)
{
	struct segment g;

	talk_syn(t);
	if ((r & 0x70) == 0) /* never comes back */
		return false;
	talk_ack(t);
	if (r & 0x80) { /* speaks early */
		g = talk_segment(t, WEIR_CLIENT, PSH, 200);
		talk_put(t, WEIR_CLIENT, &g);
		t->next[WEIR_CLIENT] += 200;
	}
	switch (r >> 8 & 7) {
	case 0: /* the backend never answers */
		return false;
	case 1: /* all refuse */
		while (talk_state(t) == WEIR_SYN_SENT) {
			g = talk_segment(t, WEIR_BACKEND, RST | ACK, 0);
			talk_put(t, WEIR_BACKEND, &g);
			if (talk_state(t) == WEIR_SYN_SENT)
				talk_take_syn(t);
		}
		return false;
	case 2: /* the client gives up */
		g = talk_segment(t, WEIR_CLIENT, RST, 0);
		talk_put(t, WEIR_CLIENT, &g);
		return false;
	default:
		g = talk_syn_segment(t, WEIR_BACKEND);
		talk_put(t, WEIR_BACKEND, &g);
		shell_clear(t->s);
		t->expect[WEIR_BACKEND] += t->next[WEIR_CLIENT] - t->isn[WEIR_CLIENT] - 1;
		talk_say(t, WEIR_BACKEND, PSH, 300);
		return true;
	}
}

static void die(struct talk *t, uint64_t r)
{
	enum weir_side closer = r & 1;
	struct segment g;

	switch (r >> 11 & 7) {
	case 0: /* forgotten */
		return;
	case 1:
		g = talk_segment(t, closer, RST, 0);
		talk_put(t, closer, &g);
		return;
	case 2:
		talk_say(t, closer, FIN, 10);
		return;
	case 3:
		talk_say(t, closer, FIN, 10);
		talk_say(t, weir_other(closer), FIN, 10);
		return;
	default:
		talk_close(t, closer);
		return;
	}
}

/* Five thousand lives over two workers with room for few; then silence: shell_close() counts. */
static void hc50_leaks(void)
{
	struct weir_policy *p = shell_policy(2, 2);
	struct shell *s;
	uint64_t seed = 51;

	p->limits.connections = 1024;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int i = 0; i < 5000; i++) {
		struct talk t;
		uint64_t r = unit_random(&seed);

		talk_init(&t, s, r >> 1 & 1, i);
		if (born(&t, r))
			die(&t, r);
		shell_clear(s);
		shell_wait_ms(s, unit_random(&seed) % 900);
		shell_clear(s);
		shell_audit(s);
	}
	CU_ASSERT_TRUE(shell_conns(s) > 10);
	s->tick_ms = 100;
	shell_wait_ms(s, 7440000 + 300000 + 200000); /* no reset_all(): everything ends by itself */
	IS(shell_conns(s), 0);
	for (unsigned int w = 0; w < 2; w++) {
		const struct weir_proxy *px = &s->workers[w].px;

		IS(px->held.count, 0);
		IS(px->local_ports, 0);
		IS(px->counters.conns, 0);
		IS(px->counters.held, 0);
		IS(px->counters.local_ports, 0);
		for (unsigned int b = 0; b < 4; b++)
			IS(px->counters.backend[b].active, 0);
	}
	shell_audit(s);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-33 every local port, then RST; recycling", hc33_exhausted},
		{"HC-33 a second local address", hc33_addresses},
		{"HC-33 local addresses near the backends", hc33_near},
		{"HC-33 no port to any other backend", hc33_nowhere_else},
		{"HC-50 no place for a key", hc50_no_place},
		{"HC-33 two nat services, one server", hc33_nat_shared},
		{"HC-33 two nat services, a connection that has ended", hc33_nat_ended},
		{"HC-35 so many connections a second from one address", hc35_source_rate},
		{"HC-35 HC-50 the table is full; recycling", hc50_table_full},
		{"HC-50 a full table is searched in steps", hc50_recycle_bound},
		{"HC-50 four workers", hc50_workers},
		{"HC-50 five thousand lives leave nothing", hc50_leaks},
	};

	return unit_main("proxy limits", tests, sizeof(tests) / sizeof(tests[0]));
}
