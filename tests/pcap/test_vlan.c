// SPDX-License-Identifier: BSD-3-Clause
/* weirpcap with frames of VLANs. */
#include <stdio.h>

#include "program.h"

/* One port, a VLAN for each side and family. */
static const char trunk[] =
	"ports = ({\n"
	"	name = \"trunk\"; device = \"net_null0\"; addresses = [ \"203.0.113.9/24\" ];\n"
	"	vlans = (\n"
	"	  { id = 100; name = \"front\"; addresses = [ \"192.0.2.1/24\" ];\n"
	"	    gateway = \"192.0.2.254\"; },\n"
	"	  { id = 200; name = \"back\"; addresses = [ \"10.0.0.1/24\" ]; },\n"
	"	  { id = 106; name = \"front6\"; addresses = [ \"2001:db8::1/64\" ];\n"
	"	    gateway6 = \"2001:db8::fe\"; });\n"
	"});\n"
	"services = (\n"
	"	{ name = \"web\"; vip = \"192.0.2.80\"; port = 80;\n"
	"	  backends = ({ name = \"b1\"; address = \"10.0.0.11\"; port = 80; }); },\n"
	"	{ name = \"web6\"; vip = \"2001:db8::201\"; port = 80;\n"
	"	  backends = ({ name = \"b1\"; address = \"10.0.0.11\"; port = 80; }); }\n"
	");\n"
	"cookie = { secret_file = \"%s\"; };\n";

/* The last frame of `in` gets a tag: the type, priority, drop bit and VLAN. */
static void tag(uint16_t type, uint16_t tci)
{
	uint8_t *f = in.at[in.n - 1].bytes;

	memmove(f + 16, f + 12, in.at[in.n - 1].len - 12);
	frame_put16(f + 12, type);
	frame_put16(f + 14, tci);
	in.at[in.n - 1].len += 4;
}

/* The i-th frame out has that tag, which is taken off it. */
static void expect_tag(unsigned int i, uint16_t vlan)
{
	uint8_t *f = out.at[i].bytes;

	CU_ASSERT_FATAL(i < out.n);
	CU_ASSERT_EQUAL(frame_get16(f + 12), 0x8100);
	CU_ASSERT_EQUAL(frame_get16(f + 14), vlan);
	memmove(f + 12, f + 16, out.at[i].len - 16);
	out.at[i].len -= 4;
}

/* A handshake, whose SYN to the backend leaves in another VLAN than its SYN-ACK. Priority and drop bit do not matter. */
static void test_vlans(void)
{
	const struct end backend = {0x0a00000b, 80};
	struct end local = {0x0a000001, 0};
	uint32_t cookie;

	start(trunk);
	add_tcp(0, client, vip, WEIR_TCP_SYN, 1000, 0, 0);
	tag(0x8100, 0xf000 | 100);
	replay();
	CU_ASSERT_EQUAL_FATAL(out.n, 1);
	expect_tag(0, 100);
	cookie = expect_out(0, 0, vip, client, WEIR_TCP_SYN | WEIR_TCP_ACK, 1001);
	expect_macs(0, MAC_CLIENT, MAC_FRONT);
	add_tcp(10000, client, vip, WEIR_TCP_ACK, 1001, cookie + 1, 0);
	tag(0x8100, 100);
	replay();
	CU_ASSERT_EQUAL_FATAL(out.n, 2);
	expect_tag(1, 200);
	local.port = frame_get16(out.at[1].bytes + FRAME_TCP);
	expect_out(1, 10000, local, backend, WEIR_TCP_SYN, 0);
	run("-v -c conf in.pcap out.pcap");
	CU_ASSERT_EQUAL(strncmp(lines, "     1    0.000000  vlan 100 SYN " CLIENT_WEB, 50), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lines, "  vlan 200 SYN 10.0.0.1:"));
}

static const char tags[] =
	"     1    0.000000  SYN " CLIENT_WEB " seq 1 win 43981 len 0 <mss 1460> : "
	"REPLY syn_cookie (SYN answered with a cookie)\n"
	"     2    0.000000  vlan 300 SYN " CLIENT_WEB " seq 2 win 43981 len 0 <mss 1460> : "
	"DROP vlan_unknown (VLAN that the port does not have, or no tag on a port that has VLANs "
	"only)\n"
	"     3    0.000000  vlan 100 frame of type 0x8100, 62 bytes : "
	"DROP qinq (VLAN tag behind a VLAN tag, or of 802.1ad (QinQ))\n"
	"     4    0.000000  frame of type 0x88a8, 62 bytes : "
	"DROP qinq (VLAN tag behind a VLAN tag, or of 802.1ad (QinQ))\n"
	"     5    0.000000  vlan 106 SYN " SIX ":40000 > " SIX_VIP ":80 seq 4026597891 win 43981 "
	"len 0 : REPLY syn_cookie (SYN answered with a cookie)\n"
	"     6    0.000000  frame of type 0x8100, 16 bytes : "
	"DROP qinq (VLAN tag behind a VLAN tag, or of 802.1ad (QinQ))\n";

/* Tagged for priority only, of an unknown VLAN, twice, by 802.1ad; IPv6 in its VLAN; and a frame that ends in its tag. */
static void test_tags(void)
{
	uint8_t six[FRAME_ROOM];

	start(trunk);
	for (uint32_t seq = 1; seq <= 4; seq++) {
		add_tcp(0, client, vip, WEIR_TCP_SYN, seq, 0, 0);
		if (seq == 3)
			tag(0x8100, 5);
		tag(seq == 4 ? 0x88a8 : 0x8100, seq == 1 ? 0x2000 : seq == 2 ? 300 : 100);
	}
	add(0, six, frame6_tcp(six, WEIR_TCP_SYN, NULL, 0, 0));
	tag(0x8100, 106);
	add_tcp(0, client, vip, WEIR_TCP_SYN, 1, 0, 0);
	tag(0x8100, 100);
	in.at[in.n - 1].len = 16;
	replay();
	expect_lines(tags);
	CU_ASSERT_EQUAL_FATAL(out.n, 2);
	CU_ASSERT_EQUAL(frame_get16(out.at[0].bytes + 12), WEIR_ETH_IPV4);
	expect_tag(1, 106);
	CU_ASSERT_EQUAL(frame_get16(out.at[1].bytes + 12), WEIR_ETH_IPV6);
	CU_ASSERT_EQUAL(frame6_sum(out.at[1].bytes, FRAME6_TCP, WEIR_PROTO_TCP), 0xffff);
}

static const struct unit_test tests[] = {
	{"HC-29 tagged frames in, tagged frames out", test_vlans},
	{"HC-29 tags of every kind", test_tags},
};

int main(int argc, char **argv)
{
	return program_main(argc, argv, "weirpcap", tests, sizeof(tests) / sizeof(tests[0]));
}
