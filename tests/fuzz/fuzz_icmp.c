// SPDX-License-Identifier: BSD-3-Clause
/*
 * ICMP to a proxy that waits for a backend (client 0) and has a connection open (client 1). A naive
 * twin says which errors may be believed: those that quote our own SYN right (HC-12, RFC 5927). Pings
 * come back as they went, but for type, addresses and TTL.
 *
 * Input: knobs (world.h), then messages: a byte how (bit 0: a ping, not an error; 1: to the quoted
 * source, not to where the SYN came from; 2: checksums are not mended; 3-4: cut or padded; 5: about
 * client 1's connection; 6: a second passes), then bytes that are XORed into a right message.
 */
#include "fuzz.h"
#include "mend.h"
#include "world.h"

#define ICMP     FRAME_TCP
#define QUOTE    (ICMP + 8)
#define LEN      (QUOTE + 28)
#define LEN_MAX  (LEN + 16)
#define MESSAGES 16

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

/* The call whose backend is being waited for, and what it was when the message came. */
struct waiting {
	bool is;
	struct world_call call;
};

static struct waiting waits(struct world *w)
{
	const struct world_client *c = &w->clients[0];
	const struct weir_conn *conn = shell_conn(w->s, c->service, c->addr, c->port);
	struct waiting it = {.is = false};

	for (unsigned int i = 0; conn != NULL && i < WORLD_CALLS; i++) {
		const struct world_call *call = world_call(w, i);

		if (call == NULL || call->client != 0)
			continue;
		it.is = conn->state == WEIR_SYN_SENT;
		it.call = *call;
	}
	return it;
}

/* RFC 792: unreachable, about a TCP segment of ours that the backend was sent, the SYN itself. */
static bool to_be_believed(const struct waiting *it, const uint8_t *f, size_t len)
{
	const uint8_t *q = f + QUOTE;

	if (!it->is || len < LEN || f[ICMP] != WEIR_ICMP_UNREACHABLE || f[ICMP + 1] == 4)
		return false;
	return q[0] == 0x45 && q[9] == WEIR_PROTO_TCP && (frame_get16(q + 6) & 0x3fff) == 0 &&
		get32(q + 12) == it->call.local && get32(q + 16) == it->call.addr &&
		get32(f + FRAME_IP + 16) == it->call.local &&
		frame_get16(q + 20) == it->call.local_port &&
		frame_get16(q + 22) == it->call.port && get32(q + 24) == it->call.shown;
}

static void check_echo(const struct shell_out *out, const uint8_t *f, size_t len)
{
	const uint8_t *r = out->data;

	FUZZ_MUST(out->len == len && r[FRAME_IP + 8] == 64);
	FUZZ_MUST(get32(r + FRAME_IP + 12) == get32(f + FRAME_IP + 16));
	FUZZ_MUST(get32(r + FRAME_IP + 16) == get32(f + FRAME_IP + 12));
	FUZZ_MUST(r[ICMP] == WEIR_ICMP_ECHO_REPLY && r[ICMP + 1] == f[ICMP + 1]);
	FUZZ_MUST(memcmp(r + ICMP + 4, f + ICMP + 4, len - ICMP - 4) == 0);
}

/* A right error about the SYN of the call, or a right ping to the VIP. */
static void template(const struct world *w, const struct world_call *c, bool ping, uint8_t *f)
{
	static uint8_t frame[SEGMENT_FRAME_MAX];

	memset(frame, 0, LEN_MAX);
	if (ping)
		segment_ping(w->clients[0].addr, SHELL_VIP(0), frame);
	else
		segment_unreachable(c->syn, c->addr, 1, frame);
	memcpy(f, frame, LEN_MAX);
}

static size_t message(struct world *w, struct fuzz_in *in, uint8_t how, uint8_t *f)
{
	static const uint8_t lengths[4] = {LEN, LEN - 9, LEN_MAX, ICMP + 8};
	const struct world_call *c = world_call(w, how & 32 ? w->n_calls - 1 : 0);
	size_t len = lengths[how >> 3 & 3];
	uint8_t change[LEN_MAX - ICMP];

	template(w, c, how & 1, f);
	fuzz_bytes(in, change, len - ICMP);
	for (size_t i = 0; i < len - ICMP; i++)
		f[ICMP + i] ^= change[i];
	if (how & 2 && !(how & 1) && len >= LEN)
		memcpy(f + FRAME_IP + 16, f + QUOTE + 12, 4);
	frame_put16(f + FRAME_IP + 2, (uint16_t)(len - FRAME_IP));
	if (!(how & 4))
		fuzz_mend(f, len);
	return len;
}

static void one_message(struct world *w, struct fuzz_in *in)
{
	struct world_past p = {.client = WORLD_NOBODY, .port = SHELL_BACKENDS};
	uint8_t how = fuzz_u8(in);
	struct waiting it = waits(w);
	uint64_t believed = shell_fates(w->s, WEIR_FATE_backend_unreachable);
	uint64_t echoed = shell_fates(w->s, WEIR_FATE_icmp_echo);

	p.len = (uint16_t)message(w, in, how, p.frame);
	world_put(w, &p);
	w->n_put = 0;
	shell_run(w->s);
	believed = shell_fates(w->s, WEIR_FATE_backend_unreachable) - believed;
	FUZZ_MUST(believed <= 1);
	if (believed || !(how & 4))
		FUZZ_MUST(believed == to_be_believed(&it, p.frame, p.len));
	if (shell_fates(w->s, WEIR_FATE_icmp_echo) != echoed)
		check_echo(&w->s->queue[w->s->queue_at], p.frame, p.len);
	world_wait_ms(w, how & 64 ? 1000 : 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	struct world *w = world_open(fuzz_u8(&in) & (uint8_t)~WORLD_TWO_WORKERS, 1);
	struct segment g;

	for (unsigned int k = 2; k-- > 0;) { /* client 1 first, then client 0, who waits */
		world_syn(w, k, true);
		world_run(w);
		g = world_client_says(w, k, WEIR_TCP_ACK, 0);
		world_client_puts(w, k, &g);
		world_run(w);
		if (k == 1)
			world_answer(w, world_call(w, 0), w->clients[k].ts);
		world_run(w);
	}
	for (unsigned int i = 0; i < MESSAGES && fuzz_left(&in) > 0; i++)
		one_message(w, &in);
	world_close(w);
	return 0;
}
