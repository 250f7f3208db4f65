// SPDX-License-Identifier: BSD-3-Clause
#include "dialogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/pkt.h"
#include "wire/l3.h"

#define PORTS   50000u /* that a client uses */
#define PAYLOAD 14u    /* "GET / HTTP/1.0": what FRAME_COPY has room for */

/* While opening, the clock takes its time: as long as the wheel's turn, or so that no handshake expires. */
#define SPREAD_NS      65000000000ull
#define SPREAD_STEP_NS 1000000ull

static const struct {
	const char *name;
	enum weir_side side;
	uint8_t flags;
	uint16_t payload;
	enum weir_fate fate; /* of the segment */
} steps[DIALOGUE_STEPS] = {
	[DIALOGUE_SYN] = {"syn", WEIR_CLIENT, WEIR_TCP_SYN, 0, WEIR_FATE_syn_cookie},
	[DIALOGUE_ACK] = {"ack", WEIR_CLIENT, WEIR_TCP_ACK, 0, WEIR_FATE_handshake_ack},
	[DIALOGUE_SYN_ACK] = {"backend_syn_ack", WEIR_BACKEND, WEIR_TCP_SYN | WEIR_TCP_ACK, 0,
		WEIR_FATE_backend_syn_ack},
	[DIALOGUE_REQUEST] = {"request", WEIR_CLIENT, WEIR_TCP_PSH | WEIR_TCP_ACK, PAYLOAD,
		WEIR_FATE_to_backend},
	[DIALOGUE_REPLY] = {"reply", WEIR_BACKEND, WEIR_TCP_PSH | WEIR_TCP_ACK, PAYLOAD,
		WEIR_FATE_to_client},
	[DIALOGUE_REPLY_ACK] = {"reply_ack", WEIR_CLIENT, WEIR_TCP_ACK, 0, WEIR_FATE_to_backend},
	[DIALOGUE_FIN] = {"fin", WEIR_CLIENT, WEIR_TCP_FIN | WEIR_TCP_ACK, 0, WEIR_FATE_to_backend},
	[DIALOGUE_FIN_ACK] = {"fin_ack", WEIR_BACKEND, WEIR_TCP_ACK, 0, WEIR_FATE_to_client},
	[DIALOGUE_BACKEND_FIN] = {"backend_fin", WEIR_BACKEND, WEIR_TCP_FIN | WEIR_TCP_ACK, 0,
		WEIR_FATE_to_client},
	[DIALOGUE_LAST_ACK] = {"last_ack", WEIR_CLIENT, WEIR_TCP_ACK, 0, WEIR_FATE_to_backend},
};

void dialogue_begin(struct dialogue *d, const struct world *w, uint32_t first, unsigned int n)
{
	d->n = n;
	d->mss = weir_l3_mss(w->family, 1500);
	for (unsigned int i = 0; i < n; i++) {
		uint32_t client = 0x01000000u + (first + i) / PORTS;
		uint16_t port = (uint16_t)(1024 + (first + i) % PORTS);

		d->ends[WEIR_CLIENT][i] = frame_syn(w, client, port);
	}
}

const char *dialogue_step_name(enum dialogue_step step)
{
	return steps[step].name;
}

static bool sends_options(enum dialogue_step step)
{
	return step == DIALOGUE_SYN || step == DIALOGUE_SYN_ACK;
}

/* What the segment takes of its sender's sequence numbers. */
static uint32_t length(uint8_t flags, uint16_t payload)
{
	return payload + ((flags & WEIR_TCP_SYN) != 0) + ((flags & WEIR_TCP_FIN) != 0);
}

void dialogue_say(struct dialogue *d, enum dialogue_step step)
{
	uint8_t flags = steps[step].flags;
	uint16_t payload = steps[step].payload;

	for (unsigned int i = 0; i < d->n; i++) {
		struct weir_header *h = &d->ends[steps[step].side][i];

		h->flags = flags;
		h->mss = sends_options(step) ? d->mss : 0;
		h->wscale = sends_options(step) ? 7 : WEIR_WSCALE_NONE;
		h->sack_ok = sends_options(step);
		frame_keep(&d->frames[i], h);
		if (payload > 0)
			frame_add_payload(&d->frames[i], h, payload);
		h->seq += length(flags, payload);
		h->wnd = 501;
	}
}

static void hear_segment(struct weir_header *h, const struct weir_seg *seg)
{
	h->ack = seg->seq + length(seg->flags, seg->payload_len);
	h->tsecr = seg->tsval;
}

/* The core's SYN to a backend, who begins to exist. */
static void hear_syn(struct weir_header *h, const struct weir_header *syn)
{
	*h = (struct weir_header){
		.src = syn->dst,
		.dst = syn->src,
		.sport_be = syn->dport_be,
		.dport_be = syn->sport_be,
		.seq = (uint32_t)frames_random(),
		.ack = syn->seq + 1,
		.wnd = 64240,
		.ts = syn->ts,
		.tsval = (uint32_t)frames_random(),
		.tsecr = syn->tsval,
	};
}

/* A frame that left, as its receiver reads it. */
static void hear_frame(struct dialogue *d, enum weir_side receiver, unsigned int i,
	const struct weir_pkt *left)
{
	struct weir_pkt pkt = *left;

	if (weir_pkt_parse(&pkt) != WEIR_PARSED_TCP) {
		fprintf(stderr, "bench: a frame that left is bad: %s\n", weir_fates[pkt.fate].name);
		exit(1);
	}
	hear_segment(&d->ends[receiver][i], &pkt.seg);
}

void dialogue_hear(struct dialogue *d, const struct world *w, enum dialogue_step step)
{
	for (unsigned int i = 0; i < d->n; i++) {
		const struct weir_pkt *pkt = &w->pkts[i];

		if (pkt->fate != steps[step].fate ||
			(step == DIALOGUE_ACK && w->n_created != d->n)) {
			fprintf(stderr, "bench: a %s of %u in a burst ended in %s, %u made\n",
				steps[step].name, d->n, weir_fates[pkt->fate].name, w->n_created);
			exit(1);
		}
		if (step == DIALOGUE_SYN)
			hear_frame(d, WEIR_CLIENT, i, pkt);
		else if (step == DIALOGUE_ACK)
			hear_syn(&d->ends[WEIR_BACKEND][i], &w->created[i]);
		else if (step != DIALOGUE_SYN_ACK)
			hear_frame(d, weir_other(steps[step].side), i, pkt);
	}
}

void dialogue_establish(struct world *w, uint32_t n)
{
	static struct dialogue d;
	uint32_t first = w->px.worker << 24;
	uint64_t bursts = 3ull * (n / WEIR_BURST + 1);

	w->step_ns = SPREAD_NS / bursts < SPREAD_STEP_NS ? SPREAD_NS / bursts : SPREAD_STEP_NS;
	for (uint32_t i = 0; i < n; i += WEIR_BURST) {
		dialogue_begin(&d, w, first + i, n - i < WEIR_BURST ? n - i : WEIR_BURST);
		for (enum dialogue_step s = DIALOGUE_SYN; s < DIALOGUE_REQUEST; s++) {
			dialogue_say(&d, s);
			world_burst(w, d.frames, d.n);
			dialogue_hear(&d, w, s);
		}
	}
	w->step_ns = WORLD_BURST_NS;
	memset(w->fates, 0, sizeof(w->fates));
}

/* The client's own SYN, as its backend reads it. */
static void hear_client_syn(struct dialogue *d, unsigned int i, const struct weir_pkt *left)
{
	struct weir_pkt pkt = *left;

	if (left->fate != WEIR_FATE_to_backend || weir_pkt_parse(&pkt) != WEIR_PARSED_TCP) {
		fprintf(stderr, "bench: a SYN ended in %s\n", weir_fates[left->fate].name);
		exit(1);
	}
	hear_syn(&d->ends[WEIR_BACKEND][i],
		&(struct weir_header){.src = pkt.seg.src,
			.dst = pkt.seg.dst,
			.sport_be = pkt.seg.sport_be,
			.dport_be = pkt.seg.dport_be,
			.seq = pkt.seg.seq,
			.ts = true,
			.tsval = pkt.seg.tsval});
}

static void establish_calm(struct world *w, struct dialogue *d)
{
	dialogue_say(d, DIALOGUE_SYN);
	world_burst(w, d->frames, d->n);
	for (unsigned int i = 0; i < d->n; i++)
		hear_client_syn(d, i, &w->pkts[i]);
	dialogue_say(d, DIALOGUE_SYN_ACK);
	world_burst(w, d->frames, d->n);
	for (unsigned int i = 0; i < d->n; i++)
		hear_frame(d, WEIR_CLIENT, i, &w->pkts[i]);
	dialogue_say(d, DIALOGUE_ACK);
	world_burst(w, d->frames, d->n);
}

void dialogue_establish_calm(struct world *w, uint32_t n)
{
	static struct dialogue d;

	w->policy->services[0].mode = WEIR_MODE_NAT;
	world_be_calm(w, n);
	for (uint32_t i = 0; i < n; i += WEIR_BURST) {
		dialogue_begin(&d, w, i, n - i < WEIR_BURST ? n - i : WEIR_BURST);
		establish_calm(w, &d);
	}
	if (w->px.by_state[WEIR_ESTABLISHED] != n) {
		fprintf(stderr, "bench: %u of %u connections are open\n",
			w->px.by_state[WEIR_ESTABLISHED], n);
		exit(1);
	}
	memset(w->fates, 0, sizeof(w->fates));
}
