// SPDX-License-Identifier: BSD-3-Clause
/*
 * Telemetry and weirctl, end to end: real EAL, real socket, the real program (argv[1]); only the
 * daemon behind the view is made up.
 */
#include <errno.h>
#include <jansson.h>
#include <rte_eal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/fake_view.h"
#include "../unit/unit.h"
#include "ctl/telemetry.h"

static const char *weirctl;
static char prefix[32];
static struct weir_view view; /* what telemetry sees: tests copy theirs into it */

static struct {
	char out[8 << 20], err[4096];
	int status;
} ran;

static void slurp(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = fread(text, 1, size - 1, f);

	text[n] = '\0';
	fclose(f);
	unlink(path);
}

/* Runs weirctl with these arguments into `ran`. */
static void run_with(const char *where, const char *arguments)
{
	char command[1024], out[64], err[64];

	snprintf(out, sizeof(out), "/tmp/%s.out", prefix);
	snprintf(err, sizeof(err), "/tmp/%s.err", prefix);
	snprintf(command, sizeof(command), "'%s' %s %s >%s 2>%s", weirctl, where, arguments, out,
		err);
	ran.status = WEXITSTATUS(system(command));
	slurp(out, ran.out, sizeof(ran.out));
	slurp(err, ran.err, sizeof(ran.err));
}

static void run(const char *arguments)
{
	char where[64];

	snprintf(where, sizeof(where), "-p %s", prefix);
	run_with(where, arguments);
}

static void expect_text(const char *arguments, const char *out)
{
	run(arguments);
	if (strcmp(ran.out, out) != 0)
		printf("\n%s\nexpected:\n%sgot:\n%s%s", arguments, out, ran.out, ran.err);
	CU_ASSERT_STRING_EQUAL(ran.out, out);
	CU_ASSERT_STRING_EQUAL(ran.err, "");
	CU_ASSERT_EQUAL(ran.status, 0);
}

static void expect_error(const char *arguments, const char *err)
{
	run(arguments);
	if (strcmp(ran.err, err) != 0)
		printf("\n%s\nexpected:\n%sgot:\n%s", arguments, err, ran.err);
	CU_ASSERT_STRING_EQUAL(ran.out, "");
	CU_ASSERT_STRING_EQUAL(ran.err, err);
	CU_ASSERT_EQUAL(ran.status, 1);
}

/* The whole output as one JSON document; to be decref'd. */
static json_t *run_json(const char *arguments)
{
	json_error_t error;
	json_t *doc;

	run(arguments);
	CU_ASSERT_EQUAL(ran.status, 0);
	doc = json_loads(ran.out, 0, &error);
	if (doc == NULL)
		printf("\n%s: %s\n%s", arguments, error.text, ran.err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	return doc;
}

static long long number(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	CU_ASSERT_TRUE(json_is_integer(value));
	return json_integer_value(value);
}

static const char *text(const json_t *row, const char *key)
{
	const char *value = json_string_value(json_object_get(row, key));

	CU_ASSERT_PTR_NOT_NULL(value);
	return value != NULL ? value : "";
}

static struct fake *small_site(void)
{
	struct fake *f = fake_new(2, 2, 2);
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	f->view.started = 1700000000;
	f->view.started_ns = ((uint64_t)now.tv_sec - 3) * 1000000000;
	f->view.port[0].csum_offload = true;
	f->policy->interfaces[0].n_addrs = 1;
	f->policy->interfaces[0].addrs[0].addr = weir_addr_v4(weir_be32(0xc0000201));
	f->policy->interfaces[0].addrs[0].prefix = 96 + 24;
	f->counters[0].service[1].syn = 1000;
	f->counters[1].service[1].syn = 234;
	f->counters[0].backend[3].active = 2;
	f->counters[1].backend[3].active = 3;
	f->counters[0].backend[2].refused = 5;
	f->counters[0].port[0].rx_pkts = 50;
	f->counters[0].port[0].tx_pkts = 30;
	f->counters[0].fate[WEIR_FATE_bad_cookie] = 19;
	f->counters[1].fate[WEIR_FATE_bad_cookie] = 1;
	f->counters[1].fate[WEIR_FATE_syn_cookie] = 30;
	f->counters[1].fate[WEIR_FATE_handshake_ack] = 2;
	f->counters[1].event[WEIR_EVENT_syn_received] = 31;
	view = f->view;
	return f;
}

static void test_tables(void)
{
	struct fake *f = small_site();

	expect_text("show services",
		"NAME  VIP            MODE     SCHEDULER  STATE  BACKENDS  ACTIVE   SYN  "
		"COOKIES_OK  OPENED  ESTABLISHED  FAILED  SYN_COOKIES  GATE     HALF_OPEN  "
		"SWITCHES  BYTES_IN  BYTES_OUT\n"
		"s0    192.0.2.80:80  fullnat  rr         live          2       0     0  "
		"         0       0            0       0  always       cookies          0  "
		"       0         0          0\n"
		"s1    192.0.2.80:81  fullnat  rr         live          2       5  1234  "
		"         0       0            0       0  always       cookies          0  "
		"       0         0          0\n");
	expect_text("show drops",
		"CLASS     NAME           TOTAL  TEXT\n"
		"passed    syn_cookie        30  SYN answered with a cookie\n"
		"dropped   bad_cookie        20  ACK without a valid cookie\n"
		"consumed  handshake_ack      2  client's valid ACK: a connection was opened\n"
		"event     syn_received      31  SYNs for a service\n");
	expect_text("show accounting",
		"WORKER  RX  CREATED  HANDED_IN  TX  DROPPED  CONSUMED  HANDED_OUT  HELD  BALANCE\n"
		"     0  50        0          0  30       19         0           0     0        1\n"
		"     1   0        0          0   0        1         2           0     0       "
		"-3\n");
	expect_text("show ports",
		"NAME   DRIVER    MAC                LINK  MBPS  ADDRESSES     QUEUES  STEERING  "
		"CHECKSUMS  RX_PKTS  TX_PKTS  RX_MISSED  RX_NO_MBUF  TX_ERRORS\n"
		"front  net_null  00:00:00:00:00:00  up       0  192.0.2.1/24       1  software  "
		"device          50       30          0           0          0\n");
	run("show info");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "version        0.1.0\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "started        2023-11-14T22:13:20Z\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "conns_max      2000\n"));
	run("show drops --all");
	for (unsigned int i = 0; i < WEIR_FATES; i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, weir_fates[i].text));
	for (unsigned int i = 0; i < WEIR_EVENTS; i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, weir_events[i].text));
	fake_free(f);
}

static void test_json(void)
{
	struct fake *f = small_site();
	json_t *doc, *row;

	doc = run_json("show info --json");
	CU_ASSERT_TRUE(json_is_object(doc));
	CU_ASSERT_EQUAL(number(doc, "pid"), getpid());
	CU_ASSERT(number(doc, "uptime_s") >= 3 && number(doc, "uptime_s") < 60);
	CU_ASSERT_EQUAL(number(doc, "backends"), 4);
	json_decref(doc);

	doc = run_json("--json show backends");
	CU_ASSERT_EQUAL(json_array_size(doc), 4);
	row = json_array_get(doc, 2);
	CU_ASSERT_STRING_EQUAL(text(row, "name"), "b0");
	CU_ASSERT_STRING_EQUAL(text(row, "service"), "s1");
	CU_ASSERT_STRING_EQUAL(text(row, "address"), "10.0.1.0:8080");
	CU_ASSERT_EQUAL(number(row, "weight"), 1);
	CU_ASSERT_EQUAL(number(row, "refused"), 5);
	json_decref(doc);

	doc = run_json("show drops -j");
	row = json_array_get(doc, 1);
	CU_ASSERT_STRING_EQUAL(text(row, "name"), "bad_cookie");
	CU_ASSERT_EQUAL(number(row, "total"), 20);
	row = json_object_get(row, "workers");
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(row, 0)), 19);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(row, 1)), 1);
	json_decref(doc);

	doc = run_json("show workers -j");
	CU_ASSERT_EQUAL(json_array_size(doc), 2);
	CU_ASSERT_EQUAL(number(json_array_get(doc, 1), "conns_max"), 1000);
	json_decref(doc);
	fake_free(f);
}

static void test_conns(void)
{
	struct fake *f = small_site();
	json_t *doc;

	fake_conns(f, 0, 300);
	fake_conns(f, 1, 300);
	fake_work_start(f);
	doc = run_json("show conns --json --limit 0");
	CU_ASSERT_EQUAL(json_array_size(doc), 600);
	CU_ASSERT_EQUAL(number(json_array_get(doc, 599), "worker"), 1);
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 599), "client"), "198.18.0.9:299");
	CU_ASSERT_STRING_EQUAL(ran.err, "");
	json_decref(doc);
	doc = run_json("show conns --json");
	CU_ASSERT_EQUAL(json_array_size(doc), 100);
	CU_ASSERT_STRING_EQUAL(ran.err, "weirctl: there may be more: --limit N, 0 for all\n");
	json_decref(doc);
	doc = run_json("show conns --json --limit 0 --client 198.18.0.3");
	CU_ASSERT_EQUAL(json_array_size(doc), 60);
	json_decref(doc);
	doc = run_json("show conns --json --limit 0 --backend b1 --service s1 --state ESTABLISHED");
	CU_ASSERT_EQUAL(json_array_size(doc), 50);
	json_decref(doc);
	doc = run_json("show conns --json --limit 0 --state LAST_ACK");
	CU_ASSERT_EQUAL(json_array_size(doc), 0);
	json_decref(doc);
	run("show conns --limit 2 --state TIME_WAIT");
	CU_ASSERT_STRING_EQUAL(ran.out,
		"WORKER  STATE      CLOSER  CLIENT        SERVICE  LOCAL          BACKEND  "
		"EXPIRES_MS\n"
		"     0  TIME_WAIT  client  198.18.0.1:1  s1       10.0.0.1:1025  b1             "
		"1000\n"
		"     0  TIME_WAIT  client  198.18.0.2:2  s0       10.0.0.1:1026  b0             "
		"1000\n");
	fake_work_stop(f);
	expect_error("show conns", "weirctl: worker 0 does not answer; try again\n");
	fake_work_start(f);
	run("show conns --limit 1"); /* takes the late answer away */
	CU_ASSERT_EQUAL(ran.status, 0);
	fake_work_stop(f);
	fake_free(f);
}

/* HC-45: an order stands beside the configuration, until it is taken back. */
static void test_orders(void)
{
	static struct weir_orders orders;
	struct fake *f = small_site();
	json_t *doc;

	view = f->view;
	view.orders = &orders;
	expect_text("set service s1 syn_cookies never", "");
	CU_ASSERT_EQUAL(weir_orders_mode(&orders, f->policy, 1), WEIR_SYN_COOKIES_NEVER);
	CU_ASSERT_EQUAL(weir_orders_mode(&orders, f->policy, 0), WEIR_SYN_COOKIES_ALWAYS);
	doc = run_json("show services --json");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(doc, 1),
				       "syn_cookies")),
		"never");
	json_decref(doc);
	expect_text("set service s1 syn_cookies configured", "");
	CU_ASSERT_EQUAL(weir_orders_mode(&orders, f->policy, 1), WEIR_SYN_COOKIES_ALWAYS);
	fake_free(f);
}

static void test_errors(void)
{
	static struct weir_orders orders;
	struct fake *f = small_site();

	view = f->view;
	view.orders = &orders;
	expect_error("show conns --state OPEN",
		"weirctl: unknown state: known are CLOSED SYN_RCVD SYN_SENT ESTABLISHED FIN_WAIT_1 "
		"FIN_WAIT_2 CLOSING LAST_ACK TIME_WAIT\n");
	expect_error("show conns --service web", "weirctl: no service is named 'web'\n");
	expect_error("show conns --backend b7", "weirctl: no backend is named 'b7'\n");
	expect_error("show conns --service s0 --backend b7",
		"weirctl: no backend is named 'b7' in this service\n");
	expect_error("show conns --backend b1",
		"weirctl: 2 services have a backend named 'b1': "
		"say which by service=...\n");
	expect_error("show conns --client 1.2.3", "weirctl: client=1.2.3: must be an IP address\n");
	expect_error("show conns --client 1.2.3.4,limit=9",
		"weirctl: not a name or address: '1.2.3.4,limit=9' (weirctl --help)\n");
	expect_error("show conns --limit x",
		"weirctl: --limit: not a number: 'x' (weirctl --help)\n");
	expect_error("set service web",
		"weirctl: set what? 'set service NAME syn_cookies WORD' "
		"(weirctl --help)\n");
	expect_error("set service web syn_cookies always", "weirctl: no service is named 'web'\n");
	expect_error("set service s1 syn_cookies often",
		"weirctl: syn_cookies=often: must be always, adaptive, never or configured\n");
	expect_error("show weather", "weirctl: unknown topic 'weather' (weirctl --help)\n");
	expect_error("stop", "weirctl: unknown command 'stop' (weirctl --help)\n");
	expect_error("",
		"weirctl: missing command: 'show TOPIC, reload or set' (weirctl --help)\n");
	expect_error("show info --limit 3",
		"weirctl: filters and --limit are for show conns, not "
		"show 'info' (weirctl --help)\n");
	run_with("-p nobody-has-this-prefix", "show info");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.err, "weirctl: no synweir is running at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.err, "nobody-has-this-prefix/dpdk_telemetry.v2"));
	CU_ASSERT_EQUAL(ran.status, 1);
	run_with("-s /dev/null", "show info");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.err, "weirctl: no synweir is running at /dev/null"));
	CU_ASSERT_EQUAL(ran.status, 1);
	run("--help");
	CU_ASSERT_EQUAL(ran.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "accounting"));
	fake_free(f);
}

/* Everything at its longest: telemetry would drop what does not fit without a word. */
static struct fake *largest_site(void)
{
	struct fake *f = fake_new(WEIR_WORKERS_MAX, 60, 5);

	for (unsigned int w = 0; w < WEIR_WORKERS_MAX; w++) {
		memset(f->memory[w], 0x7f,
			60 * sizeof(struct weir_service_counters) +
				60 * sizeof(struct weir_listener_counters) +
				300 * sizeof(struct weir_backend_counters));
		memset(f->counters[w].fate, 0x7f, sizeof(f->counters[w].fate));
		memset(f->counters[w].event, 0x7f, sizeof(f->counters[w].event));
		memset(f->counters[w].port, 0x7f, sizeof(f->counters[w].port));
		f->counters[w].handed_in = f->counters[w].handed_out = INT64_MAX;
		f->counters[w].held = f->counters[w].loops = INT64_MAX;
		f->counters[w].busy_loops = f->counters[w].conns = INT64_MAX;
		f->counters[w].local_ports = INT64_MAX;
		f->view.worker[w].conns_max = f->view.worker[w].lcore = UINT32_MAX;
		f->view.worker[w].memory_bytes = INT64_MAX;
	}
	f->policy->n_ports = f->policy->n_interfaces = WEIR_PORTS_MAX;
	for (unsigned int p = 0; p < WEIR_PORTS_MAX; p++) {
		struct weir_port *port = &f->policy->ports[p];
		struct weir_interface *interface = &f->policy->interfaces[p];

		memset(port->name, 'p', sizeof(port->name) - 1);
		memset(port->device, 'd', sizeof(port->device) - 1);
		memset(interface->name, 'p', sizeof(interface->name) - 1);
		interface->port = (uint8_t)p;
		interface->n_addrs = WEIR_LOCALS_MAX;
		for (unsigned int a = 0; a < WEIR_LOCALS_MAX; a++)
			interface->addrs[a] =
				(struct weir_interface_addr){weir_addr_v4(0xffffffff), 128};
		memset(&f->view.port[p], 0x7f, sizeof(f->view.port[p]));
		f->view.port[p].driver[31] = '\0';
		f->view.port[p].rss = f->view.port[p].csum_offload = false;
	}
	for (unsigned int s = 0; s < f->policy->n_services; s++) {
		memset(f->policy->services[s].name, 's', WEIR_NAME_MAX - 1);
		f->policy->listeners[s].vip = weir_addr_v4(0xffffffff);
	}
	for (unsigned int b = 0; b < f->policy->n_backends; b++) {
		memset(f->policy->backends[b].name, 'b', WEIR_NAME_MAX - 1);
		f->policy->backends[b].addr = weir_addr_v4(0xffffffff);
	}
	view = f->view;
	return f;
}

static void largest_conns(struct fake *f)
{
	for (unsigned int w = 0; w < WEIR_WORKERS_MAX; w++) {
		fake_conns(f, w, 100);
		for (uint32_t i = 0; i < 100; i++) {
			struct weir_conn *c = weir_table_conn(&f->table[w], i);

			c->client.addr = c->local.addr = weir_addr_v4(0xffffffff);
			c->client.port_be = c->local.port_be = 0xffff;
			c->state = WEIR_ESTABLISHED;
			c->fin_sent = 3;
			c->closer = WEIR_BACKEND;
			c->deadline = INT32_MAX;
		}
	}
}

/* Each row has all of its keys. */
static void expect_rows(const char *topic, size_t rows, size_t keys)
{
	char arguments[64];
	json_t *doc, *row;
	size_t i;

	snprintf(arguments, sizeof(arguments), "show %s --json", topic);
	doc = run_json(arguments);
	CU_ASSERT_EQUAL(json_array_size(doc), rows);
	json_array_foreach(doc, i, row) CU_ASSERT_EQUAL(json_object_size(row), keys);
	json_decref(doc);
}

static void test_largest(void)
{
	struct fake *f = largest_site();

	expect_rows("services", 60, 25);
	expect_rows("backends", 300, 12);
	expect_rows("workers", WEIR_WORKERS_MAX, 16);
	expect_rows("drops", WEIR_FATES + WEIR_EVENTS, 5);
	expect_rows("ports", WEIR_PORTS_MAX, 18);
	expect_rows("accounting", WEIR_WORKERS_MAX, 10);
	largest_conns(f);
	fake_work_start(f);
	expect_rows("conns --limit 0", 3200, 8);
	fake_work_stop(f);
	fake_free(f);
}

static struct weir_reload desk;

/* The control thread, in the telemetry thread's place. */
static void *control(void *text)
{
	weir_reload_begin(&desk);
	weir_reload_end(&desk, strncmp(text, "not", 3) != 0, text);
	return NULL;
}

static const char *outcome;

static void wake(void)
{
	pthread_t thread;

	if (outcome != NULL &&
		pthread_create(&thread, NULL, control, (void *)(uintptr_t)outcome) == 0)
		pthread_detach(thread);
}

/* The outcome comes back whole, however long it is. */
static void test_reload(void)
{
	struct fake *f = small_site();
	char line[900], shown[sizeof(line) + 16];

	view = f->view;
	expect_error("reload", "weirctl: no outcome yet: the log has it, and show info\n");
	weir_reload_init(&desk, wake);
	view.reload = &desk;
	outcome = "reloaded: services 1 added";
	expect_text("reload", "reloaded: services 1 added\n");
	for (size_t i = 0; i < sizeof(line) - 1; i++)
		line[i] = (char)('a' + i % 26);
	line[sizeof(line) - 1] = '\0';
	memcpy(line, "not ", 4);
	outcome = line;
	snprintf(shown, sizeof(shown), "weirctl: %s\n", line);
	expect_error("reload", shown);
	outcome = "not reloaded: name = \"B\xc3\xbcro\": must be of letters";
	expect_error("reload", "weirctl: not reloaded: name = \"B??ro\": must be of letters\n");
	expect_error("reload now", "weirctl: reload takes no 'now' (weirctl --help)\n");
	expect_error("reload --all",
		"weirctl: options are for show, not 'reload' (weirctl --help)\n");
	outcome = NULL; /* nobody is there */
	expect_error("reload", "weirctl: no outcome yet: the log has it, and show info\n");
	fake_free(f);
}

static const struct unit_test tests[] = {
	{"tables", test_tables},
	{"JSON", test_json},
	{"connections: filters, limits, a worker that is away", test_conns},
	{"HC-45 orders", test_orders},
	{"errors: one line, and what to do", test_errors},
	{"HC-51 reload", test_reload},
	{"the largest site: no row is lost", test_largest},
};

int main(int argc, char **argv)
{
	char runtime[128];
	char *eal[] = {argv[0], "--no-huge", "-m", "64", "--no-shconf", "--no-pci", "-l", "0",
		"--log-level", "lib.telemetry:3", "--file-prefix", prefix};
	int status;

	if (argc != 2)
		return 2;
	weirctl = argv[1];
	snprintf(prefix, sizeof(prefix), "weirctl-test-%d", (int)getpid());
	if (rte_eal_init(sizeof(eal) / sizeof(eal[0]), eal) < 0 || weir_telemetry_start(&view) != 0)
		return 2;
	status = unit_main("weirctl", tests, sizeof(tests) / sizeof(tests[0]));
	snprintf(runtime, sizeof(runtime), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	snprintf(ran.out, sizeof(ran.out), "rm -rf '%s'", runtime);
	return system(ran.out) == 0 ? status : 2;
}
