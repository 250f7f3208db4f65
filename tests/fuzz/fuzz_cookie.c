// SPDX-License-Identifier: BSD-3-Clause
/*
 * SYN cookies (tcp/cookie.h): what was agreed comes back out of the ACK, and no ACK passes that no
 * cookie was made for. Segments are any numbers at all, not only what the parser lets through.
 *
 * The key is a hash of the whole input: libFuzzer sees what the MACs are compared with, and would
 * else put the right one into its next input.
 *
 * Input: the epoch (4 bytes), the clock (4), then 56 bytes a segment, at most a burst of them.
 */
#include "fuzz.h"
#include "tcp/cookie.h"

struct made {
	struct weir_seg syn[WEIR_BURST], ack[WEIR_BURST], random[WEIR_BURST];
	struct weir_cookie cookie[WEIR_BURST];
	struct weir_agreed wanted[WEIR_BURST];
	uint8_t back[WEIR_BURST];
	unsigned int n;
};

static struct weir_addr any_addr(struct fuzz_in *in, bool v6)
{
	struct weir_addr a;

	fuzz_bytes(in, a.b, 16);
	return v6 && !weir_addr_is_v4(&a) ? a : weir_addr_v4(a.w[3]);
}

/* One SYN, what is agreed with it, and an ACK of the same tuple that nobody made a cookie for. */
static void read_one(struct fuzz_in *in, struct made *m, unsigned int i)
{
	uint8_t bits = fuzz_u8(in), scale = fuzz_u8(in);
	struct weir_seg *syn = &m->syn[i], *random = &m->random[i];

	*syn = (struct weir_seg){.flags = WEIR_TCP_SYN};
	syn->src = any_addr(in, bits & 1);
	syn->dst = bits & 1 ? any_addr(in, true) : weir_addr_v4(fuzz_u32(in));
	syn->sport_be = fuzz_u16(in);
	syn->dport_be = fuzz_u16(in);
	syn->seq = fuzz_u32(in);
	m->back[i] = bits >> 1 & 1;
	m->wanted[i] = (struct weir_agreed){
		.mss_index = scale >> 4 & 7,
		.wscale = (scale & 15) == 15 ? WEIR_WSCALE_NONE : scale & 15,
		.sack = bits & 4,
		.ts = bits & 8,
		.ecn = bits & 16,
	};
	*random = *syn;
	random->flags = WEIR_TCP_ACK;
	random->seq = fuzz_u32(in);
	random->ack = fuzz_u32(in);
	random->ts_off = bits & 32 ? 24 : 0;
	random->tsecr = fuzz_u32(in);
}

/* Without timestamps: nothing that was not offered, scale and SACK together or not at all. */
static void check_plain(const struct weir_agreed *is, const struct weir_agreed *wanted)
{
	FUZZ_MUST(is->mss_index <= wanted->mss_index && !is->ts && !is->ecn);
	FUZZ_MUST(is->sack == (is->wscale != WEIR_WSCALE_NONE));
	if (is->sack)
		FUZZ_MUST(wanted->sack && wanted->wscale != WEIR_WSCALE_NONE &&
			is->wscale <= wanted->wscale);
}

/* With timestamps, all that was offered. */
static void check_agreed(const struct weir_agreed *is, const struct weir_agreed *wanted)
{
	if (!wanted->ts) {
		check_plain(is, wanted);
		return;
	}
	FUZZ_MUST(is->mss_index == wanted->mss_index && is->sack == wanted->sack && is->ts);
	FUZZ_MUST(is->wscale == wanted->wscale && is->ecn == wanted->ecn);
}

static void make(const struct weir_keys *k, struct made *m, uint64_t now_ms)
{
	const struct weir_seg *segs[WEIR_BURST];

	for (unsigned int i = 0; i < m->n; i++) {
		segs[i] = &m->syn[i];
		m->cookie[i].agreed = m->wanted[i];
	}
	weir_cookie_make(k, segs, m->cookie, m->n, now_ms);
	for (unsigned int i = 0; i < m->n; i++) {
		const struct weir_cookie *c = &m->cookie[i];
		struct weir_seg *ack = &m->ack[i];

		check_agreed(&c->agreed, &m->wanted[i]);
		*ack = m->syn[i];
		ack->flags = WEIR_TCP_ACK;
		ack->seq = m->syn[i].seq + 1 - m->back[i];
		ack->ack = c->isn + 1;
		ack->ts_off = c->agreed.ts ? 24 : 0;
		ack->tsecr = c->tsval;
	}
}

/* The good ones; *probes as weir_cookie_check() has it. */
static uint64_t check(const struct weir_keys *k, const struct made *m, const struct weir_seg *acks,
	struct weir_cookie *out, uint64_t *probes)
{
	const struct weir_seg *segs[WEIR_BURST];
	uint64_t good;

	for (unsigned int i = 0; i < m->n; i++)
		segs[i] = &acks[i];
	good = weir_cookie_check(k, segs, out, probes, m->n);
	for (unsigned int i = 0; i < m->n; i++) { /* one by one it is the same */
		struct weir_cookie one;
		uint64_t one_probe, one_good = weir_cookie_check(k, &segs[i], &one, &one_probe, 1);

		FUZZ_MUST(one_good == (good >> i & 1) && one_probe == (*probes >> i & 1));
		FUZZ_MUST(!one_good || one.isn == out[i].isn);
	}
	return good;
}

static void must_pass(const struct weir_keys *k, const struct made *m)
{
	struct weir_cookie out[WEIR_BURST];
	uint64_t probes, good = check(k, m, m->ack, out, &probes);

	for (unsigned int i = 0; i < m->n; i++) {
		FUZZ_MUST(good >> i & 1);
		FUZZ_MUST((probes >> i & 1) == m->back[i]);
		check_agreed(&out[i].agreed, &m->wanted[i]);
		FUZZ_MUST(out[i].agreed.wscale == m->cookie[i].agreed.wscale);
	}
}

/*
 * A check without timestamps has odds of 2^-27, and millions are made a minute: so it must not pass
 * with either of two keys that have nothing to do with each other.
 */
static void must_not_pass(const struct weir_keys *k, const struct weir_keys *other,
	const struct made *m)
{
	struct weir_cookie out[WEIR_BURST];
	uint64_t probes;

	FUZZ_MUST((check(k, m, m->random, out, &probes) &
			  check(other, m, m->random, out, &probes)) == 0);
}

static struct weir_keyring ring; /* of the keys that were made last */

static struct weir_keys keys(uint64_t hash, uint64_t wall_s)
{
	uint64_t secret[2] = {hash, ~hash * 0x9e3779b97f4a7c15ull};
	struct weir_keys k;
	uint8_t bytes[16];

	memcpy(bytes, secret, sizeof(bytes));
	memset(&ring, 0, sizeof(ring));
	weir_keyring_fill(&ring, bytes, wall_s);
	weir_keys_init(&k, &ring, wall_s);
	return k;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	uint64_t wall_s = (uint64_t)fuzz_u32(&in) * WEIR_EPOCH_S, now_ms = fuzz_u32(&in);
	struct weir_keys other = keys(fuzz_hash(data, size) ^ 0x5eed, wall_s);
	struct weir_keys k = keys(fuzz_hash(data, size), wall_s), next = k;
	static struct made m;

	for (m.n = 0; m.n < WEIR_BURST && fuzz_left(&in) > 0; m.n++)
		read_one(&in, &m, m.n);
	make(&k, &m, now_ms);
	must_pass(&k, &m);
	must_not_pass(&k, &other, &m);
	FUZZ_MUST(weir_keys_update(&next, wall_s + WEIR_EPOCH_S));
	must_pass(&next, &m);
	must_not_pass(&next, &other, &m);
	return 0;
}
