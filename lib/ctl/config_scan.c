// SPDX-License-Identifier: BSD-3-Clause
/*
 * A look at the text before libconfig (1.5, Debian 12) sees it, for what it gets wrong:
 * a number beyond 32 bits wraps in silence, a comment without an end swallows the rest of the file,
 * an @include of a directory ends the process, one with an absolute path is not found, a byte 0
 * ends a text early. Everything else is libconfig's to judge.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/config_draft.h"

#define DEPTH_MAX 8              /* of files that include files; libconfig 1.5 ends at 10 */
#define BYTES_MAX (16 * 1048576) /* a configuration is thousands of lines, not a disk */

struct scan {
	struct weir_draft *d;
	const char *file; /* as libconfig will name it: as the @include does; NULL: the main file */
	unsigned int depth;
	const char *text, *at; /* all of it, and what is still to be seen */
	unsigned int line;     /* of `at` */
};

static int scan_text(struct scan *s);

/* All of a regular file, with a 0 behind it; 0 or -errno, and the reason in words when errno has none. */
static int read_fd(int fd, char **text, const char **reason)
{
	struct stat st;
	size_t size;
	ssize_t got;

	*reason = NULL;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		*reason = S_ISDIR(st.st_mode) ? "is a directory" : "is not a regular file";
	else if (st.st_size > BYTES_MAX)
		*reason = "is larger than 16 MiB";
	if (*reason != NULL)
		return -EINVAL;
	size = (size_t)st.st_size;
	*text = calloc(1, size + 1);
	if (*text == NULL)
		return -ENOMEM;
	for (size_t have = 0; have < size; have += (size_t)got) {
		got = read(fd, *text + have, size - have);
		if (got < 0)
			return -errno;
		if (got == 0) /* it shrank; libconfig reads it again anyway */
			break;
	}
	if (memchr(*text, 0, size) != NULL)
		*reason = "holds a byte 0: it is no text";
	return *reason == NULL ? 0 : -EINVAL;
}

static int read_file(const struct weir_draft *d, const char *name, char **text, const char **reason)
{
	char *path = name != NULL ? weir_draft_path(d, name) : strdup(d->path);
	int fd, ret = -ENOMEM;

	if (path != NULL) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block us */
		ret = fd < 0 ? -errno : read_fd(fd, text, reason);
		if (fd >= 0)
			close(fd);
	}
	if (ret < 0 && *reason == NULL)
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
	long long value;
	char *end;

	if (hex || strcspn(s->at, ".eE") >= n) {
		errno = 0;
		value = strtoll(s->at, &end, hex ? 16 : 10);
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

static int scan_include(struct scan *s, size_t n)
{
	struct scan inner = {.d = s->d, .depth = s->depth + 1, .line = 1};
	unsigned int line = s->line;
	const char *reason = NULL;
	char *name = NULL, *text = NULL;
	int ret;

	s->at += n;
	n = strcspn(s->at + 1, "\"\\");
	name = strndup(s->at + 1, n);
	if (name == NULL)
		return -ENOMEM;
	if (s->at[1 + n] != '"')
		reason = "a file's name ends in a quote and holds no backslash";
	else if (name[0] == '/')
		reason = "must be relative to the directory of the main file";
	else if (inner.depth > DEPTH_MAX)
		reason = "files include files more than 8 deep";
	ret = reason != NULL ? -EINVAL : read_file(s->d, name, &text, &reason);
	if (ret < 0) {
		weir_draft_refuse_line(s->d, s->file, line, "@include \"%s\": %s", name, reason);
	} else {
		inner.file = name;
		inner.text = inner.at = text;
		ret = scan_text(&inner);
		if (ret == 0)
			ret = scan_string(s);
	}
	free(text);
	free(name);
	return ret;
}

static int scan_token(struct scan *s)
{
	size_t n;

	switch (s->at[0]) {
	case '"':
		return scan_string(s);
	case '@':
		if (is_include(s, &n))
			return scan_include(s, n);
		break;
	case '/':
		if (s->at[1] == '*')
			return scan_comment(s);
		if (s->at[1] != '/')
			break;
		/* fall through */
	case '#':
		s->at += strcspn(s->at, "\n");
		return 0;
	}
	if (isalpha((unsigned char)s->at[0])) /* a name may hold digits */
		s->at += strspn(s->at,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"0123456789-_*");
	else if (isdigit((unsigned char)s->at[strspn(s->at, "+-.")]))
		return scan_number(s);
	else
		scan_to(s, s->at + 1);
	return 0;
}

static int scan_text(struct scan *s)
{
	int ret = 0;

	while (*s->at != '\0' && ret == 0)
		ret = scan_token(s);
	return ret;
}

int weir_draft_scan(struct weir_draft *d)
{
	struct scan s = {.d = d, .line = 1};
	const char *reason = NULL;
	char *text = NULL;
	int ret = read_file(d, NULL, &text, &reason);

	if (ret < 0) {
		weir_draft_refuse_line(d, NULL, 0, "%s", reason);
	} else {
		s.text = s.at = text;
		ret = scan_text(&s);
	}
	free(text);
	return ret;
}
