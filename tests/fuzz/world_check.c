// SPDX-License-Identifier: BSD-3-Clause
/* What must be true of every frame that a client or a backend gets: see world.h. */
#include "base/seq.h"
#include "frame.h"
#include "fuzz.h"
#include "world.h"

uint32_t world_client_offset(unsigned int client, uint32_t seq)
{
	return seq + 37 * client;
}

uint32_t world_backend_offset(unsigned int backend, uint32_t seq)
{
	return seq + 91 + 53 * backend;
}

static void check_bytes(const struct shell_out *out, uint32_t offset)
{
	const uint8_t *payload = out->data + out->seg.l4_off + 20 + out->seg.opt_len;

	for (uint32_t i = 0; i < out->seg.payload_len; i++)
		FUZZ_MUST(payload[i] == segment_byte(offset + i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

static void check_sack(const struct shell_out *out)
{
	const uint8_t *edges = out->data + out->seg.l4_off + out->seg.sack_off;

	for (unsigned int i = 0; i < 2u * out->seg.sack_blocks; i++)
		FUZZ_MUST(get32(edges + 4 * i) - out->seg.ack == WORLD_SACK(i));
}

/* The echo of what its receiver, who sends from that port, has said himself: not of what is to come. */
static void check_echo(const struct world *w, const struct shell_out *out, uint16_t port)
{
	if (out->seg.ts_off != 0 && out->seg.flags & WEIR_TCP_ACK && !w->odd_echoes)
		FUZZ_MUST(weir_seq_le(out->seg.tsecr, world_clock(w, port)));
}

/* The call whose client it is; NULL: not known, or more than one. */
static const struct world_call *call_of(const struct world *w, unsigned int client)
{
	const struct world_call *found = NULL;

	for (unsigned int i = 0; i < WORLD_CALLS && i < w->n_calls; i++) {
		if (w->calls[i].client != client)
			continue;
		if (found != NULL)
			return NULL;
		found = &w->calls[i];
	}
	return found;
}

void world_check_to_client(const struct world *w, unsigned int client, const struct shell_out *out)
{
	const struct world_client *who = &w->clients[client];
	const struct weir_seg *seg = &out->seg;
	const struct world_call *c = call_of(w, client);

	if (w->raw || seg->flags & WEIR_TCP_RST)
		return;
	FUZZ_MUST(seg->flags & WEIR_TCP_ACK);
	FUZZ_MUST(who->began);
	check_sack(out);
	if (who->n_cookies == 1 && who->ts)
		check_echo(w, out, who->port);
	if (!who->restarted)
		FUZZ_MUST(weir_seq_le(seg->ack, who->end));
	if (seg->payload_len == 0)
		return;
	FUZZ_MUST(who->proved);
	if (c != NULL && !w->together)
		check_bytes(out, world_backend_offset(c->backend, seg->seq - c->cookie + c->isn));
}

void world_check_to_backend(const struct world *w, const struct world_call *c,
	const struct shell_out *out)
{
	const struct weir_seg *seg = &out->seg;

	if (w->raw)
		return;
	FUZZ_MUST(w->proofs > 0);
	if (seg->flags & WEIR_TCP_RST || c == NULL)
		return;
	if (seg->flags & WEIR_TCP_ACK && !c->again)
		FUZZ_MUST(weir_seq_le(seg->ack, c->end));
	check_sack(out);
	if (c->asked_ts && !c->again && c->client != WORLD_NOBODY &&
		w->clients[c->client].n_cookies == 1)
		check_echo(w, out, c->port);
	if (c->client != WORLD_NOBODY && seg->payload_len > 0 && !w->together)
		check_bytes(out,
			world_client_offset(c->client, seg->seq - c->shown + c->client_isn));
}

void world_check_limits(const struct world *w)
{
	const struct shell *s = w->s;

	for (unsigned int i = 0; i < s->policy->n_workers; i++) {
		const struct weir_proxy *px = &s->workers[i].px;

		FUZZ_MUST(px->table.count <= px->table.capacity);
		FUZZ_MUST(px->table.capacity <= s->policy->limits.connections);
		FUZZ_MUST(px->held.count <= s->policy->limits.held_packets);
	}
	if (!w->raw)
		FUZZ_MUST(shell_events(s, WEIR_EVENT_conn_opened) <= w->proofs);
}

void world_check_answer(const struct world *w, unsigned int n_out, uint32_t longest)
{
	if (w->raw || w->speaker == WORLD_NOBODY || w->clients[w->speaker].proved)
		return;
	FUZZ_MUST(n_out <= 1 && longest <= WEIR_HEADER_FRAME_MAX);
}
