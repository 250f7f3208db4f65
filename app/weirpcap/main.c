// SPDX-License-Identifier: BSD-3-Clause
/* weirpcap: synweir's core over pcap files. A capture in, what synweir would send out, and why. */
#include <errno.h>
#include <getopt.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/config.h"
#include "replay.h"

#define SNAPLEN 262144

struct arguments {
	const char *config, *in, *out; /* out: NULL: nothing is written */
	bool verbose, ladder;
};

struct files {
	pcap_t *in, *link; /* link: the link type that the dumper writes */
	pcap_dumper_t *out;
	FILE *nowhere; /* lines go there while ladders are drawn */
	struct weir_ladders *ladders;
};

static void usage(FILE *f)
{
	fprintf(f,
		"usage: weirpcap [-v] -c FILE IN.pcap OUT.pcap\n"
		"       weirpcap --ladder -c FILE IN.pcap [OUT.pcap]\n\n"
		"Runs the packets of IN.pcap through synweir's core, with the ports and services "
		"of\n"
		"a configuration file, prints a line for each (what it was, the verdict and why) "
		"and\n"
		"writes what synweir would send to OUT.pcap. Time is the capture's. Random "
		"numbers\n"
		"are fixed; cookies need cookie.secret_file to be the same every time.\n\n"
		"  -c, --config FILE   synweir's configuration\n"
		"  -l, --ladder        connections as ladders, in place of the lines\n"
		"  -v, --verbose       also a line for each frame that is sent\n"
		"  -h, --help          this text\n"
		"  -V, --version       the version\n\n"
		"exit status: 0, or 1 after a line on stderr\n");
}

/* 0: go on; 1: all is done; -1: complained. */
static int read_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"ladder", no_argument, NULL, 'l'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	int key;

	while ((key = getopt_long(argc, argv, "c:lvhV", options, NULL)) != -1) {
		if (key == 'c') {
			a->config = optarg;
		} else if (key == 'l') {
			a->ladder = true;
		} else if (key == 'v') {
			a->verbose = true;
		} else if (key == 'h') {
			usage(stdout);
			return 1;
		} else if (key == 'V') {
			printf("weirpcap %s\n", WEIR_VERSION);
			return 1;
		} else {
			return -1;
		}
	}
	if (a->config == NULL || argc - optind > 2 || argc - optind < (a->ladder ? 1 : 2)) {
		usage(stderr);
		return -1;
	}
	a->in = argv[optind];
	a->out = argv[optind + 1];
	return 0;
}

static struct weir_config *load_config(const char *path)
{
	struct weir_config_error error;
	struct weir_config *config;

	if (weir_config_load(path, &config, &error) != 0) {
		fprintf(stderr, "weirpcap: %s\n", error.text);
		return NULL;
	}
	config->policy->n_workers = 1;
	return config;
}

/* Opening the output would empty the input. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int open_out(struct files *f, const struct arguments *a)
{
	if (a->out == NULL)
		return 0;
	if (is_same_file(a->in, a->out)) {
		fprintf(stderr, "weirpcap: %s is the input too\n", a->out);
		return -1;
	}
	f->link = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN,
		PCAP_TSTAMP_PRECISION_NANO);
	f->out = f->link != NULL ? pcap_dump_open(f->link, a->out) : NULL;
	if (f->out != NULL)
		return 0;
	fprintf(stderr, "weirpcap: cannot write %s\n",
		f->link != NULL ? pcap_geterr(f->link) : a->out);
	return -1;
}

static int open_files(struct files *f, const struct arguments *a)
{
	char error[PCAP_ERRBUF_SIZE];
	FILE *in = fopen(a->in, "rb");

	if (in == NULL) {
		fprintf(stderr, "weirpcap: %s: %s\n", a->in, strerror(errno));
		return -1;
	}
	f->in = pcap_fopen_offline_with_tstamp_precision(in, PCAP_TSTAMP_PRECISION_NANO, error);
	if (f->in == NULL) {
		fprintf(stderr, "weirpcap: %s: %s\n", a->in, error);
		fclose(in);
		return -1;
	}
	if (pcap_datalink(f->in) != DLT_EN10MB) {
		fprintf(stderr, "weirpcap: %s: link type %s: only Ethernet is understood\n", a->in,
			pcap_datalink_val_to_description_or_dlt(pcap_datalink(f->in)));
		return -1;
	}
	return open_out(f, a);
}

/* 0, or -1 when the output cannot be written. */
static int close_files(struct files *f, const struct arguments *a)
{
	int err = 0;

	if (f->out != NULL) {
		err = pcap_dump_flush(f->out);
		pcap_dump_close(f->out);
	}
	if (f->link != NULL)
		pcap_close(f->link);
	if (f->in != NULL)
		pcap_close(f->in);
	if (err != 0)
		fprintf(stderr, "weirpcap: cannot write %s\n", a->out);
	return err;
}

static void write_frame(void *arg, const uint8_t *frame, uint32_t captured, uint32_t len,
	uint64_t wall_ns)
{
	const struct files *f = arg;
	const struct pcap_pkthdr h = {
		.ts = {.tv_sec = (time_t)(wall_ns / 1000000000),
			.tv_usec = (suseconds_t)(wall_ns % 1000000000)}, /* nanoseconds, here */
		.caplen = captured,
		.len = len,
	};

	if (f->out != NULL)
		pcap_dump((u_char *)f->out, &h, frame);
}

/* Lines are printed, or connections are drawn. NULL: out of memory. */
static struct replay *begin(struct files *f, const struct arguments *a,
	const struct weir_config *config, uint64_t wall_ns)
{
	struct replay *r = replay_new(config->policy, config->secret->bytes, wall_ns,
		a->ladder ? f->nowhere : stdout, a->verbose, write_frame, f);

	if (r != NULL)
		replay_draw(r, f->ladders);
	return r;
}

/* All packets of the input; -1 after a line on stderr. */
static int run(struct files *f, const struct arguments *a, const struct weir_config *config)
{
	struct replay *r = NULL;
	struct pcap_pkthdr *h;
	const u_char *frame;
	int got;

	while ((got = pcap_next_ex(f->in, &h, &frame)) == 1) {
		uint64_t wall_ns = (uint64_t)h->ts.tv_sec * 1000000000 + (uint64_t)h->ts.tv_usec;

		if (r == NULL)
			r = begin(f, a, config, wall_ns);
		if (r == NULL || replay_frame(r, frame, h->caplen, h->len, wall_ns) != 0) {
			fprintf(stderr, "weirpcap: out of memory\n");
			break;
		}
	}
	if (got == PCAP_ERROR)
		fprintf(stderr, "weirpcap: %s: %s\n", a->in, pcap_geterr(f->in));
	replay_free(r);
	return got == PCAP_ERROR_BREAK ? 0 : -1; /* which is how a file's end is called */
}

static int draw(struct files *f, const struct arguments *a, const struct weir_config *config)
{
	int err;

	f->nowhere = fopen("/dev/null", "w");
	f->ladders = weir_ladders_new(NULL, WEIR_LADDERS_MAX);
	if (f->nowhere == NULL || f->ladders == NULL) {
		fprintf(stderr, "weirpcap: no memory to draw in\n");
		err = -1;
	} else {
		err = run(f, a, config);
		weir_ladders_print(f->ladders, stdout);
	}
	weir_ladders_free(f->ladders);
	if (f->nowhere != NULL)
		fclose(f->nowhere);
	return err;
}

int main(int argc, char **argv)
{
	struct arguments a = {0};
	struct files f = {0};
	struct weir_config *config;
	int err = read_arguments(&a, argc, argv);

	if (err != 0)
		return err > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	config = load_config(a.config);
	if (config == NULL)
		return EXIT_FAILURE;
	err = open_files(&f, &a);
	if (err == 0)
		err = a.ladder ? draw(&f, &a, config) : run(&f, &a, config);
	if (close_files(&f, &a) != 0)
		err = -1;
	weir_config_free(config);
	if (fflush(stdout) != 0) {
		fprintf(stderr, "weirpcap: cannot write the lines\n");
		err = -1;
	}
	return err == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
