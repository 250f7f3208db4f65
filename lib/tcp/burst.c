// SPDX-License-Identifier: BSD-3-Clause
/*
 * The stages of a burst, in order: dispatch SYNs and lookups, hash keys and prefetch buckets, make the
 * cookies of all SYNs, probe the buckets and prefetch connections, look the connections up, check the
 * cookies of all ACKs without one. Nothing here changes a connection.
 */
#include "tcp/burst.h"

#include "flow/key_lanes.h"

/* Puts packet i into a batch of the burst. */
static inline void batch_add(struct weir_batch *t, struct weir_burst *b, unsigned int i)
{
	b->slot[i] = (uint8_t)t->n;
	t->segs[t->n++] = &b->pkts[i].seg;
}

static inline uint8_t mss_index(const struct weir_seg *syn)
{
	const uint16_t *row = weir_cookie_mss_of(syn->family);
	uint8_t i = WEIR_COOKIE_MSS - 1;

	while (i > 0 && row[i] > syn->mss)
		i--;
	return i;
}

/* What the listener's service and a SYN to it agree on (HC-02, HC-03). */
static inline void agree(struct weir_agreed *a, const struct weir_proxy *px, uint16_t listener,
	const struct weir_seg *syn)
{
	const struct weir_listener *l = &px->policy->listeners[listener];
	const struct weir_profile *profile = &l->profile;
	const uint8_t ecn_setup = WEIR_TCP_ECE | WEIR_TCP_CWR; /* RFC 3168 §6.1.1 */

	a->mss_index = mss_index(syn);
	a->wscale = syn->wscale;
	a->sack = syn->sack_ok & profile->sack;
	a->ts = (syn->ts_off != 0) & profile->timestamps & !px->no_timestamps[l->service];
	a->ecn = ((syn->flags & ecn_setup) == ecn_setup) & profile->ecn;
}

/* Which packets are looked up, and what the SYNs among the others are answered with. */
static void dispatch(struct weir_proxy *px, struct weir_burst *b)
{
	for (unsigned int i = 0; i < b->n; i++) {
		const struct weir_pkt *pkt = &b->pkts[i];

		if (weir_is_client_syn(pkt)) {
			agree(&b->syns.cookies[b->syns.n].agreed, px, pkt->key.id, &pkt->seg);
			batch_add(&b->syns, b, i);
		} else if (pkt->kind == WEIR_KIND_CLIENT || pkt->kind == WEIR_KIND_BACKEND ||
			pkt->kind == WEIR_KIND_ICMP_ERROR) {
			b->keyed[b->n_keyed++] = (uint8_t)i;
		}
	}
}

/*
 * HC-70: takes the SYNs that go to backends out of those that get a cookie; they are looked up instead.
 * After the dispatch, so that a flood, in which there are none, does not pay for it.
 */
static __attribute__((noinline)) void divert_calm(struct weir_proxy *px, struct weir_burst *b)
{
	struct weir_batch *syns = &b->syns;
	unsigned int n = 0;

	for (unsigned int i = 0; i < b->n; i++) {
		const uint8_t slot = b->slot[i];

		if (slot == WEIR_NO_SLOT)
			continue;
		if (!px->gates[px->policy->listeners[b->pkts[i].key.id].service].cookies) {
			b->slot[i] = WEIR_NO_SLOT;
			b->keyed[b->n_keyed++] = (uint8_t)i;
			continue;
		}
		b->slot[i] = (uint8_t)n;
		syns->segs[n] = syns->segs[slot];
		syns->cookies[n++] = syns->cookies[slot];
	}
	syns->n = n;
}

/* Hashes the keys of both families side by side, and prefetches their buckets. */
static void hash_keys(struct weir_proxy *px, struct weir_burst *b)
{
	struct weir_key_lanes keys;
	struct weir_siplanes hashes;

	weir_key_lanes_begin(&keys);
	for (unsigned int k = 0; k < b->n_keyed; k++)
		weir_key_lanes_put(&keys, k, &b->pkts[b->keyed[k]].key);
	weir_key_lanes_hash(&keys, &px->table.secret, b->n_keyed, &hashes);
	for (unsigned int k = 0; k < b->n_keyed; k++) {
		unsigned int i = b->keyed[k];

		b->hash[i] = hashes.lane[k];
		__builtin_prefetch(weir_table_line(&px->table, b->hash[i]));
	}
}

/* The packet belongs to no connection: its cookie is checked, and in a flood it is a wrong one (HC-08). */
static inline void add_unknown(const struct weir_proxy *px, struct weir_burst *b, unsigned int i)
{
	const struct weir_pkt *pkt = &b->pkts[i];

	if (!weir_may_carry_cookie(pkt))
		return;
	batch_add(&b->acks, b, i);
	weir_grace_fetch(&px->grace, b->hash[i], pkt->seg.ack, pkt->seg.seq);
}

/* The buckets are in the cache by now: reads them only, and prefetches the conns that they name. */
static void probe_buckets(struct weir_proxy *px, struct weir_burst *b)
{
	for (unsigned int k = 0; k < b->n_keyed; k++) {
		unsigned int i = b->keyed[k];
		const char *c;

		b->conn[i] = weir_table_probe(&px->table, &b->pkts[i].key, b->hash[i]);
		if (b->conn[i] >= WEIR_TABLE_MAX) {
			if (b->conn[i] == WEIR_CONN_NONE)
				add_unknown(px, b, i);
			continue; /* or the second bucket has to be read */
		}
		c = (const char *)conn_at(px, b->conn[i]);
		__builtin_prefetch(c, 1);
		__builtin_prefetch(c + 64, 1);
	}
}

/* The conns are in the cache by now. */
static void look_up_conns(struct weir_proxy *px, struct weir_burst *b)
{
	b->changes = px->changes;
	for (unsigned int k = 0; k < b->n_keyed; k++) {
		unsigned int i = b->keyed[k];

		if (b->conn[i] == WEIR_CONN_NONE)
			continue;
		b->conn[i] =
			weir_table_confirm(&px->table, &b->pkts[i].key, b->hash[i], b->conn[i]);
		if (b->conn[i] == WEIR_CONN_NONE)
			add_unknown(px, b, i);
	}
}

static void check_cookies(struct weir_proxy *px, struct weir_burst *b)
{
	b->good =
		weir_cookie_check(&px->keys, b->acks.segs, b->acks.cookies, &b->probes, b->acks.n);
}

static void make_cookies(struct weir_proxy *px, struct weir_burst *b)
{
	weir_cookie_make(&px->keys, b->syns.segs, b->syns.cookies, b->syns.n, now_ms(px));
}

void weir_burst_cookie(struct weir_proxy *px, const struct weir_pkt *syn,
	struct weir_cookie *cookie)
{
	const struct weir_seg *seg = &syn->seg;

	agree(&cookie->agreed, px, syn->key.id, seg);
	weir_cookie_make(&px->keys, &seg, cookie, 1, now_ms(px));
}

_Static_assert(WEIR_CONN_NONE == UINT32_MAX, "all bytes of it are 0xff");

static void burst_begin(struct weir_burst *b, struct weir_pkt *pkts, unsigned int n)
{
	b->pkts = pkts;
	b->n = n;
	b->n_keyed = b->syns.n = b->acks.n = 0;
	memset(b->conn, 0xff, sizeof(b->conn)); /* WEIR_CONN_NONE */
	memset(b->slot, WEIR_NO_SLOT, sizeof(b->slot));
}

void weir_burst_prepare(struct weir_proxy *px, struct weir_burst *b, struct weir_pkt *pkts,
	unsigned int n)
{
	burst_begin(b, pkts, n);
	dispatch(px, b);
	if (px->n_calm > 0)
		divert_calm(px, b);
	hash_keys(px, b);
	make_cookies(px, b); /* while the buckets are being fetched */
	probe_buckets(px, b);
	look_up_conns(px, b);
	check_cookies(px, b);
}
