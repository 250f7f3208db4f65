// SPDX-License-Identifier: BSD-3-Clause
/* The proxy: a client that begins anew on its tuple, next to what it left behind. */
#include "modes.h"
#include "tcp/cookie.h"

/* An open connection, of which so many bytes came from the backend; ended by that side's RST. */
static void reset_after(struct talk *t, struct shell *s, unsigned int service, unsigned int bytes,
	enum weir_side side)
{
	struct segment rst;

	talk_init(t, s, service, 1);
	t->offer[WEIR_CLIENT].ts = false;
	talk_open(t);
	for (; bytes > 0; bytes -= 1000) {
		talk_say(t, WEIR_BACKEND, PSH, 1000);
		talk_say(t, WEIR_CLIENT, ACK, 0);
	}
	rst = talk_segment(t, side, WEIR_TCP_RST, 0);
	IS(talk_put(t, side, &rst),
		side == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
	shell_clear(s);
}

/* HC-08 over what has ended: the second segment of a new beginning is first; it is not told "RST". */
static void overtaken(unsigned int service)
{
	struct shell *s = shell_usual();
	struct segment first, second;
	struct talk t, u;

	reset_after(&t, s, service, 0, WEIR_BACKEND);
	shell_wait_ms(s, 5100);
	IS(talk_state(&t), WEIR_CLOSED);
	talk_begin_anew(&u, &t, 3000000);
	talk_syn(&u);
	first = talk_segment(&u, WEIR_CLIENT, ACK, 1000);
	second = first;
	second.seq += 1000;
	second.offset += 1000;
	IS(talk_put(&u, WEIR_CLIENT, &second), WEIR_FATE_bad_cookie);
	talk_silence(&u);
	IS(talk_put(&u, WEIR_CLIENT, &first), WEIR_FATES);
	talk_take_syn(&u);
	shell_close(s);
}

static void hc08_overtaken(void)
{
	each_mode(overtaken);
}

/*
 * What is added to t's ISN so that a new beginning fits into the old connection: its ISN is in the
 * window, its cookie among what the backend has sent.
 */
static uint32_t near_beginning(const struct talk *t, uint32_t sent)
{
	struct weir_seg syn = {.dport_be = weir_be16(SHELL_VIP_PORT)};
	struct weir_agreed agreed = {.mss_index = 6, .wscale = 7, .sack = true};

	syn.src = weir_addr_v4(weir_be32(t->client));
	syn.dst = weir_addr_v4(weir_be32(SHELL_VIP(t->service)));
	syn.sport_be = weir_be16(t->port);
	for (uint32_t add = 1; add < 60000; add++) {
		struct weir_cookie c = {.agreed = agreed};
		const struct weir_seg *one = &syn;

		syn.seq = t->isn[WEIR_CLIENT] + add;
		weir_cookie_make(&t->s->workers[0].px.keys, &one, &c, 1, 0);
		if (c.isn - t->shown[WEIR_CLIENT] - 1 < sent)
			return add;
	}
	CU_FAIL_FATAL("no such ISN");
	return 0;
}

/* HC-24: it fits by chance, but a RST has passed: who speaks after that begins anew. */
static void fitting(unsigned int service)
{
	for (enum weir_side side = WEIR_CLIENT; side <= WEIR_BACKEND; side++) {
		struct shell *s = shell_usual();
		struct segment ack;
		struct talk t, u;

		reset_after(&t, s, service, 50000, side);
		talk_begin_anew(&u, &t, near_beginning(&t, 50000));
		u.offer[WEIR_CLIENT].ts = false;
		talk_syn(&u);
		CU_ASSERT_TRUE(u.shown[WEIR_CLIENT] - t.shown[WEIR_CLIENT] - 1 < 50000);
		ack = talk_segment(&u, WEIR_CLIENT, ACK, 0);
		IS(talk_put(&u, WEIR_CLIENT, &ack), WEIR_FATE_handshake_ack);
		talk_hear_rst(&t, WEIR_BACKEND, t.expect[WEIR_BACKEND]);
		talk_take_syn(&u);
		talk_answer(&u);
		talk_say(&u, WEIR_CLIENT, PSH, 100);
		shell_close(s);
	}
}

static void hc24_fitting(void)
{
	each_mode(fitting);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-08 a new incarnation whose segments are reordered", hc08_overtaken},
		{"HC-24 a new beginning that fits the old connection", hc24_fitting},
	};

	return unit_main("proxy replace", tests, sizeof(tests) / sizeof(tests[0]));
}
