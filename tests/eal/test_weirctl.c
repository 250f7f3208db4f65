// SPDX-License-Identifier: BSD-3-Clause
/* What weirctl shows. */
#include "weirctl_rig.h"

static void test_tables(void)
{
	struct fake *f = small_site();

	expect_text("show services",
		"NAME  VIP            STATE  GATE     ACTIVE  HALF_OPEN   SYN  OPENED  ESTABLISHED "
		" "
		"FAILED\n"
		"s0    192.0.2.80:80  live   cookies       0          0     0       0            0 "
		" "
		"     0\n"
		"s1    192.0.2.80:81  live   cookies       5          0  1234       0            0 "
		" "
		"     0\n");
	run("show services --wide");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "  SYN_COOKIES  "));
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
		"NAME   LINK  MBPS  ADDRESSES     RX_PKTS  TX_PKTS  RX_MISSED  RX_NO_MBUF  "
		"TX_ERRORS\n"
		"front  up       0  192.0.2.1/24       50       30          0           0          "
		"0\n");
	expect_text("show memory",
		"WHAT                 BYTES  CONNS_MAX  BYTES_PER_CONN\n"
		"worker 0           1048576       1000            1048\n"
		"worker 1           1048576       1000            1048\n"
		"packet buffers  1071644672          0               0\n");
	run("show limits");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "connections    2000\n"));
	run("show policy");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "\ns1    fullnat  rr         always"));
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

static void test_errors(void)
{
	static struct weir_orders orders;
	struct fake *f = small_site();

	view = f->view;
	view.orders = &orders;
	expect_error("show conns --state OPEN",
		"weirctl: unknown state: known are CLOSED SYN_RCVD SYN_SENT HEADER_SENT "
		"ESTABLISHED FIN_WAIT_1 "
		"FIN_WAIT_2 CLOSING LAST_ACK TIME_WAIT\n");
	expect_error("show conns --service web", "weirctl: no service is named 'web'\n");
	expect_error("show conns --backend b7", "weirctl: no backend is named 'b7'\n");
	expect_error("show conns --service s0 --backend b7",
		"weirctl: no backend is named 'b7' in this service\n");
	expect_error("show conns --backend b1",
		"weirctl: 2 services have a backend named 'b1': "
		"say which by service=...\n");
	expect_error("show conns --client 1.2.3", "weirctl: client=1.2.3: must be an IP address\n");
	expect_usage("show conns --client 1.2.3.4,limit=9",
		"weirctl: not a name or address: '1.2.3.4,limit=9' (weirctl --help)\n");
	expect_usage("show conns --limit x",
		"weirctl: --limit: not a number: 'x' (weirctl --help)\n");
	expect_usage("set service web",
		"weirctl: set what? 'set backend SERVICE/BACKEND WORD, set service NAME "
		"syn_cookies WORD' (weirctl --help)\n");
	expect_error("set service web syn_cookies always", "weirctl: no service is named 'web'\n");
	expect_error("set service s1 syn_cookies often",
		"weirctl: syn_cookies=often: must be always, adaptive, never or configured\n");
	expect_usage("show weather", "weirctl: unknown topic 'weather' (weirctl --help)\n");
	expect_usage("stop", "weirctl: unknown command 'stop' (weirctl --help)\n");
	expect_usage("",
		"weirctl: missing command: 'show [TOPIC], set, clear counters or reload' "
		"(weirctl --help)\n");
	expect_usage("show info --limit 3",
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

static void largest_interfaces(struct weir_policy *p)
{
	p->n_interfaces = WEIR_INTERFACES_MAX;
	for (unsigned int i = 0; i < WEIR_INTERFACES_MAX; i++) {
		struct weir_interface *interface = &p->interfaces[i];

		memset(interface->name, 'p', sizeof(interface->name) - 1);
		interface->port = (uint8_t)(i % WEIR_PORTS_MAX);
		interface->vlan = (uint16_t)(i / WEIR_PORTS_MAX * (WEIR_VLANS - 1) / 8);
		interface->n_addrs = WEIR_LOCALS_MAX;
		for (unsigned int a = 0; a < WEIR_LOCALS_MAX; a++)
			interface->addrs[a] =
				(struct weir_interface_addr){weir_addr_v4(0xffffffff), 128};
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
	if (json_array_size(doc) != rows)
		fprintf(stderr, "\nshow %s: %zu rows, not %zu\n", topic, json_array_size(doc),
			rows);
	CU_ASSERT_EQUAL(json_array_size(doc), rows);
	json_array_foreach(doc, i, row) CU_ASSERT_EQUAL(json_object_size(row), keys);
	json_decref(doc);
}

/* Six next hops, one of which is a group; in a larger site all at their longest. */
static uint32_t look_at_nexthop(void *longest, uint32_t i, struct weir_nexthop_record *r)
{
	if (longest != NULL)
		*r = (struct weir_nexthop_record){.addr = {.q = {UINT64_MAX, UINT64_MAX}},
			.mac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			.state = WEIR_NEXTHOP_UNREACHABLE,
			.is_router = true,
			.is_member = true,
			.age_ms = UINT64_MAX};
	else if (i < 6)
		*r = (struct weir_nexthop_record){.addr = weir_addr_v4(weir_be32(0x0a00000b + i)),
			.mac[5] = (uint8_t)(2 * (i != 1)),
			.state = (uint8_t)(i == 1 ? WEIR_NEXTHOP_INCOMPLETE
						  : WEIR_NEXTHOP_REACHABLE),
			.is_group = i == 2,
			.is_router = i > 2,
			.is_member = i > 3,
			.age_ms = 7900};
	return longest != NULL ? 100 : 6;
}

static void test_neighbours(void)
{
	struct fake *f = small_site();
	json_t *doc;

	view.look_at_nexthop = look_at_nexthop;
	doc = run_json("show neighbours --json");
	CU_ASSERT_EQUAL_FATAL(json_array_size(doc), 5);
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 0), "address"), "10.0.0.11");
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 0), "mac"), "00:00:00:00:00:02");
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 0), "state"), "reachable");
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 0), "role"), "backend");
	CU_ASSERT_EQUAL(number(json_array_get(doc, 0), "age_s"), 7);
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 1), "state"), "incomplete");
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 1), "mac"), "");
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 2), "address"), "10.0.0.14");
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 2), "role"), "router");
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 4), "role"), "one of several routers");
	json_decref(doc);
	view.look_at_nexthop = NULL;
	expect_rows("neighbours", 0, 0);
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
	f->policy->n_ports = WEIR_PORTS_MAX;
	largest_interfaces(f->policy);
	for (unsigned int p = 0; p < WEIR_PORTS_MAX; p++) {
		struct weir_port *port = &f->policy->ports[p];

		memset(port->name, 'p', sizeof(port->name) - 1);
		memset(port->device, 'd', sizeof(port->device) - 1);
		memset(port->host.interface, 'h', sizeof(port->host.interface) - 1);
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

static void test_largest(void)
{
	struct fake *f = largest_site();

	expect_rows("services", 60, 26);
	expect_rows("backends", 300, 18);
	expect_rows("workers", WEIR_WORKERS_MAX, 16);
	expect_rows("drops", WEIR_FATES + WEIR_EVENTS, 5);
	expect_rows("ports", WEIR_PORTS_MAX, 18);
	expect_rows("interfaces", WEIR_INTERFACES_MAX, 6);
	expect_rows("host", WEIR_PORTS_MAX * 5, 9);
	view.look_at_nexthop = look_at_nexthop;
	view.data_plane = f;
	expect_rows("neighbours", 100, 6);
	expect_rows("memory", WEIR_WORKERS_MAX + 1, 5);
	expect_rows("policy", 60, 17);
	expect_rows("accounting", WEIR_WORKERS_MAX, 10);
	largest_conns(f);
	fake_work_start(f);
	expect_rows("conns --limit 0", 100 * WEIR_WORKERS_MAX, 8);
	fake_work_stop(f);
	fake_free(f);
}

static const struct unit_test tests[] = {
	{"tables", test_tables},
	{"JSON", test_json},
	{"connections: filters, limits, a worker that is away", test_conns},
	{"errors: one line, and what to do", test_errors},
	{"neighbours", test_neighbours},
	{"the largest site: no row is lost", test_largest},
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, "weirctl", tests, sizeof(tests) / sizeof(tests[0]));
}
