// SPDX-License-Identifier: BSD-3-Clause
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "text.h"

#define ANSWER_MAX  (64 * 1024) /* DPDK 22.11 sends 16 KB at most */
#define REQUEST_MAX 1000        /* it reads 1023 bytes */
#define PATIENCE_S  5

static int complain_connect(const char *path)
{
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		fprintf(stderr,
			"weirctl: no synweir is running at %s (another file prefix: -p PREFIX%s)\n",
			path, getuid() == 0 ? "" : "; one that runs as root: sudo weirctl");
		break;
	case EACCES:
	case EPERM:
		fprintf(stderr,
			"weirctl: %s: no permission: run weirctl as the user synweir runs as "
			"(sudo)\n",
			path);
		break;
	default:
		fprintf(stderr, "weirctl: %s: %s\n", path, strerror(errno));
	}
	return -1;
}

/* One message into buffer, with a NUL; false after a line on stderr. */
static bool receive(int fd, char *buffer, size_t size)
{
	ssize_t n = recv(fd, buffer, size - 1, 0);

	if (n > 0) {
		buffer[n] = '\0';
		return true;
	}
	if (n == 0)
		fprintf(stderr,
			"weirctl: the daemon hung up: it ended, or too many (10) are "
			"connected; try again\n");
	else if (errno == EAGAIN)
		fprintf(stderr, "weirctl: no answer from the daemon in %d seconds\n", PATIENCE_S);
	else
		fprintf(stderr, "weirctl: cannot read the answer: %s\n", strerror(errno));
	return false;
}

int client_connect(const char *path)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char greeting[1024];
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "weirctl: %s: longer than a socket's path can be\n", path);
		return -1;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		fprintf(stderr, "weirctl: no socket: %s\n", strerror(errno));
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0) {
		complain_connect(path);
		goto err_close;
	}
	if (!receive(fd, greeting, sizeof(greeting)))
		goto err_close;
	return fd;

err_close:
	close(fd);
	return -1;
}

/* A dict answered under the command's name; NULL after a line on stderr. */
static json_t *parse_answer(const char *text, const char *command)
{
	json_error_t error;
	json_t *answer = json_loads(text, 0, &error), *value;

	if (answer == NULL) {
		fprintf(stderr, "weirctl: the answer is not JSON: ");
		text_put(stderr, error.text);
		fputc('\n', stderr);
		return NULL;
	}
	value = json_incref(json_object_get(answer, command));
	json_decref(answer);
	if (json_is_object(value))
		return value;
	json_decref(value);
	fprintf(stderr, "weirctl: %s is unknown there: not a synweir, or one of another version\n",
		command);
	return NULL;
}

static json_t *ask(int fd, const char *command, const char *request)
{
	static char buffer[ANSWER_MAX];
	const char *error;
	json_t *page;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
		fprintf(stderr, "weirctl: cannot ask the daemon: %s\n", strerror(errno));
		return NULL;
	}
	if (!receive(fd, buffer, sizeof(buffer)))
		return NULL;
	page = parse_answer(buffer, command);
	error = json_string_value(json_object_get(page, "error"));
	if (error != NULL) {
		fprintf(stderr, "weirctl: ");
		text_put(stderr, error);
		fputc('\n', stderr);
		json_decref(page);
		return NULL;
	}
	return page;
}

/* Adds the page's rows, which are numbered from "0" on, to all. */
static void append_rows(json_t *all, const json_t *page)
{
	const json_t *rows = json_object_get(page, "rows");
	char key[24];

	for (size_t i = 0; i < json_object_size(rows); i++) {
		snprintf(key, sizeof(key), "%zu", i);
		json_array_append(all, json_object_get(rows, key));
	}
}

/*
 * Moves the cursor to the page after this one, if there is one: *more. false after a line on stderr: pages
 * would have no end.
 */
static bool turn_page(const json_t *page, json_int_t *cursor, bool *more)
{
	const json_t *next = json_object_get(page, "next");

	*more = next != NULL;
	if (next != NULL && json_integer_value(next) <= *cursor) {
		fprintf(stderr, "weirctl: the daemon's answer does not go on where it should\n");
		return false;
	}
	*cursor = json_integer_value(next);
	return true;
}

json_t *client_rows(int fd, const char *command, const char *params, size_t limit, bool *more)
{
	char request[REQUEST_MAX], limited[32] = "";
	json_t *all = json_array();
	json_int_t cursor = 0;
	bool good;

	do {
		json_t *page;

		if (limit != 0)
			snprintf(limited, sizeof(limited), "limit=%zu,",
				limit - json_array_size(all));
		snprintf(request, sizeof(request), "%s,%s%scursor=%lld", command, params, limited,
			(long long)cursor);
		page = ask(fd, command, request);
		if (page == NULL) {
			json_decref(all);
			return NULL;
		}
		append_rows(all, page);
		good = turn_page(page, &cursor, more);
		json_decref(page);
		if (!good) {
			json_decref(all);
			return NULL;
		}
	} while (*more && (limit == 0 || json_array_size(all) < limit));
	return all;
}
