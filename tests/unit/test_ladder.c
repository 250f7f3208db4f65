// SPDX-License-Identifier: BSD-3-Clause
/* explain/: ladders as text, and which connection a segment is of. */
#include "explain/ladders.h"
#include "flow/trace.h"
#include "unit.h"
#include "wire/hdr.h"

static char *text;
static size_t size;

static const struct weir_ladder_of of = {.client = "198.51.100.7:40000",
	.service = "web 192.0.2.80:80",
	.wall_ns = 1700000000123456000ull};

static struct weir_arrow arrow(uint8_t from, uint8_t to, uint8_t flags, uint32_t seq, uint32_t ack)
{
	return (struct weir_arrow){.time_ns = of.wall_ns,
		.from = from,
		.to = to,
		.flags = flags,
		.seq = seq,
		.ack = ack,
		.state = {"ESTABLISHED", "ESTABLISHED"}};
}

static void expect(const char *expected)
{
	if (strcmp(text, expected) != 0)
		printf("\nexpected:\n%sgot:\n%s", expected, text);
	CU_ASSERT_STRING_EQUAL(text, expected);
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
		CU_ASSERT(strcspn(line, "\n") <= 100);
	free(text);
}

/* clang-format off */
static const char golden[] =
"#7     0.000000 |-- SYN 0 ------------------>|                            |  ESTABLISHED ESTABLISHED\n"
"#7              | PSH 4294967280:1432 ack 1  |                            |\n"
"#7 86400.000001 |--------------------------->| held                       |  ESTABLISHED ESTABLISHED\n"
"#7 86400.000001 |-- PSH 4294967280:1432 ack 1 --------------------------->|  ESTABLISHED ESTABLISHED\n"
"#7     0.000000 |                  stray_rst |X- RST 1 -------------------|  ESTABLISHED ESTABLISHED\n"
"#7              | valid handshake, but the address's prefix has too many open connections: answered\n"
"#7              | with RST\n"
"#7     0.000000 |<- ICMP about 1 ------------|----------------------------|  ESTABLISHED ESTABLISHED\n";
/* clang-format on */

/* Numbers too long for a gap stand above their arrow; numbers wrap; the longest states fit 100 columns. */
static void test_long_numbers(void)
{
	struct weir_ladder l = {.out = open_memstream(&text, &size), .number = 7};
	struct weir_arrow a =
		arrow(WEIR_RAIL_CLIENT, WEIR_RAIL_SYNWEIR, WEIR_TCP_SYN, 0xfffffff0, 0);

	weir_ladder_draw(&l, &a);
	a = arrow(WEIR_RAIL_CLIENT, WEIR_RAIL_SYNWEIR, WEIR_TCP_ACK | WEIR_TCP_PSH, 0xffffffe0,
		0x80000000);
	a.time_ns += 86400000001000;
	a.payload_len = 1448;
	a.fate = "held";
	weir_ladder_draw(&l, &a);
	a.to = WEIR_RAIL_BACKEND;
	a.fate = NULL;
	weir_ladder_draw(&l, &a);
	a = arrow(WEIR_RAIL_BACKEND, WEIR_RAIL_SYNWEIR, WEIR_TCP_RST, 9, 0);
	a.ends = true;
	a.fate = "stray_rst";
	a.why = "valid handshake, but the address's prefix has too many open connections: answered "
		"with RST";
	weir_ladder_draw(&l, &a);
	a = arrow(WEIR_RAIL_BACKEND, WEIR_RAIL_CLIENT, 0, 0xffffffe0, 0);
	a.icmp = true;
	weir_ladder_draw(&l, &a);
	fclose(l.out);
	expect(golden);
}

/* A SYN of other numbers is another connection; the same one again is not. */
static void test_many(void)
{
	struct weir_ladders *s = weir_ladders_new(NULL, 2);
	struct weir_arrow a = arrow(WEIR_RAIL_CLIENT, WEIR_RAIL_SYNWEIR, WEIR_TCP_SYN, 100, 0);
	struct weir_ladder_of other = of;
	FILE *out;

	weir_ladders_draw(s, &of, &a);
	weir_ladders_draw(s, &of, &a);
	CU_ASSERT_EQUAL(weir_ladders_begun(s), 1);
	a = arrow(WEIR_RAIL_CLIENT, WEIR_RAIL_BACKEND, WEIR_TCP_ACK, 101, 1);
	a.state[0] = "TIME_WAIT";
	a.state[1] = "CLOSED";
	weir_ladders_draw(s, &of, &a);
	CU_ASSERT_EQUAL(weir_ladders_begun(s), 1);
	CU_ASSERT_EQUAL(weir_ladders_ended(s), 1);
	a = arrow(WEIR_RAIL_CLIENT, WEIR_RAIL_SYNWEIR, WEIR_TCP_SYN, 999, 0);
	weir_ladders_draw(s, &of, &a);
	CU_ASSERT_EQUAL(weir_ladders_begun(s), 2);
	CU_ASSERT_EQUAL(weir_ladders_ended(s), 1);
	other.service = "web 192.0.2.81:80";
	weir_ladders_draw(s, &other, &a);
	CU_ASSERT_EQUAL(weir_ladders_begun(s), 2);
	out = open_memstream(&text, &size);
	weir_ladders_print(s, out);
	fclose(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "#2 198.51.100.7:40000 > web 192.0.2.80:80, "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text,
		"\n1 segments of more than 2 connections are not drawn\n"));
	free(text);
	weir_ladders_free(s);
}

struct ends {
	uint8_t state, closer, fin_acked;
	const char *client, *backend;
};

/* RFC 9293 §3.3.2, figure 5: each end by itself. */
static void test_states(void)
{
	static const struct ends cases[] = {
		{WEIR_SYN_RCVD, 0, 0, "SYN_SENT", "SYN_RCVD"},
		{WEIR_SYN_SENT, 0, 0, "ESTABLISHED", "LISTEN"},
		{WEIR_HEADER_SENT, 0, 0, "ESTABLISHED", "ESTABLISHED"},
		{WEIR_ESTABLISHED, 0, 0, "ESTABLISHED", "ESTABLISHED"},
		{WEIR_FIN_WAIT_1, WEIR_CLIENT, 0, "FIN_WAIT_1", "ESTABLISHED"},
		{WEIR_FIN_WAIT_1, WEIR_BACKEND, 0, "ESTABLISHED", "FIN_WAIT_1"},
		{WEIR_FIN_WAIT_2, WEIR_CLIENT, 1, "FIN_WAIT_2", "CLOSE_WAIT"},
		{WEIR_CLOSING, WEIR_CLIENT, 0, "CLOSING", "CLOSING"},
		{WEIR_LAST_ACK, WEIR_CLIENT, 1, "FIN_WAIT_2", "LAST_ACK"},
		{WEIR_LAST_ACK, WEIR_BACKEND, 2, "LAST_ACK", "FIN_WAIT_2"},
		{WEIR_LAST_ACK, WEIR_CLIENT, 2, "CLOSING", "FIN_WAIT_2"},
		{WEIR_TIME_WAIT, WEIR_BACKEND, 3, "CLOSED", "TIME_WAIT"},
		{WEIR_CLOSED, 0, 0, "CLOSED", "CLOSED"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weir_conn c = {.state = cases[i].state};

		c.closer = cases[i].closer & 1;
		c.fin_acked = cases[i].fin_acked & 3;
		CU_ASSERT_STRING_EQUAL(weir_end_state_name(weir_end_state(&c, WEIR_CLIENT)),
			cases[i].client);
		CU_ASSERT_STRING_EQUAL(weir_end_state_name(weir_end_state(&c, WEIR_BACKEND)),
			cases[i].backend);
	}
}

static const struct unit_test tests[] = {
	{"numbers too long for a gap", test_long_numbers},
	{"many connections", test_many},
	{"states of both ends", test_states},
};

int main(void)
{
	return unit_main("ladder", tests, sizeof(tests) / sizeof(tests[0]));
}
