// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/listing_policy.h"

#include <stdio.h>

#include "ctl/names.h"

void weir_limits_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const struct weir_limits *l = &v->policy->limits;

	weir_row_number(row, "connections", l->connections);
	weir_row_number(row, "held_packets", l->held_packets);
	weir_row_number(row, "held_bytes", l->held_bytes);
	weir_row_number(row, "syn_ack_ring", l->syn_ack_ring);
	weir_row_number(row, "half_open", l->half_open);
	weir_row_number(row, "reply_budget", l->reply_budget);
	weir_row_number(row, "prefix_replies", l->prefix_replies);
	weir_row_number(row, "source_connections", l->source_connections);
	weir_row_number(row, "prefix_connections", l->prefix_connections);
	weir_row_number(row, "source_rate", l->source_rate);
	weir_row_number(row, "plain_guesses", l->plain_guesses);
	weir_row_number(row, "service_reserve", l->service_reserve);
	weir_row_number(row, "adaptive_start", l->adaptive_start);
	weir_row_number(row, "adaptive_end", l->adaptive_end);
	weir_row_text(row, "closed_ports", l->refuse_closed_ports ? "reject" : "drop");
	weir_row_number(row, "services", weir_policy_service_room(v->policy));
	weir_row_number(row, "listeners", weir_policy_listener_room(v->policy));
	weir_row_number(row, "backends", weir_policy_backend_room(v->policy));
	weir_row_number(row, "drain_ms", v->policy->drain_ms);
}

uint32_t weir_memory_count(const struct weir_view *v)
{
	return v->policy->n_workers + 1;
}

void weir_memory_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const bool is_worker = i < v->policy->n_workers;
	uint64_t bytes = v->memory_bytes;
	uint32_t conns = is_worker ? v->worker[i].conns_max : 0;
	char what[32] = "packet buffers";

	if (is_worker)
		snprintf(what, sizeof(what), "worker %u", i);
	for (uint32_t w = 0; !is_worker && w < v->policy->n_workers; w++)
		bytes -= v->worker[w].memory_bytes < bytes ? v->worker[w].memory_bytes : bytes;
	if (is_worker)
		bytes = v->worker[i].memory_bytes;
	weir_row_text(row, "what", what);
	weir_row_number(row, "bytes", bytes);
	weir_row_number(row, "conns_max", conns);
	weir_row_number(row, "bytes_per_conn", conns == 0 ? 0 : bytes / conns);
	weir_row_number(row, "mbufs", is_worker ? 0 : v->mbufs);
}

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static void timeouts(const struct weir_timeouts *t, struct weir_row *row)
{
	weir_row_number(row, "established_ms", t->established_ms);
	weir_row_number(row, "half_close_ms", t->half_close_ms);
	weir_row_number(row, "closing_ms", t->closing_ms);
	weir_row_number(row, "time_wait_ms", t->time_wait_ms);
	weir_row_number(row, "connect_ms", t->connect_ms);
	weir_row_number(row, "rst_pending_ms", t->rst_pending_ms);
}

void weir_policy_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	const struct weir_service *s = &v->policy->services[i];

	weir_row_text(row, "name", s->name);
	weir_row_text(row, "mode", weir_mode_name(s->mode));
	weir_row_text(row, "scheduler", weir_scheduler_name(s->scheduler));
	weir_row_text(row, "syn_cookies", weir_syn_cookies_name(s->syn_cookies));
	weir_row_text(row, "no_backend",
		s->no_backend == WEIR_NO_BACKEND_REJECT ? "reject" : "drop");
	weir_row_number(row, "slow_start_ms", s->slow_start_ms);
	weir_row_number(row, "mss", s->profile.mss);
	weir_row_number(row, "wscale", s->profile.wscale);
	weir_row_text(row, "sack", yes(s->profile.sack));
	weir_row_text(row, "timestamps", yes(s->profile.timestamps));
	weir_row_text(row, "ecn", yes(s->profile.ecn));
	timeouts(&s->timeouts, row);
}
