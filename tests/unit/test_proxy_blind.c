// SPDX-License-Identifier: BSD-3-Clause
/*
 * The proxy: what a blind sender needs that knows the four-tuple (HC-63, HC-64), counted. Windows are
 * 3 MB. Numbers are tried one by one around everything that the connection knows, and in strides between
 * these places: a hit there stands for as many as the stride. The odds of both numbers are multiplied.
 */
#include <stdio.h>
#include <string.h>

#include "modes.h"

#define WND    24000u /* << 7: 3 MB */
#define NEAR   40
#define STRIDE 65537u
#define REACH  (64u << 20)

/* Where the connection stands. */
enum stand {
	CONNECTING, /* the client has sent early data, the backend has not answered */
	HALF_OPEN,  /* its own SYN went to the backend, which has not answered */
	ANSWERED,   /* ... and has; the client's ACK has not come */
	OPEN,
	HALF_CLOSED_BY_CLIENT,
	HALF_CLOSED_BY_BACKEND,
	RESET_PENDING,
	STANDS
};

static void connect_early(struct talk *t)
{
	talk_syn(t);
	talk_ack(t);
	for (unsigned int i = 0; i < 8; i++) {
		struct segment g = talk_segment(t, WEIR_CLIENT, PSH, 100);

		IS(talk_put(t, WEIR_CLIENT, &g), WEIR_FATES);
		t->next[WEIR_CLIENT] += 100;
	}
}

/* SYN_RCVD: the next frame in the queue is the SYN or SYN-ACK of the other side, as it was said. */
static const struct shell_out *hear_syn(struct talk *t, enum weir_side said_by)
{
	const struct segment g = talk_syn_segment(t, said_by);
	const struct shell_out *out;

	IS(talk_put(t, said_by, &g),
		said_by == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
	out = shell_take(t->s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	t->expect[weir_other(said_by)] = out->seg.seq + 1;
	return out;
}

static void enter_queue(struct talk *t)
{
	const struct shell_out *out = hear_syn(t, WEIR_CLIENT);

	t->backend = out->nexthop;
	t->backend_addr = weir_be32(out->seg.dst.w[3]);
	t->local = weir_be32(out->seg.src.w[3]);
	t->local_port = weir_be16(out->seg.sport_be);
}

static struct shell *shell_of(enum stand stand)
{
	struct weir_policy *p = shell_policy(1, 2);

	for (uint32_t i = 0; i < p->n_services; i++)
		if (stand == HALF_OPEN || stand == ANSWERED)
			p->services[i].syn_cookies = WEIR_SYN_COOKIES_NEVER;
	return shell_open(p, SHELL_START_NS);
}

static void begin_half_open(struct talk *t, enum stand stand)
{
	t->offer[WEIR_BACKEND].ts = false;
	enter_queue(t);
	if (stand == ANSWERED)
		hear_syn(t, WEIR_BACKEND);
	IS(talk_state(t), WEIR_SYN_RCVD);
}

static void begin(struct talk *t, struct shell *s, unsigned int service, enum stand stand)
{
	talk_init(t, s, service, 1);
	t->offer[WEIR_CLIENT].ts = false;
	t->wnd[WEIR_CLIENT] = t->wnd[WEIR_BACKEND] = WND;
	if (stand == CONNECTING) {
		connect_early(t);
		return;
	}
	if (stand == HALF_OPEN || stand == ANSWERED) {
		begin_half_open(t, stand);
		return;
	}
	talk_open(t);
	for (unsigned int i = 0; i < 3; i++) {
		talk_say(t, WEIR_CLIENT, PSH, 1400);
		talk_say(t, WEIR_BACKEND, PSH, 1400);
	}
	talk_say(t, WEIR_CLIENT, ACK, 0);
	if (stand == HALF_CLOSED_BY_CLIENT || stand == HALF_CLOSED_BY_BACKEND) {
		enum weir_side closer = stand == HALF_CLOSED_BY_CLIENT ? WEIR_CLIENT : WEIR_BACKEND;

		talk_say(t, closer, FIN, 0);
		talk_say(t, weir_other(closer), ACK, 0);
	}
	if (stand == RESET_PENDING)
		talk_abort(t, WEIR_BACKEND);
}

static struct weir_conn *conn_of(const struct talk *t)
{
	return (struct weir_conn *)(uintptr_t)talk_conn(t);
}

/* All that a segment may change, but the place on the wheel. */
static void restore(struct weir_conn *c, const struct weir_conn *was)
{
	memcpy(c->track, was->track, sizeof(c->track));
	memcpy(c->max_wnd, was->max_wnd, sizeof(c->max_wnd));
	memcpy(c->fin_seq, was->fin_seq, sizeof(c->fin_seq));
	c->fin_sent = was->fin_sent;
	c->fin_acked = was->fin_acked;
	c->fin_noted = was->fin_noted;
	c->flags = was->flags;
}

/* One forged segment; true: the connection has ended, is about to, is another one or leaves its backend. */
static bool harms(struct talk *t, enum weir_side side, const struct segment *g)
{
	struct weir_conn *c = conn_of(t);
	const struct weir_conn was = *c;
	bool harm;

	talk_put(t, side, g);
	shell_clear(t->s);
	if (conn_of(t) != c || c->cookie != was.cookie)
		return true;
	harm = c->state != was.state || (c->flags & ~was.flags & WEIR_CONN_RST_PENDING) ||
		(~c->flags & was.flags & WEIR_CONN_KEYED_BACKEND);
	if (!harm)
		restore(c, &was);
	return harm;
}

/* A blind sender's choice of flags and length. */
struct weapon {
	uint8_t flags;
	uint16_t len;
};

static const struct weapon weapons[] = {
	{WEIR_TCP_RST, 0},
	{RST | ACK, 0},
	{WEIR_TCP_SYN, 0},
	{WEIR_TCP_SYN | ACK, 0},
	{FIN, 0},
	{FIN, 1400},
	{ACK, 0},
	{PSH, 1},
	{PSH, 1400},
};

/* What is tried, and where the connection is begun again after harm. */
struct trial {
	unsigned int service;
	enum stand stand;
	enum weir_side side;
	struct weapon weapon;
	struct talk t;
	uint32_t hit; /* a number that did harm */
};

static void renew(struct trial *r)
{
	if (r->t.s != NULL)
		shell_close(r->t.s);
	begin(&r->t, shell_of(r->stand), r->service, r->stand);
}

static bool try(struct trial *r, bool acks, uint32_t off, uint32_t seq_off)
{
	struct segment g = talk_segment(&r->t, r->side, r->weapon.flags, r->weapon.len);
	bool harm;

	g.seq += acks ? seq_off : off;
	g.ack += acks ? off : 0;
	harm = harms(&r->t, r->side, &g);
	if (harm) {
		r->hit = off;
		renew(r);
	}
	return harm;
}

/* How many of 2^32 sequence numbers (acks: acknowledgement numbers) do harm, the other being right. */
static double count(struct trial *r, bool acks, uint32_t seq_off)
{
	static const uint32_t places[] = {0, WND << 7, 0u - (WND << 7), 66000, 0u - 66000, 1400,
		0u - 1400, 4200, 0u - 4200, 0x80000000, 0u - 100, 0u - 200, 0u - 300, 0u - 400,
		0u - 500, 0u - 600, 0u - 700, 0u - 800};
	double n = 0;

	for (unsigned int p = 0; p < sizeof(places) / sizeof(places[0]); p++)
		for (int k = -NEAR; k <= NEAR; k++)
			n += try(r, acks, places[p] + (uint32_t)k, seq_off);
	for (uint32_t off = NEAR + 1; off < REACH; off += STRIDE) {
		n += try(r, acks, off, seq_off) * (double)STRIDE;
		n += try(r, acks, 0u - off, seq_off) * (double)STRIDE;
	}
	return n;
}

#define NUMBERS 4294967296.0 /* 2^32 */

/* How many packets a blind sender needs on average. */
static double packets(struct trial *r)
{
	double seqs = count(r, false, 0), acks;

	if (seqs == 0)
		return NUMBERS * NUMBERS;
	/* of a backend's first word the ACK counts (RFC 9293 §3.10.7.3), of any other RST the number */
	if (!(r->weapon.flags & WEIR_TCP_ACK) ||
		((r->weapon.flags & WEIR_TCP_RST) &&
			!(r->stand <= HALF_OPEN && r->side == WEIR_BACKEND)))
		return NUMBERS / seqs;
	acks = count(r, true, r->hit);
	return NUMBERS / seqs * (NUMBERS / (acks > 0 ? acks : 1));
}

/*
 * RFC 9293 §3.5: any SYN begins a simultaneous open. It has to come by the backend's port (HC-66), and ends
 * nothing: hc63_forged_syn().
 */
static bool is_simultaneous_open(const struct trial *r)
{
	return r->stand == HALF_OPEN && r->side == WEIR_BACKEND && r->weapon.flags == WEIR_TCP_SYN;
}

/* Every kind of segment, from either side, in every state: at least 2^31 packets. */
static void all_weapons(unsigned int service)
{
	for (enum stand stand = CONNECTING; stand < STANDS; stand++) {
		for (unsigned int i = 0; i < 2 * (sizeof(weapons) / sizeof(weapons[0])); i++) {
			struct trial r = {.service = service,
				.stand = stand,
				.side = i & 1,
				.weapon = weapons[i / 2]};
			double cost;

			if (is_simultaneous_open(&r))
				continue;
			renew(&r);
			cost = packets(&r);
			CU_ASSERT_TRUE(cost >= NUMBERS / 2);
			if (cost < NUMBERS / 2)
				printf("stand %u, side %u, flags %02x, %u bytes: %.0f packets\n",
					stand, r.side, r.weapon.flags, r.weapon.len, cost);
			shell_close(r.t.s);
		}
	}
}

static void hc63_weapons(void)
{
	each_mode(all_weapons);
}

/* A forged SYN of the backend in SYN_RCVD: the true SYN-ACK, which acknowledges the client's, counts. */
static void forged_syn(unsigned int service)
{
	struct shell *s = shell_of(HALF_OPEN);
	struct segment g;
	struct talk t;

	begin(&t, s, service, HALF_OPEN);
	g = talk_syn_segment(&t, WEIR_BACKEND);
	g.flags = WEIR_TCP_SYN;
	g.seq += 0x12345678;
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_to_client);
	shell_clear(s);
	hear_syn(&t, WEIR_BACKEND);
	g = talk_segment(&t, WEIR_CLIENT, ACK, 0);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
	IS(talk_state(&t), WEIR_ESTABLISHED);
	shell_clear(s);
	t.next[WEIR_BACKEND] = t.isn[WEIR_BACKEND] + 1;
	g = talk_segment(&t, WEIR_BACKEND, PSH, 100);
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_to_client);
	shell_clear(s);
	shell_close(s);
}

static void hc63_forged_syn(void)
{
	each_mode(forged_syn);
}

/* The count finds what there is: one number for a RST that is exact, one for a FIN, with 3 MB of ACKs. */
static void hc63_counts(void)
{
	struct trial r = {.service = SHELL_NAT, .stand = OPEN, .weapon = {WEIR_TCP_RST, 0}};

	renew(&r);
	CU_ASSERT_EQUAL(count(&r, false, 0), 1);
	r.stand = ANSWERED;
	renew(&r);
	CU_ASSERT_EQUAL(count(&r, false, 0), 1);
	r.stand = OPEN;
	renew(&r);
	r.weapon = (struct weapon){FIN, 0};
	r.side = WEIR_BACKEND;
	CU_ASSERT_EQUAL(count(&r, false, 0), 1);
	CU_ASSERT_TRUE(count(&r, true, 0) > 1e6);
	shell_close(r.t.s);
}

/* The forged segment of `side` is passed on; what is known of the connection is as before. */
static bool passes(struct talk *t, enum weir_side side, const struct segment *g)
{
	struct weir_conn *c = conn_of(t);
	const struct weir_conn was = *c;
	const unsigned int fate = talk_put(t, side, g);

	shell_clear(t->s);
	restore(c, &was);
	return fate == WEIR_FATE_to_backend || fate == WEIR_FATE_to_client;
}

/* How many packets it takes until one with data is passed on: 2^32 a number, tried in strides of 1021. */
static double packets_that_pass(uint16_t wnd)
{
	struct trial r = {.service = SHELL_NAT, .stand = OPEN};
	double seqs = 0, acks = 0;

	renew(&r);
	conn_of(&r.t)->isn_stale = 1; /* the backend has sent more than a window */
	conn_of(&r.t)->max_wnd[WEIR_CLIENT] = conn_of(&r.t)->max_wnd[WEIR_BACKEND] = wnd;
	conn_of(&r.t)->track[WEIR_CLIENT].max_end =
		conn_of(&r.t)->track[WEIR_CLIENT].end + ((uint32_t)wnd << 7);
	for (int k = -8000; k <= 8000; k++) {
		struct segment g = talk_segment(&r.t, WEIR_CLIENT, PSH, 1);
		struct segment h = g;

		g.seq += (uint32_t)(k * 1021);
		h.ack += (uint32_t)(k * 1021);
		seqs += passes(&r.t, WEIR_CLIENT, &g) * 1021.0;
		acks += passes(&r.t, WEIR_CLIENT, &h) * 1021.0;
	}
	shell_close(r.t.s);
	return NUMBERS / seqs * (NUMBERS / acks);
}

/*
 * What is left of HC-21, as at the ends themselves (RFC 5961 §5): data with both numbers in the window is
 * passed on and moves what is known. By turns with forged ACKs of it the window leaves the true numbers
 * after three that pass, and then the client's own segments are taken for old ones.
 */
static void hc21_by_turns(void)
{
	struct talk t;
	struct segment g;
	double wide, narrow;

	begin(&t, shell_usual(), SHELL_NAT, OPEN);
	for (unsigned int turn = 0; turn < 2; turn++) {
		g = talk_segment(&t, WEIR_CLIENT, PSH, 1);
		g.seq += (turn + 1) * (WND << 7);
		IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
		g = talk_segment(&t, WEIR_BACKEND, ACK, 0);
		g.ack += (turn + 1) * (WND << 7);
		IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_to_client);
		shell_clear(t.s);
		g = talk_segment(&t, WEIR_CLIENT, PSH, 100);
		IS(talk_put(&t, WEIR_CLIENT, &g),
			turn == 0 ? WEIR_FATE_to_backend : WEIR_FATE_out_of_window);
		shell_clear(t.s);
	}
	shell_close(t.s);
	wide = packets_that_pass(WND);
	narrow = packets_that_pass(502);
	CU_ASSERT_TRUE(wide > 900000 && wide < 1u << 21);
	CU_ASSERT_TRUE(narrow > 1u << 30);
	printf("\n3 MB: %.0f, 64 kB: %.0f packets for each that passes ", wide, narrow);
}

/*
 * A FIN ahead of a gap is recorded with the odds of data, 2^21 at such windows. Then a forged ACK of it
 * must have exactly its number.
 */
static void recorded(unsigned int service)
{
	for (enum weir_side side = WEIR_CLIENT; side <= WEIR_BACKEND; side++) {
		struct trial r = {
			.service = service, .stand = OPEN, .side = side, .weapon = {FIN, 0}};
		struct segment fin;
		unsigned int n = 0;

		renew(&r);
		fin = talk_segment(&r.t, side, FIN, 0);
		fin.seq += 100000;
		CU_ASSERT_FALSE(harms(&r.t, side, &fin));
		for (uint32_t off = 99000; off < 101000; off++) {
			struct segment ack = talk_segment(&r.t, weir_other(side), ACK, 0);

			talk_put(&r.t, side, &fin);
			ack.ack += off;
			if (harms(&r.t, weir_other(side), &ack)) {
				n++;
				IS(off, 100001);
				renew(&r);
			}
		}
		IS(n, 1);
		shell_close(r.t.s);
	}
}

static void hc64_recorded(void)
{
	each_mode(recorded);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-63 the count finds what it looks for", hc63_counts},
		{"HC-63 HC-64 blind packets, 4-tuple known: 2^31 at least", hc63_weapons},
		{"HC-63 SYN_RCVD: a forged SYN of the backend", hc63_forged_syn},
		{"HC-64 a recorded FIN and its forged ACK", hc64_recorded},
		{"HC-21 data and ACKs forged by turns", hc21_by_turns},
	};

	return unit_main("proxy blind", tests, sizeof(tests) / sizeof(tests[0]));
}
