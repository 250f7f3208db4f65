// SPDX-License-Identifier: BSD-3-Clause
#include "config/keys.h"

#include "config/draft.h"

#define GROUP_OF(array)                                                                            \
	{                                                                                          \
		.keys = array, .n_keys = sizeof(array) / sizeof((array)[0])                        \
	}
#define AT(s, member)    .offset = offsetof(s, member), .size = sizeof(((s *)0)->member)
#define ITEMS(s, member) .offset = offsetof(s, member), .size = sizeof(*((s *)0)->member)
#define MANY(s, member, most)                                                                      \
	ITEMS(s, member), .count_offset = offsetof(s, n_##member), .max_items = (most)
/* Routers, or their MAC addresses. */
#define HOPS(s, member, count)                                                                     \
	ITEMS(s, member), .count_offset = offsetof(s, count),                                      \
			  .max_items = WEIR_NEXTHOP_MEMBERS_MAX, .or_one = true
#define S(seconds) ((int64_t)((seconds)*1000.0))

/* In the order of the enums that they are stored as. */
static const char *const modes[] = {"nat", "fullnat", NULL};
static const char *const schedulers[] = {"rr", "wrr", "lc", "wlc", "sh", "maglev", "random", NULL};
static const char *const syn_cookies[] = {"always", "adaptive", "never", NULL};
static const char *const proxy_words[] = {"none", "v1", "v2", NULL};
static const char *const no_backend_words[] = {"reject", "drop", NULL};
static const char *const on_down_words[] = {"keep", "reset", NULL};
static const char *const check_types[] = {"tcp", "http", "https", "exec", NULL};
static const char *const check_methods[] = {"GET", "HEAD", "OPTIONS", NULL};
static const char *const idles[] = {"poll", "sleep", NULL};
static const char *const rss_words[] = {"auto", "on", "off", NULL};
static const char *const path_words[] = {"strict", "loose", NULL};
static const char *const closed_words[] = {"drop", "reject", NULL};

static const struct weir_conf_key worker_keys[] = {
	{"count", WEIR_CONF_INT, .min = 1, .max = WEIR_WORKERS_MAX,
		AT(struct weir_draft, n_workers)},
	{"lcores", WEIR_CONF_INT, .min = 0, .max = 127, /* RTE_MAX_LCORE in Debian is 128 */
		MANY(struct weir_draft, lcores, WEIR_WORKERS_MAX)},
	{"idle", WEIR_CONF_WORD, .words = idles, .def = WEIR_IDLE_SLEEP,
		AT(struct weir_draft, idle)},
};

static const struct weir_conf_key route_keys[] = {
	{"to", WEIR_CONF_SUBNET, true, AT(struct weir_draft_route, to)},
	{"via", WEIR_CONF_ADDR, true, HOPS(struct weir_draft_route, via.addrs, via.n_addrs)},
	{"mac", WEIR_CONF_MAC, HOPS(struct weir_draft_route, via.macs, via.n_macs)},
};
static const struct weir_conf_group route_group = GROUP_OF(route_keys);

#define GATEWAY(s, in, family, what)                                                               \
	HOPS(s, in gateway[WEIR_DRAFT_##family].what, in gateway[WEIR_DRAFT_##family].n_##what)

/* Of an interface: of a port without VLANs, which has them in `own`, and of each VLAN. */
#define INTERFACE_KEYS(s, in)                                                                      \
	{"addresses", WEIR_CONF_SUBNET, ITEMS(s, in addrs),                                        \
		.count_offset = offsetof(s, in n_addrs), .max_items = WEIR_LOCALS_MAX},            \
		{"gateway", WEIR_CONF_ADDR, GATEWAY(s, in, IPV4, addrs)},                          \
		{"gateway_mac", WEIR_CONF_MAC, GATEWAY(s, in, IPV4, macs)},                        \
		{"gateway6", WEIR_CONF_ROUTER, GATEWAY(s, in, IPV6, addrs)},                       \
		{"gateway6_mac", WEIR_CONF_MAC, GATEWAY(s, in, IPV6, macs)},                       \
		{"routes", WEIR_CONF_GROUP, .group = &route_group, ITEMS(s, in routes),            \
			.count_offset = offsetof(s, in n_routes), .max_items = 256},               \
	{                                                                                          \
		"reverse_path", WEIR_CONF_WORD, .words = path_words,                               \
						.def = WEIR_REVERSE_PATH_STRICT,                   \
						AT(s, in reverse_path)                             \
	}

static const struct weir_conf_key vlan_keys[] = {
	/* IEEE 802.1Q §9.6: 0 is no VLAN, 4095 reserved */
	{"id", WEIR_CONF_INT, true, 1, 4094, AT(struct weir_draft_interface, vlan)},
	{"name", WEIR_CONF_NAME, true, AT(struct weir_draft_interface, name)},
	INTERFACE_KEYS(struct weir_draft_interface, ),
};
static const struct weir_conf_group vlan_group = GROUP_OF(vlan_keys);

/* Rates: so many that no good use needs more, and few enough for one CPU beside the workers. */
static const struct weir_conf_key host_keys[] = {
	{"interface", WEIR_CONF_NAME, true, AT(struct weir_draft_port, port.host.interface)},
	{"addresses", WEIR_CONF_BOOL, .def = true, AT(struct weir_draft_port, port.host.addresses)},
	{"peers", WEIR_CONF_ADDR, MANY(struct weir_draft_port, peers, WEIR_HOST_PEERS_MAX)},
	{"routing", WEIR_CONF_INT, .min = 1, .max = 1000000, .def = 10000,
		AT(struct weir_draft_port, port.host.rate[WEIR_HOST_ROUTING])},
	{"neighbour", WEIR_CONF_INT, .min = 1, .max = 1000000, .def = 1000,
		AT(struct weir_draft_port, port.host.rate[WEIR_HOST_NEIGHBOUR])},
	{"icmp", WEIR_CONF_INT, .min = 1, .max = 1000000, .def = 1000,
		AT(struct weir_draft_port, port.host.rate[WEIR_HOST_ICMP])},
	{"rest", WEIR_CONF_INT, .min = 1, .max = 1000000, .def = 5000,
		AT(struct weir_draft_port, port.host.rate[WEIR_HOST_REST])},
};
static const struct weir_conf_group host_group = GROUP_OF(host_keys);

static const struct weir_conf_key port_keys[] = {
	{"name", WEIR_CONF_NAME, true, AT(struct weir_draft_port, port.name)},
	{"device", WEIR_CONF_TEXT, true, AT(struct weir_draft_port, port.device)},
	INTERFACE_KEYS(struct weir_draft_port, own.),
	{"vlans", WEIR_CONF_GROUP, .group = &vlan_group,
		MANY(struct weir_draft_port, vlans, WEIR_INTERFACES_MAX)},
	/* RFC 791: every host takes 576; 9216: what NICs call jumbo */
	{"mtu", WEIR_CONF_INT, .min = 576, .max = 9216, .def = 1500,
		AT(struct weir_draft_port, port.mtu)},
	{"rss", WEIR_CONF_WORD, .words = rss_words, .def = WEIR_RSS_AUTO,
		AT(struct weir_draft_port, port.rss)},
	{"host", WEIR_CONF_GROUP, .group = &host_group},
	{"rx_descriptors", WEIR_CONF_INT, .min = 64, .max = 8192, .def = 1024,
		AT(struct weir_draft_port, port.rx_desc)},
	{"tx_descriptors", WEIR_CONF_INT, .min = 64, .max = 8192, .def = 1024,
		AT(struct weir_draft_port, port.tx_desc)},
};
static const struct weir_conf_group port_group = GROUP_OF(port_keys);

static const struct weir_conf_key profile_keys[] = {
	/* 536: RFC 9293 §3.7.1; the upper end depends on the ports' MTU and the family */
	{"mss", WEIR_CONF_INT, .min = 536, .max = 9176, AT(struct weir_profile, mss)},
	/* 14: RFC 7323 §2.3 */
	{"window_scale", WEIR_CONF_INT, .min = 0, .max = 14, .def = 7,
		AT(struct weir_profile, wscale)},
	{"sack", WEIR_CONF_BOOL, .def = true, AT(struct weir_profile, sack)},
	{"timestamps", WEIR_CONF_BOOL, .def = true, AT(struct weir_profile, timestamps)},
	{"ecn", WEIR_CONF_BOOL, .def = false, AT(struct weir_profile, ecn)},
};
static const struct weir_conf_group profile_group = GROUP_OF(profile_keys);

/* Two orders of magnitude between the rates: a flood is no matter of a few. */
static const struct weir_conf_key adaptive_keys[] = {
	{"queue_high", WEIR_CONF_INT, .min = 1, .max = 100, .def = 50,
		AT(struct weir_watermarks, queue_high)},
	{"queue_low", WEIR_CONF_INT, .min = 0, .max = 99, .def = 25,
		AT(struct weir_watermarks, queue_low)},
	{"syn_rate_high", WEIR_CONF_INT, .min = 0, .max = 100000000, .def = 5000,
		AT(struct weir_watermarks, rate_high)},
	{"syn_rate_low", WEIR_CONF_INT, .min = 0, .max = 100000000, .def = 50,
		AT(struct weir_watermarks, rate_low)},
	{"syn_share_low", WEIR_CONF_INT, .min = 0, .max = 50, .def = 5,
		AT(struct weir_watermarks, share_low)},
	{"hold", WEIR_CONF_TIME, .min = S(0.1), .max = S(3600), .def = S(10),
		AT(struct weir_watermarks, hold_ms)},
};
static const struct weir_conf_group adaptive_group = GROUP_OF(adaptive_keys);

#define OWN(seconds)       S(seconds)
#define INHERITED(seconds) 0
#define TIMEOUT(key, member, lo, hi, default, ...)                                                 \
	{                                                                                          \
		key, WEIR_CONF_TIME, .min = S(lo), .max = S(hi), .def = default,                   \
				     AT(struct weir_timeouts, member), __VA_ARGS__                 \
	}
/*
 * established: RFC 5382 REQ-5 asks for 2 h 4 min. time_wait: as long as a cookie can come again, which
 * must not open a second connection (tcp/keys.h); RFC 9293's 2 MSL are 240 s.
 */
#define TIMEOUTS(DEF)                                                                              \
	TIMEOUT("established", established_ms, 1, 2592000, DEF(7440)),                             \
		TIMEOUT("half_close", half_close_ms, 1, 86400, DEF(300)),                          \
		TIMEOUT("closing", closing_ms, 1, 3600, DEF(60)),                                  \
		TIMEOUT("time_wait", time_wait_ms, 64, 3600, DEF(64)),                             \
		TIMEOUT("connect", connect_ms, 0.05, 10, DEF(0.2)),                                \
		TIMEOUT("rst_pending", rst_pending_ms, 0.1, 60, DEF(5), .old_name = "probation")

static const struct weir_conf_key service_timeout_keys[] = {TIMEOUTS(INHERITED)};
static const struct weir_conf_group service_timeout_group = GROUP_OF(service_timeout_keys);

static const struct weir_conf_key timeout_keys[] = {
	TIMEOUTS(OWN),
	{"drain", WEIR_CONF_TIME, .min = 0, .max = S(3600), .def = S(5),
		AT(struct weir_draft_timeouts, drain_ms)},
};
static const struct weir_conf_group timeout_group = GROUP_OF(timeout_keys);

static const struct weir_conf_key check_keys[] = {
	{"type", WEIR_CONF_WORD, .words = check_types, .def = WEIR_CHECK_TCP,
		AT(struct weir_draft_check, check.type)},
	{"port", WEIR_CONF_TCP_PORT, .min = 1, .max = 65535,
		AT(struct weir_draft_check, check.port_be)},
	{"address", WEIR_CONF_ADDR, AT(struct weir_draft_check, check.address)},
	{"interface", WEIR_CONF_NAME, AT(struct weir_draft_check, check.interface)},
	{"inter", WEIR_CONF_TIME, .min = S(0.05), .max = S(3600), .def = S(2),
		AT(struct weir_draft_check, check.inter_ms)},
	{"fastinter", WEIR_CONF_TIME, .min = S(0.05), .max = S(3600),
		AT(struct weir_draft_check, check.fastinter_ms)},
	{"downinter", WEIR_CONF_TIME, .min = S(0.05), .max = S(3600),
		AT(struct weir_draft_check, check.downinter_ms)},
	{"rise", WEIR_CONF_INT, .min = 1, .max = 1000, .def = 2,
		AT(struct weir_draft_check, check.rise)},
	{"fall", WEIR_CONF_INT, .min = 1, .max = 1000, .def = 3,
		AT(struct weir_draft_check, check.fall)},
	{"timeout", WEIR_CONF_TIME, .min = S(0.01), .max = S(3600),
		AT(struct weir_draft_check, check.timeout_ms)},
	{"send", WEIR_CONF_TEXT, AT(struct weir_draft_check, check.send)},
	{"expect", WEIR_CONF_TEXT, AT(struct weir_draft_check, check.expect)},
	{"host", WEIR_CONF_TEXT, AT(struct weir_draft_check, check.host)},
	{"path", WEIR_CONF_TEXT, AT(struct weir_draft_check, check.path)},
	{"method", WEIR_CONF_WORD, .words = check_methods, .def = WEIR_CHECK_GET,
		AT(struct weir_draft_check, check.method)},
	{"status", WEIR_CONF_STRING, AT(struct weir_draft_check, status)},
	{"body", WEIR_CONF_TEXT, AT(struct weir_draft_check, check.body)},
	{"verify", WEIR_CONF_BOOL, .def = true, AT(struct weir_draft_check, check.verify)},
	{"ca", WEIR_CONF_TEXT, AT(struct weir_draft_check, check.ca)},
	{"command", WEIR_CONF_STRING, MANY(struct weir_draft_check, command, WEIR_CHECK_ARGS)},
};
static const struct weir_conf_group check_group = GROUP_OF(check_keys);

static const struct weir_conf_key backend_check_keys[] = {
	{"enabled", WEIR_CONF_BOOL, .def = true, AT(struct weir_draft_backend_check, enabled)},
	{"address", WEIR_CONF_ADDR, AT(struct weir_draft_backend_check, addr)},
	{"port", WEIR_CONF_TCP_PORT, .min = 1, .max = 65535,
		AT(struct weir_draft_backend_check, port_be)},
};
static const struct weir_conf_group backend_check_group = GROUP_OF(backend_check_keys);

static const struct weir_conf_key backend_keys[] = {
	{"name", WEIR_CONF_NAME, true, AT(struct weir_draft_backend, backend.name)},
	{"address", WEIR_CONF_ADDR, true, AT(struct weir_draft_backend, backend.addr)},
	{"port", WEIR_CONF_TCP_PORT, true, 1, 65535,
		AT(struct weir_draft_backend, backend.port_be)},
	{"mac", WEIR_CONF_MAC, AT(struct weir_draft_backend, mac)},
	{"weight", WEIR_CONF_INT, .min = 0, .max = WEIR_WEIGHT_MAX, .def = 1,
		AT(struct weir_draft_backend, weight)},
	{"backup", WEIR_CONF_BOOL, .def = false, AT(struct weir_draft_backend, backup)},
	{"max_conns", WEIR_CONF_INT, .min = 0, .max = 1 << 27, .def = 0,
		AT(struct weir_draft_backend, max_conns)},
	{"check", WEIR_CONF_GROUP, .group = &backend_check_group,
		AT(struct weir_draft_backend, check)},
};
static const struct weir_conf_group backend_group = GROUP_OF(backend_keys);

static const struct weir_conf_key service_keys[] = {
	{"name", WEIR_CONF_NAME, true, AT(struct weir_draft_service, service.name)},
	{"vip", WEIR_CONF_PREFIX, true, MANY(struct weir_draft_service, vips, 256), .or_one = true},
	{"port", WEIR_CONF_TCP_PORTS, true, 1, 65535, MANY(struct weir_draft_service, ports, 256),
		.or_one = true},
	{"mode", WEIR_CONF_WORD, .words = modes, .def = WEIR_MODE_FULLNAT,
		AT(struct weir_draft_service, service.mode)},
	{"scheduler", WEIR_CONF_WORD, .words = schedulers, .def = WEIR_SCHED_WRR,
		AT(struct weir_draft_service, service.scheduler)},
	/* a prime; a hundred times as many as backends keep their shares within a hundredth */
	{"maglev_table", WEIR_CONF_INT, .min = 251, .max = 131071, .def = 16381,
		AT(struct weir_draft_service, service.table_size)},
	{"slow_start", WEIR_CONF_TIME, .min = 0, .max = S(3600), .def = 0,
		AT(struct weir_draft_service, service.slow_start_ms)},
	{"profile", WEIR_CONF_GROUP, .group = &profile_group,
		AT(struct weir_draft_service, service.profile)},
	{"require_timestamps", WEIR_CONF_BOOL, .def = false,
		AT(struct weir_draft_service, service.profile.require_timestamps)},
	{"syn_cookies", WEIR_CONF_WORD, .words = syn_cookies, .def = WEIR_SYN_COOKIES_ALWAYS,
		AT(struct weir_draft_service, service.syn_cookies)},
	{"no_backend", WEIR_CONF_WORD, .words = no_backend_words, .def = WEIR_NO_BACKEND_REJECT,
		AT(struct weir_draft_service, service.no_backend)},
	{"check", WEIR_CONF_GROUP, .group = &check_group, AT(struct weir_draft_service, check)},
	{"on_down", WEIR_CONF_WORD, .words = on_down_words, .def = WEIR_ON_DOWN_KEEP,
		AT(struct weir_draft_service, service.on_down)},
	{"proxy_protocol", WEIR_CONF_WORD, .words = proxy_words, .def = WEIR_PPHDR_NONE,
		AT(struct weir_draft_service, service.pphdr.version)},
	{"proxy_unique_id", WEIR_CONF_BOOL, .def = true,
		AT(struct weir_draft_service, service.pphdr.unique_id)},
	{"proxy_service_name", WEIR_CONF_BOOL, .def = false,
		AT(struct weir_draft_service, service.pphdr.service_name)},
	{"proxy_crc32c", WEIR_CONF_BOOL, .def = false,
		AT(struct weir_draft_service, service.pphdr.crc32c)},
	{"adaptive", WEIR_CONF_GROUP, .group = &adaptive_group,
		AT(struct weir_draft_service, service.watermarks)},
	{"timeouts", WEIR_CONF_GROUP, .group = &service_timeout_group,
		AT(struct weir_draft_service, service.timeouts)},
	{"backends", WEIR_CONF_GROUP, true, .group = &backend_group,
		MANY(struct weir_draft_service, backends, WEIR_MEMBERS_MAX)},
};
static const struct weir_conf_group service_group = GROUP_OF(service_keys);

static const struct weir_conf_key limit_keys[] = {
	/* 2^27: flow/table.h; check_limits.c: two of each worker */
	{"connections", WEIR_CONF_INT, .min = 64, .max = 1 << 27, .def = 100000,
		AT(struct weir_limits, connections)},
	{"held_packets", WEIR_CONF_INT, .min = 64, .max = 1 << 20, .def = 2048,
		AT(struct weir_limits, held_packets)},
	/* 65535: the SYN-ACK's window is unscaled, RFC 7323 §2.2 */
	{"held_bytes", WEIR_CONF_INT, .min = 536, .max = 65535, .def = 14600,
		AT(struct weir_limits, held_bytes)},
	{"syn_ack_ring", WEIR_CONF_INT, .min = 0, .max = 1 << 20, .def = 1024,
		AT(struct weir_limits, syn_ack_ring)},
	{"half_open", WEIR_CONF_INT, .min = 1, .max = 1 << 20, .def = 4096,
		AT(struct weir_limits, half_open)},
	{"reply_budget", WEIR_CONF_INT, .min = 0, .max = 1000000, .def = 4000,
		AT(struct weir_limits, reply_budget)},
	/* many times what a prefix ever needs */
	{"prefix_replies", WEIR_CONF_INT, .min = 0, .max = 65535, .def = 1000,
		AT(struct weir_limits, prefix_replies)},
	{"service_reserve", WEIR_CONF_INT, .min = 0, .max = 50, .def = 10,
		AT(struct weir_limits, service_reserve)},
	/* 65535: WEIR_SOURCES_MAX of tcp/sources.h */
	{"source_rate", WEIR_CONF_INT, .min = 0, .max = 65535, .def = 0,
		AT(struct weir_limits, source_rate), .old_name = "connections_per_source"},
	{"source_connections", WEIR_CONF_INT, .min = 0, .max = 1 << 27, .def = 1024,
		AT(struct weir_limits, source_connections)},
	{"prefix_connections", WEIR_CONF_INT, .min = 0, .max = 1 << 27, .def = 4096,
		AT(struct weir_limits, prefix_connections)},
	/* 65535: a cell of tcp/guesses.h */
	{"plain_guesses", WEIR_CONF_INT, .min = 0, .max = 65535, .def = 16,
		AT(struct weir_limits, plain_guesses)},
	/* 0: twice those that there are at the start, 16, 16 and 64 at least */
	{"services", WEIR_CONF_INT, .min = 0, .max = WEIR_SERVICES_MAX, .def = 0,
		AT(struct weir_limits, services)},
	{"listeners", WEIR_CONF_INT, .min = 0, .max = WEIR_LISTENERS_MAX, .def = 0,
		AT(struct weir_limits, listeners)},
	{"backends", WEIR_CONF_INT, .min = 0, .max = WEIR_BACKENDS_MAX, .def = 0,
		AT(struct weir_limits, backends)},
	/* from one to the other idle times shrink in proportion; equal: they do not */
	{"adaptive_start", WEIR_CONF_INT, .min = 0, .max = 100, .def = 60,
		AT(struct weir_limits, adaptive_start)},
	{"adaptive_end", WEIR_CONF_INT, .min = 0, .max = 100, .def = 100,
		AT(struct weir_limits, adaptive_end)},
	{"closed_ports", WEIR_CONF_WORD, .words = closed_words, .def = true,
		AT(struct weir_limits, refuse_closed_ports)},
};
static const struct weir_conf_group limit_group = GROUP_OF(limit_keys);

static const struct weir_conf_key cookie_keys[] = {
	{"secret_file", WEIR_CONF_STRING, AT(struct weir_draft, secret_file)},
};
static const struct weir_conf_group cookie_group = GROUP_OF(cookie_keys);

static const struct weir_conf_group worker_group = GROUP_OF(worker_keys);

/* workers and cookie are read into the draft itself: offset 0. */
static const struct weir_conf_key root_keys[] = {
	{"eal", WEIR_CONF_STRING, MANY(struct weir_draft, eal, 64)},
	{"workers", WEIR_CONF_GROUP, .group = &worker_group},
	{"ports", WEIR_CONF_GROUP, true, .group = &port_group,
		MANY(struct weir_draft, ports, WEIR_PORTS_MAX)},
	{"services", WEIR_CONF_GROUP, true, .group = &service_group,
		MANY(struct weir_draft, services, WEIR_SERVICES_MAX)},
	{"cookie", WEIR_CONF_GROUP, .group = &cookie_group},
	{"limits", WEIR_CONF_GROUP, .group = &limit_group, AT(struct weir_draft, limits)},
	{"timeouts", WEIR_CONF_GROUP, .group = &timeout_group, AT(struct weir_draft, timeouts)},
};
const struct weir_conf_group weir_conf_root = GROUP_OF(root_keys);
