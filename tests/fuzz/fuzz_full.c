// SPDX-License-Identifier: BSD-3-Clause
/*
 * Everything is used up by those who finish the handshake: a table, local ports, a pool of held
 * packets, a ring of SYN-ACKs and budgets of a handful, and 48 clients with valid cookies. What must
 * hold beside what the shell looks at:
 *	- a client with a valid cookie gets a connection or an RST, silence only for want of budget;
 *	- it is refused for a full table or pool only when it is full;
 *	- what has ended makes room within a few ticks;
 *	- early data is dropped only when the pool or the connection's share of it is used up;
 *	- when all have fallen silent, a newcomer who tries every second is served within 30 s (HC-61).
 * fuzz_missed() says which kinds of "full" the inputs so far have not reached: replaying the corpus must
 * reach them all.
 *
 * Input: what is scarce (enum scarce), then steps: a byte what, a byte of detail.
 */
#include "base/seq.h"
#include "frame.h"
#include "fuzz.h"
#include "segment.h"
#include "shell.h"
#include "tcp/handshake.h"

#define CLIENTS   48
#define CALLS     64
#define STEPS_MAX 100
#define QUIET_MS  400000
#define SERVED_S  30 /* HC-61 */

enum scarce {
	TWO_WORKERS = 1,
	TABLE = 2,
	PORTS = 4,
	HELD = 8,
	RING = 16,
	REPLIES = 32,
	RATE = 64,
	ALONE = 128, /* one backend each */
};

enum step {
	OPEN,      /* SYN, ACK with the cookie */
	OPEN_MANY, /* the same by several */
	SAY,       /* early data, when the backend has not answered */
	ANSWER,
	ANSWER_ALL,
	REFUSE,
	CLOSE, /* by FINs of both sides */
	RESET, /* by the client */
	FLOOD, /* of SYNs whose senders never return */
	STRAY, /* ACKs of no connection */
	WAIT,
	STEPS
};

struct client {
	uint32_t addr, isn, next, expect;
	uint16_t port;
	unsigned int service;
	bool shown;         /* a cookie for this ISN */
	uint32_t heard_ack; /* the last acknowledgement number that it got */
	bool challenged;    /* ... by a bare ACK */
};

struct call {
	uint32_t addr, local, isn, next, expect;
	uint16_t local_port;
	bool asked, answered;
};

struct full {
	struct shell *s;
	struct client clients[CLIENTS];
	struct call calls[CALLS];
	unsigned int n_calls;
	uint32_t unknown; /* senders of SYNs so far */
};

/*
 * What was reached
 */

static const struct {
	bool is_event;
	unsigned int at;
} kinds[] = {
	{false, WEIR_FATE_table_full},
	{false, WEIR_FATE_no_local_port},
	{false, WEIR_FATE_source_rate},
	{false, WEIR_FATE_reply_budget},
	{false, WEIR_FATE_early_limit},
	{true, WEIR_EVENT_window_closed},
	{true, WEIR_EVENT_conn_recycled},
	{true, WEIR_EVENT_port_recycled},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool reached[KINDS];

static void note_reached(const struct shell *s)
{
	for (unsigned int i = 0; i < KINDS; i++)
		reached[i] |= kinds[i].is_event ? shell_events(s, kinds[i].at) != 0
						: shell_fates(s, kinds[i].at) != 0;
}

const char *fuzz_missed(void)
{
	for (unsigned int i = 0; i < KINDS; i++)
		if (!reached[i])
			return kinds[i].is_event ? weir_events[kinds[i].at].name
						 : weir_fates[kinds[i].at].name;
	return NULL;
}

/*
 * What comes out
 */

static struct call *call_at(struct full *f, const struct weir_seg *seg)
{
	for (unsigned int i = 0; i < CALLS; i++) {
		struct call *c = &f->calls[i];

		if (c->asked && c->addr == weir_be32(seg->dst.w[3]) &&
			c->local == weir_be32(seg->src.w[3]) &&
			c->local_port == weir_be16(seg->sport_be))
			return c;
	}
	return NULL;
}

static uint32_t seq_len(const struct weir_seg *seg)
{
	return seg->payload_len + ((seg->flags & (WEIR_TCP_FIN | WEIR_TCP_SYN)) != 0);
}

static void to_backend(struct full *f, const struct weir_seg *seg)
{
	struct call *c = call_at(f, seg);

	if (seg->flags & WEIR_TCP_SYN) {
		if (c == NULL)
			c = &f->calls[f->n_calls++ % CALLS];
		*c = (struct call){.addr = weir_be32(seg->dst.w[3]),
			.local = weir_be32(seg->src.w[3]),
			.local_port = weir_be16(seg->sport_be),
			.isn = 0x7000000u * f->n_calls,
			.next = 0x7000000u * f->n_calls + 1,
			.expect = seg->seq + 1,
			.asked = true};
	} else if (c != NULL && seg->flags & WEIR_TCP_RST) {
		c->asked = false;
	} else if (c != NULL && seg->seq == c->expect) {
		c->expect += seq_len(seg);
	}
}

static void to_client(struct client *c, const struct weir_seg *seg)
{
	c->challenged = seg->flags == WEIR_TCP_ACK;
	c->heard_ack = seg->ack;
	if (seg->flags & WEIR_TCP_SYN && seg->ack == c->isn + 1) {
		c->shown = true;
		c->expect = seg->seq + 1;
	} else if (seg->flags & WEIR_TCP_RST) {
		c->shown = false;
	} else if (seg->seq == c->expect) {
		c->expect += seq_len(seg);
	}
}

static void take(struct full *f)
{
	const struct shell_out *out;

	while ((out = shell_take(f->s)) != NULL) {
		const struct weir_seg *seg = &out->seg;

		if (out->send == WEIR_SEND_NEXTHOP) {
			to_backend(f, seg);
			continue;
		}
		for (unsigned int i = 0; i < CLIENTS; i++)
			if (weir_be32(seg->dst.w[3]) == f->clients[i].addr &&
				weir_be16(seg->dport_be) == f->clients[i].port)
				to_client(&f->clients[i], seg);
	}
	shell_clear(f->s);
}

/*
 * What goes in
 */

static unsigned int put(struct full *f, const struct segment *g, enum shell_port port)
{
	uint8_t frame[SEGMENT_FRAME_MAX];
	size_t len = segment_frame(g, frame);
	unsigned int fate = shell_in(f->s, frame, len, port);

	take(f);
	return fate;
}

static unsigned int client_says(struct full *f, struct client *c, uint8_t flags, unsigned int len)
{
	struct segment g = {
		.src = c->addr,
		.sport = c->port,
		.dst = SHELL_VIP(c->service),
		.dport = SHELL_VIP_PORT,
		.seq = c->next,
		.ack = c->expect,
		.flags = flags,
		.ttl = 64,
		.wnd = 1000,
		.payload_len = (uint16_t)len,
		.src_mac = {2, 0, 0, 0, 0xcc, 1},
	};

	if (flags & WEIR_TCP_SYN) {
		g.seq = c->isn;
		g.ack = 0;
		segment_mss(&g, 1460);
		c->next = c->isn + 1;
	}
	if (!(flags & WEIR_TCP_RST))
		c->next += len + ((flags & WEIR_TCP_FIN) != 0);
	return put(f, &g, SHELL_CLIENTS);
}

static void call_says(struct full *f, struct call *c, uint8_t flags)
{
	struct segment g = {
		.src = c->addr,
		.sport = SHELL_BACKEND_PORT,
		.dst = c->local,
		.dport = c->local_port,
		.seq = flags & WEIR_TCP_SYN ? c->isn : c->next,
		.ack = c->expect,
		.flags = flags,
		.ttl = 64,
		.wnd = 1000,
		.src_mac = {2, 0, 0, 0, 0xbb, 1},
	};

	if (flags & WEIR_TCP_SYN)
		segment_mss(&g, 1460);
	if (flags & WEIR_TCP_FIN)
		c->next++;
	put(f, &g, SHELL_BACKENDS);
}

/*
 * Steps
 */

static const struct weir_conn *conn_of(const struct full *f, const struct client *c)
{
	return shell_conn(f->s, c->service, c->addr, c->port);
}

static bool a_table_is_full(const struct shell *s)
{
	for (unsigned int w = 0; w < s->policy->n_workers; w++)
		if (s->workers[w].px.table.count == s->workers[w].px.table.capacity)
			return true;
	return false;
}

/* A fullnat service: some pool is full. A nat one: the client's own port leads to another connection. */
static bool a_pool_is_full(const struct shell *s, unsigned int service)
{
	for (unsigned int w = 0; w < s->policy->n_workers && service == SHELL_FULLNAT; w++)
		for (uint32_t i = 0; i < shell_pools(&s->workers[w].px); i++)
			if (s->workers[w].px.pools[i].in_use == s->workers[w].px.pools[i].count)
				return true;
	return service == SHELL_NAT;
}

/* A valid ACK is met with silence within the budget only, and never refused without need. */
static void check_opened(const struct full *f, const struct client *c, unsigned int fate)
{
	if (fate == WEIR_FATES) { /* held */
		FUZZ_MUST(conn_of(f, c) != NULL);
		return;
	}
	FUZZ_MUST(weir_fates[fate].class != WEIR_CLASS_DROP || fate == WEIR_FATE_reply_budget ||
		fate == WEIR_FATE_prefix_budget || fate == WEIR_FATE_challenge_limit);
	if (weir_fates[fate].class == WEIR_CLASS_CONSUME)
		FUZZ_MUST(conn_of(f, c) != NULL);
	if (fate == WEIR_FATE_table_full)
		FUZZ_MUST(a_table_is_full(f->s));
	if (fate == WEIR_FATE_no_local_port)
		FUZZ_MUST(a_pool_is_full(f->s, c->service));
}

/* What has ended does not stand in the way of others for longer than a few ticks. */
static void check_room(const struct shell *s)
{
	for (unsigned int w = 0; w < s->policy->n_workers; w++) {
		const struct weir_proxy *px = &s->workers[w].px;
		uint32_t ended = px->by_state[WEIR_CLOSED] + px->by_state[WEIR_TIME_WAIT];

		FUZZ_MUST(px->table.count < px->table.capacity || ended == 0);
		for (uint32_t i = 0; i < shell_pools(px); i++)
			FUZZ_MUST(px->pools[i].in_use < px->pools[i].count ||
				px->pools[i].yielding == 0);
	}
}

static void wait_ms(struct full *f, uint32_t ms)
{
	f->s->tick_ms = ms / 64 > 8 ? ms / 64 : 8;
	shell_wait_ms(f->s, ms);
	take(f);
	if (ms >= 8 * 8)
		check_room(f->s);
}

static void open_one(struct full *f, unsigned int k, unsigned int len)
{
	struct client *c = &f->clients[k % CLIENTS];
	const struct weir_conn *was = conn_of(f, c);
	unsigned int fate;

	c->isn += 0x00100000u;
	c->shown = c->challenged = false;
	if (client_says(f, c, WEIR_TCP_SYN, 0) == WEIR_FATE_challenge_limit) {
		wait_ms(f, 600);
		client_says(f, c, WEIR_TCP_SYN, 0);
	}
	if (!c->shown && c->challenged) { /* it knows nothing of the connection before (HC-63) */
		c->next = c->heard_ack;
		client_says(f, c, WEIR_TCP_RST, 0);
		client_says(f, c, WEIR_TCP_SYN, 0);
	}
	if (!c->shown)
		return;
	fate = client_says(f, c, WEIR_TCP_ACK, len);
	if (was == NULL && len == 0)
		check_opened(f, c, fate);
}

/* Early data has its limits: those of a service's part of the pool, and of the connection. */
static void say(struct full *f, unsigned int k, unsigned int len)
{
	struct client *c = &f->clients[k % CLIENTS];
	uint64_t dropped = shell_fates(f->s, WEIR_FATE_early_limit);
	const struct weir_conn *conn = conn_of(f, c);
	bool full = false;
	uint32_t pkts, bytes;

	for (unsigned int w = 0; w < f->s->policy->n_workers; w++) {
		const struct weir_held *h = &f->s->workers[w].px.held;

		for (uint32_t i = 0; i < f->s->policy->n_services; i++)
			full |= !weir_held_may(h, i);
		if (conn == NULL || conn < f->s->workers[w].px.table.conns ||
			conn >= f->s->workers[w].px.table.conns +
					f->s->workers[w].px.table.capacity)
			continue;
		weir_held_sum(h, weir_conn_held(conn), &pkts, &bytes);
		full |= pkts >= WEIR_HELD_PKTS_MAX || bytes + len > f->s->policy->limits.held_bytes;
	}
	client_says(f, c, WEIR_TCP_ACK | WEIR_TCP_PSH, len);
	if (shell_fates(f->s, WEIR_FATE_early_limit) > dropped)
		FUZZ_MUST(full);
}

static void answer(struct full *f, struct call *c)
{
	if (!c->asked || c->answered)
		return;
	c->answered = true;
	call_says(f, c, WEIR_TCP_SYN | WEIR_TCP_ACK);
}

static struct call *call_of(struct full *f, const struct client *c)
{
	const struct weir_conn *conn = conn_of(f, c);

	for (unsigned int i = 0; conn != NULL && i < CALLS; i++) {
		struct call *call = &f->calls[i];

		if (call->asked && call->local == weir_be32(conn->local.addr.w[3]) &&
			call->local_port == weir_be16(conn->local.port_be))
			return call;
	}
	return NULL;
}

static void close_one(struct full *f, struct client *c)
{
	struct call *call = call_of(f, c);

	if (call == NULL || !call->answered)
		return;
	client_says(f, c, WEIR_TCP_FIN | WEIR_TCP_ACK, 0);
	call_says(f, call, WEIR_TCP_FIN | WEIR_TCP_ACK);
	client_says(f, c, WEIR_TCP_ACK, 0);
}

/* Nobody knows these, and what they ask for is never finished. Those of ACKs are always the same. */
static void flood(struct full *f, unsigned int n, uint8_t flags)
{
	for (unsigned int i = 0; i < n; i++) {
		struct client nobody = {
			.addr = 0xc6120000u + i, .port = 1024, .next = 1, .expect = 1};

		if (flags & WEIR_TCP_SYN)
			nobody.addr = 0xc6130000u + f->unknown++;

		client_says(f, &nobody, flags, 0);
	}
}

static void wait(struct full *f, uint8_t detail)
{
	static const uint32_t ms[8] = {1, 64, 200, 1100, 3100, 15000, 64000, 130000};

	wait_ms(f, ms[detail & 7]);
}

static void step(struct full *f, enum step what, uint8_t detail)
{
	struct client *c = &f->clients[detail % CLIENTS];
	struct call *call = &f->calls[detail % CALLS];

	if (what == OPEN) {
		open_one(f, detail, detail & 64 ? 100 : 0);
	} else if (what == OPEN_MANY) {
		for (unsigned int i = 0; i < 16; i++)
			open_one(f, detail + i, 0);
	} else if (what == SAY) {
		say(f, detail, 1 + (detail >> 6) * 400u);
	} else if (what == ANSWER) {
		answer(f, call);
	} else if (what == ANSWER_ALL) {
		for (unsigned int i = 0; i < CALLS; i++)
			answer(f, &f->calls[i]);
	} else if (what == REFUSE) {
		if (call->asked)
			call_says(f, call, WEIR_TCP_RST | WEIR_TCP_ACK);
	} else if (what == CLOSE) {
		close_one(f, c);
	} else if (what == RESET) {
		client_says(f, c, WEIR_TCP_RST, 0);
	} else if (what == FLOOD || what == STRAY) {
		flood(f, 1 + detail % 32, what == FLOOD ? WEIR_TCP_SYN : WEIR_TCP_ACK);
	} else {
		wait(f, detail);
	}
}

/*
 * Begin and end
 */

static struct weir_policy *scarce_policy(uint8_t scarce)
{
	struct weir_policy *p = shell_policy(scarce & TWO_WORKERS ? 2 : 1, scarce & ALONE ? 1 : 2);

	p->limits.connections = (scarce & TABLE ? 6 : 64) * p->n_workers;
	p->limits.held_packets = scarce & HELD ? 4 : 64;
	p->limits.syn_ack_ring = scarce & RING ? 4 : 64;
	p->limits.reply_budget = scarce & REPLIES ? 3 : 1000;
	p->limits.source_rate = scarce & RATE ? 1 : 0;
	for (unsigned int i = 0; i < p->n_services; i++) {
		p->services[i].timeouts.established_ms = 20000;
		p->services[i].timeouts.half_close_ms = 15000;
		p->services[i].timeouts.closing_ms = 10000;
	}
	return p;
}

static void begin(struct full *f, uint8_t scarce, uint64_t secret)
{
	struct weir_policy *p = scarce_policy(scarce);

	memcpy(shell_secret, &secret, sizeof(secret));
	f->s = shell_open(p, SHELL_START_NS);
	if (scarce & PORTS)
		shell_squeeze_ports(f->s, 3);
	for (unsigned int k = 0; k < CLIENTS; k++)
		f->clients[k] = (struct client){.addr = 0xcb007100u + k / 3,
			.port = (uint16_t)(40000 + k),
			.service = k % 2,
			.isn = 0x01000000u * k};
}

/* Nobody says a word but this client, who was never there before. */
static void newcomer(struct full *f, unsigned int k)
{
	struct client *c = &f->clients[k];

	c->addr = 0xcb0072c8u + k;
	for (unsigned int s = 0; conn_of(f, c) == NULL; s++) {
		FUZZ_MUST(s <= SERVED_S);
		open_one(f, k, 0);
		if (conn_of(f, c) == NULL)
			wait_ms(f, 1000);
	}
}

static void end(struct full *f)
{
	newcomer(f, SHELL_FULLNAT);
	newcomer(f, SHELL_NAT);
	f->s->tick_ms = 4000;
	for (uint64_t ms = 0; ms < QUIET_MS && shell_conns(f->s) > 0; ms += f->s->tick_ms)
		shell_wait_ms(f->s, f->s->tick_ms);
	take(f);
	FUZZ_MUST(shell_conns(f->s) == 0);
	shell_close(f->s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	struct full *f = calloc(1, sizeof(*f));

	begin(f, fuzz_u8(&in), fuzz_hash(data, size));
	for (unsigned int i = 0; i < STEPS_MAX && fuzz_left(&in) > 0; i++) {
		enum step what = (enum step)(fuzz_u8(&in) % STEPS);

		step(f, what, fuzz_u8(&in));
	}
	note_reached(f->s);
	end(f);
	free(f);
	return 0;
}
