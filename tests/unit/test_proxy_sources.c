// SPDX-License-Identifier: BSD-3-Clause
/*
 * The proxy and one address with many connections (HC-60).
 *
 * test_proxy_sources [PART]: the attack of many addresses has the PART-th part of its size, 16 by default.
 */
#include "modes.h"

static unsigned int part = 16;

/* A client at address and port; it has been answered by a SYN-ACK. */
static struct talk asking(struct shell *s, unsigned int service, uint32_t addr, uint16_t port)
{
	struct talk t;

	talk_init(&t, s, service, 1);
	t.client = addr;
	t.port = port;
	talk_syn(&t);
	return t;
}

static unsigned int open_one(struct shell *s, unsigned int service, uint32_t addr, uint16_t port)
{
	struct talk t = asking(s, service, addr, port);
	struct segment g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	unsigned int fate = talk_put(&t, WEIR_CLIENT, &g);

	shell_clear(s);
	return fate;
}

#define ADDR 0xc6336401u /* 198.51.100.1 */

static void capped(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct talk t[4];
	struct shell *s;

	p->limits.source_connections = 4;
	p->limits.prefix_connections = 6;
	s = shell_open(p, SHELL_START_NS);
	for (uint16_t i = 0; i < 4; i++) {
		t[i] = asking(s, service, ADDR, (uint16_t)(2000 + i));
		talk_ack(&t[i]);
		talk_answer(&t[i]);
	}
	t[3] = asking(s, service, ADDR, 2004);
	for (unsigned int i = 0; i < 2; i++) { /* its retransmission gets the same answer */
		struct segment g = talk_segment(&t[3], WEIR_CLIENT, PSH, 100);

		IS(talk_put(&t[3], WEIR_CLIENT, &g), WEIR_FATE_source_limit);
		talk_hear_rst(&t[3], WEIR_CLIENT, t[3].expect[WEIR_CLIENT]);
	}
	IS(s->workers[0].px.counters.service[service].crowded, 2);
	IS(open_one(s, service, ADDR + 1, 2000), WEIR_FATE_handshake_ack);
	IS(open_one(s, service, ADDR + 2, 2000), WEIR_FATE_handshake_ack);
	IS(open_one(s, service, ADDR + 3, 2000), WEIR_FATE_prefix_limit);
	IS(open_one(s, service, ADDR + 256, 2000), WEIR_FATE_handshake_ack);
	talk_close(&t[0], WEIR_CLIENT); /* TIME_WAIT does not count */
	IS(open_one(s, service, ADDR, 2005), WEIR_FATE_handshake_ack);
	IS(open_one(s, service, ADDR, 2006), WEIR_FATE_source_limit);
	shell_close(s);
}

static void hc60(void)
{
	each_mode(capped);
}

/* The RSTs to those over the cap have a budget. */
static void budget(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	unsigned int told = 0;
	struct shell *s;

	p->limits.source_connections = 1;
	p->limits.reply_budget = 10;
	s = shell_open(p, SHELL_START_NS);
	for (uint16_t i = 0; i < 500; i++)
		told += open_one(s, SHELL_NAT, ADDR, (uint16_t)(2000 + i)) ==
			WEIR_FATE_source_limit;
	CU_ASSERT_TRUE(told >= 10 && told <= 20);
	IS(s->workers[0].px.counters.service[SHELL_NAT].crowded, 499);
	shell_close(s);
}

/* The caps change at once; what is open counts, whatever the caps were when it was opened. */
static void reload(void)
{
	struct weir_policy *p = shell_policy(1, 2), *wanted;
	struct shell *s = shell_open(p, SHELL_START_NS);

	for (uint16_t i = 0; i < 8; i++)
		IS(open_one(s, SHELL_NAT, ADDR, (uint16_t)(2000 + i)), WEIR_FATE_handshake_ack);
	wanted = shell_wanted(s->policy);
	wanted->limits.source_connections = 8;
	IS(shell_reload(s, wanted), WEIR_REFUSAL_NONE);
	IS(open_one(s, SHELL_NAT, ADDR, 3000), WEIR_FATE_source_limit);
	shell_close(s);
}

/* Opens all that the address can; returns how many that were. */
static unsigned int open_all(struct shell *s, uint32_t addr)
{
	unsigned int opened = 0;

	while (opened < 60000 &&
		open_one(s, SHELL_FULLNAT, addr, (uint16_t)(1024 + opened)) ==
			WEIR_FATE_handshake_ack)
		opened++;
	shell_tick(s);
	shell_clear(s);
	return opened;
}

/* Attacker number n, each of a prefix of its own. */
static uint32_t attacker(unsigned int n)
{
	return 0x0b000001 + n * 256;
}

/* How many of the attackers up to n are offenders by name, and how many others are. */
static unsigned int named(const struct shell *s, unsigned int n, unsigned int *others)
{
	const struct weir_crowd *c = &s->workers[0].px.crowd;
	struct weir_offender o;
	unsigned int found = 0;

	*others = 0;
	for (uint32_t i = 0; i < WEIR_OFFENDERS; i++) {
		uint32_t addr;

		if (!weir_crowd_offender(c, i, &o))
			continue;
		addr = weir_be32(o.addr.w[3]);
		if (addr >= attacker(1) && addr <= attacker(n))
			found++;
		else
			++*others;
	}
	return found;
}

/*
 * Row 1 of the attacks: one backend, one local address, the default limits. Each attacking address opens
 * all it can; after each, a newcomer asks.
 */
static void row_1(void)
{
	const unsigned int cap = 1024 / part, limit = 64512 / part;
	struct weir_policy *p = shell_policy(1, 1);
	unsigned int n, found, others;
	struct shell *s;

	p->limits.connections = limit;
	p->limits.source_connections = cap;
	p->limits.prefix_connections = 4 * cap;
	s = shell_open(p, SHELL_START_NS);
	for (n = 1; n < 2 * limit / cap; n++) {
		CU_ASSERT_TRUE(open_all(s, attacker(n)) <= cap);
		if (open_one(s, SHELL_FULLNAT, 0x0a630001 + n * 256, 5000) !=
			WEIR_FATE_handshake_ack)
			break;
	}
	found = named(s, n, &others);
	printf("  a newcomer is refused after %u attacking addresses; 10 %% of limit / cap: %.1f\n"
	       "  %u of them and %u other addresses are named as offenders\n",
		n, 0.1 * limit / cap, found, others);
	CU_ASSERT_TRUE(n > 0.1 * limit / cap);
	CU_ASSERT_TRUE(found >= n * 9 / 10);
	IS(others, 0);
	shell_close(s);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"HC-60 a cap of open connections for address and prefix", hc60},
		{"HC-60 refusals have a budget", budget},
		{"HC-60 caps change with a reload", reload},
		{"HC-60 addresses that it takes to keep a newcomer out", row_1},
	};

	part = argc > 1 ? (unsigned int)atoi(argv[1]) : part;
	return unit_main("proxy sources", tests, sizeof(tests) / sizeof(tests[0]));
}
