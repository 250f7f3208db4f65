// SPDX-License-Identifier: BSD-3-Clause
/* weirpcap line by line: verdicts, a connection, its ladder, wrong files and arguments. */
#include <pcap/pcap.h>
#include <stdio.h>

#include "program.h"

static const char config[] =
	"ports = (\n"
	"	{ name = \"front\"; device = \"net_null0\";\n"
	"	  addresses = [ \"192.0.2.1/24\" ]; gateway = \"192.0.2.254\"; },\n"
	"	{ name = \"back\"; device = \"net_null1\";\n"
	"	  addresses = [ \"10.0.0.1/24\" ]; }\n"
	");\n"
	"services = ({\n"
	"	name = \"web\"; vip = \"192.0.2.80\"; port = 80; mode = \"fullnat\";\n"
	"	backends = ({ name = \"b1\"; address = \"10.0.0.11\"; port = 80; });\n"
	"});\n"
	"limits = { connections = 1000; };\n"
	"cookie = { secret_file = \"%s\"; };\n";

static void fill_verdicts(void)
{
	static const uint8_t ipv6[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60};
	const struct end backend = {0x0a00000b, 80}, other = {0xcb007101, 80};
	uint8_t ping[FRAME_ROOM], six[FRAME_ROOM], *f;

	add_tcp(0, client, vip, WEIR_TCP_SYN, 1000, 0, 0);
	add_tcp(500000, client, vip, WEIR_TCP_ACK, 1001, 12345, 0);
	add(500001, "rubbish", 7);
	f = add_tcp(600000, client, vip, WEIR_TCP_ACK | WEIR_TCP_PSH, 1001, 1, 5);
	f[FRAME_OPT] ^= 1;
	add_tcp(700000, client, (struct end){vip.addr, 81}, WEIR_TCP_SYN, 7, 0, 0);
	add_tcp(700000, client, other, WEIR_TCP_SYN, 7, 0, 0);
	add_tcp(700000, client, vip, WEIR_TCP_SYN | WEIR_TCP_FIN, 7, 0, 0);
	add(800000, ipv6, sizeof(ipv6));
	add(800000, six, frame6_tcp(six, WEIR_TCP_SYN, NULL, 0, 0));
	f = add(800000, six, frame6_tcp(six, WEIR_TCP_ACK, NULL, 0, 3));
	f[FRAME6_OPT] ^= 1;
	add(800000, six, frame6_icmp(six, 128, 0, 1, NULL, 0));
	add_arp(900000, 1, 0xc00002fe, vip.addr);
	add_arp(900000, 1, 0xc00002fe, 0xc0000207);
	add_arp(900000, 2, 0x0a00000b, 0x0a000001);
	f = add(1000000, ping, frame_icmp(ping, 8, 0, 10));
	frame_put32(f + FRAME_IP + 16, vip.addr);
	frame_mend_ip(f);
	/* a clock that went back */
	add_tcp(900000, backend, (struct end){0x0a000001, 2000}, WEIR_TCP_RST, 1, 1, 0);
}

static const char verdicts[] =
	"     1    0.000000  SYN " CLIENT_WEB " seq 1000 win 43981 len 0 <mss 1460> : "
	"REPLY syn_cookie (SYN answered with a cookie)\n"
	"     2    0.500000  ACK " CLIENT_WEB " seq 1001 ack 12345 win 43981 len 0 : "
	"DROP bad_cookie (ACK without a valid cookie)\n"
	"     3    0.500001  frame, 7 bytes : "
	"DROP short_frame (frame shorter than its headers say)\n"
	"     4    0.600000  TCP PSH,ACK " CLIENT_WEB ", 59 bytes : "
	"DROP tcp_checksum (wrong TCP checksum)\n"
	"     5    0.700000  SYN 198.51.100.7:40000 > 192.0.2.80:81 seq 7 win 43981 len 0 "
	"<mss 1460> : REPLY refused_port (port of a VIP without a service: answered with RST)\n"
	"     6    0.700000  SYN 198.51.100.7:40000 > 203.0.113.1:80 seq 7 win 43981 len 0 "
	"<mss 1460> : DROP not_ours (addressed to no service, backend or local address of "
	"synweir)\n"
	"     7    0.700000  TCP SYN,FIN " CLIENT_WEB ", 58 bytes : "
	"DROP tcp_flags (flag combination that TCP never sends)\n"
	"     8    0.800000  IPv6 :: > :: protocol 0, 60 bytes : DROP ipv6_extension (IPv6 "
	"extension headers: malformed, out of order, too many or too long)\n"
	"     9    0.800000  SYN " SIX ":40000 > " SIX_VIP ":80 seq 4026597891 win 43981 len 0 "
	": DROP not_ours (addressed to no service, backend or local address of "
	"synweir)\n"
	"    10    0.800000  TCP ACK " SIX ":40000 > " SIX_VIP ":80, 77 bytes : "
	"DROP tcp_checksum (wrong TCP checksum)\n"
	"    11    0.800000  ICMPv6 " SIX " > " SIX_VIP " type 128 code 0 : "
	"DROP not_ours (addressed to no service, backend or local address of synweir)\n"
	"    12    0.900000  ARP request from 192.0.2.254 for 192.0.2.80 : "
	"REPLY arp_reply (ARP request answered)\n"
	"    13    0.900000  ARP request from 192.0.2.254 for 192.0.2.7 : "
	"DROP arp_other (ARP for another host)\n"
	"    14    0.900000  ARP reply from 10.0.0.11 for 10.0.0.1 : "
	"CONSUME arp_learned (ARP: next hop's MAC address learned or confirmed)\n"
	"    15    1.000000  ICMP 10.1.2.3 > 192.0.2.80 type 8 code 0 : "
	"REPLY icmp_echo (ping answered)\n"
	"    16    1.000000  RST 10.0.0.11:80 > 10.0.0.1:2000 seq 1 win 43981 len 0 : "
	"DROP stray_rst (RST that belongs to no connection)\n";

static void test_verdicts(void)
{
	start(config);
	fill_verdicts();
	replay();
	expect_lines(verdicts);
	CU_ASSERT_EQUAL_FATAL(out.n,
		5); /* SYN-ACK, RST, ARP reply, SYN-ACK once more, echo reply */
	expect_macs(0, MAC_CLIENT, MAC_FRONT);
	CU_ASSERT_EQUAL(out.at[0].bytes[FRAME_TCP + 13], WEIR_TCP_SYN | WEIR_TCP_ACK);
	CU_ASSERT_EQUAL(out.at[1].bytes[FRAME_TCP + 13], WEIR_TCP_RST | WEIR_TCP_ACK);
	CU_ASSERT_EQUAL(memcmp(out.at[3].bytes, out.at[0].bytes, out.at[0].len), 0);
	expect_macs(2, MAC_ASKER, MAC_FRONT);
	CU_ASSERT_EQUAL(out.at[2].bytes[21], 2);
}

/* A connection from SYN to the first answer, the client's data having to wait for the backend. */
static void test_connection(void)
{
	const uint8_t ack = WEIR_TCP_ACK, psh = WEIR_TCP_ACK | WEIR_TCP_PSH;
	const struct end backend = {0x0a00000b, 80};
	struct end local = {0x0a000001, 0};
	uint32_t cookie, isn;
	char expected[4096];

	start(config);
	add_tcp(0, client, vip, WEIR_TCP_SYN, 1000, 0, 0);
	replay();
	cookie = expect_out(0, 0, vip, client, WEIR_TCP_SYN | WEIR_TCP_ACK, 1001);

	add_tcp(10000, client, vip, ack, 1001, cookie + 1, 0);
	add_tcp(20000, client, vip, psh, 1001, cookie + 1, 5);
	replay();
	CU_ASSERT_EQUAL_FATAL(out.n, 2);
	local.port = frame_get16(out.at[1].bytes + FRAME_TCP);
	isn = expect_out(1, 10000, local, backend, WEIR_TCP_SYN, 0);
	expect_macs(1, MAC_HOP0, MAC_BACK);

	/* The backend lets us wait: our SYN goes again after 200 ms (HC-11). */
	add_tcp(250000, backend, local, WEIR_TCP_SYN | ack, 5000, isn + 1, 0);
	add_tcp(260000, backend, local, psh, 5001, isn + 6, 3);
	replay();
	CU_ASSERT_EQUAL_FATAL(out.n, 5);
	CU_ASSERT_EQUAL(expect_out(2, 210000, local, backend, WEIR_TCP_SYN, 0), isn);
	CU_ASSERT_EQUAL(expect_out(3, 250000, local, backend, psh, 5001), isn + 1);
	CU_ASSERT_EQUAL(memcmp(out.at[3].bytes + FRAME_OPT, in.at[2].bytes + FRAME_OPT, 5), 0);
	CU_ASSERT_EQUAL(expect_out(4, 260000, vip, client, psh, 1006), cookie + 1);
	expect_macs(4, MAC_CLIENT, MAC_FRONT);
	snprintf(expected, sizeof(expected),
		"     1    0.000000  SYN " CLIENT_WEB " seq 1000 win 43981 len 0 <mss 1460> : "
		"REPLY syn_cookie (SYN answered with a cookie)\n"
		"     2    0.010000  ACK " CLIENT_WEB " seq 1001 ack %u win 43981 len 0 : "
		"CONSUME handshake_ack (client's valid ACK: a connection was opened)\n"
		"     3    0.020000  PSH,ACK " CLIENT_WEB " seq 1001 ack %u win 43981 len 5 : "
		"HOLD (until the backend answers)\n"
		"     4    0.250000  SYN,ACK 10.0.0.11:80 > 10.0.0.1:%u seq 5000 ack %u win 43981 "
		"len 0 <mss 1460> : "
		"CONSUME backend_syn_ack (backend's SYN-ACK: the connection is established)\n"
		"     3    0.250000  held until now : "
		"TO_BACKEND to_backend (segment of a connection, forwarded to its backend)\n"
		"     5    0.260000  PSH,ACK 10.0.0.11:80 > 10.0.0.1:%u seq 5001 ack %u win 43981 "
		"len 3 : "
		"TO_CLIENT to_client (segment of a connection, forwarded to its client)\n",
		cookie + 1, cookie + 1, local.port, isn + 1, local.port, isn + 6);
	expect_lines(expected);
}

/* clang-format off */
static const char ladder[] =
"#1 198.51.100.7:40000 > web 192.0.2.80:80, 2023-11-14 22:13:20.000000 UTC\n"
"#1      seconds client                   synweir                       backend  CLIENT      BACKEND\n"
"#1     0.000000 |-- SYN 0 mss 1460 --------->| syn_cookie                 |  SYN_SENT    -\n"
"#1     0.000000 |<- SYN-ACK 0 ack 1 cookie --|                            |  SYN_SENT    -\n"
"#1              | backend: b1 10.0.0.11:80, from 10.0.0.1:65296\n"
"#1     0.010000 |-- ACK 1 ack 1 ------------>| handshake_ack              |  ESTABLISHED LISTEN\n"
"#1     0.010000 |                            |-- SYN 0 mss 1460 --------->|  ESTABLISHED LISTEN\n"
"#1     0.020000 |-- PSH 1:6 ack 1 ---------->| held                       |  ESTABLISHED LISTEN\n"
"#1     0.030000 |            backend_syn_ack |<- SYN-ACK 0 ack 1 ---------|  ESTABLISHED ESTABLISHED\n"
"#1     0.030000 |                            |-- PSH 1:6 ack 1 ---------->|  ESTABLISHED ESTABLISHED\n"
"#1     0.040000 |<- PSH 1:4 ack 6 -----------|----------------------------|  ESTABLISHED ESTABLISHED\n"
"#1     0.050000 |-- FIN 6 ack 4 -------------|--------------------------->|  FIN_WAIT_1  ESTABLISHED\n"
"#1     0.060000 |<- FIN 4 ack 7 -------------|----------------------------|  FIN_WAIT_2  LAST_ACK\n"
"#1     0.070000 |-- ACK 7 ack 5 -------------|--------------------------->|  TIME_WAIT   CLOSED\n"
"\n"
"#2 198.51.100.8:41000 > web 192.0.2.80:80, 2023-11-14 22:13:20.041000 UTC\n"
"#2      seconds client                   synweir                       backend  CLIENT      BACKEND\n"
"#2     0.000000 |-- ACK 1 ack 1 ------------X| bad_cookie                 |  -           -\n"
"#2              | ACK without a valid cookie\n";
/* clang-format on */

/* One connection from SYN to the end, as a ladder; and what a wrong ACK becomes. */
static void test_ladder(void)
{
	const uint8_t ack = WEIR_TCP_ACK, psh = WEIR_TCP_ACK | WEIR_TCP_PSH,
		      fin = WEIR_TCP_ACK | WEIR_TCP_FIN;
	const struct end backend = {0x0a00000b, 80};
	struct end local = {0x0a000001, 0}, liar = {0xc6336408, 41000};
	uint32_t cookie, isn;

	start(config);
	add_tcp(0, client, vip, WEIR_TCP_SYN, 1000, 0, 0);
	replay();
	cookie = expect_out(0, 0, vip, client, WEIR_TCP_SYN | WEIR_TCP_ACK, 1001);
	add_tcp(10000, client, vip, ack, 1001, cookie + 1, 0);
	add_tcp(20000, client, vip, psh, 1001, cookie + 1, 5);
	replay();
	local.port = frame_get16(out.at[1].bytes + FRAME_TCP);
	isn = expect_out(1, 10000, local, backend, WEIR_TCP_SYN, 0);

	add_tcp(30000, backend, local, WEIR_TCP_SYN | ack, 5000, isn + 1, 0);
	add_tcp(40000, backend, local, psh, 5001, isn + 6, 3);
	add_tcp(41000, liar, vip, ack, 7000, 9000, 0);
	add_tcp(50000, client, vip, fin, 1006, cookie + 4, 0);
	add_tcp(60000, backend, local, fin, 5004, isn + 7, 0);
	add_tcp(70000, client, vip, ack, 1007, cookie + 5, 0);
	write_in(DLT_EN10MB, "in.pcap");
	run("--ladder -c conf in.pcap");
	CU_ASSERT_EQUAL(status, 0);
	expect_lines(ladder);
}

static void test_verbose_and_repeatable(void)
{
	struct capture first;

	start(config);
	fill_verdicts();
	replay();
	first = out;
	run("-v -c conf in.pcap out.pcap");
	read_out();
	CU_ASSERT_EQUAL(memcmp(&first, &out, sizeof(out)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lines,
		"cookie)\n          0.000000  SYN,ACK 192.0.2.80:80 > "
		"198.51.100.7:40000 seq "));
	CU_ASSERT_PTR_NOT_NULL(strstr(lines, " ack 1001 win "));
	CU_ASSERT_PTR_NOT_NULL(strstr(lines, " : SENT\n"));
}

static void expect_error(const char *arguments, const char *part)
{
	run(arguments);
	CU_ASSERT_EQUAL(status, 1);
	if (strstr(errors, part) == NULL)
		printf("\n%s: %s", arguments, errors);
	CU_ASSERT_PTR_NOT_NULL(strstr(errors, part));
}

static void test_errors(void)
{
	char bytes[2048];

	start(config);
	fill_verdicts();
	write_in(DLT_EN10MB, "in.pcap");
	write_in(DLT_RAW, "raw.pcap");
	get_file("in.pcap", bytes, sizeof(bytes));
	put_file("cut.pcap", bytes, 150);
	put_file("no.pcap", "hello, this is no capture", 25);
	put_file("bad.conf", "ports = 1;\n", 11);
	expect_error("-c conf none.pcap out.pcap", "weirpcap: none.pcap: No such file");
	expect_error("-c conf no.pcap out.pcap", "weirpcap: no.pcap: unknown file format");
	expect_error("-c conf raw.pcap out.pcap",
		"weirpcap: raw.pcap: link type Raw IP: only Ethernet is understood");
	expect_error("-c conf cut.pcap out.pcap", "weirpcap: cut.pcap: truncated dump file");
	CU_ASSERT_PTR_NOT_NULL(strstr(lines, "     1    0.000000  SYN "));
	expect_error("-c conf in.pcap ./in.pcap", "weirpcap: ./in.pcap is the input too");
	expect_error("-c conf in.pcap /nowhere/out.pcap", "weirpcap: cannot write /nowhere/out");
	expect_error("-c conf in.pcap /dev/full", "weirpcap: cannot write /dev/full");
	expect_error("-c none.conf in.pcap out.pcap", "weirpcap: none.conf: ");
	expect_error("-c bad.conf in.pcap out.pcap", "weirpcap: bad.conf:1: ports");
	expect_error("in.pcap out.pcap", "usage: weirpcap ");
	expect_error("-c conf in.pcap", "usage: weirpcap ");
	in.n = 0;
	replay(); /* a capture of nothing is fine */
	CU_ASSERT_EQUAL(out.n, 0);
	expect_lines("");
}

static const struct unit_test tests[] = {
	{"verdicts and their names", test_verdicts},
	{"HC-04, HC-11 a connection", test_connection},
	{"a connection as a ladder", test_ladder},
	{"the same again, with -v", test_verbose_and_repeatable},
	{"bad files and arguments", test_errors},
};

int main(int argc, char **argv)
{
	return program_main(argc, argv, "weirpcap", tests, sizeof(tests) / sizeof(tests[0]));
}
