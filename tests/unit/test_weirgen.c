// SPDX-License-Identifier: BSD-3-Clause
/* weirgen's parts, each against a slow twin: ranges, frames, pacer, histogram, meter, ends, captures. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <unistd.h>

#include "frame.h"
#include "unit.h"
#include "weirgen/ends.h"
#include "weirgen/frame.h"
#include "weirgen/hdr.h"
#include "weirgen/hist.h"
#include "weirgen/meter.h"
#include "weirgen/pacer.h"
#include "weirgen/range.h"
#include "weirgen/replay.h"
#include "wire/arp.h"

static const uint8_t mac_a[6] = {2, 0, 0, 0, 0, 0xa}, mac_b[6] = {2, 0, 0, 0, 0, 0xb};

/*
 * Ranges
 */

static void test_range_words(void)
{
	static const char *const bad_addrs[] = {"", "192.0.2", "192.0.2.1/24", "192.0.2.0/33",
		"192.0.2.0/0", "192.0.2.0/24x", "192.0.2.9-192.0.2.1", "192.0.2.1-", "192.0.2.1 ",
		"0.0.0.0-255.255.255.255"};
	static const char *const bad_ports[] = {
		"", "0", "65536", "80-79", "80-", "x", "1-2x", "-1"};
	struct range r;

	CU_ASSERT_EQUAL(range_parse_addrs(&r, "192.0.2.7"), 0);
	CU_ASSERT(r.first == 0xc0000207 && r.n == 1);
	CU_ASSERT_EQUAL(range_parse_addrs(&r, "198.18.0.0/15"), 0);
	CU_ASSERT(r.first == 0xc6120000 && r.n == 1u << 17);
	CU_ASSERT_EQUAL(range_parse_addrs(&r, "192.0.2.250-192.0.3.3"), 0);
	CU_ASSERT(r.first == 0xc00002fa && r.n == 10);
	CU_ASSERT(range_has(&r, 0xc0000303) && !range_has(&r, 0xc0000304));
	CU_ASSERT_FALSE(range_has(&r, 0xc00002f9));
	CU_ASSERT_EQUAL(range_parse_ports(&r, "80"), 0);
	CU_ASSERT(r.first_port == 80 && r.n_ports == 1);
	CU_ASSERT_EQUAL(range_parse_ports(&r, "1-65535"), 0);
	CU_ASSERT(r.first_port == 1 && r.n_ports == 65535);
	CU_ASSERT(range_has_port(&r, 65535) && !range_has_port(&r, 0));
	for (unsigned int i = 0; i < sizeof(bad_addrs) / sizeof(*bad_addrs); i++)
		CU_ASSERT(range_parse_addrs(&r, bad_addrs[i]) != 0);
	for (unsigned int i = 0; i < sizeof(bad_ports) / sizeof(*bad_ports); i++)
		CU_ASSERT(range_parse_ports(&r, bad_ports[i]) != 0);
}

static void test_range_overlap(void)
{
	struct range a = {.first = 100, .n = 10}, b = {.first = 110, .n = 5};

	CU_ASSERT_FALSE(range_overlap(&a, &b) || range_overlap(&b, &a));
	b.first = 109;
	CU_ASSERT(range_overlap(&a, &b) && range_overlap(&b, &a));
	b = (struct range){.first = 0, .n = 1000};
	CU_ASSERT(range_overlap(&a, &b) && range_overlap(&b, &a));
}

/* How often each tuple of a range came; a tuple outside ends the test. */
static void count_tuple(const struct range *r, struct range_tuple t, unsigned int *seen)
{
	CU_ASSERT_FATAL(range_has(r, t.addr) && range_has_port(r, t.port));
	seen[(t.addr - r->first) * r->n_ports + (uint16_t)(t.port - r->first_port)]++;
}

static void test_range_sweep(void)
{
	struct range r = {.first = 0xc0000201, .n = 7, .first_port = 65530, .n_ports = 6};
	unsigned int seen[42] = {0};
	struct range_tuple first = range_sweep(&r), second = range_sweep(&r);

	CU_ASSERT(first.addr == r.first && first.port == 65530);
	CU_ASSERT(second.addr == r.first + 1 && second.port == 65530); /* addresses first */
	count_tuple(&r, first, seen);
	count_tuple(&r, second, seen);
	for (unsigned int i = 2; i < 3 * 42; i++)
		count_tuple(&r, range_sweep(&r), seen);
	for (unsigned int i = 0; i < 42; i++)
		CU_ASSERT_EQUAL(seen[i], 3);
}

static void test_range_draw(void)
{
	struct range r = {.first = 0xc0000201, .n = 7, .first_port = 1, .n_ports = 6};
	unsigned int seen[42] = {0};
	uint64_t random = 1;

	for (unsigned int i = 0; i < 42000; i++)
		count_tuple(&r, range_draw(&r, &random), seen);
	for (unsigned int i = 0; i < 42; i++) /* 1000 each, give or take 6 sigma */
		CU_ASSERT(seen[i] > 800 && seen[i] < 1200);
	r = (struct range){.first = 0, .n = UINT32_MAX, .first_port = 1, .n_ports = 65535};
	for (unsigned int i = 0; i < 1000; i++) {
		struct range_tuple t = range_draw(&r, &random);

		CU_ASSERT(t.addr < UINT32_MAX && t.port >= 1);
	}
}

/*
 * Frames
 */

static struct weir_header random_header(uint64_t *seed)
{
	uint64_t x = unit_random(seed);

	return (struct weir_header){
		.src = weir_addr_v4((uint32_t)unit_random(seed)),
		.dst = weir_addr_v4((uint32_t)unit_random(seed)),
		.sport_be = (uint16_t)unit_random(seed),
		.dport_be = (uint16_t)unit_random(seed),
		.seq = (uint32_t)unit_random(seed),
		.ack = (uint32_t)unit_random(seed),
		.wnd = (uint16_t)unit_random(seed),
		.flags = x & 1 ? WEIR_TCP_SYN : WEIR_TCP_ACK,
		.wscale = x & 2 ? 7 : WEIR_WSCALE_NONE,
		.mss = x & 4 ? 1460 : 0,
		.sack_ok = x & 8,
		.ts = x & 16,
		.tsval = (uint32_t)unit_random(seed),
		.tsecr = (uint32_t)unit_random(seed),
	};
}

/* Lengths and both sums, by the loop of RFC 1071. */
static void check_sums(const uint8_t *f, uint16_t len)
{
	CU_ASSERT_EQUAL(frame_get16(f + FRAME_IP + 2), len - 14);
	CU_ASSERT_EQUAL(frame_ip_sum(f), 0xffff);
	CU_ASSERT_EQUAL(frame_tcp_sum(f), 0xffff);
}

static void test_frame_stamp(void)
{
	static struct frame t;
	uint64_t seed = 7;

	for (unsigned int i = 0; i < 20000; i++) {
		struct weir_header h = random_header(&seed);
		uint32_t src = (uint32_t)unit_random(&seed), seq = (uint32_t)unit_random(&seed);
		uint32_t ack = (uint32_t)unit_random(&seed);
		uint16_t sport = (uint16_t)unit_random(&seed);
		uint16_t payload = (uint16_t)(i % 4 ? 0 : unit_random(&seed) % 1441);
		uint8_t f[FRAME_MAX + 64] __attribute__((aligned(2)));

		frame_make(&t, &h, payload, mac_a, mac_b);
		frame_stamp(&t, f, weir_be32(src), weir_be16(sport), seq, ack);
		check_sums(f, t.len);
		CU_ASSERT(memcmp(f, mac_b, 6) == 0 && memcmp(f + 6, mac_a, 6) == 0);
		CU_ASSERT_EQUAL(frame_get32(f + FRAME_IP + 12), src);
		CU_ASSERT_EQUAL(frame_get16(f + FRAME_TCP), sport);
		CU_ASSERT_EQUAL(frame_get32(f + FRAME_TCP + 4), seq);
		CU_ASSERT_EQUAL(frame_get32(f + FRAME_TCP + 8), ack);
		CU_ASSERT(memcmp(f + FRAME_IP + 16, &h.dst.w[3], 4) == 0);
	}
}

static void test_frame_segment(void)
{
	uint64_t seed = 8;

	for (unsigned int i = 0; i < 5000; i++) {
		struct weir_header h = random_header(&seed);
		uint32_t at = (uint32_t)unit_random(&seed);
		uint16_t payload = (uint16_t)(unit_random(&seed) % 1441);
		uint8_t f[FRAME_MAX] __attribute__((aligned(2)));
		uint16_t len = frame_segment(f, &h, frame_text(at), payload);

		check_sums(f, len);
		for (uint16_t b = 0; b < payload; b++)
			CU_ASSERT_EQUAL_FATAL(f[len - payload + b], (at + b) % 251);
		CU_ASSERT(frame_is_text(f + len - payload, payload, at));
		if (payload > 0) {
			f[len - 1] ^= 1;
			CU_ASSERT_FALSE(frame_is_text(f + len - payload, payload, at));
		}
	}
}

/*
 * Pacer
 */

/* By any steps, whatever the rate: after t seconds exactly t * rate have been due, and the first. */
static void test_pacer_exact(void)
{
	static const uint64_t rates[] = {1, 7, 1000, 999983, 14880952, 1000000000};
	uint64_t seed = 3;

	for (unsigned int i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		uint64_t start = 1000000007, end = start + 2 * PACER_SECOND_NS, taken = 0;
		struct pacer p;

		pacer_init(&p, rates[i], start);
		for (uint64_t now = start; now < end; now += 1 + unit_random(&seed) % 4000000) {
			unsigned int n;

			while ((n = pacer_due(&p, now, 32000)) > 0) {
				pacer_take(&p, n);
				taken += n;
			}
		}
		for (unsigned int n; (n = pacer_due(&p, end, 32000)) > 0; taken += n)
			pacer_take(&p, n);
		CU_ASSERT_EQUAL(taken, 2 * rates[i] + 1);
		CU_ASSERT_EQUAL(p.missed, 0);
	}
}

/* Never early: the k-th when k / rate seconds have passed, and pacer_next_ns() says so before. */
static void test_pacer_times(void)
{
	struct pacer p;

	pacer_init(&p, 3, 0);
	for (uint64_t k = 0; k < 9; k++) {
		uint64_t at = k * PACER_SECOND_NS / 3, next = pacer_next_ns(&p, 12345);

		CU_ASSERT_EQUAL(next, at);
		if (k > 0)
			CU_ASSERT_EQUAL(pacer_due(&p, at - 1, 8), 0);
		CU_ASSERT_EQUAL(pacer_due(&p, at + 1, 8), 1);
		pacer_take(&p, 1);
	}
}

/* 10 ms of a rate are caught up with; what a second off the CPU leaves beyond that is missed. */
static void test_pacer_late(void)
{
	struct pacer p;
	unsigned int n;

	pacer_init(&p, 100000, 0);
	n = pacer_due(&p, PACER_SECOND_NS, UINT32_MAX);
	CU_ASSERT_EQUAL(n, 1001);
	CU_ASSERT_EQUAL(p.missed + n, 100001);
	CU_ASSERT_EQUAL(pacer_due(&p, PACER_SECOND_NS, 32), 32); /* not missed twice */
	CU_ASSERT_EQUAL(p.missed + n, 100001);
	pacer_take(&p, n);
	CU_ASSERT_EQUAL(pacer_due(&p, PACER_SECOND_NS, 32), 0);
	CU_ASSERT_EQUAL(pacer_due(&p, 0, 32), 0); /* a clock that goes back */
	pacer_init(&p, 0, 0);
	CU_ASSERT_EQUAL(pacer_due(&p, 0, 32), 32);
	CU_ASSERT_EQUAL(pacer_next_ns(&p, 77), 77);
}

/*
 * Histogram
 */

static void test_hist_buckets(void)
{
	struct hist *h = calloc(1, sizeof(*h));

	for (unsigned int b = 0; b < HIST_BUCKETS; b++) {
		uint64_t lowest = hist_bucket_lowest(b), next = hist_bucket_lowest(b + 1);

		CU_ASSERT_EQUAL(hist_bucket(lowest), b);
		CU_ASSERT_EQUAL(hist_bucket(next - 1), b);
		CU_ASSERT(next > lowest && (next - lowest - 1) * 128 <= lowest);
	}
	CU_ASSERT_EQUAL(hist_bucket(1ull << HIST_BITS), HIST_BUCKETS - 1);
	hist_add(h, UINT64_MAX);
	CU_ASSERT_EQUAL(hist_percentile(h, 500000), UINT64_MAX);
	free(h);
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The twin sorts. What the histogram says is never less, and at most a bucket's width more. */
static void check_percentiles(uint64_t *values, unsigned int n)
{
	static const uint32_t asked[] = {
		0, 1, 1000, 250000, 500000, 900000, 990000, 999000, 999999, 1000000};
	struct hist *h = calloc(1, sizeof(*h)), *halves = calloc(2, sizeof(*h));

	for (unsigned int i = 0; i < n; i++) {
		hist_add(h, values[i]);
		hist_add(&halves[i % 2], values[i]);
	}
	hist_merge(&halves[0], &halves[1]);
	CU_ASSERT(memcmp(h, &halves[0], sizeof(*h)) == 0);
	qsort(values, n, sizeof(*values), by_value);
	for (unsigned int i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		uint64_t rank = ((uint64_t)n * asked[i] + 999999) / 1000000;
		uint64_t exact = values[rank > 0 ? rank - 1 : 0],
			 said = hist_percentile(h, asked[i]);

		CU_ASSERT(said >= exact && said - exact <= exact / 128);
	}
	CU_ASSERT_EQUAL(hist_percentile(h, 1000000), values[n - 1]);
	CU_ASSERT_EQUAL(h->max, values[n - 1]);
	free(h);
	free(halves);
}

static void test_hist_percentiles(void)
{
	static const unsigned int sizes[] = {1, 2, 3, 10, 999, 1000, 1001, 50000};
	static uint64_t values[50000];
	uint64_t seed = 5;

	for (unsigned int s = 0; s < sizeof(sizes) / sizeof(*sizes); s++)
		for (unsigned int bits = 1; bits <= HIST_BITS; bits += 6) {
			for (unsigned int i = 0; i < sizes[s]; i++) /* heavy tails, as latencies */
				values[i] = (unit_random(&seed) & ((1ull << bits) - 1)) >>
					unit_random(&seed) % bits;
			check_percentiles(values, sizes[s]);
		}
}

static void test_hist_empty(void)
{
	struct hist *h = calloc(1, sizeof(*h));

	CU_ASSERT_EQUAL(hist_percentile(h, 500000), 0);
	CU_ASSERT_EQUAL(hist_percentile(h, 1000000), 0);
	free(h);
}

/* What the plotter reads: rising values, percentiles and counts, an end at 1, three lines of sums. */
static void test_hdr(void)
{
	struct hist *h = calloc(1, sizeof(*h));
	double value, share, inverse, last_value = 0, last_share = -1;
	unsigned long long count, last_count = 0;
	char *text, *line, *rest;
	unsigned int lines = 0;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (uint64_t i = 1; i <= 10000; i++)
		hist_add(h, i * 1000);
	hdr_print(f, h);
	fclose(f);
	rest = text;
	line = strsep(&rest, "\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(line, "Value     Percentile TotalCount 1/(1-Percentile)"));
	CU_ASSERT_STRING_EQUAL(strsep(&rest, "\n"), "");
	while ((line = strsep(&rest, "\n")) != NULL && line[0] != '#' && line[0] != '\0') {
		int n = sscanf(line, "%lf %lf %llu %lf", &value, &share, &count, &inverse);

		CU_ASSERT(n == 4 || (n == 3 && share == 1.0));
		CU_ASSERT(value >= last_value && share > last_share && count >= last_count);
		CU_ASSERT((double)count >= share * 10000 - 0.5);
		CU_ASSERT(value >= share * 10 - 0.001 && value <= (share * 10 + 0.001) * 1.008);
		last_value = value, last_share = share, last_count = count;
		lines++;
	}
	CU_ASSERT(lines > 5 * 10 && last_share == 1.0 && last_count == 10000);
	CU_ASSERT(sscanf(line, "#[Mean    = %lf, StdDeviation   = %lf]", &value, &share) == 2);
	CU_ASSERT(value > 5.0 && value < 5.001 && share > 2.87 && share < 2.90);
	line = strsep(&rest, "\n");
	CU_ASSERT(sscanf(line, "#[Max     = %lf, Total count    = %llu]", &value, &count) == 2);
	CU_ASSERT(value == 10.0 && count == 10000);
	CU_ASSERT_PTR_NOT_NULL(strstr(strsep(&rest, "\n"), "#[Buckets"));
	free(text);
	free(h);
}

/*
 * Meter
 */

static void test_meter(void)
{
	struct meter m = {.to_be = 1, .to_port_be = 2, .secret = 3};
	struct meter_numbers said = meter_numbers(3, 77, 88);
	struct weir_seg s = {.src = weir_addr_v4(1),
		.dst = weir_addr_v4(77),
		.sport_be = 2,
		.dport_be = 88,
		.ack = said.seq + 1,
		.seq = said.ack};

	s.flags = WEIR_TCP_SYN | WEIR_TCP_ACK;
	CU_ASSERT_EQUAL(meter_judge(&m, &s, WEIR_TCP_SYN), METER_SYN_ACK);
	CU_ASSERT_EQUAL(meter_judge(&m, &s, WEIR_TCP_ACK), METER_SYN_ACK_WRONG);
	s.flags = WEIR_TCP_RST;
	CU_ASSERT_EQUAL(meter_judge(&m, &s, WEIR_TCP_ACK), METER_RST);
	CU_ASSERT_EQUAL(meter_judge(&m, &s, WEIR_TCP_SYN), METER_RST); /* by its ack */
	s.flags = WEIR_TCP_ACK;
	CU_ASSERT_EQUAL(meter_judge(&m, &s, WEIR_TCP_ACK), METER_TCP);
	s.flags = WEIR_TCP_SYN | WEIR_TCP_ACK;
	s.ack++;
	CU_ASSERT_EQUAL(meter_judge(&m, &s, WEIR_TCP_SYN), METER_SYN_ACK_WRONG);
	s.flags = WEIR_TCP_RST;
	s.seq++;
	CU_ASSERT_EQUAL(meter_judge(&m, &s, WEIR_TCP_ACK), METER_RST_WRONG);
	CU_ASSERT_EQUAL(meter_judge(&m, &s, WEIR_TCP_SYN), METER_RST_WRONG);
	s.sport_be = 3; /* somebody else's */
	CU_ASSERT_EQUAL(meter_judge(&m, &s, WEIR_TCP_SYN), METER_TCP);
}

/*
 * Ends
 */

#define TWIN 64

static struct end_key key_of(unsigned int i)
{
	return (struct end_key){.remote_be = i % 4,
		.local_be = i / 4 % 4,
		.rport_be = (uint16_t)(i / 16),
		.lport_be = (uint16_t)(i / 64)};
}

/* Random additions, removals and alarms; a list of what should be there is the twin. */
static void test_ends(void)
{
	struct end *there[256] = {0};
	uint64_t due[256], seed = 9, now = 0;
	unsigned int used = 0;
	struct ends e;

	CU_ASSERT_EQUAL_FATAL(ends_init(&e, TWIN), 0);
	for (unsigned int step = 0; step < 200000; step++) {
		unsigned int i = (unsigned int)(unit_random(&seed) % 256), d;
		struct end_key k = key_of(i);

		CU_ASSERT_PTR_EQUAL_FATAL(ends_find(&e, &k), there[i]);
		if (there[i] == NULL) {
			there[i] = ends_add(&e, &k);
			CU_ASSERT_EQUAL(there[i] == NULL, used == TWIN);
			used += there[i] != NULL;
			due[i] = UINT64_MAX;
		} else if (unit_random(&seed) % 3 == 0) {
			ends_remove(&e, there[i]);
			there[i] = NULL;
			used--;
		} else {
			d = (unsigned int)(unit_random(&seed) % (DELAYS + 1));
			ends_wake(&e, there[i], d, now);
			due[i] = d == DELAY_NONE ? UINT64_MAX : now + delay_ms[d] * 1000000ull;
		}
		now += unit_random(&seed) % 20000000;
		for (struct end *end; (end = ends_due(&e, now)) != NULL;) {
			for (i = 0; i < 256 && there[i] != end;)
				i++;
			CU_ASSERT_FATAL(i < 256 && due[i] <= now);
			due[i] = UINT64_MAX;
		}
		for (i = 0; i < 256; i++)
			CU_ASSERT_FALSE_FATAL(there[i] != NULL && due[i] <= now);
		CU_ASSERT_EQUAL(e.used, used);
	}
	ends_free(&e);
}

/*
 * Captures
 */

static void dump(pcap_dumper_t *d, const uint8_t *f, unsigned int caplen, unsigned int len)
{
	struct pcap_pkthdr h = {.caplen = caplen, .len = len};

	pcap_dump((u_char *)d, &h, f);
}

/* TCP frames, one UDP frame, one ARP frame, one cut short. */
static void write_capture(const char *path, unsigned int n_tcp)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *d = pcap_dump_open(dead, path);
	uint8_t f[FRAME_MAX] __attribute__((aligned(2)));
	uint64_t seed = 4;

	for (unsigned int i = 0; i < n_tcp; i++) {
		struct weir_header h = random_header(&seed);
		uint16_t len = frame_segment(f, &h, frame_text(i), (uint16_t)(i % 700));

		memcpy(f, mac_a, 6);
		memcpy(f + 6, mac_b, 6);
		dump(d, f, len, len);
		if (i == 0)
			dump(d, f, 50, len);
	}
	memset(f + FRAME_IP + 20, 0, 8);
	f[FRAME_IP + 9] = 17;
	f[FRAME_TCP + 5] = 8;
	frame_put16(f + FRAME_IP + 2, 28);
	frame_mend_ip(f);
	dump(d, f, 60, 60); /* UDP without a checksum, padded */
	dump(d, f, 42, weir_build_arp(f, WEIR_ARP_REQUEST, mac_a, 1, mac_b, 2));
	pcap_dump_close(d);
	pcap_close(dead);
}

static void check_frames(struct replay *r, unsigned int n_tcp)
{
	uint8_t f[FRAME_MAX] __attribute__((aligned(2)));

	for (unsigned int round = 0; round < 2; round++) {
		CU_ASSERT(replay_at_start(r));
		for (unsigned int i = 0; i < n_tcp; i++) {
			uint16_t len = replay_next(r, f);

			check_sums(f, len);
			if (r->rewrite)
				CU_ASSERT_EQUAL(frame_get32(f + FRAME_IP + 12),
					r->from.first + (i + round * (n_tcp + 1)) % 5);
			CU_ASSERT(memcmp(f, r->dst_mac ? r->dst_mac : mac_a, 6) == 0);
			CU_ASSERT(memcmp(f + 6, r->src_mac ? r->src_mac : mac_b, 6) == 0);
		}
		CU_ASSERT_EQUAL(replay_next(r, f), 60);
		CU_ASSERT_EQUAL(frame_ip_sum(f), 0xffff);
		CU_ASSERT_EQUAL(frame_get16(f + FRAME_TCP + 6), 0);
		CU_ASSERT_EQUAL(replay_next(r, f), 42);
		CU_ASSERT_EQUAL(frame_get16(f + 12), WEIR_ETH_ARP);
	}
}

static void test_replay(void)
{
	static const uint8_t mac_c[6] = {2, 0, 0, 0, 0, 0xc};
	char path[] = "/tmp/weirgen-test-XXXXXX";
	struct replay r = {0};
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	write_capture(path, 997);
	CU_ASSERT_EQUAL_FATAL(replay_load(&r, path), 0);
	CU_ASSERT(r.n == 999 && r.skipped == 1);
	check_frames(&r, 997);
	r.src_mac = mac_b;
	r.dst_mac = mac_c;
	r.rewrite = r.sweep = true;
	r.from = (struct range){.first = 0xc6120001, .n = 5, .first_port = 1, .n_ports = 1};
	check_frames(&r, 997); /* 998 IPv4 frames a round: the sources go on where they were */
	replay_free(&r);
	unlink(path);
	CU_ASSERT(replay_load(&r, path) != 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"ranges in words", test_range_words},
		{"ranges that overlap", test_range_overlap},
		{"a sweep covers the range exactly", test_range_sweep},
		{"chance covers the range evenly", test_range_draw},
		{"stamped frames have the sums of RFC 1071", test_frame_stamp},
		{"segments with payload too", test_frame_segment},
		{"the pacer is exact", test_pacer_exact},
		{"the pacer is never early", test_pacer_times},
		{"the pacer says what it has missed", test_pacer_late},
		{"buckets of the histogram", test_hist_buckets},
		{"percentiles against a sort", test_hist_percentiles},
		{"an empty histogram", test_hist_empty},
		{"HdrHistogram's text", test_hdr},
		{"what comes back to a flood", test_meter},
		{"ends against a list", test_ends},
		{"a capture again", test_replay},
	};

	return unit_main("weirgen", tests, sizeof(tests) / sizeof(*tests));
}
