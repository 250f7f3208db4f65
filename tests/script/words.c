// SPDX-License-Identifier: BSD-3-Clause
#include "words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(struct failure *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->reason, sizeof(f->reason), format, args);
	va_end(args);
	longjmp(f->out, 1);
}

static bool stands_alone(char c)
{
	return c == '<' || c == '>' || c == ',';
}

void words_cut(struct words *w, const char *line)
{
	char *to = w->text;
	bool inside = false;

	w->n = w->next = 0;
	for (; *line != '\0' && strncmp(line, "//", 2) != 0; line++) {
		bool alone = stands_alone(*line), blank = strchr(" \t\r\n", *line) != NULL;

		if (inside && (alone || blank))
			*to++ = '\0';
		if (alone || (!blank && !inside))
			w->at[w->n++] = to;
		if (!blank)
			*to++ = *line;
		if (alone)
			*to++ = '\0';
		inside = !alone && !blank;
	}
	*to = '\0';
}

const char *words_peek(const struct words *w)
{
	return w->next < w->n ? w->at[w->next] : NULL;
}

const char *words_take(struct words *w, const char *what)
{
	if (w->next == w->n)
		fail(w->failure, "syntax: %s is missing", what);
	return w->at[w->next++];
}

bool words_accept(struct words *w, const char *word)
{
	const char *next = words_peek(w);

	if (next == NULL || strcmp(next, word) != 0)
		return false;
	w->next++;
	return true;
}

uint32_t words_number(struct words *w, const char *what)
{
	const char *word = words_take(w, what);
	const char *digits = *word == '-' ? word + 1 : word;
	long long n;
	char *end;

	errno = 0;
	n = strtoll(word, &end, 0);
	if (*digits < '0' || *digits > '9' || *end != '\0' || errno != 0 || n > UINT32_MAX ||
		n < INT32_MIN)
		fail(w->failure, "syntax: %s is no number: %s", what, word);
	return (uint32_t)n;
}

uint64_t words_seconds(struct words *w)
{
	const char *word = words_take(w, "time");
	char *end;
	double s = strtod(word, &end);

	if (*end != '\0' || !(s >= 0 && s < 1e7))
		fail(w->failure, "syntax: no time: %s", word);
	return (uint64_t)(s * 1000 + 0.5);
}

void words_end(const struct words *w)
{
	if (w->next < w->n)
		fail(w->failure, "syntax: unexpected word: %s", w->at[w->next]);
}
