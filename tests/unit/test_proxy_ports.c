// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: a service with two ports, to which one client may talk from one port at once. */
#include "wanted.h"

#define OTHER_PORT 443

/* shell_policy() with two backends each, whose services both have a second port. */
static struct weir_policy *two_ports(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct weir_listener *listeners = calloc(4, sizeof(*listeners));

	memcpy(listeners, p->listeners, 2 * sizeof(*listeners));
	free(p->listeners);
	p->listeners = listeners;
	for (uint16_t s = 0; s < 2; s++)
		weir_policy_listen(p, s, &p->listeners[s].vip, weir_be16(OTHER_PORT));
	p->limits.services = 4;
	p->limits.listeners = 6;
	p->limits.backends = 8;
	return p;
}

/* Two talks of the same client address and port, to the two ports of a service. */
static void begin(struct talk t[2], struct shell *s, unsigned int service)
{
	for (unsigned int i = 0; i < 2; i++) {
		talk_init(&t[i], s, service, 7);
		t[i].vip_port = i == 0 ? SHELL_VIP_PORT : OTHER_PORT;
	}
	t[1].isn[WEIR_CLIENT] += 12345;
	t[1].next[WEIR_CLIENT] += 12345;
	t[1].isn[WEIR_BACKEND] += 99999;
	t[1].next[WEIR_BACKEND] += 99999;
}

/* Every step for one, then for the other: each is answered from its own port (talk.c looks). */
static void both_at_once(unsigned int service)
{
	struct shell *s = shell_open(two_ports(), SHELL_START_NS);
	const struct weir_counters *c = &s->workers[0].px.counters;
	struct talk t[2];

	begin(t, s, service);
	talk_syn(&t[0]);
	talk_syn(&t[1]);
	CU_ASSERT_NOT_EQUAL(t[0].shown[WEIR_CLIENT], t[1].shown[WEIR_CLIENT]);
	talk_ack(&t[0]);
	talk_ack(&t[1]);
	talk_answer(&t[1]);
	talk_answer(&t[0]);
	IS(shell_conns(s), 2);
	for (unsigned int i = 0; i < 6; i++) {
		talk_say(&t[i % 2], WEIR_CLIENT, PSH, 100 + i);
		talk_say(&t[(i + 1) % 2], WEIR_BACKEND, PSH, 200 + i);
	}
	IS(c->service[service].syn, 2);
	IS(c->service[service].cookies_ok, 2);
	IS(c->service[service].opened, 2);
	IS(c->service[service].established, 2);
	IS(c->service[service].bytes_in, 6 * 100 + 15);
	IS(c->service[service].bytes_out, 6 * 200 + 15);
	IS(c->service[1 - service].syn, 0);
	IS(c->listener[service].conns, 1);
	IS(c->listener[2 + service].conns, 1);
	talk_close(&t[0], WEIR_CLIENT);
	IS(talk_state(&t[1]), WEIR_ESTABLISHED);
	talk_say(&t[1], WEIR_BACKEND, PSH, 300);
	talk_close(&t[1], WEIR_BACKEND);
	shell_close(s);
}

static void ports_at_once(void)
{
	each_mode(both_at_once);
}

/* A cookie is of its port: the ACK of one handshake opens nothing on the other port. */
static void port_of_cookie(void)
{
	struct shell *s = shell_open(two_ports(), SHELL_START_NS);
	struct segment g;
	struct talk t[2];

	begin(t, s, SHELL_FULLNAT);
	talk_syn(&t[0]);
	g = talk_segment(&t[0], WEIR_CLIENT, ACK, 0);
	g.dport = OTHER_PORT;
	IS(talk_put(&t[0], WEIR_CLIENT, &g), WEIR_FATE_bad_cookie);
	IS(shell_conns(s), 0);
	talk_ack(&t[0]);
	IS(shell_conns(s), 1);
	shell_close(s);
}

static uint16_t listener_at(const struct shell *s, unsigned int service, uint16_t port)
{
	const struct weir_addr vip = weir_addr_v4(weir_be32(SHELL_VIP(service)));
	const struct weir_endpoint *e =
		weir_endpoint_find(&s->policy->endpoints, &vip, weir_be16(port));

	return e != NULL && e->kind == WEIR_ENDPOINT_LISTENER ? e->index : WEIR_NONE16;
}

static void listen_at(struct weir_policy *p, uint16_t service, unsigned int vip, uint16_t port)
{
	const struct weir_addr addr = weir_addr_v4(weir_be32(SHELL_VIP(vip)));

	weir_policy_listen(p, service, &addr, weir_be16(port));
}

/* The wanted policy's listener on that VIP and port goes. */
static void drop_listener(struct weir_policy *p, unsigned int vip, uint16_t port)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < p->n_listeners; i++)
		if (weir_be32(p->listeners[i].vip.w[3]) != SHELL_VIP(vip) ||
			p->listeners[i].port_be != weir_be16(port))
			p->listeners[left++] = p->listeners[i];
	CU_ASSERT_EQUAL(left, p->n_listeners - 1);
	p->n_listeners = left;
}

/* Derives the next generation as a shell with no connections would; the refusal, and what changed. */
static enum weir_refusal derive(const struct shell *s, struct weir_policy *wanted,
	struct weir_change *services)
{
	struct weir_derivation how = {0};

	weir_policy_derive(s->policy, wanted, &how);
	*services = how.services;
	weir_policy_free(how.next);
	weir_policy_free(wanted);
	return how.refusal;
}

/* HC-51: both ports keep their numbers over a reload, in whatever order they are said. */
static void reload_keeps(unsigned int service)
{
	struct shell *s = shell_open(two_ports(), SHELL_START_NS);
	struct weir_policy *p;
	struct weir_change change;
	struct talk t[2];

	begin(t, s, service);
	talk_open(&t[0]);
	talk_open(&t[1]);
	p = shell_wanted(s->policy);
	for (uint32_t i = 0; i < 2; i++) {
		struct weir_listener l = p->listeners[2 * i];

		p->listeners[2 * i] = p->listeners[2 * i + 1];
		p->listeners[2 * i + 1] = l;
	}
	IS(derive(s, shell_wanted(s->policy), &change), WEIR_REFUSAL_NONE);
	IS(change.added + change.removed + change.changed, 0);
	IS(shell_reload(s, p), WEIR_REFUSAL_NONE);
	IS(s->policy->n_listeners, 4);
	IS(listener_at(s, service, SHELL_VIP_PORT), service);
	IS(listener_at(s, service, OTHER_PORT), 2 + service);
	IS(s->policy->listeners[2 + service].service, service);
	IS(s->policy->listeners[2 + service].since, 0);
	for (unsigned int i = 0; i < 2; i++) {
		talk_say(&t[i], WEIR_CLIENT, PSH, 100);
		talk_say(&t[i], WEIR_BACKEND, PSH, 100);
	}
	shell_close(s);
}

static void hc51_ports_stay(void)
{
	each_mode(reload_keeps);
}

/* HC-51: a port is taken out while a connection goes through it, and its number is given away after. */
static void hc51_port_goes(void)
{
	struct shell *s = shell_open(two_ports(), SHELL_START_NS);
	struct weir_change change;
	struct weir_policy *p;
	struct segment syn;
	struct talk t[2];

	begin(t, s, SHELL_NAT);
	talk_open(&t[0]);
	talk_open(&t[1]);
	p = shell_wanted(s->policy);
	drop_listener(p, SHELL_NAT, OTHER_PORT);
	IS(derive(s, p, &change), WEIR_REFUSAL_NONE);
	IS(change.changed, 1);
	p = shell_wanted(s->policy);
	drop_listener(p, SHELL_NAT, OTHER_PORT);
	shell_reload(s, p);
	IS(s->policy->services[SHELL_NAT].life, WEIR_LIFE_LIVE);
	IS(s->policy->listeners[3].life, WEIR_LIFE_RETIRED);
	talk_say(&t[1], WEIR_CLIENT, PSH, 100); /* what is open goes on */
	talk_say(&t[1], WEIR_BACKEND, PSH, 100);
	t[1].port++;
	syn = talk_syn_segment(&t[1], WEIR_CLIENT);
	IS(talk_put(&t[1], WEIR_CLIENT, &syn), WEIR_FATE_refused_port);
	t[1].port--;
	shell_clear(s);
	shell_reload(s, shell_wanted(s->policy));
	IS(s->policy->listeners[3].life, WEIR_LIFE_RETIRED);
	talk_close(&t[1], WEIR_BACKEND);
	talk_close(&t[0], WEIR_BACKEND);
	shell_wait_ms(s, 200000);
	shell_clear(s);
	shell_reload(s, shell_wanted(s->policy));
	IS(s->policy->listeners[3].life, WEIR_LIFE_VACANT);
	IS(listener_at(s, SHELL_NAT, OTHER_PORT), WEIR_NONE16);
	p = shell_wanted(s->policy);
	listen_at(p, SHELL_FULLNAT, SHELL_FULLNAT, 8443);
	shell_reload(s, p);
	IS(listener_at(s, SHELL_FULLNAT, 8443), 3);
	IS(s->policy->listeners[3].service, SHELL_FULLNAT);
	IS(s->policy->listeners[3].since, s->policy->generation);
	shell_close(s);
}

/* A retired port that is wanted again in time is the same one. */
static void hc51_port_comes_back(void)
{
	struct shell *s = shell_open(two_ports(), SHELL_START_NS);
	struct weir_policy *p;
	struct talk t[2];

	begin(t, s, SHELL_FULLNAT);
	talk_open(&t[1]);
	p = shell_wanted(s->policy);
	drop_listener(p, SHELL_FULLNAT, OTHER_PORT);
	shell_reload(s, p);
	p = shell_wanted(s->policy);
	listen_at(p, SHELL_FULLNAT, SHELL_FULLNAT, OTHER_PORT);
	shell_reload(s, p);
	IS(listener_at(s, SHELL_FULLNAT, OTHER_PORT), 2);
	IS(s->policy->listeners[2].since, 0);
	talk_say(&t[1], WEIR_CLIENT, PSH, 100);
	talk_open(&t[0]);
	IS(s->workers[0].px.counters.service[SHELL_FULLNAT].opened, 2);
	shell_close(s);
}

/* A service that keeps one of its ports is the same one; its ports are not divided or given to others. */
static void hc51_ports_refused(void)
{
	struct shell *s = shell_open(two_ports(), SHELL_START_NS);
	struct weir_change change;
	struct weir_policy *p;

	p = shell_wanted(
		s->policy); /* another port of it for the first one: the second says who it is */
	drop_listener(p, SHELL_NAT, SHELL_VIP_PORT);
	listen_at(p, SHELL_NAT, SHELL_NAT, 8080);
	IS(derive(s, p, &change), WEIR_REFUSAL_NONE);
	IS(change.added, 0);
	IS(change.changed, 1);

	p = shell_wanted(s->policy); /* a port of the other service */
	drop_listener(p, SHELL_FULLNAT, OTHER_PORT);
	listen_at(p, SHELL_NAT, SHELL_FULLNAT, OTHER_PORT);
	IS(derive(s, p, &change), WEIR_REFUSAL_LISTENER);

	p = shell_wanted(s->policy); /* one service becomes two */
	add_service(p);
	p->listeners[p->n_listeners - 1].vip = p->listeners[0].vip;
	p->listeners[p->n_listeners - 1].port_be = weir_be16(OTHER_PORT);
	for (uint32_t i = 0; i + 1 < p->n_listeners; i++)
		if (p->listeners[i].service == SHELL_FULLNAT &&
			p->listeners[i].port_be == weir_be16(OTHER_PORT))
			p->listeners[i].port_be = weir_be16(1);
	IS(derive(s, p, &change), WEIR_REFUSAL_LISTENER);

	p = shell_wanted(s->policy); /* more than there is memory for: there are 4 of 6 */
	listen_at(p, SHELL_NAT, SHELL_NAT, 1);
	listen_at(p, SHELL_NAT, SHELL_NAT, 2);
	IS(derive(s, p, &change), WEIR_REFUSAL_NONE);
	s->policy->limits.listeners = 5;
	p = shell_wanted(s->policy);
	listen_at(p, SHELL_NAT, SHELL_NAT, 1);
	listen_at(p, SHELL_NAT, SHELL_NAT, 2);
	IS(derive(s, p, &change), WEIR_REFUSAL_LISTENERS);
	s->policy->limits.listeners = 6;
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"two ports of a service at once", ports_at_once},
		{"a cookie is of its port", port_of_cookie},
		{"HC-51 ports keep their numbers", hc51_ports_stay},
		{"HC-51 a port is taken out", hc51_port_goes},
		{"HC-51 a port is put back", hc51_port_comes_back},
		{"HC-51 what ports cannot become", hc51_ports_refused},
	};

	return unit_main("proxy: ports", tests, sizeof(tests) / sizeof(tests[0]));
}
