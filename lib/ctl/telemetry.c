// SPDX-License-Identifier: BSD-3-Clause
/*
 * An answer is {"rows": {"0": {...}, "1": {...}}, "next": N}: DPDK 22.11 nests dicts in dicts, but
 * not in arrays. "next" is absent on the last page; else the same command with cursor=N continues.
 * A refused command is answered by {"error": "..."}.
 */
#include "ctl/telemetry.h"

#include <errno.h>
#include <rte_telemetry.h>
#include <stdio.h>
#include <string.h>

#include "compat/dpdk.h"
#include "ctl/ask.h"
#include "ctl/listing.h"
#include "ctl/order.h"
#include "ctl/params.h"
#include "flow/wheel.h"

#define CONNS_COMMAND "/synweir/conns"
#define CONNS_PARAMS  "client, service, backend, state, limit, cursor"
#define CONNS_PAGE    40 /* rows of one answer, see ctl/listing.h */

#define RELOAD_COMMAND     "/synweir/reload"
#define RELOAD_PATIENCE_MS 4000 /* less than weirctl's */
#define ORDER_COMMAND      "/synweir/set"
#define RELOAD_PIECE       100 /* bytes of a row's text: a telemetry string has 128 */

/* Telemetry's callbacks have no argument of ours. Set once, before the first command is known. */
static const struct weir_view *seen;

struct rows {
	struct rte_tel_data *dict;
	uint32_t n;
};

/*
 * DPDK 22.11 takes bytes that are not ASCII for control characters, looks them up in front of its table, and sends
 * what is no JSON.
 */
static void make_ascii(char to[RTE_TEL_MAX_STRING_LEN], const char *text)
{
	snprintf(to, RTE_TEL_MAX_STRING_LEN, "%s", text);
	for (char *c = to; *c != '\0'; c++)
		if (*c & 0x80)
			*c = '?';
}

/* JSON readers hold numbers up to 2^63 - 1: larger ones are cut. */
static uint64_t cut(uint64_t number)
{
	return number < INT64_MAX ? number : INT64_MAX;
}

/* Telemetry's signed numbers have 32 bits before DPDK 23.03. */
static WEIR_TEL_INT cut_signed(int64_t number)
{
	if (number > INT32_MAX)
		return INT32_MAX;
	return number < -INT32_MAX ? -INT32_MAX : (WEIR_TEL_INT)number;
}

/* Out of memory shows as its absence. */
static void write_list(struct rte_tel_data *dict, const struct weir_row *row,
	const struct weir_field *f)
{
	const bool texts = f->type == WEIR_FIELD_TEXTS;
	struct rte_tel_data *list = rte_tel_data_alloc();

	if (list == NULL)
		return;
	(void)rte_tel_data_start_array(list, texts ? RTE_TEL_STRING_VAL : RTE_TEL_UINT_VAL);
	for (unsigned int i = 0; i < row->n_list; i++) {
		if (texts)
			(void)rte_tel_data_add_array_string(list, row->list.texts[i]);
		else
			(void)rte_tel_data_add_array_uint(list, cut(row->list.numbers[i]));
	}
	(void)rte_tel_data_add_dict_container(dict, f->name, list, 0);
}

/* Names are fixed strings, so that adding to a dict of few entries cannot fail. */
static void write_field(struct rte_tel_data *dict, const struct weir_row *row,
	const struct weir_field *f)
{
	char ascii[RTE_TEL_MAX_STRING_LEN];

	switch (f->type) {
	case WEIR_FIELD_TEXT:
		make_ascii(ascii, f->text);
		(void)rte_tel_data_add_dict_string(dict, f->name, ascii);
		break;
	case WEIR_FIELD_NUMBER:
		(void)rte_tel_data_add_dict_uint(dict, f->name, cut(f->number));
		break;
	case WEIR_FIELD_SIGNED:
		(void)rte_tel_data_add_dict_int(dict, f->name, cut_signed((int64_t)f->number));
		break;
	case WEIR_FIELD_TEXTS:
	case WEIR_FIELD_NUMBERS:
		write_list(dict, row, f);
		break;
	}
}

static int refuse(struct rte_tel_data *answer, const struct weir_params_error *err)
{
	char ascii[RTE_TEL_MAX_STRING_LEN];

	make_ascii(ascii, err->text);
	(void)rte_tel_data_start_dict(answer);
	(void)rte_tel_data_add_dict_string(answer, "error", ascii);
	return 0;
}

/* false: out of memory. It is freed with the answer. */
static bool rows_add(struct rows *rows, const struct weir_row *row)
{
	struct rte_tel_data *dict = rte_tel_data_alloc();
	char key[12];

	if (dict == NULL)
		return false;
	snprintf(key, sizeof(key), "%u", rows->n++);
	(void)rte_tel_data_start_dict(dict);
	for (unsigned int i = 0; i < row->n; i++)
		write_field(dict, row, &row->field[i]);
	(void)rte_tel_data_add_dict_container(rows->dict, key, dict, 0);
	return true;
}

static int rows_start(struct rows *rows)
{
	rows->n = 0;
	rows->dict = rte_tel_data_alloc();
	if (rows->dict == NULL)
		return -ENOMEM;
	return rte_tel_data_start_dict(rows->dict);
}

static int rows_finish(struct rows *rows, struct rte_tel_data *answer, bool more, uint64_t next)
{
	(void)rte_tel_data_start_dict(answer);
	(void)rte_tel_data_add_dict_container(answer, "rows", rows->dict, 0);
	if (more)
		(void)rte_tel_data_add_dict_uint(answer, "next", next);
	return 0;
}

static int list(const char *cmd, const char *text, struct rte_tel_data *answer)
{
	const struct weir_listing *l = weir_listings;
	struct weir_params_error err = {""};
	struct weir_params params;
	uint64_t at = 0, end, count;
	struct weir_row row;
	struct rows rows;

	while (strcmp(cmd, l->command) != 0)
		l++;
	count = l->count(seen);
	if (weir_params_parse(&params, text, "cursor", &err) != 0 ||
		weir_params_number(&params, "cursor", 0, UINT32_MAX, &at, &err) != 0)
		return refuse(answer, &err);
	if (rows_start(&rows) != 0)
		return -ENOMEM;
	end = at + l->page < count ? at + l->page : count;
	for (; at < end; at++)
		if (weir_listing_row(l, seen, (uint32_t)at, &row) && !rows_add(&rows, &row))
			break;
	return rows_finish(&rows, answer, at < count, at);
}

static int answer_listing(const char *cmd, const char *text, struct rte_tel_data *answer)
{
	int ret;

	weir_view_read_begin();
	ret = list(cmd, text, answer);
	weir_view_read_end();
	return ret;
}

/*
 * Orders
 */

static void add_note(struct rows *rows, const char *text)
{
	struct weir_row row;

	weir_row_clear(&row);
	weir_row_text(&row, "note", text);
	(void)rows_add(rows, &row);
}

/* Telemetry's threads may wait; true: the control thread has made and published what is ordered. */
static bool is_obeyed(struct rows *rows)
{
	struct weir_reload_log log;

	if (weir_reload_ask(seen->obey, RELOAD_PATIENCE_MS, &log) && log.last_good)
		return true;
	add_note(rows, "it is ordered, and not in force yet: show backends tells");
	return false;
}

static void note_what_is_left(struct rows *rows, uint16_t service)
{
	bool one;

	weir_view_read_begin();
	one = weir_order_leaves_one(seen->policy, service);
	weir_view_read_end();
	if (!one)
		add_note(rows, "no backend of the service takes new connections now");
}

/* Its rows are notes. */
static int answer_order(const char *cmd, const char *text, struct rte_tel_data *answer)
{
	struct weir_params_error err = {""};
	struct weir_order given;
	struct rows rows;
	int ret;

	weir_view_read_begin();
	ret = weir_order_give(seen, text, &given, &err);
	weir_view_read_end();
	if (ret != 0)
		return refuse(answer, &err);
	if (rows_start(&rows) != 0)
		return -ENOMEM;
	if (given.backend && is_obeyed(&rows))
		note_what_is_left(&rows, given.service);
	return rows_finish(&rows, answer, false, 0);
}

/*
 * Reload
 */

/* One row for each part of the answer. */
static int answer_reload(const char *cmd, const char *text, struct rte_tel_data *answer)
{
	struct weir_params_error err = {""};
	struct weir_params params;
	struct weir_reload_log log;
	struct rows rows;

	if (weir_params_parse(&params, text, "cursor", &err) != 0)
		return refuse(answer, &err);
	if (seen->reload == NULL || !weir_reload_ask(seen->reload, RELOAD_PATIENCE_MS, &log)) {
		weir_params_refuse(&err, "no outcome yet: the log has it, and show info");
		return refuse(answer, &err);
	}
	if (rows_start(&rows) != 0)
		return -ENOMEM;
	for (size_t at = 0; at < strlen(log.text); at += RELOAD_PIECE) {
		char piece[RELOAD_PIECE + 1];
		struct weir_row row;

		snprintf(piece, sizeof(piece), "%s", log.text + at);
		weir_row_clear(&row);
		weir_row_text(&row, "outcome", log.last_good ? "reloaded" : "refused");
		weir_row_text(&row, "text", piece);
		if (!rows_add(&rows, &row))
			break;
	}
	return rows_finish(&rows, answer, false, 0);
}

/*
 * Connections
 */

static const char *closer_name(const struct weir_conn *c)
{
	if (c->fin_sent == 0 ||
		c->state == WEIR_ESTABLISHED) /* there is no FIN that counts (HC-64) */
		return "";
	return c->closer == WEIR_CLIENT ? "client" : "backend";
}

static void add_conn(void *arg, unsigned int worker, const struct weir_conn *c, uint32_t now_tick)
{
	const struct weir_policy *p = seen->policy;
	struct weir_row row;
	int32_t ticks = (int32_t)(c->deadline - now_tick);

	weir_row_clear(&row);
	weir_row_number(&row, "worker", worker);
	weir_row_text(&row, "state", weir_state_name(c->state));
	weir_row_text(&row, "closer", closer_name(c));
	weir_row_endpoint(&row, "client", &c->client.addr, c->client.port_be);
	weir_row_text(&row, "service", p->services[weir_policy_service_of(p, c->client.id)].name);
	weir_row_endpoint(&row, "local", &c->local.addr, c->local.port_be);
	weir_row_text(&row, "backend", p->backends[c->backend].name);
	weir_row_number(&row, "expires_ms",
		ticks > 0 ? (uint64_t)ticks * (WEIR_TICK_NS / 1000000) : 0);
	(void)rows_add(arg, &row);
}

static int filter_state(struct weir_ask *ask, const char *name, struct weir_params_error *err)
{
	char known[112] = "";

	ask->state = WEIR_NONE16;
	if (name == NULL)
		return 0;
	for (unsigned int s = 0; s < WEIR_STATES; s++) {
		if (strcmp(name, weir_state_name(s)) == 0) {
			ask->state = (uint16_t)s;
			return 0;
		}
		snprintf(known + strlen(known), sizeof(known) - strlen(known), " %s",
			weir_state_name(s));
	}
	return weir_params_refuse(err, "unknown state: known are%s", known);
}

/* By that name: what is live, or else what was removed and has connections left. */
static int filter_service(struct weir_ask *ask, const char *name, struct weir_params_error *err)
{
	const struct weir_policy *p = seen->policy;

	ask->service = WEIR_NONE16;
	for (unsigned int life = WEIR_LIFE_LIVE; name != NULL && life < WEIR_LIFE_ORPHANED; life++)
		for (uint32_t s = 0; s < p->n_services; s++)
			if (ask->service == WEIR_NONE16 && p->services[s].life == life &&
				strcmp(name, p->services[s].name) == 0)
				ask->service = (uint16_t)s;
	if (name != NULL && ask->service == WEIR_NONE16)
		return weir_params_refuse(err, "no service is named '%.31s'", name);
	return 0;
}

static bool is_called(const struct weir_ask *ask, const struct weir_backend *b, const char *name,
	enum weir_life life)
{
	return b->life == life && strcmp(name, b->name) == 0 &&
		(ask->service == WEIR_NONE16 || ask->service == b->service);
}

/* Likewise. A backend's name is unique in its service only. */
static int filter_backend(struct weir_ask *ask, const char *name, struct weir_params_error *err)
{
	const struct weir_policy *p = seen->policy;
	unsigned int found = 0;

	ask->backend = WEIR_NONE16;
	if (name == NULL)
		return 0;
	for (unsigned int life = WEIR_LIFE_LIVE; found == 0 && life < WEIR_LIFE_ORPHANED; life++) {
		for (uint32_t b = 0; b < p->n_backends; b++) {
			if (!is_called(ask, &p->backends[b], name, life))
				continue;
			ask->backend = (uint16_t)b;
			found++;
		}
	}
	if (found == 0)
		return weir_params_refuse(err, "no backend is named '%.31s'%s", name,
			ask->service != WEIR_NONE16 ? " in this service" : "");
	if (found > 1)
		return weir_params_refuse(err,
			"%u services have a backend named '%.31s': say which by service=...", found,
			name);
	return 0;
}

static int filter_client(struct weir_ask *ask, const char *addr, struct weir_params_error *err)
{
	ask->by_client = addr != NULL;
	if (addr != NULL && weir_addr_parse(addr, &ask->client) != 0)
		return weir_params_refuse(err, "client=%.48s: must be an IP address", addr);
	return 0;
}

static int read_question(struct weir_ask *ask, const char *text, struct weir_params_error *err)
{
	struct weir_params params;
	uint64_t limit = CONNS_PAGE;

	ask->cursor = 0;
	if (weir_params_parse(&params, text, CONNS_PARAMS, err) != 0 ||
		weir_params_number(&params, "limit", 1, UINT32_MAX, &limit, err) != 0 ||
		weir_params_number(&params, "cursor", 0, INT64_MAX, &ask->cursor, err) != 0 ||
		filter_client(ask, weir_params_get(&params, "client"), err) != 0 ||
		filter_service(ask, weir_params_get(&params, "service"), err) != 0 ||
		filter_backend(ask, weir_params_get(&params, "backend"), err) != 0 ||
		filter_state(ask, weir_params_get(&params, "state"), err) != 0)
		return -EINVAL;
	ask->limit = limit < CONNS_PAGE ? (uint32_t)limit : CONNS_PAGE;
	return 0;
}

static int list_conns(const char *text, struct rte_tel_data *answer)
{
	struct weir_params_error err = {""};
	struct weir_ask ask;
	struct rows rows;
	unsigned int silent;

	if (read_question(&ask, text, &err) != 0)
		return refuse(answer, &err);
	if (rows_start(&rows) != 0)
		return -ENOMEM;
	if (weir_ask(seen, &ask, add_conn, &rows, &silent) != 0) {
		rte_tel_data_free(rows.dict);
		weir_params_refuse(&err, "worker %u does not answer; try again", silent);
		return refuse(answer, &err);
	}
	return rows_finish(&rows, answer, ask.cursor != WEIR_ASK_END, ask.cursor);
}

static int answer_conns(const char *cmd, const char *text, struct rte_tel_data *answer)
{
	int ret;

	weir_view_read_begin();
	ret = list_conns(text, answer);
	weir_view_read_end();
	return ret;
}

int weir_telemetry_start(const struct weir_view *view)
{
	int err;

	seen = view;
	for (unsigned int i = 0; i < WEIR_LISTINGS; i++) {
		err = rte_telemetry_register_cmd(weir_listings[i].command, answer_listing,
			weir_listings[i].help);
		if (err != 0)
			return err;
	}
	err = rte_telemetry_register_cmd(RELOAD_COMMAND, answer_reload,
		"Reloads the configuration. No parameters");
	if (err != 0)
		return err;
	err = rte_telemetry_register_cmd(ORDER_COMMAND, answer_order,
		"Orders: service=, syn_cookies= or backend=, state= or weight=");
	if (err != 0)
		return err;
	return rte_telemetry_register_cmd(CONNS_COMMAND, answer_conns,
		"Connections. Parameters: see docs/operations.md");
}
