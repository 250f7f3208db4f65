// SPDX-License-Identifier: BSD-3-Clause
#include "check.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/seq.h"
#include "deed.h"
#include "world.h"

/* A few hundred are usual, on the worst of networks. */
#define FRAMES_OF_CONN 3000ull

/* Of a PROXY header: version 2 without TLVs, of IPv4. */
#define LEAST_HEADER 28

static struct sim_scene scene;
static struct sim_tuple concerned; /* by the failure */

static void tell(void)
{
	const struct sim_spec *s = &scene.spec;

	fprintf(stderr,
		"--- seed %llu, profile %s, %u connections, %u minutes, syn_cookies %s, at %.6f s; "
		"the last"
		" packets (C> from a client, >C to it, <B from a backend, B< to it):\n",
		(unsigned long long)s->seed, s->profile->name, s->conns, s->minutes,
		sim_mode_names[s->mode], (double)scene.queue->now_ns / 1e9);
	sim_trace_print(scene.trace, stderr, concerned, scene.lines);
	if (scene.pcap != NULL && !sim_trace_pcap(scene.trace, scene.pcap, concerned))
		fprintf(stderr, "sim: cannot write %s\n", scene.pcap);
	fprintf(stderr,
		"--- again with: tests/sim/run --seed %llu --profile %s --conns %u --minutes %u"
		" --cookies %s --family %s\n",
		(unsigned long long)s->seed, s->profile->name, s->conns, s->minutes,
		sim_mode_names[s->mode], sim_family_names[s->family]);
	printf("FAILED %s %llu %u %u %s %s\n", s->profile->name, (unsigned long long)s->seed,
		s->conns, s->minutes, sim_mode_names[s->mode], sim_family_names[s->family]);
	fflush(stdout);
}

/* The shell, an assertion or a sanitizer has had enough. */
static void on_signal(int number)
{
	signal(number, SIG_DFL);
	tell();
	raise(number);
}

void sim_check_begin(const struct sim_scene *s)
{
	scene = *s;
	concerned = (struct sim_tuple){0, 0};
	signal(SIGABRT, on_signal);
	signal(SIGSEGV, on_signal);
}

void sim_fail(struct sim_tuple who, const char *format, ...)
{
	va_list args;

	concerned = who;
	fprintf(stderr, "\nsim: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; client %u.%u.%u.%u:%u\n", who.addr >> 24, who.addr >> 16 & 255,
		who.addr >> 8 & 255, who.addr & 255, who.port);
	tell();
	exit(1);
}

static const char *side_name(const struct sim_app *a)
{
	return a->side == WEIR_CLIENT ? "client" : "backend";
}

static struct sim_tuple tuple(const struct sim_app *a)
{
	if (a->conn != NULL)
		return a->conn->who;
	return (struct sim_tuple){0, 0};
}

static struct sim_app *other(const struct sim_app *a)
{
	return a->side == WEIR_BACKEND ? &a->conn->client : a->conn->backend;
}

/* The app whose stream has that id, or NULL. */
static struct sim_app *writer(struct sim_world *w, uint64_t stream, enum weir_side side)
{
	for (uint32_t i = 0; i < w->n_conns && side == WEIR_CLIENT; i++)
		if (w->conns[i]->client.stream == stream)
			return &w->conns[i]->client;
	for (uint32_t i = 0; i < w->n_apps && side == WEIR_BACKEND; i++)
		if (w->apps[i]->stream == stream)
			return w->apps[i];
	return NULL;
}

/* Connections that left the table before their time, with a spent cookie each, unless they were entries. */
static uint64_t evicted(const struct sim_world *w)
{
	const struct shell *s = w->front.shell;

	return shell_events(s, WEIR_EVENT_conn_recycled) +
		shell_events(s, WEIR_EVENT_conn_evicted) +
		shell_events(s, WEIR_EVENT_conn_replaced) +
		shell_events(s, WEIR_EVENT_port_recycled);
}

/*
 * HC-35: a spent cookie is remembered as long as no more connections than the table has are evicted.
 * Bots that fill it every few seconds make synweir forget it within the life of a late duplicate.
 */
static bool is_forgotten(const struct sim_world *w, const struct sim_conn *c)
{
	return c->backend != NULL &&
		evicted(w) - c->evicted > w->front.shell->policy->limits.connections;
}

bool sim_check_pair(struct sim_app *a)
{
	struct sim_world *w = a->world;
	struct sim_app *them = writer(w, a->theirs, weir_other(a->side));
	struct sim_app *backend = a->side == WEIR_BACKEND ? a : them;
	struct sim_conn *c;

	if (them == NULL && a->side == WEIR_BACKEND && a->theirs == SIM_ATTACK_STREAM &&
		(w->front.luck.n > 0 || w->bots.n > 0))
		return false;
	if (them == NULL)
		sim_fail(tuple(a), "%s reads a stream that the other side does not write: %llx",
			side_name(a), (unsigned long long)a->theirs);
	c = a->side == WEIR_CLIENT ? a->conn : them->conn;
	if (a->side == WEIR_BACKEND && a != c->backend && is_forgotten(w, c)) {
		a->repeated = true;
		return false;
	}
	if ((c->backend != NULL && c->backend != backend) ||
		(backend->conn != NULL && backend->conn != c))
		sim_fail(c->who, "connection %u is spliced with more than one", c->index);
	if (c->backend == NULL)
		c->evicted = evicted(w);
	c->backend = backend;
	backend->conn = c;
	sim_check_numbers(c);
	return true;
}

void sim_check_wrong_byte(const struct sim_app *a)
{
	sim_fail(tuple(a), "%s reads a wrong byte at %llu", side_name(a),
		(unsigned long long)a->read);
}

void sim_check_read(const struct sim_app *a)
{
	if (a->read >= 8 && a->read > other(a)->written)
		sim_fail(tuple(a), "%s reads more than was written", side_name(a));
}

void sim_check_eof(const struct sim_app *a)
{
	const struct sim_app *them = a->conn != NULL ? other(a) : NULL;

	if (them == NULL)
		return; /* it never said who it was */
	if (!them->shut || a->read != them->written)
		sim_fail(tuple(a), "%s reads the end after %llu bytes of %llu", side_name(a),
			(unsigned long long)a->read, (unsigned long long)them->written);
}

void sim_check_handshake(const struct sim_app *a)
{
	struct sim_world *w = a->world;
	const struct sim_tuple who = a->conn->who;

	if (w->sabotage == SIM_SABOTAGE_UNPROVEN)
		return;
	w->handshakes++;
	w->proven[who.addr - SIM_CLIENT_ADDR][a->conn->service][who.port / 8] |=
		(uint8_t)(1u << who.port % 8);
}

static struct sim_tuple peer_tuple(const struct sim_peer *p)
{
	if (p->app != NULL)
		return tuple(p->app);
	return (struct sim_tuple){0, 0};
}

/* Segments of an older connection may come to either end, and what is said of them to the other. */
static bool may_see_strays(const struct sim_peer *p)
{
	const struct sim_app *a = p->app;
	const struct sim_app *them = a != NULL && a->conn != NULL ? other(a) : NULL;

	return p->reused || them == NULL || them->peer == NULL || them->peer->reused;
}

/* As far as this end remembers what it said. */
static bool was_sent(const struct sim_peer *p, uint32_t tsecr)
{
	for (uint32_t i = 0; i < p->n_said && i < SIM_SAID; i++)
		if (p->said[i] == tsecr)
			return true;
	return p->n_said > SIM_SAID && p->said[p->n_said % SIM_SAID] - tsecr < 1000000;
}

/* Blocks are of what was sent: beyond what is acknowledged, or twice there (RFC 2883). */
static void check_sacks(const struct sim_peer *p, const struct sim_seg *s)
{
	for (unsigned int i = 0; i < s->n_sacks; i++) {
		const struct sim_range *r = &s->sacks[i];

		if (!weir_seq_lt(r->left, r->right) || weir_seq_lt(p->nxt, r->right) ||
			weir_seq_lt(r->left, p->iss))
			sim_fail(peer_tuple(p), "SACK of %u to %u, which was not sent", r->left,
				r->right);
	}
}

/* A challenge ACK of synweir's own has no timestamps: a client that misses them knows the connection. */
static bool may_be_challenge(const struct sim_peer *p, const struct sim_seg *s)
{
	return !p->passive && s->flags == WEIR_TCP_ACK && s->payload_len == 0 && !s->ts;
}

/* What was agreed upon always (RFC 7323 §3.2), and never what was not. */
static void check_options(const struct sim_peer *p, const struct sim_seg *s)
{
	const uint16_t most = sim_flavour_mss(p->flavour, p->family);

	if (s->payload_len + s->opt_len > most)
		sim_fail(peer_tuple(p), "%u bytes in a segment to a peer that takes %u",
			s->payload_len + s->opt_len, most);
	if ((s->ts != p->ts && !may_be_challenge(p, s)) || (s->n_sacks > 0 && !p->sack))
		sim_fail(peer_tuple(p), "timestamps or SACK not as agreed upon");
	if (s->mss != 0 || s->sack_ok || s->wscale != SIM_NO_WSCALE)
		sim_fail(peer_tuple(p), "options of a SYN in another segment");
}

/* A SYN-ACK answers offers only. */
static void check_syn_ack(const struct sim_peer *p, const struct sim_seg *s)
{
	const struct sim_flavour *f = p->flavour;

	if ((s->ts && !f->ts) || (s->sack_ok && !f->sack) ||
		(s->wscale != SIM_NO_WSCALE && f->wscale == SIM_NO_WSCALE))
		sim_fail(peer_tuple(p), "a SYN-ACK with an option that was not offered");
}

/*
 * The SYN-ACK that a client had of synweir said more than a backend's first window: what begins within that passes
 * (HC-04), bytes of synweir's own do not (HC-80).
 */
static bool may_exceed(const struct sim_peer *p, const struct sim_seg *s)
{
	return p->passive && p->host->first_wnd > 0 && weir_seq_le(s->seq, p->promised) &&
		s->seq - p->irs - 1 >= LEAST_HEADER;
}

void sim_check_received(struct sim_peer *p, const struct sim_seg *s)
{
	uint32_t right = s->seq + s->payload_len;

	if (p->state == SIM_SYN_SENT && s->ack == p->iss + 1)
		check_syn_ack(p, s);
	/* A SYN-ACK may be the answer to somebody who pretends to be this end. */
	if (!p->handshaken || may_see_strays(p) || p->state == SIM_TIME_WAIT ||
		(s->flags & (WEIR_TCP_RST | WEIR_TCP_SYN)))
		return;
	if (s->payload_len > 1 && weir_seq_lt(p->promised, right) && !may_exceed(p, s))
		sim_fail(peer_tuple(p), "%u bytes beyond the window that %s promised",
			right - p->promised, p->passive ? "the backend" : "the client");
	if (p->ts && s->ts && (s->flags & WEIR_TCP_ACK) && !was_sent(p, s->tsecr))
		sim_fail(peer_tuple(p), "TSecr %u was never sent", s->tsecr);
	check_sacks(p, s);
	check_options(p, s);
}

static uint32_t told_host(const struct tests_pphdr *h, const uint32_t *words)
{
	struct weir_addr a = weir_addr_v4(weir_be32(words[0]));

	for (unsigned int i = 0; i < 4 && h->family == 6; i++)
		a.w[i] = weir_be32(words[i]);
	return ip_host(&a);
}

void sim_check_header(const struct sim_app *a)
{
	const struct sim_tuple *who = &a->conn->who;
	const struct tests_pphdr *told = &a->told;

	if (a->header_len == 0)
		return;
	if (told_host(told, told->src) != who->addr || told->sport != who->port ||
		told_host(told, told->dst) != SHELL_VIP(a->conn->service) ||
		told->dport != SHELL_VIP_PORT)
		sim_fail(*who, "the backend was told of another client");
}

void sim_check_limits(const struct sim_front *f)
{
	const struct weir_policy *p = f->shell->policy;
	const uint32_t share = (p->limits.connections + p->n_workers - 1) / p->n_workers;

	for (unsigned int i = 0; i < p->n_workers; i++) {
		const struct weir_proxy *px = &f->shell->workers[i].px;

		if (px->table.count > share || px->held.count > p->limits.held_packets)
			sim_fail((struct sim_tuple){0, 0},
				"a worker has %u connections, holds %u packets: beyond the limits",
				px->table.count, px->held.count);
	}
}

void sim_check_garbled(struct sim_host *h)
{
	sim_fail((struct sim_tuple){h->addr, 0}, "a frame that no link has spoilt is no good");
}

void sim_check_to_client(struct sim_world *w, const struct shell_out *out, struct sim_tuple who)
{
	const uint32_t host_be = weir_be32(ip_host(&out->seg.dst));

	sim_check_syn(w, out, who, ip_host(&out->seg.src) - SHELL_VIP(0));
	if (memcmp(out->data + 2, &host_be, 4) != 0)
		sim_fail(who, "a frame goes to another neighbour than its client");
}

void sim_check_to_backend(struct sim_world *w, const struct shell_out *out, struct sim_tuple who)
{
	uint32_t client = who.addr - SIM_CLIENT_ADDR;
	uint32_t backend = ip_host(&out->seg.dst);
	unsigned int service = (backend - SHELL_BACKEND(0, 0)) / 10;

	if (out->send == WEIR_SEND_NEXTHOP && !weir_addr_eq(&out->neighbour, &out->seg.dst))
		sim_fail(who, "a frame goes to another neighbour than its backend");
	sim_check_syn(w, out, who, service);
	if (sim_check_may_be_anybody(w, out) || sim_bots_have(&w->bots, who.addr))
		return;
	/* An answer to a segment that fits no connection; or one that had to go in the same burst. */
	if (who.addr == 0 && ((out->seg.flags & WEIR_TCP_RST) || w->profile->tight))
		return;
	if (sim_luck_had(&w->front.luck, who, service, 0))
		return;
	if (client >= w->n_clients || service >= SIM_SERVICES ||
		!(w->proven[client][service][who.port / 8] >> who.port % 8 & 1))
		sim_fail(who, "a backend hears of a client that has not proved itself");
}

void sim_check_storm(const struct sim_world *w, struct sim_tuple who)
{
	if (w->stats.frames > FRAMES_OF_CONN * w->n_conns + 4 * w->stats.attacks)
		sim_fail(who, "%llu frames of %u connections: a storm",
			(unsigned long long)w->stats.frames, w->n_conns);
}

/*
 * Its client or backend has lately been in trouble. Before it has one: any of the service has, or synweir; what
 * both ends know of each other a worker's absence does not break.
 */
static bool was_troubled(const struct sim_world *w, const struct sim_conn *c)
{
	if (c->client.host->troubled_ns >= c->client.began_ns ||
		(c->backend == NULL && w->faults.front_ns >= c->client.began_ns))
		return true;
	for (uint32_t i = 0; i < w->n_each; i++) {
		const struct sim_host *h = &w->backends[c->service][i];

		if (c->backend != NULL && c->backend->host != h)
			continue;
		if (h->troubled_ns >= c->client.began_ns)
			return true;
	}
	return false;
}

/*
 * A client that waits for a banner, whose last ACK was lost, and so was what HC-07 did about it: its
 * keep-alive is answered with RST. That is rare.
 */
static bool was_never_heard(struct sim_world *w, const struct sim_conn *c)
{
	return c->banner && c->backend == NULL && c->client.read == 0 &&
		c->client.end == SIM_END_RESET && w->profile->worst.loss > 0 &&
		++w->stats.unheard <= 1 + w->n_conns / 200;
}

/*
 * HC-13: every port that was tried was one on which the backend's TIME_WAIT yields to nobody. Where the
 * backend answers SYNs itself, its client hears that in place of a SYN-ACK (HC-74).
 */
static bool was_turned_away(const struct sim_world *w, const struct sim_conn *c)
{
	bool away = false;

	for (uint32_t i = 0; i < w->n_each; i++)
		away |= w->backends[c->service][i].turned_away_ns >= c->client.began_ns;
	return away && c->backend == NULL &&
		(c->client.end == SIM_END_RESET || c->client.end == SIM_END_REFUSED);
}

/* An attacker's cookie took its place. */
static bool was_guessed(const struct sim_world *w, const struct sim_conn *c)
{
	return sim_luck_had(&w->front.luck, c->who, c->service, c->client.began_ns);
}

/*
 * HC-35: it was shown the cookie of a connection before it on its tuple, by honest odds of 2^-27. A
 * world is much too small for two of them.
 */
static bool was_twin(struct sim_world *w, const struct sim_conn *c)
{
	for (uint32_t i = 0; i < w->n_conns; i++) {
		const struct sim_conn *o = w->conns[i];

		if (o->client.began_ns < c->client.began_ns && o->service == c->service &&
			o->who.addr == c->who.addr && o->who.port == c->who.port &&
			o->client.irs == c->client.irs && c->client.irs != 0)
			return ++w->stats.twins == 1;
	}
	return false;
}

/*
 * flow/crowd.h: its address meets a bot's in both counters, and shares that one's cap. In so small a table
 * some world in twenty has one such client; not two.
 */
static bool was_crowded(struct sim_world *w, const struct sim_conn *c)
{
	if (w->bots.n == 0 || c->backend != NULL || c->client.end != SIM_END_RESET)
		return false;
	if (w->stats.crowded == 0)
		w->stats.crowded = c->who.addr;
	return w->stats.crowded == c->who.addr;
}

void sim_check_judge(struct sim_conn *c)
{
	struct sim_world *w = c->client.world;
	const struct sim_app *b = c->backend;

	if (c->client.peer != NULL)
		sim_fail(c->who, "connection %u (%s): the client still waits, step %u of %u",
			c->index, sim_kind_names[c->plan.kind], c->client.at, c->client.script->n);
	if (b != NULL && b->peer != NULL)
		sim_fail(c->who, "connection %u (%s): the backend still waits, step %u of %u",
			c->index, sim_kind_names[c->plan.kind], b->at, b->script->n);
	w->stats.conns++;
	if (sim_app_done(&c->client) && b != NULL && sim_app_done(b) && !c->plan.aborts) {
		w->stats.complete++;
	} else if (c->plan.aborts) {
		w->stats.aborted++;
	} else if (was_troubled(w, c) || was_guessed(w, c) || was_turned_away(w, c) ||
		was_never_heard(w, c) || was_twin(w, c) || was_crowded(w, c)) {
		w->stats.troubled++;
	} else if (!w->profile->must_complete || w->profile->lacking) {
		w->stats.refused++;
	} else {
		sim_fail(c->who, "connection %u (%s): client %s at step %u of %u, backend %s",
			c->index, sim_kind_names[c->plan.kind], sim_end_names[c->client.end],
			c->client.at, c->client.script->n,
			b != NULL ? sim_end_names[b->end] : "not known");
	}
}

static void check_hosts(struct sim_world *w)
{
	for (uint32_t i = 0; i < w->n_clients; i++)
		if (sim_host_active(&w->clients[i]) > 0)
			sim_fail((struct sim_tuple){w->clients[i].addr, 0},
				"a client has a connection that never ends");
	for (unsigned int s = 0; s < SIM_SERVICES; s++)
		for (uint32_t i = 0; i < w->n_each; i++)
			if (sim_host_active(&w->backends[s][i]) > 0)
				sim_fail((struct sim_tuple){0, 0},
					"a backend has a connection that never ends");
}

static uint32_t turned_away(const struct sim_world *w)
{
	uint32_t n = 0;

	for (unsigned int s = 0; s < SIM_SERVICES; s++)
		for (unsigned int b = 0; b < SIM_BACKENDS_MAX; b++)
			n += w->backends[s][b].turned_away;
	return n;
}

/*
 * On a perfect network nothing is dropped or tried again, but around those who were cut off, and
 * what is left over from the last connection of the same port.
 */
static void check_perfect(const struct sim_world *w)
{
	const struct shell *s = w->front.shell;
	const uint64_t dropped =
		shell_fates(s, WEIR_FATE_out_of_window) + shell_fates(s, WEIR_FATE_bad_ack);
	const uint64_t resenders = sim_deeds[SIM_DID_resender] - w->resenders_before;

	if (w->profile->worst.loss > 0 || w->profile->faults || w->bots.n > 0)
		return;
	if (dropped > w->stats.aborted + (w->profile->ports < 100 ? w->n_conns / 20 : 0))
		sim_fail((struct sim_tuple){0, 0}, "%llu segments were not let through",
			(unsigned long long)dropped);
	if (shell_fates(s, WEIR_FATE_early_limit) > 0)
		sim_fail((struct sim_tuple){0, 0},
			"early data was not held, though it fits the window");
	/* To some, delayed acknowledgements are always later than a short RTO. */
	if (resenders > w->stats.aborted + w->n_conns / 20 + 10)
		sim_fail((struct sim_tuple){0, 0},
			"%llu ends send segments again though nothing is lost",
			(unsigned long long)resenders);
	if (shell_events(s, WEIR_EVENT_backend_retried) > w->stats.aborted + turned_away(w))
		sim_fail((struct sim_tuple){0, 0}, "a backend would not take a connection");
}

void sim_check_quiet(struct sim_world *w)
{
	const struct shell *s = w->front.shell;
	const uint64_t opened = shell_events(s, WEIR_EVENT_conn_opened);

	if (w->profile->must_complete &&
		w->stats.refused > shell_fates(s, WEIR_FATE_backend_timestamps))
		sim_fail((struct sim_tuple){0, 0}, "%u connections ended early, without a reason",
			w->stats.refused);
	check_hosts(w);
	check_perfect(w);
	if (!sim_front_empty(&w->front))
		sim_fail((struct sim_tuple){0, 0}, "something is left in synweir; %u connections",
			shell_conns(s));
	if (opened > w->handshakes + shell_events(s, WEIR_EVENT_conn_recycled) + w->front.luck.n)
		sim_fail((struct sim_tuple){0, 0}, "%llu connections of %u handshakes",
			(unsigned long long)opened, w->handshakes);
	/* HC-42: one answer at most, and a sixteenth of the SYN-ACKs again */
	if (5 * w->stats.answered > 6 * w->stats.attacks)
		sim_fail((struct sim_tuple){0, 0}, "%llu answers to %llu packets of attackers",
			(unsigned long long)w->stats.answered,
			(unsigned long long)w->stats.attacks);
}
