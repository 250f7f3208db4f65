// SPDX-License-Identifier: BSD-3-Clause
/* Half-open entries where room is short (HC-70): local ports, keys; who gives way to whom. */
#include "modes.h"

#define QUIET   20u
#define ENTRIES 3000u /* more than a worker of 32 has local ports */

static void set_mode(struct shell *s, enum weir_syn_cookies mode)
{
	for (uint32_t i = 0; i < s->policy->n_services; i++)
		s->policy->services[i].syn_cookies = (uint8_t)mode;
	for (unsigned int w = 0; w < s->policy->n_workers; w++)
		for (uint32_t i = 0; i < s->policy->n_services; i++)
			s->workers[w].px.gates[i].rule.mode = mode;
	shell_wait_ms(s, 50);
	shell_clear(s);
}

/* 32 workers, whose pools have 2016 local ports each; a queue that has room for more. */
static struct shell *shell_few_ports(void)
{
	struct weir_policy *p = shell_policy(32, 1);

	p->limits.connections = 32 * 8192;
	p->limits.half_open = 32 * 8192;
	p->limits.syn_ack_ring = 0;
	return shell_open(p, SHELL_START_NS);
}

/* The SYNs of so many clients of worker 0, from number `who` on; returns the next number. */
static unsigned int flood(struct shell *s, unsigned int who, unsigned int n)
{
	for (; n > 0; n--, who++) {
		struct segment g;
		struct talk t;

		who = next_of_worker(s, SHELL_FULLNAT, who);
		talk_init(&t, s, SHELL_FULLNAT, who);
		g = talk_syn_segment(&t, WEIR_CLIENT);
		talk_put(&t, WEIR_CLIENT, &g);
		shell_clear(s);
	}
	return who;
}

/* A flood takes all local ports that entries may have: nothing that is open goes, newcomers are served. */
static void hc70_ports(void)
{
	struct shell *s = shell_few_ports();
	struct talk t[QUIET + 8];
	unsigned int who = 0;

	for (unsigned int i = 0; i < QUIET; i++, who++) {
		who = next_of_worker(s, SHELL_FULLNAT, who);
		talk_init(&t[i], s, SHELL_FULLNAT, who);
		talk_open(&t[i]);
	}
	set_mode(s, WEIR_SYN_COOKIES_NEVER);
	who = flood(s, who, ENTRIES);
	CU_ASSERT_TRUE(shell_in_state(s, WEIR_SYN_RCVD) > 1900);
	CU_ASSERT_TRUE(shell_fates(s, WEIR_FATE_no_entry) > 900);
	IS(shell_fates(s, WEIR_FATE_no_local_port), 0);
	shell_audit(s);
	set_mode(s, WEIR_SYN_COOKIES_ALWAYS);
	for (unsigned int i = QUIET; i < QUIET + 8; i++, who++) {
		who = next_of_worker(s, SHELL_FULLNAT, who);
		talk_init(&t[i], s, SHELL_FULLNAT, who);
		talk_open(&t[i]);
		shell_clear(s);
	}
	s->tick_ms = 50;
	shell_wait_ms(s, 40000);
	shell_clear(s);
	IS(shell_events(s, WEIR_EVENT_conn_evicted) + shell_events(s, WEIR_EVENT_conn_pressed), 0);
	IS(shell_in_state(s, WEIR_ESTABLISHED), QUIET + 8);
	shell_audit(s);
	shell_close(s);
}

/* A pool that is short takes ports of entries back, so that there is room again. */
static void hc70_ports_come_back(void)
{
	struct shell *s = shell_few_ports();
	unsigned int free;

	set_mode(s, WEIR_SYN_COOKIES_NEVER);
	flood(s, 0, ENTRIES);
	shell_wait_ms(s, 1000);
	shell_clear(s);
	free = s->workers[0].px.pools[0].count - s->workers[0].px.pools[0].in_use;
	CU_ASSERT_TRUE(free >= 32 && free < 64);
	CU_ASSERT_TRUE(shell_events(s, WEIR_EVENT_half_open_evicted) < 64);
	shell_close(s);
}

/* In adaptive mode a SYN for which there is no place gets a cookie. */
static void hc70_cookie_instead(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;
	struct talk t;

	p->services[SHELL_FULLNAT].syn_cookies = WEIR_SYN_COOKIES_ADAPTIVE;
	p->services[SHELL_FULLNAT].watermarks.queue_high = 100;
	s = shell_open(p, SHELL_START_NS);
	shell_squeeze_ports(s, 4);
	for (unsigned int i = 0; i < 3; i++) {
		struct segment g;

		talk_init(&t, s, SHELL_FULLNAT, i);
		g = talk_syn_segment(&t, WEIR_CLIENT);
		IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
	}
	shell_clear(s);
	talk_init(&t, s, SHELL_FULLNAT, 3);
	talk_syn(&t);
	IS(shell_conns(s), 3);
	talk_ack(&t);
	talk_answer(&t);
	talk_say(&t, WEIR_CLIENT, PSH, 100);
	IS(shell_in_state(s, WEIR_SYN_RCVD), 3);
	shell_close(s);
}

/* nat, two services with one backend: a forged SYN to the one keeps no client from the other. */
static void hc70_key_of_an_entry(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct segment g;
	struct shell *s;
	struct talk t, u;

	p->services[SHELL_FULLNAT].mode = WEIR_MODE_NAT;
	p->services[SHELL_FULLNAT].syn_cookies = WEIR_SYN_COOKIES_NEVER;
	p->backends[0].addr = p->backends[1].addr;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	g = talk_syn_segment(&t, WEIR_CLIENT);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
	shell_clear(s);
	talk_init(&u, s, SHELL_NAT, 1);
	talk_syn(&u);
	g = talk_segment(&u, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&u, WEIR_CLIENT, &g), WEIR_FATE_handshake_ack);
	IS(shell_events(s, WEIR_EVENT_half_open_evicted), 1);
	IS(shell_in_state(s, WEIR_SYN_SENT), 1);
	shell_clear(s);
	shell_audit(s);
	shell_close(s);
}

/* A client whose SYN came to the backend. */
static struct talk entry_of(struct shell *s, unsigned int who)
{
	const struct shell_out *out;
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, who);
	t.offer[0].ts = t.offer[1].ts = false;
	g = talk_syn_segment(&t, WEIR_CLIENT);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	t.backend = out->nexthop;
	t.backend_addr = weir_be32(out->seg.dst.w[3]);
	t.local = weir_be32(out->seg.src.w[3]);
	t.local_port = weir_be16(out->seg.sport_be);
	t.expect[WEIR_BACKEND] = out->seg.seq + 1;
	return t;
}

/* The rest of its handshake; the fate of its ACK. */
static unsigned int finish(struct talk *t)
{
	struct segment g = talk_syn_segment(t, WEIR_BACKEND);
	const struct shell_out *out;
	unsigned int fate;

	IS(talk_put(t, WEIR_BACKEND, &g), WEIR_FATE_to_client);
	out = shell_take(t->s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	t->expect[WEIR_CLIENT] = out->seg.seq + 1;
	g = talk_segment(t, WEIR_CLIENT, ACK, 0);
	fate = talk_put(t, WEIR_CLIENT, &g);
	shell_clear(t->s);
	return fate;
}

/* A client whose SYN the backend gets, as is returned, and who gives up at once. */
static struct weir_seg come_and_go(struct shell *s, unsigned int who)
{
	const struct shell_out *out;
	struct weir_seg seg;
	struct segment g;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, who);
	g = talk_syn_segment(&t, WEIR_CLIENT);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	seg = out->seg;
	g.flags = RST;
	g.seq++;
	g.opt_len = 0;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
	IS(shell_conns(s), 0);
	shell_clear(s);
	return seg;
}

/* HC-33, HC-70: on a local port ISNs of ours grow from entry to entry, and so do TSvals; there are four. */
static void hc33_numbers_grow(void)
{
	struct weir_seg last[4] = {0};
	unsigned int again = 0;
	struct shell *s;

	s = shell_open(shell_policy(1, 1), SHELL_START_NS);
	set_mode(s, WEIR_SYN_COOKIES_NEVER);
	shell_squeeze_ports(s, 4);
	for (unsigned int who = 30; who > 0; who--) {
		const struct weir_seg seg = come_and_go(s, who);
		struct weir_seg *before = &last[weir_be16(seg.sport_be) % 4];

		if (before->sport_be == seg.sport_be) {
			CU_ASSERT_TRUE((int32_t)(seg.seq - before->seq) > 0);
			CU_ASSERT_TRUE((int32_t)(seg.tsval - before->tsval) > 0);
			CU_ASSERT_TRUE(seg.tsval - before->tsval <= 30 * 20);
			again++;
		}
		*before = seg;
		shell_wait_ms(s, 20);
	}
	CU_ASSERT_TRUE(again > 15);
	shell_close(s);
}

/* HC-70: a client of calm mode that is established is known, and in a table that fills room is made for it. */
static void hc70_established(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	const struct weir_proxy *px;
	struct shell *s;
	struct talk t;

	p->limits.connections = 64;
	s = shell_open(p, SHELL_START_NS);
	px = &s->workers[0].px;
	set_mode(s, WEIR_SYN_COOKIES_NEVER);
	t = entry_of(s, 1);
	CU_ASSERT_FALSE(weir_known_is(&px->known, &talk_conn(&t)->client.addr));
	IS(finish(&t), WEIR_FATE_to_backend);
	CU_ASSERT_TRUE(weir_known_is(&px->known, &talk_conn(&t)->client.addr));
	IS(px->pressure.until_ns, 0);
	for (unsigned int i = 2; i <= 64 && px->pressure.until_ns == 0; i++) {
		t = entry_of(s, i);
		IS(finish(&t), WEIR_FATE_to_backend);
	}
	CU_ASSERT_TRUE(px->pressure.until_ns > s->now_ns);
	shell_close(s);
}

static struct shell *shell_few_conns(uint32_t max_conns)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;

	for (uint32_t i = 0; i < p->n_members; i++)
		p->members[i].max_conns = max_conns;
	s = shell_open(p, SHELL_START_NS);
	set_mode(s, WEIR_SYN_COOKIES_NEVER);
	return s;
}

/* Entries, which may be forged, keep nobody out of a backend with max_conns. */
static void hc70_max_conns(void)
{
	struct shell *s = shell_few_conns(3);
	struct talk t;

	for (unsigned int i = 0; i < 5; i++)
		entry_of(s, i);
	t = entry_of(s, 5);
	IS(finish(&t), WEIR_FATE_to_backend);
	IS(shell_in_state(s, WEIR_SYN_RCVD), 5);
	set_mode(s, WEIR_SYN_COOKIES_ALWAYS);
	for (unsigned int i = 6; i < 8; i++) {
		talk_init(&t, s, SHELL_FULLNAT, i);
		talk_open(&t);
		shell_clear(s);
	}
	IS(shell_in_state(s, WEIR_ESTABLISHED), 3);
	shell_audit(s);
	shell_wait_ms(s, 75100);
	IS(shell_in_state(s, WEIR_SYN_RCVD), 0);
	IS(s->workers[0].px.sched.backends[0].entries, 0);
	IS(s->workers[0].px.sched.backends[0].active, 3);
	shell_close(s);
}

/* They become no more connections than that. */
static void hc70_no_more_than_max_conns(void)
{
	struct shell *s = shell_few_conns(1);
	struct talk t = entry_of(s, 1), u = entry_of(s, 2);

	IS(finish(&u), WEIR_FATE_to_backend);
	IS(finish(&t), WEIR_FATE_no_backend);
	IS(shell_in_state(s, WEIR_ESTABLISHED), 1);
	IS(shell_in_state(s, WEIR_SYN_RCVD), 0);
	shell_audit(s);
	shell_close(s);
}

/* Counted as if so many clients of the fullnat service had come and gone. */
static void handshakes(struct weir_counters *n, unsigned int clients)
{
	weir_count(&n->service[SHELL_FULLNAT].syn, clients);
	weir_count(&n->event[WEIR_EVENT_syn_received], clients);
	weir_count(&n->service[SHELL_FULLNAT].opened, clients);
	weir_count(&n->event[WEIR_EVENT_conn_opened], clients);
}

/*
 * Forged SYNs at that rate for five minutes, beside so many clients a second whose handshakes are completed
 * at once: their SYNs leave no entry behind. How often the gate changes.
 */
static uint64_t changes(unsigned int forged_per_s, unsigned int clients_per_s)
{
	struct weir_policy *p = shell_policy(1, 1);
	unsigned int who = 0;
	uint64_t switches;
	struct shell *s;

	p->services[SHELL_FULLNAT].syn_cookies = WEIR_SYN_COOKIES_ADAPTIVE;
	p->services[SHELL_FULLNAT].watermarks.rate_high = 200;
	p->services[SHELL_FULLNAT].watermarks.share_low = 5;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int i = 0; i < 300 * forged_per_s; i++) {
		who = flood(s, who, 1);
		handshakes(&s->workers[0].px.counters, clients_per_s / forged_per_s);
		shell_wait_ms(s, 1000 / forged_per_s);
		shell_clear(s);
	}
	switches = s->workers[0].px.counters.service[SHELL_FULLNAT].switches;
	shell_close(s);
	return switches;
}

/*
 * HC-45: the queue's upper mark is 33. What comes slowly leaves as slowly, when it is stale; what fills the
 * queue with entries that are not would fill it again, so cookies stay.
 */
static void hc45_trickle(void)
{
	IS(changes(5, 0), 0);
	IS(changes(9, 0), 0);
	IS(changes(20, 480), 1);
	IS(changes(40, 0), 1);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-70 entries that have all local ports press nobody", hc70_ports},
		{"HC-70 a short pool takes ports of entries back", hc70_ports_come_back},
		{"HC-70 no place: a cookie instead", hc70_cookie_instead},
		{"HC-70 an entry's key gives way to a connection", hc70_key_of_an_entry},
		{"HC-33 HC-70 numbers grow on a local port", hc33_numbers_grow},
		{"HC-70 what an established client gets", hc70_established},
		{"HC-70 entries use up no max_conns", hc70_max_conns},
		{"HC-70 nor do they exceed it", hc70_no_more_than_max_conns},
		{"HC-45 a few forged SYNs for long", hc45_trickle},
	};

	return unit_main("proxy calm room", tests, sizeof(tests) / sizeof(tests[0]));
}
