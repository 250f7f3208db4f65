// SPDX-License-Identifier: BSD-3-Clause
/*
 * Local address and port of a connection in fullnat: owns the pools, of which there is one for each
 * backend and local address of its egress interface. Packets take a free port or none. Room is made
 * between bursts: a pool that runs short while it has ports of ended connections or half-open entries
 * stands in a list, and weir_local_recycle() takes some of them back, those first that were taken longest
 * ago (RFC 6191).
 */
#include "tcp/engine.h"

/* Ports that are looked at in one tick, at most; together, so that their cache misses overlap. */
#define LOOKS 16

static struct weir_localports *pool(const struct weir_proxy *px, uint16_t key_id, unsigned int addr)
{
	return &px->pools[key_id * px->policy->pools_each + addr];
}

static const struct weir_interface *egress_of(const struct weir_proxy *px, uint16_t backend)
{
	return &px->policy->interfaces[px->policy->backends[backend].egress];
}

/* The local address that is tried first: clients are spread over all of them. */
static unsigned int first_addr(const struct weir_interface *egress, const struct weir_conn *c)
{
	return weir_be16(c->client.port_be) % egress->n_addrs;
}

static unsigned int next_addr(const struct weir_interface *egress, unsigned int addr)
{
	return addr + 1u == egress->n_addrs ? 0 : addr + 1;
}

struct weir_localports *weir_local_pool(const struct weir_proxy *px, const struct weir_conn *c)
{
	const struct weir_interface *egress = egress_of(px, c->backend);
	unsigned int at = first_addr(egress, c); /* it is that one, nearly always */

	for (unsigned int i = 1; i < egress->n_addrs; i++) {
		if (weir_addr_eq(&egress->addrs[at].addr, &c->local.addr))
			break;
		at = next_addr(egress, at);
	}
	return pool(px, px->policy->backends[c->backend].key_id, at);
}

/* Puts the pool at the end of the list: the last one's next is itself. */
static void append(struct weir_proxy *px, struct weir_localports *p)
{
	const uint32_t n = (uint32_t)(p - px->pools);

	if (px->short_pools[0] == WEIR_LOCALPORT_NONE)
		px->short_pools[0] = n;
	else
		px->pools[px->short_pools[1]].next = n;
	px->short_pools[1] = n;
	p->next = n;
}

static void remove_first(struct weir_proxy *px)
{
	const uint32_t n = px->short_pools[0];

	px->short_pools[0] = n == px->short_pools[1] ? WEIR_LOCALPORT_NONE : px->pools[n].next;
	px->pools[n].next = WEIR_LOCALPORT_NONE;
}

/* The pool runs short, and some of its ports can be taken back: into the list, once. */
static void want(struct weir_proxy *px, struct weir_localports *p)
{
	if (p->yielding == 0 || p->count - p->in_use >= weir_spare_ports(p) ||
		p->next != WEIR_LOCALPORT_NONE)
		return;
	weir_localports_look_again(p);
	append(px, p);
}

/* The pool has a port for c. */
static void take_from(struct weir_proxy *px, struct weir_conn *c, struct weir_localports *p,
	const struct weir_addr *addr)
{
	c->local.addr = *addr;
	c->local.port_be = weir_be16(weir_localports_take(p));
	c->flags |= WEIR_CONN_LOCAL_PORT;
	px->local_ports++;
	p->yielding += c->state == WEIR_SYN_RCVD;
	if (p->count - p->in_use >= weir_spare_ports(p))
		return;
	want(px, p);
	if (c->state != WEIR_SYN_RCVD && weir_pool_pressed(p))
		weir_pressure_begin(px);
}

bool weir_local_take(struct weir_proxy *px, struct weir_conn *c)
{
	const struct weir_backend *bk = &px->policy->backends[c->backend];
	const struct weir_interface *egress = egress_of(px, c->backend);
	const bool is_entry = c->state == WEIR_SYN_RCVD;
	unsigned int at = first_addr(egress, c);

	for (unsigned int i = 0; i < egress->n_addrs; i++, at = next_addr(egress, at)) {
		struct weir_localports *p = pool(px, bk->key_id, at);

		if (!(bk->locals >> at & 1))
			continue;
		if (p->in_use < p->count && (!is_entry || weir_has_port_for_entry(p))) {
			take_from(px, c, p, &egress->addrs[at].addr);
			return true;
		}
		if (p->yielding > 0)
			want(px, p);
	}
	if (!is_entry)
		weir_pressure_begin(px);
	return false;
}

void weir_local_give(struct weir_proxy *px, struct weir_conn *c)
{
	struct weir_localports *p;

	if (!(c->flags & WEIR_CONN_LOCAL_PORT))
		return;
	p = weir_local_pool(px, c);
	weir_localports_give(p, weir_be16(c->local.port_be));
	if (!is_counted(c))
		p->yielding--;
	c->flags &= (uint8_t)~WEIR_CONN_LOCAL_PORT;
	px->local_ports--;
}

void weir_local_ended(struct weir_proxy *px, const struct weir_conn *c)
{
	struct weir_localports *p;

	if (!(c->flags & WEIR_CONN_LOCAL_PORT))
		return;
	p = weir_local_pool(px, c);
	p->yielding++;
	want(px, p);
}

void weir_local_settled(struct weir_proxy *px, const struct weir_conn *c)
{
	struct weir_localports *p;

	if (!(c->flags & WEIR_CONN_LOCAL_PORT))
		return;
	p = weir_local_pool(px, c);
	p->yielding--;
	if (weir_pool_pressed(p))
		weir_pressure_begin(px);
}

/* Keys of the next ports of pool number n that are in use, with their buckets on the way. */
static unsigned int gather(struct weir_proxy *px, uint32_t n, struct weir_key keys[LOOKS],
	uint64_t hashes[LOOKS])
{
	const uint16_t key_id = (uint16_t)(n / px->policy->pools_each);
	const struct weir_interface *egress = egress_of(px, key_id);
	unsigned int found = 0;

	for (unsigned int i = 0; i < LOOKS; i++) {
		uint16_t port = weir_localports_look(&px->pools[n]);

		if (port == 0)
			continue;
		keys[found] = (struct weir_key){egress->addrs[n % px->policy->pools_each].addr,
			weir_be16(port), WEIR_KEY_BACKEND | key_id};
		hashes[found] = weir_key_hash(&px->table.secret, &keys[found]);
		__builtin_prefetch(weir_table_line(&px->table, hashes[found++]), 1);
	}
	return found;
}

static void fetch(struct weir_proxy *px, const struct weir_key *key, uint64_t hash)
{
	uint32_t conn = weir_table_probe(&px->table, key, hash);

	if (conn < WEIR_TABLE_MAX)
		__builtin_prefetch(&conn_at(px, conn)->state, 1);
}

static void take_back(struct weir_proxy *px, const struct weir_key *key, uint64_t hash)
{
	uint32_t conn = weir_table_lookup(&px->table, key, hash);

	if (conn != WEIR_CONN_NONE)
		weir_conn_yield(px, conn_at(px, conn));
}

void weir_local_recycle(struct weir_proxy *px)
{
	struct weir_key keys[LOOKS];
	uint64_t hashes[LOOKS];
	const uint32_t n = px->short_pools[0];
	struct weir_localports *p;
	unsigned int found;

	if (n == WEIR_LOCALPORT_NONE)
		return;
	p = &px->pools[n];
	found = gather(px, n, keys, hashes);
	for (unsigned int i = 0; i < found; i++)
		fetch(px, &keys[i], hashes[i]);
	for (unsigned int i = 0; i < found; i++)
		take_back(px, &keys[i], hashes[i]);
	remove_first(px);
	if (p->yielding > 0 && p->count - p->in_use < weir_spare_ports(p))
		append(px, p);
}
