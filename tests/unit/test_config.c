// SPDX-License-Identifier: BSD-3-Clause
/* HC-53: a good file becomes exactly this policy, and no bytes whatever do harm. */
#include <errno.h>
#include <sys/stat.h>

#include "config.h"
#include "wire/hdr.h"

static struct weir_config *expect_good_bent(const char *from, const char *to)
{
	char *text = config_bend(from, to);
	struct weir_config *c = expect_good(text);

	free(text);
	return c;
}

static bool is_addr(const struct weir_addr *a, const char *text)
{
	struct weir_addr b;

	return weir_addr_parse(text, &b) == 0 && weir_addr_eq(a, &b);
}

static void check_ports(const struct weir_policy *p)
{
	const struct weir_port *front = &p->ports[0], *back = &p->ports[1];

	CU_ASSERT_EQUAL_FATAL(p->n_ports, 2);
	CU_ASSERT_STRING_EQUAL(front->name, "front");
	CU_ASSERT_STRING_EQUAL(front->device, "net_tap0,iface=w0");
	CU_ASSERT_EQUAL(front->mtu, 1400);
	CU_ASSERT_EQUAL(front->rss, WEIR_RSS_AUTO);
	CU_ASSERT_EQUAL(front->rx_desc, 1024);
	CU_ASSERT_EQUAL(front->tx_desc, 1024);
	CU_ASSERT_EQUAL_FATAL(p->n_interfaces, 2);
	CU_ASSERT_STRING_EQUAL(p->interfaces[0].name, "front");
	CU_ASSERT_EQUAL(p->interfaces[0].port, 0);
	CU_ASSERT_EQUAL_FATAL(p->interfaces[0].n_addrs, 1);
	CU_ASSERT(is_addr(&p->interfaces[0].addrs[0].addr, "192.0.2.1"));
	CU_ASSERT_EQUAL(p->interfaces[0].addrs[0].prefix, 96 + 24);
	CU_ASSERT_STRING_EQUAL(back->device, "0000:03:00.0");
	CU_ASSERT_EQUAL(back->mtu, 1500);
	CU_ASSERT_EQUAL(p->interfaces[1].port, 1);
	CU_ASSERT_EQUAL_FATAL(p->interfaces[1].n_addrs, 2);
	CU_ASSERT(is_addr(&p->interfaces[1].addrs[1].addr, "10.0.0.2"));
}

static void check_services(const struct weir_policy *p)
{
	const struct weir_service *web = &p->services[0], *mail = &p->services[1];

	CU_ASSERT_EQUAL_FATAL(p->n_services, 2);
	CU_ASSERT_STRING_EQUAL(web->name, "web");
	CU_ASSERT_EQUAL_FATAL(p->n_listeners, 2);
	CU_ASSERT(is_addr(&p->listeners[0].vip, "192.0.2.80"));
	CU_ASSERT_EQUAL(p->listeners[0].port_be, weir_be16(80));
	CU_ASSERT_EQUAL(p->listeners[1].service, 1);
	CU_ASSERT_EQUAL(web->mode, WEIR_MODE_FULLNAT);
	CU_ASSERT_EQUAL(web->scheduler, WEIR_SCHED_WRR);
	CU_ASSERT_EQUAL(web->profile.mss, 1360); /* the front port's 1400 - 40 */
	CU_ASSERT_EQUAL(web->profile.wscale, 7);
	CU_ASSERT(web->profile.sack && web->profile.timestamps && !web->profile.ecn);
	CU_ASSERT_EQUAL(web->timeouts.established_ms, 1500);
	CU_ASSERT_EQUAL(web->timeouts.half_close_ms, 300000);
	CU_ASSERT_EQUAL(web->timeouts.connect_ms, 250);
	CU_ASSERT_EQUAL(web->first_member, 0);
	CU_ASSERT_EQUAL(web->n_members, 2);
	CU_ASSERT_EQUAL(mail->mode, WEIR_MODE_NAT);
	CU_ASSERT_EQUAL(mail->scheduler, WEIR_SCHED_LC);
	CU_ASSERT_EQUAL(mail->profile.mss, 1200);
	CU_ASSERT(!mail->profile.sack && mail->profile.timestamps);
	CU_ASSERT_EQUAL(mail->timeouts.established_ms, 7440000);
	CU_ASSERT_EQUAL(mail->timeouts.closing_ms, 60000);
	CU_ASSERT_EQUAL(mail->timeouts.time_wait_ms, 64000);
	CU_ASSERT_EQUAL(mail->timeouts.connect_ms, 250);
	CU_ASSERT_EQUAL(mail->timeouts.rst_pending_ms, 5000);
	CU_ASSERT_EQUAL(mail->first_member, 2);
	CU_ASSERT_EQUAL(mail->n_members, 1);
}

static void check_backends(const struct weir_policy *p)
{
	static const uint16_t service[] = {0, 0, 1}, weight[] = {2, 1, 1}, nexthop[] = {0, 1, 0};

	CU_ASSERT_EQUAL_FATAL(p->n_backends, 3);
	CU_ASSERT_EQUAL_FATAL(p->n_members, 3);
	for (uint16_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(p->backends[i].service, service[i]);
		CU_ASSERT_EQUAL(p->backends[i].nexthop, nexthop[i]);
		CU_ASSERT_EQUAL(p->backends[i].egress, 1);
		CU_ASSERT_EQUAL(p->members[i].backend, i);
		CU_ASSERT_EQUAL(p->members[i].weight, weight[i]);
	}
	CU_ASSERT_STRING_EQUAL(p->backends[1].name, "w2");
	CU_ASSERT(is_addr(&p->backends[1].addr, "10.1.0.12"));
	CU_ASSERT_EQUAL(p->backends[1].port_be, weir_be16(8080));
	CU_ASSERT_EQUAL_FATAL(p->n_nexthops, 2);
	CU_ASSERT(is_addr(&p->nexthops[0].addr, "10.0.0.11"));
	CU_ASSERT(is_addr(&p->nexthops[1].addr, "10.0.0.254"));
	CU_ASSERT_EQUAL(p->nexthops[0].interface, 1);
	CU_ASSERT_EQUAL(p->nexthops[1].interface, 1);
}

static void test_policy(void)
{
	struct weir_config *c = expect_good(config_base);
	const struct weir_policy *p = c->policy;

	CU_ASSERT_EQUAL(c->n_warnings, 0);
	CU_ASSERT_EQUAL(c->idle, WEIR_IDLE_SLEEP);
	CU_ASSERT_EQUAL_FATAL(c->n_eal, 2);
	CU_ASSERT_STRING_EQUAL(c->eal[1], "-m");
	CU_ASSERT_EQUAL_FATAL(c->n_lcores, 2);
	CU_ASSERT(c->lcores[0] == 2 && c->lcores[1] == 3);
	CU_ASSERT_EQUAL(p->n_workers, 2);
	check_ports(p);
	check_services(p);
	check_backends(p);
	CU_ASSERT_EQUAL(p->limits.connections, 4096);
	CU_ASSERT_EQUAL(p->limits.held_packets, 2048);
	CU_ASSERT_EQUAL(p->limits.held_bytes, 14600);
	CU_ASSERT_EQUAL(p->limits.syn_ack_ring, 1024);
	CU_ASSERT_EQUAL(p->limits.reply_budget, 4000);
	CU_ASSERT_EQUAL(p->limits.prefix_replies, 1000);
	CU_ASSERT_EQUAL(p->limits.service_reserve, 10);
	CU_ASSERT(p->limits.refuse_closed_ports);
	CU_ASSERT_EQUAL(p->limits.adaptive_start, 60);
	CU_ASSERT_EQUAL(p->limits.adaptive_end, 100);
	CU_ASSERT_EQUAL(p->drain_ms, 0);
	/* finished: what the data path looks up is there */
	CU_ASSERT_PTR_NOT_NULL(weir_endpoint_find(&p->endpoints, &p->listeners[1].vip,
		p->listeners[1].port_be));
	weir_config_free(c);
}

/* HC-66: only "back" has backends and nothing else; then bit i: clients may come by port i. */
static uint64_t client_ports(const char *from, const char *to)
{
	struct weir_config *c = expect_good_bent(from, to);
	const struct weir_policy *p = c->policy;
	const struct weir_listener *l = &p->listeners[0];
	uint64_t doors = weir_endpoint_find(&p->endpoints, &l->vip, l->port_be)->doors;

	weir_config_free(c);
	return doors;
}

static void hc66_ports(void)
{
	CU_ASSERT_EQUAL(client_ports("drain = 0", "drain = 1"), 1);
	/* it may be told otherwise, have a VIP of its own, or a route to where no backend is */
	CU_ASSERT_EQUAL(client_ports("name = \"back\"",
				"name = \"back\"; reverse_path = \"loose\""),
		3);
	CU_ASSERT_EQUAL(client_ports("vip = \"192.0.2.80\"", "vip = \"10.0.0.80\""), 3);
	CU_ASSERT_EQUAL(client_ports("via = \"10.0.0.254\"; }",
				"via = \"10.0.0.254\"; }, { to = \"172.16.0.0/12\"; via = "
				"\"10.0.0.254\"; }"),
		3);
}

static void test_variants(void)
{
	struct weir_config *c = expect_good_bent("lcores = [ 2, 3 ]", "idle = \"poll\"");

	CU_ASSERT_EQUAL(c->idle, WEIR_IDLE_POLL);
	CU_ASSERT_EQUAL(c->n_lcores, 0);
	CU_ASSERT_EQUAL(c->policy->n_workers, 1);
	weir_config_free(c);
	c = expect_good_bent("lcores = [ 2, 3 ]", "count = 32");
	CU_ASSERT_EQUAL(c->n_lcores, 0);
	CU_ASSERT_EQUAL(c->policy->n_workers, 32);
	weir_config_free(c);
	c = expect_good_bent("connections = 4096", "closed_ports = \"drop\"");
	CU_ASSERT(!c->policy->limits.refuse_closed_ports);
	CU_ASSERT_EQUAL(c->policy->limits.connections, 100000);
	weir_config_free(c);
	c = expect_good_bent("mtu = 1400", "mtu = 9000; rss = \"off\"");
	CU_ASSERT_EQUAL(c->policy->ports[0].rss, WEIR_RSS_OFF);
	CU_ASSERT_EQUAL(c->policy->services[0].profile.mss, 1460);
	weir_config_free(c);
	weir_config_free(expect_good_bent("\"--no-huge\"", "\"--in-memory\""));
	/* a VIP on an address of the port's own, one that no subnet has; a port without addresses */
	weir_config_free(expect_good_bent("\"192.0.2.80\"; port = 80", "\"10.0.0.2\"; port = 443"));
	weir_config_free(expect_good_bent("\"192.0.2.80\"; port = 80",
		"\"10.0.0.2\"; port = 1023"));
	weir_config_free(expect_good_bent("\"192.0.2.80\"; port = 80",
		"\"192.0.2.1\"; port = 8443")); /* not "fullnat"'s port */
	weir_config_free(expect_good_bent("\"192.0.2.80\"; port = 80",
		"\"10.0.0.2\"; port = 8443; mode = \"nat\""));
	weir_config_free(expect_good_bent("vip = \"192.0.2.80\"", "vip = \"198.51.100.1\""));
	/* RFC 3021: both addresses of a /31 are hosts' */
	weir_config_free(expect_good_bent("192.0.2.1/24\" ]; gateway = \"192.0.2.254\"",
		"192.0.2.0/31\" ]; gateway = \"192.0.2.1\""));
	weir_config_free(expect_good_bent(
		"addresses = [ \"192.0.2.1/24\" ]; gateway = \"192.0.2.254\";", ""));
}

/* The whole range of a way to a backend: the longest prefix wins, whatever kind it is. */
static void test_routes(void)
{
	static const struct {
		const char *from, *to, *via;
		uint8_t port, backend;
	} cases[] = {
		{"10.1.0.12", "10.1.0.13", "10.0.0.254", 1, 1},
		{"10.1.0.12", "10.0.0.12", "10.0.0.12", 1, 1},
		{"10.1.0.12", "192.0.2.12", "192.0.2.12", 0, 1},
		{"10.1.0.12", "10.2.0.1", "192.0.2.254", 0, 1}, /* the gateway */
		{"10.1.0.0/16\"", "10.1.0.12/32\"", "10.0.0.254", 1, 1},
		{"10.1.0.0/16\"", "10.1.0.0/28\"", "10.0.0.254", 1, 1},
		{"10.1.0.0/16\"", "10.1.0.0/29\"", "192.0.2.254", 0, 1},
		{"via = \"10.0.0.254\"; }",
			"via = \"10.0.0.254\"; }, { to = \"10.1.0.12/31\"; via = \"10.0.0.9\"; }",
			"10.0.0.9", 1, 1},
		{"via = \"10.0.0.254\"; }",
			"via = \"10.0.0.254\"; }, { to = \"10.0.0.0/8\"; via = \"10.0.0.9\"; }",
			"10.0.0.254", 1, 1},
		{"10.1.0.0/16\"", "10.0.0.0/9\"", "10.0.0.254", 1, 1},
		/* more of a prefix than the port's own subnet */
		{"10.1.0.0/16", "10.0.0.8/29", "10.0.0.254", 1, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weir_config *c = expect_good_bent(cases[i].from, cases[i].to);
		const struct weir_policy *p = c->policy;
		const struct weir_backend *b = &p->backends[cases[i].backend];
		const struct weir_nexthop *n = &p->nexthops[b->nexthop];

		CU_ASSERT(is_addr(&n->addr, cases[i].via));
		CU_ASSERT_EQUAL(n->interface, cases[i].port);
		CU_ASSERT_EQUAL(b->egress, cases[i].port);
		weir_config_free(c);
	}
}

static const struct {
	const char *from, *to, *message;
} warnings[] = {
	{"weight = 2", "weight = 0", NULL}, /* one is left */
	{"m1\"; address = \"10.0.0.11\"; port = 25;",
		"m1\"; address = \"10.0.0.11\"; port = 25; weight = 0;",
		"18: services[1].backends: all weights are 0: every client of this service "
		"gets RST"},
	{"timeouts = { established", "scheduler = \"rr\"; timeouts = { established",
		"12: services[0].scheduler = \"rr\": gives every backend the same share; "
		"weights "
		"above 1 need \"wrr\", \"wlc\", \"sh\", \"maglev\" or \"random\""},
	{"m1\"; address = \"10.0.0.11\"", "m1\"; address = \"10.1.0.11\"",
		"18: services[1].backends[0].address = \"10.1.0.11\": is behind a router; "
		"with "
		"\"nat\" that router must send the backend's replies to clients back "
		"through "
		"synweir"},
	{"mode = \"nat\";", "", NULL},
	{"\"lc\"", "\"rr\"", NULL},
	{"mode = \"nat\";\n	  scheduler = \"lc\"; profile = { mss = 1200; sack = "
	 "false; };\n"
	 "	  backends = ( { name = \"m1\"; address = \"10.0.0.11\"; port = 25; } ); "
	 "}\n"
	 ");\nlimits = { connections = 4096",
		"backends = ( { name = \"m1\"; address = \"10.0.0.11\"; port = 8080; } ); "
		"});\n"
		"limits = { connections = 258048",
		NULL},
	{"mode = \"nat\";\n	  scheduler = \"lc\"; profile = { mss = 1200; sack = "
	 "false; };\n"
	 "	  backends = ( { name = \"m1\"; address = \"10.0.0.11\"; port = 25; } ); "
	 "}\n"
	 ");\nlimits = { connections = 4096",
		"backends = ( { name = \"m1\"; address = \"10.0.0.11\"; port = 8080; } ); "
		"});\n"
		"limits = { connections = 258049",
		"17: limits.connections = 258049: \"fullnat\" can open 258048 at most: "
		"64512 per "
		"backend and address of the port it is reached by"},
	{"\"10.1.0.12\"; port = 8080; } );", "\"10.0.0.11\"; port = 25; } ); mode = \"nat\";",
		"18: services[1].backends[0].address = \"10.0.0.11\": port 25 of it is a "
		"backend "
		"of service \"web\" too; with \"nat\" a client that uses one source port "
		"for "
		"both gets RST from the second"},
	{"drain = 0;", "drain = 0; probation = 7;",
		"21: timeouts.probation = 7: is called \"rst_pending\" now: rename it"},
};

static void test_warnings(void)
{
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		struct weir_config *c = expect_good_bent(warnings[i].from, warnings[i].to);
		uint32_t want = warnings[i].message != NULL;

		CU_ASSERT_EQUAL_FATAL(c->n_warnings, want);
		if (want != 0)
			CU_ASSERT_STRING_EQUAL(strstr(c->warnings[0], "weir.conf:") + 10,
				warnings[i].message);
		weir_config_free(c);
	}
}

/* The former name of a key means what its present name means. */
static void test_old_name(void)
{
	struct weir_config *c = expect_good_bent("drain = 0;", "drain = 0; probation = 7;");

	CU_ASSERT_EQUAL(c->policy->services[0].timeouts.rst_pending_ms, 7000);
	CU_ASSERT_EQUAL(c->policy->services[1].timeouts.rst_pending_ms, 7000);
	weir_config_free(c);
}

static void test_files(void)
{
	struct weir_config_error err;
	struct weir_config *c;
	char want[256];

	CU_ASSERT_EQUAL(weir_config_load(config_path("nowhere"), &c, &err), -ENOENT);
	snprintf(want, sizeof(want), "%s: No such file or directory", config_path("nowhere"));
	CU_ASSERT_STRING_EQUAL(err.text, want);
	CU_ASSERT_PTR_NULL(c);
	CU_ASSERT_EQUAL(weir_config_load(config_dir, &c, &err), -EINVAL);
	snprintf(want, sizeof(want), "%s: is a directory", config_dir);
	CU_ASSERT_STRING_EQUAL(err.text, want);
	/* it would wait for a writer for ever */
	CU_ASSERT_EQUAL(mkfifo(config_path("fifo"), 0600), 0);
	CU_ASSERT_EQUAL(weir_config_load(config_path("fifo"), &c, &err), -EINVAL);
	snprintf(want, sizeof(want), "%s: is not a regular file", config_path("fifo"));
	CU_ASSERT_STRING_EQUAL(err.text, want);
	config_write_bytes("nul", "eal = [ ];\0", 11);
	CU_ASSERT_EQUAL(weir_config_load(config_path("nul"), &c, &err), -EINVAL);
	snprintf(want, sizeof(want), "%s: holds a byte 0: it is no text", config_path("nul"));
	CU_ASSERT_STRING_EQUAL(err.text, want);
	config_put("empty", "");
	CU_ASSERT_EQUAL(weir_config_load(config_path("empty"), &c, &err), -EINVAL);
	snprintf(want, sizeof(want), "%s:1: needs \"ports\"", config_path("empty"));
	CU_ASSERT_STRING_EQUAL(err.text, want);
}

static void expect_secret(const char *content, mode_t mode, const char *want)
{
	static const uint8_t secret[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	char message[1024],
		*text = config_bend("cookie = { ", "cookie = { secret_file = \"key\"; ");
	struct weir_config *c;

	config_put("key", content);
	CU_ASSERT_EQUAL(chmod(config_path("key"), mode), 0);
	CU_ASSERT_EQUAL(config_load_text(text, &c, message), want == NULL ? 0 : -EINVAL);
	if (c != NULL)
		CU_ASSERT(memcmp(c->secret->bytes, secret, 16) == 0);
	if (want != NULL)
		CU_ASSERT_STRING_EQUAL(message, want);
	weir_config_free(c);
	free(text);
}

/* Another user's file; only root can make one. */
static void expect_foreign_secret(const char *content)
{
	char message[1024],
		*text = config_bend("cookie = { ", "cookie = { secret_file = \"key\"; ");
	struct weir_config *c;

	config_put("key", content);
	CU_ASSERT_EQUAL(chmod(config_path("key"), 0600), 0);
	if (chown(config_path("key"), 12345, (gid_t)-1) == 0) {
		CU_ASSERT_EQUAL(config_load_text(text, &c, message), -EINVAL);
		CU_ASSERT_STRING_EQUAL(message,
			"weir.conf:22: cookie.secret_file = \"key\": belongs to user 12345 and can "
			"be "
			"changed by them: chown root it, and make a new secret");
	}
	free(text);
}

static void test_secret(void)
{
	static const char good[] = "00112233445566778899aAbBcCdDeEfF";
	static const char form[] = "weir.conf:22: cookie.secret_file = \"key\": must hold 32 hex "
				   "digits and nothing else";
	char message[1024], *text;
	struct weir_config *c, *other;

	expect_secret(good, 0600, NULL);
	expect_secret("00112233445566778899aabbccddeeff\n", 0400, NULL);
	expect_secret(good, 0640,
		"weir.conf:22: cookie.secret_file = \"key\": is open to others (mode 0640): chmod "
		"600 it, and make a new secret if they may have read it");
	expect_foreign_secret(good);
	expect_secret("", 0600, form);
	expect_secret("00112233445566778899aabbccddeefg", 0600, form);
	expect_secret("00112233445566778899aabbccddeef", 0600, form);
	expect_secret("00112233445566778899aabbccddeeff0", 0600, form);
	expect_secret("0x112233445566778899aabbccddeeff", 0600, form);
	expect_secret(" 0112233445566778899aabbccddeeff", 0600, form);
	text = config_bend("cookie = { ", "cookie = { secret_file = \"gone\"; ");
	CU_ASSERT_EQUAL(config_load_text(text, &c, message), -ENOENT);
	CU_ASSERT_STRING_EQUAL(message,
		"weir.conf:22: cookie.secret_file = \"gone\": No such file or directory");
	free(text);
	text = config_bend("cookie = { ", "cookie = { secret_file = \".\"; ");
	CU_ASSERT_EQUAL(config_load_text(text, &c, message), -EINVAL);
	CU_ASSERT_STRING_EQUAL(message,
		"weir.conf:22: cookie.secret_file = \".\": is not a regular file");
	free(text);
	/* without a file both secrets are new each time */
	c = expect_good(config_base);
	other = expect_good(config_base);
	CU_ASSERT(memcmp(c->secret->bytes, other->secret->bytes, 16) != 0);
	CU_ASSERT(memcmp(&c->policy->steer_secret, &other->policy->steer_secret,
			  sizeof(c->policy->steer_secret)) != 0);
	weir_config_free(c);
	weir_config_free(other);
}

/* A file of two services with so many backends each, all different. */
static char *many_backends(unsigned int first, unsigned int second)
{
	const unsigned int n[2] = {first, second};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fprintf(f,
		"ports = ({ name = \"p\"; device = \"net_x\"; addresses = [ \"10.0.0.1/8\" ]; });\n"
		"services = (\n");
	for (unsigned int s = 0; s < 2; s++) {
		fprintf(f, "{ name = \"s%u\"; vip = \"192.0.2.1\"; port = %u; backends = (\n", s,
			s + 1);
		for (unsigned int i = 0; i < n[s]; i++)
			fprintf(f, "%s{ name = \"b%u\"; address = \"10.%u.%u.%u\"; port = 80; }\n",
				i > 0 ? "," : "", i, s + 1, i / 256, i % 256);
		fprintf(f, "); }%s\n", s == 0 ? "," : ");");
	}
	fclose(f);
	return text;
}

static void test_many(void)
{
	char *text = many_backends(2048, 2048), message[1024];
	struct weir_config *c = expect_good(text);

	CU_ASSERT_EQUAL(c->policy->n_backends, 4096);
	CU_ASSERT_EQUAL(c->policy->n_nexthops, 4096);
	CU_ASSERT_EQUAL(c->policy->services[1].first_member, 2048);
	CU_ASSERT_EQUAL(c->policy->backends[4095].nexthop, 4095);
	CU_ASSERT(is_addr(&c->policy->nexthops[4095].addr, "10.2.7.255"));
	weir_config_free(c);
	free(text);
	text = many_backends(2048, 4097);
	CU_ASSERT_EQUAL(config_load_text(text, &c, message), -EINVAL);
	CU_ASSERT_STRING_EQUAL(message,
		"weir.conf:2053: services[1].backends: has 4097 entries, must have 1..4096");
	free(text);
}

/* What does not fit into a message is cut off, wherever in it that happens to be. */
static void test_long(void)
{
	struct weir_config_error err;
	struct weir_config *c;
	char text[1200];

	for (size_t len = 860; len < 1100; len++) {
		memset(text, 'x', len);
		strcpy(text + len, " = 1;");
		config_put("long", text);
		memset(&err, 'y', sizeof(err));
		CU_ASSERT_EQUAL(weir_config_load(config_path("long"), &c, &err), -EINVAL);
		CU_ASSERT_FATAL(strnlen(err.text, sizeof(err.text)) < sizeof(err.text));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/long:1: xxxx"));
	}
	CU_ASSERT_EQUAL(strlen(err.text), sizeof(err.text) - 1);
}

/* Tokens that are likely to mean something when they turn up in the wrong place. */
static const char *const debris[] = {"{", "}", "(", ")", "[", "]", ";", ",", "=", "\"", "\\", "#",
	"/*", "*/", "-1", "0", "65536", "4294967296", "1e999", "0x7fffffffL", "true", "\"x\"", "\n",
	"name", "@include \"weir.conf\"", "\"10.0.0.1/24\"", "\"192.0.2.80\"", "{};", "\xff"};

static void mutate(char *text, size_t size, uint64_t *seed)
{
	size_t len = strlen(text), at = unit_random(seed) % len, n;
	const char *d = debris[unit_random(seed) % (sizeof(debris) / sizeof(debris[0]))];

	switch (unit_random(seed) % 5) {
	case 0: /* cut short */
		text[at] = '\0';
		break;
	case 1: /* a byte changed */
		text[at] = (char)(1 + unit_random(seed) % 255);
		break;
	case 2: /* a piece taken out */
		n = unit_random(seed) % 40;
		memmove(text + at, text + (at + n < len ? at + n : len),
			len + 1 - (at + n < len ? at + n : len));
		break;
	case 3: /* something put in */
		n = strlen(d);
		if (len + n < size) {
			memmove(text + at + n, text + at, len + 1 - at);
			memcpy(text + at, d, n);
		}
		break;
	case 4: /* a digit changed: still well formed, but what does it mean? */
		at += strcspn(text + at, "0123456789");
		if (at < len)
			text[at] = (char)('0' + unit_random(seed) % 10);
		break;
	}
}

/* Whatever the bytes: a policy or one line that says why not (config_load_text() looks). */
static void test_mutations(void)
{
	uint64_t seed = 53;
	unsigned int good = 0;
	const unsigned int runs = 2000;

	for (unsigned int i = 0; i < runs; i++) {
		char text[4096], message[1024];
		struct weir_config *c;

		snprintf(text, sizeof(text), "%s", config_base);
		for (uint64_t n = 1 + unit_random(&seed) % 3; n > 0 && text[0] != '\0'; n--)
			mutate(text, sizeof(text), &seed);
		good += config_load_text(text, &c, message) == 0;
		CU_ASSERT_PTR_NULL(strchr(message, '\n'));
		weir_config_free(c);
	}
	/* the mutations reach the rules behind the grammar, and the policy behind the rules */
	CU_ASSERT(good > runs / 20 && good < runs / 2);
}

/* Which backends are checked, where, and what follows from other keys. */
static void test_check_plan(void)
{
	char *text =
		config_bend("timeouts = { established = 1.5; };\n	  backends = (\n"
			    "		{ name = \"w1\"; address = \"10.0.0.11\"; port = 8080; "
			    "weight = 2; }",
			"on_down = \"reset\"; check = { type = \"http\"; port = 80; inter = 4; };\n"
			"backends = ( { name = \"w1\"; address = \"10.0.0.11\"; port = 8080;\n"
			"check = { port = 81; address = \"10.0.0.99\"; }; }");
	struct weir_config *c = expect_good(text);
	const struct weir_check_plan *p = c->checks;

	CU_ASSERT_EQUAL_FATAL(p->n_checks, 1);
	CU_ASSERT_EQUAL_FATAL(p->n_targets, 2);
	CU_ASSERT_EQUAL(p->checks[0].type, WEIR_CHECK_HTTP);
	CU_ASSERT_EQUAL(p->checks[0].inter_ms, 4000);
	CU_ASSERT_EQUAL(p->checks[0].fastinter_ms, 2000);
	CU_ASSERT_EQUAL(p->checks[0].downinter_ms, 4000);
	CU_ASSERT_EQUAL(p->checks[0].timeout_ms, 2000);
	CU_ASSERT_STRING_EQUAL(p->checks[0].path, "/");
	CU_ASSERT_TRUE(weir_check_takes_status(&p->checks[0], 301));
	CU_ASSERT_STRING_EQUAL(p->targets[0].service, "web");
	CU_ASSERT_STRING_EQUAL(p->targets[0].name, "w1");
	CU_ASSERT_EQUAL(p->targets[0].port_be, weir_be16(81));
	CU_ASSERT_EQUAL(p->targets[0].addr.w[3], weir_be32(0x0a000063));
	CU_ASSERT_EQUAL(p->targets[1].port_be, weir_be16(80));
	CU_ASSERT_EQUAL(p->targets[1].addr.w[3], weir_be32(0x0a01000c));
	CU_ASSERT_EQUAL(c->policy->services[0].on_down, WEIR_ON_DOWN_RESET);
	weir_config_free(c);
	free(text);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-53 a good file, field by field", test_policy},
		{"HC-53 other good files", test_variants},
		{"HC-66 which ports lead to clients", hc66_ports},
		{"HC-53 the way to a backend: longest prefix", test_routes},
		{"which backends are checked", test_check_plan},
		{"HC-53 warnings", test_warnings},
		{"former names of keys", test_old_name},
		{"HC-53 files that are none", test_files},
		{"HC-53 the secret's file", test_secret},
		{"HC-53 the most backends there may be", test_many},
		{"HC-53 a message longer than its room", test_long},
		{"HC-53 any bytes: a policy or a message", test_mutations},
	};

	return config_main("config", tests, sizeof(tests) / sizeof(tests[0]));
}
