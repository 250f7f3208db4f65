// SPDX-License-Identifier: BSD-3-Clause
/*
 * weirctl, the whole program, with a daemon that answers anything: client.c (pages, JSON), table.c, and
 * what main.c makes of rows.
 *
 * What must hold: it ends with 0, or with 1 after a line on stderr that says so; nothing of an answer
 * can control the terminal.
 *
 * Input: a byte which command, a byte of options, then answers: two bytes how long, the bytes. After the
 * last one the daemon hangs up.
 */
#include <getopt.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

int weirctl_main(int argc, char **argv);

#define ANSWERS_MAX 8

static int answers; /* the socket that they can be read from */

/* Linked in the place of weirctl's own. */
int __wrap_client_connect(const char *path);
int __wrap_client_connect(const char *path)
{
	int fd = answers;

	answers = -1;
	return fd;
}

/* A socket with those answers in it; returns the daemon's end. */
static int prepare(struct fuzz_in *in)
{
	uint8_t answer[4096];
	int ends[2];

	FUZZ_MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
	for (unsigned int i = 0; i < ANSWERS_MAX && fuzz_left(in) > 0; i++) {
		size_t len = fuzz_bytes(in, answer, fuzz_u16(in) % sizeof(answer));

		if (len > 0)
			FUZZ_MUST(send(ends[1], answer, len, MSG_NOSIGNAL) == (ssize_t)len);
	}
	shutdown(ends[1], SHUT_WR);
	answers = ends[0];
	return ends[1];
}

struct said {
	char *out, *err;
	size_t out_size, err_size;
	int status;
};

static struct said run(int argc, char **argv)
{
	FILE *old_out = stdout, *old_err = stderr;
	struct said said = {0};

	stdout = open_memstream(&said.out, &said.out_size);
	stderr = open_memstream(&said.err, &said.err_size);
	optind = 0;
	said.status = weirctl_main(argc, argv);
	fclose(stdout);
	fclose(stderr);
	stdout = old_out;
	stderr = old_err;
	return said;
}

static void check_harmless(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t c = (uint8_t)text[i];

		FUZZ_MUST(c == '\n' || c >= ' ');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *topics[] = {"info", "services", "backends", "workers", "drops", "conns",
		"ports", "accounting", "sources"};
	struct fuzz_in in = {data, data + size};
	uint8_t topic = fuzz_u8(&in) % (sizeof(topics) / sizeof(topics[0]) + 1), how = fuzz_u8(&in);
	char *argv[8] = {"weirctl"};
	int argc = 1, far = prepare(&in);
	struct said said;

	if (topic == sizeof(topics) / sizeof(topics[0])) {
		argv[argc++] = "reload";
	} else {
		argv[argc++] = "show";
		argv[argc++] = topics[topic];
		if (how & 1)
			argv[argc++] = "--json";
		if (how & 2 && topic == 4)
			argv[argc++] = "--all";
		if (how & 4 && topic == 5)
			argv[argc++] = "--limit=2";
	}
	said = run(argc, argv);
	FUZZ_MUST(said.status == 0 || said.status == 1);
	if (said.status == 1)
		FUZZ_MUST(said.err_size > 9 && memcmp(said.err, "weirctl: ", 9) == 0 &&
			said.err[said.err_size - 1] == '\n');
	else
		FUZZ_MUST(said.out_size > (topic < sizeof(topics) / sizeof(topics[0])));
	check_harmless(said.out, said.out_size);
	check_harmless(said.err, said.err_size);
	free(said.out);
	free(said.err);
	if (answers >= 0) /* it did not get as far as that */
		close(answers);
	close(far);
	return 0;
}
