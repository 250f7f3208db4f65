// SPDX-License-Identifier: BSD-3-Clause
/*
 * tcp/window against a twin that counts every byte in 64 bits from the beginning of the world, where
 * nothing wraps and the two ends count the same.
 */
#include <stdlib.h>

#include "tcp/window.h"
#include "unit.h"

/* Places in the two streams; stream s is what side s sends. */
struct twin {
	int64_t end[2], acked[2], max_end[2];
	int64_t max_wnd[2]; /* bytes that side s offered at most */
	unsigned int shift[2];
	/* how the places are counted on the wire */
	uint32_t zero[2];  /* the number that side s itself gives place 0 of its stream */
	uint32_t shown[2]; /* the number that the other side is shown for it */
};

struct twin_seg {
	enum weir_side side;
	int64_t seq, len, ack;
	uint16_t wnd;
	bool fin;
};

static int64_t reach(const struct twin *t, int side)
{
	return t->max_wnd[side] > 66000 ? t->max_wnd[side] : 66000;
}

/* van Rooij's four bounds, word by word; and the client acknowledges nothing before the beginning. */
static enum weir_window twin_check(const struct twin *t, const struct twin_seg *g)
{
	int s = g->side, o = 1 - s;
	int64_t oldest_ack = t->end[o] - reach(t, s);

	if (s == WEIR_CLIENT && oldest_ack < 0)
		oldest_ack = 0;

	if (g->seq > t->max_end[s])
		return WEIR_WINDOW_OUT;
	if (g->seq + g->len + g->fin < t->end[s] - reach(t, o))
		return WEIR_WINDOW_OUT;
	if (g->ack > t->end[o] || g->ack < oldest_ack)
		return WEIR_WINDOW_ACK;
	return WEIR_WINDOW_IN;
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void twin_update(struct twin *t, const struct twin_seg *g)
{
	int s = g->side, o = 1 - s;
	int64_t bytes = (int64_t)g->wnd << t->shift[s];

	if (g->len + g->fin > 0) /* what an empty segment skips was not sent yet */
		t->end[s] = max64(t->end[s], g->seq + g->len + g->fin);
	t->acked[o] = max64(t->acked[o], g->ack);
	t->max_end[o] = max64(t->max_end[o], g->ack + bytes);
	t->max_wnd[s] = max64(t->max_wnd[s], bytes);
}

static struct weir_seg on_wire(const struct twin *t, const struct twin_seg *g)
{
	return (struct weir_seg){
		.seq = t->zero[g->side] + (uint32_t)g->seq,
		.ack = t->shown[1 - g->side] + (uint32_t)g->ack,
		.payload_len = (uint16_t)g->len,
		.wnd = g->wnd,
		.flags = (uint8_t)(WEIR_TCP_ACK | (g->fin ? WEIR_TCP_FIN : 0)),
	};
}

static void begin(struct twin *t, struct weir_conn *c, uint64_t *seed)
{
	*t = (struct twin){0};
	*c = (struct weir_conn){.state = WEIR_ESTABLISHED};
	for (int s = 0; s < 2; s++) {
		uint16_t wnd = (uint16_t)unit_random(seed);

		/* often just below 2^32, so that it wraps soon */
		t->zero[s] = (uint32_t)unit_random(seed);
		if (unit_random(seed) & 1)
			t->zero[s] |= 0xffff0000;
		t->shown[s] = (uint32_t)unit_random(seed);
		t->shift[s] = (unsigned int)(unit_random(seed) % 15);
		t->max_wnd[s] = (int64_t)wnd << t->shift[s];
		t->max_end[1 - s] = wnd;
		c->seq_delta[s] = t->shown[s] - t->zero[s];
		c->max_wnd[s] = wnd;
	}
	c->cookie = t->shown[WEIR_BACKEND] - 1;
	c->wscale_client = t->shift[WEIR_CLIENT] & 0xf;
	c->wscale_backend = t->shift[WEIR_BACKEND] & 0xf;
	for (int s = 0; s < 2; s++) {
		uint32_t z = t->zero[s];

		c->track[s] = (struct weir_track){z, z, z + (uint32_t)t->max_end[s]};
	}
}

static int64_t near(uint64_t *seed, const int64_t *from, unsigned int n)
{
	static const int64_t off[] = {0, 1, -1, 66000, -66000, 65999, -65999, -66001, 1460, -1460};
	uint64_t r = unit_random(seed);
	int64_t at = from[r % n];

	if (r >> 8 & 1)
		return at + off[(r >> 16) % (sizeof(off) / sizeof(off[0]))];
	return at + (int64_t)(r >> 32) % 200000 - 100000;
}

static struct twin_seg random_seg(const struct twin *t, uint64_t *seed)
{
	struct twin_seg g = {.side = unit_random(seed) & 1};
	int o = 1 - g.side;
	int64_t seqs[] = {t->end[g.side], t->acked[g.side], t->max_end[g.side],
		t->end[g.side] - t->max_wnd[o]};
	int64_t acks[] = {t->end[o], t->acked[o], t->end[o] - t->max_wnd[g.side]};

	g.len = unit_random(seed) & 1 ? (int64_t)(unit_random(seed) % 1461) : 0;
	g.fin = unit_random(seed) % 16 == 0;
	g.seq = near(seed, seqs, 4);
	g.ack = near(seed, acks, 3);
	g.wnd = (uint16_t)unit_random(seed);
	return g;
}

static void compare(const struct twin *t, const struct weir_conn *c)
{
	for (int s = 0; s < 2; s++) {
		CU_ASSERT_EQUAL(c->track[s].end, t->zero[s] + (uint32_t)t->end[s]);
		CU_ASSERT_EQUAL(c->track[s].acked, t->zero[s] + (uint32_t)t->acked[s]);
		CU_ASSERT_EQUAL(c->track[s].max_end, t->zero[s] + (uint32_t)t->max_end[s]);
		CU_ASSERT_EQUAL((int64_t)c->max_wnd[s] << t->shift[s], t->max_wnd[s]);
	}
}

/* HC-21, HC-26 */
static void like_twin(void)
{
	unsigned int seen[3] = {0};
	uint64_t seed = 21;

	for (unsigned int run = 0; run < 400; run++) {
		struct twin t;
		struct weir_conn c;

		begin(&t, &c, &seed);
		for (unsigned int i = 0; i < 500; i++) {
			struct twin_seg g = random_seg(&t, &seed);
			struct weir_seg seg = on_wire(&t, &g);
			enum weir_window w = weir_window_check(&c, g.side, &seg);

			CU_ASSERT_EQUAL(w, twin_check(&t, &g));
			seen[w]++;
			if (w != WEIR_WINDOW_IN)
				continue;
			weir_window_update(&c, g.side, &seg);
			twin_update(&t, &g);
			compare(&t, &c);
		}
	}
	for (unsigned int w = 0; w < 3; w++)
		CU_ASSERT_TRUE(seen[w] > 1000);
}

/* HC-22 */
static enum weir_rst twin_rst(const struct twin *t, int s, int64_t seq)
{
	if (seq == t->acked[s] || seq == t->end[s])
		return WEIR_RST_EXACT;
	if (seq > t->acked[s] && seq <= max64(t->max_end[s], t->end[s]))
		return WEIR_RST_IN;
	return WEIR_RST_OUT;
}

static void rst_like_twin(void)
{
	unsigned int seen[3] = {0};
	uint64_t seed = 22;

	for (unsigned int run = 0; run < 2000; run++) {
		struct twin t;
		struct weir_conn c;

		begin(&t, &c, &seed);
		for (unsigned int i = 0; i < 50; i++) {
			struct twin_seg g = random_seg(&t, &seed);
			struct weir_seg seg = on_wire(&t, &g);
			enum weir_rst r = weir_window_rst(&c, g.side, seg.seq);

			CU_ASSERT_EQUAL(r, twin_rst(&t, g.side, g.seq));
			seen[r]++;
			if (twin_check(&t, &g) != WEIR_WINDOW_IN)
				continue;
			weir_window_update(&c, g.side, &seg);
			twin_update(&t, &g);
		}
	}
	for (unsigned int r = 0; r < 3; r++)
		CU_ASSERT_TRUE(seen[r] > 1000);
}

/* HC-25: one below the next number, with a byte or without, as long as nothing else is said. */
static void keep_alives(void)
{
	uint64_t seed = 25;

	for (unsigned int run = 0; run < 1000; run++) {
		struct twin t;
		struct weir_conn c;

		begin(&t, &c, &seed);
		for (unsigned int len = 0; len < 2; len++) {
			for (int s = 0; s < 2; s++) {
				struct twin_seg g = {.side = s,
					.seq = t.end[s] - 1,
					.len = (int64_t)len,
					.ack = t.end[1 - s]};
				struct weir_seg seg = on_wire(&t, &g);

				CU_ASSERT_EQUAL(weir_window_check(&c, s, &seg), WEIR_WINDOW_IN);
				weir_window_update(&c, s, &seg);
				CU_ASSERT_EQUAL(c.track[s].end, t.zero[s]);
			}
		}
	}
}

/* HC-21: a probe of a window that is shut may begin at its edge, not behind it (RFC 9293 §3.8.6.1). */
static void zero_window(void)
{
	uint64_t seed = 26;
	struct twin t;
	struct weir_conn c;

	begin(&t, &c, &seed);
	for (int s = 0; s < 2; s++) {
		for (int64_t off = 0; off < 2; off++) {
			struct twin_seg g = {.side = s, .seq = t.max_end[s] + off, .len = 1};
			struct weir_seg seg = on_wire(&t, &g);

			CU_ASSERT_EQUAL(weir_window_check(&c, s, &seg),
				off == 0 ? WEIR_WINDOW_IN : WEIR_WINDOW_OUT);
		}
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-21 HC-26 windows are like the twin's, over every wrap", like_twin},
		{"HC-22 RSTs are like the twin's", rst_like_twin},
		{"HC-25 keep-alives are in the window and move nothing", keep_alives},
		{"HC-21 a shut window's edge", zero_window},
	};

	return unit_main("window", tests, sizeof(tests) / sizeof(tests[0]));
}
