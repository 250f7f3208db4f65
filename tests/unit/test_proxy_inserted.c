// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: the PROXY header that a backend gets before the client's first byte (HC-80). More in tests/script. */
#include <stdio.h>

#include "early.h"
#include "pphdr.h"

#define HEADER_MAX 128

struct told {
	uint8_t bytes[HEADER_MAX];
	unsigned int len;
	struct tests_pphdr said;
};

static struct shell *open_with(struct weir_pphdr_form form)
{
	struct weir_policy *p = shell_policy(1, 1);

	for (unsigned int s = 0; s < p->n_services; s++) {
		p->services[s].pphdr = form;
		snprintf(p->services[s].name, sizeof(p->services[s].name), "service-%u", s);
	}
	return shell_open(p, SHELL_START_NS);
}

static const struct weir_pphdr_form everything = {WEIR_PPHDR_V2, true, true, true};

/* The next frame is a whole header, behind the SYN. */
static void take_header(const struct talk *t, unsigned int version, struct told *told)
{
	const struct shell_out *out = shell_take(t->s);
	unsigned int len = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->seg.seq, t->shown[WEIR_BACKEND] + 1);
	IS(out->seg.ack, t->isn[WEIR_BACKEND] + 1);
	IS(out->seg.flags, PSH);
	CU_ASSERT_TRUE_FATAL(out->seg.payload_len <= HEADER_MAX);
	told->len = out->seg.payload_len;
	memcpy(told->bytes, out->data + out->len - told->len, told->len);
	IS(tests_pphdr_read(told->bytes, told->len, version, &told->said, &len), TESTS_PPHDR_WHOLE);
	IS(len, told->len);
	IS(told->said.src[0], t->client);
	IS(told->said.dst[0], SHELL_VIP(t->service));
	IS(told->said.sport, t->port);
	IS(told->said.dport, SHELL_VIP_PORT);
}

static void begin(struct talk *t, struct shell *s, unsigned int service, unsigned int n)
{
	early_begin(t, s, service, n);
	early_answer(t);
}

static struct segment ack_of(const struct talk *t, uint32_t bytes)
{
	struct segment g = talk_segment(t, WEIR_BACKEND, ACK, 0);

	g.ack = t->shown[WEIR_BACKEND] + 1 + bytes;
	return g;
}

/* Retransmitted it is the same, byte by byte; another connection's says another id. */
static void same_again(unsigned int service)
{
	struct shell *s = open_with(everything);
	struct told first, again, other;
	struct talk t, u;
	char name[16];

	begin(&t, s, service, 1);
	take_header(&t, 2, &first);
	snprintf(name, sizeof(name), "service-%u", service);
	IS(strcmp(first.said.service, name), 0);
	IS(strlen(first.said.id), 32);
	CU_ASSERT_TRUE(first.said.summed);
	shell_wait_ms(s, 210);
	take_header(&t, 2, &again);
	IS(first.len, again.len);
	IS(memcmp(first.bytes, again.bytes, first.len), 0);
	talk_silence(&t);
	begin(&u, s, service, 2);
	take_header(&u, 2, &other);
	CU_ASSERT_NOT_EQUAL(strcmp(first.said.id, other.said.id), 0);
	shell_close(s);
}

static void hc80_same_again(void)
{
	each_mode(same_again);
}

/* A client on the ports of one before it has another id: its cookie is another one. */
static void hc80_id_of_next(void)
{
	struct shell *s = open_with(everything);
	struct told first, second;
	struct talk t, u;

	begin(&t, s, SHELL_FULLNAT, 1);
	take_header(&t, 2, &first);
	shell_close(s);
	s = open_with(everything);
	talk_init(&u, s, SHELL_FULLNAT, 1);
	u.isn[WEIR_CLIENT] += 99;
	u.next[WEIR_CLIENT] += 99;
	talk_syn(&u);
	talk_ack(&u);
	early_answer(&u);
	take_header(&u, 2, &second);
	CU_ASSERT_NOT_EQUAL(strcmp(first.said.id, second.said.id), 0);
	shell_close(s);
}

/* HC-04: the client was told window 0: the window update waits for the header's acknowledgement. */
static void hc80_window_update(void)
{
	struct shell *s = open_with((struct weir_pphdr_form){.version = WEIR_PPHDR_V1});
	const struct shell_out *out;
	struct segment g;
	struct told told;
	struct talk t;

	s->workers[0].px.squeezed_until_ns[SHELL_NAT] = UINT64_MAX;
	begin(&t, s, SHELL_NAT, 1);
	take_header(&t, 1, &told);
	talk_silence(&t);
	g = ack_of(&t, told.len);
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_to_client);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->fate, WEIR_FATE_created);
	IS(out->seg.ack, t.isn[WEIR_CLIENT] + 1);
	CU_ASSERT_TRUE(out->seg.wnd > 0);
	IS(shell_events(s, WEIR_EVENT_window_update), 1);
	shell_close(s);
}

/* Each of the backend's windows and acknowledgements, a byte at a time: what is sent never exceeds them. */
static void byte_by_byte(unsigned int service)
{
	struct shell *s = open_with((struct weir_pphdr_form){.version = WEIR_PPHDR_V2});
	const struct shell_out *out;
	struct segment g;
	struct talk t;

	talk_init(&t, s, service, 1);
	t.offer[WEIR_BACKEND].wscale = 0;
	talk_syn(&t);
	talk_ack(&t);
	g = talk_syn_segment(&t, WEIR_BACKEND);
	g.wnd = 1;
	IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_syn_ack);
	for (unsigned int i = 0; i < 28; i++) {
		IS(talk_state(&t), WEIR_HEADER_SENT);
		out = shell_take(s);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		IS(out->seg.seq, t.shown[WEIR_BACKEND] + 1 + i);
		IS(out->seg.payload_len, 1);
		talk_silence(&t);
		g = ack_of(&t, i + 1);
		g.wnd = 1;
		IS(talk_put(&t, WEIR_BACKEND, &g),
			i < 27 ? WEIR_FATE_header_ack : WEIR_FATE_to_client);
	}
	IS(talk_state(&t), WEIR_ESTABLISHED);
	shell_clear(s);
	shell_close(s);
}

static void hc80_byte_by_byte(void)
{
	each_mode(byte_by_byte);
}

/* Its end in each way that there is leaves nothing behind: shell_close() looks. */
static void hc80_ends(void)
{
	for (unsigned int way = 0; way < 4; way++) {
		struct shell *s = open_with(everything);
		struct segment g, said;
		struct told told;
		struct talk t;

		begin(&t, s, SHELL_FULLNAT, 1);
		take_header(&t, 2, &told);
		IS(early_say(&t, FIN, 0, &said), WEIR_FATES);
		IS(s->workers[0].px.held.count, 1);
		if (way == 0)
			shell_wait_ms(s, 60000);
		if (way == 1) {
			g = talk_segment(&t, WEIR_BACKEND, RST, 0);
			IS(talk_put(&t, WEIR_BACKEND, &g), WEIR_FATE_backend_refused);
		}
		if (way == 2) {
			g = talk_segment(&t, WEIR_CLIENT, RST, 0);
			IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_client_abort);
		}
		IS(s->workers[0].px.held.count, way == 3 ? 1 : 0);
		shell_close(s);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-80 retransmitted it is the same; an id each", hc80_same_again},
		{"HC-80 another id on the same ports", hc80_id_of_next},
		{"HC-80 a window update waits", hc80_window_update},
		{"HC-80 byte by byte", hc80_byte_by_byte},
		{"HC-80 every end", hc80_ends},
	};

	return unit_main("inserted", tests, sizeof(tests) / sizeof(tests[0]));
}
