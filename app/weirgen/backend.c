// SPDX-License-Identifier: BSD-3-Clause
#include "backend.h"

#include "flow/counters.h"

#define TICK_ENDS 32

int backend_init(struct backend *b, uint32_t connections)
{
	return ends_init(&b->host.ends, connections);
}

void backend_free(struct backend *b)
{
	ends_free(&b->host.ends);
}

bool backend_listens(const struct backend *b, const struct weir_seg *seg)
{
	uint32_t addr = weir_be32(seg->dst.w[3]);
	uint16_t port = weir_be16(seg->dport_be);

	for (unsigned int i = 0; i < b->n_at; i++)
		if (range_has(&b->at[i], addr) && range_has_port(&b->at[i], port))
			return true;
	return false;
}

static void read_request(struct backend *b, struct end *end, uint32_t bytes)
{
	end->bytes += bytes;
	while (end->bytes >= b->request_bytes) {
		end->bytes -= b->request_bytes;
		end->requests++;
		host_write(end, b->response_bytes);
		weir_count(&b->counts.responses, 1);
	}
	if (b->close_after > 0 && end->requests >= b->close_after)
		host_close(end);
}

static void react(struct backend *b, struct end *end, unsigned int events, uint32_t bytes)
{
	if (events & HOST_OPENED)
		weir_count(&b->counts.opened, 1);
	if (events & HOST_DATA)
		read_request(b, end, bytes);
	if (events & HOST_FIN)
		host_close(end);
	host_output(&b->host, end);
	if (events & HOST_CLOSED) {
		weir_count(&b->counts.closed, 1);
		ends_remove(&b->host.ends, end);
	}
}

static void accept_syn(struct backend *b, const struct end_key *key, const struct weir_pkt *pkt)
{
	weir_count(&b->counts.syns, 1);
	if (host_accept(&b->host, key, pkt) == NULL)
		weir_count(&b->counts.full, 1);
}

/* A SYN on a connection's addresses and ports that is no retransmission of its SYN. */
static bool is_new_incarnation(const struct end *end, const struct weir_seg *seg)
{
	return seg->flags == WEIR_TCP_SYN && seg->seq != end->irs;
}

void backend_input(struct backend *b, const struct weir_pkt *pkt)
{
	struct end_key key = host_key(&pkt->seg);
	struct end *end = ends_find(&b->host.ends, &key);
	unsigned int events;
	uint32_t known;

	if (end != NULL && is_new_incarnation(end, &pkt->seg)) {
		weir_count(&b->counts.reset, 1);
		ends_remove(&b->host.ends, end);
		end = NULL;
	}
	if (end == NULL) {
		if (pkt->seg.flags == WEIR_TCP_SYN)
			accept_syn(b, &key, pkt);
		else
			host_stray(&b->host, &key, pkt);
		return;
	}
	known = end->rcv_nxt;
	events = host_input(&b->host, end, pkt);
	if (!(events & (HOST_RESET | HOST_CORRUPT))) {
		react(b, end, events, end->rcv_nxt - known - !!(events & HOST_FIN));
		return;
	}
	if (events & HOST_CORRUPT)
		host_abort(&b->host, end);
	weir_count(&b->counts.reset, 1);
	ends_remove(&b->host.ends, end);
}

void backend_tick(struct backend *b)
{
	for (unsigned int i = 0; i < TICK_ENDS; i++) {
		struct end *end = ends_due(&b->host.ends, b->host.now_ns);

		if (end == NULL)
			return;
		if (host_timeout(&b->host, end))
			continue;
		weir_count(&b->counts.timeout, 1);
		ends_remove(&b->host.ends, end);
	}
}
