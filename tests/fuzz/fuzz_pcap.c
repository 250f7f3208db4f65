// SPDX-License-Identifier: BSD-3-Clause
/*
 * weirpcap, the whole program, over any capture: files that are wrong in any place, frames that are cut, and
 * times that jump. What must hold: a line for each frame that libpcap can read, numbered from 1 on; an
 * output that can be read, in which every whole frame has right checksums and times never go back; status
 * 0, or 1 after a line on stderr.
 *
 * Input: a byte how, then (bit 0) the file as it is, or records: milliseconds (2 bytes, the upper three
 * bits shift them), length of the frame (1 byte), how many bytes of it were not captured (1 byte), the
 * bytes. Bit 1: -v. Bit 2: checksums of records are mended.
 */
#include <fcntl.h>
#include <getopt.h>
#include <pcap/pcap.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "mend.h"

int weirpcap_main(int argc, char **argv);

static const char config[] =
	"ports = (\n"
	"	{ name = \"front\"; device = \"net_null0\";\n"
	"	  addresses = [ \"192.0.2.200/24\" ]; gateway = \"192.0.2.254\";\n"
	"	  vlans = ({ id = 100; name = \"v\"; addresses = [ \"198.51.100.1/24\" ]; }); },\n"
	"	{ name = \"back\"; device = \"net_null1\"; addresses = [ \"10.0.0.1/24\" ]; }\n"
	");\n"
	"services = (\n"
	"	{ name = \"f\"; vip = \"192.0.2.1\"; port = 80; mode = \"fullnat\";\n"
	"	  backends = ({ name = \"b\"; address = \"10.0.0.11\"; port = 8080; }); },\n"
	"	{ name = \"n\"; vip = \"192.0.2.2\"; port = 80; mode = \"nat\";\n"
	"	  backends = ({ name = \"b\"; address = \"10.0.0.21\"; port = 8080; }); }\n"
	");\n"
	"limits = { connections = 100; };\n"
	"cookie = { secret_file = \"%s\"; };\n";

/* A file in memory, and the name by which the program can open it. */
struct file {
	int fd;
	char path[32];
};

static struct file file_new(const void *bytes, size_t size)
{
	struct file f = {memfd_create("fuzz", MFD_CLOEXEC), ""};

	FUZZ_MUST(f.fd >= 0 && fchmod(f.fd, 0600) == 0);
	FUZZ_MUST(write(f.fd, bytes, size) == (ssize_t)size);
	snprintf(f.path, sizeof(f.path), "/proc/self/fd/%d", f.fd);
	return f;
}

static const char *config_path(void)
{
	static struct file secret, file;
	char text[sizeof(config) + 32];

	if (file.path[0] == '\0') {
		secret = file_new("0123456789abcdef0123456789abcdef\n", 33);
		file = file_new(text, (size_t)snprintf(text, sizeof(text), config, secret.path));
	}
	return file.path;
}

static void put32(uint8_t **at, uint32_t x)
{
	memcpy(*at, &x, 4);
	*at += 4;
}

/* The capture of the records in the input, in this machine's byte order. */
static size_t build(struct fuzz_in *in, bool mended, uint8_t *out, size_t room)
{
	uint8_t *at = out;
	uint64_t ms = 1700000000000;

	put32(&at, 0xa1b2c3d4);
	put32(&at, 2 | 4 << 16);
	put32(&at, 0);
	put32(&at, 0);
	put32(&at, 65535);
	put32(&at, DLT_EN10MB);
	while (fuzz_left(in) > 0 && (size_t)(at - out) + 300 < room) {
		uint16_t time = fuzz_u16(in);
		uint8_t len = fuzz_u8(in), cut = fuzz_u8(in);

		ms += (uint64_t)(time & 0x1fff) << (time >> 13);
		put32(&at, (uint32_t)(ms / 1000));
		put32(&at, (uint32_t)(ms % 1000 * 1000));
		put32(&at, len);
		put32(&at, len + cut);
		fuzz_bytes(in, at, len);
		if (mended)
			fuzz_mend(at, len);
		at += len;
	}
	return (size_t)(at - out);
}

struct said {
	char *out, *err;
	size_t out_size, err_size;
	int status;
};

static struct said run(const struct file *in, const struct file *out, bool verbose)
{
	char *argv[] = {"weirpcap", "-c", (char *)config_path(), (char *)in->path,
		(char *)out->path, verbose ? "-v" : NULL};
	FILE *old_out = stdout, *old_err = stderr;
	struct said said = {0};

	stdout = open_memstream(&said.out, &said.out_size);
	stderr = open_memstream(&said.err, &said.err_size);
	optind = 0;
	said.status = weirpcap_main(verbose ? 6 : 5, argv);
	fclose(stdout);
	fclose(stderr);
	stdout = old_out;
	stderr = old_err;
	return said;
}

/* As many frames as libpcap reads before something is wrong with the file. */
static unsigned int count(const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, error);
	struct pcap_pkthdr *h;
	const u_char *bytes;
	unsigned int n = 0;

	if (p == NULL)
		return 0;
	while (pcap_datalink(p) == DLT_EN10MB && pcap_next_ex(p, &h, &bytes) == 1)
		n++;
	pcap_close(p);
	return n;
}

static void check_sent(const struct pcap_pkthdr *h, const u_char *bytes)
{
	uint8_t frame[70000];

	FUZZ_MUST(h->caplen <= h->len && h->caplen >= 14);
	if (h->caplen < h->len || h->len > sizeof(frame))
		return;
	memcpy(frame, bytes, h->len);
	if (frame_get16(frame + 12) == WEIR_ETH_VLAN) {
		FUZZ_MUST(frame_get16(frame + 14) == 100);
		memmove(frame + 12, frame + 16, h->len - 16);
	}
	if (frame_get16(frame + 12) != WEIR_ETH_IPV4)
		return;
	FUZZ_MUST(frame_ip_sum(frame) == 0xffff);
	if (frame[FRAME_IP + 9] == WEIR_PROTO_TCP)
		FUZZ_MUST(frame_tcp_sum(frame) == 0xffff);
}

static void check_output(const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p =
		pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	uint64_t last = 0;
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got;

	FUZZ_MUST(p != NULL);
	while ((got = pcap_next_ex(p, &h, &bytes)) == 1) {
		uint64_t ns = (uint64_t)h->ts.tv_sec * 1000000000 + (uint64_t)h->ts.tv_usec;

		FUZZ_MUST(ns >= last);
		last = ns;
		check_sent(h, bytes);
	}
	FUZZ_MUST(got == PCAP_ERROR_BREAK);
	pcap_close(p);
}

/* The lines of the input's frames: those that begin with a number, but for what was held until then. */
static void check_lines(const char *text, unsigned int frames)
{
	unsigned int n = 0;

	for (const char *line = text; line != NULL && *line != '\0';) {
		unsigned long number;
		const char *end = strchr(line, '\n');

		FUZZ_MUST(end != NULL);
		if (sscanf(line, "%lu", &number) == 1 && memchr(line, ':', (size_t)(end - line)) &&
			memmem(line, (size_t)(end - line), "held until now", 14) == NULL &&
			strncmp(line, "       ", 7) != 0)
			FUZZ_MUST(number == ++n);
		line = end + 1;
	}
	FUZZ_MUST(n == frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t capture[16384];
	struct fuzz_in in = {data, data + size};
	uint8_t how = fuzz_u8(&in);
	struct file from, to = file_new("", 0);
	struct said said;

	if (how & 1)
		from = file_new(in.at, fuzz_left(&in));
	else
		from = file_new(capture, build(&in, how & 4, capture, sizeof(capture)));
	said = run(&from, &to, how & 2);
	FUZZ_MUST(said.status == 0 || said.status == 1);
	if (said.status == 1)
		FUZZ_MUST(said.err_size > 10 && memcmp(said.err, "weirpcap: ", 10) == 0);
	else
		check_output(to.path);
	check_lines(said.out, said.status == 0 || said.out_size > 0 ? count(from.path) : 0);
	free(said.out);
	free(said.err);
	close(from.fd);
	close(to.fd);
	return 0;
}
