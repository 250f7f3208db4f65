// SPDX-License-Identifier: BSD-3-Clause
#include "front.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "flow/classify.h"
#include "deed.h"
#include "policy.h"
#include "shell_check.h"

static bool is_stalled(const struct sim_front *f, unsigned int worker)
{
	return f->stalled_until_ns[worker] > f->queue->now_ns;
}

static const struct weir_conn *find_conn(const struct sim_front *f, const struct weir_key *key)
{
	for (unsigned int i = 0; i < f->shell->policy->n_workers; i++) {
		const struct weir_table *t = &f->shell->workers[i].px.table;
		uint32_t conn = weir_table_lookup(t, key, weir_key_hash(&t->secret, key));

		if (conn != WEIR_CONN_NONE)
			return weir_table_conn(t, conn);
	}
	return NULL;
}

struct sim_tuple sim_front_client(struct sim_front *f, struct weir_addr local,
	uint16_t local_port_be, struct weir_addr backend, uint16_t backend_port_be)
{
	const struct weir_endpoint *s =
		weir_endpoint_find(&f->shell->policy->endpoints, &backend, backend_port_be);
	struct weir_key key = {.addr = local, .port_be = local_port_be};
	const struct sim_tuple nobody = {0, 0};
	const struct weir_conn *c;
	struct sim_seen *seen;

	if (s == NULL || s->kind != WEIR_ENDPOINT_BACKEND)
		return nobody;
	key.id = WEIR_KEY_BACKEND | s->index;
	seen = &f->seen[(key.addr.b[15] * 31u + local_port_be * 7u + key.id) % SIM_SEEN];
	c = find_conn(f, &key);
	if (c != NULL)
		*seen = (struct sim_seen){
			key, backend, {ip_host(&c->client.addr), weir_be16(c->client.port_be)}};
	return weir_key_eq(&seen->key, &key) && weir_addr_eq(&seen->backend, &backend) ? seen->who
										       : nobody;
}

/* The client's end of a segment's connection. */
static struct sim_tuple who_in(struct sim_front *f, const struct weir_seg *s, bool to_client,
	bool to_backend)
{
	if (to_client)
		return (struct sim_tuple){ip_host(&s->dst), weir_be16(s->dport_be)};
	if (to_backend)
		return sim_front_client(f, s->src, s->sport_be, s->dst, s->dport_be);
	return (struct sim_tuple){ip_host(&s->src), weir_be16(s->sport_be)};
}

/* L2 addresses are the shell's to write; a backend's is what ARP would find for its IP address. */
static void put_macs(const struct shell_out *out)
{
	static const uint8_t ours[6] = {2, 0, 0, 0, 0, 1};
	const uint32_t host_be = weir_be32(ip_host(&out->seg.dst));
	uint8_t *dst = out->data;

	memcpy(dst + 6, ours, sizeof(ours));
	if (out->send != WEIR_SEND_NEXTHOP) {
		memcpy(dst, out->mac, 6);
		return;
	}
	memcpy(dst, (uint8_t[2]){2, 0}, 2);
	memcpy(dst + 2, &host_be, 4);
}

static bool is_dry(struct sim_front *f)
{
	return f->queue->now_ns < f->dry_until_ns && sim_chance(&f->random, f->dry);
}

/* shell.starved */
static bool starved(void *front)
{
	struct sim_front *f = front;
	bool dry = is_dry(f);

	if (dry)
		sim_did(SIM_DID_own_unmade);
	return dry;
}

/* Everything that the shell has to send leaves. */
static void drain(struct sim_front *f)
{
	const struct shell_out *out;

	while ((out = shell_take(f->shell)) != NULL) {
		bool to_backend = out->port == SHELL_BACKENDS;
		struct sim_tuple who = who_in(f, &out->seg, !to_backend, to_backend);

		put_macs(out);
		sim_trace_add(f->trace, f->queue->now_ns,
			to_backend ? SIM_TO_BACKEND : SIM_TO_CLIENT, who, out->data, out->len);
		f->out(f, out, who);
	}
	shell_clear(f->shell);
	sim_check_limits(f);
}

static enum weir_parsed classify(const struct sim_front *f, const struct sim_rx *r,
	struct weir_pkt *pkt)
{
	enum weir_parsed parsed;

	*pkt = (struct weir_pkt){.frame.data = r->frame,
		.frame.len = r->len,
		.frame.head_len = (uint16_t)r->len,
		.frame.room = (uint16_t)r->len,
		.interface = r->port,
		.frame.csum = WEIR_CSUM_UNKNOWN};
	parsed = weir_pkt_parse(pkt);
	weir_classify(f->shell->policy, pkt, parsed);
	return parsed;
}

/* Just before its owner works on it, with the keys of that moment. */
static void note_luck(struct sim_front *f, const struct sim_rx *r)
{
	struct weir_pkt pkt;

	if (classify(f, r, &pkt) == WEIR_PARSED_TCP)
		sim_luck_note(&f->luck, f, &pkt, r->owner);
}

enum turn {
	NOW,
	LATER,
	LOST,
};

/* A frame of another owner's goes into his ring, and is his to look at from his next round on. */
static enum turn hand_over(struct sim_front *f, struct sim_rx *r)
{
	if (f->ringed[r->owner] == SIM_RING) {
		sim_did(SIM_DID_ring_full);
		return LOST;
	}
	f->ringed[r->owner]++;
	r->ringed = f->handed = true;
	return LATER;
}

static enum turn turn_of(struct sim_front *f, struct sim_rx *r, unsigned int rx)
{
	if (r->rx != rx || (is_stalled(f, rx) && !r->ringed))
		return LATER;
	if (r->owner != rx && !r->ringed)
		return hand_over(f, r);
	if (is_stalled(f, r->owner))
		return LATER;
	if (r->ringed)
		f->ringed[r->owner]--;
	return NOW;
}

/* The frames that no stalled worker has a hand in, in their order, queue by queue. */
static void run_queue(struct sim_front *f, unsigned int rx)
{
	uint32_t kept = 0;
	bool any = false;

	for (uint32_t i = 0; i < f->n_rx; i++) {
		struct sim_rx *r = &f->rx[i];
		enum turn turn = turn_of(f, r, rx);

		if (turn == LATER) {
			f->rx[kept++] = *r;
			continue;
		}
		if (turn == LOST) {
			free(r->frame);
			continue;
		}
		if (r->guess)
			note_luck(f, r);
		shell_put(f->shell, r->frame, r->len, r->port);
		free(r->frame);
		any = true;
	}
	f->n_rx = kept;
	f->shell->rx = rx;
	if (any)
		shell_run(f->shell);
}

static void on_poll(struct sim_timer *t)
{
	struct sim_front *f = sim_owner(t, struct sim_front, poll);

	f->shell->now_ns = f->queue->now_ns;
	f->handed = false;
	for (unsigned int rx = 0; rx < f->shell->policy->n_workers; rx++)
		run_queue(f, rx);
	drain(f);
	if (f->n_rx > 0)
		sim_queue_set(f->queue, t, f->queue->now_ns + (f->handed ? f->poll_ns : SIM_MS));
}

static void on_tick(struct sim_timer *t)
{
	struct sim_front *f = sim_owner(t, struct sim_front, tick);

	f->shell->now_ns = f->queue->now_ns;
	for (unsigned int i = 0; i < f->shell->policy->n_workers; i++) {
		if (is_stalled(f, i))
			continue;
		if (f->shell->old != NULL && sim_chance(&f->random, 300000))
			shell_adopt(f->shell, i); /* at moments of their own */
		shell_fill_keys(f->shell, i);
		weir_proxy_tick(&f->shell->workers[i].px, f->queue->now_ns);
	}
	shell_check_step(f->shell);
	drain(f);
	sim_queue_set(f->queue, t, f->queue->now_ns + f->tick_ns);
}

void sim_front_open(struct sim_front *f, struct weir_policy *policy)
{
	f->shell = shell_open(policy, f->queue->now_ns);
	f->shell->starved = starved;
	f->shell->starved_arg = f;
	f->poll.fire = on_poll;
	f->tick.fire = on_tick;
	f->poll_ns = sim_between(&f->random, 5, 200) * 1000ull;
	f->tick_ns = sim_between(&f->random, 2, 12) * SIM_MS;
	sim_queue_set(f->queue, &f->tick, f->queue->now_ns);
}

void sim_front_close(struct sim_front *f)
{
	for (uint32_t i = 0; i < f->n_rx; i++)
		free(f->rx[i].frame);
	shell_close(f->shell);
}

/* What a device's RSS would do, and who owns the frame's connection. */
static void steer(struct sim_front *f, struct sim_rx *r)
{
	const struct weir_policy *p = f->shell->policy;
	struct sim_tuple who = {0, 0};
	struct weir_pkt pkt;

	if (classify(f, r, &pkt) == WEIR_PARSED_TCP) {
		const struct weir_seg *s = &pkt.seg;

		r->rx = (uint8_t)((weir_be32(ip_host(&s->src) ^ ip_host(&s->dst)) ^ s->sport_be ^
					  s->dport_be) *
			0x9e3779b1u % p->n_workers);
		who = r->port == SHELL_CLIENTS
			? who_in(f, s, false, false)
			: sim_front_client(f, s->dst, s->dport_be, s->src, s->sport_be);
	}
	r->owner = (uint8_t)weir_owner(p, &pkt, r->rx);
	if (r->owner != r->rx)
		sim_did(SIM_DID_handed_over);
	sim_trace_add(f->trace, f->queue->now_ns,
		r->port == SHELL_CLIENTS ? SIM_FROM_CLIENT : SIM_FROM_BACKEND, who, r->frame,
		r->len);
}

static void receive(struct sim_front *f, struct sim_rx r, const uint8_t *frame)
{
	if (is_dry(f)) {
		sim_did(SIM_DID_rx_unbuffered);
		return;
	}
	if (f->n_rx == SIM_RX_MAX) {
		f->lost++;
		return;
	}
	r.frame = malloc(r.len ? r.len : 1);
	memcpy(r.frame, frame, r.len);
	steer(f, &r);
	f->rx[f->n_rx++] = r;
	if (!sim_timer_is_set(&f->poll))
		sim_queue_set(f->queue, &f->poll, f->queue->now_ns + f->poll_ns);
}

void sim_front_receive(struct sim_front *f, uint8_t port, const uint8_t *frame, uint32_t len)
{
	receive(f, (struct sim_rx){.len = len, .port = port}, frame);
}

void sim_front_guess(struct sim_front *f, enum shell_port port, const uint8_t *frame, uint32_t len)
{
	receive(f, (struct sim_rx){.len = len, .port = port, .guess = true}, frame);
}

void sim_front_stall(struct sim_front *f, unsigned int worker, uint64_t for_ns)
{
	f->stalled_until_ns[worker] = f->queue->now_ns + for_ns;
}

void sim_front_dry(struct sim_front *f, uint32_t dry, uint64_t for_ns)
{
	f->dry = dry;
	f->dry_until_ns = f->queue->now_ns + for_ns;
}

static bool all_free(const struct weir_localports *pool)
{
	for (uint32_t i = 0; i < (pool->count + 63) / 64; i++)
		if (pool->used[i] != 0)
			return false;
	return pool->in_use == 0;
}

bool sim_front_empty(const struct sim_front *f)
{
	for (unsigned int i = 0; i < f->shell->policy->n_workers; i++) {
		const struct weir_proxy *px = &f->shell->workers[i].px;

		if (px->table.count != 0 || px->held.count != 0 || px->local_ports != 0)
			return false;
		for (uint32_t j = 0; j < shell_pools(px); j++)
			if (!all_free(&px->pools[j]))
				return false;
	}
	return true;
}
