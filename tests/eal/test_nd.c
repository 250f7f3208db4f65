// SPDX-License-Identifier: BSD-3-Clause
/* The side path of IPv6: which solicitations are answered, what is learned, what is asked, probed and announced. */
#include <unistd.h>

#include "../unit/frame6.h"
#include "../unit/unit.h"
#include "rig.h"
#include "wire/mld.h"
#include "wire/nd.h"

#define GATEWAY 3 /* next hop: a router's link-local address, on port 0 */

static const uint8_t peer[6] = {2, 0, 0, 0, 0xee, 1};

static struct weir_addr front(uint16_t host)
{
	return frame6_addr(0x2001, 0xdb8, 0xc, 0, 0, 0, 0, host);
}

static struct weir_addr back(uint16_t host)
{
	return frame6_addr(0x2001, 0xdb8, 0xb, 0, 0, 0, 0, host);
}

static struct weir_addr vip(uint16_t service)
{
	return frame6_addr(0x2001, 0xdb8, 0, 0, 0, 0, 0, (uint16_t)(0x80 + service));
}

static struct weir_addr router(void)
{
	return frame6_addr(0xfe80, 0, 0, 0, 0, 0, 0, 0xfe);
}

/* shell_policy() in IPv6; the last next hop is that gateway on the clients' side. */
static void open_rig_with(struct rig *r, const struct weir_addr *gateway)
{
	struct weir_policy *p = shell_policy(2, 2);

	p->interfaces[SHELL_CLIENTS].addrs[0] = (struct weir_interface_addr){front(1), 64};
	p->interfaces[SHELL_BACKENDS].addrs[0] = (struct weir_interface_addr){back(1), 64};
	for (uint16_t i = 0; i < 2; i++)
		p->listeners[i].vip = vip(i);
	for (uint16_t i = 0; i < p->n_backends; i++)
		p->backends[i].addr = p->nexthops[i].addr = back((uint16_t)(0x10 + i));
	p->nexthops[GATEWAY] = (struct weir_nexthop){.addr = *gateway};
	rig_open(r, p, 1, 1);
}

static void open_rig(struct rig *r)
{
	const struct weir_addr gateway = router();

	open_rig_with(r, &gateway);
}

/* Turns until the data path's clock has gone on by so much. */
static void wait_ms(struct rig *r, unsigned int ms)
{
	uint64_t end_ns = weir_clock_ns(&r->dp.shared.clock) + ms * 1000000ull;

	while (weir_clock_ns(&r->dp.shared.clock) < end_ns) {
		rig_settle(r);
		usleep(1000);
	}
}

/* Reports of groups that were met on the way, by what they say. */
static unsigned int reports[3]; /* by enum weir_mld_report */

/* It is one, by bytes: RFC 3810 §5.2, RFC 2710 §3. */
static bool note_report(const uint8_t *f)
{
	if (f[20] != 0 || (f[62] != 143 && f[62] != 131))
		return false;
	CU_ASSERT(f[21] == 1 && f[56] == 5 && f[57] == 2); /* hop limit, router alert */
	CU_ASSERT_EQUAL(frame6_sum(f, FRAME6_TCP + 8, 58), 0xffff);
	reports[f[62] == 131 ? WEIR_MLD_OLD : f[70] == 4 ? WEIR_MLD_JOIN : WEIR_MLD_ANSWER]++;
	return true;
}

/* The next message that left by that port but for reports; false: none is there. */
static bool take_nd(struct rig *r, unsigned int port, struct weir_nd *nd, struct weir_seg *seg,
	uint8_t to[6])
{
	uint8_t f[SEGMENT_FRAME_MAX] __attribute__((aligned(2)));
	struct weir_pkt pkt = {.frame.data = f};
	enum weir_fate why;
	size_t len;

	do
		len = rig_take(r, port, f);
	while (len > 0 && note_report(f));
	if (len == 0)
		return false;
	pkt.frame.len = (uint32_t)len;
	pkt.frame.head_len = (uint16_t)len;
	CU_ASSERT_EQUAL(memcmp(f + 6, r->dp.nics[port].mac, 6), 0);
	CU_ASSERT_EQUAL_FATAL(weir_pkt_parse(&pkt), WEIR_PARSED_ND);
	CU_ASSERT_TRUE_FATAL(weir_nd_read(&pkt.frame, &pkt.seg, nd, &why));
	memcpy(to, f, 6);
	*seg = pkt.seg;
	return true;
}

static void put(struct rig *r, unsigned int port, const uint8_t *f, size_t len)
{
	CU_ASSERT_TRUE(rig_put(r, port, 0, f, len, 0));
	rig_settle(r);
}

/* A host asks for target; whether it is answered, rightly. by_mac: it knows our MAC address. */
static bool answered(struct rig *r, unsigned int port, const struct weir_addr *target, bool by_mac)
{
	uint8_t f[SEGMENT_FRAME_MAX] __attribute__((aligned(2))), to[6];
	const struct weir_addr host = port == 0 ? front(0x99) : back(0x99);
	struct weir_seg seg;
	struct weir_nd nd;

	rig_discard(r);
	put(r, port, f,
		weir_build_nd_solicitation(f, peer, &host, by_mac ? r->dp.nics[port].mac : NULL,
			target));
	if (!take_nd(r, port, &nd, &seg, to))
		return false;
	CU_ASSERT_EQUAL(memcmp(to, peer, 6), 0);
	CU_ASSERT_EQUAL(nd.type, WEIR_ND_ADVERTISEMENT);
	CU_ASSERT_EQUAL(nd.flags, WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE);
	CU_ASSERT_TRUE(nd.has_mac && memcmp(nd.mac, r->dp.nics[port].mac, 6) == 0);
	CU_ASSERT_TRUE(weir_addr_eq(&nd.target, target));
	CU_ASSERT_TRUE(weir_addr_eq(&seg.src, target) && weir_addr_eq(&seg.dst, &host));
	return true;
}

static void test_answers(void)
{
	static struct rig r;
	struct weir_addr a;

	open_rig(&r);
	rig_settle(&r);
	a = vip(0); /* VIPs in nobody's subnet: anywhere */
	CU_ASSERT_TRUE(answered(&r, 0, &a, false));
	CU_ASSERT_TRUE(answered(&r, 0, &a, true));
	CU_ASSERT_TRUE(answered(&r, 1, &a, false));
	a = front(1); /* the ports' own: there only */
	CU_ASSERT_TRUE(answered(&r, 0, &a, false));
	CU_ASSERT_FALSE(answered(&r, 1, &a, false));
	a = back(1);
	CU_ASSERT_TRUE(answered(&r, 1, &a, false));
	CU_ASSERT_FALSE(answered(&r, 0, &a, false));
	a = back(0x10); /* not ours */
	CU_ASSERT_FALSE(answered(&r, 1, &a, false));
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_nd_reply), 5);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_nd_other), 3);
	rig_close(&r);
}

/* A group's MAC address is for neighbour discovery only: not for TCP, not for pings. */
static void test_groups(void)
{
	uint8_t f[SEGMENT_FRAME_MAX] __attribute__((aligned(2))), to[6];
	const struct weir_addr host = front(0x99), target = vip(0);
	static struct rig r;
	struct weir_seg seg;
	size_t len;

	open_rig(&r);
	rig_settle(&r);
	rig_discard(&r);
	len = frame6_tcp(f, WEIR_TCP_SYN, NULL, 0, 0);
	memcpy(f + FRAME6_DST, &target, 16);
	frame6_mend(f, FRAME6_TCP);
	put(&r, 0, f, len);
	CU_ASSERT_TRUE(rig_take_segment(&r, 0, &seg, to)); /* to us it would be good */
	f[0] = f[1] = 0x33;
	put(&r, 0, f, len);
	len = frame6_icmp(f, 128, 0, 1, NULL, 0);
	memcpy(f + FRAME6_DST, &target, 16);
	frame6_mend_icmp(f, FRAME6_TCP);
	put(&r, 0, f, len);
	CU_ASSERT_EQUAL(rig_discard(&r), 1);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_icmp_echo), 1);
	f[0] = f[1] = 0x33;
	put(&r, 0, f, len);
	len = weir_build_nd_solicitation(f, peer, &host, NULL, &target);
	f[0] = 0x01; /* no group of IPv6 */
	put(&r, 0, f, len);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_other_mac), 3);
	CU_ASSERT_EQUAL(rig_discard(&r), 0);
	rig_close(&r);
}

/* What a port says of itself: bits 0 and 1 the VIPs, 2 its own address; requests go into *asked. */
static unsigned int said(struct rig *r, unsigned int port, bool probes, unsigned int *asked)
{
	const struct weir_addr vips[2] = {vip(0), vip(1)}, own = port == 0 ? front(1) : back(1);
	unsigned int set = 0;
	struct weir_seg seg;
	struct weir_nd nd;
	uint8_t to[6];

	*asked = 0;
	while (take_nd(r, port, &nd, &seg, to)) {
		CU_ASSERT_TRUE(to[0] == 0x33 && to[1] == 0x33);
		if (nd.type == WEIR_ND_SOLICITATION && !nd.is_probe) {
			CU_ASSERT_TRUE(weir_addr_eq(&seg.src, &own));
			(*asked)++;
			continue;
		}
		CU_ASSERT_EQUAL(nd.type, probes ? WEIR_ND_SOLICITATION : WEIR_ND_ADVERTISEMENT);
		CU_ASSERT_EQUAL(nd.flags, probes ? 0 : WEIR_ND_OVERRIDE);
		for (unsigned int i = 0; i < 2; i++)
			set |= (unsigned int)weir_addr_eq(&nd.target, &vips[i]) << i;
		set |= weir_addr_eq(&nd.target, &own) ? 4 : 0;
	}
	return set;
}

/* At start: probed, and a second later announced. */
static void test_announcements(void)
{
	static struct rig r;
	unsigned int asked;

	open_rig(&r);
	rig_settle(&r);
	CU_ASSERT_EQUAL(said(&r, 0, true, &asked), 7);
	CU_ASSERT_EQUAL(asked, 1); /* the gateway */
	CU_ASSERT_EQUAL(said(&r, 1, true, &asked), 7);
	CU_ASSERT_EQUAL(asked, 3); /* the backends */
	wait_ms(&r, 800);
	CU_ASSERT_EQUAL(said(&r, 0, false, &asked), 0);
	wait_ms(&r, 300);
	CU_ASSERT_EQUAL(said(&r, 0, false, &asked), 7);
	CU_ASSERT_EQUAL(said(&r, 1, false, &asked), 7);
	wait_ms(&r, 50);
	CU_ASSERT_EQUAL(said(&r, 0, false, &asked), 0);
	rig_close(&r);
}

/* A switch asks all hosts who listens to what (RFC 3810 §5.1; old: RFC 2710 §3). */
static size_t query(uint8_t *f, bool old, uint16_t delay)
{
	static const uint8_t alert[8] = {0, 0, 5, 2, 0, 0, 1, 0}, none[20];
	const struct weir_addr from = router(), all = frame6_addr(0xff02, 0, 0, 0, 0, 0, 0, 1);
	size_t len = frame6_icmp(f, 130, 0, (uint32_t)delay << 16, none, old ? 16 : 20);

	memcpy(f + 6, peer, 6);
	memcpy(f, (const uint8_t[]){0x33, 0x33, 0, 0, 0, 1}, 6);
	memcpy(f + FRAME6_SRC, &from, 16);
	memcpy(f + FRAME6_DST, &all, 16);
	f[21] = 1;
	len = frame6_insert(f, len, 0, alert, sizeof(alert));
	frame6_mend_icmp(f, FRAME6_TCP + 8);
	return len;
}

/* What was reported by that port since the last call; nothing else may have left. */
static unsigned int reported(struct rig *r, unsigned int port, enum weir_mld_report why)
{
	struct weir_seg seg;
	struct weir_nd nd;
	uint8_t to[6];

	memset(reports, 0, sizeof(reports));
	while (take_nd(r, port, &nd, &seg, to))
		CU_ASSERT_EQUAL(nd.type, WEIR_ND_SOLICITATION); /* for next hops */
	for (unsigned int i = 0; i < 3; i++)
		CU_ASSERT(i == (unsigned int)why || reports[i] == 0);
	return reports[why];
}

/*
 * The groups of our addresses are reported before they are probed for and when they are announced, and to who asks: not at once when
 * it has asked a moment ago.
 */
static void test_groups_reported(void)
{
	uint8_t f[SEGMENT_FRAME_MAX] __attribute__((aligned(2)));
	static struct rig r;
	unsigned int asked;

	open_rig(&r);
	memset(reports, 0, sizeof(reports));
	rig_settle(&r);
	said(&r, 0, true, &asked);
	CU_ASSERT(reports[WEIR_MLD_JOIN] == 3 && reports[WEIR_MLD_ANSWER] == 0);
	wait_ms(&r, 1100);
	said(&r, 0, false, &asked);
	CU_ASSERT_EQUAL(reports[WEIR_MLD_JOIN], 6);
	rig_discard(&r);
	put(&r, 0, f, query(f, false, 0));
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_mld_query), 1);
	CU_ASSERT_EQUAL(reported(&r, 0, WEIR_MLD_ANSWER), 3);
	CU_ASSERT_EQUAL(reported(&r, 1, WEIR_MLD_ANSWER), 0);
	for (unsigned int i = 0; i < 100; i++)
		put(&r, 0, f, query(f, true, 0));
	CU_ASSERT_EQUAL(reported(&r, 0, WEIR_MLD_OLD), 0);
	wait_ms(&r, 1100);
	CU_ASSERT_EQUAL(reported(&r, 0, WEIR_MLD_OLD), 3);
	put(&r, 0, f, query(f, false, 0)); /* RFC 3810 §8.2.1: the old querier is there still */
	wait_ms(&r, 1100);
	CU_ASSERT_EQUAL(reported(&r, 0, WEIR_MLD_OLD), 3);
	rig_close(&r);
}

static uint8_t mac_of_gateway(struct rig *r)
{
	uint8_t mac[6];

	return weir_neigh_mac(rig_neighs(r), GATEWAY, mac) ? mac[5] : 0;
}

/* An advertisement by 02:..:ee:<last>: it has target. */
static void claim(struct rig *r, unsigned int port, const struct weir_addr *target, uint8_t flags,
	uint8_t last)
{
	const struct weir_addr to = port == 0 ? front(1) : back(1);
	uint8_t f[SEGMENT_FRAME_MAX] __attribute__((aligned(2)));
	const uint8_t mac[6] = {2, 0, 0, 0, 0xee, last};

	put(r, port, f,
		weir_build_nd_advertisement(f, mac, target, flags, r->dp.nics[port].mac, &to));
}

/* HC-67: what answers our request is learned, on its port; what was not asked for is not. */
static void test_hc67_learning(void)
{
	const struct weir_addr hop = router(), other = frame6_addr(0xfe80, 0, 0, 0, 0, 0, 0, 0xfd);
	static struct rig r;
	struct weir_neighs *n;
	uint64_t now_ns;

	open_rig(&r);
	n = rig_neighs(&r);
	claim(&r, 0, &hop, WEIR_ND_SOLICITED, 1);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 0); /* nothing was asked yet when it came */
	n->at[GATEWAY] = (struct weir_neigh){0};
	now_ns = weir_clock_ns(&r.dp.shared.clock);
	CU_ASSERT_EQUAL(weir_neigh_due(n, GATEWAY, now_ns, 0), WEIR_NEIGH_BROADCAST);
	claim(&r, 1, &hop, WEIR_ND_SOLICITED, 1);   /* the other port */
	claim(&r, 0, &other, WEIR_ND_SOLICITED, 1); /* another host */
	claim(&r, 0, &hop, WEIR_ND_OVERRIDE, 1);    /* no answer */
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 0);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_nd_learned), 0);
	claim(&r, 0, &hop, WEIR_ND_SOLICITED, 3);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 3);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_nd_learned), 1);
	claim(&r, 0, &hop, WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE, 9); /* a second answer */
	claim(&r, 0, &hop, WEIR_ND_OVERRIDE, 9);                     /* and nobody asked */
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 3);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_nd_unverified), 2);
	CU_ASSERT_EQUAL(weir_neigh_due(n, GATEWAY, now_ns + 1, 1), WEIR_NEIGH_UNICAST);
	rig_close(&r);
}

/* RFC 4861 §7.2.5: without the option an answer confirms what is known, and tells nothing else. */
static void test_without_option(void)
{
	uint8_t f[SEGMENT_FRAME_MAX] __attribute__((aligned(2)));
	const struct weir_addr hop = router(), us = front(1);
	static struct rig r;
	struct weir_neighs *n;
	uint64_t before_ns;
	size_t len;

	open_rig(&r);
	n = rig_neighs(&r);
	rig_settle(&r); /* it asks */
	len = weir_build_nd_advertisement(f, peer, &hop, WEIR_ND_SOLICITED, r.dp.nics[0].mac, &us);
	frame_put16(f + FRAME_IP + 4, 24);
	frame6_mend_icmp(f, FRAME6_TCP);
	put(&r, 0, f, len - 8);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 0);
	before_ns = weir_clock_ns(&r.dp.shared.clock) - 1000;
	rig_teach(n, GATEWAY, peer, before_ns);
	n->at[GATEWAY].asked_ns = before_ns + 1;
	put(&r, 0, f, len - 8);
	CU_ASSERT(n->at[GATEWAY].confirmed_ns > before_ns);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_nd_learned), 1);
	rig_close(&r);
}

/* A request went out to the backend's MAC address. */
static bool asked_by_unicast(struct rig *r, const uint8_t mac[6])
{
	struct weir_seg seg;
	struct weir_nd nd;
	uint8_t to[6];
	bool found = false;

	while (take_nd(r, 1, &nd, &seg, to))
		found |= nd.type == WEIR_ND_SOLICITATION && memcmp(to, mac, 6) == 0;
	return found;
}

/* HC-67: a known next hop is asked by unicast before another MAC is believed. */
static void test_hc67_change(void)
{
	static struct rig r;
	const uint8_t mac[6] = {2, 0, 0, 0, 0xbb, 0};
	const struct weir_addr hop = back(0x10);
	uint8_t now[6];

	open_rig(&r);
	rig_meet_neighbours(&r);
	rig_settle(&r);
	rig_discard(&r);
	claim(&r, 1, &hop, WEIR_ND_OVERRIDE, 7);
	wait_ms(&r, 300); /* a pass over the next hops */
	CU_ASSERT_TRUE(asked_by_unicast(&r, mac));
	claim(&r, 1, &hop, WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE, 7);
	CU_ASSERT_TRUE(weir_neigh_mac(rig_neighs(&r), 0, now) && now[4] == 0xbb);
	wait_ms(&r, 2000); /* it does not answer twice: then its group is asked */
	rig_discard(&r);
	claim(&r, 1, &hop, WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE, 7);
	CU_ASSERT_TRUE(weir_neigh_mac(rig_neighs(&r), 0, now) && now[5] == 7);
	rig_close(&r);
}

static bool conflict_is(const struct rig *r, uint64_t times, const struct weir_addr *addr,
	uint8_t last)
{
	const struct weir_counters *c = &r->dp.workers[0].worker->px.counters;

	return rig_event(r, WEIR_EVENT_address_conflict) == times &&
		memcmp(c->conflict_addr, addr, 16) == 0 &&
		((const uint8_t *)&c->conflict_mac)[5] == last;
}

/* HC-67, RFC 4862 §5.4: another host has, or wants, an address of ours: noted, and defended once in 10 s. */
static void test_hc67_conflict(void)
{
	uint8_t f[SEGMENT_FRAME_MAX] __attribute__((aligned(2))), to[6];
	const struct weir_addr v = vip(1), local = back(1);
	static struct rig r;
	struct weir_seg seg;
	struct weir_nd nd;

	open_rig(&r);
	rig_settle(&r);
	rig_discard(&r);
	claim(&r, 0, &v, WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE, 7);
	CU_ASSERT_TRUE(conflict_is(&r, 1, &v, 7));
	CU_ASSERT_TRUE(take_nd(&r, 0, &nd, &seg, to));
	CU_ASSERT_EQUAL(nd.flags, WEIR_ND_OVERRIDE);
	CU_ASSERT_TRUE(weir_addr_eq(&nd.target, &v) && to[0] == 0x33);
	claim(&r, 0, &v, WEIR_ND_OVERRIDE, 8);
	claim(&r, 0, &local, WEIR_ND_OVERRIDE, 7); /* not ours there */
	CU_ASSERT_TRUE(conflict_is(&r, 2, &v, 8));
	CU_ASSERT_EQUAL(rig_discard(&r), 0);
	put(&r, 0, f, weir_build_nd_probe(f, peer, &v));
	CU_ASSERT_TRUE(conflict_is(&r, 3, &v, 1));
	CU_ASSERT_TRUE(take_nd(&r, 0, &nd, &seg, to)); /* all nodes hear that it is taken */
	CU_ASSERT_TRUE(nd.type == WEIR_ND_ADVERTISEMENT && to[5] == 1 && to[0] == 0x33);
	put(&r, 0, f, weir_build_nd_probe(f, r.dp.nics[1].mac, &v)); /* our own come back */
	put(&r, 0, f,
		weir_build_nd_advertisement(f, r.dp.nics[1].mac, &v, WEIR_ND_OVERRIDE, NULL, NULL));
	CU_ASSERT_EQUAL(rig_event(&r, WEIR_EVENT_address_conflict), 3);
	CU_ASSERT_EQUAL(rig_discard(&r), 0);
	rig_close(&r);
}

/* fe80::<host>, at 02:..:ee:<host>, says that it is a router for so long. */
static void advertise(struct rig *r, uint8_t host, uint16_t lifetime_s)
{
	const struct weir_addr from = frame6_addr(0xfe80, 0, 0, 0, 0, 0, 0, host);
	const struct weir_addr all = frame6_addr(0xff02, 0, 0, 0, 0, 0, 0, 1);
	static const uint8_t timers[8];
	uint8_t f[SEGMENT_FRAME_MAX] __attribute__((aligned(2)));
	size_t len = frame6_icmp(f, 134, 0, lifetime_s, timers, sizeof(timers));

	memcpy(f, (const uint8_t[]){0x33, 0x33, 0, 0, 0, 1}, 6);
	memcpy(f + 6, (const uint8_t[]){2, 0, 0, 0, 0xee, host}, 6);
	memcpy(f + FRAME6_SRC, &from, 16);
	memcpy(f + FRAME6_DST, &all, 16);
	f[21] = 255;
	frame6_mend_icmp(f, FRAME6_TCP);
	put(r, 0, f, len);
}

/* So many messages of that type left by port 0 since the last call, the last one for fe80::<host> or for 0. */
static unsigned int asked_for(struct rig *r, enum weir_nd_type type, uint8_t *host)
{
	unsigned int n = 0;
	struct weir_seg seg;
	struct weir_nd nd;
	uint8_t to[6];

	*host = 0;
	while (take_nd(r, 0, &nd, &seg, to))
		if (nd.type == type && (nd.target.b[0] == 0xfe || type != WEIR_ND_SOLICITATION)) {
			*host = nd.target.b[15];
			n++;
		}
	return n;
}

static void answer_as(struct rig *r, uint8_t host, uint8_t flags)
{
	const struct weir_addr target = frame6_addr(0xfe80, 0, 0, 0, 0, 0, 0, host);

	claim(r, 0, &target, WEIR_ND_SOLICITED | WEIR_ND_OVERRIDE | flags, host);
}

/*
 * `gateway6 = "auto"`: routers are asked for; the first that advertises itself, and answers, is taken. HC-67: another one
 * does not take its place while it is one, and its end is believed when it says so by its answer.
 */
static void test_advertised_router(void)
{
	const struct weir_addr any = weir_nd_any_router();
	static struct rig r;
	uint8_t host;

	open_rig_with(&r, &any);
	rig_settle(&r);
	CU_ASSERT(asked_for(&r, WEIR_ND_ROUTER_SOLICITATION, &host) == 1 && host == 0);
	advertise(&r, 7, 0); /* it is no default router */
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_nd_router), 0);
	advertise(&r, 7, 1800);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_nd_router), 1);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 0); /* an advertisement tells no MAC address */
	wait_ms(&r, 300);
	CU_ASSERT(asked_for(&r, WEIR_ND_SOLICITATION, &host) == 1 && host == 7);
	answer_as(&r, 7, WEIR_ND_ROUTER);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 7);
	advertise(&r, 8, 9000);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_nd_router), 1);
	advertise(&r, 7, 0);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 7);
	wait_ms(&r, 300);
	CU_ASSERT(asked_for(&r, WEIR_ND_SOLICITATION, &host) == 1 && host == 7);
	answer_as(&r, 7, 0); /* it is no router any more */
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 0);
	wait_ms(&r, 300);
	CU_ASSERT_EQUAL(asked_for(&r, WEIR_ND_ROUTER_SOLICITATION, &host), 1);
	advertise(&r, 8, 2);
	wait_ms(&r, 300);
	answer_as(&r, 8, WEIR_ND_ROUTER);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 8);
	wait_ms(&r, 2100); /* its time is over */
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 0);
	rig_close(&r);
}

/* A router that does not answer gives way to the next one that advertises itself. */
static void test_silent_router(void)
{
	const struct weir_addr any = weir_nd_any_router();
	static struct rig r;
	struct weir_neighs *n;

	open_rig_with(&r, &any);
	rig_settle(&r);
	n = rig_neighs(&r);
	advertise(&r, 7, 1800);
	wait_ms(&r, 300);
	answer_as(&r, 7, WEIR_ND_ROUTER);
	n->at[GATEWAY].doubted = 1;
	wait_ms(&r, 2000);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 7); /* there is no better one */
	advertise(&r, 8, 1800);
	wait_ms(&r, 300);
	answer_as(&r, 8, WEIR_ND_ROUTER);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 8);
	rig_close(&r);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"which solicitations are answered", test_answers},
		{"what may come to a group's MAC address", test_groups},
		{"probed and announced at start", test_announcements},
		{"groups are reported", test_groups_reported},
		{"HC-67 next hops are learned by asking", test_hc67_learning},
		{"an answer without a MAC address in it", test_without_option},
		{"HC-67 another MAC is believed when the known one is silent", test_hc67_change},
		{"HC-67 a conflict for an address of ours", test_hc67_conflict},
		{"HC-67 an advertised router", test_advertised_router},
		{"HC-67 an advertised router that is silent", test_silent_router},
	};

	rig_eal(argv[0]);
	return unit_main("nd", tests, RTE_DIM(tests));
}
