// SPDX-License-Identifier: BSD-3-Clause
/* The proxy in calm mode when backends fail (HC-74): which backend is avoided. */
#include "modes.h"

/* Two backends each; they answer SYNs themselves. */
static struct shell *calm_shell(void)
{
	struct weir_policy *p = shell_policy(1, 2);

	for (uint32_t i = 0; i < p->n_services; i++)
		p->services[i].syn_cookies = WEIR_SYN_COOKIES_NEVER;
	return shell_open(p, SHELL_START_NS);
}

/* The n-th client's SYN: a backend gets it, and says `flags` (0: nothing) to it. */
static void connect(struct shell *s, unsigned int service, unsigned int n, uint8_t flags)
{
	uint8_t frame[SEGMENT_FRAME_MAX];
	const struct shell_out *out;
	struct segment g;
	struct talk t;

	talk_init(&t, s, service, n);
	g = talk_syn_segment(&t, WEIR_CLIENT);
	IS(talk_put(&t, WEIR_CLIENT, &g), WEIR_FATE_to_backend);
	out = shell_take(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	g = (struct segment){.src = weir_be32(out->seg.dst.w[3]),
		.dst = weir_be32(out->seg.src.w[3]),
		.sport = weir_be16(out->seg.dport_be),
		.dport = weir_be16(out->seg.sport_be),
		.ack = out->seg.seq + 1,
		.flags = flags,
		.ttl = 64};
	if (flags != 0)
		shell_in(s, frame, segment_frame(&g, frame), SHELL_BACKENDS);
	shell_clear(s);
}

/* The same SYN once more, whatever comes of it. */
static void connect_again(struct shell *s, unsigned int service, unsigned int n)
{
	struct segment g;
	struct talk t;

	talk_init(&t, s, service, n);
	g = talk_syn_segment(&t, WEIR_CLIENT);
	talk_put(&t, WEIR_CLIENT, &g);
	shell_clear(s);
}

/* HC-65, HC-74: a backend that rejects forged clients, and answers others, is not avoided. */
static void forged_clients_blame_none(unsigned int service)
{
	struct shell *s = calm_shell();

	for (unsigned int i = 0; i < 40; i++) {
		for (unsigned int n = 0; n < 12; n++)
			connect(s, service, 100 * i + n, RST | ACK);
		connect(s, service, 100 * i + 50, WEIR_TCP_SYN | ACK);
		connect(s, service, 100 * i + 51, WEIR_TCP_SYN | ACK);
		shell_wait_ms(s, 100);
		shell_clear(s);
	}
	IS(shell_events(s, WEIR_EVENT_backend_marked_down), 0);
	shell_close(s);
}

/* One that rejects them all is avoided soon. */
static void refusing_backend_is_avoided(unsigned int service)
{
	struct shell *s = calm_shell();

	for (unsigned int i = 0; i < 30; i++) {
		connect(s, service, i, RST | ACK);
		shell_wait_ms(s, 10);
	}
	shell_clear(s);
	IS(shell_events(s, WEIR_EVENT_backend_marked_down), 2);
	shell_close(s);
}

/* A client that never answers the SYN-ACK is no failure of the backend's. */
static void silent_clients_blame_none(unsigned int service)
{
	struct shell *s = calm_shell();

	for (unsigned int i = 0; i < 20; i++) {
		connect(s, service, i, WEIR_TCP_SYN | ACK);
		shell_wait_ms(s, 5000);
		shell_clear(s);
	}
	shell_wait_ms(s, 76000);
	shell_clear(s);
	IS(shell_events(s, WEIR_EVENT_half_open_expired), 20);
	IS(shell_events(s, WEIR_EVENT_backend_marked_down), 0);
	for (unsigned int i = 0; i < 2; i++)
		IS(s->workers[0].px.counters.backend[2 * service + i].timed_out, 0);
	IS(s->workers[0].px.counters.service[service].timed_out, 0);
	shell_close(s);
}

/* Each way of failing is counted as what it is, for service and backend. */
static void refusal_is_counted(unsigned int service)
{
	struct shell *s = calm_shell();
	const struct weir_service_counters *n = &s->workers[0].px.counters.service[service];

	connect(s, service, 1, RST | ACK);
	IS(n->refused, 1);
	IS(n->timed_out + n->unreachable, 0);
	shell_close(s);
}

/* The client's SYN again, when its backend has been silent for too long. */
static void silence_is_counted(unsigned int service)
{
	struct shell *s = calm_shell();
	const struct weir_service_counters *n = &s->workers[0].px.counters.service[service];

	connect(s, service, 1, 0);
	shell_wait_ms(s, 300);
	connect_again(s, service, 1);
	IS(n->timed_out, 1);
	IS(n->refused + n->unreachable, 0);
	shell_close(s);
}

/* The only backend: each of its clients waits for 31 times 200 ms, then it is counted, and blamed. */
static void lonely_silence_is_counted(unsigned int service)
{
	struct weir_policy *p = shell_policy(1, 1);
	const struct weir_service_counters *n;
	struct shell *s;

	p->services[service].syn_cookies = WEIR_SYN_COOKIES_NEVER;
	s = shell_open(p, SHELL_START_NS);
	n = &s->workers[0].px.counters.service[service];
	for (unsigned int i = 0; i < 12; i++)
		connect(s, service, i, 0);
	shell_wait_ms(s, 6300);
	for (unsigned int i = 0; i < 12; i++)
		connect_again(s, service, i);
	IS(n->timed_out, 12);
	IS(n->failed, 12);
	CU_ASSERT_TRUE(s->workers[0].px.sched.backends[service].n_failed > 0);
	shell_close(s);
}

static void hc74_counts(void)
{
	each_mode(refusal_is_counted);
	each_mode(silence_is_counted);
	each_mode(lonely_silence_is_counted);
}

static void hc74_blame(void)
{
	each_mode(forged_clients_blame_none);
	each_mode(refusing_backend_is_avoided);
	each_mode(silent_clients_blame_none);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-65 HC-74 which failures count against a backend", hc74_blame},
		{"HC-74 how a backend failed is counted", hc74_counts},
	};

	return unit_main("proxy calm fail", tests, sizeof(tests) / sizeof(tests[0]));
}
