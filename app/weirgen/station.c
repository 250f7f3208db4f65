// SPDX-License-Identifier: BSD-3-Clause
#include "station.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "flow/counters.h"
#include "flow/pkt.h"

#define BURST         32
#define WHOLE         1000        /* of a share */
#define REQUEST_COST  (2 * WHOLE) /* the request, and the ACK of its response */
#define OWED_MAX      (BURST * REQUEST_COST)
#define BACKEND_SPARE 1024 /* connections that linger when the clients are through with them */

/*
 * Set-up
 */

static struct weir_header flood_header(const struct options *o)
{
	struct weir_header h = o->tcp;

	h.dst = weir_addr_v4(weir_be32(o->to));
	h.dport_be = weir_be16(o->to_port);
	h.wnd = 64240;
	h.flags = o->flood_flags;
	if (h.flags == WEIR_TCP_ACK) {
		h.mss = 0;
		h.sack_ok = false;
		h.wscale = WEIR_WSCALE_NONE;
	}
	h.tsval = (uint32_t)random_mix(o->seed);
	h.tsecr = h.flags == WEIR_TCP_ACK ? (uint32_t)random_mix(o->seed + 1) : 0;
	return h;
}

static void init_flood(struct station *s)
{
	const struct options *o = s->o;

	s->flood.from = o->mode == MODE_MIXED ? o->flood_from : o->from;
	s->flood.sweep = o->sweep;
	s->flood.random = o->seed;
	s->flood.secret = s->meter.secret = random_mix(~o->seed);
	s->meter.to_be = weir_be32(o->to);
	s->meter.to_port_be = weir_be16(o->to_port);
}

static void init_link(struct station *s)
{
	const struct options *o = s->o;
	struct range self = {.first = o->self, .n = 1};

	s->link.self = o->self;
	s->link.hop = o->gateway;
	if (s->is_source) {
		s->link.wanted = !o->has_gateway_mac && o->mode != MODE_REPLAY;
		memcpy(s->link.mac, o->gateway_mac, sizeof(s->link.mac));
		if (!range_has(&o->from, o->self))
			link_own(&s->link, &self);
		link_own(&s->link, &o->from);
	}
	s->link.known = !s->link.wanted;
	for (unsigned int i = 0; s->has_backends && i < o->n_backends; i++)
		link_own(&s->link, &o->backends[i]);
}

static uint8_t *begin_frame(void *port)
{
	return port_begin(port);
}

static void end_frame(void *port, uint16_t len)
{
	port_end(port, len);
}

static void init_host(struct station *s, struct host *h)
{
	h->ops = (struct host_ops){begin_frame, end_frame, &s->port};
	h->syn = s->o->tcp;
	h->secret = random_mix(s->o->seed + 2);
	memcpy(h->mac, s->port.nic.mac, sizeof(h->mac));
}

static int init_clients(struct station *s)
{
	static const char get[] = "GET / HTTP/1.0\r\nHost: weirgen\r\n\r\n";
	const struct options *o = s->o;
	struct client *c = &s->client;

	c->from = o->from;
	c->mac = s->link.mac;
	c->to_be = weir_be32(o->to);
	c->to_port_be = weir_be16(o->to_port);
	c->request_bytes = o->request_bytes;
	c->response_bytes = o->response_bytes;
	c->requests = o->mode == MODE_MIXED ? 0 : o->requests;
	c->backend_closes = o->backend_closes;
	if (client_init(c, o->concurrency) != 0)
		return -1;
	init_host(s, &c->host);
	if (o->http) {
		c->http = c->backend_closes = true;
		c->host.message = get;

		c->request_bytes = sizeof(get) - 1;
	}
	return 0;
}

static int init_backends(struct station *s)
{
	const struct options *o = s->o;
	struct backend *b = &s->backend;

	b->at = o->backends;
	b->n_at = o->n_backends;
	b->request_bytes = o->request_bytes;
	b->response_bytes = o->response_bytes;
	b->close_after = o->backend_closes ? o->requests : 0;
	if (backend_init(b, 2 * o->concurrency + BACKEND_SPARE) != 0)
		return -1;
	init_host(s, &b->host);
	return 0;
}

static int init_replay(struct station *s)
{
	const struct options *o = s->o;
	struct replay *r = &s->replay;

	if (replay_load(r, o->pcap) != 0)
		return -1;
	if (o->has_gateway_mac) {
		r->dst_mac = o->gateway_mac;
		r->src_mac = s->port.nic.mac;
	}
	r->rewrite = o->has_from;
	r->sweep = o->sweep;
	r->from = o->from;
	r->random = o->seed;
	if (!o->loop && s->left > r->n)
		s->left = r->n;
	return 0;
}

int station_open(struct station *s, const struct options *o, unsigned int number)
{
	bool conns = o->mode == MODE_MIXED || o->mode == MODE_CONNS;
	struct weir_dp_error err;
	int rc = 0;

	memset(s, 0, sizeof(*s));
	s->o = o;
	s->left = o->count > 0 ? o->count : UINT64_MAX;
	s->is_source = number == 0;
	s->has_clients = conns && number == 0;
	s->has_backends = conns && o->n_backends > 0 && number == o->n_devices - 1;
	init_link(s);
	init_flood(s);
	if (port_open(&s->port, o->devices[number], number, &err) != 0) {
		fprintf(stderr, "weirgen: %s\n", err.text);
		return -1;
	}
	if (s->has_clients)
		rc = init_clients(s);
	if (rc == 0 && s->has_backends)
		rc = init_backends(s);
	if (rc != 0)
		fprintf(stderr, "weirgen: no memory for %u connections: lower --concurrency\n",
			o->concurrency);
	if (o->mode == MODE_REPLAY)
		rc = init_replay(s);
	return rc;
}

void station_close(struct station *s)
{
	port_close(&s->port);
	client_free(&s->client);
	backend_free(&s->backend);
	replay_free(&s->replay);
}

bool station_is_ready(const struct station *s)
{
	return __atomic_load_n(&s->link.known, __ATOMIC_ACQUIRE);
}

bool station_is_opened(const struct station *s)
{
	const struct client_counts *c = &s->client.counts;
	uint64_t done = weir_counted(&c->opened) + client_failed(c);

	return !s->has_clients || done >= s->o->concurrency;
}

/*
 * Receiving
 */

static enum meter_class take_tcp(struct station *s, const struct weir_pkt *pkt)
{
	if (!weir_addr_is_v4(
		    &pkt->seg.src)) /* weirgen speaks IPv4: an IPv6 address's end is none */
		return METER_BAD;
	if (s->has_backends && backend_listens(&s->backend, &pkt->seg)) {
		backend_input(&s->backend, pkt);
		return METER_CONNS;
	}
	if (s->has_clients && range_has(&s->client.from, weir_be32(pkt->seg.dst.w[3]))) {
		client_input(&s->client, pkt);
		return METER_CONNS;
	}
	return meter_judge(&s->meter, &pkt->seg, s->o->flood_flags);
}

static enum meter_class take(struct station *s, struct weir_pkt *pkt)
{
	switch (weir_pkt_parse(pkt)) {
	case WEIR_PARSED_ARP:
		link_receive(&s->link, &s->port, pkt);
		return METER_ARP;
	case WEIR_PARSED_ND:
	case WEIR_PARSED_ICMP:
		return METER_ICMP;
	case WEIR_PARSED_BAD:
		return METER_BAD;
	case WEIR_PARSED_TCP:
		return take_tcp(s, pkt);
	}
	return METER_BAD;
}

static unsigned int receive(struct station *s)
{
	struct weir_pkt pkts[WEIR_BURST];
	uint64_t seen[METER_CLASSES] = {0};
	unsigned int n = port_receive(&s->port, pkts);

	if (n == 0)
		return 0;
	for (unsigned int i = 0; i < n; i++)
		seen[take(s, &pkts[i])]++;
	port_drop(pkts, n);
	for (unsigned int c = 0; c < METER_CLASSES; c++)
		weir_count(&s->meter.seen[c], seen[c]);
	return n;
}

/*
 * Sending
 */

/* What this thread has had of a CPU. */
static uint64_t read_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * PACER_SECOND_NS + (uint64_t)t.tv_nsec;
}

static void start(struct station *s, uint64_t now_ns)
{
	struct weir_header h = flood_header(s->o);

	frame_make(&s->flood.template, &h, s->o->payload, s->port.nic.mac, s->link.mac);
	pacer_init(&s->pacer, s->o->rate, now_ns);
	s->cpu_started_ns = read_cpu_ns();
	weir_gauge(&s->started_ns, now_ns);
}

/* Packets that are due and have room. */
static unsigned int due_packets(struct station *s, uint64_t now_ns)
{
	unsigned int n = pacer_due(&s->pacer, now_ns, BURST), room;

	if (n > s->left)
		n = (unsigned int)s->left;
	room = port_room(&s->port, n);
	if (room < n)
		weir_count(&s->full, 1);
	pacer_take(&s->pacer, room);
	s->left -= room;
	return room;
}

static unsigned int send_replay(struct station *s, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		uint8_t *frame = port_begin(&s->port);

		if (frame != NULL)
			port_end(&s->port, replay_next(&s->replay, frame));
	}
	return n;
}

/* The flood's share of n packets; the connections get the rest, as requests, when they can. */
static unsigned int send_mixed(struct station *s, unsigned int n)
{
	uint32_t flood = s->owed_flood + n * s->o->share;

	s->owed_flood = flood % WHOLE;
	flood_send(&s->flood, &s->port, flood / WHOLE);
	s->owed_conns += n * (WHOLE - s->o->share);
	s->owed_conns -= REQUEST_COST * client_ask(&s->client, s->owed_conns / REQUEST_COST);
	if (s->owed_conns > OWED_MAX)
		s->owed_conns = OWED_MAX;
	return n;
}

/* Connections that are due, as many as may be open. */
static unsigned int open_conns(struct station *s, uint64_t now_ns)
{
	unsigned int n = pacer_due(&s->pacer, now_ns, BURST), done = 0;

	while (done < n && s->left > 0 &&
		client_open(&s->client, pacer_next_ns(&s->pacer, now_ns))) {
		pacer_take(&s->pacer, 1);
		s->left--;
		done++;
	}
	return done;
}

static unsigned int generate(struct station *s, uint64_t now_ns)
{
	switch (s->o->mode) {
	case MODE_SYN:
	case MODE_ACK:
		return flood_send(&s->flood, &s->port, due_packets(s, now_ns));
	case MODE_MIXED:
		return send_mixed(s, due_packets(s, now_ns));
	case MODE_CONNS:
		return open_conns(s, now_ns);
	case MODE_REPLAY:
		return send_replay(s, due_packets(s, now_ns));
	}
	return 0;
}

/*
 * A turn
 */

/* Before the flood: all connections. */
static unsigned int open_all(struct station *s, uint64_t now_ns)
{
	unsigned int n = 0;

	while (n < BURST && weir_counted(&s->client.counts.begun) < s->o->concurrency &&
		client_open(&s->client, now_ns))
		n++;
	return n;
}

static void stop(struct station *s, uint64_t now_ns)
{
	if (s->started_ns == 0 || s->stopped_ns != 0)
		return;
	weir_gauge(&s->cpu_ns, read_cpu_ns() - s->cpu_started_ns);
	weir_gauge(&s->stopped_ns, now_ns);
}

/* What connections do by themselves. */
static void keep(struct station *s, enum phase phase)
{
	if (s->has_clients) {
		client_tick(&s->client);
		if (phase == PHASE_DRAIN)
			client_finish(&s->client);
		__atomic_store_n(&s->idle, client_open_now(&s->client) == 0, __ATOMIC_RELAXED);
	}
	if (s->has_backends)
		backend_tick(&s->backend);
}

static unsigned int act(struct station *s, enum phase phase, uint64_t now_ns)
{
	switch (phase) {
	case PHASE_RESOLVE:
	case PHASE_EXIT:
		return 0;
	case PHASE_OPEN:
		return s->has_clients ? open_all(s, now_ns) : 0;
	case PHASE_RUN:
		if (s->started_ns == 0)
			start(s, now_ns);
		if (s->left > 0)
			return generate(s, now_ns);
		if (!s->has_clients || s->o->mode != MODE_CONNS || client_open_now(&s->client) == 0)
			stop(s, now_ns);
		return 0;
	case PHASE_DRAIN:
		stop(s, now_ns);
		return 0;
	}
	return 0;
}

bool station_turn(struct station *s, enum phase phase, uint64_t now_ns)
{
	unsigned int n;

	s->client.host.now_ns = s->backend.host.now_ns = now_ns;
	n = receive(s);
	link_keep(&s->link, &s->port, now_ns);
	if (s->is_source)
		n += act(s, phase, now_ns);
	keep(s, phase);
	port_flush(&s->port);
	return n > 0;
}
