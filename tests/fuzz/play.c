// SPDX-License-Identifier: BSD-3-Clause
#include "play.h"

#include "mend.h"

/* How far from right: small and large, around every limit that there is. */
static uint32_t distance(uint8_t pick)
{
	static const int32_t far[] = {0, 1, -1, 2, -2, 100, -100, 535, 536, 537, 1460, -1460, 14599,
		14600, 14601, 65535, 65999, 66001, -65999, -66001, 128000, -128000, 1 << 20,
		-(1 << 20), 1 << 24, -(1 << 24), 1 << 28, -(1 << 28)};

	return (uint32_t)far[pick % (sizeof(far) / sizeof(far[0]))];
}

static void client_syn(struct play *p, uint8_t detail)
{
	unsigned int k = detail & 3;
	struct world_client *c = &p->w->clients[k];
	struct segment g;

	if (detail & 8 && c->began) { /* another connection */
		c->isn += 0x00010000u + fuzz_u16(&p->in);
		c->next = c->end = c->isn + 1;
		c->restarted = true;
	}
	g = world_client_says(p->w, k, WEIR_TCP_SYN, detail & 128 ? 40 : 0);
	g.seq = c->isn;
	if (detail & 64)
		g.flags |= WEIR_TCP_ECE | WEIR_TCP_CWR;
	segment_mss(&g, detail & 128 ? 88 : 1460);
	if (detail & 16)
		segment_sack_ok(&g);
	if (detail & 4)
		segment_timestamps(&g, world_clock(p->w, g.sport), 0);
	if (detail & 32)
		segment_wscale(&g, fuzz_u8(&p->in) & 15);
	world_client_puts(p->w, k, &g);
}

/* The next thing said, by bits of detail: 2: FIN; 3: PSH; 4: data; 5: SACK; 6: two blocks; 7: odd place. */
static uint8_t flags_of(uint8_t detail)
{
	return (uint8_t)(WEIR_TCP_ACK | (detail & 4 ? WEIR_TCP_FIN : 0) |
		(detail & 8 ? WEIR_TCP_PSH : 0));
}

static unsigned int len_of(struct play *p, uint8_t detail)
{
	return detail & 16 ? fuzz_u8(&p->in) * 6u : 0;
}

/* Blocks at fixed distances from the acknowledgement: world_check.c knows them. */
static void add_sack(struct segment *g, bool two, bool odd)
{
	const uint32_t edges[4] = {g->ack + WORLD_SACK(0), g->ack + WORLD_SACK(1),
		g->ack + WORLD_SACK(2), g->ack + WORLD_SACK(3)};

	if (odd)
		segment_nop(g);
	segment_sack(g, edges, two ? 2 : 1);
}

static void client_says(struct play *p, uint8_t detail)
{
	struct world_client *c = &p->w->clients[detail & 3];
	struct segment g = world_client_says(p->w, detail & 3, flags_of(detail), len_of(p, detail));

	if (detail & 32)
		add_sack(&g, detail & 64, detail & 128);
	world_client_puts(p->w, detail & 3, &g);
	c->next += g.payload_len + ((g.flags & WEIR_TCP_FIN) != 0);
}

static void backend_says(struct play *p, struct world_call *c, uint8_t detail)
{
	struct segment g = world_call_says(p->w, c, flags_of(detail), len_of(p, detail));

	if (detail & 32)
		add_sack(&g, detail & 64, detail & 128);
	world_call_puts(p->w, c, &g);
	c->next += g.payload_len + ((g.flags & WEIR_TCP_FIN) != 0);
}

/* Wrong numbers, flags, window, TTL, options. */
static void make_wrong(struct play *p, struct segment *g)
{
	uint8_t flags = fuzz_u8(&p->in), bits = fuzz_u8(&p->in);

	g->seq += distance(fuzz_u8(&p->in));
	g->ack += distance(fuzz_u8(&p->in));
	g->flags = flags;
	g->payload_len = (uint16_t)(fuzz_u8(&p->in) * 6u);
	if (bits & 16)
		g->wnd = fuzz_u16(&p->in);
	if (bits & 32)
		g->ttl = fuzz_u8(&p->in) & 1;
	if (bits & 64)
		g->opt_len = 0;
	if (bits & 4)
		add_sack(g, bits & 1, bits & 2);
	if (bits & 128)
		g->dport++;
}

static void client_wrong(struct play *p, uint8_t detail)
{
	struct segment g = world_client_says(p->w, detail & 3, WEIR_TCP_ACK, 0);

	make_wrong(p, &g);
	world_client_puts(p->w, detail & 3, &g);
}

static void backend_wrong(struct play *p, struct world_call *c)
{
	struct segment g = world_call_says(p->w, c, WEIR_TCP_ACK, 0);

	make_wrong(p, &g);
	if (g.flags & WEIR_TCP_SYN) /* its space begins in one place */
		g.seq = c->isn;
	world_call_puts(p->w, c, &g);
}

static void client_guesses(struct play *p, uint8_t detail)
{
	struct segment g = world_client_says(p->w, detail & 3, WEIR_TCP_ACK, 0);

	g.ack = fuzz_u32(&p->in);
	if (detail & 4) {
		g.opt_len = 0;
		segment_timestamps(&g, 1, fuzz_u32(&p->in));
		p->w->odd_echoes = true;
	}
	world_client_puts(p->w, detail & 3, &g);
}

static void backend_answers(struct play *p, struct world_call *c, uint8_t detail)
{
	struct segment g = world_call_says(p->w, c, WEIR_TCP_SYN | WEIR_TCP_ACK, 0);

	g.seq = c->isn;
	g.ack = c->shown + 1;
	if (detail & 64)
		g.ack += distance(fuzz_u8(&p->in));
	segment_mss(&g, 1460);
	if (!(detail & 8))
		segment_sack_ok(&g);
	c->ts = !(detail & 4);
	if (c->ts)
		segment_timestamps(&g, world_clock(p->w, g.sport), c->tsecr);
	if (!(detail & 16))
		segment_wscale(&g, fuzz_u8(&p->in) & 15);
	world_call_puts(p->w, c, &g);
}

static void backend_odd(struct play *p, struct world_call *c, uint8_t flags, uint8_t detail)
{
	struct segment g = world_call_says(p->w, c, flags, 0);

	if (flags & WEIR_TCP_ACK && detail & 128)
		g.ack += distance(fuzz_u8(&p->in));
	world_call_puts(p->w, c, &g);
}

static void unreachable(struct play *p, const struct world_call *c, uint8_t detail)
{
	struct world_past past = {.client = WORLD_NOBODY, .port = SHELL_BACKENDS};

	past.len = (uint16_t)segment_unreachable(c->syn, c->addr, detail >> 4, past.frame);
	if (detail & 8) { /* some other segment's number */
		past.frame[FRAME_TCP + 8 + 24] ^= 1;
		fuzz_mend(past.frame, past.len);
	}
	world_put(p->w, &past);
}

static void wait(struct play *p, uint8_t detail)
{
	static const uint32_t ms[8] = {1, 10, 200, 1000, 3100, 15000, 33000, 130000};

	if (p->w->n_put > 0)
		world_run(p->w);
	p->together = 0;
	world_wait_ms(p->w, ms[detail & 7]);
}

/* The end of everything, or a piece of it (HC-54). */
static void drain(struct play *p, uint8_t detail)
{
	for (unsigned int i = 0; i < p->w->s->policy->n_workers; i++) {
		struct weir_proxy *px = &p->w->s->workers[i].px;

		if (detail & 1)
			weir_proxy_reset_all(px, 1 + (detail >> 1), p->w->s->now_ns);
		else
			weir_proxy_drain(px);
	}
	world_wait_ms(p->w, 1);
}

static void backend_step(struct play *p, enum step what, uint8_t detail)
{
	struct world_call *c = world_call(p->w, detail & 3);

	if (c == NULL)
		return;
	if (what == BACKEND_ANSWERS)
		backend_answers(p, c, detail);
	else if (what == BACKEND_SAYS)
		backend_says(p, c, detail);
	else if (what == BACKEND_RST)
		backend_odd(p, c, detail & 4 ? WEIR_TCP_RST : WEIR_TCP_RST | WEIR_TCP_ACK, detail);
	else if (what == BACKEND_WRONG)
		backend_wrong(p, c);
	else if (what == BACKEND_OLD_ACK)
		backend_odd(p, c, WEIR_TCP_ACK, 128);
	else if (what == UNREACHABLE)
		unreachable(p, c, detail);
}

void play_step(struct play *p, enum step what, uint8_t detail)
{
	struct segment g;

	if (what == CLIENT_SYN) {
		client_syn(p, detail);
	} else if (what == CLIENT_SAYS) {
		client_says(p, detail);
	} else if (what == CLIENT_RST) {
		g = world_client_says(p->w, detail & 3, WEIR_TCP_RST, 0);
		world_client_puts(p->w, detail & 3, &g);
	} else if (what == CLIENT_WRONG) {
		client_wrong(p, detail);
	} else if (what == CLIENT_GUESSES) {
		client_guesses(p, detail);
	} else if (what == REPLAY) {
		world_replay(p->w, detail % WORLD_HISTORY);
	} else if (what == WAIT) {
		wait(p, detail);
	} else if (what == TOGETHER) {
		p->together = 2 + detail % 8;
	} else if (what == WINDOW) {
		p->w->clients[detail & 3].wnd = (uint16_t)(fuzz_u8(&p->in) << 8 | (detail >> 4));
		if (detail & 4 && world_call(p->w, detail & 3) != NULL)
			world_call(p->w, detail & 3)->wnd = p->w->clients[detail & 3].wnd;
	} else if (what == DRAIN) {
		drain(p, detail);
	} else {
		backend_step(p, what, detail);
	}
}

void play_settle(struct play *p)
{
	if (p->together > 0)
		p->together--;
	if (p->together == 0 && p->w->n_put > 0)
		world_run(p->w);
}
