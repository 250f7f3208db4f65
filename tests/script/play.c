// SPDX-License-Identifier: BSD-3-Clause
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor.h"
#include "cells.h"
#include "settings.h"
#include "shell.h"

#define INBOX_MAX      64
#define INCLUDES_MAX   4
#define TOLERANCE_MS   16   /* a wheel's tick, and one to find out */
#define FINE_MS        2000 /* before the end of a wait the clock goes by single ticks */
#define COARSE_TICK_MS 200

/* A frame that has left and was not expected yet. */
struct arrival {
	uint64_t at_ms;
	struct actor *to;
	struct shell_out out; /* data is ours */
	uint8_t data[SEGMENT_FRAME_MAX];
};

struct play {
	const struct play_run *run;
	struct failure *failure;
	struct words words;
	struct weir_policy *policy; /* until the first packet */
	struct shell *shell;        /* from then on */
	struct actor actors[ACTORS];
	struct arrival inbox[INBOX_MAX];
	unsigned int n_inbox;
	const char *fate; /* of what was sent last */
	bool closers, over;
	char *texts[INCLUDES_MAX]; /* of the files */
	unsigned int depth;
};

const char *const play_family_names[PLAY_FAMILIES] = {
	[PLAY_IPV4] = "ipv4", [PLAY_IPV6] = "ipv6", [PLAY_V6V4] = "v6v4", [PLAY_V4V6] = "v4v6"};

/* Of clients and of backends. */
static const enum weir_family families[PLAY_FAMILIES][2] = {
	[PLAY_IPV4] = {WEIR_FAMILY_IPV4, WEIR_FAMILY_IPV4},
	[PLAY_IPV6] = {WEIR_FAMILY_IPV6, WEIR_FAMILY_IPV6},
	[PLAY_V6V4] = {WEIR_FAMILY_IPV6, WEIR_FAMILY_IPV4},
	[PLAY_V4V6] = {WEIR_FAMILY_IPV4, WEIR_FAMILY_IPV6},
};

static void lines(struct play *p, const char *path);

static void print_to(char *text, size_t size, enum actor_id id, char direction,
	const struct packet *packet)
{
	char what[400];

	packet_print(packet, what, sizeof(what));
	snprintf(text, size, "%s %c %s", actor_name(id), direction, what);
}

static void print_arrival(const struct arrival *a, char *text, size_t size)
{
	struct packet got;

	actor_understand(a->to, false, a->data, a->out.len, &got);
	print_to(text, size, a->to->id, '<', &got);
}

/* The reason in a line; what stood in the script and what came below. */
static _Noreturn void differs(struct play *p, const char *reason, const char *expected,
	const struct arrival *got)
{
	char came[450] = "nothing";

	if (got != NULL)
		print_arrival(got, came, sizeof(came));
	snprintf(p->failure->detail, sizeof(p->failure->detail), "  expected  %s\n  got       %s\n",
		expected, came);
	fail(p->failure, "%s", reason);
}

/* HC-80. Of client's connections: scripts with a header have no other client. */
static void await_headers(struct play *p)
{
	const unsigned int version = p->policy->services[0].pphdr.version;

	for (unsigned int i = BACKEND; i < ACTORS && version != 0; i++)
		actor_await_header(&p->actors[i], &p->actors[CLIENT], version);
}

/* The first packet fixes what is set. */
static struct shell *shell_of(struct play *p)
{
	if (p->shell == NULL) {
		await_headers(p);
		p->shell = shell_open(p->policy, SHELL_START_NS);
		p->policy = NULL;
	}
	return p->shell;
}

static struct actor *addressee(struct play *p, const uint8_t *frame)
{
	const struct datagram ip = ip_read(frame + IP_OFF);
	const uint16_t port = actor_port(frame, false);

	for (unsigned int i = 0; i < ACTORS; i++) {
		struct actor *a = &p->actors[i];

		if (ip.family == a->family && ip.dst == a->addr && port == a->port)
			return a;
	}
	fail(p->failure, "a packet to neither side");
}

static void collect(struct play *p)
{
	const struct shell_out *out;

	while ((out = shell_take(p->shell)) != NULL) {
		struct arrival *a = &p->inbox[p->n_inbox];

		if (p->n_inbox == INBOX_MAX)
			fail(p->failure, "more than %u packets at once", INBOX_MAX);
		a->at_ms = p->shell->now_ns / 1000000;
		a->out = *out;
		memcpy(a->data, out->data, out->len);
		a->to = addressee(p, a->data);
		p->n_inbox++;
	}
	shell_clear(p->shell);
}

/* Nothing has left that the script does not know of. */
static void silence(struct play *p)
{
	if (p->n_inbox > 0)
		differs(p, "unexpected packet", "nothing", &p->inbox[0]);
}

static uint64_t now_ms(const struct play *p)
{
	return p->shell->now_ns / 1000000;
}

static void wait(struct play *p, uint64_t ms)
{
	struct shell *s = shell_of(p);
	uint64_t end_ms = s->now_ns / 1000000 + ms;

	while (now_ms(p) < end_ms) {
		uint64_t left = end_ms - now_ms(p);
		uint64_t fine = left > FINE_MS ? COARSE_TICK_MS : 8;

		s->tick_ms = (uint32_t)fine;
		shell_wait_ms(s, left < fine ? left : fine);
		collect(p);
	}
}

static const struct arrival *next_arrival(struct play *p)
{
	for (unsigned int ms = 0; p->n_inbox == 0 && ms < TOLERANCE_MS; ms++)
		wait(p, 1);
	return p->n_inbox > 0 ? &p->inbox[0] : NULL;
}

/* Whom it came from, and through whom. */
static const char *wrong_address(const struct play *p, const struct packet *e,
	const struct arrival *a)
{
	uint16_t far_port = e->port ? e->port : a->to->far_port;

	if (ip_read(a->data + IP_OFF).src != (e->address ? e->address : a->to->far))
		return "wrong source address";
	if (!actor_is_error(a->data) && actor_port(a->data, true) != far_port)
		return "wrong source port";
	if (a->out.port != (is_client(a->to) ? SHELL_CLIENTS : SHELL_BACKENDS))
		return "wrong port of synweir";
	if (is_client(a->to) && memcmp(a->out.mac, a->to->mac, 6) != 0)
		return "wrong neighbour";
	return NULL;
}

static const char *wrong(struct play *p, const struct actor *to, const struct packet *e,
	const struct arrival *a, uint64_t due_ms)
{
	const char *why = NULL;
	struct packet got;

	if (a->to != to)
		return "wrong side";
	if (a->at_ms < due_ms)
		return "wrong time: too early";
	if (actor_is_error(a->data))
		why = actor_quoted(a->to, a->data, a->out.len);
	else
		why = actor_bind(a->to, e, a->data, a->out.len);
	actor_understand(to, e->incarnation == OLD, a->data, a->out.len, &got);
	if (why == NULL)
		why = packet_differs(e, &got);
	if (why == NULL)
		why = wrong_address(p, e, a);
	if (why == NULL && !e->icmp && !actor_payload_fits(to, a->data, a->out.len))
		why = "wrong payload";
	return why;
}

/* due_ms: not before. */
static void expect(struct play *p, struct actor *to, uint64_t due_ms)
{
	struct packet e;
	const struct arrival *a;
	const char *why;
	char text[450];

	packet_read(&p->words, false, &e);
	shell_of(p);
	print_to(text, sizeof(text), to->id, '<', &e);
	a = next_arrival(p);
	if (a == NULL)
		differs(p, "missing packet", text, NULL);
	why = wrong(p, to, &e, a, due_ms);
	if (why != NULL)
		differs(p, why, text, a);
	if (!e.icmp)
		actor_remember(to, a->data, a->out.len);
	p->n_inbox--;
	memmove(&p->inbox[0], &p->inbox[1], p->n_inbox * sizeof(p->inbox[0]));
}

static void send(struct play *p, struct actor *from)
{
	struct shell *s = shell_of(p);
	uint8_t frame[SEGMENT_FRAME_MAX];
	struct packet packet;
	unsigned int fate;
	size_t len;

	packet_read(&p->words, true, &packet);
	if (packet.icmp && from->last_len == 0)
		fail(p->failure, "syntax: an ICMP error about nothing");
	len = actor_frame(from, &packet, frame);
	fate = shell_in(s, frame, len,
		is_client(from) != packet.astray ? SHELL_CLIENTS : SHELL_BACKENDS);
	p->fate = fate == WEIR_FATES ? "held" : weir_fates[fate].name;
	collect(p);
}

/* closer and other are names of those that the run says. */
static struct actor *actor_said(struct play *p)
{
	const enum actor_id by_side[] = {[WEIR_CLIENT] = CLIENT, [WEIR_BACKEND] = BACKEND};
	const char *word = words_peek(&p->words);

	for (unsigned int i = 0; i < ACTORS; i++)
		if (words_accept(&p->words, actor_name(i)))
			return &p->actors[i];
	if (word == NULL || (strcmp(word, "closer") != 0 && strcmp(word, "other") != 0))
		return NULL;
	p->closers = true;
	words_take(&p->words, "end");
	return &p->actors[by_side[strcmp(word, "closer") == 0 ? p->run->closer
							      : weir_other(p->run->closer)]];
}

static void said_fate(struct play *p, const char *name)
{
	if (p->fate == NULL)
		fail(p->failure, "syntax: nothing was sent yet");
	if (strcmp(p->fate, name) != 0)
		fail(p->failure, "wrong fate: %s, not %s", p->fate, name);
}

static void said_state(struct play *p, const char *name)
{
	unsigned int service = p->run->mode == WEIR_MODE_FULLNAT ? SHELL_FULLNAT : SHELL_NAT;
	const struct actor *client = &p->actors[CLIENT];
	const struct weir_conn *c = shell_conn(shell_of(p), service, client->addr, client->port);
	const char *is = c == NULL ? "none" : weir_state_name((enum weir_state)c->state);

	if (strcmp(is, name) != 0)
		fail(p->failure, "wrong state: %s, not %s", is, name);
}

static uint64_t counted(struct play *p, const char *name)
{
	for (unsigned int i = 0; i < WEIR_FATES; i++)
		if (strcmp(weir_fates[i].name, name) == 0)
			return shell_fates(shell_of(p), i);
	for (unsigned int i = 0; i < WEIR_EVENTS; i++)
		if (strcmp(weir_events[i].name, name) == 0)
			return shell_events(shell_of(p), i);
	fail(p->failure, "syntax: no fate or event: %s", name);
}

static void said_count(struct play *p, const char *name)
{
	uint64_t n = counted(p, name);

	if (n != words_number(&p->words, "count"))
		fail(p->failure, "wrong count: %s is %llu", name, (unsigned long long)n);
}

static void said_number(struct play *p, bool isn)
{
	struct actor *a = actor_said(p);
	uint32_t n = words_number(&p->words, "number");

	if (a == NULL || a->now.bound)
		fail(p->failure, "syntax: no end that has not spoken yet");
	*(isn ? &a->now.isn : &a->now.tsval) = n;
}

static void said_set(struct play *p, const char *name)
{
	if (p->policy == NULL)
		fail(p->failure, "syntax: set comes before the first packet");
	if (!settings_apply(p->policy, name, &p->words))
		fail(p->failure, "syntax: nothing to set: %s", name);
}

/* The configuration is read again, one thing being different (HC-51). */
static void said_reload(struct play *p, const char *name)
{
	struct weir_policy *wanted = shell_wanted(shell_of(p)->policy);

	if (!settings_apply(wanted, name, &p->words))
		fail(p->failure, "syntax: nothing to set: %s", name);
	if (shell_reload(p->shell, wanted) != WEIR_REFUSAL_NONE)
		fail(p->failure, "the reload is refused");
}

static const char *const mode_names[] = {[WEIR_MODE_NAT] = "nat", [WEIR_MODE_FULLNAT] = "fullnat"};

static void said_only(struct play *p, const char *name)
{
	unsigned int mode = 0, family = 0;

	while (mode < 2 && strcmp(name, mode_names[mode]) != 0)
		mode++;
	while (family < PLAY_FAMILIES && strcmp(name, play_family_names[family]) != 0)
		family++;
	if (mode == 2 && family == PLAY_FAMILIES)
		fail(p->failure, "syntax: no mode or family: %s", name);
	p->over = mode != p->run->mode && family != p->run->family;
}

/* synweir wakes up later than it should: nothing ticks meanwhile (HC-52). */
static void said_stall(struct play *p)
{
	struct shell *s = shell_of(p);

	silence(p);
	s->now_ns += words_seconds(&p->words) * 1000000;
	shell_tick(s);
	collect(p);
}

static void said_include(struct play *p, const char *name)
{
	struct failure *f = p->failure;
	char here[sizeof(f->file)], path[2 * sizeof(f->file)];
	unsigned int line = f->line;
	const char *slash = strrchr(f->file, '/');
	int dir = slash == NULL ? 0 : (int)(slash - f->file) + 1;

	snprintf(here, sizeof(here), "%s", f->file);
	snprintf(path, sizeof(path), "%.*s%s", dir, f->file, name);
	words_end(&p->words);
	lines(p, path);
	snprintf(f->file, sizeof(f->file), "%s", here);
	f->line = line;
}

static void statement(struct play *p)
{
	struct words *w = &p->words;
	const char *verb = words_take(w, "statement");

	if (strcmp(verb, "fate") == 0)
		said_fate(p, words_take(w, "fate"));
	else if (strcmp(verb, "state") == 0)
		said_state(p, words_take(w, "state"));
	else if (strcmp(verb, "count") == 0)
		said_count(p, words_take(w, "name"));
	else if (strcmp(verb, "set") == 0)
		said_set(p, words_take(w, "name"));
	else if (strcmp(verb, "reload") == 0)
		said_reload(p, words_take(w, "name"));
	else if (strcmp(verb, "isn") == 0 || strcmp(verb, "clock") == 0)
		said_number(p, verb[0] == 'i');
	else if (strcmp(verb, "only") == 0)
		said_only(p, words_take(w, "mode"));
	else if (strcmp(verb, "stall") == 0)
		said_stall(p);
	else if (strcmp(verb, "drain") == 0)
		weir_proxy_drain(&shell_of(p)->workers[0].px);
	else if (strcmp(verb, "reset") == 0) {
		weir_proxy_reset_all(&shell_of(p)->workers[0].px, 64, p->shell->now_ns);
		collect(p);
	} else if (strcmp(verb, "include") == 0)
		said_include(p, words_take(w, "file"));
	else
		fail(p->failure, "syntax: no statement: %s", verb);
}

/* What an end says or gets; or else a statement. Time has passed already, but for what is expected. */
static void action(struct play *p, uint64_t due_ms)
{
	struct actor *a = actor_said(p);

	if (a == NULL) {
		statement(p);
		words_end(&p->words);
	} else if (words_accept(&p->words, "<")) {
		expect(p, a, due_ms);
	} else if (words_accept(&p->words, ">")) {
		silence(p);
		send(p, a);
	} else {
		fail(p->failure, "syntax: an end sends with > and gets with <");
	}
}

/* "NAME:" in front of the line; false: it is another one's of those. */
static bool is_for(struct words *w, const char *const *names, unsigned int n, unsigned int which)
{
	char label[16];

	for (unsigned int i = 0; i < n; i++) {
		snprintf(label, sizeof(label), "%s:", names[i]);
		if (words_accept(w, label))
			return i == which;
	}
	return true;
}

static void one_line(struct play *p)
{
	struct words *w = &p->words;
	const char *word;
	uint64_t due_ms = 0;

	if (!is_for(w, mode_names, 2, p->run->mode) ||
		!is_for(w, play_family_names, PLAY_FAMILIES, p->run->family))
		return;
	word = words_peek(w);
	if (word != NULL && *word == '+') {
		silence(p);
		w->at[w->next]++;
		shell_of(p);
		due_ms = words_seconds(w);
		wait(p, due_ms);
		due_ms = now_ms(p);
		if (words_peek(w) == NULL)
			silence(p);
	}
	if (words_peek(w) != NULL)
		action(p, due_ms);
}

/* All of the file, kept until the run is over: it may end in the middle of it. */
static char *text_of(struct play *p, const char *path)
{
	FILE *in = p->depth < INCLUDES_MAX ? fopen(path, "r") : NULL;
	char *text = NULL;
	size_t room = 0;

	snprintf(p->failure->detail, sizeof(p->failure->detail), "  %s\n", path);
	if (in == NULL)
		fail(p->failure, "syntax: a file cannot be read");
	if (getdelim(&text, &room, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	fclose(in);
	if (text == NULL)
		fail(p->failure, "syntax: a file is empty");
	p->failure->detail[0] = '\0';
	p->texts[p->depth++] = text;
	return text;
}

static void lines(struct play *p, const char *path)
{
	const char *at = text_of(p, path);
	struct failure *f = p->failure;

	snprintf(f->file, sizeof(f->file), "%s", path);
	for (f->line = 1; *at != '\0' && !p->over; f->line++) {
		size_t len = strcspn(at, "\n");
		char line[WORDS_LINE_MAX];

		if (len >= sizeof(line))
			fail(f, "syntax: the line is too long");
		memcpy(line, at, len);
		line[len] = '\0';
		words_cut(&p->words, line);
		one_line(p);
		at += len + (at[len] == '\n');
	}
}

/* What is left is looked at too: shell_close() ends the program when something was forgotten. */
static void clean_up(struct play *p)
{
	shell_close(shell_of(p));
	for (unsigned int i = 0; i < INCLUDES_MAX; i++)
		free(p->texts[i]);
	free(p);
}

bool play(const char *path, const struct play_run *run, bool *closers, struct failure *failure)
{
	struct play *p = calloc(1, sizeof(*p));
	volatile bool good = false;

	if (p == NULL)
		shell_die("no memory");
	p->run = run;
	p->failure = failure;
	p->words.failure = failure;
	p->policy = settings_begin();
	shell_policy_speak(p->policy, families[run->family]);
	for (unsigned int i = 0; i < ACTORS; i++)
		actor_init(&p->actors[i], i, run->mode, families[run->family]);
	cells_count(true);
	if (setjmp(failure->out) == 0) {
		lines(p, path);
		failure->line--;
		if (p->shell != NULL)
			silence(p);
		good = true;
	}
	cells_count(false);
	*closers = p->closers;
	clean_up(p);
	return good;
}

const char *play_run_name(const struct play_run *run, bool closers)
{
	static const char *const closer_names[] = {
		[WEIR_CLIENT] = ", closer=client", [WEIR_BACKEND] = ", closer=backend"};
	static char name[64];

	snprintf(name, sizeof(name), "%s, %s%s", mode_names[run->mode],
		play_family_names[run->family], closers ? closer_names[run->closer] : "");
	return name;
}
