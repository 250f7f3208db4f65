// SPDX-License-Identifier: BSD-3-Clause
/* HC-29: VLANs in the configuration become interfaces, and stay what they are while synweir runs. */
#include "config.h"

/* One port: clients in VLAN 100, backends in VLAN 200; a second one without VLANs. */
static const char trunk[] =
	"ports = (\n"
	"	{ name = \"nic\"; device = \"net_tap0\"; vlans = (\n"
	"	  { id = 100; name = \"front\"; addresses = [ \"192.0.2.1/24\", \"2001:db8::1/64\" "
	"];\n"
	"	    gateway = \"192.0.2.254\"; gateway6 = \"fe80::1\"; },\n"
	"	  { id = 200; name = \"back\"; addresses = [ \"10.0.0.1/24\" ];\n"
	"	    routes = ( { to = \"10.1.0.0/16\"; via = \"10.0.0.254\";\n"
	"	                 mac = \"02:00:00:00:00:01\"; } ); },\n"
	"	  { id = 4094; name = \"spare\"; reverse_path = \"loose\"; } ); },\n"
	"	{ name = \"other\"; device = \"net_tap1\"; } );\n"
	"services = ( { name = \"web\"; vip = \"192.0.2.80\"; port = 80; backends = (\n"
	"	{ name = \"w1\"; address = \"10.0.0.11\"; port = 80; },\n"
	"	{ name = \"w2\"; address = \"10.1.0.12\"; port = 80; } ); } );\n";

/* The text with one part replaced. */
static char *bend(const char *from, const char *to)
{
	const char *at = strstr(trunk, from);
	char *text;

	CU_ASSERT_FATAL(at != NULL);
	if (asprintf(&text, "%.*s%s%s", (int)(at - trunk), trunk, to, at + strlen(from)) < 0)
		abort();
	return text;
}

static void test_interfaces(void)
{
	struct weir_config *c = expect_good(trunk);
	const struct weir_policy *p = c->policy;
	const struct weir_nexthop *far;

	CU_ASSERT_EQUAL(p->n_ports, 2);
	CU_ASSERT_EQUAL_FATAL(p->n_interfaces, 4);
	CU_ASSERT_STRING_EQUAL(p->interfaces[0].name, "front");
	CU_ASSERT_EQUAL(p->interfaces[0].n_addrs, 2);
	CU_ASSERT_EQUAL(p->interfaces[2].loose, true);
	CU_ASSERT_STRING_EQUAL(p->interfaces[3].name, "other");
	CU_ASSERT_EQUAL(p->interfaces[3].port, 1);
	/* by port and tag */
	CU_ASSERT_EQUAL(p->interface_of[0][100], 0);
	CU_ASSERT_EQUAL(p->interface_of[0][200], 1);
	CU_ASSERT_EQUAL(p->interface_of[0][4094], 2);
	CU_ASSERT_EQUAL(p->interface_of[0][0], WEIR_NONE8);
	CU_ASSERT_EQUAL(p->interface_of[0][4095], WEIR_NONE8);
	CU_ASSERT_EQUAL(p->interface_of[1][0], 3);
	CU_ASSERT_EQUAL(p->interface_of[1][100], WEIR_NONE8);
	/* backends are reached by their VLAN, which has no clients then */
	CU_ASSERT_EQUAL(p->backends[0].egress, 1);
	CU_ASSERT_EQUAL(p->backends[1].egress, 1);
	far = &p->nexthops[p->backends[1].nexthop];
	CU_ASSERT_EQUAL(far->interface, 1);
	CU_ASSERT_EQUAL(far->mac[5], 1);
	CU_ASSERT_EQUAL(p->interfaces[0].no_clients, false);
	CU_ASSERT_EQUAL(p->interfaces[1].no_clients, true);
	weir_config_free(c);
}

/* With an address of its own the port takes frames without a tag, too. */
static void test_untagged(void)
{
	char *text = bend("vlans = (", "addresses = [ \"10.9.0.1/24\" ]; vlans = (");
	struct weir_config *c = expect_good(text);

	CU_ASSERT_EQUAL_FATAL(c->policy->n_interfaces, 5);
	CU_ASSERT_STRING_EQUAL(c->policy->interfaces[0].name, "nic");
	CU_ASSERT_EQUAL(c->policy->interface_of[0][0], 0);
	CU_ASSERT_EQUAL(c->policy->interface_of[0][100], 1);
	weir_config_free(c);
	free(text);
}

/* As many interfaces as there may be, and one more. */
static void test_most(void)
{
	char text[16384], message[1024];
	struct weir_config *c;

	for (unsigned int n = WEIR_INTERFACES_MAX - 1; n <= WEIR_INTERFACES_MAX; n++) {
		size_t at = (size_t)sprintf(text,
			"ports = ( { name = \"nic\"; device = \"net_tap0\"; vlans = (\n");

		for (unsigned int i = 1; i <= n; i++)
			at += (size_t)sprintf(text + at, "%s{ id = %u; name = \"v%u\"; }",
				i > 1 ? "," : "", i, i);
		sprintf(text + at, "); },\n%s",
			"{ name = \"p\"; device = \"net_tap1\"; addresses = [ \"10.0.0.1/24\" ]; } "
			");\n"
			"services = ( { name = \"s\"; vip = \"192.0.2.80\"; port = 80; backends = "
			"(\n"
			"{ name = \"b\"; address = \"10.0.0.11\"; port = 80; } ); } );\n");
		CU_ASSERT_EQUAL(config_load_text(text, &c, message) == 0, n < WEIR_INTERFACES_MAX);
		if (c != NULL)
			CU_ASSERT_EQUAL(c->policy->backends[0].egress, WEIR_INTERFACES_MAX - 1);
		weir_config_free(c);
	}
	CU_ASSERT_STRING_EQUAL(message,
		"weir.conf:3: ports[1]: is one too many: ports and VLANs together may be 64");
}

static const struct {
	const char *from, *to, *message; /* NULL: allowed */
} reloads[] = {
	{"id = 200", "id = 201",
		"weir.conf:2: ports[0].vlans: \"vlans\" cannot change while synweir runs: restart "
		"it, "
		"or put back what it was"},
	{",\n	  { id = 4094; name = \"spare\"; reverse_path = \"loose\"; }", "",
		"weir.conf:8: ports[1]: \"vlans\" cannot change while synweir runs: restart it, or "
		"put "
		"back what it was"},
	{"device = \"net_tap1\";", "device = \"net_tap1\"; vlans = ( { id = 9; name = \"x\"; } );",
		"weir.conf:9: ports[1].vlans: \"vlans\" cannot change while synweir runs: restart "
		"it, "
		"or put back what it was"},
	{"\"back\"", "\"backs\"",
		"weir.conf:5: ports[0].vlans[1].name = \"backs\": \"name\" cannot change while "
		"synweir "
		"runs: restart it, or put back what it was"},
	{"10.0.0.1/24", "10.0.0.2/24",
		"weir.conf:5: ports[0].vlans[1].addresses: \"addresses\" cannot change while "
		"synweir "
		"runs: restart it, or put back what it was"},
	{"10.0.0.254", "10.0.0.253", NULL},
	{"192.0.2.254", "192.0.2.253", NULL},
	{" reverse_path = \"loose\";", "", NULL},
};

static void test_reload(void)
{
	static const struct weir_busy none;

	for (size_t i = 0; i < sizeof(reloads) / sizeof(reloads[0]); i++) {
		struct weir_config *running = expect_good(trunk), *c;
		char *text = bend(reloads[i].from, reloads[i].to);
		const size_t skip = strlen(config_dir) + 1;
		struct weir_config_error err;
		int ret;

		config_put("weir.conf", text);
		ret = weir_config_reload(config_path("weir.conf"), running, &none, &c, &err);
		CU_ASSERT_EQUAL(ret == 0, reloads[i].message == NULL);
		if (ret != 0)
			CU_ASSERT_STRING_EQUAL(err.text + skip, reloads[i].message);
		if (ret != 0 && strcmp(err.text + skip, reloads[i].message) != 0)
			fprintf(stderr, "\n got: %s\nwant: %s\n", err.text, reloads[i].message);
		weir_config_free(c);
		weir_config_free(running);
		free(text);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-29 VLANs are interfaces", test_interfaces},
		{"HC-29 frames without a tag", test_untagged},
		{"HC-29 the most interfaces", test_most},
		{"HC-29 VLANs and reload", test_reload},
	};

	return config_main("config_vlan", tests, sizeof(tests) / sizeof(tests[0]));
}
