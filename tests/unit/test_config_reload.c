// SPDX-License-Identifier: BSD-3-Clause
/* HC-51, HC-53: the configuration is read again while another one is in force. */
#include <sys/stat.h>

#include "config.h"

static const struct weir_busy none;

static struct weir_config *in_force(void)
{
	struct weir_config *c;
	char message[1024];

	CU_ASSERT_EQUAL_FATAL(config_load_text(config_base, &c, message), 0);
	return c;
}

/* Reloads the base with one text replaced; the message without the directory. */
static int reload(const char *from, const char *to, const struct weir_config *running,
	const struct weir_busy *busy, struct weir_config **out, char message[1024])
{
	struct weir_config_error err;
	size_t skip = strlen(config_dir) + 1;
	char *text = config_bend(from, to);
	int ret;

	config_put("weir.conf", text);
	ret = weir_config_reload(config_path("weir.conf"), running, busy, out, &err);
	snprintf(message, 1024, "%s", err.text + (strlen(err.text) > skip ? skip : 0));
	free(text);
	return ret;
}

static const struct {
	const char *from, *to, *message;
} refused[] = {
	{"weight = 2", "weight = 300",
		"weir.conf:14: services[0].backends[0].weight = 300: must be 0..256"},
	{"\"-m\"", "\"-n\"",
		"weir.conf:1: eal: \"eal\" cannot change while synweir runs: restart it, "
		"or put back what it was"},
	{"2, 3", "2, 4",
		"weir.conf:2: workers.lcores: \"lcores\" cannot change while synweir runs: "
		"restart it, or put back what it was"},
	{"lcores = [ 2, 3 ];", "lcores = [ 2 ];",
		"weir.conf:2: workers: \"count\" cannot change while synweir runs: restart it, or "
		"put "
		"back what it was"},
	{"lcores = [ 2, 3 ];", "lcores = [ 2, 3 ]; idle = \"poll\";",
		"weir.conf:2: workers.idle = \"poll\": \"idle\" cannot change while synweir runs: "
		"restart it, or put back what it was"},
	{"mtu = 1400", "mtu = 1500",
		"weir.conf:4: ports[0].mtu = 1500: \"mtu\" cannot change while synweir runs: "
		"restart "
		"it, or put back what it was"},
	{"\"10.0.0.1/24\", ", "",
		"weir.conf:7: ports[1].addresses: \"addresses\" cannot change while synweir runs: "
		"restart it, or put back what it was"},
	{"0000:03:00.0", "0000:04:00.0",
		"weir.conf:6: ports[1].device = \"0000:04:00.0\": \"device\" cannot change while "
		"synweir runs: restart it, or put back what it was"},
	{"= 4096", "= 4097",
		"weir.conf:20: limits.connections = 4097: \"connections\" cannot change while "
		"synweir "
		"runs: restart it, or put back what it was"},
	{"connections = 4096;", "connections = 4096; backends = 99;",
		"weir.conf:20: limits.backends = 99: \"backends\" cannot change while synweir "
		"runs: "
		"restart it, or put back what it was"},
	{"cookie = { };", "cookie = { secret_file = \"secret\"; };",
		"weir.conf:22: cookie.secret_file = \"secret\": the secret cannot change while "
		"synweir "
		"runs: clients in their handshake could not finish it"},
	{"mode = \"nat\"", "mode = \"fullnat\"",
		"weir.conf:16: services[1].mode = \"fullnat\": a service's mode cannot change "
		"while it "
		"has connections: restart, or remove it first and wait for them to end"},
	{"mss = 1200;", "mss = 1200; window_scale = 3;",
		"weir.conf:17: services[1].profile.window_scale = 3: cannot change while synweir "
		"runs, "
		"as clients in their handshake were promised the old one: restart"},
	{"to = \"10.1.0.0/16\"; via = \"10.0.0.254\"", "to = \"10.2.0.0/16\"; via = \"10.0.0.254\"",
		"weir.conf:15: services[0].backends[1].address = \"10.1.0.12\": is reached by "
		"another "
		"port than before, and has connections from its addresses: restart, or remove it "
		"first and wait for them to end"},
};

/* One line that says where and why, and nothing has happened. */
static void test_refused(void)
{
	struct weir_config *running = in_force(), *c;
	char message[1024];

	config_put("secret", "00112233445566778899aabbccddeeff\n");
	CU_ASSERT_EQUAL(chmod(config_path("secret"), 0600), 0);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		CU_ASSERT(reload(refused[i].from, refused[i].to, running, &none, &c, message) < 0);
		CU_ASSERT_PTR_NULL(c);
		CU_ASSERT_STRING_EQUAL(message, refused[i].message);
		if (strcmp(message, refused[i].message) != 0)
			fprintf(stderr, "\n got: %s\nwant: %s\n", message, refused[i].message);
	}
	weir_config_free(running);
}

static const struct {
	const char *from, *to;
	struct weir_change services, backends;
} allowed[] = {
	{"weight = 2", "weight = 2", {0, 0, 0}, {0, 0, 0}},
	{"weight = 2", "weight = 0", {0, 0, 0}, {0, 0, 1}},
	{"name = \"w1\"", "name = \"w9\"", {0, 0, 0}, {0, 0, 1}},
	{"10.0.0.11\"; port = 8080", "10.0.0.13\"; port = 8080", {0, 0, 0}, {1, 1, 0}},
	{"via = \"10.0.0.254\"", "via = \"10.0.0.253\"", {0, 0, 0}, {0, 0, 1}},
	{"port = 25; mode", "port = 26; mode", {1, 1, 0}, {1, 1, 0}},
	{"established = 1.5", "established = 2.5", {0, 0, 1}, {0, 0, 0}},
	{"mss = 1200", "mss = 1100", {0, 0, 1}, {0, 0, 0}},
	{"scheduler = \"lc\"", "scheduler = \"rr\"", {0, 0, 1}, {0, 0, 0}},
	{"drain = 0", "drain = 9", {0, 0, 0}, {0, 0, 0}},
	{"connections = 4096;", "connections = 4096; held_bytes = 1000;", {0, 0, 0}, {0, 0, 0}},
};

static void test_allowed(void)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		struct weir_config *running = in_force(), *c;
		char message[1024];

		CU_ASSERT_EQUAL_FATAL(reload(allowed[i].from, allowed[i].to, running, &none, &c,
					      message),
			0);
		CU_ASSERT_EQUAL(memcmp(&c->services, &allowed[i].services, sizeof(c->services)), 0);
		CU_ASSERT_EQUAL(memcmp(&c->backends, &allowed[i].backends, sizeof(c->backends)), 0);
		/* what clients have of it stays */
		CU_ASSERT_PTR_NULL(c->secret);
		CU_ASSERT_EQUAL(memcmp(&c->policy->steer_secret, &running->policy->steer_secret,
					sizeof(struct weir_sipkey)),
			0);
		CU_ASSERT_EQUAL(c->policy->generation, 1);
		weir_config_free(c);
		weir_config_free(running);
	}
}

/* A backend more than there is memory for, which removed ones that are busy have a share in. */
static void test_room(void)
{
	static const char room[] = "connections = 4096; backends = 4;";
	static struct weir_busy busy = {.listeners = {true, true}, .backends = {true, true, true}};
	struct weir_config *running, *c, *d;
	char message[1024], *text = config_bend("connections = 4096;", room), *more;

	CU_ASSERT_EQUAL_FATAL(config_load_text(text, &running, message), 0);
	CU_ASSERT_EQUAL(weir_policy_backend_room(running->policy), 4);
	free(text);
	CU_ASSERT_EQUAL_FATAL(reload("\"10.0.0.11\"; port = 8080", "\"10.0.0.13\"; port = 8080",
				      running, &busy, &c, message),
		0);
	CU_ASSERT(reload("\"10.0.0.11\"; port = 8080", "\"10.0.0.14\"; port = 8080", c, &busy, &d,
			  message) < 0);
	more = strstr(message, ": services[0].backends[0]: there is memory for 4 backends");
	CU_ASSERT_PTR_NOT_NULL(more);
	CU_ASSERT_EQUAL(reload("\"10.0.0.11\"; port = 8080", "\"10.0.0.14\"; port = 8080", c, &none,
				&d, message),
		0);
	weir_config_free(d);
	weir_config_free(c);
	weir_config_free(running);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-51 what needs a restart", test_refused},
		{"HC-51 what does not", test_allowed},
		{"HC-51 room", test_room},
	};

	return config_main("config-reload", tests, sizeof(tests) / sizeof(tests[0]));
}
