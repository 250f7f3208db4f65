// SPDX-License-Identifier: BSD-3-Clause
/*
 * weirgen's stations on both sides of a real synweir, with rings for wires: what one sends the other
 * must have seen, and both must count alike. Everybody has turns in one thread; weirgen's clock is
 * the test's, so that time-outs take no time.
 */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include <pcap/pcap.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "../unit/unit.h"
#include "rig.h"
#include "weirgen/frame.h"
#include "weirgen/station.h"

#define TURN_NS   1000000ull
#define RING_SIZE 4096
#define TURNS_MAX 200000

static struct lab {
	struct rig r;
	struct options o;
	struct station stations[2];
	struct rte_ring *up,
		*down; /* between the clients' station and synweir, when frames get lost */
	char devices[2][RTE_ETH_NAME_MAX_LEN];
	uint64_t now_ns, seed;
	unsigned int loss; /* of 1000 */
} lab;

/* A device that receives what is in one ring and sends into another. */
static void make_device(unsigned int number, struct rte_ring *rx, struct rte_ring *tx)
{
	static unsigned int serial;
	char name[32];
	int id;

	snprintf(name, sizeof(name), "gen%u", serial++);
	id = rte_eth_from_rings(name, &rx, 1, &tx, 1, (unsigned int)SOCKET_ID_ANY);
	CU_ASSERT_FATAL(id >= 0);
	CU_ASSERT_EQUAL_FATAL(rte_eth_dev_get_name_by_port((uint16_t)id, lab.devices[number]), 0);
}

static struct rte_ring *make_ring(const char *what)
{
	static unsigned int serial;
	char name[32];

	snprintf(name, sizeof(name), "%s%u", what, serial++);
	return rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

/* The command line is weirgen's; devices and the capture are added. Options point into it. */
static void parse(const char *line, unsigned int n_devices, const char *pcap)
{
	static char words[1024];
	char *argv[40] = {"weirgen"}, *rest = words, *word;
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	while ((word = strsep(&rest, " ")) != NULL)
		argv[argc++] = word;
	for (unsigned int i = 0; i < n_devices; i++) {
		argv[argc++] = "--port";
		argv[argc++] = lab.devices[i];
	}
	if (pcap != NULL) {
		argv[argc++] = "--pcap";
		argv[argc++] = (char *)pcap;
	}
	optind = 0; /* glibc: from the start again */
	CU_ASSERT_EQUAL_FATAL(options_parse(&lab.o, argc, argv), -1);
}

/* Rings have no addresses, and ARP believes nobody without one. */
static void open_station(struct station *s, uint8_t number)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0xee, number};

	CU_ASSERT_EQUAL_FATAL(station_open(s, &lab.o, number), 0);
	memcpy(s->port.nic.mac, mac, sizeof(mac));
	memcpy(s->client.host.mac, mac, sizeof(mac));
	memcpy(s->backend.host.mac, mac, sizeof(mac));
}

static void lab_open(const char *line, bool with_backends, const char *pcap)
{
	memset(&lab.o, 0, sizeof(lab.o));
	lab.loss = 0;
	lab.seed = 5;
	lab.now_ns = 1000 * 1000000000ull;
	rig_open(&lab.r, shell_policy(1, 2), 1, 1);
	lab.up = make_ring("up");
	lab.down = make_ring("down");
	make_device(0, lab.down, lab.up);
	make_device(1, lab.r.out[1][0], lab.r.in[1][0]);
	parse(line, with_backends ? 2 : 1, pcap);
	for (uint8_t i = 0; i < lab.o.n_devices; i++)
		open_station(&lab.stations[i], i);
	memcpy(lab.r.dp.nics[0].mac, (const uint8_t[6]){2, 0, 0, 0, 0xdd, 0}, 6);
	memcpy(lab.r.dp.nics[1].mac, (const uint8_t[6]){2, 0, 0, 0, 0xdd, 1}, 6);
}

/* The wire of the clients' side. */
static void carry(struct rte_ring *from, struct rte_ring *to)
{
	void *m;

	while (rte_ring_dequeue(from, &m) == 0)
		if (unit_random(&lab.seed) % 1000 < lab.loss || rte_ring_enqueue(to, m) != 0)
			rte_pktmbuf_free(m);
}

static bool turn(enum phase phase)
{
	bool busy = false;

	lab.now_ns += TURN_NS;
	for (unsigned int i = 0; i < lab.o.n_devices; i++)
		busy |= station_turn(&lab.stations[i], phase, lab.now_ns);
	carry(lab.up, lab.r.in[0][0]);
	busy |= weir_worker_turn(lab.r.dp.workers[0].worker);
	carry(lab.r.out[0][0], lab.down);
	return busy;
}

/* Until nothing moves any more. */
static void settle(enum phase phase)
{
	for (unsigned int idle = 0, turns = 0; idle < 20; turns++) {
		CU_ASSERT_FATAL(turns < TURNS_MAX);
		idle = turn(phase) ? 0 : idle + 1;
	}
}

static void meet(void)
{
	settle(PHASE_RESOLVE); /* announcements reach synweir; who was to be asked for has answered */
	CU_ASSERT_FATAL(station_is_ready(&lab.stations[0]));
	CU_ASSERT(memcmp(lab.stations[0].link.mac, lab.r.dp.nics[0].mac, 6) == 0);
}

/* Until --count is done, and then what is still on its way. */
static void run_all(void)
{
	const struct station *s = &lab.stations[0];

	for (unsigned int turns = 0; s->stopped_ns == 0; turns++) {
		CU_ASSERT_FATAL(turns < TURNS_MAX);
		turn(PHASE_RUN);
	}
	for (unsigned int turns = 0; s->has_clients && client_open_now(&s->client) > 0; turns++) {
		CU_ASSERT_FATAL(turns < TURNS_MAX);
		turn(PHASE_DRAIN);
	}
	settle(PHASE_DRAIN);
}

static void drain_ring(struct rte_ring *ring)
{
	void *m;

	while (rte_ring_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(ring);
}

static void lab_close(void)
{
	for (unsigned int i = 0; i < lab.o.n_devices; i++) {
		struct rte_mempool *pool = lab.stations[i].port.pool;

		CU_ASSERT_EQUAL(lab.stations[i].port.lost, 0);
		station_close(&lab.stations[i]);
		rte_mempool_free(pool);
	}
	drain_ring(lab.up);
	drain_ring(lab.down);
	rig_close(&lab.r);
}

/*
 * Floods
 */

#define TO    "--to 192.0.2.1:80 "
#define WHERE TO "--from 198.18.0.0/24 --ports 1024-2023 --sweep "

static void test_syn(void)
{
	const struct station *s = &lab.stations[0];

	lab_open("syn " WHERE "--count 3000", false, NULL);
	meet();
	run_all();
	CU_ASSERT_EQUAL(s->flood.sent, 3000);
	CU_ASSERT_EQUAL(rig_event(&lab.r, WEIR_EVENT_syn_received), 3000);
	CU_ASSERT_EQUAL(s->meter.seen[METER_SYN_ACK], 3000);
	CU_ASSERT_EQUAL(s->meter.seen[METER_SYN_ACK_WRONG] + s->meter.seen[METER_BAD] +
			s->meter.seen[METER_TCP] + s->meter.seen[METER_RST],
		0);
	CU_ASSERT_EQUAL(s->left, 0);
	lab_close();
}

/* At a rate: a packet a millisecond, and a turn is one. */
static void test_rate(void)
{
	lab_open("syn " WHERE "--rate 1000", false, NULL);
	meet();
	for (unsigned int i = 0; i < 500; i++)
		turn(PHASE_RUN);
	CU_ASSERT_EQUAL(lab.stations[0].flood.sent, 500);
	settle(PHASE_DRAIN);
	CU_ASSERT_EQUAL(lab.stations[0].meter.seen[METER_SYN_ACK], 500);
	CU_ASSERT_EQUAL(lab.stations[0].pacer.missed, 0);
	lab_close();
}

/* No answer at all: a cookie that is not valid is dropped without a word. */
static void test_ack(void)
{
	const struct station *s = &lab.stations[0];

	lab_open("ack " WHERE "--count 3000 --payload 10", false, NULL);
	meet();
	run_all();
	CU_ASSERT_EQUAL(s->flood.sent, 3000);
	CU_ASSERT_EQUAL(rig_fate(&lab.r, WEIR_FATE_bad_cookie), 3000);
	for (unsigned int c = 0; c < METER_CLASSES; c++)
		if (c != METER_ARP)
			CU_ASSERT_EQUAL(s->meter.seen[c], 0);
	lab_close();
}

/* A device that takes nothing: what waits is bounded, nothing is lost, and the turns are counted. */
static void test_full(void)
{
	struct station *s = &lab.stations[0];

	lab_open("syn " WHERE "--gateway-mac 02:00:00:00:00:01 --count 10000", false, NULL);
	for (unsigned int i = 0; i < 1000; i++)
		station_turn(s, PHASE_RUN, lab.now_ns += TURN_NS);
	CU_ASSERT(s->full > 0);
	CU_ASSERT_EQUAL(s->port.n_out, PORT_OUT);
	CU_ASSERT_EQUAL(s->flood.sent, s->port.tx_pkts + s->port.n_out);
	lab_close();
}

/*
 * Connections
 */

#define BACKENDS "--backend 10.0.0.11:8080 --backend 10.0.0.12:8080 "
#define CONNS    TO BACKENDS "--from 198.18.0.0/28 -c 20 "

static void expect_conns(uint64_t n, uint64_t requests)
{
	const struct client *c = &lab.stations[0].client;
	const struct backend *b = &lab.stations[1].backend;

	CU_ASSERT_EQUAL(c->counts.begun, n);
	CU_ASSERT_EQUAL(c->counts.done, n);
	CU_ASSERT_EQUAL(client_failed(&c->counts), 0);
	CU_ASSERT_EQUAL(c->counts.responses, n * requests);
	CU_ASSERT_EQUAL(b->counts.opened, n);
	CU_ASSERT_EQUAL(b->counts.closed, n);
	CU_ASSERT_EQUAL(c->handshake.n, n);
	CU_ASSERT_EQUAL(rig_event(&lab.r, WEIR_EVENT_conn_established), n);
	CU_ASSERT_EQUAL(rig_event(&lab.r, WEIR_EVENT_conn_closed), n);
}

static void conns(const char *line, uint64_t n, uint64_t requests)
{
	lab_open(line, true, NULL);
	meet();
	run_all();
	expect_conns(n, requests);
	CU_ASSERT_EQUAL(lab.stations[0].client.host.counts.resent, 0);
	CU_ASSERT_EQUAL(lab.stations[1].backend.host.counts.resent, 0);
	CU_ASSERT_EQUAL(lab.stations[0].client.host.counts.data_out,
		lab.stations[1].backend.host.counts.data_in);
	CU_ASSERT_EQUAL(lab.stations[1].backend.host.counts.data_out,
		lab.stations[0].client.host.counts.data_in);
	lab_close();
}

static void test_conns(void)
{
	conns("conns " CONNS "-n 200", 200, 1);
	conns("conns " CONNS "-n 100 --close backend --requests 3", 100, 3);
	conns("conns " CONNS "-n 50 --request 4000 --response 20000 --options none", 50, 1);
}

/* Backends say where they live before they are asked. */
static void test_announce(void)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct rte_mbuf *m;

	lab_open("conns " CONNS "-n 1", true, NULL);
	station_turn(&lab.stations[1], PHASE_RESOLVE, lab.now_ns);
	CU_ASSERT_EQUAL(lab.stations[1].port.tx_pkts, 2);
	for (uint8_t i = 0; rte_ring_dequeue(lab.r.in[1][0], (void **)&m) == 0; i++) {
		const uint8_t *f = rte_pktmbuf_mtod(m, uint8_t *);
		const uint8_t addr[4] = {10, 0, 0, (uint8_t)(11 + i)};
		const struct weir_arp_hdr *arp = (const void *)(f + sizeof(struct weir_eth_hdr));

		CU_ASSERT(memcmp(f, everybody, 6) == 0);
		CU_ASSERT(memcmp(arp->sender_ip, addr, 4) == 0);
		CU_ASSERT(memcmp(arp->target_ip, addr, 4) == 0);
		CU_ASSERT(memcmp(arp->sender_mac, lab.stations[1].port.nic.mac, 6) == 0);
		rte_pktmbuf_free(m);
	}
	lab_close();
}

/* Frames get lost between clients and synweir, both ways. */
static void test_conns_lossy(void)
{
	lab_open("conns " CONNS "-n 200 --requests 2 --response 3000", true, NULL);
	meet();
	lab.loss = 30;
	run_all();
	CU_ASSERT_EQUAL(lab.stations[0].client.counts.done, 200);
	CU_ASSERT_EQUAL(client_failed(&lab.stations[0].client.counts), 0);
	CU_ASSERT_EQUAL(lab.stations[0].client.counts.responses, 400);
	CU_ASSERT(lab.stations[0].client.host.counts.resent > 0);
	CU_ASSERT(lab.stations[1].backend.host.counts.resent > 0);
	lab_close();
}

/* Nobody listens at the backends: every client hears of it, and so does who counts. */
static void test_conns_refused(void)
{
	lab_open("conns " TO "--from 198.18.0.0/28 -n 20 -c 5 --backend 10.0.0.9:8080", true, NULL);
	lab.o.backends[0].first = 0x0a000063;
	settle(PHASE_RESOLVE);
	run_all();
	CU_ASSERT_EQUAL(lab.stations[0].client.counts.done, 0);
	CU_ASSERT_EQUAL(client_failed(&lab.stations[0].client.counts), 20);
	lab_close();
}

/* 90 of 100 packets are flood; the rest are requests and what they cost, and none is lost. */
static void test_mixed(void)
{
	const struct station *s = &lab.stations[0];

	lab_open("mixed " CONNS "--flood-from 198.19.0.0/16 --count 20000", true, NULL);
	meet();
	while (!station_is_opened(s))
		turn(PHASE_OPEN);
	settle(PHASE_OPEN);
	CU_ASSERT_EQUAL(s->client.counts.opened, 20);
	run_all();
	CU_ASSERT_EQUAL(s->flood.sent, 18000);
	CU_ASSERT_EQUAL(s->meter.seen[METER_SYN_ACK], 18000);
	CU_ASSERT(s->client.counts.requests > 900 && s->client.counts.requests <= 1000);
	CU_ASSERT_EQUAL(s->client.counts.responses, s->client.counts.requests);
	CU_ASSERT_EQUAL(s->client.host.counts.data_out,
		lab.stations[1].backend.host.counts.data_in);
	CU_ASSERT_EQUAL(lab.stations[1].backend.host.counts.data_out,
		s->client.host.counts.data_in);
	CU_ASSERT_EQUAL(s->client.counts.done, 20);
	CU_ASSERT_EQUAL(s->client.host.counts.resent, 0);
	lab_close();
}

/*
 * A capture
 */

static void write_syns(const char *path, unsigned int n)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *d = pcap_dump_open(dead, path);

	for (unsigned int i = 0; i < n; i++) {
		struct segment s = rig_syn(i, SHELL_FULLNAT);
		uint8_t f[SEGMENT_FRAME_MAX];
		unsigned int len = (unsigned int)segment_frame(&s, f);
		struct pcap_pkthdr h = {.caplen = len, .len = len};

		pcap_dump((u_char *)d, &h, f);
	}
	pcap_dump_close(d);
	pcap_close(dead);
}

/* As it was, which is for another MAC address; then again and again to synweir, from other sources. */
static void test_replay(void)
{
	char path[] = "/tmp/weirgen-eal-XXXXXX";
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	write_syns(path, 100);
	lab_open("replay", false, path);
	run_all();
	CU_ASSERT_EQUAL(rig_fate(&lab.r, WEIR_FATE_other_mac), 100);
	lab_close();
	lab_open("replay --from 198.18.0.0/24 --loop --count 1000 --gateway-mac 02:00:00:00:dd:00",
		false, path);
	run_all();
	CU_ASSERT_EQUAL(rig_event(&lab.r, WEIR_EVENT_syn_received), 1000);
	CU_ASSERT_EQUAL(lab.stations[0].meter.seen[METER_SYN_ACK], 1000);
	lab_close();
	unlink(path);
}

/*
 * The command line
 */

static void test_wrong_usage(void)
{
	static const char *const lines[] = {"", "sin", "syn", "syn --port x",
		"syn --to 192.0.2.1:80", "syn --port x --to 192.0.2.1",
		"syn --port x --to 192.0.2.1:0", "syn --port x --to 192.0.2.1:80 more",
		"syn --port x --to 192.0.2.1:80 --rate -1",
		"syn --port x --to 192.0.2.1:80 --rate 2G",
		"syn --port x --to 192.0.2.1:80 --rate 1.5",
		"syn --port x --to 192.0.2.1:80 --from 192.0.2.1/24",
		"syn --port x --to 192.0.2.1:80 --backend 10.0.0.1:80",
		"syn --port x --port y --to 192.0.2.1:80", "syn --port x --to 192.0.2.1:80 --what",
		"syn --port x --to 192.0.2.1:80 --options mss=9", "replay --port x",
		"replay --port x --pcap y --to 192.0.2.1:80",
		"conns --port x --port y --to 192.0.2.1:80",
		"conns --port x --port y --port z --to 192.0.2.1:80",
		"conns --port x --to 192.0.2.1:80 --from 198.18.0.1 --ports 1-100 -c 51",
		"conns --port x --to 192.0.2.1:80 --http --requests 2",
		"conns --port x --to 192.0.2.1:80 --close me",
		"mixed --port x --to 192.0.2.1:80 --from 198.18.0.0/15",
		"mixed --port x --to 192.0.2.1:80 --share 101"};
	static char words[256];

	for (unsigned int i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char *argv[20] = {"weirgen"}, *rest = words, *word;
		struct options o;
		int argc = 1;

		snprintf(words, sizeof(words), "%s", lines[i]);
		while ((word = strsep(&rest, " ")) != NULL)
			argv[argc++] = word;
		optind = 0;
		CU_ASSERT_EQUAL(options_parse(&o, argc, argv), 2);
	}
}

static void test_usage(void)
{
	char *argv[] = {"weirgen", "mixed", "-p", "x", "--to=192.0.2.1:80", "-r", "1.5M", "--share",
		"99.5", "-o", "mss=1400,ts", "--", "-l", "0-1"};
	struct options o;

	optind = 0;
	CU_ASSERT_EQUAL(options_parse(&o, RTE_DIM(argv), argv), -1);
	CU_ASSERT(o.mode == MODE_MIXED && o.n_devices == 1 && o.to == 0xc0000201);
	CU_ASSERT(o.to_port == 80 && o.rate == 1500000 && o.share == 995);
	CU_ASSERT(o.tcp.mss == 1400 && o.tcp.ts && !o.tcp.sack_ok);
	CU_ASSERT(o.tcp.wscale == WEIR_WSCALE_NONE);
	CU_ASSERT(o.from.n == 1u << 16 && !range_overlap(&o.from, &o.flood_from));
	CU_ASSERT(o.duration_ns == 10 * PACER_SECOND_NS && o.gateway == o.to);
	CU_ASSERT(o.n_eal == 2 && strcmp(o.eal[0], "-l") == 0);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"a flood of SYNs is answered, all of it", test_syn},
		{"at a rate", test_rate},
		{"a flood of ACKs is not", test_ack},
		{"a device without room", test_full},
		{"connections, whole and in peace", test_conns},
		{"backends announce themselves", test_announce},
		{"connections through loss", test_conns_lossy},
		{"connections that are refused", test_conns_refused},
		{"a flood beside connections", test_mixed},
		{"a capture again", test_replay},
		{"wrong usage", test_wrong_usage},
		{"right usage", test_usage},
	};

	rig_eal(argv[0]);
	return unit_main("weirgen", tests, sizeof(tests) / sizeof(*tests));
}
