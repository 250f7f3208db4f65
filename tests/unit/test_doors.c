// SPDX-License-Identifier: BSD-3-Clause
/* HC-66: what a packet is depends on the port that it comes by. */
#include "flow/classify.h"
#include "shell.h"
#include "unit.h"

#define CLIENT 0xc6120001u /* 198.18.0.1 */

static struct weir_pkt tcp_pkt(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport)
{
	return (struct weir_pkt){.seg = {.src = weir_addr_v4(weir_be32(src)),
					 .dst = weir_addr_v4(weir_be32(dst)),
					 .sport_be = weir_be16(sport),
					 .dport_be = weir_be16(dport)}};
}

/* NONE: dropped, as wrong_port. */
static enum weir_kind kind_by(const struct weir_policy *p, struct weir_pkt pkt, uint8_t port)
{
	pkt.interface = port;
	weir_classify(p, &pkt, WEIR_PARSED_TCP);
	if (pkt.kind == WEIR_KIND_NONE)
		CU_ASSERT_EQUAL(pkt.fate, WEIR_FATE_wrong_port);
	return pkt.kind;
}

static void doors(void)
{
	struct weir_pkt client = tcp_pkt(CLIENT, 5000, SHELL_VIP(0), SHELL_VIP_PORT);
	struct weir_pkt closed = tcp_pkt(CLIENT, 5000, SHELL_VIP(0), SHELL_VIP_PORT + 1);
	struct weir_pkt backend =
		tcp_pkt(SHELL_BACKEND(0, 0), SHELL_BACKEND_PORT, SHELL_LOCAL, 2000);

	for (unsigned int loose = 0; loose < 4; loose++) { /* a bit an interface */
		struct weir_policy *p = shell_policy(1, 1);

		p->interfaces[SHELL_CLIENTS].loose = loose >> SHELL_CLIENTS & 1;
		p->interfaces[SHELL_BACKENDS].loose = loose >> SHELL_BACKENDS & 1;
		CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
		CU_ASSERT_EQUAL(kind_by(p, client, SHELL_CLIENTS), WEIR_KIND_CLIENT);
		CU_ASSERT_EQUAL(kind_by(p, closed, SHELL_CLIENTS), WEIR_KIND_CLOSED);
		CU_ASSERT_EQUAL(kind_by(p, backend, SHELL_BACKENDS), WEIR_KIND_BACKEND);
		CU_ASSERT_EQUAL(kind_by(p, client, SHELL_BACKENDS),
			loose >> SHELL_BACKENDS & 1 ? WEIR_KIND_CLIENT : WEIR_KIND_NONE);
		CU_ASSERT_EQUAL(kind_by(p, closed, SHELL_BACKENDS),
			loose >> SHELL_BACKENDS & 1 ? WEIR_KIND_CLOSED : WEIR_KIND_NONE);
		CU_ASSERT_EQUAL(kind_by(p, backend, SHELL_CLIENTS),
			loose >> SHELL_CLIENTS & 1 ? WEIR_KIND_BACKEND : WEIR_KIND_NONE);
		weir_policy_free(p);
	}
}

/* Two services have one backend, which a reload has routed to the other port: both are right. */
static void two_ways(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct weir_pkt backend =
		tcp_pkt(SHELL_BACKEND(0, 0), SHELL_BACKEND_PORT, SHELL_LOCAL, 2000);

	p->backends[1].addr = p->backends[0].addr;
	p->backends[1].port_be = p->backends[0].port_be;
	p->backends[1].egress = SHELL_CLIENTS;
	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	CU_ASSERT_EQUAL(kind_by(p, backend, SHELL_BACKENDS), WEIR_KIND_BACKEND);
	CU_ASSERT_EQUAL(kind_by(p, backend, SHELL_CLIENTS), WEIR_KIND_BACKEND);
	weir_policy_free(p);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-66 strict and loose", doors},
		{"HC-66 a backend with two ways", two_ways},
	};

	return unit_main("doors", tests, sizeof(tests) / sizeof(tests[0]));
}
