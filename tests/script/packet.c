// SPDX-License-Identifier: BSD-3-Clause
#include "packet.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/hdr.h"
#include "wire/opt.h"

#define WORDS_OF(table) (sizeof(table) / sizeof((table)[0]))

static const struct flag {
	const char *name;
	uint8_t bit;
} flags[] = {
	{"SYN", WEIR_TCP_SYN},
	{"FIN", WEIR_TCP_FIN},
	{"RST", WEIR_TCP_RST},
	{"PSH", WEIR_TCP_PSH},
	{"URG", WEIR_TCP_URG},
	{"ECE", WEIR_TCP_ECE},
	{"CWR", WEIR_TCP_CWR},
	{"ACK", WEIR_TCP_ACK},
};

static const char *const damages[DAMAGES] = {
	[BAD_SUM] = "badsum",
	[FRAGMENT] = "fragment",
	[LONG_IP_HEADER] = "ip_options",
	[ROUTING_HEADER] = "routing",
	[STRICT_OPTION] = "strict_option",
	[VLAN] = "vlan",
	[CUT] = "cut",
};

static const char *const errors[SEGMENT_ERRORS] = {
	[SEGMENT_NO_HOST] = "no_host",
	[SEGMENT_NO_PORT] = "no_port",
	[SEGMENT_TOO_BIG] = "too_big",
	[SEGMENT_EXPIRED] = "time_exceeded",
};

static bool read_flag(struct words *w, uint8_t *bits)
{
	for (unsigned int i = 0; i < WORDS_OF(flags); i++) {
		if (words_accept(w, flags[i].name)) {
			*bits |= flags[i].bit;
			return true;
		}
	}
	return false;
}

static struct number read_number(struct words *w, const char *what)
{
	if (words_accept(w, "any"))
		return (struct number){.any = true};
	return (struct number){.value = words_number(w, what)};
}

/* "FROM:TO"; returns what lies between. */
static uint32_t read_range(struct words *w, uint32_t *from, const char *what)
{
	char word[WORDS_LINE_MAX], *colon;
	const char *whole = words_take(w, what);
	struct words part = {.failure = w->failure};
	uint32_t to;

	snprintf(word, sizeof(word), "%s", whole);
	colon = strchr(word, ':');
	if (colon == NULL)
		fail(w->failure, "syntax: %s is no range: %s", what, whole);
	*colon = ' ';
	words_cut(&part, word);
	*from = words_number(&part, what);
	to = words_number(&part, what);
	words_end(&part);
	return to - *from;
}

static void read_seq(struct words *w, struct packet *p)
{
	const char *word = words_peek(w);

	if (word != NULL && strchr(word, ':') != NULL)
		p->len = read_range(w, &p->seq.value, "seq");
	else
		p->seq = read_number(w, "seq");
	if (p->len > 1460)
		fail(w->failure, "syntax: %u bytes in one segment", p->len);
}

static void read_bytes(struct words *w, struct option *o)
{
	const char *hex = words_take(w, "bytes");
	unsigned int byte;
	int taken;

	for (o->n = 0; *hex != '\0'; hex += 2) {
		if (o->n == sizeof(o->byte) || sscanf(hex, "%2x%n", &byte, &taken) != 1 ||
			taken != 2)
			fail(w->failure, "syntax: bytes are hexadecimal digits, two a byte");
		o->byte[o->n++] = (uint8_t)byte;
	}
}

static void read_blocks(struct words *w, struct option *o)
{
	const char *word;

	for (o->n = 0; (word = words_peek(w)) != NULL && strchr(word, ':') != NULL; o->n += 2) {
		uint32_t left;

		if (o->n == 8)
			fail(w->failure, "syntax: more than four SACK blocks");
		o->number[o->n + 1].value = read_range(w, &left, "sack");
		o->number[o->n].value = left;
		o->number[o->n + 1].value += left;
	}
	if (o->n == 0)
		fail(w->failure, "syntax: sack without blocks");
}

static void read_option(struct words *w, struct option *o)
{
	*o = (struct option){.kind = OPTION_BYTES};
	if (words_accept(w, "nop")) {
		o->kind = WEIR_OPT_NOP;
	} else if (words_accept(w, "eol")) {
		o->kind = WEIR_OPT_EOL;
	} else if (words_accept(w, "sackOK")) {
		o->kind = WEIR_OPT_SACK_OK;
	} else if (words_accept(w, "mss") || words_accept(w, "ws")) {
		o->kind = w->at[w->next - 1][0] == 'm' ? WEIR_OPT_MSS : WEIR_OPT_WSCALE;
		o->number[o->n++].value =
			words_accept(w, "default") ? PACKET_MSS_DEFAULT : words_number(w, "option");
	} else if (words_accept(w, "ts")) {
		o->kind = WEIR_OPT_TIMESTAMP;
		o->number[o->n++] = read_number(w, "TSval");
		o->number[o->n++] = read_number(w, "TSecr");
	} else if (words_accept(w, "sack")) {
		o->kind = WEIR_OPT_SACK;
		read_blocks(w, o);
	} else if (words_accept(w, "bytes")) {
		read_bytes(w, o);
	} else {
		fail(w->failure, "syntax: no option: %s", words_take(w, "option"));
	}
}

static void read_options(struct words *w, struct packet *p)
{
	if (words_accept(w, ">"))
		return;
	do {
		if (p->n_options == PACKET_OPTIONS_MAX)
			fail(w->failure, "syntax: too many options");
		read_option(w, &p->option[p->n_options++]);
	} while (words_accept(w, ","));
	if (!words_accept(w, ">"))
		fail(w->failure, "syntax: the options do not end with >");
}

static enum segment_error read_error(struct words *w)
{
	for (unsigned int i = 0; i < SEGMENT_ERRORS; i++)
		if (words_accept(w, errors[i]))
			return i;
	fail(w->failure, "syntax: no error: %s", words_take(w, "error"));
}

static bool read_damage(struct words *w, struct packet *p)
{
	for (unsigned int i = 1; i < DAMAGES; i++) {
		if (words_accept(w, damages[i])) {
			p->damage = i;
			return true;
		}
	}
	return false;
}

/* One more word and what belongs to it. */
static void read_part(struct words *w, struct packet *p)
{
	if (words_accept(w, "seq"))
		read_seq(w, p);
	else if (words_accept(w, "ack"))
		p->ack = read_number(w, "ack");
	else if (words_accept(w, "win"))
		p->win = read_number(w, "win");
	else if (words_accept(w, "<"))
		read_options(w, p);
	else if (words_accept(w, "new"))
		p->incarnation = NEW;
	else if (words_accept(w, "later"))
		p->incarnation = LATER;
	else if (words_accept(w, "old"))
		p->incarnation = OLD;
	else if (words_accept(w, "sameport"))
		p->local_port = SAME_PORT;
	else if (words_accept(w, "otherport"))
		p->local_port = OTHER_PORT;
	else if (words_accept(w, "astray"))
		p->astray = true;
	else if (words_accept(w, "ttl"))
		p->ttl = (uint8_t)words_number(w, "ttl");
	else if (words_accept(w, "port"))
		p->port = (uint16_t)words_number(w, "port");
	else if (words_accept(w, "to") || words_accept(w, "from")) {
		if (inet_pton(AF_INET, words_take(w, "address"), &p->address) != 1)
			fail(w->failure, "syntax: no address");
		p->address = ntohl(p->address);
	} else if (!read_damage(w, p))
		fail(w->failure, "syntax: unknown word: %s", words_take(w, "word"));
}

static bool leaves_open(const struct packet *p)
{
	bool open = p->seq.any || p->ack.any;

	for (unsigned int i = 0; i < p->n_options; i++)
		open |= p->option[i].number[0].any || p->option[i].number[1].any;
	return open;
}

static bool says(const struct words *w, const char *word)
{
	for (unsigned int i = 0; i < w->n; i++)
		if (strcmp(w->at[i], word) == 0)
			return true;
	return false;
}

static void read_kind(struct words *w, struct packet *p)
{
	if (words_accept(w, "ICMP")) {
		p->icmp = true;
		p->error = read_error(w);
	} else if (!words_accept(w, "none")) {
		if (!read_flag(w, &p->flags))
			fail(w->failure, "syntax: no flag: %s", words_take(w, "flag"));
		while (read_flag(w, &p->flags))
			;
	}
}

void packet_read(struct words *w, bool sent, struct packet *p)
{
	*p = (struct packet){.ttl = 64, .win = {.any = true}};
	read_kind(w, p);
	while (words_peek(w) != NULL)
		read_part(w, p);
	if (!says(w, "seq"))
		fail(w->failure, "syntax: seq is missing");
	if ((p->flags & WEIR_TCP_ACK) && !says(w, "ack"))
		fail(w->failure, "syntax: ack is missing");
	if (sent && leaves_open(p))
		fail(w->failure, "syntax: an injected segment must have every number");
}

/* Adds to a text that has a size. */
struct text {
	char *at;
	size_t left;
};

static void add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at, t->left, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < t->left) {
		t->at += n;
		t->left -= (size_t)n;
	}
}

/* Slightly below 0 is how a number before the first one is best read. */
static void add_number(struct text *t, const char *name, const struct number *n)
{
	if (n->any)
		add(t, "%s any", name);
	else if (n->value > UINT32_MAX - 1000000)
		add(t, "%s %d", name, (int32_t)n->value);
	else
		add(t, "%s %u", name, n->value);
}

static void add_option(struct text *t, const struct option *o)
{
	switch (o->kind) {
	case WEIR_OPT_EOL:
		add(t, "eol");
		return;
	case WEIR_OPT_NOP:
		add(t, "nop");
		return;
	case WEIR_OPT_MSS:
		if (o->number[0].value == PACKET_MSS_DEFAULT)
			add(t, "mss default");
		else
			add_number(t, "mss", &o->number[0]);
		return;
	case WEIR_OPT_WSCALE:
		add_number(t, "ws", &o->number[0]);
		return;
	case WEIR_OPT_SACK_OK:
		add(t, "sackOK");
		return;
	case WEIR_OPT_SACK:
		add(t, "sack");
		for (unsigned int i = 0; i + 1 < o->n; i += 2)
			add(t, " %u:%u", o->number[i].value, o->number[i + 1].value);
		return;
	case WEIR_OPT_TIMESTAMP:
		add_number(t, "ts", &o->number[0]);
		add_number(t, "", &o->number[1]);
		return;
	default:
		add(t, "bytes ");
		for (unsigned int i = 0; i < o->n; i++)
			add(t, "%02x", o->byte[i]);
	}
}

static void add_words(struct text *t, const struct packet *p)
{
	static const char *const incarnations[] = {
		[AS_BEFORE] = "", [NEW] = " new", [LATER] = " later", [OLD] = " old"};
	static const char *const ports[] = {
		[ANY_PORT] = "", [SAME_PORT] = " sameport", [OTHER_PORT] = " otherport"};

	add(t, "%s%s", incarnations[p->incarnation], ports[p->local_port]);
	if (p->port != 0)
		add(t, " port %u", p->port);
}

static void add_numbers(struct text *t, const struct packet *p)
{
	add_number(t, " seq", &p->seq);
	if (p->len > 0)
		add(t, ":%u", p->seq.value + p->len);
	if ((p->flags & WEIR_TCP_ACK) || p->ack.value != 0)
		add_number(t, " ack", &p->ack);
	if (!p->win.any)
		add_number(t, " win", &p->win);
}

void packet_print(const struct packet *p, char *text, size_t size)
{
	struct text t = {text, size};
	const char *blank = "";

	for (unsigned int i = 0; i < WORDS_OF(flags); i++) {
		if (p->flags & flags[i].bit) {
			add(&t, "%s%s", blank, flags[i].name);
			blank = " ";
		}
	}
	if (p->icmp)
		add(&t, "ICMP %s", p->error < SEGMENT_ERRORS ? errors[p->error] : "other");
	else if (p->flags == 0)
		add(&t, "none");
	add_words(&t, p);
	add_numbers(&t, p);
	for (unsigned int i = 0; i < p->n_options; i++) {
		add(&t, i == 0 ? " <" : ", ");
		add_option(&t, &p->option[i]);
	}
	if (p->n_options > 0)
		add(&t, ">");
}

static bool is(const struct number *expected, const struct number *got)
{
	return expected->any || expected->value == got->value;
}

static const char *option_differs(const struct option *e, const struct option *g)
{
	switch (e->kind) {
	case WEIR_OPT_MSS:
		return is(&e->number[0], &g->number[0]) ? NULL : "wrong MSS";
	case WEIR_OPT_WSCALE:
		return is(&e->number[0], &g->number[0]) ? NULL : "wrong window scale";
	case WEIR_OPT_TIMESTAMP:
		if (!is(&e->number[0], &g->number[0]))
			return "wrong TSval";
		return is(&e->number[1], &g->number[1]) ? NULL : "wrong TSecr";
	case WEIR_OPT_SACK:
		for (unsigned int i = 0; i < 8; i++)
			if (!is(&e->number[i], &g->number[i]) || e->n != g->n)
				return "wrong SACK block";
		return NULL;
	case OPTION_BYTES:
		return e->n == g->n && memcmp(e->byte, g->byte, e->n) == 0 ? NULL
									   : "wrong option bytes";
	default:
		return NULL;
	}
}

static bool is_padding(const struct option *o)
{
	return o->kind == WEIR_OPT_NOP || o->kind == WEIR_OPT_EOL;
}

static unsigned int count_options(const struct packet *p)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < p->n_options; i++)
		n += !is_padding(&p->option[i]);
	return n;
}

/* Each kind once, whatever the order and the padding. */
static const char *options_differ(const struct packet *expected, const struct packet *got)
{
	if (count_options(expected) != count_options(got))
		return "wrong options";
	for (unsigned int i = 0; i < expected->n_options; i++) {
		const struct option *e = &expected->option[i];
		const char *why;
		unsigned int j = 0;

		if (is_padding(e))
			continue;
		while (j < got->n_options && got->option[j].kind != e->kind)
			j++;
		if (j == got->n_options)
			return "wrong options";
		why = option_differs(e, &got->option[j]);
		if (why != NULL)
			return why;
	}
	return NULL;
}

const char *packet_differs(const struct packet *expected, const struct packet *got)
{
	if (expected->icmp != got->icmp || (got->icmp && expected->error != got->error))
		return "wrong ICMP";
	if (expected->flags != got->flags)
		return "wrong flags";
	if (!is(&expected->seq, &got->seq))
		return "wrong seq";
	if (expected->len != got->len)
		return "wrong length";
	if (!is(&expected->ack, &got->ack))
		return "wrong ack";
	if (!is(&expected->win, &got->win))
		return "wrong window";
	return options_differ(expected, got);
}
