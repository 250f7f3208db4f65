// SPDX-License-Identifier: BSD-3-Clause
/* IPv6 in the configuration: a port with both families, a service of each; and HC-53: what is refused, and how. */
#include "config.h"
#include "wire/addr.h"

static const char base[] = /* line 1 */
	"ports = (\n"
	"	{ name = \"front\"; device = \"net_tap0,iface=w0\"; mtu = 1400;\n"
	"	  addresses = [ \"192.0.2.1/24\", \"2001:db8:a::1/64\" ];\n"
	"	  gateway = \"192.0.2.254\"; gateway6 = \"fe80::254\"; },\n"
	"	{ name = \"back\"; device = \"net_tap1,iface=w1\";\n"
	"	  addresses = [ \"10.0.0.1/24\", \"2001:db8:b::1/64\", \"2001:db8:b::2/64\" ];\n"
	"	  routes = ( { to = \"2001:db8:c::/48\"; via = \"2001:db8:b::254\"; } ); }\n"
	");\n"
	"services = (\n"
	"	{ name = \"web\"; vip = \"192.0.2.80\"; port = 80;\n" /* line 10 */
	"	  backends = ( { name = \"w1\"; address = \"10.0.0.11\"; port = 80; } ); },\n"
	"	{ name = \"web6\"; vip = \"2001:db8:a::80\"; port = 80;\n"
	"	  backends = (\n"
	"		{ name = \"w1\"; address = \"2001:db8:b::11\"; port = 80; },\n"
	"		{ name = \"w2\"; address = \"2001:db8:c::12\"; port = 80; } ); },\n"
	"	{ name = \"mail6\"; vip = \"2001:db8:a::80\"; port = 25; mode = \"nat\";\n"
	"	  backends = ( { name = \"m1\"; address = \"2001:db8:b::11\"; port = 25; } ); }\n"
	");\n";

static bool is(const struct weir_addr *a, const char *text)
{
	char got[WEIR_ADDR_TEXT];

	return strcmp(weir_addr_text(a, got), text) == 0;
}

static void test_both(void)
{
	struct weir_config *c = expect_good(base);
	const struct weir_policy *p = c->policy;

	CU_ASSERT_EQUAL(c->n_warnings, 0);
	CU_ASSERT_EQUAL(p->interfaces[0].n_addrs, 2);
	CU_ASSERT_EQUAL(p->interfaces[0].addrs[0].prefix, 96 + 24);
	CU_ASSERT_EQUAL(p->interfaces[0].addrs[1].prefix, 64);
	CU_ASSERT_TRUE(is(&p->listeners[1].vip, "2001:db8:a::80"));
	CU_ASSERT_TRUE(is(&p->backends[1].addr, "2001:db8:b::11"));
	CU_ASSERT_EQUAL(p->backends[1].egress, 1);
	CU_ASSERT_TRUE(is(&p->nexthops[p->backends[1].nexthop].addr, "2001:db8:b::11"));
	CU_ASSERT_TRUE(is(&p->nexthops[p->backends[2].nexthop].addr, "2001:db8:b::254"));
	/* the MTU less 40, and less 60 */
	CU_ASSERT_EQUAL(p->services[0].profile.mss, 1360);
	CU_ASSERT_EQUAL(p->services[1].profile.mss, 1340);
	/* local addresses of the backend's family */
	CU_ASSERT_EQUAL(p->backends[0].locals, 1);
	CU_ASSERT_EQUAL(p->backends[1].locals, 6);
	CU_ASSERT_EQUAL(p->backends[2].locals, 6);
	weir_config_free(c);
}

/* base with one text replaced by another. */
static char *bend(const char *from, const char *to)
{
	const char *at = strstr(base, from);
	char *text;

	CU_ASSERT_FATAL(at != NULL);
	if (asprintf(&text, "%.*s%s%s", (int)(at - base), base, to, at + strlen(from)) < 0)
		abort();
	return text;
}

/* A link-local router leads everywhere, and is asked from an address of its family. */
static void test_gateway(void)
{
	char *text = bend("\"2001:db8:c::12\"", "\"2001:db8:ff::12\"");
	struct weir_config *c = expect_good(text);
	const struct weir_policy *p = c->policy;

	CU_ASSERT_TRUE(is(&p->nexthops[p->backends[2].nexthop].addr, "fe80::254"));
	CU_ASSERT_EQUAL(p->backends[2].egress, 0);
	CU_ASSERT_EQUAL(p->backends[2].locals, 2);
	weir_config_free(c);
	free(text);
}

/* `gateway6 = "auto"`: a router that is told by its advertisements. */
static void test_auto_gateway(void)
{
	char *text = bend("gateway6 = \"fe80::254\"", "gateway6 = \"auto\"");
	char *routed;
	struct weir_config *c = expect_good(text);

	weir_config_free(c);
	if (asprintf(&routed, "%s", text) < 0)
		abort();
	memcpy(strstr(routed, "\"2001:db8:c::12\""), "\"2001:db8:f::12\"", 16);
	c = expect_good(routed);
	CU_ASSERT_TRUE(is(&c->policy->nexthops[c->policy->backends[2].nexthop].addr, "fe80::"));
	CU_ASSERT_EQUAL(c->policy->backends[2].egress, 0);
	CU_ASSERT_EQUAL(c->policy->backends[2].locals, 2);
	weir_config_free(c);
	free(routed);
	free(text);
}

static void test_usual_mss(void)
{
	char *text = bend(" mtu = 1400;", "");
	struct weir_config *c = expect_good(text);

	CU_ASSERT_EQUAL(c->policy->services[0].profile.mss, 1460);
	CU_ASSERT_EQUAL(c->policy->services[1].profile.mss, 1440);
	weir_config_free(c);
	free(text);
}

/* Segments have an IPv6 header on one of the two sides: that is what must fit. */
static void test_mixed(void)
{
	char *text = bend("\"10.0.0.11\"; port = 80; }",
		"\"10.0.0.11\"; port = 80; }, { name = \"w2\"; address = \"2001:db8:b::13\"; port "
		"= 80; }");
	struct weir_config *c = expect_good(text);
	const struct weir_policy *p = c->policy;

	CU_ASSERT_EQUAL(c->n_warnings, 0);
	CU_ASSERT_EQUAL(p->services[0].profile.mss, 1340);
	CU_ASSERT_EQUAL(p->backends[0].locals, 1);
	CU_ASSERT_EQUAL(p->backends[1].locals, 6);
	weir_config_free(c);
	free(text);
	text = bend("address = \"2001:db8:b::11\"; port = 80",
		"address = \"10.0.0.12\"; port = 80");
	c = expect_good(text);
	CU_ASSERT_EQUAL(c->policy->services[1].profile.mss, 1340);
	CU_ASSERT_EQUAL(c->policy->backends[1].locals, 1);
	weir_config_free(c);
	free(text);
}

static const struct {
	const char *from, *to, *message; /* after "weir.conf:" */
} rules[] = {
	{"\"2001:db8:a::1/64\"", "\"2001:db8:a::1/129\"",
		"3: ports[0].addresses[1] = \"2001:db8:a::1/129\": has a prefix of more than 128 "
		"bits"},
	{"\"2001:db8:a::1/64\"", "\"2001:db8:a::1/7\"",
		"3: ports[0].addresses[1] = \"2001:db8:a::1/7\": must have a prefix of 8..128 "
		"bits"},
	{"\"2001:db8:a::1/64\"", "\"2001:db8:a:::1/64\"",
		"3: ports[0].addresses[1] = \"2001:db8:a:::1/64\": must be an IP address with its "
		"prefix: \"192.0.2.1/24\" or \"2001:db8::1/64\""},
	{"\"2001:db8:a::1/64\"", "\"2001:db8:a::/64\"",
		"3: ports[0].addresses[1] = \"2001:db8:a::/64\": is its subnet's router anycast "
		"address"},
	{"\"2001:db8:a::1/64\"", "\"fe80::1/64\"",
		"3: ports[0].addresses[1] = \"fe80::1/64\": is a link-local address, which only a "
		"gateway may have"},
	{"\"2001:db8:a::1/64\"", "\"ff02::1/64\"",
		"3: ports[0].addresses[1] = \"ff02::1/64\": is a multicast address"},
	{"\"2001:db8:a::1/64\"", "\"::ffff:192.0.2.3/120\"",
		"3: ports[0].addresses[1] = \"::ffff:192.0.2.3/120\": is an IPv4 address mapped "
		"into "
		"IPv6: write the IPv4 address"},
	{"\"2001:db8:a::1/64\"", "\"2001:db8:b::9/64\"",
		"6: ports[1].addresses[1] = \"2001:db8:b::1/64\": overlaps with a subnet of port "
		"\"front\""},
	{"mtu = 1400", "mtu = 1279",
		"2: ports[0].mtu = 1279: must be 1280 at least on a port with an IPv6 address"},
	{"gateway = \"192.0.2.254\"", "gateway = \"2001:db8:a::254\"",
		"4: ports[0].gateway = \"2001:db8:a::254\": must be an IPv4 address; the other "
		"gateway is \"gateway6\""},
	{"gateway6 = \"fe80::254\"", "gateway6 = \"192.0.2.253\"",
		"4: ports[0].gateway6 = \"192.0.2.253\": must be an IPv6 address; the other "
		"gateway "
		"is \"gateway\""},
	{"gateway6 = \"fe80::254\"", "gateway6 = \"2001:db8:b::254\"",
		"4: ports[0].gateway6 = \"2001:db8:b::254\": is in none of the subnets of port "
		"\"front\""},
	{"gateway6 = \"fe80::254\"", "gateway6 = \"2001:db8:a::1\"",
		"4: ports[0].gateway6 = \"2001:db8:a::1\": is synweir's own address"},
	{"gateway6 = \"fe80::254\"", "gateway6 = \"auto\"; gateway6_mac = \"02:00:00:00:00:05\"",
		"4: ports[0].gateway6_mac = \"02:00:00:00:00:05\": is of a router that is not "
		"known: "
		"gateway6 is \"auto\""},
	{"gateway6 = \"fe80::254\"", "gateway6 = \"car\"",
		"4: ports[0].gateway6 = \"car\": must be an IP address in quotes"},
	{"gateway6 = \"fe80::254\"", "gateway6_mac = \"02:00:00:00:00:05\"",
		"4: ports[0].gateway6_mac = \"02:00:00:00:00:05\": is of no gateway: there is none "
		"on "
		"this port"},
	{", \"2001:db8:a::1/64\"", "",
		"4: ports[0].gateway6 = \"fe80::254\": port \"front\" has no IPv6 address to reach "
		"it "
		"from"},
	{"to = \"2001:db8:c::/48\"", "to = \"2001:db8:c::1/48\"",
		"7: ports[1].routes[0].to = \"2001:db8:c::1/48\": is not a network: that would be "
		"\"2001:db8:c::/48\""},
	{"to = \"2001:db8:c::/48\"", "to = \"::/0\"",
		"7: ports[1].routes[0].to = \"::/0\": is where the gateway leads already"},
	{"to = \"2001:db8:c::/48\"", "to = \"10.9.0.0/16\"",
		"7: ports[1].routes[0].via = \"2001:db8:b::254\": is of another family than "
		"\"to\""},
	{"vip = \"2001:db8:a::80\"; port = 80", "vip = \"fe80::80\"; port = 80",
		"12: services[1].vip = \"fe80::80\": is a link-local address, which only a gateway "
		"may have"},
	{"vip = \"2001:db8:a::80\"; port = 80", "vip = \"::1\"; port = 80",
		"12: services[1].vip = \"::1\": is in ::/64, which is unspecified, loopback or "
		"IPv4 in "
		"disguise"},
	{"address = \"2001:db8:b::11\"; port = 25", "address = \"10.0.0.12\"; port = 25",
		"17: services[2].backends[0].address = \"10.0.0.12\": \"nat\" cannot mix families: "
		"the "
		"service's VIP is IPv6; \"fullnat\" can"},
	{"name = \"web6\";", "name = \"web6\"; profile = { mss = 1341; };",
		"12: services[1].profile.mss = 1341: must be at most 1340, the MTU of port "
		"\"front\" "
		"less 60"},
};

static void test_rules(void)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		char *text = bend(rules[i].from, rules[i].to), got[1024], want[1024];
		struct weir_config *c;

		snprintf(want, sizeof(want), "weir.conf:%s", rules[i].message);
		CU_ASSERT(config_load_text(text, &c, got) < 0);
		CU_ASSERT_STRING_EQUAL(got, want);
		if (strcmp(got, want) != 0)
			fprintf(stderr, "\n got: %s\nwant: %s\n", got, want);
		weir_config_free(c);
		free(text);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"both families on one port", test_both},
		{"a link-local gateway", test_gateway},
		{"a gateway that advertises itself", test_auto_gateway},
		{"the usual MSS of each family", test_usual_mss},
		{"backends of both families", test_mixed},
		{"HC-53 IPv6 that contradicts", test_rules},
	};

	return config_main("config-ipv6", tests, sizeof(tests) / sizeof(tests[0]));
}
