// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/listing_checks.h"

#include <stdio.h>
#include <string.h>

#define HISTORY 4 /* changes: a text of telemetry has 127 bytes */

static bool look(const struct weir_view *v, uint32_t backend, struct weir_record *r)
{
	return v->checker != NULL && weir_checker_look(v->checker, (uint16_t)backend, r);
}

static void add_time(struct weir_row *row, const char *name, time_t at)
{
	char text[32];
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	weir_row_text(row, name, at != 0 ? text : "");
}

static const char *state_of(const struct weir_record *r)
{
	return r->up ? "up" : "down";
}

static void add_state(struct weir_row *row, const struct weir_record *r)
{
	const struct weir_record_change *latest = weir_record_latest(r);

	weir_row_text(row, "check", r->last_at == 0 ? "" : state_of(r));
	add_time(row, "since", latest != NULL ? latest->at : 0);
	weir_row_text(row, "reason", latest != NULL ? latest->why : "");
	weir_row_text(row, "result", weir_outcome_name(r->last.outcome));
	weir_row_number(row, "result_us", r->last.latency_us);
}

void weir_checks_add(const struct weir_view *v, uint32_t backend, struct weir_row *row)
{
	struct weir_record r = {0};

	look(v, backend, &r);
	add_state(row, &r);
}

/* "2026-11-29T03:12:05Z down, 2026-11-29T03:11:58Z up": the latest first. */
static void add_history(struct weir_row *row, const struct weir_record *r)
{
	char text[HISTORY * 32] = "";

	for (uint64_t i = 0; i < r->n_changes && i < HISTORY; i++) {
		const struct weir_record_change *c =
			&r->change[(r->n_changes - 1 - i) % WEIR_RECORD_CHANGES];
		const size_t n = strlen(text);
		char when[32];
		struct tm tm;

		gmtime_r(&c->at, &tm);
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
		snprintf(text + n, sizeof(text) - n, "%s%s %s", i > 0 ? ", " : "", when,
			c->up ? "up" : "down");
	}
	weir_row_text(row, "history", text);
}

void weir_checks_row(const struct weir_view *v, uint32_t backend, struct weir_row *row)
{
	const struct weir_backend *b = &v->policy->backends[backend];
	struct weir_record r = {0};

	look(v, backend, &r);
	weir_row_text(row, "service", v->policy->services[b->service].name);
	weir_row_text(row, "name", b->name);
	weir_row_text(row, "type", weir_check_type_name(r.type));
	add_state(row, &r);
	weir_row_text(row, "text", r.last.text);
	add_time(row, "last", r.last_at);
	weir_row_number(row, "good", r.good);
	weir_row_number(row, "failed", r.failed);
	weir_row_number(row, "not_made", r.not_made);
	weir_row_number(row, "changes", r.n_changes);
	add_history(row, &r);
}

bool weir_checks_is_vacant(const struct weir_view *v, uint32_t backend)
{
	struct weir_record r;

	return !look(v, backend, &r);
}
