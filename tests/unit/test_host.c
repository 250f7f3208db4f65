// SPDX-License-Identifier: BSD-3-Clause
/* The host beside us: what of the frames that arrive is the kernel's, and of which class. */
#include "flow/host.h"

#include "flow/localport.h"
#include "frame.h"
#include "shell.h"
#include "unit.h"

#define OURS     0x0a000001u /* 10.0.0.1/24 of port SHELL_BACKENDS */
#define ROUTER   0x0a0000feu /* 10.0.0.254, on its link */
#define FAR      0xc6120001u /* 198.18.0.1 */
#define MULTIHOP 0xc6120009u /* 198.18.0.9, a configured peer */

static struct weir_policy *host_policy(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	struct weir_host *h = &p->ports[SHELL_BACKENDS].host;

	strcpy(h->interface, "weir1");
	h->n_peers = 1;
	h->peers[0] = weir_addr_v4(weir_be32(MULTIHOP));
	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	return p;
}

/* A frame of IPv4, or, behind tags, of what they are put in front of. */
struct made {
	uint8_t f[FRAME_ROOM];
	uint16_t len;
};

static struct made ipv4(uint32_t src, uint32_t dst, uint8_t proto, uint8_t ttl, uint16_t sport,
	uint16_t dport)
{
	struct made m = {.len = FRAME_IP + 20 + 8};

	m.f[0] = 2;
	frame_put16(m.f + 12, 0x0800);
	m.f[FRAME_IP] = 0x45;
	frame_put16(m.f + FRAME_IP + 2, 28);
	m.f[FRAME_IP + 8] = ttl;
	m.f[FRAME_IP + 9] = proto;
	frame_put32(m.f + FRAME_IP + 12, src);
	frame_put32(m.f + FRAME_IP + 16, dst);
	frame_put16(m.f + FRAME_TCP, sport);
	frame_put16(m.f + FRAME_TCP + 2, dport);
	return m;
}

/* fe80::1 to fe80::2, or to ff02::5. */
static struct made ipv6(bool to_group, uint8_t proto, uint8_t hop_limit, uint16_t sport,
	uint16_t dport)
{
	struct made m = {.len = FRAME_IP + 40 + 8};

	m.f[0] = to_group ? 0x33 : 2;
	frame_put16(m.f + 12, 0x86dd);
	m.f[FRAME_IP] = 0x60;
	m.f[FRAME_IP + 5] = 8;
	m.f[FRAME_IP + 6] = proto;
	m.f[FRAME_IP + 7] = hop_limit;
	frame_put16(m.f + FRAME_IP + 8, 0xfe80);
	m.f[FRAME_IP + 23] = 1;
	frame_put16(m.f + FRAME_IP + 24, to_group ? 0xff02 : 0xfe80);
	m.f[FRAME_IP + 39] = to_group ? 5 : 2;
	frame_put16(m.f + FRAME_IP + 40, sport);
	frame_put16(m.f + FRAME_IP + 42, dport);
	return m;
}

static struct made tagged(struct made m)
{
	memmove(m.f + 16, m.f + 12, m.len - 12u);
	frame_put16(m.f + 12, 0x8100);
	frame_put16(m.f + 14, 100);
	m.len += 4;
	return m;
}

static struct made of_type(uint16_t type, bool group)
{
	struct made m = {.len = 60};

	m.f[0] = group ? 1 : 2;
	frame_put16(m.f + 12, type);
	return m;
}

static enum weir_host_class class_of(const struct weir_policy *p, struct made m)
{
	struct weir_frame f = {.data = malloc(m.len), .len = m.len, .head_len = m.len};
	enum weir_host_class class;

	memcpy(f.data, m.f, m.len);
	class = weir_host_class(p, SHELL_BACKENDS, &f);
	/* the same frame cut off anywhere must not read beyond its end, which ASan looks at */
	for (uint16_t len = 0; len < m.len; len++) {
		struct weir_frame cut = {
			.data = malloc(len ? len : 1), .len = len, .head_len = len};

		memcpy(cut.data, m.f, len);
		weir_host_class(p, SHELL_BACKENDS, &cut);
		free(cut.data);
	}
	free(f.data);
	return class;
}

enum { TCP = 6, UDP = 17 };

/* Routing protocols of neighbours are in the first class; the same from afar, which can be forged, are not. */
static void routing(void)
{
	struct weir_policy *p = host_policy();

	CU_ASSERT_EQUAL(class_of(p, ipv4(ROUTER, OURS, TCP, 1, 40000, 179)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv4(ROUTER, OURS, TCP, 1, 179, 40000)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv4(FAR, OURS, TCP, 1, 40000, 179)), WEIR_HOST_REST);
	CU_ASSERT_EQUAL(class_of(p, ipv4(MULTIHOP, OURS, TCP, 64, 40000, 179)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv4(FAR, OURS, UDP, 255, 49152, 3784)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv4(ROUTER, OURS, UDP, 255, 49152, 3785)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv4(ROUTER, OURS, UDP, 254, 49152, 3784)), WEIR_HOST_REST);
	CU_ASSERT_EQUAL(class_of(p, ipv4(MULTIHOP, OURS, UDP, 60, 49152, 4784)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv4(FAR, OURS, UDP, 255, 49152, 4784)), WEIR_HOST_REST);
	CU_ASSERT_EQUAL(class_of(p, ipv4(ROUTER, OURS, 89, 1, 0, 0)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv4(FAR, OURS, 89, 1, 0, 0)), WEIR_HOST_REST);
	CU_ASSERT_EQUAL(class_of(p, ipv4(ROUTER, OURS, 112, 255, 0, 0)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv4(ROUTER, OURS, 112, 254, 0, 0)), WEIR_HOST_REST);
	CU_ASSERT_EQUAL(class_of(p, of_type(0x88cc, true)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv6(true, 89, 1, 0, 0)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv6(false, TCP, 1, 40000, 179)), WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, ipv6(false, UDP, 255, 49152, 3784)), WEIR_HOST_ROUTING);
	weir_policy_free(p);
}

static void others(void)
{
	struct weir_policy *p = host_policy();
	struct made later = ipv4(ROUTER, OURS, TCP, 64, 40000, 179), group, later6;

	CU_ASSERT_EQUAL(class_of(p, ipv4(FAR, OURS, TCP, 64, 40000, 22)), WEIR_HOST_REST);
	CU_ASSERT_EQUAL(class_of(p, ipv4(FAR, OURS, 1, 64, 0x0000, 0)), WEIR_HOST_ICMP);
	CU_ASSERT_EQUAL(class_of(p, ipv6(false, 58, 64, 129 << 8, 0)), WEIR_HOST_ICMP);
	CU_ASSERT_EQUAL(class_of(p, ipv6(true, 58, 255, 134 << 8, 0)), WEIR_HOST_NEIGHBOUR);
	frame_put16(later.f + FRAME_IP + 6, 1); /* a fragment's bytes are no ports */
	CU_ASSERT_EQUAL(class_of(p, later), WEIR_HOST_REST);
	later6 = ipv6(false, 44, 64, TCP << 8, 0x0008);
	CU_ASSERT_EQUAL(class_of(p, later6), WEIR_HOST_REST);
	group = ipv4(ROUTER, 0xffffffff, UDP, 64, 67, 68);
	memset(group.f, 0xff, 6);
	CU_ASSERT_EQUAL(class_of(p, group), WEIR_HOST_REST); /* DHCP */
	weir_policy_free(p);
}

/* The kernel gets nothing of what is for a VIP or for other hosts; of a VLAN that is its own, everything else. */
static void not_the_kernels(void)
{
	struct weir_policy *p = host_policy();

	CU_ASSERT_EQUAL(class_of(p, ipv4(FAR, SHELL_VIP(0), UDP, 64, 1, 443)), WEIR_HOST_CLASSES);
	CU_ASSERT_EQUAL(class_of(p, ipv4(ROUTER, FAR, UDP, 64, 1, 443)), WEIR_HOST_CLASSES);
	CU_ASSERT_EQUAL(class_of(p, of_type(0x8809, true)), WEIR_HOST_CLASSES);
	CU_ASSERT_EQUAL(class_of(p, tagged(ipv4(ROUTER, FAR, UDP, 64, 1, 443))), WEIR_HOST_REST);
	CU_ASSERT_EQUAL(class_of(p, tagged(ipv4(FAR, SHELL_VIP(0), UDP, 64, 1, 443))),
		WEIR_HOST_CLASSES);
	CU_ASSERT_EQUAL(class_of(p, tagged(tagged(ipv4(FAR, FAR + 1, TCP, 1, 4000, 179)))),
		WEIR_HOST_ROUTING);
	CU_ASSERT_EQUAL(class_of(p, tagged(of_type(0x0806, true))), WEIR_HOST_NEIGHBOUR);
	weir_policy_free(p);
}

static struct weir_key to_local(uint32_t addr, uint16_t port, enum shell_service service)
{
	return (struct weir_key){weir_addr_v4(weir_be32(addr)), weir_be16(port),
		WEIR_KEY_BACKEND | (uint16_t)service};
}

/* A backend's segment without a connection: the kernel's ports are its own, local ports are synweir's. */
static void whose_port(void)
{
	struct weir_policy *p = host_policy();
	struct weir_key key = to_local(SHELL_LOCAL, WEIR_LOCALPORT_KERNEL, SHELL_FULLNAT);

	CU_ASSERT_EQUAL(p->local_ports_end, WEIR_LOCALPORT_KERNEL);
	CU_ASSERT_TRUE(weir_host_has_conn(p, &key, SHELL_BACKENDS));
	CU_ASSERT_FALSE(weir_host_has_conn(p, &key, SHELL_CLIENTS)); /* no host interface there */
	key = to_local(SHELL_LOCAL, WEIR_LOCALPORT_KERNEL - 1, SHELL_FULLNAT);
	CU_ASSERT_FALSE(weir_host_has_conn(p, &key, SHELL_BACKENDS));
	key = to_local(SHELL_LOCAL, WEIR_LOCALPORT_FIRST - 1, SHELL_FULLNAT);
	CU_ASSERT_TRUE(weir_host_has_conn(p, &key, SHELL_BACKENDS));
	key = to_local(SHELL_LOCAL, 40000, SHELL_NAT);
	CU_ASSERT_TRUE(weir_host_has_conn(p, &key, SHELL_BACKENDS));
	key = to_local(FAR, 40000, SHELL_NAT); /* a client */
	CU_ASSERT_FALSE(weir_host_has_conn(p, &key, SHELL_BACKENDS));
	weir_policy_free(p);
	p = shell_policy(1, 1);
	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	CU_ASSERT_EQUAL(p->local_ports_end, 65536);
	weir_policy_free(p);
}

/* Malformed frames are not the kernel's problem. */
static void fates(void)
{
	unsigned int n = 0;

	CU_ASSERT_TRUE(weir_host_may_want(WEIR_FATE_not_ours));
	CU_ASSERT_FALSE(weir_host_may_want(WEIR_FATE_tcp_checksum));
	CU_ASSERT_FALSE(weir_host_may_want(WEIR_FATE_wrong_port));
	for (unsigned int f = 0; f < WEIR_FATES; f++)
		n += weir_host_may_want((uint8_t)f) && weir_fates[f].class != WEIR_CLASS_DROP;
	CU_ASSERT_EQUAL(n, 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"routing protocols of neighbours", routing},
		{"the other classes", others},
		{"what the kernel does not get", not_the_kernels},
		{"whose port it is", whose_port},
		{"which fates", fates},
	};

	return unit_main("host", tests, sizeof(tests) / sizeof(tests[0]));
}
