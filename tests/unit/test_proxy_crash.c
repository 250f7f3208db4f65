// SPDX-License-Identifier: BSD-3-Clause
/*
 * The proxy after a crash (HC-08): clients of connections that it no longer knows, and a flood of ACKs.
 *
 * test_proxy_crash [PART]: the PART-th part, 8 by default, of 8 000 clients, a table of 100 000
 * connections, 1 million ACKs a second and the default reply budget of 4 000 a second.
 */
#include <stdlib.h>

#include "modes.h"

#define END_MS   12000
#define LIMIT_MS 3000 /* after its second segment, a client must have been told */

static unsigned int clients, conns, flood_per_ms, budget;

static void size(unsigned int part)
{
	clients = 8000 / part;
	conns = 100000 / part;
	flood_per_ms = 1000 / part;
	budget = 4000 / part;
}

struct client {
	struct segment g;
	uint32_t next_ms, rto_ms, second_ms, told_ms;
	unsigned int sent;
};

static uint32_t anywhere(uint64_t *seed)
{
	return 0x01000000u + (uint32_t)(unit_random(seed) % 0x7e000000u);
}

static struct segment stray(uint64_t *seed)
{
	struct segment g = {.src = anywhere(seed),
		.sport = (uint16_t)(1 + unit_random(seed) % 65535),
		.dst = SHELL_VIP(SHELL_NAT),
		.dport = SHELL_VIP_PORT,
		.flags = ACK,
		.ttl = 50,
		.seq = (uint32_t)unit_random(seed),
		.ack = (uint32_t)unit_random(seed),
		.wnd = 1024,
		.src_mac = {2, 0, 0, 0, 0, 7}};

	return g;
}

/* Clients speak within the first second, and retransmit after 0.2 to 1 s, doubling. */
static struct client *begin(uint64_t *seed)
{
	struct client *c = calloc(clients, sizeof(*c));

	for (unsigned int i = 0; i < clients; i++) {
		c[i].g = stray(seed);
		c[i].g.flags = PSH;
		c[i].g.payload_len = 100;
		c[i].next_ms = (uint32_t)(unit_random(seed) % 1000);
		c[i].rto_ms = 200 + (uint32_t)(unit_random(seed) % 800);
	}
	return c;
}

static void speak(struct shell *s, struct client *c, uint32_t ms)
{
	uint8_t frame[SEGMENT_FRAME_MAX];

	if (c->told_ms != 0 || c->next_ms != ms)
		return;
	if (shell_in(s, frame, segment_frame(&c->g, frame), SHELL_CLIENTS) ==
		WEIR_FATE_refused_stray)
		c->told_ms = ms;
	c->second_ms = ++c->sent == 2 ? ms : c->second_ms;
	c->next_ms += c->rto_ms;
	c->rto_ms *= 2;
}

static void hc08_crash(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	uint8_t frame[SEGMENT_FRAME_MAX];
	unsigned int in_time = 0, told = 0;
	uint32_t latest_ms = 0;
	uint64_t seed = 80;
	struct client *c;
	struct shell *s;

	p->limits.connections = conns;
	p->limits.reply_budget = budget;
	s = shell_open(p, SHELL_START_NS);
	c = begin(&seed);
	for (uint32_t ms = 0; ms < END_MS; ms++) {
		for (unsigned int i = 0; i < clients; i++)
			speak(s, &c[i], ms);
		for (unsigned int i = 0; i < flood_per_ms; i++) {
			struct segment g = stray(&seed);

			shell_put(s, frame, segment_frame(&g, frame), SHELL_CLIENTS);
			if (i % 64 == 63)
				shell_run(s);
		}
		shell_run(s);
		shell_wait_ms(s, 1);
		shell_clear(s);
	}
	for (unsigned int i = 0; i < clients; i++) {
		uint32_t after = c[i].told_ms - c[i].second_ms;

		told += c[i].told_ms != 0;
		in_time += c[i].told_ms != 0 && after <= LIMIT_MS;
		latest_ms = c[i].told_ms != 0 && after > latest_ms ? after : latest_ms;
	}
	printf("  told by RST: %u of %u, %u within 3 s of their second segment, the last after %u "
	       "ms; "
	       "answers to the flood: %u\n",
		told, clients, in_time, latest_ms,
		(unsigned int)shell_fates(s, WEIR_FATE_refused_stray) - told);
	IS(in_time, clients);
	CU_ASSERT_TRUE(shell_fates(s, WEIR_FATE_refused_stray) - told < budget);
	free(c);
	shell_close(s);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"HC-08 after a crash, in a flood, each client is told", hc08_crash},
	};

	size(argc > 1 ? (unsigned int)atoi(argv[1]) : 8);
	return unit_main("proxy crash", tests, sizeof(tests) / sizeof(tests[0]));
}
