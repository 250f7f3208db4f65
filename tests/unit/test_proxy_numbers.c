// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: the numbers of services and backends from one policy to the next (HC-51). */
#include "wanted.h"

/* Number of what has that address, WEIR_NONE16 when it is nobody's. */
static uint16_t number_of(const struct shell *s, uint32_t addr)
{
	for (uint32_t i = 0; i < s->policy->n_backends; i++)
		if (s->policy->backends[i].life != WEIR_LIFE_VACANT &&
			weir_be32(s->policy->backends[i].addr.w[3]) == addr)
			return (uint16_t)i;
	return WEIR_NONE16;
}

/* Kept while a connection is remembered, even one that has ended; then given to another. */
static void hc51_numbers(void)
{
	struct shell *s = shell_roomy(1, 1);
	const struct weir_counters *c = &s->workers[0].px.counters;
	struct weir_policy *p;
	struct talk t;

	talk_init(&t, s, SHELL_NAT, 1);
	talk_open(&t);
	p = shell_wanted(s->policy);
	drop_member(p, SHELL_NAT, 0);
	shell_reload(s, p);
	talk_close(&t, WEIR_CLIENT);
	p = shell_wanted(s->policy);
	add_member(p, NEW_BACKEND, SHELL_BACKEND_PORT);
	shell_reload(s, p);
	IS(number_of(s, NEW_BACKEND), 2);
	shell_wait_ms(s, 200000);
	IS(shell_conns(s), 0);
	IS(number_of(s, SHELL_BACKEND(SHELL_NAT, 0)), 1);
	IS(c->backend[1].opened, 1);
	shell_reload(s, shell_wanted(s->policy));
	IS(number_of(s, SHELL_BACKEND(SHELL_NAT, 0)), WEIR_NONE16);
	p = shell_wanted(s->policy);
	add_member(p, NEW_BACKEND + 1, SHELL_BACKEND_PORT);
	shell_reload(s, p);
	IS(number_of(s, NEW_BACKEND + 1), 1);
	IS(c->backend[1].opened, 0);
	shell_close(s);
}

/* Removed by mistake and put back: everything is where it was. */
static void hc51_put_back(void)
{
	struct shell *s = shell_roomy(1, 1);
	const struct weir_counters *c = &s->workers[0].px.counters;
	struct weir_policy *before = shell_wanted(s->policy), *p;
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_open(&t);
	p = shell_wanted(s->policy);
	drop_service(p, SHELL_FULLNAT);
	shell_reload(s, p);
	talk_say(&t, WEIR_CLIENT, PSH, 100);
	shell_reload(s, before);
	IS(number_of(s, SHELL_BACKEND(SHELL_FULLNAT, 0)), 0);
	IS(c->service[SHELL_FULLNAT].opened, 1);
	talk_close(&t, WEIR_BACKEND);
	IS(picked(s, SHELL_FULLNAT, 2), SHELL_BACKEND(SHELL_FULLNAT, 0));
	shell_close(s);
}

static bool is_ours(const struct shell *s, uint32_t addr)
{
	struct weir_addr a = weir_addr_v4(weir_be32(addr));

	return weir_endpoint_find(&s->policy->endpoints, &a, 0) != NULL;
}

/*
 * Two services share a backend, whose connections are under the number of the first. It stays when the
 * first service has gone, and a newcomer's number does not come before it.
 */
static void hc51_shared(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	const struct weir_addr vip = weir_addr_v4(weir_be32(SHELL_VIP(0)));
	struct shell *s;
	struct talk t;

	p->limits.services = 4;
	p->limits.backends = 8;
	p->services[SHELL_NAT].mode = WEIR_MODE_FULLNAT;
	p->backends[1].addr = p->backends[0].addr;
	p->nexthops[1].addr = p->nexthops[0].addr;
	s = shell_open(p, SHELL_START_NS);
	IS(s->policy->backends[1].key_id, 0);
	p = shell_wanted(s->policy);
	drop_service(p, 0);
	shell_reload(s, p);
	CU_ASSERT_TRUE(is_ours(s, SHELL_VIP(0)));
	shell_reload(s, shell_wanted(s->policy));
	IS(s->policy->backends[0].life, WEIR_LIFE_ORPHANED);
	IS(s->policy->services[0].life, WEIR_LIFE_ORPHANED);
	CU_ASSERT_FALSE(is_ours(s, SHELL_VIP(0))); /* another machine may have it */
	IS(s->policy->backends[1].key_id, 0);
	p = shell_wanted(s->policy);
	drop_service(p, 0);
	add_service(p);
	shell_reload(s, p);                       /* the second one retires, too */
	shell_reload(s, shell_wanted(s->policy)); /* it goes, then the first */
	shell_reload(s, shell_wanted(s->policy));
	IS(s->policy->backends[0].life, WEIR_LIFE_VACANT);
	IS(s->policy->backends[1].life, WEIR_LIFE_VACANT);
	IS(picked(s, 2, 1), NEW_BACKEND);
	/* a second service with the same backend: not under one of the free numbers before it */
	p = shell_wanted(s->policy);
	p->services[1] = p->services[0];
	weir_policy_listen(p, 1, &vip, weir_be16(SHELL_VIP_PORT));
	p->services[1].first_member = p->n_members;
	p->services[1].n_members = 0;
	p->n_services = 2;
	add_member(p, NEW_BACKEND, SHELL_BACKEND_PORT);
	IS(shell_reload(s, p), WEIR_REFUSAL_NONE);
	IS(s->policy->backends[2].key_id, 2);
	IS(s->policy->backends[3].key_id, 2);
	talk_init(&t, s, 0, 2);
	talk_open(&t);
	IS(t.backend_addr, NEW_BACKEND);
	shell_close(s);
}

static uint32_t way_to(const struct shell *s, unsigned int backend)
{
	return weir_be32(s->policy->nexthops[s->policy->backends[backend].nexthop].addr.w[3]);
}

/* The backend is reached by another way: nobody asks for the old next hop any more. */
static void hc51_next_hops(void)
{
	struct shell *s = shell_roomy(1, 1);
	struct weir_policy *p = shell_wanted(s->policy);
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_open(&t);
	IS(s->policy->n_nexthops, 2);
	p->nexthops[0].addr = weir_addr_v4(weir_be32(SHELL_LOCAL + 1));
	shell_reload(s, p);
	IS(s->policy->n_nexthops, 2);
	IS(way_to(s, 0), SHELL_LOCAL + 1);
	p = shell_wanted(s->policy);
	drop_service(p, SHELL_FULLNAT);
	shell_reload(s, p);
	IS(s->policy->n_nexthops, 2); /* kept for the connection */
	IS(way_to(s, 0), SHELL_LOCAL + 1);
	shell_close(s);
}

/* The SYN-ACKs that a number's service has given are not repeated by the next one's. */
static void hc51_ring(void)
{
	struct shell *s = shell_roomy(1, 1);
	struct weir_policy *p = shell_wanted(s->policy);
	struct talk t;

	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_syn(&t);
	drop_service(p, 0);
	shell_reload(s, p);
	shell_reload(s, shell_wanted(s->policy));
	p = shell_wanted(s->policy);
	add_service(p);
	shell_reload(s, p);
	IS(s->policy->services[0].life, WEIR_LIFE_LIVE);
	shell_wait_ms(s, 5000);
	talk_silence(&t);
	shell_close(s);
}

/* ... but those of services that stay are. */
static void hc51_ring_stays(void)
{
	struct shell *s = shell_roomy(1, 1);
	const struct shell_out *again;
	struct talk t;

	talk_init(&t, s, SHELL_NAT, 1);
	talk_syn(&t);
	shell_reload(s, shell_wanted(s->policy));
	shell_wait_ms(s, 1100);
	again = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	IS(again->seg.seq, t.shown[WEIR_CLIENT]);
	talk_silence(&t);
	shell_close(s);
}

/* What was learned of a service's backends is forgotten with the service, and no earlier. */
static void timestamps(unsigned int number)
{
	struct shell *s = shell_roomy(1, 1);
	struct weir_policy *p;
	struct segment g;
	struct talk t;

	talk_init(&t, s, number, 1);
	talk_syn(&t);
	talk_ack(&t);
	t.offer[WEIR_BACKEND].ts = false;
	g = talk_syn_segment(&t, WEIR_BACKEND);
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_timestamps);
	shell_clear(s);
	shell_reload(s, shell_wanted(s->policy));
	talk_init(&t, s, number, 2);
	talk_syn(&t);
	CU_ASSERT_FALSE(t.promised.ts);
	p = shell_wanted(s->policy);
	drop_service(p, number);
	shell_reload(s, p);
	shell_wait_ms(s, 200000);
	shell_clear(s);
	shell_reload(s, shell_wanted(s->policy));
	p = shell_wanted(s->policy);
	add_service(p);
	shell_reload(s, p);
	IS(weir_be32(s->policy->listeners[number].vip.w[3]), SHELL_VIP(2));
	talk_init(&t, s, 2, 3);
	talk_syn(&t);
	CU_ASSERT_TRUE(t.promised.ts);
	shell_close(s);
}

static void hc51_timestamps(void)
{
	timestamps(SHELL_FULLNAT);
	timestamps(SHELL_NAT);
}

/* Limits change with the policy: what one source may open, how many strangers and peers are answered. */
static void hc51_limits(void)
{
	struct shell *s = shell_roomy(1, 1);
	struct weir_policy *p = shell_wanted(s->policy);
	struct segment g;
	struct talk t, stranger;

	p->limits.source_rate = 1;
	p->limits.reply_budget = 1;
	shell_reload(s, p);
	shell_wait_ms(s, 2000);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	talk_open(&t);
	t.port++;
	talk_syn(&t);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_source_rate);
	for (unsigned int i = 0; i < 2; i++) {
		talk_init(&stranger, s, SHELL_FULLNAT, 2);
		g = talk_syn_segment(&stranger, WEIR_CLIENT);
		g.dport++;
		IS(talk_put(&stranger, WEIR_CLIENT, &g),
			i == 0 ? WEIR_FATE_refused_port : WEIR_FATE_reply_budget);
		t.local_port = 50000;
		g = talk_segment(&t, WEIR_BACKEND, ACK, 0);
		IS(talk_put(&t, WEIR_BACKEND, &g),
			i == 0 ? WEIR_FATE_refused_stray : WEIR_FATE_reply_budget);
	}
	shell_close(s);
}

/*
 * Several workers
 */

/* Workers take turns: one that has not adopted goes on with the old, or is told by who hands over. */
static void hc51_workers(void)
{
	for (unsigned int n = 0; n < 32; n++) {
		struct shell *s = shell_roomy(3, 2);
		struct weir_policy *p = shell_wanted(s->policy);
		struct talk old, t;

		talk_init(&old, s, SHELL_FULLNAT, 100 + n);
		talk_open(&old);
		drop_service(p, 1);
		add_service(p);
		IS(shell_publish(s, p), WEIR_REFUSAL_NONE);
		talk_say(&old, WEIR_CLIENT, PSH, 100); /* nobody has it */
		s->rx = n % 3;
		shell_adopt(s, s->rx);
		talk_say(&old, WEIR_BACKEND, PSH, 1000);
		talk_init(&t, s, SHELL_NAT, n);
		t.service = 2; /* handed over, to one who may never have heard of it */
		talk_open(&t);
		IS(t.backend_addr, NEW_BACKEND);
		s->rx = (n + 1) % 3;
		talk_say(&old, WEIR_CLIENT, PSH, 100);
		shell_close(s);
	}
}

/*
 * What cannot be had
 */

typedef void edit(struct weir_policy *p);

static void too_many_services(struct weir_policy *p)
{
	add_service(p);
}

static void too_many_backends(struct weir_policy *p)
{
	add_member(p, NEW_BACKEND, SHELL_BACKEND_PORT);
}

static void other_mode(struct weir_policy *p)
{
	p->services[0].mode = WEIR_MODE_NAT;
}

static void other_scale(struct weir_policy *p)
{
	p->services[1].profile.wscale++;
}

static void other_egress(struct weir_policy *p)
{
	p->backends[0].egress = SHELL_CLIENTS;
}

static const struct {
	edit *how;
	enum weir_refusal refusal;
	bool at_service;
	uint32_t at;
} refusals[] = {
	{too_many_services, WEIR_REFUSAL_SERVICES, true, 2},
	{too_many_backends, WEIR_REFUSAL_BACKENDS, false, 2},
	{other_mode, WEIR_REFUSAL_MODE, true, 0},
	{other_scale, WEIR_REFUSAL_WSCALE, true, 1},
	{other_egress, WEIR_REFUSAL_EGRESS, false, 0},
};

static void hc51_refused(void)
{
	for (unsigned int i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct shell *s = shell_alone();
		struct weir_policy *p = shell_wanted(s->policy);
		struct weir_policy *was = s->policy;
		struct weir_derivation how = {0};
		uint64_t memory = shell_memory_hash(s);

		refusals[i].how(p);
		CU_ASSERT_TRUE(weir_policy_derive(s->policy, p, &how) < 0);
		IS(how.refusal, refusals[i].refusal);
		IS(how.at_service, refusals[i].at_service);
		IS(how.at, refusals[i].at);
		IS(how.next, NULL);
		IS(shell_reload(s, p), refusals[i].refusal);
		IS(s->policy, was);
		IS(shell_memory_hash(s), memory);
		picked(s, SHELL_FULLNAT, 1);
		shell_close(s);
	}
}

/* What is retired still has its addresses, until its connections have ended. */
static void hc51_taken(void)
{
	struct shell *s = shell_roomy(1, 1);
	struct weir_policy *p;
	struct talk t;

	talk_init(&t, s, SHELL_NAT, 1);
	talk_open(&t);
	p = shell_wanted(s->policy);
	drop_service(p, SHELL_NAT);
	shell_reload(s, p);
	/* its backend in fullnat */
	p = shell_wanted(s->policy);
	add_member(p, SHELL_BACKEND(SHELL_NAT, 0), SHELL_BACKEND_PORT);
	IS(shell_reload(s, p), WEIR_REFUSAL_SHARED);
	/* its VIP a backend, its backend a VIP, on any port: both would answer for the address */
	for (uint16_t i = 0; i < 2; i++) {
		p = shell_wanted(s->policy);
		add_member(p, SHELL_VIP(SHELL_NAT), SHELL_VIP_PORT + i);
		IS(shell_reload(s, p), WEIR_REFUSAL_ENDPOINT);
		p = shell_wanted(s->policy);
		add_service(p);
		p->listeners[1].vip = weir_addr_v4(weir_be32(SHELL_BACKEND(SHELL_NAT, 0)));
		p->listeners[1].port_be = weir_be16(SHELL_BACKEND_PORT + i);
		IS(shell_reload(s, p), WEIR_REFUSAL_ENDPOINT);
	}
	talk_close(&t, WEIR_BACKEND);
	shell_wait_ms(s, 200000);
	p = shell_wanted(s->policy);
	add_member(p, SHELL_BACKEND(SHELL_NAT, 0), SHELL_BACKEND_PORT);
	IS(shell_reload(s, p), WEIR_REFUSAL_NONE);
	shell_close(s);
}

/* No service was fullnat at start: there are no local ports. */
static void hc51_first_fullnat(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;

	p->services[SHELL_FULLNAT].mode = WEIR_MODE_NAT;
	p->limits.services = 4;
	p->limits.backends = 8;
	s = shell_open(p, SHELL_START_NS);
	p = shell_wanted(s->policy);
	add_service(p);
	IS(shell_reload(s, p), WEIR_REFUSAL_POOLS);
	shell_close(s);
}

/* Takes the place of *p, by what is wanted and what is ordered. */
static void derive_next(struct weir_policy **p, const struct weir_policy *wanted,
	const struct weir_orders *orders, struct weir_derivation *how)
{
	*how = (struct weir_derivation){.orders = orders};
	IS(weir_policy_derive(*p, wanted, how), 0);
	*p = how->next;
}

/* What is ordered about a backend stands over what the file says, until it is taken back. */
static void hc51_ordered(void)
{
	static struct weir_orders orders;
	struct shell *s = shell_roomy(1, 2);
	struct weir_policy *p[6] = {s->policy}, *wanted = shell_wanted(s->policy);
	struct weir_derivation how;
	unsigned int n = 0;

	weir_orders_set_admin(&orders, 0, WEIR_ADMIN_DRAIN);
	weir_orders_set_weight(&orders, 1, 7 + 1);
	weir_orders_set_admin(&orders, 4, WEIR_ADMIN_MAINT); /* of nothing yet */
	for (; n < 5; n++) {
		p[n + 1] = p[n];
		if (n == 1) {
			wanted->members[0].weight = 9;
			add_member(wanted, NEW_BACKEND, SHELL_BACKEND_PORT);
		}
		if (n == 3)
			memset(&orders, 0, sizeof(orders));
		derive_next(&p[n + 1], n == 1 ? wanted : p[n], n == 2 ? NULL : &orders, &how);
		IS(how.backends.changed, n == 1);
		IS(weir_policy_weight(p[n + 1], 0), n < 3 ? 0 : 9);
		IS(weir_member_configured(weir_policy_member(p[n + 1], 0)), n < 1 ? 1 : 9);
		IS(weir_policy_weight(p[n + 1], 1), n < 3 ? 7 : 1);
		IS(p[n + 1]->services[0].n_slots, n < 3 ? 1 : 2);
		if (n == 1)
			weir_orders_adopt(&orders, p[n + 1], p[n]->generation);
		if (n >= 1)
			IS(weir_policy_weight(p[n + 1], 4), 1);
	}
	while (n > 0)
		weir_policy_free(p[n--]);
	weir_policy_free(wanted);
	shell_close(s);
}

static void hc51_counted(void)
{
	struct shell *s = shell_roomy(1, 2);
	struct weir_policy *p = shell_wanted(s->policy);
	struct weir_derivation how = {0};

	p->services[0].timeouts.closing_ms++;
	p->members[0].weight = 9;
	drop_service(p, 1);
	add_service(p);
	IS(weir_policy_derive(s->policy, p, &how), 0);
	IS(how.services.added, 1);
	IS(how.services.removed, 1);
	IS(how.services.changed, 1);
	IS(how.backends.added, 1);
	IS(how.backends.removed, 2);
	IS(how.backends.changed, 1);
	weir_policy_free(how.next);
	weir_policy_free(p);
	IS(weir_policy_derive(s->policy, s->policy, &how), 0);
	IS(how.services.changed + how.backends.changed + how.services.added + how.backends.added,
		0);
	IS(how.services.removed + how.backends.removed, 0);
	weir_policy_free(how.next);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-51 numbers are kept, and used again", hc51_numbers},
		{"HC-51 what is put back", hc51_put_back},
		{"HC-51 shared backends", hc51_shared},
		{"HC-51 another way to a backend", hc51_next_hops},
		{"HC-51 SYN-ACKs of a number's former owner", hc51_ring},
		{"HC-51 SYN-ACKs of services that stay", hc51_ring_stays},
		{"HC-51 services without timestamps", hc51_timestamps},
		{"HC-51 limits", hc51_limits},
		{"HC-51 workers adopt at different moments", hc51_workers},
		{"HC-51 what needs a restart", hc51_refused},
		{"HC-51 addresses of what is retired", hc51_taken},
		{"HC-51 the first fullnat service", hc51_first_fullnat},
		{"HC-51 orders stand over the file", hc51_ordered},
		{"HC-51 what changed is counted", hc51_counted},
	};

	return unit_main("proxy-numbers", tests, sizeof(tests) / sizeof(tests[0]));
}
