// SPDX-License-Identifier: BSD-3-Clause
#include "shell_check.h"

#include <stdlib.h>

#include "flow/classify.h"
#include "frame.h"

#define STEPS_PER_AUDIT 64
#define PLACES_PER_STEP 64 /* of large tables, which are looked through less often */

static bool is_ours(const struct shell *s, const struct weir_addr *addr, uint16_t port_be,
	enum weir_endpoint_kind kind)
{
	const struct weir_endpoint *at = weir_endpoint_find(&s->policy->endpoints, addr, port_be);

	return at != NULL && at->kind == kind;
}

/* Of an ICMP error: the ends of the connection it is about. */
static void quoted_ports(struct shell_out *out)
{
	const enum weir_family family = ip_family(out->data);
	const size_t ports = ip_l4_off(family) + 8 + ip_len(family);

	if (out->len < ports + 8)
		return;
	memcpy(&out->seg.dport_be, out->data + ports, 2);
	memcpy(&out->seg.sport_be, out->data + ports + 2, 2);
}

/* By sums of its own, and by the parser in a buffer of the exact size. */
static void check_sums(struct shell_out *out)
{
	struct weir_pkt pkt = {.frame.data = out->data,
		.frame.len = out->len,
		.frame.head_len = (uint16_t)out->len,
		.frame.room = (uint16_t)out->len,
		.frame.csum = WEIR_CSUM_UNKNOWN};
	enum weir_parsed parsed = weir_pkt_parse(&pkt);

	if (parsed == WEIR_PARSED_BAD)
		shell_die("a frame leaves that is %s", weir_fates[pkt.fate].name);
	if (!ip_sum_right(out->data + IP_OFF))
		shell_die("IP checksum of a frame that leaves");
	if (parsed == WEIR_PARSED_ICMP) {
		out->seg = pkt.seg;
		quoted_ports(out);
		return;
	}
	if (parsed != WEIR_PARSED_TCP || ip_l4_sum(out->data + IP_OFF) != 0xffff)
		shell_die("TCP checksum of a frame that leaves");
	out->seg = pkt.seg;
}

void shell_check_out(const struct shell *s, struct shell_out *out)
{
	check_sums(out);
	if (out->send == WEIR_SEND_NEXTHOP &&
		!is_ours(s, &out->seg.dst, out->seg.dport_be, WEIR_ENDPOINT_BACKEND))
		shell_die("sent to a next hop, but not for a backend");
	if (out->send == WEIR_SEND_NEIGHBOUR &&
		!is_ours(s, &out->seg.src, out->seg.sport_be, WEIR_ENDPOINT_LISTENER))
		shell_die("sent to a client, but not from a service");
}

static uint64_t steps_per_audit(const struct shell *s)
{
	const uint64_t steps = s->policy->limits.connections / PLACES_PER_STEP;

	return steps > STEPS_PER_AUDIT ? steps : STEPS_PER_AUDIT;
}

void shell_check_step(struct shell *s)
{
	for (unsigned int i = 0; i < s->policy->n_workers; i++) {
		const struct shell_worker *w = &s->workers[i];
		const struct shell_balance *b = &w->balance;

		if (b->in + b->created + b->handed_in !=
			b->out + b->dropped + b->consumed + b->held + b->handed_out)
			shell_die("packets are lost or doubled");
		if (b->held != w->px.held.count)
			shell_die("packets held: %u, not come back: %u", w->px.held.count,
				(unsigned int)b->held);
	}
	if (++s->steps % steps_per_audit(s) == 0)
		shell_audit(s);
}

static bool is_free(const struct weir_conn *c)
{
	static const struct weir_addr nobody;

	return weir_addr_eq(&c->client.addr, &nobody);
}

/* What the audit counts itself. */
struct tally {
	uint32_t conns, keys, ports, yielding, held, linked;
	uint32_t by_state[WEIR_STATES];
	uint32_t active[WEIR_BACKENDS_MAX], of_backend[WEIR_BACKENDS_MAX];
	uint32_t of_listener[WEIR_LISTENERS_MAX];
};

static bool leads_to(const struct weir_table *t, const struct weir_key *key, uint32_t conn)
{
	return weir_table_lookup(t, key, weir_key_hash(&t->secret, key)) == conn;
}

/* The port of c is taken in the pool of its backend and its local address, and in no other by it. */
static bool has_its_port(const struct weir_proxy *px, const struct weir_conn *c)
{
	const struct weir_backend *bk = &px->policy->backends[c->backend];
	const struct weir_interface *egress = &px->policy->interfaces[bk->egress];

	for (uint32_t a = 0; a < egress->n_addrs; a++) {
		const struct weir_localports *p =
			&px->pools[bk->key_id * px->policy->pools_each + a];

		if (weir_addr_eq(&egress->addrs[a].addr, &c->local.addr))
			return weir_localports_has(p, weir_be16(c->local.port_be));
	}
	return false;
}

/* What comes from either side is steered to the worker that has the connection. */
static void check_owner(const struct weir_proxy *px, const struct weir_conn *c)
{
	const struct weir_pkt from[2] = {
		[WEIR_CLIENT] = {.kind = WEIR_KIND_CLIENT, .key = c->client},
		[WEIR_BACKEND] = {.kind = WEIR_KIND_BACKEND, .key = c->local}};

	if (weir_owner(px->policy, &from[WEIR_CLIENT], px->worker) != px->worker)
		shell_die("a client's connection is another worker's");
	if (c->flags & WEIR_CONN_KEYED_BACKEND &&
		weir_owner(px->policy, &from[WEIR_BACKEND], px->worker) != px->worker)
		shell_die("a backend's segments go to another worker");
}

static void tally_conn(const struct weir_proxy *px, uint32_t i, struct tally *t)
{
	const struct weir_conn *c = weir_table_conn(&px->table, i);
	uint32_t pkts, bytes;

	if (is_free(c))
		return;
	t->conns++;
	t->keys++;
	t->by_state[c->state]++;
	t->of_listener[c->client.id]++;
	check_owner(px, c);
	if (!leads_to(&px->table, &c->client, i))
		shell_die("conn %u is not under its client key", i);
	if (c->wheel_prev == WEIR_WHEEL_OFF)
		shell_die("conn %u in %s has no timer", i, weir_state_name(c->state));
	if (c->flags & WEIR_CONN_KEYED_BACKEND) {
		t->keys++;
		t->of_backend[c->backend]++;
		if (px->policy->backends[c->backend].life == WEIR_LIFE_VACANT ||
			px->policy->listeners[c->client.id].life == WEIR_LIFE_VACANT)
			shell_die("conn %u is of a listener or backend that is not there", i);
		if (!leads_to(&px->table, &c->local, i))
			shell_die("conn %u is not under its backend key", i);
		if (c->state != WEIR_CLOSED && c->state != WEIR_TIME_WAIT)
			t->active[c->backend]++;
	}
	t->ports += (c->flags & WEIR_CONN_LOCAL_PORT) != 0;
	t->yielding += (c->flags & WEIR_CONN_LOCAL_PORT) &&
		(c->state == WEIR_CLOSED || c->state == WEIR_TIME_WAIT ||
			c->state == WEIR_SYN_RCVD);
	if ((c->flags & WEIR_CONN_LOCAL_PORT) && !(c->flags & WEIR_CONN_KEYED_BACKEND))
		shell_die("conn %u keeps a port that leads nowhere", i);
	if ((c->flags & WEIR_CONN_LOCAL_PORT) && !has_its_port(px, c))
		shell_die("conn %u has a port that is free", i);
	weir_held_sum(&px->held, weir_conn_held(c), &pkts, &bytes);
	t->held += pkts;
	if (bytes > px->policy->limits.held_bytes)
		shell_die("conn %u holds %u bytes", i, bytes);
}

/* The half-open queues hold the conns in SYN_RCVD, each in its service's, linked both ways. */
static uint32_t half_open(const struct weir_proxy *px)
{
	uint32_t total = 0;

	for (uint32_t s = 0; s < px->policy->n_services; s++) {
		const struct weir_halfopen_queue *q = &px->half_open.of[s];
		uint32_t n = 0, before = WEIR_CONN_NONE;

		for (uint32_t i = q->oldest; i != WEIR_CONN_NONE; n++) {
			const struct weir_conn *c = weir_table_conn(&px->table, i);

			if (c->state != WEIR_SYN_RCVD || c->half_open.older != before ||
				weir_policy_service_of(px->policy, c->client.id) != s)
				shell_die("conn %u is wrong in the half-open queue", i);
			before = i;
			i = c->half_open.newer;
		}
		if (q->newest != before || q->count != n || n > weir_policy_half_open(px->policy) ||
			px->counters.service[s].half_open != n)
			shell_die("half-open queue of service %u", s);
		total += n;
	}
	return total;
}

static uint32_t keys_in_table(const struct weir_table *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n_buckets; i++)
		n += t->buckets[i].used;
	return n;
}

static uint32_t linked_in_wheel(const struct weir_wheel *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < WEIR_WHEEL_SLOTS; i++)
		for (uint32_t c = w->slots[i]; c != WEIR_CONN_NONE; c = w->conns[c].wheel_next)
			n++;
	return n;
}

uint32_t shell_pools(const struct weir_proxy *px)
{
	return weir_policy_backend_room(px->policy) * px->policy->pools_each;
}

static uint32_t ports_in_pools(const struct weir_proxy *px)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < shell_pools(px); i++)
		n += px->pools[i].in_use;
	return n;
}

/* As the pools count them. */
static uint32_t yielding_in_pools(const struct weir_proxy *px)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < shell_pools(px); i++)
		n += px->pools[i].yielding;
	return n;
}

/* Of the first counters in all lines of flow/crowd.h. */
static uint32_t sum_of(const uint32_t *counters, uint32_t lines)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < lines * WEIR_CROWD_LINE; i++)
		sum += i % WEIR_CROWD_LINE < 8 ? counters[i] : 0;
	return sum;
}

static void must_be(const char *what, uint64_t is, uint64_t should)
{
	if (is != should)
		shell_die("%s: %llu, should be %llu", what, (unsigned long long)is,
			(unsigned long long)should);
}

/* A number that was another service's or backend's before counts from 0 (flow/counters.h). */
static bool numbers_are_new(const struct weir_policy *p)
{
	for (uint32_t i = 0; i < p->n_services; i++)
		if (p->services[i].since != 0)
			return true;
	for (uint32_t i = 0; i < p->n_backends; i++)
		if (p->backends[i].since != 0)
			return true;
	return false;
}

/* What is counted twice, or for each service and each backend, has one sum. */
static void sums_agree(const struct weir_proxy *px)
{
	const struct weir_counters *c = &px->counters;
	struct weir_service_counters s = {0};
	struct weir_backend_counters b = {0};

	if (numbers_are_new(px->policy))
		return;
	for (uint32_t i = 0; i < px->policy->n_services; i++) {
		const struct weir_service_counters *at = &c->service[i];

		s.syn += at->syn, s.cookies_ok += at->cookies_ok;
		s.opened += at->opened, s.established += at->established, s.failed += at->failed;
		s.refused += at->refused, s.timed_out += at->timed_out;
		s.unreachable += at->unreachable;
	}
	for (uint32_t i = 0; i < px->policy->n_backends; i++) {
		const struct weir_backend_counters *at = &c->backend[i];

		b.established += at->established;
		b.refused += at->refused, b.timed_out += at->timed_out;
		b.unreachable += at->unreachable;
	}
	must_be("SYNs of services", s.syn, c->event[WEIR_EVENT_syn_received]);
	must_be("cookies of services", s.cookies_ok, c->event[WEIR_EVENT_cookie_accepted]);
	must_be("opened of services", s.opened, c->event[WEIR_EVENT_conn_opened]);
	must_be("established of services", s.established, c->event[WEIR_EVENT_conn_established]);
	must_be("failed of services", s.failed, c->event[WEIR_EVENT_conn_failed]);
	must_be("established of backends", b.established, s.established);
	must_be("refused of backends", b.refused, s.refused);
	must_be("timed out of backends", b.timed_out, s.timed_out);
	must_be("unreachable of backends", b.unreachable, s.unreachable);
}

static void audit(const struct weir_proxy *px)
{
	struct tally *t = calloc(1, sizeof(*t));

	for (uint32_t i = 0; i < px->table.fresh; i++)
		tally_conn(px, i, t);
	must_be("conns in use", px->table.count, t->conns);
	must_be("keys in the table", keys_in_table(&px->table), t->keys);
	must_be("conns on the wheel", linked_in_wheel(&px->wheel), t->conns);
	must_be("local ports of pools", ports_in_pools(px), t->ports);
	must_be("local ports", px->local_ports, t->ports);
	must_be("local ports that yield", yielding_in_pools(px), t->yielding);
	must_be("connections of addresses", sum_of(px->crowd.of_address, px->crowd.lines),
		weir_proxy_active(px) - px->by_state[WEIR_SYN_RCVD]);
	must_be("connections of prefixes", sum_of(px->crowd.of_prefix, px->crowd.lines),
		weir_proxy_active(px) - px->by_state[WEIR_SYN_RCVD]);
	must_be("held packets", px->held.count, t->held);
	must_be("half-open queues", half_open(px), t->by_state[WEIR_SYN_RCVD]);
	for (unsigned int i = 0; i < WEIR_STATES; i++)
		must_be(weir_state_name(i), px->by_state[i], t->by_state[i]);
	for (uint32_t i = 0; i < px->policy->n_backends; i++) {
		must_be("backend's connections", px->sched.backends[i].active, t->active[i]);
		must_be("backend's gauge", px->counters.backend[i].active, t->active[i]);
		must_be("backend's conns", px->counters.backend[i].conns, t->of_backend[i]);
	}
	for (uint32_t i = 0; i < px->policy->n_listeners; i++)
		must_be("listener's conns", px->counters.listener[i].conns, t->of_listener[i]);
	sums_agree(px);
	free(t);
}

void shell_check_gauges(const struct shell_worker *w)
{
	const struct weir_counters *c = &w->px.counters;

	must_be("gauge of conns", c->conns, w->px.table.count);
	must_be("gauge of held packets", c->held, w->px.held.count);
	must_be("gauge of local ports", c->local_ports, w->px.local_ports);
	for (unsigned int i = 0; i < WEIR_STATES; i++)
		must_be(weir_state_name(i), c->conns_by_state[i], w->px.by_state[i]);
}

void shell_audit(const struct shell *s)
{
	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		audit(&s->workers[i].px);
}

/* FNV-1a. */
static void mix(uint64_t *hash, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ ((const uint8_t *)data)[i]) * 0x100000001b3ull;
}

uint64_t shell_memory_hash(const struct shell *s)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (unsigned int i = 0; i < s->policy->n_workers; i++) {
		const struct weir_proxy *px = &s->workers[i].px;

		mix(&hash, &px->table, sizeof(px->table));
		mix(&hash, px->table.buckets, px->table.n_buckets * sizeof(*px->table.buckets));
		mix(&hash, px->table.conns, px->table.capacity * sizeof(*px->table.conns));
		mix(&hash, &px->wheel, sizeof(px->wheel));
		mix(&hash, px->wheel.slots, WEIR_WHEEL_SLOTS * sizeof(*px->wheel.slots));
		mix(&hash, px->pools, shell_pools(px) * sizeof(*px->pools));
		for (uint32_t p = 0; p < shell_pools(px); p++)
			mix(&hash, px->pools[p].used, (px->pools[p].count + 63) / 64 * 8);
		mix(&hash, &px->held, sizeof(px->held));
		mix(&hash, px->sched.backends,
			px->policy->n_backends * sizeof(*px->sched.backends));
		mix(&hash, px->by_state, sizeof(px->by_state));
		mix(&hash, &px->local_ports, sizeof(px->local_ports));
	}
	return hash;
}
