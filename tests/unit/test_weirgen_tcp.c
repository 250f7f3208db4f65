// SPDX-License-Identifier: BSD-3-Clause
/*
 * weirgen's clients and backends against each other: whatever the wire does, every connection comes
 * to an end, and to the one that it deserves.
 */
#include "weirgen_world.h"

/* On a perfect wire nothing is sent twice, and every count is what one would count by hand. */
static void perfect(bool backend_closes)
{
	world_open(50, 2, 100, 3000);
	w.client.backend_closes = backend_closes;
	w.backend.close_after = backend_closes ? 2 : 0;
	world_run(500);
	world_expect_done(500);
	for (unsigned int i = 0; i < 100; i++)
		world_step();
	CU_ASSERT_EQUAL(w.backend.host.ends.used, 0);
	CU_ASSERT_EQUAL(w.backend.counts.closed, 500);
	CU_ASSERT_EQUAL(w.client.host.counts.resent + w.backend.host.counts.resent, 0);
	CU_ASSERT_EQUAL(w.client.host.counts.data_out, 500 * 2);
	CU_ASSERT_EQUAL(w.backend.host.counts.data_in, 500 * 2);
	CU_ASSERT_EQUAL(w.backend.host.counts.data_out, 500 * 2 * 3); /* 3000 bytes in 1448s */
	CU_ASSERT_EQUAL(w.client.host.counts.bytes_in, 500 * 2 * 3000);
	CU_ASSERT_EQUAL(w.client.handshake.max, 10 * STEP_NS);
	CU_ASSERT_EQUAL(w.client.first_byte.max, 10 * STEP_NS);
	world_close();
}

static void test_perfect(void)
{
	perfect(false);
	perfect(true);
}

/* Loss, repetition and disorder: nothing fails, and nothing is left. */
static void lossy(uint32_t request, uint32_t response, bool backend_closes)
{
	world_open(100, 2, request, response);
	w.loss = 30;
	w.twice = 20;
	w.late = 50;
	w.client.backend_closes = backend_closes;
	w.backend.close_after = backend_closes ? 2 : 0;
	world_run(400);
	world_expect_done(400);
	CU_ASSERT(w.to_backend.lost > 0 && w.to_client.lost > 0);
	CU_ASSERT(w.client.host.counts.resent > 0 && w.backend.host.counts.resent > 0);
	for (unsigned int i = 0; i < 300000 && w.backend.host.ends.used > 0; i++)
		world_step();
	CU_ASSERT_EQUAL(w.backend.host.ends.used, 0);
	world_close();
}

static void test_lossy(void)
{
	lossy(100, 200, false);
	lossy(100, 200, true);
	lossy(20000, 50000, false);
	lossy(20000, 50000, true);
}

/* Without options, or with some only on one side. */
static void test_options(void)
{
	for (unsigned int i = 0; i < 16; i++) {
		world_open(10, 1, 3000, 70000);
		w.client.host.syn.ts = i & 1;
		w.client.host.syn.wscale = i & 2 ? 7 : WEIR_WSCALE_NONE;
		w.backend.host.syn.ts = i & 4;
		w.backend.host.syn.wscale = i & 8 ? 3 : WEIR_WSCALE_NONE;
		world_run(20);
		world_expect_done(20);
		CU_ASSERT_EQUAL(w.client.host.counts.resent + w.backend.host.counts.resent, 0);
		world_close();
	}
}

/* The number is clock plus hash: a secret that brings it near the end. */
static uint64_t late_secret(uint32_t local, uint16_t lport, uint16_t rport)
{
	uint64_t which = (uint64_t)weir_be32(local) << 32 | (uint32_t)weir_be16(lport) << 16 |
		weir_be16(rport);
	uint64_t secret = 0;

	while ((uint32_t)(w.now_ns / 4096) + (uint32_t)random_mix(secret ^ which) < 0xffffc000u)
		secret++;
	return secret;
}

/* Sequence numbers go through zero on both sides. */
static void test_wrap(void)
{
	world_open(1, 1, 50000, 50000);
	w.loss = 20;
	w.client.from.n = 1;
	w.client.host.secret = late_secret(0xc6120001, 1024, 80);
	w.backend.host.secret = late_secret(0x0a00000b, 80, 1024);
	world_run(1);
	world_expect_done(1);
	world_close();
}

/* As many tuples as connections at once, so that each is used again and again. */
static void test_same_ports(void)
{
	world_open(30, 1, 100, 200);
	w.client.from.n = 1;
	w.loss = 20;
	world_run(600);
	world_expect_done(600);
	world_close();
}

/*
 * Ends that are deserved
 */

static bool to_backend_only_syn(uint8_t *f, uint16_t len)
{
	return !(f[FRAME_TCP + 13] & WEIR_TCP_SYN) && frame_get16(f + FRAME_TCP + 2) == 80 &&
		len > 66;
}

static bool resets(uint8_t *f, uint16_t len)
{
	return f[FRAME_TCP + 13] & WEIR_TCP_RST;
}

static bool everything(uint8_t *f, uint16_t len)
{
	return true;
}

/* A bit flips in the payload and the checksum does not notice, because it was mended. */
static bool flip(uint8_t *f, uint16_t len)
{
	if (len > 200) {
		f[len - 1] ^= 4;
		frame_mend(f, len);
	}
	return false;
}

static void expect_failures(enum client_failure why, uint64_t n)
{
	CU_ASSERT_EQUAL(w.client.counts.failed[why], n);
	CU_ASSERT_EQUAL(client_failed(&w.client.counts), n);
	CU_ASSERT_EQUAL(w.client.counts.done, 0);
	world_close();
}

static void test_no_answer(void)
{
	world_open(5, 1, 100, 200);
	w.spoil = everything;
	world_run(5);
	CU_ASSERT_EQUAL(w.to_backend.sent, 5 * 5); /* four SYNs and the RST of who gives up */
	expect_failures(CLIENT_NO_ANSWER, 5);
}

static void test_timeout(void)
{
	world_open(5, 1, 100, 200);
	w.spoil = to_backend_only_syn;
	world_run(5);
	expect_failures(CLIENT_TIMEOUT, 5);
}

/* The request has arrived, but nobody answers it: no retransmission, and still no hang. */
static void test_silent(void)
{
	world_open(5, 1, 100, 200);
	w.backend.request_bytes = 101;
	w.spoil = resets; /* the backend gives up too, and says so */
	world_run(5);
	CU_ASSERT_EQUAL(w.client.host.counts.resent, 0);
	expect_failures(CLIENT_TIMEOUT, 5);
}

static void test_cut(void)
{
	world_open(5, 2, 100, 200);
	w.backend.close_after = 1;
	world_run(5);
	expect_failures(CLIENT_CUT, 5);
}

static void test_corrupt(void)
{
	world_open(5, 1, 100, 200);
	w.spoil = flip;
	world_run(5);
	expect_failures(CLIENT_CORRUPT, 5);
}

/* The server side answers segments with one of these flags by RST. */
static void reset_by(uint8_t flags)
{
	struct letter *l;

	world_open(5, 1, 100, 200);
	CU_ASSERT(client_open(&w.client, w.now_ns));
	while (client_open_now(&w.client) > 0) {
		w.now_ns += STEP_NS;
		w.client.host.now_ns = w.backend.host.now_ns = w.now_ns;
		while ((l = world_arrived(&w.to_backend)) != NULL) {
			struct weir_pkt pkt = {.frame.data = l->bytes,
				.frame.len = l->len,
				.frame.head_len = l->len,
				.frame.room = sizeof(l->bytes)};
			struct end one;

			CU_ASSERT_EQUAL(weir_pkt_parse(&pkt), WEIR_PARSED_TCP);
			one = (struct end){.key = host_key(&pkt.seg),
				.snd_nxt = pkt.seg.ack,
				.rcv_nxt = pkt.seg.seq + 1};
			if (pkt.seg.flags & flags)
				host_abort(&w.backend.host, &one);
			else
				backend_input(&w.backend, &pkt);
			free(l);
		}
		world_deliver(&w.to_client);
	}
}

static void test_refused(void)
{
	reset_by(WEIR_TCP_SYN);
	expect_failures(CLIENT_REFUSED, 1);
}

static void test_reset(void)
{
	reset_by(WEIR_TCP_PSH);
	expect_failures(CLIENT_RESET, 1);
}

/* Somebody else's server: whatever it says is a response, if its status is good. */
static void http(const char *response)
{
	static const char get[] = "GET / HTTP/1.0\r\n\r\n";

	world_open(5, 1, sizeof(get) - 1, (uint32_t)strlen(response));
	w.client.http = w.client.backend_closes = true;
	w.client.host.message = get;
	w.backend.host.message = response;
	w.backend.close_after = 1;
	w.loss = 20;
	world_run(50);
}

static void test_http(void)
{
	http("HTTP/1.1 200 OK\r\n\r\nhello\n");
	world_expect_done(50);
	world_close();
	http("HTTP/1.1 503 Service Unavailable\r\n\r\n");
	expect_failures(CLIENT_CORRUPT, 50);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"a perfect wire: by the book", test_perfect},
		{"a bad wire: nothing fails, nothing hangs", test_lossy},
		{"options of either side", test_options},
		{"sequence numbers wrap", test_wrap},
		{"the same ports again and again", test_same_ports},
		{"no answer to the SYN", test_no_answer},
		{"no acknowledgement", test_timeout},
		{"no response", test_silent},
		{"closed too early", test_cut},
		{"another text", test_corrupt},
		{"refused", test_refused},
		{"reset", test_reset},
		{"pages of another server", test_http},
	};

	return unit_main("weirgen_tcp", tests, sizeof(tests) / sizeof(*tests));
}
