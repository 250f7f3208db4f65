// SPDX-License-Identifier: BSD-3-Clause
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow/counters.h"

#define TUPLE_TRIES 8
#define TICK_ENDS   32
#define FINISH_ENDS 32

const char *const client_failure_names[CLIENT_FAILURES] = {
	[CLIENT_REFUSED] = "refused",
	[CLIENT_NO_ANSWER] = "no_answer",
	[CLIENT_RESET] = "reset",
	[CLIENT_TIMEOUT] = "timeout",
	[CLIENT_CUT] = "cut",
	[CLIENT_CORRUPT] = "corrupt",
};

int client_init(struct client *c, uint32_t concurrency)
{
	int rc = ends_init(&c->host.ends, concurrency);

	if (rc != 0)
		return rc;
	c->ready = calloc(concurrency, sizeof(*c->ready));
	return c->ready != NULL ? 0 : -ENOMEM;
}

void client_free(struct client *c)
{
	ends_free(&c->host.ends);
	free(c->ready);
}

uint64_t client_failed(const struct client_counts *c)
{
	uint64_t sum = 0;

	for (unsigned int f = 0; f < CLIENT_FAILURES; f++)
		sum += weir_counted(&c->failed[f]);
	return sum;
}

static void fail(struct client *c, struct end *end, enum client_failure why)
{
	weir_count(&c->counts.failed[why], 1);
	end->in_ready = false;
	ends_remove(&c->host.ends, end);
}

static void write_request(struct client *c, struct end *end)
{
	end->bytes = 0;
	end->first_byte = false;
	end->request_ns = c->host.now_ns;
	host_write(end, c->request_bytes);
	weir_count(&c->counts.requests, 1);
}

/* It may ask: at once, or when client_ask() comes round to it. */
static void be_ready(struct client *c, struct end *end)
{
	uint32_t size = c->host.ends.size, at = c->ready_first + c->n_ready;

	if (c->requests > 0) {
		write_request(c, end);
		return;
	}
	end->in_ready = true;
	c->ready[at < size ? at : at - size] = (uint32_t)(end - c->host.ends.at);
	c->n_ready++;
}

bool client_open(struct client *c, uint64_t due_ns)
{
	struct end *end = NULL;

	if (c->host.ends.used == c->host.ends.size)
		return false;
	for (unsigned int i = 0; end == NULL && i < TUPLE_TRIES; i++) {
		struct range_tuple t = range_sweep(&c->from);
		struct end_key key = {
			.remote_be = c->to_be,
			.local_be = weir_be32(t.addr),
			.rport_be = c->to_port_be,
			.lport_be = weir_be16(t.port),
		};

		end = host_connect(&c->host, &key, c->mac);
	}
	if (end == NULL) {
		weir_count(&c->counts.no_tuple, 1);
		return false;
	}
	end->start_ns = due_ns;
	weir_count(&c->counts.begun, 1);
	return true;
}

static void opened(struct client *c, struct end *end)
{
	weir_count(&c->counts.opened, 1);
	hist_add(&c->handshake, c->host.now_ns - end->start_ns);
	host_output(&c->host, end); /* the ACK by itself, as a stack sends it */
	be_ready(c, end);
}

static void finish_response(struct client *c, struct end *end)
{
	weir_count(&c->counts.responses, 1);
	end->requests++;
	if (c->requests == 0 || end->requests < c->requests)
		be_ready(c, end);
	else if (!c->backend_closes)
		host_close(end);
}

/* New bytes of a response. */
static void read_response(struct client *c, struct end *end, uint32_t bytes)
{
	if (!end->first_byte)
		hist_add(&c->first_byte, c->host.now_ns - end->request_ns);
	end->first_byte = true;
	end->bytes += bytes;
	if (!c->http && end->bytes >= c->response_bytes)
		finish_response(c, end);
}

/* Whether all that was wanted has come. */
static bool is_served(const struct client *c, const struct end *end)
{
	return c->requests > 0 ? end->requests == c->requests : end->closing;
}

static void react(struct client *c, struct end *end, unsigned int events, uint32_t bytes)
{
	if (events & HOST_OPENED)
		opened(c, end);
	if (events & HOST_DATA)
		read_response(c, end, bytes);
	if (events & HOST_FIN && c->http && end->first_byte)
		finish_response(c, end);
	if (events & HOST_FIN && !is_served(c, end)) {
		host_abort(&c->host, end);
		fail(c, end, CLIENT_CUT);
		return;
	}
	if (events & HOST_FIN)
		host_close(end);
	host_output(&c->host, end);
	if (events & HOST_CLOSED) {
		weir_count(&c->counts.done, 1);
		ends_remove(&c->host.ends, end);
	}
}

/* "HTTP/1.1 200 OK": the beginning of a first segment; shorter ones are believed. */
static bool is_good_status(const struct weir_pkt *pkt)
{
	const uint8_t *text =
		pkt->frame.data + pkt->seg.l4_off + sizeof(struct weir_tcp_hdr) + pkt->seg.opt_len;

	return pkt->seg.payload_len < 10 || (memcmp(text, "HTTP/1.", 7) == 0 && text[9] == '2');
}

void client_input(struct client *c, const struct weir_pkt *pkt)
{
	struct end_key key = host_key(&pkt->seg);
	struct end *end = ends_find(&c->host.ends, &key);
	unsigned int events;
	uint32_t known;

	if (end == NULL) {
		host_stray(&c->host, &key, pkt);
		return;
	}
	known = end->rcv_nxt;
	events = host_input(&c->host, end, pkt);
	if (c->http && events & HOST_DATA && !end->first_byte && !is_good_status(pkt))
		events |= HOST_CORRUPT;
	if (events & HOST_RESET) {
		fail(c, end, end->opened ? CLIENT_RESET : CLIENT_REFUSED);
	} else if (events & HOST_CORRUPT) {
		host_abort(&c->host, end);
		fail(c, end, CLIENT_CORRUPT);
	} else {
		react(c, end, events, end->rcv_nxt - known - !!(events & HOST_FIN));
	}
}

/* The next of the ring that is still there and waits. */
static struct end *next_ready(struct client *c)
{
	while (c->n_ready > 0) {
		struct end *end = &c->host.ends.at[c->ready[c->ready_first]];

		c->n_ready--;
		if (++c->ready_first == c->host.ends.size)
			c->ready_first = 0;
		if (end->in_ready) {
			end->in_ready = false;
			return end;
		}
	}
	return NULL;
}

unsigned int client_ask(struct client *c, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct end *end = next_ready(c);

		if (end == NULL)
			return i;
		write_request(c, end);
		host_output(&c->host, end);
	}
	return n;
}

void client_finish(struct client *c)
{
	for (unsigned int i = 0; i < FINISH_ENDS; i++) {
		struct end *end = next_ready(c);

		if (end == NULL)
			return;
		host_close(end);
		host_output(&c->host, end);
	}
}

void client_tick(struct client *c)
{
	for (unsigned int i = 0; i < TICK_ENDS; i++) {
		struct end *end = ends_due(&c->host.ends, c->host.now_ns);

		if (end == NULL)
			return;
		if (end->in_ready) /* it waits for us */
			ends_wake(&c->host.ends, end, DELAY_30_S, c->host.now_ns);
		else if (!host_timeout(&c->host, end))
			fail(c, end, end->opened ? CLIENT_TIMEOUT : CLIENT_NO_ANSWER);
	}
}
