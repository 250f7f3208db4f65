// SPDX-License-Identifier: BSD-3-Clause
/* The proxy's retransmissions of SYN-ACKs (HC-07, HC-42): known clients in a flood, and what is answered. */
#include "modes.h"

#define CLIENTS   10000
#define CLIENT(i) (0x80000000u + (i)) /* 128.0.0.0/9, where the flood does not come from */

static struct shell *roomy(void)
{
	struct weir_policy *p = shell_policy(1, 2);

	p->limits.connections = 100000; /* the default */
	p->limits.syn_ack_ring = 1024;  /* the default */
	return shell_open(p, SHELL_START_NS);
}

/* n spoofed SYNs; the bytes that were answered by SYN-ACKs at once. */
static uint64_t flood(struct shell *s, unsigned int n, uint64_t *seed, uint64_t *spoofed)
{
	uint8_t frame[SEGMENT_FRAME_MAX];
	const struct shell_out *out;
	uint64_t answered = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct segment g = {
			.src = 0x01000000u + (uint32_t)(unit_random(seed) % 0x7e000000u),
			.sport = (uint16_t)(1 + unit_random(seed) % 65535),
			.dst = SHELL_VIP(SHELL_NAT),
			.dport = SHELL_VIP_PORT,
			.flags = WEIR_TCP_SYN,
			.ttl = 50,
			.seq = (uint32_t)unit_random(seed),
			.wnd = 1024,
			.src_mac = {2, 0, 0, 0, 0, 7}};
		size_t len = segment_frame(&g, frame);

		*spoofed += len;
		shell_in(s, frame, len, SHELL_CLIENTS);
		while ((out = shell_take(s)) != NULL)
			answered += out->len;
	}
	return answered;
}

/* Client i, at an address of its own. */
static struct talk client(struct shell *s, unsigned int i, uint16_t port)
{
	struct talk t;

	talk_init(&t, s, SHELL_NAT, i % 250);
	t.client = CLIENT(i);
	t.port = port;
	return t;
}

/* What synweir sends is heard: whose SYN-ACK comes again. */
static void hear(struct shell *s, bool *again)
{
	const struct shell_out *out;

	while ((out = shell_take(s)) != NULL) {
		const uint32_t i = weir_be32(out->seg.dst.w[3]) - CLIENT(0);

		if (i < CLIENTS)
			again[i] = true;
	}
}

/* A millisecond of a flood of 20 000 SYNs a second. */
static void flood_1_ms(struct shell *s, uint64_t *seed, bool *again)
{
	uint64_t spoofed;

	shell_wait_ms(s, 1);
	hear(s, again);
	flood(s, 20, seed, &spoofed);
}

/*
 * The final ACKs of all are lost in a flood, ten a millisecond, and the servers would speak first: how
 * many get no SYN-ACK again, and hang.
 */
static unsigned int hang(bool known)
{
	static bool again[CLIENTS];
	struct shell *s = roomy();
	unsigned int n = CLIENTS;
	uint64_t seed = 7;

	memset(again, 0, sizeof(again));
	for (unsigned int i = 0; known && i < CLIENTS; i++) {
		struct talk t = client(s, i, 1000);

		talk_open(&t);
		talk_close(&t, WEIR_CLIENT);
		shell_clear(s);
	}
	shell_wait_ms(s, 60000);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		struct talk t = client(s, i, 20000);

		talk_syn(&t);
		if (i % 10 == 9)
			flood_1_ms(s, &seed, again);
	}
	for (unsigned int ms = 0; ms < 1200; ms++)
		flood_1_ms(s, &seed, again);
	for (unsigned int i = 0; i < CLIENTS; i++)
		n -= again[i];
	printf("  of %u %s clients %u hang\n", CLIENTS, known ? "known" : "unknown", n);
	shell_close(s);
	return n;
}

static void hc07_known(void)
{
	CU_ASSERT_EQUAL(hang(true), 0);
	CU_ASSERT_TRUE(hang(false) >
		CLIENTS * 9 / 10); /* no memory for them: that is what a flood is */
}

/* Spoofed SYNs at that rate for 20 s: bytes answered per byte. */
static double amplification(unsigned int per_s)
{
	struct shell *s = roomy();
	uint64_t seed = 9, spoofed = 0, answered = 0;

	for (unsigned int ms = 0; ms < 20000; ms += 10) {
		const struct shell_out *out;

		if (per_s >= 100 || ms % (1000 / per_s) == 0)
			answered += flood(s, per_s >= 100 ? per_s / 100 : 1, &seed, &spoofed);
		shell_wait_ms(s, 10);
		while ((out = shell_take(s)) != NULL)
			answered += out->len;
	}
	shell_close(s);
	printf("  %u SYNs a second: %.2f bytes answered per byte\n", per_s,
		(double)answered / (double)spoofed);
	return (double)answered / (double)spoofed;
}

static void hc42_bytes(void)
{
	static const unsigned int rates[] = {20, 50, 100, 1000, 5000};

	for (unsigned int i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		CU_ASSERT_TRUE(amplification(rates[i]) <= 1.2);
}

/* A spoofed segment of that kind, from anywhere in a /24. Its bytes. */
static uint32_t spoof(struct shell *s, unsigned int kind, uint64_t *seed)
{
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct segment g = {.src = 0xcb007100u + (uint32_t)(unit_random(seed) % 256),
		.sport = (uint16_t)(1 + unit_random(seed) % 50000),
		.dst = SHELL_VIP(SHELL_NAT),
		.dport = kind == 1 ? 81 : SHELL_VIP_PORT,
		.flags = kind < 2 ? WEIR_TCP_SYN : WEIR_TCP_ACK,
		.ttl = 50,
		.wnd = 1024,
		.src_mac = {2, 0, 0, 0, 0, 7}};
	uint32_t len;

	if (kind == 3)
		len = segment_ping(g.src, g.dst, frame);
	else
		len = (uint32_t)segment_frame(&g, frame);
	shell_in(s, frame, len, SHELL_CLIENTS);
	return len;
}

/*
 * A victim's /24 is spoofed, 10 000 packets a second for ten seconds: SYNs, SYNs to a closed port, ACKs
 * (whose repetitions get RSTs) and pings. Bytes in and out, and packets that are not first SYN-ACKs.
 */
static void hc42_prefix(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct shell *s;
	uint64_t seed = 5, in = 0, out_bytes = 0, others = 0;

	p->limits.reply_budget = 4000; /* the defaults */
	p->limits.prefix_replies = 1000;
	p->limits.syn_ack_ring = 1024;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int ms = 0; ms < 10000; ms++) {
		const struct shell_out *out;

		for (unsigned int i = 0; i < 10; i++)
			in += spoof(s, i % 4, &seed);
		shell_wait_ms(s, 1);
		while ((out = shell_take(s)) != NULL) {
			out_bytes += out->len;
			others += !(out->seg.flags & WEIR_TCP_SYN);
		}
	}
	others += shell_events(s, WEIR_EVENT_syn_ack_resent);
	printf("  of %llu bytes %.2f are answered; %llu packets a second beside first SYN-ACKs\n",
		(unsigned long long)in, (double)out_bytes / (double)in,
		(unsigned long long)others / 10);
	CU_ASSERT_TRUE(out_bytes * 10 <= in * 12);
	CU_ASSERT_TRUE(others <= 10 * 1500);
	CU_ASSERT_TRUE(shell_fates(s, WEIR_FATE_prefix_budget) > 0);
	shell_close(s);
}

/*
 * What a prefix has used up is no credit of the others: SYNs of one /24, whose limit lets one SYN-ACK be
 * retransmitted, and then that of another host.
 */
static void hc42_resent(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	const struct shell_out *out;
	unsigned int again = 0;
	struct shell *s;
	struct talk t;

	p->limits.prefix_replies = 1;
	s = shell_open(p, SHELL_START_NS);
	for (unsigned int i = 0; i < 100; i++) {
		t = client(s, i, 1000);
		talk_syn(&t);
	}
	t = client(s, 5000, 1000);
	talk_syn(&t);
	shell_wait_ms(s, 1500);
	while ((out = shell_take(s)) != NULL)
		again += weir_be32(out->seg.dst.w[3]) == t.client;
	IS(again, 1);
	CU_ASSERT_TRUE(shell_events(s, WEIR_EVENT_syn_ack_withheld) > 90);
	shell_close(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-07 known clients keep their place in a flood", hc07_known},
		{"HC-42 bytes answered per spoofed byte", hc42_bytes},
		{"HC-42 answers to a prefix that is spoofed", hc42_prefix},
		{"HC-42 a prefix that has had its part uses up no credit", hc42_resent},
	};

	return unit_main("proxy known", tests, sizeof(tests) / sizeof(tests[0]));
}
