// SPDX-License-Identifier: BSD-3-Clause
/* The watcher against counters that a test moves: which lines come, and when. */
#include "unit.h"

#include "ctl/watch.h"
#include "fake_view.h"

static struct {
	struct fake *f;
	struct weir_watch *w;
	uint64_t now_ns;
	char lines[4096]; /* since the last look */
	unsigned int warnings;
} t;

static void log_line(void *arg, enum weir_watch_level level, const char *line)
{
	size_t used = strlen(t.lines);

	CU_ASSERT_PTR_EQUAL(arg, &t);
	t.warnings += level == WEIR_WATCH_WARNING;
	snprintf(t.lines + used, sizeof(t.lines) - used, "%s\n", line);
}

static void start(void)
{
	memset(&t, 0, sizeof(t));
	t.f = fake_new(2, 2, 2);
	t.now_ns = 77000000000;
	t.w = weir_watch_new(&t.f->view, log_line, &t, t.now_ns);
}

static void stop(void)
{
	weir_watch_free(t.w);
	fake_free(t.f);
}

static void step(void)
{
	t.now_ns += 1000000000;
	weir_watch_step(t.w, &t.f->view, t.now_ns);
}

/* Everything that was said since the last time is this. */
static void expect(const char *lines)
{
	if (strcmp(t.lines, lines) != 0)
		printf("\nexpected:\n%sgot:\n%s", lines, t.lines);
	CU_ASSERT_STRING_EQUAL(t.lines, lines);
	t.lines[0] = '\0';
}

static void steps_expect(unsigned int n, const char *lines)
{
	for (unsigned int i = 0; i < n; i++)
		step();
	expect(lines);
}

/* A second in which so many SYNs came and so many handshakes were completed, over both workers. */
static void second(uint64_t syns, uint64_t done)
{
	struct weir_counters *c = t.f->counters;

	weir_count(&c[0].event[WEIR_EVENT_syn_received], syns / 2);
	weir_count(&c[1].event[WEIR_EVENT_syn_received], syns - syns / 2);
	weir_count(&c[1].event[WEIR_EVENT_cookie_accepted], done);
	step();
}

static void test_quiet(void)
{
	start();
	for (unsigned int i = 0; i < 20; i++)
		second(50000, 49000); /* a busy site is no flood */
	for (unsigned int i = 0; i < 20; i++)
		second(900, 0); /* nor is a scan */
	expect("");
	stop();
}

static void test_flood(void)
{
	start();
	second(100, 100);
	second(210000, 21);
	expect("flood began: 210 k SYN/s, 0.0 % completed\n");
	CU_ASSERT_EQUAL(t.warnings, 1);
	second(230000, 2300);
	for (unsigned int i = 0; i < 4; i++)
		second(100, 100);
	expect(""); /* it may come back */
	second(1000, 100);
	for (unsigned int i = 0; i < 4; i++)
		second(5000, 5000);
	expect("");
	second(5000, 5000);
	expect("flood ended after 7 s: 441 k SYNs, 0.5 % completed, peak 230 k SYN/s\n");
	CU_ASSERT_EQUAL(t.warnings, 1);
	second(1100, 10);
	expect("flood began: 1.1 k SYN/s, 0.9 % completed\n");
	stop();
}

/* Who is called at three in the morning wants to know which service it is. */
static void test_flood_target(void)
{
	start();
	for (unsigned int w = 0; w < 2; w++) {
		weir_count(&t.f->counters[w].service[0].syn, 500);
		weir_count(&t.f->counters[w].service[1].syn, 4500);
	}
	second(10000, 10);
	expect("flood began: 10.0 k SYN/s, 0.1 % completed, 90 % of them at service s1 "
	       "(192.0.2.80:81)\n");
	stop();
}

/* Between the two thresholds a flood goes on, but none begins. */
static void test_flood_hysteresis(void)
{
	start();
	for (unsigned int i = 0; i < 10; i++)
		second(700, 0);
	expect("");
	second(1000, 0);
	expect("flood began: 1.0 k SYN/s, 0.0 % completed\n");
	for (unsigned int i = 0; i < 10; i++)
		second(700, 0);
	expect("");
	for (unsigned int i = 0; i < 5; i++)
		second(499, 0);
	expect("flood ended after 11 s: 8.0 k SYNs, 0.0 % completed, peak 1.0 k SYN/s\n");
	stop();
}

/* A late control thread: what it sees is divided by the time that passed. */
static void test_late_step(void)
{
	start();
	t.now_ns += 9000000000;
	second(9000, 0);
	expect("");
	weir_count(&t.f->counters[0].event[WEIR_EVENT_syn_received], 1000000);
	weir_watch_step(t.w, &t.f->view, t.now_ns);
	weir_watch_step(t.w, &t.f->view, t.now_ns - 500000000);
	expect(""); /* no time has passed: nothing to divide by */
	step();
	expect("flood began: 1.0 M SYN/s, 0.0 % completed\n");
	stop();
}

static void test_drops(void)
{
	uint64_t *tx_full, *no_neighbour;

	start();
	tx_full = &t.f->counters[1].fate[WEIR_FATE_tx_full];
	no_neighbour = &t.f->counters[0].fate[WEIR_FATE_no_neighbour];
	weir_count(tx_full, 1250);
	weir_count(no_neighbour, 3);
	steps_expect(1, "drops began: tx_full 1.2 k/s (transmit queue full)\n");
	weir_count(tx_full, 10);
	steps_expect(1, "");
	steps_expect(4, "");
	steps_expect(1, "drops ended: tx_full after 2 s: 1.3 k, peak 1.2 k/s\n");
	weir_count(no_neighbour, 1);
	steps_expect(1, "");
	weir_count(no_neighbour, 1);
	steps_expect(1, "drops began: no_neighbour 1/s (next hop's MAC address is not known)\n");
	weir_count(&t.f->counters[0].event[WEIR_EVENT_no_mbuf], 50);
	steps_expect(1,
		"losses began: no_mbuf 50/s (frames not made, because no packet buffer was "
		"free)\n");
	weir_count(&t.f->counters[0].fate[WEIR_FATE_no_backend], 2);
	steps_expect(1,
		"refusals began: no_backend 2/s (no backend can take the connection: "
		"answered with RST)\n");
	weir_count(&t.f->counters[0].fate[WEIR_FATE_bad_cookie], 999);
	steps_expect(1, "");
	weir_count(&t.f->counters[0].fate[WEIR_FATE_bad_cookie], 1000);
	steps_expect(1, "drops began: bad_cookie 1.0 k/s (ACK without a valid cookie)\n");
	stop();
}

/* What a port's far end sends wrongly, and the line that mends it. */
static void test_offloads(void)
{
	start();
	snprintf(t.f->view.port[0].iface, sizeof(t.f->view.port[0].iface), "wfront");
	weir_count(&t.f->counters[0].port[0].rx_partial, 1);
	weir_count(&t.f->counters[1].port[0].rx_partial, 2);
	steps_expect(1,
		"drops began: port front tcp_checksum_partial 3/s (senders leave TCP checksums to "
		"their devices: run \"ethtool -K wfront tx off\" here, and \"ethtool -K DEV tx "
		"off\" at the other end of each veth)\n");
	steps_expect(4, "");
	steps_expect(1, "drops ended: port front tcp_checksum_partial after 1 s: 3, peak 3/s\n");
	t.f->view.port[0].iface[0] = '\0';
	weir_count(&t.f->counters[1].port[0].rx_truncated, 7);
	steps_expect(1,
		"drops began: port front truncated 7/s (packets exceed mtu = 1500, or framesz: "
		"lower the MTU of the hosts, or on veth turn off segmentation offload: \"ethtool "
		"-K INTERFACE tx off\", at the other end, too)\n");
	stop();
}

/* HC-03: a promise is withdrawn: once a service, however many workers find out. */
static void test_hc03_timestamps(void)
{
	start();
	weir_count(&t.f->counters[1].service[1].timestamps_withdrawn, 1);
	steps_expect(1,
		"service s1: a backend has no TCP timestamps, which its client was promised: that "
		"client got RST, later ones are not promised any. Set profile = { timestamps = "
		"false; } for the service\n");
	CU_ASSERT_EQUAL(t.warnings, 1);
	weir_count(&t.f->counters[0].service[1].timestamps_withdrawn, 1);
	steps_expect(3, "");
	stop();
}

static void test_levels(void)
{
	start();
	weir_gauge(&t.f->counters[0].conns, 899);
	weir_gauge(&t.f->counters[1].held, 49);
	steps_expect(3, "");
	weir_gauge(&t.f->counters[1].conns, 950);
	weir_gauge(&t.f->counters[1].held, 50);
	steps_expect(1,
		"connections filling up: worker 1 has 950 of 1000 (95 %)\n"
		"held packets filling up: worker 1 has 50 of 100 (50 %)\n");
	weir_gauge(&t.f->counters[1].conns, 980);
	weir_gauge(&t.f->counters[1].held, 24);
	steps_expect(4, "");
	steps_expect(1, "held packets have room again after 1 s: peak 50 %\n");
	weir_gauge(&t.f->counters[1].conns, 10);
	steps_expect(6, ""); /* worker 0 is still above the lower threshold */
	weir_gauge(&t.f->counters[0].conns, 10);
	steps_expect(5, "connections have room again after 12 s: peak 98 %\n");
	stop();
}

static void test_backend(void)
{
	struct weir_backend_counters *b;

	start();
	b = t.f->counters[1].backend; /* of four: s0/b0, s0/b1, s1/b0, s1/b1 */
	weir_count(&b[3].refused, 2);
	steps_expect(2, "");
	weir_count(&b[3].established, 1);
	steps_expect(1, "");
	weir_count(&b[3].refused, 1);
	steps_expect(1, "");
	weir_count(&t.f->counters[0].backend[3].timed_out, 3);
	weir_count(&t.f->counters[0].backend[3].marked_down, 1);
	steps_expect(1, "backend down: s1/b1, 4 connections in a row failed\n");
	CU_ASSERT_EQUAL(t.warnings, 1);
	steps_expect(30, ""); /* nobody asks it: that is not an answer */
	weir_count(&b[3].refused, 1);
	weir_count(&b[3].established, 1);
	steps_expect(1, "");
	weir_count(&b[3].established, 1);
	steps_expect(1, "backend up: s1/b1, after 33 s and 5 failed connections\n");
	stop();
}

static void test_port(void)
{
	start();
	weir_gauge(&t.f->view.port[0].link_up, 0);
	weir_gauge(&t.f->view.port[0].rx_no_mbuf, 7);
	steps_expect(1,
		"link down: port front\n"
		"drops began: port front rx_no_mbuf 7/s (no free packet buffer)\n");
	weir_gauge(&t.f->view.port[0].link_up, 1);
	steps_expect(1, "link up: port front, after 1 s\n");
	weir_gauge(&t.f->view.port[0].rx_missed, 12345);
	steps_expect(4,
		"drops began: port front rx_missed 12.3 k/s (no free receive descriptor: "
		"the workers do not keep up)\n"
		"drops ended: port front rx_no_mbuf after 1 s: 7, peak 7/s\n");
	stop();
}

static void test_host(void)
{
	start();
	memcpy(t.f->policy->ports[0].host.interface, "weir0", sizeof("weir0"));
	steps_expect(2, "");
	weir_gauge(&t.f->view.port[0].host_gone, 1);
	steps_expect(3, "host interface deleted: weir0: restart synweir to have it again\n");
	CU_ASSERT_EQUAL(t.warnings, 1);
	stop();
}

/* What had been counted before the watcher came is not its business. */
static void test_start_late(void)
{
	start();
	weir_watch_free(t.w);
	weir_count(&t.f->counters[0].event[WEIR_EVENT_syn_received], 1000000);
	weir_count(&t.f->counters[0].fate[WEIR_FATE_tx_full], 1000000);
	weir_count(&t.f->counters[0].event[WEIR_EVENT_no_mbuf], 1000000);
	weir_count(&t.f->counters[0].backend[0].refused, 100);
	weir_gauge(&t.f->view.port[0].rx_missed, 100);
	t.w = weir_watch_new(&t.f->view, log_line, &t, t.now_ns);
	steps_expect(3, "");
	stop();
}

static const struct unit_test tests[] = {
	{"busy and quiet sites say nothing", test_quiet},
	{"flood: begin and end with figures", test_flood},
	{"flood: its target", test_flood_target},
	{"flood: hysteresis", test_flood_hysteresis},
	{"HC-52 a late step divides by the time that passed", test_late_step},
	{"drops: begin and end, thresholds", test_drops},
	{"port: checksum and segmentation offload of its senders", test_offloads},
	{"HC-03 timestamps are promised no more", test_hc03_timestamps},
	{"table and held packets fill up", test_levels},
	{"backend down and up", test_backend},
	{"port: link and device drops", test_port},
	{"host interface deleted", test_host},
	{"counts from before do not matter", test_start_late},
};

int main(void)
{
	return unit_main("watch", tests, sizeof(tests) / sizeof(tests[0]));
}
