// SPDX-License-Identifier: BSD-3-Clause
/* HC-53: for every rule a file that breaks it, and the exact message. */
#include "config.h"

struct rule {
	const char *from, *to;
	const char *message; /* after "weir.conf:" */
};

static void expect_refused(const struct rule *r)
{
	struct weir_config *c;
	char *text = config_bend(r->from, r->to), got[1024], want[1024];
	int ret = config_load_text(text, &c, got);

	snprintf(want, sizeof(want), "weir.conf:%s", r->message);
	CU_ASSERT(ret < 0);
	CU_ASSERT_STRING_EQUAL(got, want);
	if (strcmp(got, want) != 0)
		fprintf(stderr, "\n got: %s\nwant: %s\n", got, want);
	weir_config_free(c);
	free(text);
}

#define RULES(name, ...)                                                                           \
	static void name(void)                                                                     \
	{                                                                                          \
		static const struct rule rules[] = {__VA_ARGS__};                                  \
                                                                                                   \
		for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)                      \
			expect_refused(&rules[i]);                                                 \
	}

RULES(test_syntax,
	{"drain = 0;", "drain == 0;",
		"21: syntax error here or at the end of the line before: "
		"timeouts = { connect = 0.25; drain == 0; };"},
	{"port = 25;", "port = 25; port = 26;",
		"16: duplicate setting name: { name = \"mail\"; vip = \"192.0.2.80\"; port = 25; "
		"port = 26; "
		"mode = \"nat\";"},
	{"cookie = { };", "cookie = { };\n/* no end",
		"23: a comment begins here that never ends: no */"},
	{"\"10.1.0.12\"", "\"10.1.0.12",
		"18: a text begins here that never ends: no closing quote"},
	{"cookie = { };", "cookie = { a = \"\n\n};",
		"22: a text begins here that never ends: no closing quote"},
	{"= 4096", "= 4294971392", "20: 4294971392: no key takes a number beyond 32 bits"},
	{"= 4096", "= 0x100001000", "20: 0x100001000: no key takes a number beyond 32 bits"},
	{"= 4096", "= -99999999999999999999",
		"20: -99999999999999999999: no key takes a number beyond 32 bits"},
	{"= 4096", "= 99999999999999999999L",
		"20: 99999999999999999999L: no key takes a number beyond 32 bits"},
	{"= 4096", "= 04096", "20: 04096: a whole number does not begin with 0"},
	{"= 4096", "= -00L1", "20: -00L1: a whole number does not begin with 0"},
	{"\"-m\" ]", "\"-m\", # last\n /* */ ]",
		"2: a comma before ]: the last entry has none after it"},
	{"port = 25; }", "port = 25; },", "18: a comma before ): the last entry has none after it"},
	{"cookie = { };", "@include \"nowhere.conf\"",
		"22: @include \"nowhere.conf\": No such file or directory"},
	{"cookie = { };", "@include \".\"", "22: @include \".\": is a directory"},
	{"cookie = { };", "@include \"/etc/passwd\"",
		"22: @include \"/etc/passwd\": must be relative to the directory of the main file"},
	{"cookie = { };", "@include \"../etc/shadow\"",
		"22: @include \"../etc/shadow\": must be below the directory of the main file: "
		"\"..\" is not allowed"},
	{"cookie = { };", "@include \"conf.d//../..\"",
		"22: @include \"conf.d//../..\": must be below the directory of the main file: "
		"\"..\" is not allowed"},
	{"cookie = { };", "@include \"..a/.../b..\"",
		"22: @include \"..a/.../b..\": No such file or directory"},
	{"cookie = { };", "; @include \"weir.conf\"",
		"22: an @include stands first on its line: @include \"FILE\""},
	{"cookie = { };", "@include <weir.conf>",
		"22: an @include stands first on its line: @include \"FILE\""},
	{"cookie = { };", "@include \"a\\\\b\"",
		"22: @include \"a\": a file's name ends in a quote and holds no backslash"},
	{"cookie = { };", "@include \"weir.conf\"",
		/* the innermost file's place; all of them are this one */
		"22: @include \"weir.conf\": files include files more than 8 deep"})

RULES(test_unknown_keys,
	{"cookie =", "cokie =",
		"22: cokie: unknown key; known here: eal, workers, ports, services, cookie, "
		"limits, timeouts"},
	{"lcores", "cores", "2: workers.cores: unknown key; known here: count, lcores, idle"},
	{"mtu", "mut",
		"4: ports[0].mut = 1400: unknown key; known here: name, device, addresses, "
		"gateway, gateway_mac, gateway6, gateway6_mac, routes, reverse_path, vlans, "
		"mtu, rss, host, rx_descriptors, tx_descriptors"},
	{"via = \"10.0.0.254\"", "via = \"10.0.0.254\"; dev = 1",
		"8: ports[1].routes[0].dev = 1: unknown key; known here: to, via, mac"},
	{"vip", "VIP",
		"11: services[0].VIP = \"192.0.2.80\": unknown key; known here: name, vip, port, "
		"mode, "
		"scheduler, maglev_table, slow_start, profile, require_timestamps, syn_cookies, "
		"no_backend, check, on_down, proxy_protocol, proxy_unique_id, proxy_service_name, "
		"proxy_crc32c, adaptive, timeouts, "
		"backends"},
	{"sack = false", "sack_ok = false",
		"17: services[1].profile.sack_ok = false: unknown key; known here: mss, "
		"window_scale, sack, "
		"timestamps, ecn"},
	{"established = 1.5", "drain = 1.5",
		"12: services[0].timeouts.drain = 1.5: unknown key; known here: established, "
		"half_close, "
		"closing, time_wait, connect, rst_pending"},
	{"weight = 2", "wait = 2",
		"14: services[0].backends[0].wait = 2: unknown key; known here: name, address, "
		"port, mac, weight, backup, max_conns, check"},
	{"connections", "connection",
		"20: limits.connection = 4096: unknown key; known here: connections, held_packets, "
		"held_bytes, "
		"syn_ack_ring, half_open, reply_budget, prefix_replies, service_reserve, "
		"source_rate, "
		"source_connections, "
		"prefix_connections, plain_guesses, services, "
		"listeners, backends, "
		"adaptive_start, adaptive_end, closed_ports"},
	{"cookie = { };", "cookie = { secret = \"\"; };",
		"22: cookie.secret = \"\": unknown key; known here: secret_file"},
	{"drain = 0;", "rst_pending = 5; probation = 5;",
		"21: timeouts.probation = 5: is the former name of \"rst_pending\": give one of "
		"them"},
	{"drain", "tarry",
		"21: timeouts.tarry = 0: unknown key; known here: established, half_close, "
		"closing, time_wait, "
		"connect, rst_pending, drain"})

#define VLANS(text) "mtu = 1400;\n	  vlans = ( " text " );"
#define AT_VLANS    "5: ports[0].vlans"

/* HC-29: a VLAN has the keys of an interface, and their rules. */
RULES(test_vlans, {"mtu = 1400;", VLANS("{ name = \"v\"; }"), AT_VLANS "[0]: needs \"id\""},
	{"mtu = 1400;", VLANS("{ id = 9; }"), AT_VLANS "[0]: needs \"name\""},
	{"mtu = 1400;", VLANS("{ id = 0; name = \"v\"; }"), AT_VLANS "[0].id = 0: must be 1..4094"},
	{"mtu = 1400;", VLANS("{ id = 4095; name = \"v\"; }"),
		AT_VLANS "[0].id = 4095: must be 1..4094"},
	{"mtu = 1400;", VLANS("{ id = 9; name = \"v\"; }, { id = 9; name = \"w\"; }"),
		AT_VLANS "[1].id = 9: is VLAN \"v\" of this port already"},
	{"mtu = 1400;", VLANS("{ id = 9; name = \"v\"; }, { id = 8; name = \"v\"; }"),
		AT_VLANS "[1].name = \"v\": is the name of another VLAN already"},
	{"mtu = 1400;", VLANS("{ id = 9; name = \"back\"; }"),
		AT_VLANS "[0].name = \"back\": is the name of ports[1] already"},
	{"mtu = 1400;", VLANS("{ id = 9; name = \"v\"; device = \"net_tap1\"; }"),
		AT_VLANS "[0].device = \"net_tap1\": unknown key; known here: id, name, addresses, "
			 "gateway, gateway_mac, gateway6, gateway6_mac, routes, reverse_path"},
	{"mtu = 1400;", VLANS("{ id = 9; name = \"v\"; addresses = [ \"10.0.0.9/24\" ]; }"),
		"8: ports[1].addresses[0] = \"10.0.0.1/24\": overlaps with a subnet of VLAN \"v\""},
	{"mtu = 1400;", VLANS("{ id = 9; name = \"v\"; addresses = [ \"192.0.2.1/32\" ]; }"),
		AT_VLANS
		"[0].addresses[0] = \"192.0.2.1/32\": is an address of port \"front\" already"},
	{"mtu = 1400;",
		VLANS("{ id = 9; name = \"v\"; addresses = [ \"10.9.0.1/24\" ]; "
		      "gateway = \"10.9.0.254\"; }"),
		AT_VLANS
		"[0].gateway = \"10.9.0.254\": port \"front\" has the gateway already; use "
		"routes for what is reached here"},
	{"mtu = 1400;", VLANS("{ id = 9; name = \"v\"; gateway6_mac = \"02:00:00:00:00:01\"; }"),
		AT_VLANS
		"[0].gateway6_mac = \"02:00:00:00:00:01\": is of no gateway: there is none on "
		"this VLAN"},
	{"mtu = 1400;",
		VLANS("{ id = 9; name = \"v\"; addresses = [ \"10.9.0.1/24\" ]; "
		      "routes = ( { to = \"10.8.0.0/16\"; via = \"10.0.0.254\"; } ); }"),
		AT_VLANS
		"[0].routes[0].via = \"10.0.0.254\": is in none of the subnets of VLAN \"v\""},
	/* a port that has VLANs and a way, but no address, is not silently without it */
	{"addresses = [ \"192.0.2.1/24\" ];", "vlans = ( { id = 9; name = \"v\"; } );",
		"5: ports[0].gateway = \"192.0.2.254\": is in none of the subnets of port "
		"\"front\""})

RULES(test_missing_keys, {"name = \"front\";", "", "4: ports[0]: needs \"name\""},
	{"device = \"0000:03:00.0\";", "", "6: ports[1]: needs \"device\""},
	{"to = \"10.1.0.0/16\";", "", "8: ports[1].routes[0]: needs \"to\""},
	{"via = \"10.0.0.254\";", "", "8: ports[1].routes[0]: needs \"via\""},
	{"vip = \"192.0.2.80\"; port = 25;", "port = 25;", "16: services[1]: needs \"vip\""},
	{"port = 80;", "", "11: services[0]: needs \"port\""},
	{"backends = ( { name = \"m1\"; address = \"10.0.0.11\"; port = 25; } );", "",
		"16: services[1]: needs \"backends\""},
	{"address = \"10.1.0.12\";", "", "15: services[0].backends[1]: needs \"address\""},
	{"{ name = \"m1\"; address = \"10.0.0.11\"; port = 25; }", "",
		"18: services[1].backends: has 0 entries, must have 1..4096"})

RULES(test_types,
	{"[ \"--no-huge\", \"-m\" ]", "\"--no-huge -m\"",
		"1: eal = \"--no-huge -m\": must be a list: [ ..., ... ]"},
	{"[ \"--no-huge\", \"-m\" ]", "( \"-m\", 512 )",
		"1: eal[1] = 512: must be a text in quotes"},
	{"{ lcores = [ 2, 3 ]; }", "2", "2: workers = 2: must be a group: { ... }"},
	{"[ 2, 3 ]", "[ 2.0, 3.0 ]", "2: workers.lcores[0] = 2: must be a whole number"},
	{"lcores = [ 2, 3 ]", "idle = true",
		"2: workers.idle = true: must be \"poll\" or \"sleep\""},
	{"mtu = 1400", "mtu = \"1400\"", "4: ports[0].mtu = \"1400\": must be a whole number"},
	{"( { to = \"10.1.0.0/16\"; via = \"10.0.0.254\"; } )",
		"{ to = \"10.1.0.0/16\"; via = \"10.0.0.254\"; }",
		"8: ports[1].routes: must be a list: ( { ... }, { ... } )"},
	{"( { to = \"10.1.0.0/16\"; via = \"10.0.0.254\"; } )", "( \"10.1.0.0/16\" )",
		"8: ports[1].routes[0] = \"10.1.0.0/16\": must be a group: { ... }"},
	{"name = \"web\"", "name = 7", "11: services[0].name = 7: must be a text in quotes"},
	{"port = 80;", "port = 80.0;",
		"11: services[0].port = 80: must be a port or a range: 80, \"8000-8099\""},
	{"sack = false", "sack = 0", "17: services[1].profile.sack = 0: must be true or false"},
	{"established = 1.5", "established = \"2h\"",
		"12: services[0].timeouts.established = \"2h\": must be a number of seconds"},
	{"gateway = \"192.0.2.254\"", "gateway = \"192.0.2.254\"; gateway_mac = \"2:0:0:0:0:1\"",
		"5: ports[0].gateway_mac = \"2:0:0:0:0:1\": must be a MAC address in quotes: "
		"\"02:00:00:00:00:01\""},
	{"vip = \"192.0.2.80\"", "vip = 3221226064L",
		"11: services[0].vip = 3221226064: must be an IP address in quotes, or a prefix: "
		"\"192.0.2.80\", \"192.0.2.0/28\""})

RULES(test_ranges, {"lcores = [ 2, 3 ]", "count = 0", "2: workers.count = 0: must be 1..127"},
	{"lcores = [ 2, 3 ]", "count = 128", "2: workers.count = 128: must be 1..127"},
	{"lcores = [ 2, 3 ]", "lcores = [ 2, -3 ]", "2: workers.lcores[1] = -3: must be 0..127"},
	{"port = 80;", "port = [ ];", "11: services[0].port: has 0 entries, must have 1..256"},
	{"[ 2, 3 ]", "[ 0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1 ]",
		"2: workers.lcores[10] = 0: is listed already: one worker per core"},
	{"mtu = 1400", "mtu = 575", "4: ports[0].mtu = 575: must be 576..9216"},
	{"mtu = 1400", "rx_descriptors = 63", "4: ports[0].rx_descriptors = 63: must be 64..8192"},
	{"mtu = 1400", "host = { rest = 0; interface = \"weir0\"; }",
		"4: ports[0].host.rest = 0: must be 1..1000000"},
	{"mtu = 1400", "tx_descriptors = 8193",
		"4: ports[0].tx_descriptors = 8193: must be 64..8192"},
	{"mtu = 1400", "rss = \"yes\"",
		"4: ports[0].rss = \"yes\": must be \"auto\", \"on\" or \"off\""},
	{"port = 80;", "port = 65536;", "11: services[0].port = 65536: must be 1..65535"},
	{"port = 80;", "port = 0;", "11: services[0].port = 0: must be 1..65535"},
	{"mode = \"nat\"", "mode = \"dr\"",
		"16: services[1].mode = \"dr\": must be \"nat\" or \"fullnat\""},
	{"\"lc\"", "\"mh\"",
		"17: services[1].scheduler = \"mh\": must be \"rr\", \"wrr\", \"lc\", \"wlc\", "
		"\"sh\", \"maglev\" or \"random\""},
	{"\"lc\"", "\"maglev\"; maglev_table = 16382",
		"17: services[1].maglev_table = 16382: must be a prime number; the next is "
		"16411"},
	{"mss = 1200", "mss = 535", "17: services[1].profile.mss = 535: must be 536..9176"},
	{"mss = 1200", "mss = 1361",
		"17: services[1].profile.mss = 1361: must be at most 1360, the MTU of port "
		"\"front\" less 40"},
	{"sack = false; };", "sack = false; }; syn_cookies = \"sometimes\";",
		"17: services[1].syn_cookies = \"sometimes\": must be \"always\", \"adaptive\" or "
		"\"never\""},
	{"sack = false; };", "sack = false; }; proxy_protocol = \"v3\";",
		"17: services[1].proxy_protocol = \"v3\": must be \"none\", \"v1\" or \"v2\""},
	{"sack = false; };", "sack = false; }; proxy_protocol = \"v1\"; proxy_service_name = true;",
		"17: services[1].proxy_service_name = true: is of the PROXY protocol's version 2: "
		"set proxy_protocol = \"v2\""},
	{"sack = false; };", "sack = false; }; proxy_crc32c = true;",
		"17: services[1].proxy_crc32c = true: is of the PROXY protocol's version 2: set "
		"proxy_protocol = \"v2\""},
	{"sack = false; };", "sack = false; }; adaptive = { queue_low = 50; };",
		"17: services[1].adaptive.queue_low = 50: must be less than queue_high, which is "
		"50"},
	{"sack = false; };",
		"sack = false; }; adaptive = { syn_rate_high = 20; syn_rate_low = 30; };",
		"17: services[1].adaptive.syn_rate_low = 30: must be less than syn_rate_high, "
		"which "
		"is 20"},
	{"sack = false; };", "timestamps = false; }; require_timestamps = true;",
		"17: services[1].require_timestamps = true: cannot be true while "
		"profile.timestamps is false: no client could connect"},
	{"mss = 1200", "window_scale = 15",
		"17: services[1].profile.window_scale = 15: must be 0..14"},
	{"established = 1.5", "established = 0.9994",
		"12: services[0].timeouts.established = 0.9994: must be 1..2.592e+06 seconds"},
	{"weight = 2", "weight = 257", "14: services[0].backends[0].weight = 257: must be 0..256"},
	{"connections = 4096", "services = 1", "20: limits.services = 1: there are 2 already"},
	{"connections = 4096", "backends = 2", "20: limits.backends = 2: there are 3 already"},
	{"connections = 4096", "adaptive_start = 101",
		"20: limits.adaptive_start = 101: must be 0..100"},
	{"connections = 4096", "adaptive_end = 59",
		"20: limits.adaptive_end = 59: must not be less than adaptive_start, which is 60"},
	{"= 4096", "= 63", "20: limits.connections = 63: must be 64..134217728"},
	{"= 4096", "= 2147483647", "20: limits.connections = 2147483647: must be 64..134217728"},
	{"= 4096", "= -2147483648", "20: limits.connections = -2147483648: must be 64..134217728"},
	{"= 4096", "= 0x7fffffff", "20: limits.connections = 2147483647: must be 64..134217728"},
	{"= 4096", "= 5000000000L", "20: limits.connections = 5000000000: must be 64..134217728"},
	{"connections = 4096", "held_packets = 0",
		"20: limits.held_packets = 0: must be 64..1048576"},
	{"connections = 4096", "held_bytes = 65536",
		"20: limits.held_bytes = 65536: must be 536..65535"},
	{"connections = 4096", "syn_ack_ring = -1",
		"20: limits.syn_ack_ring = -1: must be 0..1048576"},
	{"connections = 4096", "reply_budget = 1000001",
		"20: limits.reply_budget = 1000001: must be 0..1000000"},
	{"connections = 4096", "prefix_replies = 0",
		"20: limits.prefix_replies = 0: cannot be 0 unless syn_ack_ring is 0, too: SYNs "
		"forged in the name of clients would be answered three times each"},
	{"connections = 4096", "closed_ports = \"rst\"",
		"20: limits.closed_ports = \"rst\": must be \"drop\" or \"reject\""},
	{"drain = 0;", "drain = -0.001;", "21: timeouts.drain = -0.001: must be 0..3600 seconds"},
	{"drain = 0;", "drain = 1e999;", "21: timeouts.drain = inf: must be 0..3600 seconds"},
	{"connect = 0.25", "connect = 10.001",
		"21: timeouts.connect = 10.001: must be 0.05..10 seconds"},
	{"name = \"web\"", "name = \"\"",
		"11: services[0].name = \"\": must have 1..31 characters"},
	{"name = \"web\"", "name = \"a2345678901234567890123456789012\"",
		"11: services[0].name = \"a2345678901234567890123456789012\": must have 1..31 "
		"characters"},
	{"name = \"web\"", "name = \"web\\n1\"",
		"11: services[0].name = \"web?1\": must be of letters, digits and _ . - only"})

RULES(test_texts,
	{"\"192.0.2.1/24\"", "\"192.0.2.1\"",
		"5: ports[0].addresses[0] = \"192.0.2.1\": must be an IP address with its prefix: "
		"\"192.0.2.1/24\" or \"2001:db8::1/64\""},
	{"\"192.0.2.1/24\"", "\"192.0.2.1/33\"",
		"5: ports[0].addresses[0] = \"192.0.2.1/33\": has a prefix of more than 32 bits"},
	{"\"192.0.2.1/24\"", "\"192.0.2.1/2x\"",
		"5: ports[0].addresses[0] = \"192.0.2.1/2x\": must be an IP address with its "
		"prefix: \"192.0.2.1/24\" or \"2001:db8::1/64\""},
	{"\"192.0.2.1/24\"", "\"192.0.2.1/0024\"",
		"5: ports[0].addresses[0] = \"192.0.2.1/0024\": must be an IP address with its "
		"prefix: \"192.0.2.1/24\" or \"2001:db8::1/64\""},
	{"\"192.0.2.1/24\"", "\"192.000000000000000000000000000000000000000000.0.2.1/24\"",
		"5: ports[0].addresses[0] = "
		"\"192.000000000000000000000000000000000000000000.0.2.1/24\": must be an IP "
		"address with its prefix: \"192.0.2.1/24\" or \"2001:db8::1/64\""},
	{"\"192.0.2.1/24\"", "\"192.0.2/24\"",
		"5: ports[0].addresses[0] = \"192.0.2/24\": must be an IP address with its prefix: "
		"\"192.0.2.1/24\" or \"2001:db8::1/64\""},
	{"\"10.0.0.11\"; port = 8080", "\"web1.local\"; port = 8080",
		"14: services[0].backends[0].address = \"web1.local\": must be an IP address in "
		"quotes"},
	{"net_tap0,iface=w0", "net tap", "4: ports[0].device = \"net tap\": must not hold blanks"},
	{"net_tap0,iface=w0", "eth0",
		"4: ports[0].device = \"eth0\": must be a PCI address or a DPDK device; for a "
		"network interface of "
		"Linux write \"net_af_packet0,iface=eth0\""})

RULES(test_ports,
	{"name = \"back\"", "name = \"front\"",
		"6: ports[1].name = \"front\": is the name of ports[0] already"},
	{"0000:03:00.0", "net_tap0,iface=w1",
		"6: ports[1].device = \"net_tap0,iface=w1\": is the device of port \"front\" "
		"already"},
	{"192.0.2.1/24", "192.0.0.1/7",
		"5: ports[0].addresses[0] = \"192.0.0.1/7\": must have a prefix of 8..32 bits"},
	{"192.0.2.1/24", "127.0.0.1/8",
		"5: ports[0].addresses[0] = \"127.0.0.1/8\": is a loopback address"},
	{"192.0.2.1/24", "192.0.2.0/24",
		"5: ports[0].addresses[0] = \"192.0.2.0/24\": is its subnet's network address"},
	{"10.0.0.2/24", "10.0.0.255/24",
		"7: ports[1].addresses[1] = \"10.0.0.255/24\": is its subnet's broadcast address"},
	{"10.0.0.2/24", "10.0.0.1/32",
		"7: ports[1].addresses[1] = \"10.0.0.1/32\": is an address of port \"back\" "
		"already"},
	{"10.0.0.2/24", "192.0.2.1/24",
		"7: ports[1].addresses[1] = \"192.0.2.1/24\": is an address of port \"front\" "
		"already"},
	{"10.0.0.2/24", "192.0.2.9/32",
		"7: ports[1].addresses[1] = \"192.0.2.9/32\": overlaps with a subnet of port "
		"\"front\""},
	{"10.0.0.2/24", "192.1.1.1/8",
		"7: ports[1].addresses[1] = \"192.1.1.1/8\": overlaps with a subnet of port "
		"\"front\""},
	{"10.0.0.2/24", "172.16.0.4/30",
		"7: ports[1].addresses[1] = \"172.16.0.4/30\": is its subnet's network address"},
	{"192.0.2.254", "192.0.3.254",
		"5: ports[0].gateway = \"192.0.3.254\": is in none of the subnets of port "
		"\"front\""},
	{"192.0.2.254", "10.0.0.254",
		"5: ports[0].gateway = \"10.0.0.254\": is in none of the subnets of port "
		"\"front\""},
	{"192.0.2.254", "192.0.2.1",
		"5: ports[0].gateway = \"192.0.2.1\": is synweir's own address"},
	{"192.0.2.254", "192.0.2.255",
		"5: ports[0].gateway = \"192.0.2.255\": is its subnet's broadcast address"},
	{"192.0.2.254", "0.0.0.0",
		"5: ports[0].gateway = \"0.0.0.0\": is in 0.0.0.0/8, which no host has"},
	{"routes =", "gateway = \"10.0.0.253\"; routes =",
		"8: ports[1].gateway = \"10.0.0.253\": port \"front\" has the gateway already; use "
		"routes for what "
		"is reached here"},
	{"10.1.0.0/16", "10.1.2.0/16",
		"8: ports[1].routes[0].to = \"10.1.2.0/16\": is not a network: that would be "
		"\"10.1.0.0/16\""},
	{"10.1.0.0/16", "10.0.0.0/24",
		"8: ports[1].routes[0].to = \"10.0.0.0/24\": is the subnet of a port"},
	{"10.1.0.0/16", "192.0.2.0/24",
		"8: ports[1].routes[0].to = \"192.0.2.0/24\": is the subnet of a port"},
	{"10.1.0.0/16", "0.0.0.0/0",
		"8: ports[1].routes[0].to = \"0.0.0.0/0\": is where the gateway leads already"},
	{"via = \"10.0.0.254\"; }",
		"via = \"10.0.0.254\"; }, { to = \"10.1.0.0/16\"; via = \"10.0.0.9\"; }",
		"8: ports[1].routes[1].to = \"10.1.0.0/16\": is routed already"},
	{"via = \"10.0.0.254\"", "via = \"10.1.0.254\"",
		"8: ports[1].routes[0].via = \"10.1.0.254\": is in none of the subnets of port "
		"\"back\""})

RULES(test_services,
	{"name = \"mail\"", "name = \"web\"",
		"16: services[1].name = \"web\": is the name of services[0] already"},
	{"port = 25; mode", "port = 80; mode",
		"16: services[1].vip = \"192.0.2.80\": port 80 of it is service \"web\" already"},
	{"192.0.2.80", "224.0.0.80",
		"11: services[0].vip = \"224.0.0.80\": is a multicast address"},
	{"192.0.2.80", "255.255.255.255",
		"11: services[0].vip = \"255.255.255.255\": is in 240.0.0.0/4, which is broadcast "
		"or reserved"},
	{"192.0.2.80", "240.0.0.1",
		"11: services[0].vip = \"240.0.0.1\": is in 240.0.0.0/4, which is broadcast or "
		"reserved"},
	{"192.0.2.80", "10.0.0.255",
		"11: services[0].vip = \"10.0.0.255\": is its subnet's broadcast address"},
	{"192.0.2.80", "192.0.2.0",
		"11: services[0].vip = \"192.0.2.0\": is its subnet's network address"},
	{"192.0.2.80", "192.0.2.254",
		"11: services[0].vip = \"192.0.2.254\": is a router's address on port \"front\""},
	{"192.0.2.80", "10.0.0.254",
		"11: services[0].vip = \"10.0.0.254\": is a router's address on port \"back\""},
	{"192.0.2.80\"; port = 80", "10.0.0.2\"; port = 1024",
		"11: services[0].port = 1024: is a local port of its VIP, which is the address of "
		"port \"back\" that "
		"\"fullnat\" reaches backends from; take another VIP, or a port below 1024"})

RULES(test_macs,
	{"gateway = \"192.0.2.254\"", "gateway_mac = \"02:00:00:00:00:01\"",
		"5: ports[0].gateway_mac = \"02:00:00:00:00:01\": is of no gateway: there is none "
		"on "
		"this port"},
	{"weight = 2", "mac = \"03:00:00:00:00:01\"",
		"14: services[0].backends[0].mac = \"03:00:00:00:00:01\": is no host's MAC "
		"address"},
	{"\"10.1.0.12\"", "\"10.1.0.12\"; mac = \"02:00:00:00:00:01\"",
		"15: services[0].backends[1].mac = \"02:00:00:00:00:01\": is of a backend behind a "
		"router: give the router's, as mac of the route or gateway_mac of the port"},
	{"weight = 2; },\n"
	 "\t\t{ name = \"w2\"; address = \"10.1.0.12\"; port = 8080",
		"mac = \"02:00:00:00:00:01\"; },\n"
		"\t\t{ name = \"w2\"; address = \"10.0.0.11\"; port = 81; mac = "
		"\"02:00:00:00:00:02\"",
		"15: services[0].backends[1].mac = \"02:00:00:00:00:02\": 10.0.0.11 has another "
		"MAC "
		"address elsewhere in this file"})

RULES(test_backends,
	{"name = \"w2\"", "name = \"w1\"",
		"15: services[0].backends[1].name = \"w1\": is the name of backends[0] of this "
		"service already"},
	{"10.1.0.12", "10.0.0.11",
		"15: services[0].backends[1].address = \"10.0.0.11\": port 8080 of it is backend "
		"\"w1\" of this "
		"service already; for a larger share give it more weight"},
	{"10.1.0.12", "192.0.2.80",
		"15: services[0].backends[1].address = \"192.0.2.80\": is the VIP of service "
		"\"web\""},
	{"10.1.0.12", "10.0.0.2",
		"15: services[0].backends[1].address = \"10.0.0.2\": is synweir's own address on "
		"port \"back\""},
	{"10.1.0.12", "10.0.0.0",
		"15: services[0].backends[1].address = \"10.0.0.0\": is its subnet's network "
		"address"},
	{"10.1.0.12", "127.0.0.1",
		"15: services[0].backends[1].address = \"127.0.0.1\": is a loopback address"},
	{"gateway = \"192.0.2.254\"; },\n	{ name = \"back\"; device = \"0000:03:00.0\";\n"
	 "	  addresses = [ \"10.0.0.1/24\", \"10.0.0.2/24\" ];\n"
	 "	  routes = ( { to = \"10.1.0.0/16\"; via = \"10.0.0.254\"; } ); }",
		"},\n{ name = \"back\"; device = \"0000:03:00.0\";\n addresses = [ \"10.0.0.1/24\" "
		"];\n }",
		"15: services[0].backends[1].address = \"10.1.0.12\": no port's subnet, route or "
		"gateway leads there"},
	{"\"10.0.0.11\"; port = 25;", "\"10.0.0.11\"; port = 8080;",
		"18: services[1].backends[0].address = \"10.0.0.11\": port 8080 of it is a backend "
		"of service "
		"\"web\" with another mode"})

RULES(test_workers,
	{"[ 2, 3 ]", "[ 2, 3, 2 ]",
		"2: workers.lcores[2] = 2: is listed already: one worker per core"},
	{"[ 2, 3 ];", "[ 2, 3 ]; count = 3;",
		"2: workers.count = 3: must be as many as lcores lists, 2, or be left out"},
	{"\"-m\"", "\"--\"", "1: eal[1] = \"--\": would end the EAL's arguments"},
	{"\"-m\"", "\"--in-memory\"",
		"1: eal[1] = \"--in-memory\": cannot go with --no-huge; --no-shconf is what you "
		"want"})

/* Health checks: the line of "mail", which is the 16th. */
#define MAIL(more) "port = 25; " more
RULES(test_checks,
	{"port = 25;", MAIL("check = { type = \"ping\"; };"),
		"16: services[1].check.type = \"ping\": must be \"tcp\", \"http\", \"https\" or "
		"\"exec\""},
	{"port = 25;", MAIL("check = { path = \"/x\"; };"),
		"16: services[1].check.path = \"/x\": is for checks of type \"http\" and \"https\" "
		"only"},
	{"port = 25;", MAIL("check = { type = \"http\"; send = \"x\"; };"),
		"16: services[1].check.send = \"x\": is for checks of type \"tcp\" only"},
	{"port = 25;", MAIL("check = { type = \"http\"; ca = \"x\"; };"),
		"16: services[1].check.ca = \"x\": is for checks of type \"https\" only"},
	{"port = 25;", MAIL("check = { inter = 1; fastinter = 2; };"),
		"16: services[1].check.fastinter = 2: must not be longer than inter, which is 1"},
	{"port = 25;", MAIL("check = { inter = 1; timeout = 1; };"),
		"16: services[1].check.timeout = 1: must not be longer than fastinter and "
		"downinter, the shorter of which is 0.5"},
	{"port = 25;", MAIL("check = { type = \"http\"; path = \"x\"; };"),
		"16: services[1].check.path = \"x\": must begin with / and have no blanks"},
	{"port = 25;", MAIL("check = { type = \"http\"; path = \"/a b\"; };"),
		"16: services[1].check.path = \"/a b\": must begin with / and have no blanks"},
	{"port = 25;", MAIL("check = { type = \"http\"; host = \"a:80\"; };"),
		"16: services[1].check.host = \"a:80\": must be a host's name, without a port"},
	{"port = 25;", MAIL("check = { type = \"http\"; status = \"2xx\"; };"),
		"16: services[1].check.status = \"2xx\": must be numbers of 100..599 and ranges of "
		"them, 8 at most: \"200-399\", \"200,204\""},
	{"port = 25;", MAIL("check = { type = \"https\"; ca = \"/no/such\"; };"),
		"16: services[1].check.ca = \"/no/such\": No such file or directory"},
	{"port = 25;", MAIL("check = { type = \"exec\"; };"),
		"16: services[1].check: needs \"command\": [ \"/path/to/program\" ]"},
	{"port = 25;", MAIL("check = { type = \"exec\"; command = [ \"true\" ]; };"),
		"16: services[1].check.command[0] = \"true\": must be the whole path of a program: "
		"it begins with /"},
	{"port = 25;", MAIL("check = { type = \"exec\"; command = [ \"/no/such\" ]; };"),
		"16: services[1].check.command[0] = \"/no/such\": No such file or directory"},
	{"port = 25; } )", "port = 25; check = { port = 1; }; } )",
		"18: services[1].backends[0].check: its service has no \"check\""})

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-53 what is no text of a configuration", test_syntax},
		{"HC-53 unknown keys, in every group", test_unknown_keys},
		{"HC-29 VLANs", test_vlans},
		{"HC-29 VLANs", test_vlans},
		{"HC-53 missing keys", test_missing_keys},
		{"HC-53 wrong types", test_types},
		{"HC-53 values out of range", test_ranges},
		{"HC-53 texts of a wrong form", test_texts},
		{"HC-53 ports, addresses, routes that contradict", test_ports},
		{"HC-53 services that contradict", test_services},
		{"HC-53 health checks", test_checks},
		{"HC-53 backends that contradict or cannot be reached", test_backends},
		{"HC-67 static MAC addresses", test_macs},
		{"HC-53 workers and EAL arguments that contradict", test_workers},
	};

	return config_main("config-rules", tests, sizeof(tests) / sizeof(tests[0]));
}
