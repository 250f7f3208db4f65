// SPDX-License-Identifier: BSD-3-Clause
/* Several routers to one destination: groups of next hops, in every generation of the policy. */
#include "config.h"
#include "flow/nexthop.h"

static const char routers[] = /* line 1 */
	"ports = (\n"
	"	{ name = \"front\"; device = \"net_tap0\";\n"
	"	  addresses = [ \"192.0.2.1/24\", \"2001:db8:a::1/64\" ];\n"
	"	  gateway = [ \"192.0.2.253\", \"192.0.2.254\" ]; gateway6 = \"fe80::1\"; },\n"
	"	{ name = \"back\"; device = \"net_tap1\";\n"
	"	  addresses = [ \"10.0.0.1/24\", \"10.0.1.1/24\", \"10.0.2.1/24\" ];\n"
	"	  routes = (\n"
	"		{ to = \"10.1.0.0/16\"; via = [ \"10.0.0.254\", \"10.0.1.254\" ]; },\n"
	"		{ to = \"10.2.0.0/16\"; via = ( \"10.0.0.254\", \"10.0.1.254\" );\n"
	"		  mac = [ \"02:00:00:00:00:01\", \"02:00:00:00:00:02\" ]; },\n"
	"		{ to = \"10.3.0.0/16\"; via = [ \"10.0.1.254\" ]; } ); } );\n"
	"services = ( { name = \"web\"; vip = \"192.0.2.80\"; port = 80; backends = (\n"
	"	{ name = \"w1\"; address = \"10.1.0.11\"; port = 80; },\n"
	"	{ name = \"w2\"; address = \"10.2.0.11\"; port = 80; },\n"
	"	{ name = \"w3\"; address = \"10.3.0.11\"; port = 80; } ); } );\n";

/* The text with one part replaced. */
static char *bend(const char *from, const char *to)
{
	const char *at = strstr(routers, from);
	char *text;

	CU_ASSERT_FATAL(at != NULL);
	if (asprintf(&text, "%.*s%s%s", (int)(at - routers), routers, to, at + strlen(from)) < 0)
		abort();
	return text;
}

static const struct weir_nexthop *hop_of(const struct weir_policy *p, unsigned int backend)
{
	return &p->nexthops[p->backends[backend].nexthop];
}

static bool is(const struct weir_addr *a, const char *text)
{
	char buffer[WEIR_ADDR_TEXT];

	return strcmp(weir_addr_text(a, buffer), text) == 0;
}

/* That group has these two members. */
static bool has(const struct weir_policy *p, const struct weir_nexthop *group, const char *one,
	const char *other)
{
	return group->n_members == 2 && is(&p->nexthops[group->members[0]].addr, one) &&
		is(&p->nexthops[group->members[1]].addr, other) &&
		p->nexthops[group->members[0]].is_member &&
		p->nexthops[group->members[1]].is_member &&
		p->nexthops[group->members[0]].interface == group->interface;
}

static void test_groups(void)
{
	struct weir_config *c = expect_good(routers);
	const struct weir_policy *p = c->policy;

	CU_ASSERT_EQUAL(p->n_nexthops, 6); /* four routers, two groups */
	CU_ASSERT_TRUE(has(p, hop_of(p, 0), "10.0.0.254", "10.0.1.254"));
	CU_ASSERT_EQUAL(hop_of(p, 0)->interface, 1);
	CU_ASSERT_EQUAL(p->backends[0].nexthop, p->backends[1].nexthop);
	CU_ASSERT_EQUAL(p->nexthops[hop_of(p, 0)->members[0]].mac[5], 1);
	CU_ASSERT_EQUAL(p->nexthops[hop_of(p, 0)->members[1]].mac[5], 2);
	CU_ASSERT_EQUAL(p->backends[2].nexthop, hop_of(p, 0)->members[1]);
	CU_ASSERT_EQUAL(p->backends[0].locals, 3); /* in the subnets of both */
	CU_ASSERT_EQUAL(p->backends[2].locals, 2);
	CU_ASSERT_EQUAL_FATAL(p->interfaces[0].gateways[0] < p->n_nexthops, true);
	CU_ASSERT_TRUE(has(p, &p->nexthops[p->interfaces[0].gateways[0]], "192.0.2.253",
		"192.0.2.254"));
	CU_ASSERT_EQUAL(p->interfaces[0].gateways[1], WEIR_NONE16); /* one needs no group */
	CU_ASSERT_EQUAL(p->interfaces[1].gateways[0], WEIR_NONE16);
	weir_config_free(c);
}

static struct weir_config *reload(const struct weir_config *running, const struct weir_busy *busy,
	const char *from, const char *to)
{
	char *text = bend(from, to);
	struct weir_config_error err;
	struct weir_config *c;

	config_put("weir.conf", text);
	if (weir_config_reload(config_path("weir.conf"), running, busy, &c, &err) != 0)
		fprintf(stderr, "\nrefused: %s\n", err.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	free(text);
	return c;
}

/* Other routers, fewer, and those of a backend that is kept for its connections. */
static void test_reload(void)
{
	static const struct weir_busy none;
	static struct weir_busy busy;
	struct weir_config *c = expect_good(routers), *next;

	next = reload(c, &none, "\"10.0.0.254\", \"10.0.1.254\"", "\"10.0.2.253\", \"10.0.2.254\"");
	CU_ASSERT_TRUE(has(next->policy, hop_of(next->policy, 0), "10.0.2.253", "10.0.2.254"));
	CU_ASSERT_EQUAL(next->policy->backends[0].locals, 4);
	CU_ASSERT_TRUE(has(next->policy, hop_of(next->policy, 1), "10.0.0.254", "10.0.1.254"));
	CU_ASSERT_EQUAL(next->backends.changed, 1);
	CU_ASSERT_TRUE(has(next->policy,
		&next->policy->nexthops[next->policy->interfaces[0].gateways[0]], "192.0.2.253",
		"192.0.2.254"));
	weir_config_free(next);
	next = reload(c, &none, "[ \"192.0.2.253\", \"192.0.2.254\" ]", "\"192.0.2.253\"");
	CU_ASSERT_EQUAL(next->policy->interfaces[0].gateways[0], WEIR_NONE16);
	CU_ASSERT_EQUAL(next->policy->n_nexthops, 3);
	CU_ASSERT_EQUAL(next->backends.changed, 0);
	weir_config_free(next);
	busy.backends[0] = busy.backends[1] = true;
	next = reload(c, &busy,
		"	{ name = \"w1\"; address = \"10.1.0.11\"; port = 80; },\n"
		"	{ name = \"w2\"; address = \"10.2.0.11\"; port = 80; },\n",
		"");
	CU_ASSERT_EQUAL(next->policy->backends[0].life, WEIR_LIFE_RETIRED);
	CU_ASSERT_TRUE(has(next->policy, hop_of(next->policy, 0), "10.0.0.254", "10.0.1.254"));
	CU_ASSERT_EQUAL(next->policy->backends[1].nexthop, next->policy->backends[0].nexthop);
	CU_ASSERT_EQUAL(next->policy->backends[2].nexthop, hop_of(next->policy, 0)->members[1]);
	weir_config_free(next);
	weir_config_free(c);
}

static const struct {
	const char *from, *to, *message;
} refused[] = {
	{"\"192.0.2.253\", \"192.0.2.254\"", "\"192.0.2.253\", \"192.0.2.253\"",
		"4: ports[0].gateway[1] = \"192.0.2.253\": is there twice"},
	{"\"192.0.2.253\", \"192.0.2.254\"", "\"192.0.2.253\", \"10.0.0.254\"",
		"4: ports[0].gateway[1] = \"10.0.0.254\": is in none of the subnets of port "
		"\"front\""},
	{"\"192.0.2.253\", \"192.0.2.254\"", "\"192.0.2.253\", \"fe80::2\"",
		"4: ports[0].gateway[1] = \"fe80::2\": must be an IPv4 address; the other gateway "
		"is \"gateway6\""},
	{"\"fe80::1\"", "[ \"fe80::1\", \"auto\" ]",
		"4: ports[0].gateway6[1] = \"auto\": is one router at a time, and cannot be among "
		"others"},
	{"[ \"192.0.2.253\", \"192.0.2.254\" ]", "( \"192.0.2.253\", 5 )",
		"4: ports[0].gateway[1] = 5: must be an IP address in quotes"},
	{"[ \"192.0.2.253\", \"192.0.2.254\" ]", "{ }",
		"4: ports[0].gateway: must be a list: [ ..., ... ]"},
	{"\"02:00:00:00:00:01\", ", "",
		"10: ports[1].routes[1].mac: is 1, but there are 2 routers: give the MAC address "
		"of each, or none"},
	{"\"02:00:00:00:00:01\"", "\"03:00:00:00:00:01\"",
		"10: ports[1].routes[1].mac[0] = \"03:00:00:00:00:01\": is no host's MAC address"},
	{"via = [ \"10.0.1.254\" ]", "via = [ ]",
		"11: ports[1].routes[2].via: has 0 entries, must have 1..8"},
	{"via = [ \"10.0.1.254\" ]", "via = \"10.0.1.254\"; mac = \"02:00:00:00:00:05\"",
		"15: services[0].backends[2]: 10.0.1.254 has another MAC "
		"address elsewhere in this file"},
	{"vip = \"192.0.2.80\"", "vip = \"192.0.2.254\"",
		"12: services[0].vip = \"192.0.2.254\": is a router's address on port \"front\""},
};

static void test_refused(void)
{
	for (unsigned int i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char *text = bend(refused[i].from, refused[i].to), message[1024];
		struct weir_config *c;

		CU_ASSERT_NOT_EQUAL(config_load_text(text, &c, message), 0);
		if (strcmp(message + strlen("weir.conf:"), refused[i].message) != 0)
			fprintf(stderr, "\n%s\nis not\n%s\n", message, refused[i].message);
		CU_ASSERT_STRING_EQUAL(message + strlen("weir.conf:"), refused[i].message);
		weir_config_free(c);
		free(text);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"several routers are a group", test_groups},
		{"groups in the next generation", test_reload},
		{"what is refused", test_refused},
	};

	return config_main("config-routers", tests, sizeof(tests) / sizeof(tests[0]));
}
