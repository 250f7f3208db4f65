// SPDX-License-Identifier: BSD-3-Clause
/* HC-20: a packet that may not go on is answered by ICMP time exceeded: what that looks like, and how often. */
#include "ip.h"
#include "modes.h"
#include "wire/icmp.h"
#include "wire/parse.h"

#define FROM 0xc6336401u /* the clients' interface has it: tests/lib/shell.c */

/* Byte for byte what a router would have said, whatever the segment's length. */
static void same_as_a_router(enum weir_family family)
{
	for (unsigned int len = 0; len <= 1400; len += 700) {
		struct segment s = {.family = family,
			.src = 0xcb007107,
			.dst = SHELL_VIP(0),
			.sport = 40000,
			.dport = 80,
			.seq = 0x10203040,
			.flags = PSH,
			.ttl = 1,
			.wnd = 500,
			.payload_len = (uint16_t)len};
		uint8_t f[SEGMENT_FRAME_MAX], expected[SEGMENT_FRAME_MAX];
		struct weir_frame frame = {.data = f, .room = sizeof(f)};
		const struct weir_addr from = ip_addr(family, FROM);
		struct weir_seg seg;
		size_t expected_len;

		segment_timestamps(&s, 1, 2);
		frame.len = frame.head_len = (uint16_t)segment_frame(&s, f);
		expected_len = segment_error(f, FROM, SEGMENT_EXPIRED, expected);
		CU_ASSERT_EQUAL_FATAL(weir_parse(&frame, &seg).parsed, WEIR_PARSED_TCP);
		weir_icmp_time_exceeded(&frame, &seg, &from);
		IS(frame.len, expected_len);
		IS(frame.head_len, expected_len);
		CU_ASSERT(frame.len <= WEIR_FRAME_ROOM);
		if (family == WEIR_FAMILY_IPV4) { /* the test's sender leaves DF to others */
			IS(ip_sum_right(f + IP_OFF), true);
			memcpy(f + 18, expected + 18, 4);
			memcpy(f + 24, expected + 24, 2);
		} else { /* and has a flow label */
			memcpy(f + 14, expected + 14, 4);
		}
		CU_ASSERT_EQUAL(memcmp(f + 12, expected + 12, expected_len - 12), 0);
	}
}

static void hc20_bytes(void)
{
	same_as_a_router(WEIR_FAMILY_IPV4);
	same_as_a_router(WEIR_FAMILY_IPV6);
}

/* A flood of SYNs with forged addresses, all expired: answered within the budget, and never longer than it should be. */
static void hc20_budget(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;
	struct segment g;
	struct talk t;

	p->services[SHELL_FULLNAT].syn_cookies = WEIR_SYN_COOKIES_NEVER;
	p->limits.reply_budget = 100;
	p->limits.prefix_replies = 10;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_FULLNAT, 1);
	g = talk_syn_segment(&t, WEIR_CLIENT);
	g.ttl = 1;
	for (unsigned int i = 0; i < 1000; i++) {
		g.src = 0xcb000000 + (i << 8) * 3;
		g.sport++;
		talk_put(&t, WEIR_CLIENT, &g);
	}
	CU_ASSERT(shell_fates(s, WEIR_FATE_time_exceeded) >= 40);
	CU_ASSERT(shell_fates(s, WEIR_FATE_time_exceeded) <= 160);
	IS(shell_fates(s, WEIR_FATE_time_exceeded) + shell_fates(s, WEIR_FATE_reply_budget), 1000);
	shell_wait_ms(s, 2000);
	for (unsigned int i = 0; i < 100; i++) { /* one prefix */
		g.src = 0xcb007101 + i;
		talk_put(&t, WEIR_CLIENT, &g);
	}
	CU_ASSERT(shell_fates(s, WEIR_FATE_prefix_budget) >= 100 - 15);
	IS(shell_conns(s), 0);
	while (shell_take(s) != NULL)
		;
	shell_close(s);
}

/* An interface without an address of its own: the VIP is what clients know, and backends know nothing of us. */
static void hc20_no_address(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct shell *s;
	struct segment g;
	struct talk t;

	p->interfaces[SHELL_CLIENTS].n_addrs = 0;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_NAT, 1);
	talk_open(&t);
	g = talk_segment(&t, WEIR_CLIENT, PSH, 10);
	g.ttl = 1;
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_time_exceeded);
	while (shell_take(s) != NULL)
		;
	shell_close(s);
	p = shell_policy(1, 1);
	p->interfaces[SHELL_BACKENDS].n_addrs = 0;
	s = shell_open(p, SHELL_START_NS);
	talk_init(&t, s, SHELL_NAT, 1);
	talk_open(&t);
	g = talk_segment(&t, WEIR_BACKEND, PSH, 10);
	g.ttl = 1;
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_ip_ttl);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-20 time exceeded: bytes", hc20_bytes},
		{"HC-20 time exceeded: within the limits of replies", hc20_budget},
		{"HC-20 time exceeded: from which address", hc20_no_address},
	};

	return unit_main("proxy-time-exceeded", tests, sizeof(tests) / sizeof(tests[0]));
}
