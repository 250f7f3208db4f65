// SPDX-License-Identifier: BSD-3-Clause
/* The core's parts by themselves, on bursts of frames that stream from memory. */
#include "rows.h"

#include <stdlib.h>

#include "base/siphash_many.h"
#include "cycles.h"
#include "flow/classify.h"
#include "report.h"
#include "tcp/cookie.h"
#include "tcp/translate.h"
#include "flow/pkt.h"

/* What is done to the packets of a burst that has come in. */
typedef void part_fn(struct world *w, const struct frame *frames);

struct run {
	struct world *world;
	const struct frame *frames;
	part_fn *before; /* is part of the floor; may be NULL */
	part_fn *part;
};

static uint64_t run_lot(const struct run *r, unsigned int lot, part_fn *last)
{
	const struct frame *frames = r->frames + lot * ROWS_LOT;
	uint64_t start = cycles();

	for (unsigned int at = 0; at < ROWS_LOT; at += WEIR_BURST) {
		world_receive(r->world, frames + at, WEIR_BURST);
		if (r->before != NULL)
			r->before(r->world, frames + at);
		if (last != NULL)
			last(r->world, frames + at);
	}
	return cycles() - start;
}

static uint64_t run_floor(void *ctx, unsigned int lot)
{
	return run_lot(ctx, lot, NULL);
}

static uint64_t run_full(void *ctx, unsigned int lot)
{
	const struct run *r = ctx;

	return run_lot(r, lot, r->part);
}

static void row(const struct rows_options *o, struct world *w, const char *name, part_fn *before,
	part_fn *part)
{
	struct run run = {w, o->frames, before, part};
	struct samples_job job = {.floor = run_floor,
		.full = run_full,
		.ctx = &run,
		.lots = FRAMES / ROWS_LOT,
		.per_lot = ROWS_LOT,
		.rounds = o->rounds};
	struct samples result;

	samples_take(&job, &result);
	report_cycles(name, "conns", w->px.table.count, &result);
}

static void parse(struct world *w, const struct frame *frames)
{
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		if (weir_pkt_parse(&w->pkts[i]) != WEIR_PARSED_TCP)
			abort();
}

static void classify(struct world *w, const struct frame *frames)
{
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		weir_classify(w->policy, &w->pkts[i], WEIR_PARSED_TCP);
}

static void translate(struct world *w, const struct frame *frames)
{
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		weir_translate(weir_table_conn(&w->px.table, frames[i].conn), w->policy,
			w->pkts[i].kind == WEIR_KIND_CLIENT ? WEIR_CLIENT : WEIR_BACKEND,
			&w->pkts[i]);
}

static void parse_and_classify(struct world *w, const struct frame *frames)
{
	parse(w, frames);
	classify(w, frames);
}

/* All packets of a burst, as the cookies' functions want them. */
static void gather(const struct world *w, const struct weir_seg *segs[WEIR_BURST])
{
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		segs[i] = &w->pkts[i].seg;
}

static void make_cookies(struct world *w, const struct frame *frames)
{
	static struct weir_cookie cookies[WEIR_BURST];
	const struct weir_seg *segs[WEIR_BURST];

	gather(w, segs);
	for (unsigned int i = 0; i < WEIR_BURST; i++)
		cookies[i].agreed =
			(struct weir_agreed){.mss_index = 6, .wscale = 7, .sack = true, .ts = true};
	weir_cookie_make(&w->px.keys, segs, cookies, WEIR_BURST, w->now_ns / 1000000);
}

static void check_cookies(struct world *w, const struct frame *frames)
{
	static struct weir_cookie cookies[WEIR_BURST];
	const struct weir_seg *segs[WEIR_BURST];
	uint64_t probes;

	gather(w, segs);
	weir_cookie_check(&w->px.keys, segs, cookies, &probes, WEIR_BURST);
}

/* Frames are remembered with their conns. */
static void fill_with_conns(const struct rows_options *o, struct world *w, frame_maker *make)
{
	frames_fill(o->frames, FRAMES, w, make, make, 0);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct weir_pkt *pkt = &w->pkts[0];

		world_receive(w, &o->frames[i], 1);
		weir_classify(w->policy, pkt, weir_pkt_parse(pkt));
		o->frames[i].conn = weir_table_lookup(&w->px.table, &pkt->key,
			weir_key_hash(&w->px.table.secret, &pkt->key));
		if (o->frames[i].conn == WEIR_CONN_NONE)
			abort();
	}
}

/* As in cookies: a word and a tail, 64 messages. */
struct hashing {
	weir_siphash_many_fn *many;
	struct weir_siplanes words[2], out;
};

static uint64_t run_hash(void *ctx, unsigned int lot)
{
	struct hashing *h = ctx;
	const struct weir_sipkey keys[2] = {{1, 2}, {3, 4}};
	const struct weir_sipshape shape = {1, 6};
	uint64_t start = cycles();

	for (unsigned int at = 0; at < ROWS_LOT; at += WEIR_SIP_MANY)
		h->many(keys, 0x5555555555555555, h->words, shape, WEIR_SIP_MANY, &h->out);
	return cycles() - start;
}

static void hash_row(const struct rows_options *o, const char *name, weir_siphash_many_fn *many)
{
	struct hashing *h = aligned_alloc(64, sizeof(*h));
	struct samples_job job = {.full = run_hash,
		.ctx = h,
		.lots = FRAMES / ROWS_LOT,
		.per_lot = ROWS_LOT,
		.rounds = o->rounds};
	struct samples result = {0};

	if (h == NULL)
		abort();
	memset(h, 0, sizeof(*h));
	h->many = many;
	for (unsigned int i = 0; i < WEIR_SIP_MANY; i++)
		h->words[0].lane[i] = h->words[1].lane[i] = frames_random();
	samples_take(&job, &result);
	report_cycles(name, "", 0, &result);
	free(h);
}

/* SipHash-2-4 is the cookies', 1-3 the keys'. */
static void hash_rows(const struct rows_options *o)
{
	hash_row(o, "siphash24_plain", weir_siphash24_many_plain);
	hash_row(o, "siphash13_plain", weir_siphash13_many_plain);
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		hash_row(o, "siphash24_avx2", weir_siphash24_many_avx2);
		hash_row(o, "siphash13_avx2", weir_siphash13_many_avx2);
	}
	if (__builtin_cpu_supports("avx512f")) {
		hash_row(o, "siphash24_avx512", weir_siphash24_many_avx512);
		hash_row(o, "siphash13_avx512", weir_siphash13_many_avx512);
	} else {
		report_fact("AVX-512", "this CPU has none, its hashes are not measured");
	}
#endif
}

void rows_parts(const struct rows_options *o, struct world *w)
{
	frames_fill(o->frames, FRAMES, w, frame_make_syn, frame_make_syn, 0);
	row(o, w, "parse_syn", NULL, parse);
	row(o, w, "classify_syn", parse, classify);
	row(o, w, "cookie_make", parse, make_cookies);
	frames_fill(o->frames, FRAMES, w, frame_make_bad_ack, frame_make_bad_ack, 0);
	row(o, w, "parse_ack", NULL, parse);
	row(o, w, "cookie_check", parse, check_cookies);
	fill_with_conns(o, w, frame_make_client);
	row(o, w, "translate_client", parse_and_classify, translate);
	fill_with_conns(o, w, frame_make_backend);
	row(o, w, "classify_backend", parse, classify);
	row(o, w, "translate_backend", parse_and_classify, translate);
	hash_rows(o);
}
