// SPDX-License-Identifier: BSD-3-Clause
/*
 * weirgen's clients and backends against each other, on a wire of the test's own and a virtual clock:
 * whatever the wire does, every connection comes to an end, and to the one that it deserves.
 */
#include "frame.h"
#include "unit.h"
#include "weirgen/backend.h"
#include "weirgen/client.h"
#include "weirgen/frame.h"

#define STEP_NS  100000ull
#define WIRE_MAX 4096

struct letter {
	uint64_t at_ns;
	uint16_t len;
	uint8_t bytes[1600] __attribute__((aligned(2)));
};

/* One direction. */
struct wire {
	struct world *world;
	struct letter *letters[WIRE_MAX];
	unsigned int n;
	struct letter *draft;
	uint64_t sent, lost;
};

static struct world {
	struct client client;
	struct backend backend;
	struct range listens;
	struct wire to_backend, to_client;
	uint64_t now_ns, seed;
	unsigned int loss, twice, late;              /* of 1000 */
	bool (*spoil)(uint8_t *frame, uint16_t len); /* true: it does not arrive */
} w;

static bool chance(unsigned int of_1000)
{
	return unit_random(&w.seed) % 1000 < of_1000;
}

static uint8_t *begin(void *shell)
{
	struct wire *wire = shell;

	if (wire->draft == NULL)
		wire->draft = calloc(1, sizeof(*wire->draft));
	return wire->draft->bytes;
}

static void post(struct wire *wire, const struct letter *l)
{
	CU_ASSERT_FATAL(wire->n < WIRE_MAX);
	wire->letters[wire->n] = malloc(sizeof(*l));
	*wire->letters[wire->n] = *l;
	wire->letters[wire->n++]->at_ns = w.now_ns + (chance(w.late) ? 20 : 5) * STEP_NS;
}

/* What leaves has right lengths and sums. */
static void end_frame(void *shell, uint16_t len)
{
	struct wire *wire = shell;
	struct letter *l = wire->draft;

	l->len = len;
	wire->sent++;
	CU_ASSERT_EQUAL(frame_get16(l->bytes + FRAME_IP + 2), len - 14);
	CU_ASSERT_EQUAL(frame_ip_sum(l->bytes), 0xffff);
	CU_ASSERT_EQUAL(frame_tcp_sum(l->bytes), 0xffff);
	if (chance(w.loss) || (w.spoil != NULL && w.spoil(l->bytes, len))) {
		wire->lost++;
		return;
	}
	post(wire, l);
	if (chance(w.twice))
		post(wire, l);
}

/* The next letter that has arrived, the wire's no more; NULL: none has. */
static struct letter *arrived(struct wire *wire)
{
	struct letter *l;

	for (unsigned int i = 0; i < wire->n; i++) {
		l = wire->letters[i];
		if (l->at_ns > w.now_ns)
			continue;
		memmove(&wire->letters[i], &wire->letters[i + 1],
			(--wire->n - i) * sizeof(*wire->letters));
		return l;
	}
	return NULL;
}

static void deliver(struct wire *wire)
{
	struct letter *l;

	while ((l = arrived(wire)) != NULL) {
		struct weir_pkt pkt = {.data = l->bytes,
			.len = l->len,
			.head_len = l->len,
			.room = sizeof(l->bytes)};

		CU_ASSERT_EQUAL(weir_parse(&pkt), WEIR_PARSED_TCP);
		if (wire == &w.to_client)
			client_input(&w.client, &pkt);
		else if (backend_listens(&w.backend, &pkt.seg))
			backend_input(&w.backend, &pkt);
		free(l);
	}
}

static void step(void)
{
	w.now_ns += STEP_NS;
	w.client.host.now_ns = w.backend.host.now_ns = w.now_ns;
	deliver(&w.to_backend);
	deliver(&w.to_client);
	client_tick(&w.client);
	backend_tick(&w.backend);
}

static void set_host(struct host *h, struct wire *out)
{
	h->outlet = (struct outlet){begin, end_frame, out};
	h->syn = (struct weir_header){.mss = 1460, .sack_ok = true, .ts = true, .wscale = 7};
	h->secret = 42;
	h->now_ns = w.now_ns;
}

static void open_world(uint32_t concurrency, uint32_t requests, uint32_t request, uint32_t response)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

	memset(&w, 0, sizeof(w));
	w.seed = 11;
	w.now_ns = 1000 * 1000000000ull;
	w.listens = (struct range){.first = 0x0a00000b, .n = 1, .first_port = 80, .n_ports = 1};
	w.client.from = (struct range){
		.first = 0xc6120001, .n = 3, .first_port = 1024, .n_ports = concurrency};
	w.client.to_be = weir_be32(w.listens.first);
	w.client.to_port_be = weir_be16(80);
	w.client.mac = mac;
	w.client.requests = requests;
	w.client.request_bytes = w.backend.request_bytes = request;
	w.client.response_bytes = w.backend.response_bytes = response;
	w.backend.at = &w.listens;
	w.backend.n_at = 1;
	CU_ASSERT_EQUAL_FATAL(client_init(&w.client, concurrency), 0);
	CU_ASSERT_EQUAL_FATAL(backend_init(&w.backend, 4 * concurrency), 0);
	set_host(&w.client.host, &w.to_backend);
	set_host(&w.backend.host, &w.to_client);
}

static void free_wire(struct wire *wire)
{
	for (unsigned int i = 0; i < wire->n; i++)
		free(wire->letters[i]);
	free(wire->draft);
}

static void close_world(void)
{
	free_wire(&w.to_backend);
	free_wire(&w.to_client);
	client_free(&w.client);
	backend_free(&w.backend);
}

/* n connections, one after the other and some at once, to the end; at most 200 s of virtual time. */
static void run_conns(unsigned int n)
{
	uint64_t end = w.now_ns + 200 * 1000000000ull;

	while (w.now_ns < end) {
		while (n > 0 && client_open(&w.client, w.now_ns))
			n--;
		step();
		if (n == 0 && client_open_now(&w.client) == 0)
			return;
	}
	CU_FAIL("connections hang");
}

static void expect_all_done(uint64_t n)
{
	CU_ASSERT_EQUAL(w.client.counts.begun, n);
	CU_ASSERT_EQUAL(w.client.counts.done, n);
	CU_ASSERT_EQUAL(client_failed(&w.client.counts), 0);
	CU_ASSERT_EQUAL(w.client.counts.responses, n * w.client.requests);
	CU_ASSERT_EQUAL(w.client.host.counts.corrupt + w.backend.host.counts.corrupt, 0);
	CU_ASSERT_EQUAL(w.client.handshake.n, n);
	CU_ASSERT_EQUAL(w.client.first_byte.n, n * w.client.requests);
}

/* On a perfect wire nothing is sent twice, and every count is what one would count by hand. */
static void perfect(bool backend_closes)
{
	open_world(50, 2, 100, 3000);
	w.client.backend_closes = backend_closes;
	w.backend.close_after = backend_closes ? 2 : 0;
	run_conns(500);
	expect_all_done(500);
	for (unsigned int i = 0; i < 100; i++)
		step();
	CU_ASSERT_EQUAL(w.backend.host.ends.used, 0);
	CU_ASSERT_EQUAL(w.backend.counts.closed, 500);
	CU_ASSERT_EQUAL(w.client.host.counts.resent + w.backend.host.counts.resent, 0);
	CU_ASSERT_EQUAL(w.client.host.counts.data_out, 500 * 2);
	CU_ASSERT_EQUAL(w.backend.host.counts.data_in, 500 * 2);
	CU_ASSERT_EQUAL(w.backend.host.counts.data_out, 500 * 2 * 3); /* 3000 bytes in 1448s */
	CU_ASSERT_EQUAL(w.client.host.counts.bytes_in, 500 * 2 * 3000);
	CU_ASSERT_EQUAL(w.client.handshake.max, 10 * STEP_NS);
	CU_ASSERT_EQUAL(w.client.first_byte.max, 10 * STEP_NS);
	close_world();
}

static void test_perfect(void)
{
	perfect(false);
	perfect(true);
}

/* Loss, repetition and disorder: nothing fails, and nothing is left. */
static void lossy(uint32_t request, uint32_t response, bool backend_closes)
{
	open_world(100, 2, request, response);
	w.loss = 30;
	w.twice = 20;
	w.late = 50;
	w.client.backend_closes = backend_closes;
	w.backend.close_after = backend_closes ? 2 : 0;
	run_conns(400);
	expect_all_done(400);
	CU_ASSERT(w.to_backend.lost > 0 && w.to_client.lost > 0);
	CU_ASSERT(w.client.host.counts.resent > 0 && w.backend.host.counts.resent > 0);
	for (unsigned int i = 0; i < 300000 && w.backend.host.ends.used > 0; i++)
		step();
	CU_ASSERT_EQUAL(w.backend.host.ends.used, 0);
	close_world();
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
		open_world(10, 1, 3000, 70000);
		w.client.host.syn.ts = i & 1;
		w.client.host.syn.wscale = i & 2 ? 7 : WEIR_WSCALE_NONE;
		w.backend.host.syn.ts = i & 4;
		w.backend.host.syn.wscale = i & 8 ? 3 : WEIR_WSCALE_NONE;
		run_conns(20);
		expect_all_done(20);
		CU_ASSERT_EQUAL(w.client.host.counts.resent + w.backend.host.counts.resent, 0);
		close_world();
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
	open_world(1, 1, 50000, 50000);
	w.loss = 20;
	w.client.from.n = 1;
	w.client.host.secret = late_secret(0xc6120001, 1024, 80);
	w.backend.host.secret = late_secret(0x0a00000b, 80, 1024);
	run_conns(1);
	expect_all_done(1);
	close_world();
}

/* As many tuples as connections at once, so that each is used again and again. */
static void test_same_ports(void)
{
	open_world(30, 1, 100, 200);
	w.client.from.n = 1;
	w.loss = 20;
	run_conns(600);
	expect_all_done(600);
	close_world();
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
	close_world();
}

static void test_no_answer(void)
{
	open_world(5, 1, 100, 200);
	w.spoil = everything;
	run_conns(5);
	CU_ASSERT_EQUAL(w.to_backend.sent, 5 * 5); /* four SYNs and the RST of who gives up */
	expect_failures(CLIENT_NO_ANSWER, 5);
}

static void test_timeout(void)
{
	open_world(5, 1, 100, 200);
	w.spoil = to_backend_only_syn;
	run_conns(5);
	expect_failures(CLIENT_TIMEOUT, 5);
}

/* The request has arrived, but nobody answers it: no retransmission, and still no hang. */
static void test_silent(void)
{
	open_world(5, 1, 100, 200);
	w.backend.request_bytes = 101;
	w.spoil = resets; /* the backend gives up too, and says so */
	run_conns(5);
	CU_ASSERT_EQUAL(w.client.host.counts.resent, 0);
	expect_failures(CLIENT_TIMEOUT, 5);
}

static void test_cut(void)
{
	open_world(5, 2, 100, 200);
	w.backend.close_after = 1;
	run_conns(5);
	expect_failures(CLIENT_CUT, 5);
}

static void test_corrupt(void)
{
	open_world(5, 1, 100, 200);
	w.spoil = flip;
	run_conns(5);
	expect_failures(CLIENT_CORRUPT, 5);
}

/* The server side answers segments with one of these flags by RST. */
static void reset_by(uint8_t flags)
{
	struct letter *l;

	open_world(5, 1, 100, 200);
	CU_ASSERT(client_open(&w.client, w.now_ns));
	while (client_open_now(&w.client) > 0) {
		w.now_ns += STEP_NS;
		w.client.host.now_ns = w.backend.host.now_ns = w.now_ns;
		while ((l = arrived(&w.to_backend)) != NULL) {
			struct weir_pkt pkt = {.data = l->bytes,
				.len = l->len,
				.head_len = l->len,
				.room = sizeof(l->bytes)};
			struct end one;

			CU_ASSERT_EQUAL(weir_parse(&pkt), WEIR_PARSED_TCP);
			one = (struct end){.key = host_key(&pkt.seg),
				.snd_nxt = pkt.seg.ack,
				.rcv_nxt = pkt.seg.seq + 1};
			if (pkt.seg.flags & flags)
				host_abort(&w.backend.host, &one);
			else
				backend_input(&w.backend, &pkt);
			free(l);
		}
		deliver(&w.to_client);
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

	open_world(5, 1, sizeof(get) - 1, (uint32_t)strlen(response));
	w.client.http = w.client.backend_closes = true;
	w.client.host.says = get;
	w.backend.host.says = response;
	w.backend.close_after = 1;
	w.loss = 20;
	run_conns(50);
}

static void test_http(void)
{
	http("HTTP/1.1 200 OK\r\n\r\nhello\n");
	expect_all_done(50);
	close_world();
	http("HTTP/1.1 503 Service Unavailable\r\n\r\n");
	expect_failures(CLIENT_CORRUPT, 50);
}

/*
 * The rest of a client's life
 */

/* Connections of `mixed`: they ask when they are told to, and end when it is over. */
static void test_ask(void)
{
	unsigned int asked = 0;

	open_world(20, 0, 100, 200);
	for (unsigned int i = 0; i < 20; i++)
		CU_ASSERT(client_open(&w.client, w.now_ns));
	CU_ASSERT_FALSE(client_open(&w.client, w.now_ns));
	CU_ASSERT_EQUAL(client_ask(&w.client, 100), 0); /* none is open yet */
	for (unsigned int i = 0; i < 100; i++)
		step();
	CU_ASSERT_EQUAL(client_ask(&w.client, 7), 7);
	CU_ASSERT_EQUAL(client_ask(&w.client, 100), 13);
	CU_ASSERT_EQUAL(client_ask(&w.client, 100), 0); /* all have one under way */
	for (unsigned int i = 0; i < 1000; i++) {
		asked += client_ask(&w.client, 1);
		step();
	}
	CU_ASSERT_EQUAL(asked, 990); /* they need 10 steps to come back, then there is always one */
	for (unsigned int i = 0; i < 100; i++) {
		client_finish(&w.client);
		step();
	}
	CU_ASSERT_EQUAL(client_open_now(&w.client), 0);
	CU_ASSERT_EQUAL(w.client.counts.responses, asked + 20);
	CU_ASSERT_EQUAL(w.client.counts.done, 20);
	CU_ASSERT_EQUAL(client_failed(&w.client.counts), 0);
	close_world();
}

/* Connections that wait to be told are not given up, however long it takes. */
static void test_patience(void)
{
	open_world(3, 0, 100, 200);
	for (unsigned int i = 0; i < 3; i++)
		CU_ASSERT(client_open(&w.client, w.now_ns));
	for (unsigned int i = 0; i < 50; i++)
		step();
	for (unsigned int s = 0; s < 290; s++) { /* backends wait 30 s, like everybody */
		w.now_ns += 100000000;
		step();
	}
	CU_ASSERT_EQUAL(client_open_now(&w.client), 3);
	CU_ASSERT_EQUAL(client_failed(&w.client.counts), 0);
	close_world();
}

/* Where it was due, and not when it left, is what the handshake counts from. */
static void test_due(void)
{
	open_world(1, 1, 100, 200);
	CU_ASSERT(client_open(&w.client, w.now_ns - 5000000));
	for (unsigned int i = 0; i < 50; i++)
		step();
	CU_ASSERT_EQUAL(w.client.handshake.max, 5000000 + 10 * STEP_NS);
	close_world();
}

/* A range without a free tuple: put off and counted, not spun on. */
static void test_no_tuple(void)
{
	open_world(5, 1, 100, 200);
	w.client.from = (struct range){.first = 1 << 24, .n = 1, .first_port = 1024, .n_ports = 2};
	CU_ASSERT(client_open(&w.client, w.now_ns));
	CU_ASSERT(client_open(&w.client, w.now_ns));
	CU_ASSERT_FALSE(client_open(&w.client, w.now_ns));
	CU_ASSERT_EQUAL(w.client.counts.no_tuple, 1);
	close_world();
}

/*
 * Segments that no decent backend sends
 */

/* Client i of an open world, which has been opened and waits. */
static struct end *client_end(unsigned int i)
{
	return &w.client.host.ends.at[i];
}

/* A segment to it, from where it believes its backend to be. */
static void say(const struct end *end, uint8_t flags, uint32_t seq, uint16_t wnd, uint16_t len)
{
	uint8_t f[FRAME_MAX] __attribute__((aligned(2)));
	struct weir_header h = {.src = weir_addr_v4(end->key.remote_be),
		.dst = weir_addr_v4(end->key.local_be),
		.sport_be = end->key.rport_be,
		.dport_be = end->key.lport_be,
		.seq = seq,
		.ack = end->snd_una,
		.wnd = wnd,
		.flags = flags,
		.wscale = WEIR_WSCALE_NONE};
	struct weir_pkt pkt = {.data = f, .room = sizeof(f)};

	pkt.len = pkt.head_len = frame_segment(f, &h, frame_text(seq - end->irs - 1), len);
	CU_ASSERT_EQUAL(weir_parse(&pkt), WEIR_PARSED_TCP);
	client_input(&w.client, &pkt);
}

static void open_ready(unsigned int n)
{
	open_world(n, 0, 100, 200);
	for (unsigned int i = 0; i < n; i++)
		CU_ASSERT(client_open(&w.client, w.now_ns));
	for (unsigned int i = 0; i < 50; i++)
		step();
	CU_ASSERT_EQUAL(w.client.counts.opened, n);
}

/* An RST beside the window's edge is not believed (RFC 5961 §3.2); one that is ends a waiting client. */
static void test_reset_numbers(void)
{
	open_ready(3);
	say(client_end(1), WEIR_TCP_RST, client_end(1)->rcv_nxt + 1, 0, 0);
	say(client_end(1), WEIR_TCP_RST, client_end(1)->rcv_nxt - 1, 0, 0);
	CU_ASSERT_EQUAL(client_open_now(&w.client), 3);
	say(client_end(1), WEIR_TCP_RST, client_end(1)->rcv_nxt, 0, 0);
	CU_ASSERT_EQUAL(client_open_now(&w.client), 2);
	CU_ASSERT_EQUAL(w.client.counts.failed[CLIENT_RESET], 1);
	CU_ASSERT_EQUAL(client_ask(&w.client, 3), 2); /* it is not among those that ask any more */
	close_world();
}

/* Who has closed writes no more. */
static void test_after_fin(void)
{
	struct end *end;
	uint32_t after;

	open_ready(1);
	end = client_end(0);
	client_finish(&w.client);
	w.spoil = everything; /* our FIN does not arrive: the end stays */
	say(end, WEIR_TCP_FIN | WEIR_TCP_ACK, end->rcv_nxt, 500, 0);
	after = end->rcv_nxt;
	say(end, WEIR_TCP_ACK, after, 500, 100);
	CU_ASSERT_EQUAL(end->rcv_nxt, after);
	CU_ASSERT_EQUAL(w.client.host.counts.bytes_in, 0);
	close_world();
}

/* A closed window is asked about with a byte (RFC 9293 §3.8.6.1), and used when it opens. */
static void test_closed_window(void)
{
	struct end *end;

	open_ready(1);
	end = client_end(0);
	say(end, WEIR_TCP_ACK, end->rcv_nxt, 0, 0);
	CU_ASSERT_EQUAL(client_ask(&w.client, 1), 1);
	CU_ASSERT_EQUAL(end->snd_nxt, end->snd_una);
	for (unsigned int i = 0; i < 2100;
		i++) { /* a retransmission's time, and the way there and back */
		step();
		CU_ASSERT(end->snd_max - end->iss <= 1 + 100);
		if (w.client.counts.responses == 1)
			break;
	}
	CU_ASSERT_EQUAL(w.client.counts.responses, 1);
	CU_ASSERT_EQUAL(client_failed(&w.client.counts), 0);
	close_world();
}

/* With window scale 32 segments are under way, so that these come in one round trip. */
static void test_scaled_window(void)
{
	unsigned int steps = 0;

	open_world(1, 1, 100, 32 * 1448);
	CU_ASSERT(client_open(&w.client, w.now_ns));
	for (; w.client.counts.responses == 0 && steps < 1000; steps++)
		step();
	CU_ASSERT_EQUAL(steps, 20); /* a handshake, a request */
	close_world();
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"a perfect wire: by the book", test_perfect},
		{"a bad wire: nothing fails, nothing hangs", test_lossy},
		{"options of either side", test_options},
		{"sequence numbers wrap", test_wrap},
		{"the same ports again and again", test_same_ports},
		{"nobody answers", test_no_answer},
		{"nobody acknowledges", test_timeout},
		{"nobody responds", test_silent},
		{"closed too early", test_cut},
		{"another text", test_corrupt},
		{"refused", test_refused},
		{"reset", test_reset},
		{"pages of somebody else's", test_http},
		{"asked one by one", test_ask},
		{"waiting is no failure", test_patience},
		{"latency counts from when it was due", test_due},
		{"no free tuple", test_no_tuple},
		{"resets with other numbers", test_reset_numbers},
		{"data behind a FIN", test_after_fin},
		{"a closed window", test_closed_window},
		{"a scaled window", test_scaled_window},
	};

	return unit_main("weirgen_tcp", tests, sizeof(tests) / sizeof(*tests));
}
