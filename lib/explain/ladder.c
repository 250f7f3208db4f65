// SPDX-License-Identifier: BSD-3-Clause
#include "explain/ladder.h"

#include <stdarg.h>
#include <string.h>

#include "wire/hdr.h"

#define GAP   28 /* columns between two rails */
#define WIDTH (2 * GAP + 3)
#define NOTE  82 /* columns of words */

/* The rails' columns. */
static const unsigned int rail[] = {0, GAP + 1, 2 * GAP + 2};

/* A line between the outer rails, and the rails. */
struct row {
	char text[WIDTH + 1];
};

static struct row empty_row(void)
{
	struct row r;

	memset(r.text, ' ', WIDTH);
	r.text[WIDTH] = '\0';
	for (unsigned int i = 0; i < 3; i++)
		r.text[rail[i]] = '|';
	return r;
}

/* As much of it as there are columns before `end`. */
static void put_text(struct row *r, unsigned int at, unsigned int end, const char *text)
{
	for (; *text != '\0' && at < end; at++)
		r->text[at] = *text++;
}

static void begin_line(const struct weir_ladder *l)
{
	if (l->number != 0)
		fprintf(l->out, "#%-2u", l->number);
}

void weir_ladder_head(const struct weir_ladder *l)
{
	begin_line(l);
	fprintf(l->out, "%12s client%*s%*s  %-11s %s\n", "seconds", GAP - 2, "synweir", GAP + 2,
		"backend", "CLIENT", "BACKEND");
}

/* Where the line ends: at a blank, if the text has one in good time. */
static size_t line_length(const char *text)
{
	size_t n = strlen(text);

	if (n <= NOTE)
		return n;
	for (n = NOTE; n > 0 && text[n] != ' '; n--)
		;
	return n > 0 ? n : NOTE;
}

void weir_ladder_note(const struct weir_ladder *l, const char *text)
{
	while (*text != '\0') {
		const size_t n = line_length(text);

		begin_line(l);
		fprintf(l->out, "%12s | %.*s\n", "", (int)n, text);
		text += n;
		text += *text == ' ';
	}
}

/*
 * What is written at an arrow
 */

/* A SYN has its sender's first number; of a connection that is met later it is what is seen first, less 1. */
static uint32_t relative(struct weir_ladder_side *s, unsigned int end, uint32_t number, bool syn)
{
	if (!s->known[end] || (syn && number != s->first[end])) {
		s->known[end] = true;
		s->first[end] = syn ? number : number - 1;
	}
	return number - s->first[end];
}

__attribute__((format(printf, 3, 4))) static void add(char *text, size_t size, const char *format,
	...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

/* ACK is not said of what has another flag, but for SYN-ACK: "ack 1" says it. */
static const char *flags_name(uint8_t flags)
{
	if (flags & WEIR_TCP_SYN)
		return flags & WEIR_TCP_ACK ? "SYN-ACK" : "SYN";
	if (flags & WEIR_TCP_RST)
		return "RST";
	if (flags & WEIR_TCP_FIN)
		return flags & WEIR_TCP_PSH ? "FIN PSH" : "FIN";
	if (flags & WEIR_TCP_PSH)
		return "PSH";
	return flags & WEIR_TCP_ACK ? "ACK" : "no flags";
}

/* "PSH 1:78 ack 1": flags, from its first byte up to its last one + 1, what it acknowledges. */
static void label(struct weir_ladder *l, const struct weir_arrow *a, char *text, size_t size)
{
	const bool left = a->from == WEIR_RAIL_CLIENT ||
		(a->from == WEIR_RAIL_SYNWEIR && a->to == WEIR_RAIL_CLIENT);
	struct weir_ladder_side *s = &l->side[left ? 0 : 1];
	const unsigned int sender = a->from == WEIR_RAIL_SYNWEIR;
	/* the quoted segment of an ICMP error was sent the other way */
	const unsigned int end = a->icmp ? !sender : sender;
	const uint32_t seq = relative(s, end, a->seq, a->flags & WEIR_TCP_SYN);

	snprintf(text, size, "%s %u", a->icmp ? "ICMP about" : flags_name(a->flags), seq);
	if (a->icmp)
		return;
	if (a->payload_len > 0)
		add(text, size, ":%u", seq + a->payload_len);
	if (a->flags & WEIR_TCP_ACK)
		add(text, size, " ack %u", relative(s, !end, a->ack, false));
	if (a->options != NULL && a->options[0] != '\0')
		add(text, size, " %s", a->options);
}

/*
 * The line
 */

static void put_arrow(struct row *r, const struct weir_arrow *a, const char *words)
{
	const bool right = a->to > a->from;
	const unsigned int from = rail[right ? a->from : a->to], to = rail[right ? a->to : a->from];
	const unsigned int n = (unsigned int)strlen(words);

	for (unsigned int i = from + 1; i < to; i++)
		if (r->text[i] == ' ')
			r->text[i] = '-';
	if (right)
		r->text[to - 1] = a->ends ? 'X' : '>';
	else
		r->text[from + 1] = a->ends ? 'X' : '<';
	if (n == 0)
		return;
	r->text[from + 3] = ' ';
	put_text(r, from + 4, to - 2, words);
	r->text[from + 4 + n] = ' ';
}

/* In the half that the arrow leaves free. */
static void put_fate(struct row *r, const struct weir_arrow *a)
{
	const size_t n = a->fate != NULL ? strlen(a->fate) : 0;

	if (n == 0 || n > GAP - 2)
		return;
	if (a->from == WEIR_RAIL_CLIENT && a->to == WEIR_RAIL_SYNWEIR)
		put_text(r, rail[1] + 2, rail[2], a->fate);
	else if (a->from == WEIR_RAIL_BACKEND && a->to == WEIR_RAIL_SYNWEIR)
		put_text(r, rail[1] - 1 - (unsigned int)n, rail[1], a->fate);
}

static bool fits(const struct weir_arrow *a, const char *words)
{
	const unsigned int columns =
		a->from < a->to ? rail[a->to] - rail[a->from] : rail[a->from] - rail[a->to];

	return strlen(words) + 7 <= columns;
}

void weir_ladder_draw(struct weir_ladder *l, const struct weir_arrow *a)
{
	struct row r = empty_row(), above = empty_row();
	char words[2 * WIDTH];
	double at;

	if (!l->begun)
		l->first_ns = a->time_ns;
	l->begun = true;
	at = (double)(int64_t)(a->time_ns - l->first_ns) / 1e9;
	label(l, a, words, sizeof(words));
	if (!fits(a, words)) {
		put_text(&above, rail[0] + 2, rail[2] - 1, words);
		begin_line(l);
		fprintf(l->out, "%12s %s\n", "", above.text);
		words[0] = '\0';
	}
	put_arrow(&r, a, words);
	put_fate(&r, a);
	begin_line(l);
	fprintf(l->out, "%12.6f %s  %-11s %s\n", at, r.text, a->state[0], a->state[1]);
	if (a->why != NULL)
		weir_ladder_note(l, a->why);
}
