// SPDX-License-Identifier: BSD-3-Clause
/* What telemetry answers with, below DPDK: parameters, questions to workers, the packet balance. */
#include "unit.h"

#include <errno.h>

#include "ctl/ask.h"
#include "ctl/params.h"
#include "fake_view.h"

#define KEYS "client, service, limit, cursor"

static void expect_refused(const char *text, const char *why)
{
	struct weir_params_error err = {""};
	struct weir_params p;
	uint64_t n = 0;
	int ret = weir_params_parse(&p, text, KEYS, &err);

	if (ret == 0)
		ret = weir_params_number(&p, "limit", 1, 100, &n, &err);
	CU_ASSERT_EQUAL(ret, -EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, why);
}

static void test_params(void)
{
	struct weir_params_error err;
	struct weir_params p;
	char longest[600];
	uint64_t n = 7;

	CU_ASSERT_EQUAL(weir_params_parse(&p, NULL, KEYS, &err), 0);
	CU_ASSERT_EQUAL(p.n, 0);
	CU_ASSERT_EQUAL(weir_params_parse(&p, "service=a=b,limit=100,", KEYS, &err), 0);
	CU_ASSERT_STRING_EQUAL(weir_params_get(&p, "service"), "a=b");
	CU_ASSERT_PTR_NULL(weir_params_get(&p, "client"));
	CU_ASSERT_EQUAL(weir_params_number(&p, "cursor", 0, 9, &n, &err), 0);
	CU_ASSERT_EQUAL(n, 7);
	CU_ASSERT_EQUAL(weir_params_number(&p, "limit", 1, 100, &n, &err), 0);
	CU_ASSERT_EQUAL(n, 100);

	expect_refused("serv=x", "unknown parameter 'serv': allowed are " KEYS);
	expect_refused("=x", "unknown parameter '': allowed are " KEYS);
	expect_refused("a\x01\xff=x", "unknown parameter 'a?\?': allowed are " KEYS);
	expect_refused("limit", "parameter limit needs a value: limit=...");
	expect_refused("limit=", "parameter limit needs a value: limit=...");
	expect_refused("limit=1,limit=2", "parameter limit is given twice");
	expect_refused("limit=0", "limit=0: must be a number from 1 to 100");
	expect_refused("limit=101", "limit=101: must be a number from 1 to 100");
	expect_refused("limit=-1", "limit=-1: must be a number from 1 to 100");
	expect_refused("limit=5x", "limit=5x: must be a number from 1 to 100");
	expect_refused("limit=99999999999999999999",
		"limit=99999999999999999999: must be a number from 1 to 100");
	memset(longest, ',', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	expect_refused(longest, "parameters longer than 511 characters");
}

#define CONNS 1500

static struct {
	struct fake *f;
	unsigned int found, per_worker[2];
	uint32_t last_port;
} t;

static void found(void *arg, unsigned int worker, const struct weir_conn *c, uint32_t now_tick)
{
	CU_ASSERT_EQUAL(now_tick, FAKE_NOW_TICK);
	t.found++;
	t.per_worker[worker]++;
	t.last_port = worker * 65536 + weir_be16(c->client.port_be);
}

static void ask_start(void)
{
	memset(&t, 0, sizeof(t));
	t.f = fake_new(2, 2, 2);
	fake_conns(t.f, 0, CONNS);
	fake_conns(t.f, 1, CONNS);
}

static void ask_stop(void)
{
	fake_work_stop(t.f);
	fake_free(t.f);
}

static struct weir_ask any(uint32_t limit)
{
	return (struct weir_ask){.service = WEIR_NONE16,
		.backend = WEIR_NONE16,
		.state = WEIR_NONE16,
		.limit = limit};
}

static unsigned int ask_all(struct weir_ask ask)
{
	unsigned int silent, rounds = 0;

	t.found = 0;
	while (ask.cursor != WEIR_ASK_END && rounds++ < 10000)
		CU_ASSERT_EQUAL(weir_ask(&t.f->view, &ask, found, NULL, &silent), 0);
	return t.found;
}

static void test_ask(void)
{
	struct weir_ask ask;
	unsigned int silent;

	ask_start();
	fake_work_start(t.f);
	CU_ASSERT_EQUAL(ask_all(any(40)), 2 * CONNS);
	CU_ASSERT_EQUAL(t.per_worker[0], CONNS);
	CU_ASSERT_EQUAL(ask_all(any(1000000)), 2 * CONNS);

	ask = any(100);
	ask.by_client = true;
	ask.client = weir_addr_v4(weir_be32(0xc6120003));
	CU_ASSERT_EQUAL(ask_all(ask), 2 * CONNS / 10);
	ask = any(7);
	ask.service = 1;
	ask.backend = 3;
	ask.state = WEIR_ESTABLISHED;
	CU_ASSERT_EQUAL(ask_all(ask), 2 * CONNS / 12);

	t.found = 0;
	ask = any(1);
	CU_ASSERT_EQUAL(weir_ask(&t.f->view, &ask, found, NULL, &silent), 0);
	CU_ASSERT_EQUAL(t.found, 1);
	CU_ASSERT_EQUAL(t.last_port, 0);
	CU_ASSERT_EQUAL(weir_ask(&t.f->view, &ask, found, NULL, &silent), 0);
	CU_ASSERT_EQUAL(t.found, 2);
	CU_ASSERT_EQUAL(t.last_port, 1);
	ask.cursor = UINT64_MAX - 1; /* nonsense from outside */
	CU_ASSERT_EQUAL(weir_ask(&t.f->view, &ask, found, NULL, &silent), 0);
	CU_ASSERT_EQUAL(ask.cursor, WEIR_ASK_END);

	ask_stop();
}

/* HC-52: a worker that is away. Who asked gives up; the late answer is not the next one's. */
static void test_ask_silent(void)
{
	struct weir_ask ask = any(10);
	unsigned int silent = 9;

	ask_start();
	CU_ASSERT_EQUAL(weir_ask(&t.f->view, &ask, found, NULL, &silent), -ETIMEDOUT);
	CU_ASSERT_EQUAL(silent, 0);
	CU_ASSERT_EQUAL(t.found, 0);
	CU_ASSERT_EQUAL(t.f->inquiry[0].state, WEIR_INQUIRY_ASKED);

	fake_work_start(t.f);
	ask = any(1000);
	ask.service = 0;
	ask.state = WEIR_CLOSED;
	CU_ASSERT_EQUAL(ask_all(ask), 0); /* the first question's answer would not be none */
	ask_stop();
}

static void test_balance(void)
{
	struct fake *f = fake_new(2, 1, 1);
	struct weir_counters *c = &f->counters[1];
	struct weir_balance b;

	c->port[0].rx_pkts = 1000;
	c->fate[WEIR_FATE_created] = 30;
	c->handed_in = 7;
	c->port[0].tx_pkts = 900;
	c->fate[WEIR_FATE_bad_cookie] = 50;
	c->fate[WEIR_FATE_tx_full] = 40;
	c->fate[WEIR_FATE_handshake_ack] = 20;
	c->fate[WEIR_FATE_to_client] = 12345; /* left: counted by tx */
	c->handed_out = 15;
	c->held = 12;
	b = weir_view_balance(&f->view, 1);
	CU_ASSERT_EQUAL(b.rx, 1000);
	CU_ASSERT_EQUAL(b.dropped, 90);
	CU_ASSERT_EQUAL(b.consumed, 20);
	CU_ASSERT_EQUAL(b.balance, 0);
	c->held = 13;
	CU_ASSERT_EQUAL(weir_view_balance(&f->view, 1).balance, -1);
	CU_ASSERT_EQUAL(weir_view_balance(&f->view, 0).balance, 0);
	CU_ASSERT_EQUAL(weir_view_fate(&f->view, WEIR_FATE_created), 30);
	fake_free(f);
}

static const struct unit_test tests[] = {
	{"parameters: what is taken and what is refused", test_params},
	{"questions: pages, filters, all workers", test_ask},
	{"HC-52 questions: a worker that is away", test_ask_silent},
	{"the packet balance", test_balance},
};

int main(void)
{
	return unit_main("ask", tests, sizeof(tests) / sizeof(tests[0]));
}
