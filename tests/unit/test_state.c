// SPDX-License-Identifier: BSD-3-Clause
/*
 * tcp/state: the table against a twin that only knows whose FIN passed and whose was acknowledged,
 * and docs/states.md against the table. "unit-state FILE" fails when FILE says something else;
 * "unit-state --write FILE" makes it say what the table says.
 */
#include <stdio.h>
#include <string.h>

#include "tcp/state.h"
#include "unit.h"

static const char *page_path;

static const char head[] =
	"# States of a connection\n"
	"\n"
	"A connection is two TCP connections, client side and backend side, spliced "
	"into one. It has one state,\n"
	"which is named as RFC 9293 §3.3.2 names the state of the end that closed "
	"first, the *closer*; *other*\n"
	"is the other end. A row is about one end: its FIN passes, its FIN is "
	"acknowledged or cancelled, its RST is\n"
	"believed. A cell is the state after that; where it is empty nothing changes. This page "
	"is made from the table in\n"
	"`lib/tcp/state.c`; a test compares (`unit-state --write docs/states.md`).\n";

static enum weir_state after(enum weir_state s, enum weir_role role, enum weir_tcp_event e)
{
	return (enum weir_state)weir_transitions[s][role][e];
}

static void print_row(FILE *out, enum weir_state s, enum weir_role role)
{
	static const char *const names[WEIR_ROLES] = {"closer", "other"};
	bool same = memcmp(weir_transitions[s][WEIR_CLOSER], weir_transitions[s][WEIR_OTHER],
			    sizeof(weir_transitions[s][0])) == 0;

	if (same && role == WEIR_OTHER)
		return;
	fprintf(out, "| %s | %s |", weir_state_name(s), same ? "either" : names[role]);
	for (unsigned int e = 0; e < WEIR_TCP_EVENTS; e++) {
		enum weir_state to = after(s, role, e);

		fprintf(out, " %s |", to == s ? "" : weir_state_name(to));
	}
	fputc('\n', out);
}

static void print_page(FILE *out)
{
	fputs(head, out);
	fputs("\n| state | end |", out);
	for (unsigned int e = 0; e < WEIR_TCP_EVENTS; e++)
		fprintf(out, " %s |", weir_tcp_event_name(e));
	fputs("\n|---|---|", out);
	for (unsigned int e = 0; e < WEIR_TCP_EVENTS; e++)
		fputs("---|", out);
	fputc('\n', out);
	for (unsigned int s = 0; s < WEIR_STATES; s++)
		for (unsigned int r = 0; r < WEIR_ROLES; r++)
			print_row(out, s, r);
}

static void page(void)
{
	FILE *want = tmpfile(), *is = page_path ? fopen(page_path, "r") : NULL;
	char a[1024], b[1024];
	const char *x, *y;

	if (page_path == NULL)
		return; /* run by hand */
	CU_ASSERT_PTR_NOT_NULL_FATAL(want);
	CU_ASSERT_PTR_NOT_NULL_FATAL(is);
	print_page(want);
	rewind(want);
	do {
		x = fgets(a, sizeof(a), want);
		y = fgets(b, sizeof(b), is);
		CU_ASSERT_EQUAL(x == NULL, y == NULL);
		CU_ASSERT_TRUE(x == NULL || y == NULL || strcmp(a, b) == 0);
	} while (x != NULL && y != NULL);
	fclose(want);
	fclose(is);
}

/* All there is to know, without a table: RFC 9293 §3.6. */
struct twin {
	bool calm;                    /* a half-open entry: what opens it is the client's ACK */
	bool answered, headed, reset; /* headed: the PROXY header is not acknowledged */
	int closer;                   /* side, or -1 */
	bool sent[2], acked[2];
};

static enum weir_state twin_state(const struct twin *t)
{
	int n_acked = t->acked[0] + t->acked[1];

	if (t->reset)
		return WEIR_CLOSED;
	if (t->headed)
		return WEIR_HEADER_SENT;
	if (!t->answered)
		return t->calm ? WEIR_SYN_RCVD : WEIR_SYN_SENT;
	if (!t->sent[0] && !t->sent[1])
		return WEIR_ESTABLISHED;
	if (t->sent[0] && t->sent[1])
		return n_acked == 2 ? WEIR_TIME_WAIT : n_acked == 1 ? WEIR_LAST_ACK : WEIR_CLOSING;
	return t->acked[t->closer] ? WEIR_FIN_WAIT_2 : WEIR_FIN_WAIT_1;
}

/* Events as the conductor makes them: a FIN counts once, its acknowledgement once and after it. */
static bool twin_may(const struct twin *t, enum weir_side side, enum weir_tcp_event e)
{
	switch (e) {
	case WEIR_TCP_SYN_ACK:
		return t->calm || (!t->answered && !t->headed && !t->reset);
	case WEIR_TCP_ACKED:
		return t->calm && !t->answered && !t->headed && !t->reset;
	case WEIR_TCP_HEADER:
		return !t->answered && !t->headed && !t->reset;
	case WEIR_TCP_HEADER_ACKED:
		return t->headed && !t->reset;
	case WEIR_TCP_FIN_SENT:
		return t->answered && !t->sent[side];
	case WEIR_TCP_FIN_ACKED:
	case WEIR_TCP_FIN_CANCELLED:
		return t->sent[side] && !t->acked[side];
	case WEIR_TCP_RESET:
		return true;
	case WEIR_TCP_EVENTS:
		break;
	}
	return false;
}

static void twin_step(struct twin *t, enum weir_side side, enum weir_tcp_event e)
{
	t->answered |=
		e == WEIR_TCP_HEADER_ACKED || e == (t->calm ? WEIR_TCP_ACKED : WEIR_TCP_SYN_ACK);
	t->headed = e == WEIR_TCP_HEADER || (t->headed && e != WEIR_TCP_HEADER_ACKED);
	t->reset |= e == WEIR_TCP_RESET;
	if (e == WEIR_TCP_FIN_SENT && t->closer < 0)
		t->closer = side;
	t->sent[side] |= e == WEIR_TCP_FIN_SENT;
	t->acked[side] |= e == WEIR_TCP_FIN_ACKED;
	if (e != WEIR_TCP_FIN_CANCELLED)
		return;
	t->sent[side] = false;
	t->closer = t->sent[weir_other(side)] ? (int)weir_other(side) : -1;
}

/* HC-31: every order of FINs and acknowledgements of either side, with a RST now and then. */
static void every_order(void)
{
	unsigned int seen[WEIR_STATES] = {0};
	uint64_t seed = 31;

	for (unsigned int run = 0; run < 20000; run++) {
		struct twin t = {.calm = run & 1, .closer = -1};
		struct weir_conn c = {.state = t.calm ? WEIR_SYN_RCVD : WEIR_SYN_SENT};

		for (unsigned int i = 0; i < 40; i++) {
			uint64_t r = unit_random(&seed);
			enum weir_side side = r & 1 ? WEIR_BACKEND : WEIR_CLIENT;
			enum weir_tcp_event e = (r >> 8) % WEIR_TCP_EVENTS;

			if (!twin_may(&t, side, e) || (e == WEIR_TCP_RESET && r >> 32 & 0xf))
				continue;
			twin_step(&t, side, e);
			CU_ASSERT_EQUAL(weir_state_step(&c, side, e), twin_state(&t));
			CU_ASSERT_EQUAL(c.state, twin_state(&t));
			if (t.closer >= 0 && !t.reset)
				CU_ASSERT_EQUAL(c.closer, t.closer);
			seen[c.state]++;
		}
	}
	for (unsigned int s = 0; s < WEIR_STATES; s++)
		CU_ASSERT_TRUE(s < WEIR_ESTABLISHED || seen[s] > 0);
}

/* HC-31: the table has no way back from the end, and RST ends everything. */
static void ends(void)
{
	for (unsigned int s = 0; s < WEIR_STATES; s++) {
		for (unsigned int r = 0; r < WEIR_ROLES; r++) {
			CU_ASSERT_EQUAL(after(s, r, WEIR_TCP_RESET), WEIR_CLOSED);
			for (unsigned int e = 0; e < WEIR_TCP_EVENTS; e++) {
				CU_ASSERT_EQUAL(after(WEIR_CLOSED, r, e), WEIR_CLOSED);
				CU_ASSERT_TRUE(after(WEIR_TIME_WAIT, r, e) == WEIR_TIME_WAIT ||
					e == WEIR_TCP_RESET);
			}
		}
		CU_ASSERT_PTR_NOT_NULL(weir_state_name(s));
	}
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"HC-31 every order of FINs and their acknowledgements", every_order},
		{"HC-31 ends are ends", ends},
		{"docs/states.md says what the table says", page},
	};

	if (argc == 3 && strcmp(argv[1], "--write") == 0) {
		FILE *out = fopen(argv[2], "w");

		if (out == NULL) {
			perror(argv[2]);
			return 1;
		}
		print_page(out);
		return fclose(out) == 0 ? 0 : 1;
	}
	page_path = argc > 1 ? argv[1] : NULL;
	return unit_main("state", tests, sizeof(tests) / sizeof(tests[0]));
}
