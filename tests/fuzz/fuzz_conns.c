// SPDX-License-Identifier: BSD-3-Clause
/*
 * Telemetry's commands with any parameters (ctl/telemetry.c, ctl/listing.c, ctl/ask.c): what "weirctl show
 * conns" and everybody who may open the socket asks. Two workers with connections answer. DPDK's part
 * is played here: it keeps the functions that are registered and what they answer; and a worker looks
 * at its inquiry whenever the asker sleeps.
 *
 * What must hold: an answer is an error in printable words, or rows, no more than a page of them; a
 * row of /synweir/conns is what was asked for; page by page, all connections are shown, each once.
 *
 * Input: a byte which command, then the parameters, up to the end or the first byte 0.
 */
#include <ctype.h>
#include <rte_telemetry.h>

#include "compat/dpdk.h"
#include "ctl/telemetry.h"
#include "fuzz.h"
#include "flow/inquiry.h"
#include "world.h"

#define COMMANDS_MAX 32
#define ENTRIES_MAX  256
#define PAGE_MAX     40
#define CONNS        6

/*
 * DPDK's part
 */

struct entry {
	char name[64];
	char text[128];
	uint64_t number;
	struct rte_tel_data *inner;
};

struct rte_tel_data {
	unsigned int n;
	struct entry at[ENTRIES_MAX];
};

static struct {
	const char *name;
	telemetry_cb answer;
} commands[COMMANDS_MAX];
static unsigned int n_commands;

int rte_telemetry_register_cmd(const char *cmd, telemetry_cb fn, const char *help)
{
	FUZZ_MUST(n_commands < COMMANDS_MAX && strlen(help) < 64);
	commands[n_commands].name = cmd;
	commands[n_commands++].answer = fn;
	return 0;
}

struct rte_tel_data *rte_tel_data_alloc(void)
{
	return calloc(1, sizeof(struct rte_tel_data));
}

void rte_tel_data_free(struct rte_tel_data *d)
{
	for (unsigned int i = 0; i < d->n; i++)
		if (d->at[i].inner != NULL)
			rte_tel_data_free(d->at[i].inner);
	free(d);
}

int rte_tel_data_start_dict(struct rte_tel_data *d)
{
	FUZZ_MUST(d->n == 0);
	return 0;
}

int rte_tel_data_start_array(struct rte_tel_data *d, enum rte_tel_value_type type)
{
	FUZZ_MUST(d->n == 0);
	return 0;
}

static struct entry *add(struct rte_tel_data *d, const char *name)
{
	struct entry *e = &d->at[d->n++];

	FUZZ_MUST(d->n <= ENTRIES_MAX && strlen(name) < sizeof(e->name));
	snprintf(e->name, sizeof(e->name), "%s", name);
	return e;
}

static void add_text(struct rte_tel_data *d, const char *name, const char *text)
{
	FUZZ_MUST(strlen(text) < sizeof(d->at[0].text)); /* DPDK would refuse it */
	snprintf(add(d, name)->text, sizeof(d->at[0].text), "%s", text);
}

int rte_tel_data_add_dict_string(struct rte_tel_data *d, const char *name, const char *text)
{
	add_text(d, name, text);
	return 0;
}

int rte_tel_data_add_array_string(struct rte_tel_data *d, const char *text)
{
	add_text(d, "", text);
	return 0;
}

int rte_tel_data_add_dict_int(struct rte_tel_data *d, const char *name, WEIR_TEL_INT x)
{
	add(d, name)->number = (uint64_t)x;
	return 0;
}

int rte_tel_data_add_dict_uint(struct rte_tel_data *d, const char *name, uint64_t x)
{
	add(d, name)->number = x;
	return 0;
}

int rte_tel_data_add_array_uint(struct rte_tel_data *d, uint64_t x)
{
	add(d, "")->number = x;
	return 0;
}

int rte_tel_data_add_dict_container(struct rte_tel_data *d, const char *name,
	struct rte_tel_data *inner, int keep)
{
	add(d, name)->inner = inner;
	return 0;
}

/*
 * The daemon's part
 */

static struct world *world;
static struct weir_view view;
static struct weir_inquiry inquiries[2];

/* Linked in the place of the asker's nanosleep(): time enough for the workers. */
int __wrap_nanosleep(const struct timespec *pause, struct timespec *left);
int __wrap_nanosleep(const struct timespec *pause, struct timespec *left)
{
	for (unsigned int w = 0; w < 2; w++) {
		const struct weir_proxy *px = &world->s->workers[w].px;

		weir_inquiry_serve(&inquiries[w], &px->table, px->policy,
			weir_tick(world->s->now_ns));
	}
	return 0;
}

static void open_one(unsigned int client, bool answered)
{
	struct segment g;

	world_syn(world, client, true);
	world_run(world);
	g = world_client_says(world, client, WEIR_TCP_ACK, 0);
	world_client_puts(world, client, &g);
	world_run(world);
	if (answered && world_call(world, 0) != NULL)
		world_answer(world, world_call(world, 0), true);
	world_run(world);
}

/* Both services have a backend called b0. */
static void name_all(struct weir_policy *p)
{
	for (uint32_t i = 0; i < p->n_services; i++)
		snprintf(p->services[i].name, WEIR_NAME_MAX, "s%u", i);
	for (uint32_t i = 0; i < p->n_backends; i++)
		snprintf(p->backends[i].name, WEIR_NAME_MAX, "b%u", i % 2);
}

/* Once: no command changes anything. */
static void begin(void)
{
	world = world_open_with(WORLD_TWO_WORKERS, 1, name_all);
	for (unsigned int i = 0; i < CONNS; i++) {
		if (i >= WORLD_CLIENTS)
			world->clients[i % WORLD_CLIENTS].port += 100;
		open_one(i % WORLD_CLIENTS, i % 3 != 0);
	}
	view = (struct weir_view){
		.version = "0", .config_file = "f", .file_prefix = "p", .policy = world->s->policy};
	for (unsigned int w = 0; w < 2; w++) {
		view.worker[w].counters = &world->s->workers[w].px.counters;
		view.worker[w].inquiry = &inquiries[w];
	}
	FUZZ_MUST(shell_conns(world->s) == CONNS);
	FUZZ_MUST(weir_telemetry_start(&view) == 0);
}

/*
 * What is answered
 */

static const struct entry *find(const struct rte_tel_data *d, const char *name)
{
	for (unsigned int i = 0; i < d->n; i++)
		if (strcmp(d->at[i].name, name) == 0)
			return &d->at[i];
	return NULL;
}

/* The value of key=value in the parameters; false: there is none. */
static bool param(const char *text, const char *key, char *value, size_t size)
{
	const size_t len = strlen(key);

	for (const char *at = text; *at != '\0';
		at += strcspn(at, ",") + (at[strcspn(at, ",")] != 0))
		if (strncmp(at, key, len) == 0 && at[len] == '=') {
			snprintf(value, size, "%.*s", (int)strcspn(at + len + 1, ","),
				at + len + 1);
			return true;
		}
	return false;
}

static bool fits(const char *text, const char *key, const char *is)
{
	char value[512];

	return !param(text, key, value, sizeof(value)) || strcmp(value, is) == 0;
}

/* Any way to write the address will do: what it is was parsed by somebody else. */
static bool fits_client(const char *text, const struct weir_addr *is)
{
	struct weir_addr addr;
	char value[512];

	if (!param(text, "client", value, sizeof(value)))
		return true;
	return weir_addr_parse(value, &addr) == 0 && weir_addr_eq(&addr, is);
}

/* The connections that were asked for, counted without the code under test. */
static unsigned int count(const char *text)
{
	static const struct weir_addr nobody;
	unsigned int n = 0;

	for (unsigned int w = 0; w < 2; w++) {
		const struct weir_table *t = &world->s->workers[w].px.table;

		for (uint32_t i = 0; i < t->fresh; i++) {
			const struct weir_conn *c = weir_table_conn(t, i);
			const struct weir_policy *p = view.policy;

			n += !weir_addr_eq(&c->client.addr, &nobody) &&
				fits(text, "state", weir_state_name(c->state)) &&
				fits(text, "service",
					p->services[p->listeners[c->client.id].service].name) &&
				fits(text, "backend", p->backends[c->backend].name) &&
				fits_client(text, &c->client.addr);
		}
	}
	return n;
}

static void check_error(const struct entry *error)
{
	FUZZ_MUST(error->text[0] != '\0');
	for (const char *c = error->text; *c != '\0'; c++)
		FUZZ_MUST(isprint((unsigned char)*c));
}

static void check_conn(const char *text, const struct rte_tel_data *row)
{
	FUZZ_MUST(fits(text, "state", find(row, "state")->text));
	FUZZ_MUST(fits(text, "service", find(row, "service")->text));
	FUZZ_MUST(fits(text, "backend", find(row, "backend")->text));
	FUZZ_MUST(strncmp(find(row, "client")->text, "203.0.113.", 10) == 0);
}

/* One page. Returns its number of rows; *next: the parameters' next cursor, UINT64_MAX: none. */
static unsigned int ask(unsigned int command, const char *text, bool is_conns, uint64_t *next)
{
	struct rte_tel_data *answer = rte_tel_data_alloc();
	const struct entry *rows, *error;
	unsigned int n = 0;

	FUZZ_MUST(commands[command].answer(commands[command].name, text, answer) == 0);
	*next = UINT64_MAX;
	rows = find(answer, "rows");
	error = find(answer, "error");
	FUZZ_MUST((rows == NULL) != (error == NULL));
	if (error != NULL) {
		check_error(error);
	} else {
		n = rows->inner->n;
		FUZZ_MUST(n <= PAGE_MAX);
		for (unsigned int i = 0; i < n && is_conns; i++)
			check_conn(text, rows->inner->at[i].inner);
		if (find(answer, "next") != NULL)
			*next = find(answer, "next")->number;
	}
	rte_tel_data_free(answer);
	return error != NULL ? UINT32_MAX : n;
}

/* From the first connection to the last. */
static void ask_all(unsigned int command, const char *text)
{
	unsigned int sum = 0, n;
	uint64_t next = 0;
	char value[512], page[1024];

	if (param(text, "cursor", value, sizeof(value)))
		return;
	for (unsigned int pages = 0; next != UINT64_MAX; pages++) {
		FUZZ_MUST(pages <= 2 * CONNS + 2);
		snprintf(page, sizeof(page), "%s%scursor=%llu", text, text[0] != '\0' ? "," : "",
			(unsigned long long)next);
		n = ask(command, page, true, &next);
		if (n == UINT32_MAX) /* the cursor was one parameter, or character, too many */
			return;
		sum += n;
	}
	FUZZ_MUST(sum == count(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int command;
	bool is_conns;
	uint64_t next;
	char *text;

	if (size == 0)
		return 0;
	if (world == NULL)
		begin();
	command = data[0] % n_commands;
	is_conns = strcmp(commands[command].name, "/synweir/conns") == 0;
	text = strndup((const char *)data + 1, size - 1);
	if (ask(command, text, is_conns, &next) != UINT32_MAX && is_conns)
		ask_all(command, text);
	free(text);
	return 0;
}
