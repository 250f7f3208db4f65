// SPDX-License-Identifier: BSD-3-Clause
#include "world.h"

#include "base/seq.h"
#include "frame.h"
#include "fuzz.h"
#include "tcp/cookie.h"
#include "flow/pkt.h"

/* Longer than anything lives that nobody speaks of: idle, then closed, then forgotten. */
#define QUIET_MS      400000
#define QUIET_TICK_MS 4000

static void shape_policy(struct weir_policy *p, uint8_t knobs, uint64_t secret)
{
	if (knobs & WORLD_SMALL) {
		p->limits.connections = 3 * p->n_workers;
		p->limits.held_packets = 4;
		p->limits.syn_ack_ring = 4;
		p->limits.reply_budget = 3;
	}
	if (knobs & WORLD_NO_RING)
		p->limits.syn_ack_ring = 0;
	if (knobs & WORLD_NO_ROOM)
		p->limits.held_bytes = 536;
	memcpy(shell_secret, &secret, sizeof(secret));
	for (unsigned int i = 0; i < p->n_services; i++) {
		struct weir_service *s = &p->services[i];

		s->profile.timestamps = !(knobs & WORLD_NO_TIMESTAMPS);
		s->profile.sack = !(knobs & WORLD_NO_SACK);
		s->profile.ecn = knobs & WORLD_ECN;
		s->timeouts.established_ms = 20000;
		s->timeouts.half_close_ms = 15000;
		s->timeouts.closing_ms = 10000;
	}
}

struct world *world_open(uint8_t knobs, uint64_t secret)
{
	return world_open_with(knobs, secret, NULL);
}

struct world *world_open_with(uint8_t knobs, uint64_t secret, void (*change)(struct weir_policy *p))
{
	struct world *w = calloc(1, sizeof(*w));
	struct weir_policy *p;

	w->n_each = knobs & WORLD_ALONE ? 1 : 2;
	p = shell_policy(knobs & WORLD_TWO_WORKERS ? 2 : 1, w->n_each);
	shape_policy(p, knobs, secret);
	if (change != NULL)
		change(p);
	w->s = shell_open(p, SHELL_START_NS);
	for (unsigned int k = 0; k < WORLD_CLIENTS; k++) {
		struct world_client *c = &w->clients[k];

		c->addr = 0xcb00710a + k; /* 203.0.113.10 ... */
		c->port = (uint16_t)(40000 + k);
		c->service = k % 2;
		c->isn = 0x10000000u * (k + 1);
		c->next = c->end = c->isn + 1;
		c->wnd = 1000;
	}
	return w;
}

void world_quiet(struct world *w)
{
	if (w->n_put > 0)
		world_run(w);
	w->s->tick_ms = QUIET_TICK_MS;
	for (uint64_t ms = 0; ms < QUIET_MS && shell_conns(w->s) > 0; ms += QUIET_TICK_MS)
		shell_wait_ms(w->s, QUIET_TICK_MS);
	FUZZ_MUST(shell_conns(w->s) == 0);
}

void world_close(struct world *w)
{
	world_quiet(w);
	shell_close(w->s);
	free(w);
}

uint32_t world_clock(const struct world *w, uint16_t port)
{
	return (uint32_t)(w->s->now_ns / 1000000) + port * 65536u;
}

/* The option as everybody has it in every segment. */
static void stamp(const struct world *w, struct segment *g, uint32_t tsecr)
{
	segment_nop(g);
	segment_nop(g);
	segment_timestamps(g, world_clock(w, g->sport), tsecr);
}

struct segment world_client_says(const struct world *w, unsigned int client, uint8_t flags,
	unsigned int len)
{
	const struct world_client *c = &w->clients[client];
	struct segment g = {
		.src = c->addr,
		.sport = c->port,
		.dst = SHELL_VIP(c->service),
		.dport = SHELL_VIP_PORT,
		.seq = c->next,
		.ack = flags & WEIR_TCP_ACK ? c->expect : 0,
		.flags = flags,
		.ttl = 64,
		.wnd = c->wnd,
		.payload_len = (uint16_t)len,
		.src_mac = {2, 0, 0, 0, 0xcc, (uint8_t)client},
	};

	if (c->ts && !(flags & (WEIR_TCP_RST | WEIR_TCP_SYN)))
		stamp(w, &g, c->tsecr);
	return g;
}

struct segment world_call_says(const struct world *w, const struct world_call *c, uint8_t flags,
	unsigned int len)
{
	struct segment g = {
		.src = c->addr,
		.sport = c->port,
		.dst = c->local,
		.dport = c->local_port,
		.seq = c->next,
		.ack = flags & WEIR_TCP_ACK ? c->expect : 0,
		.flags = flags,
		.ttl = 64,
		.wnd = c->wnd,
		.payload_len = (uint16_t)len,
		.src_mac = {2, 0, 0, 0, 0xbb, 1},
	};

	if (c->ts && !(flags & (WEIR_TCP_RST | WEIR_TCP_SYN)))
		stamp(w, &g, c->tsecr);
	return g;
}

struct world_call *world_call(struct world *w, unsigned int n)
{
	if (n >= w->n_calls || n >= WORLD_CALLS)
		return NULL;
	return &w->calls[(w->n_calls - 1 - n) % WORLD_CALLS];
}

void world_put(struct world *w, const struct world_past *p)
{
	if (p->client != WORLD_NOBODY)
		w->clients[p->client].proved |= p->proof;
	w->proofs += p->proof;
	w->speaker = p->client;
	w->n_put++;
	shell_put(w->s, p->frame, p->len, (enum shell_port)p->port);
}

static void remember(struct world *w, const struct world_past *p)
{
	w->past[w->n_past++ % WORLD_HISTORY] = *p;
}

void world_replay(struct world *w, unsigned int n)
{
	if (n < w->n_past && n < WORLD_HISTORY)
		world_put(w, &w->past[(w->n_past - 1 - n) % WORLD_HISTORY]);
}

/* The sequence number after g. */
static uint32_t end_of(const struct segment *g)
{
	return g->seq + g->payload_len + ((g->flags & (WEIR_TCP_FIN | WEIR_TCP_SYN)) != 0);
}

static const struct world_cookie *cookie_of(const struct world_client *c, uint32_t cookie)
{
	for (uint32_t i = 0; i < c->n_cookies; i++)
		if (c->cookies[i].cookie == cookie)
			return &c->cookies[i];
	return NULL;
}

/* As made with those keys. */
static bool is_right(const struct weir_keys *k, const struct weir_seg *seg)
{
	struct weir_cookie cookie;
	uint64_t probe;

	return weir_cookie_check(k, &seg, &cookie, &probe, 1) != 0;
}

/*
 * The frame says a cookie that nobody made, and is right: odds of 2^-23, and there are millions of
 * guesses. With keys that have nothing to do with these as well it would be no luck.
 */
static bool is_lucky(const struct world *w, struct world_past *p)
{
	const struct weir_keys *k = &w->s->workers[0].px.keys;
	struct weir_pkt pkt = {
		.frame.data = p->frame, .frame.len = p->len, .frame.head_len = p->len};
	struct weir_keys other = *k;

	for (unsigned int i = 0; i < 2; i++)
		other.key[i] = (struct weir_sipkey){~k->key[i].k1, k->key[i].k0};
	if (weir_pkt_parse(&pkt) != WEIR_PARSED_TCP || !is_right(k, &pkt.seg))
		return false;
	FUZZ_MUST(!is_right(&other, &pkt.seg));
	return true;
}

void world_client_puts(struct world *w, unsigned int client, const struct segment *g)
{
	const uint8_t never = WEIR_TCP_SYN | WEIR_TCP_RST;
	struct world_client *c = &w->clients[client];
	struct segment said = *g;
	struct world_past p = {.client = (uint8_t)client, .port = SHELL_CLIENTS};
	bool ack = g->flags & WEIR_TCP_ACK && !(g->flags & never);

	said.offset = world_client_offset(client, g->seq);
	p.len = (uint16_t)segment_frame(&said, p.frame);
	p.proof = ack && cookie_of(c, g->ack - 1) != NULL;
	if (ack && !p.proof && is_lucky(w, &p))
		return;
	if ((g->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN)
		c->began = true;
	c->end = weir_seq_max(c->end, end_of(g));
	remember(w, &p);
	world_put(w, &p);
}

void world_call_puts(struct world *w, struct world_call *c, const struct segment *g)
{
	struct segment said = *g;
	struct world_past p = {.client = WORLD_NOBODY, .port = SHELL_BACKENDS};

	said.offset = world_backend_offset(c->backend, g->seq);
	p.len = (uint16_t)segment_frame(&said, p.frame);
	c->end = weir_seq_max(c->end, end_of(g));
	remember(w, &p);
	world_put(w, &p);
}

static void note_cookie(struct world_client *c, const struct weir_seg *seg)
{
	if (cookie_of(c, seg->seq) == NULL) {
		FUZZ_MUST(c->n_cookies < WORLD_COOKIES);
		c->cookies[c->n_cookies++] = (struct world_cookie){seg->seq, seg->ack - 1};
	}
	if (seg->ack != c->isn + 1)
		return;
	c->expect = seg->seq + 1;
	c->ts = seg->ts_off != 0;
	c->tsecr = seg->tsval;
}

static void to_client(struct world *w, unsigned int client, const struct shell_out *out)
{
	struct world_client *c = &w->clients[client];
	const struct weir_seg *seg = &out->seg;

	world_check_to_client(w, client, out);
	if (seg->flags & WEIR_TCP_RST)
		return;
	if (seg->flags & WEIR_TCP_SYN) {
		note_cookie(c, seg);
		return;
	}
	if (seg->seq == c->expect)
		c->expect += seg->payload_len + ((seg->flags & WEIR_TCP_FIN) != 0);
	if (seg->ts_off != 0)
		c->tsecr = seg->tsval;
}

/* The client's connection is c now, and no other. */
static void belongs(struct world *w, struct world_call *c, uint8_t client,
	const struct world_cookie *cookie)
{
	for (unsigned int i = 0; i < WORLD_CALLS && i < w->n_calls; i++)
		if (w->calls[i].client == client)
			w->calls[i].client = WORLD_NOBODY;
	c->client = client;
	c->cookie = cookie->cookie;
	c->client_isn = cookie->isn;
}

static bool is_at(const struct weir_listener *l, const struct world_client *who)
{
	return l->life != WEIR_LIFE_VACANT && weir_be32(l->vip.w[3]) == SHELL_VIP(who->service) &&
		weir_be16(l->port_be) == SHELL_VIP_PORT;
}

/* Whichever number its listener has by now, as that worker's policy says. */
static const struct weir_conn *conn_of(const struct weir_proxy *px, const struct world_client *who)
{
	const struct weir_table *t = &px->table;
	struct weir_key key = {
		.addr = weir_addr_v4(weir_be32(who->addr)), .port_be = weir_be16(who->port)};
	uint32_t conn = WEIR_CONN_NONE;

	for (uint16_t l = 0; l < px->policy->n_listeners && conn == WEIR_CONN_NONE; l++) {
		key.id = l;
		if (is_at(&px->policy->listeners[l], who))
			conn = weir_table_lookup(t, &key, weir_key_hash(&t->secret, &key));
	}
	return conn != WEIR_CONN_NONE ? weir_table_conn(t, conn) : NULL;
}

static bool is_of_backend(const struct weir_conn *conn, const struct weir_policy *p,
	const struct world_call *c)
{
	const struct weir_backend *b = &p->backends[conn->backend];

	return weir_be32(b->addr.w[3]) == c->addr && weir_be16(b->port_be) == c->port;
}

/* The connection is that client's, and towards the call's backend. */
static bool is_behind(const struct weir_proxy *px, const struct world_client *who,
	const struct world_call *c, uint32_t *isn)
{
	const struct weir_conn *conn = conn_of(px, who);

	if (conn == NULL || weir_be32(conn->local.addr.w[3]) != c->local ||
		weir_be16(conn->local.port_be) != c->local_port ||
		!is_of_backend(conn, px->policy, c))
		return false;
	*isn = conn->cookie;
	return true;
}

/* Who is behind the call: by what the core has in its table now. */
static void identify(struct world *w, struct world_call *c, const struct weir_proxy *px)
{
	c->client = WORLD_NOBODY;
	for (unsigned int k = 0; k < WORLD_CLIENTS && !w->raw; k++) {
		const struct world_cookie *cookie;
		uint32_t isn;

		if (!is_behind(px, &w->clients[k], c, &isn))
			continue;
		cookie = cookie_of(&w->clients[k], isn);
		FUZZ_MUST(cookie != NULL);
		belongs(w, c, (uint8_t)k, cookie);
	}
}

static struct world_call *find_call(struct world *w, const struct weir_seg *seg)
{
	for (unsigned int i = 0; i < WORLD_CALLS && i < w->n_calls; i++) {
		struct world_call *c = &w->calls[i];

		if (c->addr == weir_be32(seg->dst.w[3]) && c->port == weir_be16(seg->dport_be) &&
			c->local == weir_be32(seg->src.w[3]) &&
			c->local_port == weir_be16(seg->sport_be))
			return c;
	}
	return NULL;
}

/* A SYN arrives: a new call, an old one begun anew, or the same SYN once more. */
static void rings(struct world *w, const struct shell_out *out, struct world_call *c)
{
	const struct weir_seg *seg = &out->seg;
	bool again = c != NULL;

	if (again && c->shown == seg->seq) {
		identify(w, c, &w->s->workers[out->worker].px);
		return;
	}
	if (!again)
		c = &w->calls[w->n_calls++ % WORLD_CALLS];
	*c = (struct world_call){
		.backend = seg->dst.b[15],
		.addr = weir_be32(seg->dst.w[3]),
		.port = weir_be16(seg->dport_be),
		.local = weir_be32(seg->src.w[3]),
		.local_port = weir_be16(seg->sport_be),
		.wnd = 1000,
		.shown = seg->seq,
		.expect = seg->seq + 1,
		.isn = c->isn + 0x01234567u * (w->n_calls + 1),
		.tsecr = seg->tsval,
		.asked_ts = seg->ts_off != 0,
		.again = again,
	};
	c->next = c->end = c->isn + 1;
	memcpy(c->syn, out->data, out->len);
	identify(w, c, &w->s->workers[out->worker].px);
}

static void to_backend(struct world *w, const struct shell_out *out)
{
	const struct weir_seg *seg = &out->seg;
	struct world_call *c = find_call(w, seg);

	world_check_to_backend(w, c, out);
	if ((seg->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN) {
		rings(w, out, c);
		return;
	}
	if (c == NULL || seg->flags & WEIR_TCP_RST)
		return;
	if (seg->seq == c->expect)
		c->expect += seg->payload_len + ((seg->flags & WEIR_TCP_FIN) != 0);
	if (seg->ts_off != 0)
		c->tsecr = seg->tsval;
}

static void arrived(struct world *w, const struct shell_out *out)
{
	if (out->data[FRAME_IP + 9] != WEIR_PROTO_TCP)
		return;
	if (out->send == WEIR_SEND_NEXTHOP) {
		to_backend(w, out);
		return;
	}
	for (unsigned int k = 0; k < WORLD_CLIENTS; k++) {
		const struct world_client *c = &w->clients[k];

		if (weir_be32(out->seg.dst.w[3]) == c->addr &&
			weir_be16(out->seg.dport_be) == c->port &&
			weir_be32(out->seg.src.w[3]) == SHELL_VIP(c->service) &&
			weir_be16(out->seg.sport_be) == SHELL_VIP_PORT)
			to_client(w, k, out);
	}
}

/* Everybody takes what is for him. Returns the number of frames, and the length of the longest. */
static unsigned int take(struct world *w, uint32_t *longest)
{
	const struct shell_out *out;
	unsigned int n = 0;

	for (*longest = 0; (out = shell_take(w->s)) != NULL; n++) {
		if (out->len > *longest)
			*longest = out->len;
		arrived(w, out);
	}
	shell_clear(w->s);
	return n;
}

void world_run(struct world *w)
{
	unsigned int n_put = w->n_put, n_out;
	uint32_t longest;

	w->n_put = 0;
	w->together = n_put > 1;
	if (w->handed_late)
		shell_receive(w->s);
	else
		shell_run(w->s);
	n_out = take(w, &longest);
	w->together = false;
	if (n_put == 1)
		world_check_answer(w, n_out, longest);
	world_check_limits(w);
}

void world_take_over(struct world *w, unsigned int worker)
{
	uint32_t longest;

	w->together = w->s->workers[worker].ring.n > 1;
	shell_take_over(w->s, worker);
	take(w, &longest);
	w->together = false;
	world_check_limits(w);
}

/* At most 64 ticks: a worker that comes late is one of the things that happen. */
void world_wait_ms(struct world *w, uint64_t ms)
{
	uint32_t longest;

	w->s->tick_ms = (uint32_t)(ms / 64 > 8 ? ms / 64 : 8);
	shell_wait_ms(w->s, ms);
	take(w, &longest);
	world_check_limits(w);
}

void world_syn(struct world *w, unsigned int client, bool ts)
{
	struct segment g = world_client_says(w, client, WEIR_TCP_SYN, 0);

	g.seq = w->clients[client].isn;
	segment_mss(&g, 1460);
	segment_sack_ok(&g);
	if (ts)
		stamp(w, &g, 0);
	segment_wscale(&g, 7);
	world_client_puts(w, client, &g);
}

void world_answer(struct world *w, struct world_call *c, bool ts)
{
	struct segment g = world_call_says(w, c, WEIR_TCP_SYN | WEIR_TCP_ACK, 0);

	g.seq = c->isn;
	segment_mss(&g, 1460);
	segment_sack_ok(&g);
	if (ts)
		stamp(w, &g, c->tsecr);
	segment_wscale(&g, 7);
	c->ts = ts;
	world_call_puts(w, c, &g);
}
