// SPDX-License-Identifier: BSD-3-Clause
#include "program.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct capture in, out;
char lines[16384], errors[4096];
int status;
const struct end client = {0xc6336407, 40000}, vip = {0xc0000250, 80};

static const char *weirpcap;
static char dir[] = "/tmp/weirpcap-test-XXXXXX";

const char *in_dir(const char *name)
{
	static char path[4][64];
	static unsigned int turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

void put_file(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(in_dir(name), "w");

	CU_ASSERT_FATAL(f != NULL && fwrite(bytes, 1, len, f) == len && fclose(f) == 0);
}

void get_file(const char *name, char *text, size_t size)
{
	FILE *f = fopen(in_dir(name), "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	text[fread(text, 1, size - 1, f)] = '\0';
	fclose(f);
}

void write_in(int link, const char *name)
{
	pcap_t *dead = pcap_open_dead(link, 65535);
	pcap_dumper_t *d = pcap_dump_open(dead, in_dir(name));

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	for (unsigned int i = 0; i < in.n; i++) {
		struct pcap_pkthdr h = {.caplen = in.at[i].len, .len = in.at[i].len};

		h.ts.tv_sec = 1700000000 + (time_t)(in.at[i].us / 1000000);
		h.ts.tv_usec = (suseconds_t)(in.at[i].us % 1000000);
		pcap_dump((u_char *)d, &h, in.at[i].bytes);
	}
	pcap_dump_close(d);
	pcap_close(dead);
}

void read_out(void)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(in_dir("out.pcap"), error);
	struct pcap_pkthdr *h;
	const u_char *bytes;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	memset(&out, 0, sizeof(out));
	while (pcap_next_ex(p, &h, &bytes) == 1 && out.n < FRAMES_MAX) {
		out.at[out.n].us =
			(uint64_t)(h->ts.tv_sec - 1700000000) * 1000000 + (uint64_t)h->ts.tv_usec;
		out.at[out.n].len = h->len;
		memcpy(out.at[out.n++].bytes, bytes, h->caplen);
	}
	pcap_close(p);
}

void run(const char *arguments)
{
	char command[512];

	snprintf(command, sizeof(command), "cd %s && '%s' %s >lines 2>errors", dir, weirpcap,
		arguments);
	status = WEXITSTATUS(system(command));
	get_file("lines", lines, sizeof(lines));
	get_file("errors", errors, sizeof(errors));
}

void replay(void)
{
	write_in(DLT_EN10MB, "in.pcap");
	run("-c conf in.pcap out.pcap");
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_STRING_EQUAL(errors, "");
	if (status != 0)
		printf("\n%s", errors);
	read_out();
}

uint8_t *add(uint64_t us, const void *bytes, size_t len)
{
	uint8_t *to = in.at[in.n].bytes;

	CU_ASSERT_FATAL(in.n < FRAMES_MAX && len <= FRAME_ROOM);
	in.at[in.n].us = us;
	in.at[in.n++].len = (uint32_t)len;
	memcpy(to, bytes, len);
	return to;
}

uint8_t *add_tcp(uint64_t us, struct end from, struct end to, uint8_t flags, uint32_t seq,
	uint32_t ack, size_t payload_len)
{
	static const uint8_t mss[] = {2, 4, 0x05, 0xb4};
	size_t opt_len = flags & WEIR_TCP_SYN ? sizeof(mss) : 0;
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, flags, mss, opt_len, payload_len);

	frame_put32(f + FRAME_IP + 12, from.addr);
	frame_put32(f + FRAME_IP + 16, to.addr);
	frame_put16(f + FRAME_TCP, from.port);
	frame_put16(f + FRAME_TCP + 2, to.port);
	frame_put32(f + FRAME_TCP + 4, seq);
	frame_put32(f + FRAME_TCP + 8, ack);
	frame_mend(f, len);
	return add(us, f, len);
}

void add_arp(uint64_t us, uint8_t op, uint32_t sender, uint32_t target)
{
	static const uint8_t start[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 9,
		0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 0, 0x02, 0, 0, 0, 0, 9};
	uint8_t *f = add(us, start, sizeof(start));

	f[21] = op;
	frame_put32(f + 28, sender);
	frame_put32(f + 38, target);
}

void expect_lines(const char *expected)
{
	if (strcmp(lines, expected) != 0)
		printf("\nexpected:\n%sgot:\n%s", expected, lines);
	CU_ASSERT_STRING_EQUAL(lines, expected);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

void start(const char *config)
{
	static const char secret[] = "000102030405060708090a0b0c0d0e0f\n";
	char text[2048];

	memset(&in, 0, sizeof(in));
	put_file("secret", secret, strlen(secret));
	chmod(in_dir("secret"), 0600);
	snprintf(text, sizeof(text), config, in_dir("secret"));
	put_file("conf", text, strlen(text));
}

void expect_macs(unsigned int i, const char *dst, const char *src)
{
	CU_ASSERT_FATAL(i < out.n);
	CU_ASSERT_EQUAL(memcmp(out.at[i].bytes, dst, 6), 0);
	CU_ASSERT_EQUAL(memcmp(out.at[i].bytes + 6, src, 6), 0);
}

uint32_t expect_out(unsigned int i, uint64_t us, struct end from, struct end to, uint8_t flags,
	uint32_t ack)
{
	const uint8_t *f = out.at[i].bytes;

	CU_ASSERT_FATAL(i < out.n);
	CU_ASSERT(out.at[i].us >= us && out.at[i].us < us + 10000); /* a tick of the wheel */
	CU_ASSERT_EQUAL(get32(f + FRAME_IP + 12), from.addr);
	CU_ASSERT_EQUAL(get32(f + FRAME_IP + 16), to.addr);
	CU_ASSERT_EQUAL(frame_get16(f + FRAME_TCP), from.port);
	CU_ASSERT_EQUAL(frame_get16(f + FRAME_TCP + 2), to.port);
	CU_ASSERT_EQUAL(f[FRAME_TCP + 13], flags);
	CU_ASSERT_EQUAL(get32(f + FRAME_TCP + 8), ack);
	CU_ASSERT_EQUAL(frame_ip_sum(f), 0xffff);
	CU_ASSERT_EQUAL(frame_tcp_sum(f), 0xffff);
	return get32(f + FRAME_TCP + 4);
}

int program_main(int argc, char **argv, const char *room, const struct unit_test *tests,
	unsigned int n)
{
	char clean[64];
	int ret;

	if (argc != 2 || access(argv[1], X_OK) != 0 || mkdtemp(dir) == NULL)
		return 2;
	weirpcap = realpath(argv[1], NULL); /* the program runs in dir */
	ret = unit_main(room, tests, n);
	snprintf(clean, sizeof(clean), "rm -rf '%s'", dir);
	return system(clean) == 0 ? ret : 2;
}
