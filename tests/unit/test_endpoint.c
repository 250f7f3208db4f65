// SPDX-License-Identifier: BSD-3-Clause
/* flow/endpoint: the table of a policy's addresses and ports, and what a chosen set does to it. */
#include "flow/policy.h"
#include "unit.h"

static struct weir_addr v4(uint32_t host)
{
	return weir_addr_v4(weir_be32(host));
}

/* Steps from its home to the endpoint in slot i. */
static uint32_t steps_of(const struct weir_endpoints *t, uint32_t i)
{
	const struct weir_endpoint *e = &t->slots[i];

	return (i - weir_endpoint_slot(t, &e->addr, e->port_be)) & t->mask;
}

/* A quarter full at most, and each slot's reach is that of the farthest of its own, not more. */
static void check_load(const struct weir_endpoints *t)
{
	uint32_t used = 0, bad = 0, size = t->mask + 1;
	uint32_t *farthest = calloc(size, sizeof(*farthest));

	CU_ASSERT_PTR_NOT_NULL_FATAL(farthest);
	for (uint32_t i = 0; i < size; i++) {
		uint32_t steps, *home;

		CU_ASSERT_EQUAL(t->slots[i].taken, t->slots[i].kind != WEIR_ENDPOINT_NONE);
		if (!t->slots[i].taken)
			continue;
		used++;
		steps = steps_of(t, i);
		home = &farthest[(i - steps) & t->mask];
		*home = steps > *home ? steps : *home;
	}
	for (uint32_t i = 0; i < size; i++)
		bad += t->slots[i].reach != farthest[i];
	CU_ASSERT_EQUAL(size & t->mask, 0);
	CU_ASSERT(used * 4 <= size);
	CU_ASSERT_EQUAL(bad, 0);
	free(farthest);
}

static struct weir_policy *of_backends(uint32_t n, uint64_t secret)
{
	struct weir_policy *p = weir_policy_alloc(&(struct weir_policy_room){
		.services = 1, .listeners = 1, .backends = n, .members = 1, .nexthops = 1});
	const struct weir_addr vip = v4(0xc6336401);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->n_services = p->n_nexthops = p->n_interfaces = 1;
	p->n_backends = n;
	weir_policy_listen(p, 0, &vip, weir_be16(443));
	p->steer_secret = (struct weir_sipkey){secret, ~secret};
	return p;
}

/* As many as a power of two, in one subnet. */
static void endpoint_load(void)
{
	for (uint64_t secret = 0; secret < 8; secret++) {
		struct weir_policy *p = of_backends(512, secret);

		for (uint32_t i = 0; i < 512; i++) {
			p->backends[i].addr = v4(i);
			p->backends[i].port_be = weir_be16(80);
		}
		CU_ASSERT_EQUAL(weir_policy_finish(p), 0);
		check_load(&p->endpoints);
		weir_policy_free(p);
	}
}

/* Backends whose addresses and ports are in regular steps. */
static struct weir_policy *regular(uint32_t n, uint32_t addresses, uint32_t step, uint64_t secret)
{
	struct weir_policy *p = of_backends(n, secret);

	for (uint32_t i = 0; i < n; i++) {
		p->backends[i].addr = v4(0x0a000001 + i % addresses * step);
		p->backends[i].port_be = weir_be16((uint16_t)(80 + i / addresses));
	}
	return p;
}

static bool has_first_key(const struct weir_policy *p)
{
	static struct weir_endpoint slots[2];
	struct weir_endpoints t;

	weir_endpoints_begin(&t, slots, 2, &p->steer_secret, 0);
	return memcmp(t.key, p->endpoints.key, sizeof(t.key)) == 0;
}

/*
 * Addresses differ in one byte, or ports: whatever the key is, none is far from home, and that takes
 * other keys than the first one rarely, but it does.
 */
static void endpoint_regular_steps(void)
{
	static const uint32_t addresses[] = {200, 100, 20, 4, 1}, step[] = {1, 3, 16, 256, 65536};
	unsigned int n = 0, first = 0, far = 0;

	for (uint64_t secret = 0; secret < 64; secret++)
		for (unsigned int i = 0; i < 25; i++, n++) {
			struct weir_policy *p = regular(200, addresses[i / 5], step[i % 5], secret);

			CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
			first += has_first_key(p);
			far += weir_endpoints_reach(&p->endpoints) > WEIR_ENDPOINT_GOOD_REACH;
			weir_policy_free(p);
		}
	CU_ASSERT_EQUAL(far, 0);
	CU_ASSERT(first < n);
	CU_ASSERT(first > n * 9 / 10);
}

/* The hash that this table had before it was keyed. */
static uint32_t unkeyed_slot(const struct weir_addr *addr, uint16_t port_be, uint32_t size)
{
	const uint64_t factor = 0x9e3779b97f4a7c15ull;
	uint64_t x = (addr->q[0] * factor + addr->q[1]) ^ (uint64_t)port_be << 16;

	x *= 0xff51afd7ed558ccdull;
	return (uint32_t)((x ^ x >> 32) * factor >> (64 - __builtin_ctz(size)));
}

/* 4 000 backends that all had slot 0 for their home: the last of them was 3 999 steps away. */
static void endpoint_chosen(void)
{
	const uint32_t n = 4000, size = weir_endpoints_size(n + 2);
	struct weir_policy *p = of_backends(n, 0);
	uint64_t steps = 0;
	uint32_t host = 0x0a000000;

	for (uint32_t i = 0; i < n; i++) {
		struct weir_addr addr = v4(host);

		while (unkeyed_slot(&addr, weir_be16(80), size) != 0)
			addr = v4(++host);
		host++;
		p->backends[i].addr = addr;
		p->backends[i].port_be = weir_be16(80);
	}
	for (uint64_t secret = 1; secret <= 20; secret++) {
		uint32_t lost = 0;

		free(p->endpoints.slots);
		free(p->slots);
		free(p->syn_acks);
		free(p->answers);
		p->steer_secret = (struct weir_sipkey){secret, 1};
		CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
		CU_ASSERT_EQUAL(p->endpoints.mask + 1, size);
		CU_ASSERT(weir_endpoints_reach(&p->endpoints) <= WEIR_ENDPOINT_GOOD_REACH);
		for (uint32_t i = 0; i < size; i++)
			steps += p->endpoints.slots[i].taken ? steps_of(&p->endpoints, i) : 0;
		for (uint32_t i = 0; i < n; i++) {
			const struct weir_endpoint *e = weir_endpoint_find(&p->endpoints,
				&p->backends[i].addr, weir_be16(80));

			lost += e == NULL || e->kind != WEIR_ENDPOINT_BACKEND || e->index != i;
		}
		CU_ASSERT_EQUAL(lost, 0);
	}
	CU_ASSERT(steps < 20 * n / 2); /* on average less than half a step each */
	weir_policy_free(p);
}

/* Who knew the key could make a reach that its field does not hold: then all of the table is searched. */
static void endpoint_far(void)
{
	const uint32_t n = 400, size = weir_endpoints_size(n);
	struct weir_endpoint *slots = calloc(size, sizeof(*slots));
	const struct weir_sipkey secret = {1, 2};
	struct weir_endpoints t;
	uint32_t lost = 0, host = 0;
	struct weir_addr addr;

	CU_ASSERT_PTR_NOT_NULL_FATAL(slots);
	weir_endpoints_begin(&t, slots, size, &secret, 0);
	for (uint32_t i = 0; i < n; host++) {
		addr = v4(host);
		if (weir_endpoint_slot(&t, &addr, 0) != 7)
			continue;
		weir_endpoints_put(&t, &addr, 0, WEIR_ENDPOINT_BACKEND, (uint16_t)i++);
	}
	CU_ASSERT_EQUAL(weir_endpoints_reach(&t), WEIR_ENDPOINT_FAR);
	for (uint32_t i = 0, at = 0; at < host; at++) {
		const struct weir_endpoint *e;

		addr = v4(at);
		e = weir_endpoint_find(&t, &addr, 0);
		if (weir_endpoint_slot(&t, &addr, 0) == 7)
			lost += e == NULL || e->index != i++;
		else
			lost += e != NULL;
	}
	addr = v4(host);
	while (weir_endpoint_slot(&t, &addr, 0) != 7)
		addr = v4(++host);
	CU_ASSERT_EQUAL(lost, 0);
	CU_ASSERT_PTR_NULL(weir_endpoint_find(&t, &addr, 0));
	free(slots);
}

/* IPv6 addresses that differ in their upper bytes only, which products are prone to lose. */
static void endpoint_ipv6(void)
{
	struct weir_policy *p = of_backends(4096, 3);
	uint32_t lost = 0;

	for (uint32_t i = 0; i < p->n_backends; i++) {
		uint8_t *b = p->backends[i].addr.b;

		b[0] = 0x20;
		b[7] = (uint8_t)(i << 2);
		b[15] = (uint8_t)(i >> 6 << 2);
		p->backends[i].port_be = weir_be16(80);
	}
	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	CU_ASSERT(weir_endpoints_reach(&p->endpoints) <= WEIR_ENDPOINT_GOOD_REACH);
	for (uint32_t i = 0; i < p->n_backends; i++) {
		const struct weir_endpoint *e = weir_endpoint_find(&p->endpoints,
			&p->backends[i].addr, p->backends[i].port_be);

		lost += e == NULL || e->index != p->backends[i].key_id;
	}
	CU_ASSERT_EQUAL(lost, 0);
	weir_policy_free(p);
}

/* The last one that is put in has the place. */
static void endpoint_replaced(void)
{
	struct weir_endpoint slots[16];
	const struct weir_sipkey secret = {5, 6};
	const struct weir_addr addr = v4(1);
	struct weir_endpoints t;
	uint32_t used = 0;

	CU_ASSERT_EQUAL(weir_endpoints_size(3), 16);
	weir_endpoints_begin(&t, slots, 16, &secret, 0);
	weir_endpoints_put(&t, &addr, 0, WEIR_ENDPOINT_LOCAL, 1);
	weir_endpoints_put(&t, &addr, 0, WEIR_ENDPOINT_VIP, 2);
	weir_endpoints_put(&t, &addr, weir_be16(80), WEIR_ENDPOINT_LISTENER, 3);
	CU_ASSERT_EQUAL(weir_endpoint_find(&t, &addr, 0)->kind, WEIR_ENDPOINT_VIP);
	CU_ASSERT_EQUAL(weir_endpoint_find(&t, &addr, 0)->index, 2);
	CU_ASSERT_EQUAL(weir_endpoint_find(&t, &addr, weir_be16(80))->index, 3);
	CU_ASSERT_PTR_NULL(weir_endpoint_find(&t, &addr, weir_be16(81)));
	for (unsigned int i = 0; i < 16; i++)
		used += slots[i].taken;
	CU_ASSERT_EQUAL(used, 2);
	weir_endpoints_begin(&t, slots, 16, &secret, 1);
	CU_ASSERT_PTR_NULL(weir_endpoint_find(&t, &addr, 0));
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"endpoints are a quarter of the table", endpoint_load},
		{"endpoints in regular steps are near home", endpoint_regular_steps},
		{"endpoints chosen to collide do not", endpoint_chosen},
		{"endpoints very far from home are found", endpoint_far},
		{"endpoints of IPv6", endpoint_ipv6},
		{"endpoints replace each other", endpoint_replaced},
	};

	return unit_main("endpoint", tests, sizeof(tests) / sizeof(tests[0]));
}
