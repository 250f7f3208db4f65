// SPDX-License-Identifier: BSD-3-Clause
/*
 * Frames in chains of buffers, cut at any place (dp/mbuf.h): the view of a frame, what the parser makes of
 * it, checksums over several buffers, and buffers whose lengths the core has changed.
 *
 * What must hold: the parser says of a chain what it says of the same frame in one buffer, or that the
 * headers are split; sums are the naive ones; a reply leaves in the first buffer alone, and the others
 * are back in the pool; a forwarded frame has all its bytes.
 *
 * Input: a byte of flags (bits 0, 1: checksum state; 2: reply; 3: checksum by the device; 4: mended), the
 * number of cuts, the cuts, then the frame.
 */
#include <rte_mempool.h>

#include "dp/mbuf.h"
#include "fuzz.h"
#include "mend.h"
#include "wire/build.h"

#define FRAME_MAX 1600
#define CUTS_MAX  6
#define TAILROOM  64

/*
 * A pool of buffers of their exact size, so that ASan sees a byte too far
 */

static struct {
	struct rte_mempool pool;
	unsigned int out; /* buffers */
} bufs;

static int pool_put(struct rte_mempool *pool, void *const *objects, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *m = objects[i];

		free(m->buf_addr);
		free(m);
		bufs.out--;
	}
	return 0;
}

static int pool_get(struct rte_mempool *pool, void **objects, unsigned int n)
{
	return -ENOBUFS;
}

static unsigned int pool_count(const struct rte_mempool *pool)
{
	return 0;
}

static int pool_alloc(struct rte_mempool *pool)
{
	return 0;
}

static const struct rte_mempool_ops pool_ops = {
	.name = "fuzz_mbuf",
	.alloc = pool_alloc,
	.enqueue = pool_put,
	.dequeue = pool_get,
	.get_count = pool_count,
};

static struct rte_mbuf *buffer(const uint8_t *bytes, size_t len)
{
	struct rte_mbuf *m = aligned_alloc(64, sizeof(*m));

	memset(m, 0, sizeof(*m));
	m->buf_addr = malloc(len + TAILROOM);
	m->buf_len = (uint16_t)(len + TAILROOM);
	m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	m->nb_segs = 1;
	m->pool = &bufs.pool;
	rte_mbuf_refcnt_set(m, 1);
	if (len > 0)
		memcpy(m->buf_addr, bytes, len);
	bufs.out++;
	return m;
}

/*
 * Chains
 */

struct cuts {
	unsigned int n;
	uint16_t at[CUTS_MAX + 1]; /* ends of buffers; the last one is the frame's */
};

static struct rte_mbuf *chain(const uint8_t *frame, const struct cuts *c)
{
	struct rte_mbuf *head = buffer(frame, c->at[0]);

	for (unsigned int i = 1; i <= c->n; i++)
		FUZZ_MUST(rte_pktmbuf_chain(head,
				  buffer(frame + c->at[i - 1],
					  (size_t)(c->at[i] - c->at[i - 1]))) == 0);
	return head;
}

/* Cuts in order: each a share of what is left of the frame, in 256ths. */
static void read_cuts(struct fuzz_in *in, struct cuts *c, uint8_t shares[CUTS_MAX])
{
	c->n = fuzz_u8(in) % (CUTS_MAX + 1);
	fuzz_bytes(in, shares, c->n);
}

static void place_cuts(struct cuts *c, const uint8_t shares[CUTS_MAX], size_t len)
{
	size_t at = 0;

	for (unsigned int i = 0; i < c->n; i++) {
		at += (shares[i] & 128 ? shares[i] & 127u : (len - at) * shares[i] / 128);
		at = at < len ? at : len;
		c->at[i] = (uint16_t)at;
	}
	c->at[c->n] = (uint16_t)len;
}

static void copy_out(const struct rte_mbuf *m, uint8_t *to)
{
	for (; m != NULL; m = m->next) {
		memcpy(to, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
		to += m->data_len;
	}
}

/*
 * What must hold
 */

static enum weir_parsed parse_whole(const uint8_t *frame, size_t len, uint8_t csum,
	struct weir_pkt *pkt)
{
	*pkt = (struct weir_pkt){.frame.data = (uint8_t *)frame,
		.frame.len = (uint32_t)len,
		.frame.head_len = (uint16_t)len,
		.frame.room = (uint16_t)len,
		.frame.csum = csum};
	return weir_pkt_parse(pkt);
}

/* Of a chain the parser cannot see all, and says so; it never sees something else. */
static void check_parse(const struct weir_pkt *got, enum weir_parsed parsed, const uint8_t *frame,
	size_t len)
{
	struct weir_pkt whole;
	enum weir_parsed should = parse_whole(frame, len, got->frame.csum, &whole);

	if (parsed == WEIR_PARSED_BAD && got->fate == WEIR_FATE_split_headers)
		return;
	/* a sum over several buffers is left to the receiver */
	if (should == WEIR_PARSED_BAD &&
		(whole.fate == WEIR_FATE_tcp_checksum ||
			whole.fate == WEIR_FATE_tcp_checksum_partial ||
			whole.fate == WEIR_FATE_icmp_malformed))
		return;
	FUZZ_MUST(parsed == should);
	if (parsed == WEIR_PARSED_BAD)
		FUZZ_MUST(got->fate == whole.fate);
	if (parsed == WEIR_PARSED_TCP)
		FUZZ_MUST(got->seg.seq == whole.seg.seq && got->seg.l4_off == whole.seg.l4_off &&
			got->seg.payload_len == whole.seg.payload_len);
}

/* The sum of any piece, folded: a naive one has the same remainder modulo 2^16 - 1. */
static void check_sums(const struct rte_mbuf *m, const uint8_t *frame, size_t len, uint8_t where)
{
	size_t off = len * where / 256, n = (len - off) * (where & 15) / 15;

	FUZZ_MUST(weir_be16(weir_mbuf_sum(m, (uint32_t)off, (uint32_t)n)) % 0xffff ==
		frame_sum(0, frame + off, n) % 0xffff);
}

/* What the core answers lies in the first buffer, and may be longer than what that held. */
static void reply(struct rte_mbuf *m, struct weir_pkt *pkt)
{
	uint16_t len =
		pkt->frame.room < WEIR_HEADER_FRAME_MAX ? pkt->frame.room : WEIR_HEADER_FRAME_MAX;

	memset(pkt->frame.data, 0x5a, len);
	pkt->frame.len = pkt->frame.head_len = len;
	FUZZ_MUST(weir_mbuf_of(pkt) == m);
	FUZZ_MUST(m->nb_segs == 1 && m->next == NULL && m->pkt_len == len && m->data_len == len);
	FUZZ_MUST(bufs.out == 1);
}

/* Forwarded: every byte is there, but for the checksums, which are right afterwards. */
static void forward(struct rte_mbuf *m, struct weir_pkt *pkt, const uint8_t *frame, size_t len,
	bool by_device)
{
	uint8_t out[FRAME_MAX];

	FUZZ_MUST(weir_mbuf_of(pkt) == m && m->pkt_len == len);
	if (pkt->frame.csum == WEIR_CSUM_PARTIAL)
		weir_mbuf_complete_csum(m, pkt, by_device);
	copy_out(m, out);
	if (pkt->frame.csum != WEIR_CSUM_PARTIAL) {
		FUZZ_MUST(memcmp(out, frame, len) == 0);
		return;
	}
	if (by_device) { /* ... of which it is told where they are */
		FUZZ_MUST(m->l2_len + m->l3_len == pkt->seg.l4_off);
		fuzz_mend(out, len);
	}
	FUZZ_MUST(frame_tcp_sum(out) == 0xffff);
}

static enum weir_csum_state state_of(uint8_t flags, uint64_t *ol_flags)
{
	static const struct {
		uint64_t ol_flags;
		enum weir_csum_state state;
	} states[] = {
		{RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, WEIR_CSUM_UNKNOWN},
		{RTE_MBUF_F_RX_L4_CKSUM_GOOD, WEIR_CSUM_GOOD},
		{RTE_MBUF_F_RX_L4_CKSUM_BAD, WEIR_CSUM_BAD},
		{RTE_MBUF_F_RX_L4_CKSUM_NONE, WEIR_CSUM_PARTIAL},
	};

	*ol_flags = states[flags & 3].ol_flags;
	return states[flags & 3].state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	uint8_t flags = fuzz_u8(&in), where = fuzz_u8(&in), shares[CUTS_MAX] = {0};
	uint8_t frame[FRAME_MAX];
	enum weir_csum_state state;
	enum weir_parsed parsed;
	struct weir_pkt pkt;
	struct rte_mbuf *m;
	struct cuts cuts;
	uint64_t ol_flags;
	size_t len;

	if (bufs.pool.ops_index == 0 && bufs.pool.elt_size == 0) {
		bufs.pool.ops_index = rte_mempool_register_ops(&pool_ops);
		bufs.pool.elt_size = 1;
	}
	read_cuts(&in, &cuts, shares);
	len = fuzz_bytes(&in, frame, FRAME_MAX);
	place_cuts(&cuts, shares, len);
	if (flags & 16)
		fuzz_mend(frame, len);
	m = chain(frame, &cuts);
	state = state_of(flags, &ol_flags);
	m->ol_flags = ol_flags;
	weir_mbuf_view(m, 0, &pkt);
	FUZZ_MUST(pkt.frame.csum == state && pkt.frame.len == len && pkt.buf == m);
	parsed = weir_pkt_parse(&pkt);
	check_parse(&pkt, parsed, frame, len);
	check_sums(m, frame, len, where);
	if (flags & 4)
		reply(m, &pkt);
	else if (parsed == WEIR_PARSED_TCP)
		forward(m, &pkt, frame, len, flags & 8);
	rte_pktmbuf_free(m);
	FUZZ_MUST(bufs.out == 0);
	return 0;
}
