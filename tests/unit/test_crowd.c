// SPDX-License-Identifier: BSD-3-Clause
/* flow/crowd: connections of each client address, and the worst offenders (HC-60). */
#include <stdlib.h>
#include <string.h>

#include "flow/addr_hash.h"
#include "flow/crowd.h"
#include "unit.h"

#define CONNS 10000

static const struct weir_sipkey key = {0x452821e638d01377, 0xbe5466cf34e90c6c};

static void *crowd_open(struct weir_crowd *c)
{
	struct weir_arena arena = {0};

	weir_crowd_init(c, &arena, CONNS, &key);
	arena.size = arena.used;
	arena.used = 0;
	arena.base = aligned_alloc(64, (arena.size + 63) / 64 * 64);
	memset(arena.base, 0, arena.size);
	weir_crowd_init(c, &arena, CONNS, &key);
	return arena.base;
}

static struct weir_addr v4(uint32_t addr)
{
	return weir_addr_v4(__builtin_bswap32(addr));
}

/* Never too low; all off again: all 0; too high for hardly anybody. */
static void counts(void)
{
	static struct weir_addr addr[CONNS];
	static uint16_t exact[4096];
	struct weir_crowd c;
	void *memory = crowd_open(&c);
	unsigned int high = 0;
	uint64_t seed = 1;

	for (unsigned int i = 0; i < CONNS; i++) {
		uint32_t n = (uint32_t)unit_random(&seed) % 4096;

		addr[i] = v4(0x0a000000 + n * 4099);
		exact[n]++;
		weir_crowd_take(&c, &addr[i]);
	}
	for (unsigned int n = 0; n < 4096; n++) {
		struct weir_addr a = v4(0x0a000000 + n * 4099);

		CU_ASSERT_TRUE(weir_crowd_now(&c, &a) >= exact[n]);
		high += weir_crowd_now(&c, &a) > exact[n] + 8u;
	}
	CU_ASSERT_TRUE(high < 8); /* 2 per 1000 */
	for (unsigned int i = 0; i < CONNS; i++)
		weir_crowd_give(&c, &addr[i]);
	for (unsigned int i = 0; i < c.lines * WEIR_CROWD_LINE; i++)
		CU_ASSERT_EQUAL(c.of_address[i] | c.of_prefix[i], 0);
	free(memory);
}

/* Full at the cap, for the address or for all of its prefix; others have room. */
static void caps(void)
{
	const struct weir_addr a = v4(0x0a000001), b = v4(0x0a0000fe), other = v4(0x0a000101);
	struct weir_crowd c;
	void *memory = crowd_open(&c);

	weir_crowd_cap(&c, 3, 5, 1);
	for (unsigned int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(weir_crowd_take(&c, &a), WEIR_CROWD_ROOM);
	CU_ASSERT_EQUAL(weir_crowd_take(&c, &a), WEIR_CROWD_ADDRESS_FULL);
	for (unsigned int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(weir_crowd_take(&c, &b), WEIR_CROWD_ROOM);
	CU_ASSERT_EQUAL(weir_crowd_take(&c, &b), WEIR_CROWD_PREFIX_FULL);
	CU_ASSERT_EQUAL(weir_crowd_take(&c, &other), WEIR_CROWD_ROOM);
	weir_crowd_give(&c, &a);
	CU_ASSERT_EQUAL(weir_crowd_take(&c, &a), WEIR_CROWD_ROOM);
	weir_crowd_cap(&c, 0, 0, 1);
	for (unsigned int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(weir_crowd_take(&c, &a), WEIR_CROWD_ROOM);
	weir_crowd_cap(&c, 1024, 0, 4);
	CU_ASSERT_EQUAL(c.address_cap, 256 + 3 * 16);
	CU_ASSERT_EQUAL(c.prefix_cap, 0);
	free(memory);
}

/* IPv6: /56, so one subscriber's many addresses are one prefix. */
static void prefixes(void)
{
	struct weir_addr a = {.b = {0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5}}, b = a, far = a;
	struct weir_crowd c;
	void *memory = crowd_open(&c);

	weir_crowd_cap(&c, 0, 1, 1);
	b.b[7] = 0xff;
	b.b[15] = 9;
	far.b[6] ^= 1;
	weir_crowd_take(&c, &a);
	CU_ASSERT_EQUAL(weir_crowd_take(&c, &b), WEIR_CROWD_PREFIX_FULL);
	CU_ASSERT_EQUAL(weir_crowd_take(&c, &far), WEIR_CROWD_ROOM);
	free(memory);
}

static uint64_t refused_of(const struct weir_crowd *c, const struct weir_addr *a)
{
	struct weir_offender o;

	for (uint32_t i = 0; i < WEIR_OFFENDERS; i++)
		if (weir_crowd_offender(c, i, &o) && weir_addr_eq(&o.addr, a))
			return o.refused + 1;
	return 0;
}

/* The worst stay, however many others are refused once. */
static void offenders(void)
{
	const struct weir_addr worst = v4(0x0a000001), many = v4(0x0b000001);
	struct weir_crowd c;
	void *memory = crowd_open(&c);

	weir_crowd_cap(&c, 8, 0, 1);
	for (unsigned int i = 0; i < 3; i++)
		weir_crowd_take(&c, &many);
	CU_ASSERT_EQUAL(refused_of(&c, &many), 1); /* a quarter of the cap, not refused */
	for (unsigned int i = 0; i < 108; i++)
		weir_crowd_take(&c, &worst);
	weir_crowd_cap(&c, 1, 0, 1);
	for (unsigned int i = 0; i < 10000; i++) {
		struct weir_addr a = v4(0x0c000000 + i);

		weir_crowd_take(&c, &a);
		weir_crowd_take(&c, &a);
	}
	CU_ASSERT_EQUAL(refused_of(&c, &worst), 101);
	free(memory);
}

/* What one host may choose from counts once: of an IPv6 address the upper half. */
static void hash_of_source(void)
{
	const struct weir_sipkey secret = {0x1234567890abcdef, 0xfedcba0987654321};
	struct weir_addr a = {.b = {0x20, 1, 0xd, 0xb8, [15] = 1}}, b = a, c = a;
	const struct weir_addr v4 = weir_addr_v4(0x017100cb), other = weir_addr_v4(0x027100cb);

	b.b[15] = 2;
	c.b[7] = 1;
	CU_ASSERT_EQUAL(weir_addr_hash(&secret, &a), weir_addr_hash(&secret, &b));
	CU_ASSERT_NOT_EQUAL(weir_addr_hash(&secret, &a), weir_addr_hash(&secret, &c));
	CU_ASSERT_NOT_EQUAL(weir_addr_hash(&secret, &v4), weir_addr_hash(&secret, &other));
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-60 a host of IPv6 counts once", hash_of_source},
		{"HC-60 never too low, and all off again", counts},
		{"HC-60 a cap for an address, and for its prefix", caps},
		{"HC-60 a prefix of IPv6 has 56 bits", prefixes},
		{"HC-60 the worst offenders by name", offenders},
	};

	return unit_main("crowd", tests, sizeof(tests) / sizeof(tests[0]));
}
