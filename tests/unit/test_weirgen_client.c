// SPDX-License-Identifier: BSD-3-Clause
/* weirgen's clients: what they wait for, when they ask, and what they do not believe. */
#include "weirgen_world.h"

/*
 * The rest of a client's life
 */

/* Connections of `mixed`: they ask when they are told to, and end when it is over. */
static void test_ask(void)
{
	unsigned int asked = 0;

	world_open(20, 0, 100, 200);
	for (unsigned int i = 0; i < 20; i++)
		CU_ASSERT(client_open(&w.client, w.now_ns));
	CU_ASSERT_FALSE(client_open(&w.client, w.now_ns));
	CU_ASSERT_EQUAL(client_ask(&w.client, 100), 0); /* none is open yet */
	for (unsigned int i = 0; i < 100; i++)
		world_step();
	CU_ASSERT_EQUAL(client_ask(&w.client, 7), 7);
	CU_ASSERT_EQUAL(client_ask(&w.client, 100), 13);
	CU_ASSERT_EQUAL(client_ask(&w.client, 100), 0); /* all have one under way */
	for (unsigned int i = 0; i < 1000; i++) {
		asked += client_ask(&w.client, 1);
		world_step();
	}
	CU_ASSERT_EQUAL(asked, 990); /* they need 10 steps to come back, then there is always one */
	for (unsigned int i = 0; i < 100; i++) {
		client_finish(&w.client);
		world_step();
	}
	CU_ASSERT_EQUAL(client_open_now(&w.client), 0);
	CU_ASSERT_EQUAL(w.client.counts.responses, asked + 20);
	CU_ASSERT_EQUAL(w.client.counts.done, 20);
	CU_ASSERT_EQUAL(client_failed(&w.client.counts), 0);
	world_close();
}

/* Connections that wait to be told are not given up, however long it takes. */
static void test_patience(void)
{
	world_open(3, 0, 100, 200);
	for (unsigned int i = 0; i < 3; i++)
		CU_ASSERT(client_open(&w.client, w.now_ns));
	for (unsigned int i = 0; i < 50; i++)
		world_step();
	for (unsigned int s = 0; s < 290; s++) { /* backends wait 30 s, like everybody */
		w.now_ns += 100000000;
		world_step();
	}
	CU_ASSERT_EQUAL(client_open_now(&w.client), 3);
	CU_ASSERT_EQUAL(client_failed(&w.client.counts), 0);
	world_close();
}

/* Where it was due, and not when it left, is what the handshake counts from. */
static void test_due(void)
{
	world_open(1, 1, 100, 200);
	CU_ASSERT(client_open(&w.client, w.now_ns - 5000000));
	for (unsigned int i = 0; i < 50; i++)
		world_step();
	CU_ASSERT_EQUAL(w.client.handshake.max, 5000000 + 10 * STEP_NS);
	world_close();
}

/* A range without a free tuple: put off and counted, not spun on. */
static void test_no_tuple(void)
{
	world_open(5, 1, 100, 200);
	w.client.from = (struct range){.first = 1 << 24, .n = 1, .first_port = 1024, .n_ports = 2};
	CU_ASSERT(client_open(&w.client, w.now_ns));
	CU_ASSERT(client_open(&w.client, w.now_ns));
	CU_ASSERT_FALSE(client_open(&w.client, w.now_ns));
	CU_ASSERT_EQUAL(w.client.counts.no_tuple, 1);
	world_close();
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
	struct weir_pkt pkt = {.frame.data = f, .frame.room = sizeof(f)};

	pkt.frame.len = pkt.frame.head_len =
		frame_segment(f, &h, frame_text(seq - end->irs - 1), len);
	CU_ASSERT_EQUAL(weir_pkt_parse(&pkt), WEIR_PARSED_TCP);
	client_input(&w.client, &pkt);
}

static void open_ready(unsigned int n)
{
	world_open(n, 0, 100, 200);
	for (unsigned int i = 0; i < n; i++)
		CU_ASSERT(client_open(&w.client, w.now_ns));
	for (unsigned int i = 0; i < 50; i++)
		world_step();
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
	world_close();
}

static bool everything(uint8_t *f, uint16_t len)
{
	return true;
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
	world_close();
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
		world_step();
		CU_ASSERT(end->snd_max - end->iss <= 1 + 100);
		if (w.client.counts.responses == 1)
			break;
	}
	CU_ASSERT_EQUAL(w.client.counts.responses, 1);
	CU_ASSERT_EQUAL(client_failed(&w.client.counts), 0);
	world_close();
}

/* With window scale 32 segments are under way, so that these come in one round trip. */
static void test_scaled_window(void)
{
	unsigned int steps = 0;

	world_open(1, 1, 100, 32 * 1448);
	CU_ASSERT(client_open(&w.client, w.now_ns));
	for (; w.client.counts.responses == 0 && steps < 1000; steps++)
		world_step();
	CU_ASSERT_EQUAL(steps, 20); /* a handshake, a request */
	world_close();
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"asked one by one", test_ask},
		{"waiting is no failure", test_patience},
		{"latency counts from when it was due", test_due},
		{"no free tuple", test_no_tuple},
		{"resets with other numbers", test_reset_numbers},
		{"data behind a FIN", test_after_fin},
		{"a closed window", test_closed_window},
		{"a scaled window", test_scaled_window},
	};

	return unit_main("weirgen_client", tests, sizeof(tests) / sizeof(*tests));
}
