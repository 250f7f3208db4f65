// SPDX-License-Identifier: BSD-3-Clause
#include "weirgen_world.h"

struct world w;

static bool chance(unsigned int of_1000)
{
	return unit_random(&w.seed) % 1000 < of_1000;
}

static uint8_t *begin(void *shell)
{
	struct wire *wire = shell;

	if (wire->draft == NULL)
		wire->draft = calloc(1, sizeof(*wire->draft));
	return wire->draft->bytes;
}

static void post(struct wire *wire, const struct letter *l)
{
	CU_ASSERT_FATAL(wire->n < WIRE_MAX);
	wire->letters[wire->n] = malloc(sizeof(*l));
	*wire->letters[wire->n] = *l;
	wire->letters[wire->n++]->at_ns = w.now_ns + (chance(w.late) ? 20 : 5) * STEP_NS;
}

/* What leaves has right lengths and sums. */
static void end_frame(void *shell, uint16_t len)
{
	struct wire *wire = shell;
	struct letter *l = wire->draft;

	l->len = len;
	wire->sent++;
	CU_ASSERT_EQUAL(frame_get16(l->bytes + FRAME_IP + 2), len - 14);
	CU_ASSERT_EQUAL(frame_ip_sum(l->bytes), 0xffff);
	CU_ASSERT_EQUAL(frame_tcp_sum(l->bytes), 0xffff);
	if (chance(w.loss) || (w.spoil != NULL && w.spoil(l->bytes, len))) {
		wire->lost++;
		return;
	}
	post(wire, l);
	if (chance(w.twice))
		post(wire, l);
}

/* The next letter that has arrived, the wire's no more; NULL: none has. */
struct letter *world_arrived(struct wire *wire)
{
	struct letter *l;

	for (unsigned int i = 0; i < wire->n; i++) {
		l = wire->letters[i];
		if (l->at_ns > w.now_ns)
			continue;
		memmove(&wire->letters[i], &wire->letters[i + 1],
			(--wire->n - i) * sizeof(*wire->letters));
		return l;
	}
	return NULL;
}

void world_deliver(struct wire *wire)
{
	struct letter *l;

	while ((l = world_arrived(wire)) != NULL) {
		struct weir_pkt pkt = {.frame.data = l->bytes,
			.frame.len = l->len,
			.frame.head_len = l->len,
			.frame.room = sizeof(l->bytes)};

		CU_ASSERT_EQUAL(weir_pkt_parse(&pkt), WEIR_PARSED_TCP);
		if (wire == &w.to_client)
			client_input(&w.client, &pkt);
		else if (backend_listens(&w.backend, &pkt.seg))
			backend_input(&w.backend, &pkt);
		free(l);
	}
}

void world_step(void)
{
	w.now_ns += STEP_NS;
	w.client.host.now_ns = w.backend.host.now_ns = w.now_ns;
	world_deliver(&w.to_backend);
	world_deliver(&w.to_client);
	client_tick(&w.client);
	backend_tick(&w.backend);
}

static void set_host(struct host *h, struct wire *out)
{
	h->ops = (struct host_ops){begin, end_frame, out};
	h->syn = (struct weir_header){.mss = 1460, .sack_ok = true, .ts = true, .wscale = 7};
	h->secret = 42;
	h->now_ns = w.now_ns;
}

void world_open(uint32_t concurrency, uint32_t requests, uint32_t request, uint32_t response)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

	memset(&w, 0, sizeof(w));
	w.seed = 11;
	w.now_ns = 1000 * 1000000000ull;
	w.listens = (struct range){.first = 0x0a00000b, .n = 1, .first_port = 80, .n_ports = 1};
	w.client.from = (struct range){
		.first = 0xc6120001, .n = 3, .first_port = 1024, .n_ports = concurrency};
	w.client.to_be = weir_be32(w.listens.first);
	w.client.to_port_be = weir_be16(80);
	w.client.mac = mac;
	w.client.requests = requests;
	w.client.request_bytes = w.backend.request_bytes = request;
	w.client.response_bytes = w.backend.response_bytes = response;
	w.backend.at = &w.listens;
	w.backend.n_at = 1;
	CU_ASSERT_EQUAL_FATAL(client_init(&w.client, concurrency), 0);
	CU_ASSERT_EQUAL_FATAL(backend_init(&w.backend, 4 * concurrency), 0);
	set_host(&w.client.host, &w.to_backend);
	set_host(&w.backend.host, &w.to_client);
}

static void free_wire(struct wire *wire)
{
	for (unsigned int i = 0; i < wire->n; i++)
		free(wire->letters[i]);
	free(wire->draft);
}

void world_close(void)
{
	free_wire(&w.to_backend);
	free_wire(&w.to_client);
	client_free(&w.client);
	backend_free(&w.backend);
}

/* n connections, one after the other and some at once, to the end; at most 200 s of virtual time. */
void world_run(unsigned int n)
{
	uint64_t end = w.now_ns + 200 * 1000000000ull;

	while (w.now_ns < end) {
		while (n > 0 && client_open(&w.client, w.now_ns))
			n--;
		world_step();
		if (n == 0 && client_open_now(&w.client) == 0)
			return;
	}
	CU_FAIL("connections hang");
}

void world_expect_done(uint64_t n)
{
	CU_ASSERT_EQUAL(w.client.counts.begun, n);
	CU_ASSERT_EQUAL(w.client.counts.done, n);
	CU_ASSERT_EQUAL(client_failed(&w.client.counts), 0);
	CU_ASSERT_EQUAL(w.client.counts.responses, n * w.client.requests);
	CU_ASSERT_EQUAL(w.client.host.counts.corrupt + w.backend.host.counts.corrupt, 0);
	CU_ASSERT_EQUAL(w.client.handshake.n, n);
	CU_ASSERT_EQUAL(w.client.first_byte.n, n * w.client.requests);
}
