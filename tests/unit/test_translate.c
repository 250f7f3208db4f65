// SPDX-License-Identifier: BSD-3-Clause
/*
 * tcp/translate: random segments of random connections. What must come out is said field by field
 * and made into a frame from nothing, with both checksums summed up anew: the bytes must be the same.
 */
#include <stdlib.h>

#include "frame.h"
#include "segment.h"
#include "shell.h"
#include "tcp/translate.h"
#include "unit.h"

#define CLIENT      0xcb007105u /* 203.0.113.5 */
#define CLIENT_PORT 50123
#define LOCAL_PORT  31999

static struct weir_conn random_conn(uint64_t *seed)
{
	uint64_t r = unit_random(seed);
	struct weir_conn c = {
		.client = {weir_addr_v4(weir_be32(CLIENT)), weir_be16(CLIENT_PORT), SHELL_FULLNAT},
		.local = {weir_addr_v4(weir_be32(SHELL_LOCAL)), weir_be16(LOCAL_PORT), 0x8000},
		.state = WEIR_ESTABLISHED,
		.wscale_client = (uint8_t)(r % 15) & 0xf,
		.wscale_backend = (uint8_t)((r >> 8) % 15) & 0xf,
		.wscale_shown = (uint8_t)((r >> 16) % 15) & 0xf,
		.backend_unscaled = (r >> 24) % 8 == 0,
		.backend = 1,
	};

	for (int s = 0; s < 2; s++) {
		c.seq_delta[s] = (uint32_t)unit_random(seed);
		c.ts_delta[s] = (uint32_t)unit_random(seed);
	}
	if (r >> 32 & 1)
		c.flags |= WEIR_CONN_STRIP_SACK;
	if (c.backend_unscaled)
		c.wscale_backend = 0;
	if (r >> 33 & 1)
		c.wscale_shown = c.wscale_backend;
	return c;
}

/* Rounded down, and never more than fits. */
static uint16_t window_after(const struct weir_conn *c, enum weir_side side, uint16_t wnd)
{
	unsigned int own = side == WEIR_CLIENT ? c->wscale_client : c->wscale_backend;
	unsigned int shown = side == WEIR_BACKEND ? c->wscale_shown
		: c->backend_unscaled             ? 0
						  : c->wscale_client;
	uint64_t bytes = (uint64_t)wnd << own;
	uint64_t field = bytes >> shown;

	return field > 65535 ? 65535 : (uint16_t)field;
}

static void random_options(struct segment *in, struct segment *out, const struct weir_conn *c,
	enum weir_side side, uint64_t *seed)
{
	bool acks = in->flags & WEIR_TCP_ACK;
	uint32_t ack_add = 0u - c->seq_delta[1 - side];
	uint64_t r = unit_random(seed);
	bool ts_first = r & 1;

	for (unsigned int nops = r >> 8 & 3; nops > 0; nops--) {
		segment_nop(in);
		segment_nop(out);
	}
	for (unsigned int turn = 0; turn < 2; turn++) {
		if ((turn == 0) == ts_first && (r >> 16 & 3) != 0) {
			uint32_t val = (uint32_t)unit_random(seed),
				 ecr = (uint32_t)unit_random(seed);

			segment_timestamps(in, val, ecr);
			segment_timestamps(out, val + c->ts_delta[side],
				acks ? ecr - c->ts_delta[1 - side] : ecr);
		} else if ((turn == 0) != ts_first && (r >> 18 & 3) != 0) {
			unsigned int n = 1 + (r >> 20) % 3;
			uint32_t edges[6], moved[6];

			for (unsigned int i = 0; i < 2 * n; i++) {
				edges[i] = (uint32_t)unit_random(seed);
				moved[i] = edges[i] + ack_add;
			}
			if (in->opt_len + 2 + 8 * n > 30)
				n = 1;
			segment_sack(in, edges, n);
			if (side == WEIR_CLIENT && (c->flags & WEIR_CONN_STRIP_SACK))
				for (unsigned int i = 0; i < 2 + 8 * n; i++)
					segment_nop(out);
			else
				segment_sack(out, moved, n);
		}
		for (unsigned int nops = r >> (24 + 2 * turn) & 3; nops > 0 && in->opt_len < 24;
			nops--) {
			segment_nop(in);
			segment_nop(out);
		}
	}
}

static void random_segment(struct segment *in, struct segment *out, const struct weir_conn *c,
	enum weir_side side, uint64_t *seed)
{
	static const uint8_t flags[] = {WEIR_TCP_ACK, WEIR_TCP_ACK | WEIR_TCP_PSH,
		WEIR_TCP_ACK | WEIR_TCP_FIN, WEIR_TCP_RST, WEIR_TCP_RST | WEIR_TCP_ACK};
	uint64_t r = unit_random(seed);

	*in = (struct segment){.ttl = (uint8_t)(2 + r % 250),
		.src_mac = {2, 0, 0, 0, 0, 9},
		.seq = (uint32_t)unit_random(seed),
		.ack = (uint32_t)unit_random(seed),
		.wnd = (uint16_t)(r >> 8),
		.flags = flags[(r >> 24) % 5],
		.payload_len = (uint16_t)((r >> 32) % 1461),
		.offset = (uint32_t)(r >> 40)};
	*out = *in;
	out->ttl--;
	out->seq += c->seq_delta[side];
	if (in->flags & WEIR_TCP_ACK)
		out->ack -= c->seq_delta[1 - side];
	out->wnd = window_after(c, side, in->wnd);
	if (side == WEIR_CLIENT) {
		in->src = CLIENT, in->sport = CLIENT_PORT;
		in->dst = SHELL_VIP(SHELL_FULLNAT), in->dport = SHELL_VIP_PORT;
		out->src = SHELL_LOCAL, out->sport = LOCAL_PORT;
		out->dst = SHELL_BACKEND(SHELL_FULLNAT, 1), out->dport = SHELL_BACKEND_PORT;
	} else {
		in->src = SHELL_BACKEND(SHELL_FULLNAT, 1), in->sport = SHELL_BACKEND_PORT;
		in->dst = SHELL_LOCAL, in->dport = LOCAL_PORT;
		out->src = SHELL_VIP(SHELL_FULLNAT), out->sport = SHELL_VIP_PORT;
		out->dst = CLIENT, out->dport = CLIENT_PORT;
	}
	random_options(in, out, c, side, seed);
}

/* Translates the frame in a buffer of its size; what comes out is written back. */
static void translate(const struct weir_conn *c, const struct weir_policy *p, enum weir_side side,
	uint8_t *frame, size_t len)
{
	uint8_t *exact = malloc(len);
	struct weir_pkt pkt = {.frame.data = exact,
		.frame.len = (uint32_t)len,
		.frame.head_len = (uint16_t)len,
		.frame.room = (uint16_t)len,
		.frame.csum = WEIR_CSUM_GOOD};

	memcpy(exact, frame, len);
	CU_ASSERT_EQUAL(weir_pkt_parse(&pkt), WEIR_PARSED_TCP);
	weir_translate(c, p, side, &pkt);
	memcpy(frame, exact, len);
	free(exact);
}

/* HC-20 */
static void equals_rebuilt(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	uint64_t seed = 20;
	unsigned int odd = 0;

	for (unsigned int i = 0; i < 60000; i++) {
		uint8_t is[SEGMENT_FRAME_MAX], want[SEGMENT_FRAME_MAX];
		struct weir_conn c = random_conn(&seed);
		enum weir_side side = unit_random(&seed) & 1;
		struct segment in, out;
		size_t len;

		random_segment(&in, &out, &c, side, &seed);
		len = segment_frame(&in, is);
		odd += (in.opt_len & 1) != 0;
		CU_ASSERT_EQUAL(segment_frame(&out, want), len);
		translate(&c, p, side, is, len);
		CU_ASSERT_EQUAL(memcmp(is, want, len), 0);
	}
	CU_ASSERT_TRUE(odd > 1000);
	weir_policy_free(p);
}

/* HC-20: what was damaged on the way here arrives damaged, so that its receiver finds it out. */
static void wrong_stays_wrong(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	uint64_t seed = 23;

	for (unsigned int i = 0; i < 5000; i++) {
		uint8_t frame[SEGMENT_FRAME_MAX];
		struct weir_conn c = random_conn(&seed);
		enum weir_side side = unit_random(&seed) & 1;
		struct segment in, out;
		size_t len;

		random_segment(&in, &out, &c, side, &seed);
		len = segment_frame(&in, frame);
		frame[FRAME_TCP + 16] ^= 0x10;
		translate(&c, p, side, frame, len);
		CU_ASSERT_NOT_EQUAL(frame_tcp_sum(frame), 0xffff);
		CU_ASSERT_EQUAL(frame_ip_sum(frame), 0xffff);
	}
	weir_policy_free(p);
}

/* HC-03: for every pair of scales no end is shown more than the other offered, nor a unit less. */
static void windows(void)
{
	static const uint16_t fields[] = {0, 1, 2, 127, 128, 255, 1000, 32767, 32768, 65534, 65535};

	for (unsigned int own = 0; own <= 14; own++) {
		for (unsigned int shown = 0; shown <= 14; shown++) {
			struct weir_conn c = {.wscale_backend = own & 0xf,
				.wscale_shown = shown & 0xf,
				.wscale_client = own & 0xf,
				.backend_unscaled = shown == 0};

			for (unsigned int i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
				uint64_t offered = (uint64_t)fields[i] << own;
				uint64_t is =
					(uint64_t)weir_translate_window(&c, WEIR_BACKEND, fields[i])
					<< shown;

				CU_ASSERT_TRUE(is <= offered);
				CU_ASSERT_TRUE(offered - is < 1u << shown ||
					is == 65535ull << shown);
				is = weir_translate_window(&c, WEIR_CLIENT, fields[i]);
				if (!c.backend_unscaled)
					CU_ASSERT_EQUAL(is, fields[i]);
				if (c.backend_unscaled)
					CU_ASSERT_EQUAL(is, offered < 65535 ? offered : 65535);
			}
		}
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-20 translated equals rebuilt, both checksums", equals_rebuilt},
		{"HC-20 a wrong checksum stays wrong", wrong_stays_wrong},
		{"HC-03 windows are rounded down", windows},
	};

	return unit_main("translate", tests, sizeof(tests) / sizeof(tests[0]));
}
