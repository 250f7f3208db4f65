// SPDX-License-Identifier: BSD-3-Clause
/*
 * Makes one text of the file and what it includes, and looks at it before libconfig does, for what that
 * gets wrong: a number beyond 32 bits wraps in silence (1.5), a comment without an end swallows the rest
 * of the file, a byte 0 ends a text early; 0100 is 100 (1.5) or 64 (1.7). Everything else is libconfig's to
 * judge.
 *
 * INVARIANT: libconfig never sees an @include. Versions differ in what they include (1.5 ends the process
 * at a directory and finds no absolute path, 1.7 does) and in how they name and count lines of it.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/draft.h"

/* Bounds: with eight includes in each of eight files it would be 8^8 files. */
#define DEPTH_MAX 8              /* of files that include files */
#define FILES_MAX 1024           /* included in all, a file included twice counted twice */
#define BYTES_MAX (16 * 1048576) /* in all; a configuration is thousands of lines, not a disk */

#define STRING_OF(x)  STRING_OF_(x)
#define STRING_OF_(x) #x

struct scan {
	struct weir_draft *d;
	FILE *whole;      /* the text to be made, d->text */
	const char *file; /* as the @include names it; NULL: the main file */
	unsigned int depth;
	const char *text, *at; /* all of it, and what is still to be seen */
	const char *copied;    /* what of it is not yet in the whole */
	unsigned int line;     /* of `at` */
};

static int scan_text(struct scan *s);

/* All of a regular file, with a 0 behind it; 0 or -errno, and the reason in words when errno has none. */
static int read_fd(int fd, size_t most, char **text, const char **reason)
{
	size_t size, have = 0;
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		*reason = S_ISDIR(st.st_mode) ? "is a directory" : "is not a regular file";
	else if (st.st_size > (off_t)most)
		*reason = "the configuration is larger than 16 MiB";
	if (*reason != NULL)
		return -EINVAL;
	size = (size_t)st.st_size;
	*text = calloc(1, size + 1);
	if (*text == NULL)
		return -ENOMEM;
	do {
		got = read(fd, *text + have, size - have);
		if (got < 0)
			return -errno;
		have += (size_t)got;
	} while (got > 0);
	if (memchr(*text, 0, have) != NULL)
		*reason = "holds a byte 0: it is no text";
	return *reason == NULL ? 0 : -EINVAL;
}

static int read_file(struct weir_draft *d, const char *name, char **text, const char **reason)
{
	char *path = name != NULL ? weir_draft_path(d, name) : strdup(d->path);
	int fd, ret = -ENOMEM;

	if (path != NULL) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block us */
		ret = fd < 0 ? -errno : read_fd(fd, BYTES_MAX - d->n_bytes, text, reason);
		if (fd >= 0)
			close(fd);
	}
	if (ret == 0)
		d->n_bytes += strlen(*text);
	else if (*reason == NULL)
		*reason = strerror(-ret);
	free(path);
	return ret;
}

/* Goes on to `to`, counting lines. */
static void scan_to(struct scan *s, const char *to)
{
	for (; s->at < to; s->at++)
		if (*s->at == '\n')
			s->line++;
}

static int scan_string(struct scan *s)
{
	const char *p = s->at + 1;

	while (*p != '"' && *p != '\0')
		p += p[0] == '\\' && p[1] != '\0' ? 2 : 1;
	if (*p == '\0')
		return weir_draft_refuse_line(s->d, s->file, s->line,
			"a text begins here that never ends: no closing quote");
	scan_to(s, p + 1);
	return 0;
}

static int scan_comment(struct scan *s)
{
	const char *end = strstr(s->at + 2, "*/");

	if (end == NULL)
		return weir_draft_refuse_line(s->d, s->file, s->line,
			"a comment begins here that never ends: no */");
	scan_to(s, end + 2);
	return 0;
}

/* libconfig's numbers: 12, -12, 0x1f, with L or LL for 64 bits; 1.5 and 1e3 cannot wrap. */
static int scan_number(struct scan *s)
{
	size_t n = strspn(s->at, "+-.0123456789abcdefABCDEFxXL");
	bool hex = s->at[0] == '0' && (s->at[1] == 'x' || s->at[1] == 'X');
	bool whole = hex || strspn(s->at, "+-0123456789abcdABCDfFxXL") == n; /* no . e E */
	long long value;
	char *end;

	if (whole) {
		errno = 0;
		value = strtoll(s->at, &end, hex ? 16 : 10);
		if (s->at[strspn(s->at, "+-")] == '0' && !hex && n > strspn(s->at, "+-0L"))
			return weir_draft_refuse_line(s->d, s->file, s->line,
				"%.*s: a whole number does not begin with 0", n < 64 ? (int)n : 64,
				s->at);
		if (errno == ERANGE || (*end != 'L' && (value < INT_MIN || value > INT_MAX)))
			return weir_draft_refuse_line(s->d, s->file, s->line,
				"%.*s: no key takes a number beyond 32 bits", n < 64 ? (int)n : 64,
				s->at);
	}
	s->at += n;
	return 0;
}

/* Is this what libconfig takes for one: @include "FILE", first on its line? n: up to the quote. */
static bool is_include(const struct scan *s, size_t *n)
{
	const char *p = s->at;

	while (p > s->text && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	if ((p > s->text && p[-1] != '\n') || strncmp(s->at, "@include", 8) != 0)
		return false;
	*n = 8 + strspn(s->at + 8, " \t");
	return *n > 8 && s->at[*n] == '"';
}

/* The whole gets what is seen and not in it yet. */
static void copy_seen(struct scan *s)
{
	fwrite(s->copied, 1, (size_t)(s->at - s->copied), s->whole);
	for (; s->copied < s->at; s->copied++)
		if (*s->copied == '\n')
			s->d->n_lines++;
}

/* From here on, the line that it has begun included, the whole holds this file. */
static int begin_part(struct scan *s)
{
	struct weir_draft *d = s->d;
	struct weir_draft_part *grown = realloc(d->parts, (d->n_parts + 1) * sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	d->parts = grown;
	grown[d->n_parts++] =
		(struct weir_draft_part){.first = d->n_lines + 1, .file = s->file, .line = s->line};
	return 0;
}

/* name: kept by the draft, for its parts. */
static int keep_name(struct weir_draft *d, char *name)
{
	char **grown = realloc(d->files, (d->n_files + 1) * sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	d->files = grown;
	grown[d->n_files++] = name;
	return 0;
}

/* Does a component of the path lead upwards? */
static bool has_dotdot(const char *name)
{
	for (; *name != '\0'; name += strspn(name, "/")) {
		size_t n = strcspn(name, "/");

		if (n == 2 && memcmp(name, "..", 2) == 0)
			return true;
		name += n;
	}
	return false;
}

/* NULL: it may be included. c: what follows the name. */
static const char *why_not(const struct scan *inner, char c)
{
	if (c != '"')
		return "a file's name ends in a quote and holds no backslash";
	if (inner->file[0] == '/')
		return "must be relative to the directory of the main file";
	if (has_dotdot(inner->file))
		return "must be below the directory of the main file: \"..\" is not allowed";
	if (inner->depth > DEPTH_MAX)
		return "files include files more than " STRING_OF(DEPTH_MAX) " deep";
	if (inner->d->n_files > FILES_MAX)
		return "more than " STRING_OF(FILES_MAX) " files are included in all";
	return NULL;
}

/* In the place of the @include what it names. n: up to the quote. */
static int scan_include(struct scan *s, size_t n)
{
	struct scan inner = {.d = s->d, .whole = s->whole, .depth = s->depth + 1, .line = 1};
	size_t len = strcspn(s->at + n + 1, "\"\\");
	char *name = strndup(s->at + n + 1, len), *text = NULL;
	const char *reason;
	int ret = name != NULL ? keep_name(s->d, name) : -ENOMEM;

	if (ret < 0) {
		free(name);
		return ret;
	}
	copy_seen(s);
	inner.file = name;
	reason = why_not(&inner, s->at[n + 1 + len]);
	ret = reason != NULL ? -EINVAL : read_file(s->d, name, &text, &reason);
	if (ret < 0) {
		weir_draft_refuse_line(s->d, s->file, s->line, "@include \"%s\": %s", name, reason);
	} else {
		inner.text = inner.at = inner.copied = text;
		ret = scan_text(&inner);
	}
	if (ret == 0) {
		s->at += n + 1 + len + 1;
		s->copied = s->at;
		ret = begin_part(s);
	}
	free(text);
	return ret;
}

/* A token that means something. libconfig 1.7 takes a comma after the last entry, 1.5 does not. */
static int scan_word(struct scan *s)
{
	const char c = s->at[0], before = s->d->before;

	s->d->before = c;
	if (before == ',' && (c == ')' || c == ']'))
		return weir_draft_refuse_line(s->d, s->file, s->line,
			"a comma before %c: the last entry has none after it", c);
	if (c == '"')
		return scan_string(s);
	if (isdigit((unsigned char)s->at[strspn(s->at, "+-.")]))
		return scan_number(s);
	if (isalpha((unsigned char)c)) /* a name may hold digits */
		s->at += strspn(s->at,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"0123456789-_*");
	else
		s->at++;
	return 0;
}

/* A token, or what stands between tokens. */
static int scan_token(struct scan *s)
{
	size_t n = strspn(s->at, " \t\r\n\f");

	if (n > 0) {
		scan_to(s, s->at + n);
		return 0;
	}
	if (s->at[0] == '#' || (s->at[0] == '/' && s->at[1] == '/')) {
		s->at += strcspn(s->at, "\n");
		return 0;
	}
	if (s->at[0] == '/' && s->at[1] == '*')
		return scan_comment(s);
	if (s->at[0] != '@')
		return scan_word(s);
	if (is_include(s, &n))
		return scan_include(s, n);
	return weir_draft_refuse_line(s->d, s->file, s->line,
		"an @include stands first on its line: @include \"FILE\"");
}

static int scan_text(struct scan *s)
{
	int ret = begin_part(s);

	while (*s->at != '\0' && ret == 0)
		ret = scan_token(s);
	copy_seen(s);
	/* what follows an included file stands on a line of its own: it has another number */
	if (s->depth > 0 && s->at > s->text && s->at[-1] != '\n') {
		fputc('\n', s->whole);
		s->d->n_lines++;
	}
	return ret;
}

static int scan_main(struct weir_draft *d, const char *text)
{
	struct scan s = {.d = d, .line = 1, .text = text, .at = text, .copied = text};
	size_t size;
	int ret;

	s.whole = open_memstream(&d->text, &size);
	if (s.whole == NULL)
		return -errno;
	ret = scan_text(&s);
	if (ferror(s.whole) && ret == 0)
		ret = -ENOMEM;
	if (fclose(s.whole) != 0 && ret == 0)
		ret = -errno;
	return ret;
}

int weir_draft_scan(struct weir_draft *d)
{
	const char *reason = NULL;
	char *text = NULL;
	int ret = read_file(d, NULL, &text, &reason);

	if (ret < 0)
		weir_draft_refuse_line(d, NULL, 0, "%s", reason);
	else
		ret = scan_main(d, text);
	free(text);
	return ret;
}
