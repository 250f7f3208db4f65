// SPDX-License-Identifier: BSD-3-Clause
/* Services with several addresses, prefixes, ports and ranges; and many of them. */
#include <arpa/inet.h>
#include <time.h>

#include "config.h"

#define VIP  "vip = \"192.0.2.80\"; port = 80;"
#define HEAD "11: services[0]."

static struct weir_addr addr(const char *text)
{
	struct weir_addr a;

	CU_ASSERT_EQUAL_FATAL(weir_addr_parse(text, &a), 0);
	return a;
}

/* The number of the listener there, or -1. */
static int listener(const struct weir_policy *p, const char *vip, uint16_t port)
{
	const struct weir_addr a = addr(vip);
	const struct weir_endpoint *e = weir_endpoint_find(&p->endpoints, &a, weir_be16(port));

	return e != NULL && e->kind == WEIR_ENDPOINT_LISTENER ? e->index : -1;
}

static struct weir_config *load(const char *addresses)
{
	char *text = config_bend(VIP, addresses);
	struct weir_config *c = expect_good(text);

	free(text);
	return c;
}

static void test_listeners(void)
{
	struct weir_config *c =
		load("vip = [ \"192.0.2.80\", \"203.0.113.0/28\", \"2001:db8::/127\" ]; "
		     "port = ( 80, \"443\", \"8000-8009\" );");
	const struct weir_policy *p = c->policy;
	unsigned int differ = 0;
	bool seen[19 * 12 + 1] = {false};

	CU_ASSERT_EQUAL(p->n_listeners, 19 * 12 + 1); /* and "mail"'s */
	for (unsigned int i = 0; i < 16; i++)
		for (uint16_t port = 8000; port < 8010; port++) {
			char text[32];
			int at;

			snprintf(text, sizeof(text), "203.0.113.%u", i);
			at = listener(p, text, port);
			CU_ASSERT_FATAL(at >= 0 && (uint32_t)at < p->n_listeners);
			CU_ASSERT_EQUAL(p->listeners[at].service, 0);
			differ += !seen[at];
			seen[at] = true;
		}
	CU_ASSERT_EQUAL(differ, 160); /* keys and cookies are bound to address and port */
	CU_ASSERT(listener(p, "192.0.2.80", 443) >= 0);
	CU_ASSERT(listener(p, "2001:db8::1", 80) >= 0);
	CU_ASSERT_EQUAL(listener(p, "203.0.113.16", 80), -1);
	CU_ASSERT_EQUAL(listener(p, "2001:db8::2", 80), -1);
	CU_ASSERT_EQUAL(listener(p, "192.0.2.80", 8010), -1);
	CU_ASSERT_EQUAL(listener(p, "192.0.2.80", 7999), -1);
	weir_config_free(c);
}

static const struct {
	const char *to, *message;
} rules[] = {
	{"vip = \"192.0.2.80\"; port = \"90-80\";", HEAD "port = \"90-80\": ends before it begins"},
	{"vip = \"192.0.2.80\"; port = \"80-\";",
		HEAD "port = \"80-\": must be a port or a range: 80, \"8000-8099\""},
	{"vip = \"192.0.2.80\"; port = \"0-65536\";", HEAD "port = \"0-65536\": must be 1..65535"},
	{"vip = \"192.0.2.80\"; port = [ 80, 70000 ];", HEAD "port[1] = 70000: must be 1..65535"},
	{"vip = \"203.0.113.1/24\"; port = 80;",
		HEAD "vip = \"203.0.113.1/24\": is not a network: that would be "
		     "\"203.0.113.0/24\""},
	{"vip = \"2001:db8::/64\"; port = 80;",
		HEAD "vip = \"2001:db8::/64\": is too large with 1 ports: all services "
		     "together may have 32768 addresses and ports, each address with each of "
		     "its ports"},
	{"vip = \"203.0.113.0/24\"; port = \"1-200\";",
		HEAD "vip = \"203.0.113.0/24\": is too large with 200 ports: all services "
		     "together may have 32768 addresses and ports, each address with each of "
		     "its ports"},
	{"vip = [ \"192.0.2.80\", \"192.0.2.0/28\" ]; port = 80;",
		HEAD "vip[1] = \"192.0.2.0/28\": 192.0.2.0, which is in it, is its subnet's "
		     "network address"},
	{"vip = \"192.0.2.240/28\"; port = 80;",
		HEAD "vip = \"192.0.2.240/28\": 192.0.2.254, which is in it, is a router's "
		     "address on port \"front\""},
	{"vip = [ \"192.0.2.80\", \"192.0.2.80/31\" ]; port = 80;",
		HEAD "vip[1] = \"192.0.2.80/31\": 192.0.2.80, which is in it, has port 80 "
		     "twice in this service"},
	{"vip = \"192.0.2.80\"; port = ( 80, \"20-30\" );",
		"16: services[1].vip = \"192.0.2.80\": port 25 of it is service \"web\" "
		"already"},
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		char *text = config_bend(VIP, rules[i].to), got[1024];
		struct weir_config *c;

		CU_ASSERT(config_load_text(text, &c, got) < 0);
		CU_ASSERT_STRING_EQUAL(got + strlen("weir.conf:"), rules[i].message);
		if (strcmp(got + strlen("weir.conf:"), rules[i].message) != 0)
			fprintf(stderr, "\n got: %s\nwant: %s\n", got, rules[i].message);
		weir_config_free(c);
		free(text);
	}
}

/* A reload that adds a port and takes one away: the others keep their numbers. */
static void test_reload(void)
{
	struct weir_config *c = load("vip = \"192.0.2.80\"; port = [ 80, 81, 82 ];"), *next;
	struct weir_busy *busy = calloc(1, sizeof(*busy));
	struct weir_config_error err;
	char *text = config_bend(VIP, "vip = \"192.0.2.80\"; port = [ 90, 82, 80 ];");
	int had80 = listener(c->policy, "192.0.2.80", 80), had81;

	had81 = listener(c->policy, "192.0.2.80", 81);
	config_put("weir.conf", text);
	CU_ASSERT_EQUAL_FATAL(weir_config_reload(config_path("weir.conf"), c, busy, &next, &err),
		0);
	CU_ASSERT_EQUAL(next->services.changed, 1);
	CU_ASSERT_EQUAL(next->services.added, 0);
	CU_ASSERT_EQUAL(listener(next->policy, "192.0.2.80", 80), had80);
	CU_ASSERT(listener(next->policy, "192.0.2.80", 90) >= 0);
	CU_ASSERT_EQUAL(next->policy->listeners[had81].life, WEIR_LIFE_RETIRED);
	weir_config_free(next);
	weir_config_free(c);
	free(busy);
	free(text);
}

static double ms_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) * 1e3 + (double)(now.tv_nsec - t->tv_nsec) / 1e6;
}

/* n services with three backends each. */
static void write_many(unsigned int n, unsigned int weight)
{
	FILE *f = fopen(config_path("weir.conf"), "w");

	CU_ASSERT_FATAL(f != NULL);
	fputs("ports = ({ name = \"p\"; device = \"net_tap0\"; addresses = [ \"10.0.0.1/8\" ]; "
	      "});\n"
	      "services = (\n",
		f);
	for (unsigned int i = 0; i < n; i++) {
		fprintf(f, "%s{ name = \"s%u\"; vip = \"172.16.%u.%u\"; port = 80; backends = (\n",
			i > 0 ? "," : "", i, i / 250, i % 250 + 1);
		for (unsigned int b = 0; b < 3; b++)
			fprintf(f,
				"%s{ name = \"b%u\"; address = \"10.%u.%u.%u\"; port = 80; weight "
				"= %u; }\n",
				b > 0 ? "," : "", b, b + 1, i / 250, i % 250 + 1,
				i == 7 && b == 0 ? weight : 1);
		fputs(");}\n", f);
	}
	fputs(");\n", f);
	fclose(f);
}

/* Prints how long it takes, and does not judge by that. */
static void test_many(void)
{
	struct weir_busy *busy = calloc(1, sizeof(*busy));
	struct weir_config *c, *next;
	struct weir_config_error err;
	struct timespec t;

	write_many(10000, 1);
	clock_gettime(CLOCK_MONOTONIC, &t);
	CU_ASSERT_EQUAL_FATAL(weir_config_load(config_path("weir.conf"), &c, &err), 0);
	printf("10000 services, 30000 backends: loaded in %.0f ms", ms_since(&t));
	CU_ASSERT_EQUAL(c->policy->n_services, 10000);
	CU_ASSERT(weir_endpoints_reach(&c->policy->endpoints) <= WEIR_ENDPOINT_GOOD_REACH);
	write_many(10000, 2);
	clock_gettime(CLOCK_MONOTONIC, &t);
	CU_ASSERT_EQUAL_FATAL(weir_config_reload(config_path("weir.conf"), c, busy, &next, &err),
		0);
	printf(", reloaded in %.0f ms ", ms_since(&t));
	CU_ASSERT_EQUAL(next->backends.changed, 1);
	CU_ASSERT_EQUAL(next->backends.added + next->backends.removed, 0);
	weir_config_free(next);
	weir_config_free(c);
	free(busy);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"addresses, prefixes, ports and ranges of a service", test_listeners},
		{"HC-53 addresses and ports that cannot be", test_refused},
		{"HC-51 a port comes and one goes", test_reload},
		{"ten thousand services", test_many},
	};

	return config_main("config-services", tests, sizeof(tests) / sizeof(tests[0]));
}
