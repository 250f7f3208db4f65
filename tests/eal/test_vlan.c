// SPDX-License-Identifier: BSD-3-Clause
/* HC-29: VLANs are interfaces. What comes by one is answered by it, and stays in it. */
#include "../unit/frame.h"
#include "../unit/unit.h"
#include "rig_talk.h"

#define FRONT 100
#define BACK  200
#define OWN   0xc6336401u /* 198.51.100.1, the clients' interface has it */

static void open_with(struct rig *r, struct weir_policy *p, unsigned int n_rx)
{
	rig_open(r, p, n_rx, 1);
	rig_meet_neighbours(r);
	rig_settle(r);
	rig_discard(r); /* announcements */
}

/* One VLAN on each port; whole connections, by one worker or handed over by several. */
static void test_connection(void)
{
	for (unsigned int workers = 1; workers <= 3; workers += 2) {
		struct weir_policy *p = shell_policy(workers, 2);
		struct rig_talk t;
		static struct rig r;

		p->interfaces[SHELL_CLIENTS].vlan = FRONT;
		p->interfaces[SHELL_BACKENDS].vlan = BACK;
		open_with(&r, p, workers);
		CU_ASSERT_EQUAL(r.dp.nics[0].use.vlans, true);
		r.vlan[0] = FRONT;
		r.vlan[1] = BACK;
		for (unsigned int i = 0; i < 6; i++) {
			rig_handshake(&r, &t, i, i % 2 ? SHELL_NAT : SHELL_FULLNAT);
			rig_exchange(&r, &t, i, 0);
		}
		CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_vlan_unknown), 0);
		CU_ASSERT_EQUAL(rig_handed(&r) > 0, workers > 1);
		rig_close(&r);
	}
}

/* A checksum that the sender left to its device is filled in behind the tag, too. */
static void test_partial_checksum(void)
{
	struct weir_policy *p = shell_policy(1, 2);
	struct rig_talk t;
	static struct rig r;

	p->interfaces[SHELL_BACKENDS].vlan = BACK;
	open_with(&r, p, 1);
	r.vlan[1] = BACK;
	rig_handshake(&r, &t, 1, SHELL_FULLNAT);
	rig_exchange(&r, &t, 1, RTE_MBUF_F_RX_L4_CKSUM_NONE);
	rig_close(&r);
}

/* Both interfaces are VLANs of the first port, which takes no other frames. */
static void open_trunk(struct rig *r)
{
	struct weir_policy *p = shell_policy(1, 1);

	p->interfaces[SHELL_CLIENTS].vlan = FRONT;
	p->interfaces[SHELL_BACKENDS].port = SHELL_CLIENTS;
	p->interfaces[SHELL_BACKENDS].vlan = BACK;
	open_with(r, p, 1);
}

/* "who has target?" with a tag of that type, unless it is 0; -1: no tag. Returns the length. */
static size_t arp(uint8_t *f, uint16_t type, int tci, uint32_t target)
{
	static const uint8_t peer[6] = {2, 0, 0, 0, 0xee, 1};
	uint8_t *a = f + 12;

	memset(f, 0, 64);
	memset(f, 0xff, 6);
	memcpy(f + 6, peer, 6);
	if (type != 0) {
		frame_put16(a, type);
		frame_put16(a + 2, (uint16_t)tci);
		a += 4;
	}
	frame_put16(a, 0x0806);
	frame_put16(a + 2, 1);
	frame_put16(a + 4, 0x0800);
	a[6] = 6;
	a[7] = 4;
	frame_put16(a + 8, 1);
	memcpy(a + 10, peer, 6);
	frame_put32(a + 16, target + 1);
	frame_put32(a + 26, target);
	return 64;
}

/* The tag of the answer to that; -1: there is none, and the request had that fate. */
static int answer(struct rig *r, uint16_t type, int tci, uint32_t target, enum weir_fate fate)
{
	uint64_t before = rig_fate(r, fate);
	uint8_t f[SEGMENT_FRAME_MAX], more[SEGMENT_FRAME_MAX];

	rig_put(r, 0, 0, f, arp(f, type, tci, target), 0);
	rig_settle(r);
	CU_ASSERT_EQUAL(rig_fate(r, fate), before + 1);
	if (rig_take(r, 0, f) == 0)
		return -1;
	CU_ASSERT_EQUAL(rig_take(r, 0, more) + rig_take(r, 1, more), 0);
	CU_ASSERT_EQUAL(memcmp(f + 6, r->dp.nics[0].mac, 6), 0);
	if (frame_get16(f + 12) != 0x8100)
		return 0;
	CU_ASSERT_EQUAL(frame_get16(f + 16), 0x0806);
	return frame_get16(f + 14);
}

/* Each VLAN has its own addresses, and no frame without a tag gets in. */
static void test_trunk(void)
{
	static struct rig r;

	open_trunk(&r);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, FRONT, OWN, WEIR_FATE_arp_reply), FRONT);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, BACK, SHELL_LOCAL, WEIR_FATE_arp_reply), BACK);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, 0xe000 | FRONT, OWN, WEIR_FATE_arp_reply), FRONT);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, BACK, OWN, WEIR_FATE_arp_other), -1);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, FRONT, SHELL_LOCAL, WEIR_FATE_arp_other), -1);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, 300, OWN, WEIR_FATE_vlan_unknown), -1);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, 4095, OWN, WEIR_FATE_vlan_unknown), -1);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, 0, OWN, WEIR_FATE_vlan_unknown), -1);
	CU_ASSERT_EQUAL(answer(&r, 0, 0, OWN, WEIR_FATE_vlan_unknown), -1);
	rig_close(&r);
}

/* A port without VLANs takes what has no tag, or one that is for priority only (802.1Q §6.9.1). */
static void test_untagged(void)
{
	static struct rig r;

	rig_open_quiet(&r, 1, 1, 1);
	CU_ASSERT_EQUAL(r.dp.nics[0].use.vlans, false);
	CU_ASSERT_EQUAL(answer(&r, 0, 0, OWN, WEIR_FATE_arp_reply), 0);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, 0, OWN, WEIR_FATE_arp_reply), 0);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, 0xa000, OWN, WEIR_FATE_arp_reply), 0);
	CU_ASSERT_EQUAL(answer(&r, 0x8100, FRONT, OWN, WEIR_FATE_vlan_unknown), -1);
	rig_close(&r);
}

/* Two tags, or one of 802.1ad. */
static void test_qinq(void)
{
	static const uint8_t us[6] = {2, 0, 0, 0, 0, 1}; /* for the rig */
	uint8_t f[SEGMENT_FRAME_MAX];
	static struct rig r;

	open_trunk(&r);
	CU_ASSERT_EQUAL(answer(&r, 0x88a8, FRONT, OWN, WEIR_FATE_qinq), -1);
	arp(f, 0x8100, FRONT, OWN);
	memcpy(f, us, sizeof(us));
	frame_put16(f + 16, 0x8100);
	rig_put(&r, 0, 0, f, 64, 0);
	frame_put16(f + 16, 0x88a8);
	rig_put(&r, 0, 0, f, 64, 0);
	rig_put(&r, 0, 0, f, 17, 0); /* cut off in the tag */
	rig_settle(&r);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_qinq), 3);
	CU_ASSERT_EQUAL(rig_discard(&r), 0);
	rig_close(&r);
	rig_open_quiet(&r, 1, 1, 1);
	frame_put16(f + 12, 0x88a8);
	rig_put(&r, 0, 0, f, 64, 0);
	rig_settle(&r);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_qinq), 1);
	rig_close(&r);
}

/* Requests for next hops and announcements go by the VLAN of their interface. */
static void test_keeper(void)
{
	unsigned int asked = 0, own = 0, local = 0;
	struct weir_policy *p = shell_policy(1, 1);
	uint8_t f[SEGMENT_FRAME_MAX];
	static struct rig r;

	p->interfaces[SHELL_CLIENTS].vlan = FRONT;
	p->interfaces[SHELL_BACKENDS].port = SHELL_CLIENTS;
	p->interfaces[SHELL_BACKENDS].vlan = BACK;
	rig_open(&r, p, 1, 1);
	rig_settle(&r);
	while (rig_take(&r, 0, f) > 0) {
		const uint16_t vlan = frame_get16(f + 14);
		const uint32_t sender = (uint32_t)frame_get16(f + 32) << 16 | frame_get16(f + 34);
		const uint32_t target = (uint32_t)frame_get16(f + 42) << 16 | frame_get16(f + 44);

		CU_ASSERT_EQUAL(frame_get16(f + 12), 0x8100);
		asked += vlan == BACK && sender == SHELL_LOCAL && target == SHELL_BACKEND(0, 0);
		own += vlan == FRONT && sender == OWN && target == OWN;
		local += vlan == BACK && sender == SHELL_LOCAL && target == SHELL_LOCAL;
	}
	CU_ASSERT_EQUAL(asked, 1);
	CU_ASSERT_EQUAL(own, 1);
	CU_ASSERT_EQUAL(local, 1);
	CU_ASSERT_EQUAL(rig_take(&r, 1, f), 0);
	rig_close(&r);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"HC-29 VLAN connections", test_connection},
		{"HC-29 VLAN checksum offload", test_partial_checksum},
		{"HC-29 VLANs on one port", test_trunk},
		{"HC-29 VLAN priority tag", test_untagged},
		{"HC-29 VLAN QinQ", test_qinq},
		{"HC-29 VLAN keeper", test_keeper},
	};

	rig_eal(argv[0]);
	return unit_main("vlan", tests, RTE_DIM(tests));
}
