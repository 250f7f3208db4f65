// SPDX-License-Identifier: BSD-3-Clause
/* Limits of replies by themselves: prefixes, sharers, connections, and what their numbers say to an attacker. */
#include "tcp/replies.h"
#include "unit.h"
#include "wire/hdr.h"

#define SECOND  1000000000ull
#define START   (5000 * SECOND)
#define SHARERS 4

static void open_replies_of(struct weir_replies *r, struct weir_arena *a, uint32_t conns,
	uint32_t rate, uint32_t prefix_limit)
{
	const struct weir_sipkey key = {0x8f1a5d30c2b49e67, 0x1c6f0ea94b7d8253};

	*a = (struct weir_arena){.base = NULL};
	weir_replies_init(r, a, SHARERS, conns, &key, START);
	unit_arena_fill(a);
	weir_replies_init(r, a, SHARERS, conns, &key, START);
	weir_replies_limit(r, rate, prefix_limit);
}

static void open_replies(struct weir_replies *r, struct weir_arena *a, uint32_t rate,
	uint32_t prefix_limit)
{
	open_replies_of(r, a, 1000, rate, prefix_limit);
}

static struct weir_addr v4(uint32_t host_order)
{
	return weir_addr_v4(weir_be32(host_order));
}

/* How many of n answers to that address are given. */
static unsigned int given(struct weir_replies *r, const struct weir_addr *to, uint32_t sharer,
	uint64_t now_ns, unsigned int n, enum weir_fate *why)
{
	unsigned int yes = 0;

	while (n-- > 0)
		yes += weir_replies_take(r, WEIR_REPLY_UNKNOWN, sharer, to, now_ns, why);
	return yes;
}

/* HC-42: a /24 or /56 has so many a second, whatever its addresses; others are not concerned. */
static void prefixes(void)
{
	const struct weir_addr here = v4(0xcb007101), beside = v4(0xcb0071fe),
			       other = v4(0xcb007201);
	const struct weir_addr six = {.q = {weir_be32(0x20010db8), 1}};
	struct weir_addr six_beside = six;
	struct weir_replies r;
	struct weir_arena a;
	enum weir_fate why;
	unsigned int n;

	open_replies(&r, &a, 100000, 100);
	n = given(&r, &here, 0, START, 60, &why);
	n += given(&r, &beside, 1, START, 200, &why);
	CU_ASSERT_EQUAL(why, WEIR_FATE_prefix_budget);
	CU_ASSERT_TRUE(n >= 50 && n <= 150);
	CU_ASSERT_TRUE(given(&r, &other, 0, START, 1000, &why) >= 50);
	six_beside.b[7] = 0xff; /* of the same /56 */
	six_beside.b[15] = 0x77;
	n = given(&r, &six, 0, START, 40, &why) + given(&r, &six_beside, 0, START, 1000, &why);
	CU_ASSERT_TRUE(n >= 50 && n <= 150);
	/* an address that is proved has no limit, nor has any in the next second the last one's */
	CU_ASSERT_EQUAL(given(&r, NULL, 0, START, 500, &why), 500);
	CU_ASSERT_TRUE(given(&r, &here, 0, START + SECOND, 1000, &why) >= 50);
	weir_replies_limit(&r, 100000, 0);
	CU_ASSERT_EQUAL(given(&r, &here, 0, START + SECOND, 500, &why), 500);
	free(a.base);
}

/* HC-65: one sharer that asks without end leaves the others some, and gets nearly all if they want none. */
static void sharers(void)
{
	struct weir_replies r;
	struct weir_arena a;
	enum weir_fate why;
	unsigned int hostile = 0, others = 0, asked = 0;

	open_replies(&r, &a, 1000, 0);
	for (unsigned int ms = 0; ms < 20000; ms++) {
		const uint64_t now_ns = START + ms * (SECOND / 1000);

		hostile += given(&r, NULL, 0, now_ns, 100, &why);
		if (ms % 25 != 0)
			continue;
		others += given(&r, NULL, 1 + ms % 3, now_ns, 1, &why);
		asked++;
	}
	printf("  hostile %u, others %u of %u\n", hostile, others, asked);
	CU_ASSERT_EQUAL(others, asked);
	CU_ASSERT_TRUE(hostile > 20 * 1000 * 8 / 10);
	free(a.base);
}

/* RFC 5961 §7: a connection is challenged once in half a second, another one of its own accord. */
static void connections(void)
{
	struct weir_replies r;
	struct weir_arena a;
	enum weir_fate why;
	unsigned int n = 0;

	open_replies(&r, &a, 1000, 0);
	for (unsigned int ms = 0; ms < 10000; ms++)
		n += weir_replies_challenge(&r, 7, 0, NULL, START + ms * (SECOND / 1000), &why);
	CU_ASSERT_EQUAL(why, WEIR_FATE_challenge_limit);
	CU_ASSERT_TRUE(n >= 18 && n <= 20);
	CU_ASSERT_TRUE(weir_replies_challenge(&r, 8, 0, NULL, START + 10 * SECOND, &why));
	free(a.base);
}

/* However many there are: one's challenge says nothing of another's. */
static void many_connections(void)
{
	const uint32_t conns = 300000;
	struct weir_replies r;
	struct weir_arena a;
	enum weir_fate why;

	open_replies_of(&r, &a, conns, 1000, 0);
	CU_ASSERT_TRUE(weir_replies_challenge(&r, 7, 0, NULL, START, &why));
	for (uint32_t i = 7 + 65536; i < conns; i += 65536)
		CU_ASSERT_TRUE(weir_replies_challenge(&r, i, 0, NULL, START, &why));
	free(a.base);
}

/*
 * CVE-2016-5696: an attacker asks for more challenges than there are, about its own connections, and
 * counts. How many does it get in a second in which somebody else gets one, or not?
 */
static unsigned int counted(unsigned int own_prefixes, unsigned int second, bool other)
{
	struct weir_replies r;
	struct weir_arena a;
	enum weir_fate why;
	unsigned int n = 0;
	const struct weir_addr victim = v4(0x08080808);

	open_replies(&r, &a, 200, 50);
	if (other)
		weir_replies_challenge(&r, 999, 0, &victim, START + second * SECOND, &why);
	for (unsigned int i = 0; i < 900; i++) {
		const struct weir_addr own = v4(0xc6336400 + ((i % own_prefixes) << 8) + 9);

		n += weir_replies_challenge(&r, i, 0, &own, START + second * SECOND, &why);
	}
	free(a.base);
	return n;
}

/* From one prefix nothing of the others is seen; from many the number varies by itself. */
static void side_channel(void)
{
	unsigned int least = UINT32_MAX, most = 0;

	for (unsigned int second = 0; second < 100; second++) {
		unsigned int n = counted(20, second, false);

		CU_ASSERT_EQUAL(counted(1, second, true), counted(1, second, false));
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	printf("  of 200 on average an attacker with 20 prefixes counts %u to %u\n", least, most);
	CU_ASSERT_TRUE(least < 130 && most > 260);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-42 a prefix's limit", prefixes},
		{"HC-65 a sharer's part", sharers},
		{"HC-42 a connection's limit of challenges", connections},
		{"HC-42 two connections share no limit", many_connections},
		{"HC-42 the number of answers says nothing of others", side_channel},
	};

	return unit_main("replies", tests, sizeof(tests) / sizeof(tests[0]));
}
