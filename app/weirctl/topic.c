// SPDX-License-Identifier: BSD-3-Clause
#include "topic.h"

#include <stdio.h>
#include <string.h>

const struct topic topics[TOPICS] = {
	{"info", NULL, NULL, "all that matters, on one page"},
	{"services", "@name vip state gate active half_open syn+ opened+ established+ failed+",
		"@name vip mode scheduler proxy_protocol state gate syn_cookies backends active "
		"half_open syn+ "
		"cookies_ok+ opened+ established+ failed+ source_limited+ refused+ timed_out+ "
		"unreachable+ switches pkts_in+ bytes_in+ pkts_out+ bytes_out+",
		"services and their counters"},
	{"backends", "@service @name address state weight active established+ refused+ timed_out+",
		"@service @name address port state weight configured_weight active opened+ "
		"established+ refused+ timed_out+ unreachable+ check since reason result result_us",
		"backends and their counters"},
	{"checks", "@service @name type check since result result_us failed+ text",
		"@service @name type check since reason result result_us text last good+ failed+ "
		"not_made+ changes history",
		"health checks: what they say of backends"},
	{"workers", "@worker cpu conns conns_max held rx+ tx+ dropped+ loops+ busy_loops+",
		"@worker lcore cpu conns conns_max held held_max local_ports rx+ tx+ dropped+ "
		"handed_in+ handed_out+ loops+ busy_loops+ memory_bytes",
		"workers: load and how full they are"},
	{"sources", "@address connections refused+", NULL,
		"client addresses with many connections, the worst first"},
	{"drops", "@class @name total+ text", NULL,
		"what became of packets, and what happened: by name"},
	{"conns", "worker state closer client service local backend expires_ms", NULL,
		"connections"},
	{"ports", "@name link mbps addresses rx_pkts+ tx_pkts+ rx_missed+ rx_no_mbuf+ tx_errors+",
		"@name device driver mac link mbps addresses mtu queues steering checksums "
		"rx_pkts+ rx_bytes+ tx_pkts+ tx_bytes+ rx_missed+ rx_no_mbuf+ tx_errors+",
		"ports"},
	{"interfaces", "@name port vlan addresses clients reverse_path", NULL,
		"what has addresses: ports and their VLANs"},
	{"neighbours", "@address @interface mac state age_s role", NULL,
		"next hops: backends and routers on our links"},
	{"accounting",
		"@worker rx+ created+ handed_in+ tx+ dropped+ consumed+ handed_out+ held balance",
		NULL, "each worker's packet balance"},
	{"host", "@port @interface @direction @class limit_pps pkts+ limited+ queue_full+ refused+",
		NULL, "host interfaces: frames to the kernel and from it"},
	{"limits", NULL, NULL, "sizes and rates that are in force"},
	{"memory", "@what bytes conns_max bytes_per_conn", NULL, "what takes how much"},
	{"policy",
		"@name mode scheduler syn_cookies no_backend mss wscale sack timestamps ecn "
		"established_ms",
		"@name mode scheduler syn_cookies no_backend slow_start_ms mss wscale sack "
		"timestamps ecn established_ms half_close_ms closing_ms time_wait_ms connect_ms "
		"rst_pending_ms",
		"what services promise, and how long they wait"},
};

const struct topic *topic_find(const char *name)
{
	for (size_t i = 0; i < TOPICS; i++)
		if (strcmp(name, topics[i].name) == 0)
			return &topics[i];
	return NULL;
}

const char *topic_columns(const struct topic *topic)
{
	if (topic->wide != NULL)
		return topic->wide;
	return topic->columns != NULL ? topic->columns : "";
}

int topic_next(const char **at, struct topic_column *column)
{
	size_t n;

	*at += strspn(*at, " ");
	column->is_identity = **at == '@';
	*at += column->is_identity;
	n = strcspn(*at, "+ ");
	if (n == 0)
		return 0;
	snprintf(column->key, sizeof(column->key), "%.*s", (int)n, *at);
	*at += n;
	column->is_counter = **at == '+';
	*at += column->is_counter;
	return 1;
}
