// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_version.h>

#include "frame.h"
#include "pacer.h"

const char *const mode_names[] = {
	[MODE_SYN] = "syn",
	[MODE_ACK] = "ack",
	[MODE_MIXED] = "mixed",
	[MODE_CONNS] = "conns",
	[MODE_REPLAY] = "replay",
};

#define MODES (sizeof(mode_names) / sizeof(*mode_names))

/*
 * Values
 */

/* "20000", "20k", "1.5M": 0 or -EINVAL. */
static int parse_number(const char *text, double most, double *value)
{
	static const char units[] = "kMG";
	char *end;
	const char *unit;

	if (text[strspn(text, "0123456789.kMG")] != '\0')
		return -EINVAL;
	*value = strtod(text, &end);
	if (end == text)
		return -EINVAL;
	if (*end != '\0') {
		unit = strchr(units, *end);
		if (unit == NULL || end[1] != '\0')
			return -EINVAL;
		for (long i = 0; i <= unit - units; i++)
			*value *= 1000;
	}
	return *value <= most ? 0 : -EINVAL;
}

static int parse_whole(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
	double d;

	if (parse_number(text, (double)most, &d) != 0)
		return -EINVAL;
	*value = (uint64_t)d;
	return *value >= least && (double)*value == d ? 0 : -EINVAL;
}

static int parse_whole32(const char *text, uint32_t least, uint32_t most, uint32_t *value)
{
	uint64_t wide;

	if (parse_whole(text, least, most, &wide) != 0)
		return -EINVAL;
	*value = (uint32_t)wide;
	return 0;
}

static int parse_one_addr(const char *text, uint32_t *addr)
{
	struct range r;

	if (range_parse_addrs(&r, text) != 0 || r.n != 1)
		return -EINVAL;
	*addr = r.first;
	return 0;
}

/* "192.0.2.80:80" */
static int parse_addr_port(const char *text, struct range *r)
{
	const char *colon = strchr(text, ':');
	char addr[32];

	if (colon == NULL || (size_t)(colon - text) >= sizeof(addr))
		return -EINVAL;
	snprintf(addr, sizeof(addr), "%.*s", (int)(colon - text), text);
	if (parse_one_addr(addr, &r->first) != 0 || range_parse_ports(r, colon + 1) != 0)
		return -EINVAL;
	r->n = 1;
	return r->n_ports == 1 ? 0 : -EINVAL;
}

/*
 * Options, one by one: 0, or -EINVAL when the value is not what it should be
 */

static int set_port(struct options *o, const char *text)
{
	if (o->n_devices == OPTIONS_PORTS || text[0] == '\0')
		return -EINVAL;
	o->devices[o->n_devices++] = text;
	return 0;
}

static int set_cpus(struct options *o, const char *text)
{
	char beyond;
	int n = sscanf(text, "%u,%u%c", &o->cpus[0], &o->cpus[1], &beyond);

	o->n_cpus = (unsigned int)n;
	return (n == 1 && strchr(text, ',') == NULL) || n == 2 ? 0 : -EINVAL;
}

static int set_to(struct options *o, const char *text)
{
	struct range r;

	if (parse_addr_port(text, &r) != 0)
		return -EINVAL;
	o->to = r.first;
	o->to_port = r.first_port;
	return 0;
}

static int set_from(struct options *o, const char *text)
{
	o->has_from = true;
	return range_parse_addrs(&o->from, text);
}

static int set_ports(struct options *o, const char *text)
{
	return range_parse_ports(&o->from, text);
}

static int set_flood_from(struct options *o, const char *text)
{
	return range_parse_addrs(&o->flood_from, text);
}

static int set_address(struct options *o, const char *text)
{
	return parse_one_addr(text, &o->self);
}

static int set_gateway(struct options *o, const char *text)
{
	return parse_one_addr(text, &o->gateway);
}

static int set_gateway_mac(struct options *o, const char *text)
{
	struct rte_ether_addr mac;

	if (rte_ether_unformat_addr(text, &mac) != 0)
		return -EINVAL;
	memcpy(o->gateway_mac, mac.addr_bytes, sizeof(o->gateway_mac));
	o->has_gateway_mac = true;
	return 0;
}

static int set_backend(struct options *o, const char *text)
{
	if (o->n_backends == OPTIONS_BACKENDS)
		return -EINVAL;
	return parse_addr_port(text, &o->backends[o->n_backends++]);
}

static int set_rate(struct options *o, const char *text)
{
	return parse_whole(text, 0, PACER_SECOND_NS, &o->rate);
}

static int set_count(struct options *o, const char *text)
{
	return parse_whole(text, 1, 1ull << 53, &o->count);
}

static int set_seconds(struct options *o, const char *text)
{
	double seconds;

	if (parse_number(text, 1e9, &seconds) != 0)
		return -EINVAL;
	o->duration_ns = (uint64_t)(seconds * 1e9);
	return 0;
}

static int set_concurrency(struct options *o, const char *text)
{
	return parse_whole32(text, 1, 4000000, &o->concurrency);
}

static int set_requests(struct options *o, const char *text)
{
	return parse_whole32(text, 1, UINT32_MAX, &o->requests);
}

static int set_request(struct options *o, const char *text)
{
	return parse_whole32(text, 1, 1u << 30, &o->request_bytes);
}

static int set_response(struct options *o, const char *text)
{
	return parse_whole32(text, 1, 1u << 30, &o->response_bytes);
}

static int set_close(struct options *o, const char *text)
{
	o->backend_closes = strcmp(text, "backend") == 0;
	return o->backend_closes || strcmp(text, "client") == 0 ? 0 : -EINVAL;
}

static int set_share(struct options *o, const char *text)
{
	double percent;

	if (parse_number(text, 100, &percent) != 0)
		return -EINVAL;
	o->share = (uint32_t)(percent * 10 + 0.5);
	return 0;
}

static int set_flood(struct options *o, const char *text)
{
	o->flood_flags = strcmp(text, "ack") == 0 ? WEIR_TCP_ACK : WEIR_TCP_SYN;
	return o->flood_flags == WEIR_TCP_ACK || strcmp(text, "syn") == 0 ? 0 : -EINVAL;
}

static int set_payload(struct options *o, const char *text)
{
	uint32_t bytes = 0;
	int rc = parse_whole32(text, 0, FRAME_MAX - WEIR_HEADER_FRAME_MAX, &bytes);

	o->payload = (uint16_t)bytes;
	return rc;
}

static int set_tcp_option(struct weir_header *h, const char *word)
{
	unsigned int value;
	char beyond;

	if (strcmp(word, "none") == 0)
		return 0;
	if (strcmp(word, "sack") == 0)
		h->sack_ok = true;
	else if (strcmp(word, "ts") == 0)
		h->ts = true;
	else if (sscanf(word, "mss=%u%c", &value, &beyond) == 1 && value >= 64 && value <= 65535)
		h->mss = (uint16_t)value;
	else if (sscanf(word, "wscale=%u%c", &value, &beyond) == 1 && value <= WEIR_TCP_WSCALE_MAX)
		h->wscale = (uint8_t)value;
	else
		return -EINVAL;
	return 0;
}

static int set_tcp_options(struct options *o, const char *text)
{
	char copy[64], *word, *rest = copy;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, strlen(text) + 1);
	o->tcp.mss = 0;
	o->tcp.sack_ok = o->tcp.ts = false;
	o->tcp.wscale = WEIR_WSCALE_NONE;
	while ((word = strsep(&rest, ",")) != NULL)
		if (set_tcp_option(&o->tcp, word) != 0)
			return -EINVAL;
	return 0;
}

static int set_seed(struct options *o, const char *text)
{
	return parse_whole(text, 0, 1ull << 53, &o->seed);
}

/*
 * All of them
 */

#define IN(mode)      (1u << MODE_##mode)
#define FLOODS        (IN(SYN) | IN(ACK) | IN(MIXED))
#define CLIENTS       (IN(MIXED) | IN(CONNS))
#define SET(name)     set_##name, 0
#define PLAIN(member) NULL, offsetof(struct options, member)
#define ANY           (FLOODS | CLIENTS | IN(REPLAY))

static const struct setting {
	char letter;
	const char *name, *value; /* value NULL: none */
	int (*set)(struct options *o, const char *text);
	size_t plain;       /* set NULL: where the text is kept, or that the option is there */
	unsigned int modes; /* that it has a meaning in */
	const char *help;
} settings[] = {
	{'p', "port", "DEVICE", SET(port), ANY,
		"a PCI address or a vdev with its arguments; the second, if any,\n"
		"                          is the backends' side"},
	{'t', "to", "ADDR:PORT", SET(to), FLOODS | CLIENTS, "the service"},
	{'f', "from", "ADDRS", SET(from), ANY,
		"sources: ADDR, ADDR/BITS or ADDR-ADDR (198.18.0.0/15)"},
	{0, "ports", "PORTS", SET(ports), ANY, "source ports: PORT or PORT-PORT (1024-65535)"},
	{0, "sweep", NULL, PLAIN(sweep), FLOODS | IN(REPLAY), "sources in order, not at random"},
	{0, "flood-from", "ADDRS", SET(flood_from), IN(MIXED),
		"sources of the flood (198.19.0.0/16)"},
	{'a', "address", "ADDR", SET(address), ANY,
		"our own, for ARP (the first of --from); answered for, as --from is"},
	{'g', "gateway", "ADDR", SET(gateway), FLOODS | CLIENTS,
		"the next hop (the service itself)"},
	{0, "gateway-mac", "MAC", SET(gateway_mac), ANY, "its MAC address: no ARP request is sent"},
	{'b', "backend", "ADDR:PORT", SET(backend), CLIENTS,
		"play this backend; may be given several times"},
	{'r', "rate", "N", SET(rate), ANY,
		"packets (conns: connections) a second, e.g. 200k; 0: all that goes (0)"},
	{'n', "count", "N", SET(count), ANY, "end after so many packets or connections"},
	{'s', "seconds", "N", SET(seconds), ANY,
		"end after so long; 0: at SIGINT (10, no limit with -n)"},
	{'c', "concurrency", "N", SET(concurrency), CLIENTS, "connections open at once (64)"},
	{0, "requests", "N", SET(requests), IN(CONNS), "in each connection (1)"},
	{0, "request", "BYTES", SET(request), CLIENTS, "size of a request (100)"},
	{0, "response", "BYTES", SET(response), CLIENTS, "size of a response (200)"},
	{0, "http", NULL, PLAIN(http), IN(CONNS),
		"ask real servers: GET / by HTTP/1.0, a response is what comes"},
	{0, "close", "WHO", SET(close), IN(CONNS), "who closes first: client or backend (client)"},
	{0, "share", "PERCENT", SET(share), IN(MIXED), "of the packets that are flood (90)"},
	{0, "flood", "KIND", SET(flood), IN(MIXED), "syn or ack (syn)"},
	{0, "payload", "BYTES", SET(payload), FLOODS, "in each packet of the flood (0)"},
	{'o', "options", "LIST", SET(tcp_options), FLOODS | CLIENTS,
		"TCP options of SYNs, or none (mss=1460,sack,ts,wscale=7)"},
	{0, "pcap", "FILE", PLAIN(pcap), IN(REPLAY), "the frames to send"},
	{0, "loop", NULL, PLAIN(loop), IN(REPLAY), "again from the start at the end"},
	{0, "seed", "N", SET(seed), ANY, "of all chance; the same is the same load (1)"},
	{'j', "json", "FILE", PLAIN(json), ANY, "the report as JSON"},
	{0, "hdr", "NAME", PLAIN(hdr), CLIENTS,
		"latencies in HdrHistogram's text format: NAME.handshake.hgrm\n"
		"                          and NAME.first_byte.hgrm"},
	{'q', "quiet", NULL, PLAIN(quiet), ANY, "no line a second"},
	{0, "sleep", NULL, PLAIN(sleep), ANY, "when there is nothing to do (a tap, a shared CPU)"},
	{0, "cpu", "N[,N]", SET(cpus), ANY, "the CPU to run on; two: one a port (any)"},
};

#define SETTINGS (sizeof(settings) / sizeof(*settings))

static void usage(void)
{
	printf("usage: weirgen MODE --port DEVICE [OPTION...] [-- EAL-ARGUMENT...]\n\n"
	       "Load for a SYN proxy, and a meter for what comes back.\n\n"
	       "  syn, ack   a flood: spoofed sources at random\n"
	       "  conns      whole connections: clients, and backends by a second port\n"
	       "  mixed      a flood beside established connections\n"
	       "  replay     the frames of a capture\n\noptions:\n");
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *s = &settings[i];
		char left[32];

		snprintf(left, sizeof(left), "%s--%s %s", s->letter ? "" : "    ", s->name,
			s->value ? s->value : "");
		if (s->letter)
			printf("  -%c, %-19s %s\n", s->letter, left, s->help);
		else
			printf("  %-23s %s\n", left, s->help);
	}
	printf("  -h, --help              this text\n  -V, --version           the version\n\n"
	       "exit status: 0; 1 when something is wrong, or not every connection was done;\n"
	       "2 for wrong "
	       "usage\n");
}

static int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int complain(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "weirgen: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, " (weirgen --help)\n");
	return 2;
}

static void set_defaults(struct options *o)
{
	memset(o, 0, sizeof(*o));
	range_parse_addrs(&o->from, "198.18.0.0/15"); /* RFC 2544 §C.2.2: for benchmarks */
	range_parse_ports(&o->from, "1024-65535");
	range_parse_addrs(&o->flood_from, "198.19.0.0/16");
	range_parse_ports(&o->flood_from, "1024-65535");
	set_tcp_options(o, "mss=1460,sack,ts,wscale=7");
	o->duration_ns = UINT64_MAX; /* not given */
	o->concurrency = 64;
	o->requests = 1;
	o->request_bytes = 100;
	o->response_bytes = 200;
	o->share = 900;
	o->flood_flags = WEIR_TCP_SYN;
	o->seed = 1;
}

static int set_mode(struct options *o, const char *name)
{
	for (unsigned int m = 0; m < MODES; m++)
		if (strcmp(name, mode_names[m]) == 0) {
			o->mode = (enum mode)m;
			return -1;
		}
	return complain("unexpected argument '%s': the first word is syn, ack, mixed, conns or "
			"replay",
		name);
}

static int set_option(struct options *o, const struct setting *s, const char *text)
{
	if (!(s->modes & 1u << o->mode))
		return complain("--%s has no meaning with %s", s->name, mode_names[o->mode]);
	if (s->set == NULL && s->value == NULL)
		*(bool *)((char *)o + s->plain) = true;
	else if (s->set == NULL)
		*(const char **)((char *)o + s->plain) = text;
	else if (s->set(o, text) != 0)
		return complain("--%s cannot be '%s'", s->name, text);
	return -1;
}

static void fill_getopt(struct option *longs, char *shorts)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		longs[i] = (struct option){settings[i].name,
			settings[i].value ? required_argument : no_argument, NULL, 256 + (int)i};
		if (settings[i].letter == 0)
			continue;
		*shorts++ = settings[i].letter;
		if (settings[i].value)
			*shorts++ = ':';
	}
	longs[SETTINGS] = (struct option){"help", no_argument, NULL, 'h'};
	longs[SETTINGS + 1] = (struct option){0};
	strcpy(shorts, "h");
}

static const struct setting *find_setting(int key)
{
	if (key >= 256)
		return &settings[key - 256];
	for (size_t i = 0; i < SETTINGS; i++)
		if (settings[i].letter == key)
			return &settings[i];
	return NULL;
}

/* argv[0] is the mode here. */
static int parse_all(struct options *o, int argc, char **argv)
{
	struct option longs[SETTINGS + 2];
	char shorts[2 * SETTINGS + 3] = "+";
	int key, status;

	fill_getopt(longs, shorts + 1);
	opterr = 0;
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == 'h') {
			usage();
			return 0;
		}
		if (find_setting(key) == NULL)
			return complain("unknown option '%s'", argv[optind - 1]);
		status = set_option(o, find_setting(key), optarg);
		if (status >= 0)
			return status;
	}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		return complain("unexpected argument '%s': arguments for DPDK's EAL follow \"--\"",
			argv[optind]);
	o->eal = argv + optind;
	o->n_eal = (unsigned int)(argc - optind);
	return -1;
}

/* What only fits together with something else. */
static int check_clients(const struct options *o)
{
	if (range_overlap(&o->from, &o->flood_from) && o->mode == MODE_MIXED)
		return complain("--from and --flood-from share addresses: whose is an answer?");
	if (o->http && (o->n_backends > 0 || o->requests > 1))
		return complain("--http asks servers that are there, once a connection: no "
				"--backend, "
				"no --requests");
	if (o->n_devices == OPTIONS_PORTS && o->n_backends == 0)
		return complain("a second port, but no backend to play there: --backend ADDR:PORT");
	if (o->concurrency > range_size(&o->from) / 2)
		return complain("--from and --ports have too few pairs for the concurrency: two "
				"for "
				"each are needed");
	return -1;
}

static int check(struct options *o)
{
	if (o->n_devices == 0)
		return complain("which device? --port net_tap0, --port 0000:03:00.0");
	if (o->mode == MODE_REPLAY && o->pcap == NULL)
		return complain("which capture? --pcap FILE");
	if (o->mode != MODE_REPLAY && o->to == 0)
		return complain("which service? --to ADDR:PORT");
	if (!((CLIENTS >> o->mode) & 1) && o->n_devices > 1)
		return complain("%s works with one port", mode_names[o->mode]);
	if (o->duration_ns == UINT64_MAX)
		o->duration_ns = o->count > 0 ? 0 : 10 * PACER_SECOND_NS;
	if (o->mode == MODE_MIXED && !o->has_from)
		o->from.n /= 2; /* 198.18.0.0/16; the flood has the other half */
	if (o->mode == MODE_ACK)
		o->flood_flags = WEIR_TCP_ACK;
	if (o->self == 0)
		o->self = o->from.first;
	if (o->gateway == 0)
		o->gateway = o->to;
	return (CLIENTS >> o->mode) & 1 ? check_clients(o) : -1;
}

int options_parse(struct options *o, int argc, char **argv)
{
	int status;

	if (argc < 2)
		return complain("missing mode: weirgen syn|ack|mixed|conns|replay");
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
		usage();
		return 0;
	}
	if (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0) {
		printf("weirgen %s (%s)\n", WEIR_VERSION, rte_version());
		return 0;
	}
	set_defaults(o);
	status = set_mode(o, argv[1]);
	if (status < 0)
		status = parse_all(o, argc - 1, argv + 1);
	return status < 0 ? check(o) : status;
}
