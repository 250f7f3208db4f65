// SPDX-License-Identifier: BSD-3-Clause
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define SNAP 128 /* bytes of a frame that are kept */

struct entry {
	uint64_t now_ns;
	struct sim_tuple who;
	uint32_t len;
	uint8_t way;
	uint8_t frame[SNAP];
};

struct sim_trace {
	uint32_t size;
	uint64_t n;
	struct entry at[];
};

struct sim_trace *sim_trace_new(uint32_t frames)
{
	struct sim_trace *t = malloc(sizeof(*t) + frames * sizeof(t->at[0]));

	if (t == NULL)
		abort();
	t->size = frames;
	t->n = 0;
	return t;
}

void sim_trace_free(struct sim_trace *t)
{
	free(t);
}

void sim_trace_add(struct sim_trace *t, uint64_t now_ns, enum sim_way way, struct sim_tuple who,
	const uint8_t *frame, uint32_t len)
{
	struct entry *e = &t->at[t->n++ % t->size];

	*e = (struct entry){.now_ns = now_ns, .who = who, .len = len, .way = (uint8_t)way};
	memcpy(e->frame, frame, len < SNAP ? len : SNAP);
}

static bool concerns(const struct entry *e, struct sim_tuple who)
{
	return who.addr == 0 ||
		(e->who.addr == who.addr && (who.port == 0 || e->who.port == who.port));
}

static uint64_t first(const struct sim_trace *t)
{
	return t->n > t->size ? t->n - t->size : 0;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* Of IPv6, the host whose number it has. */
static void print_addr(FILE *to, uint32_t host, const uint8_t *port)
{
	fprintf(to, "%u.%u.%u.%u:%u", host >> 24, host >> 16 & 255, host >> 8 & 255, host & 255,
		get16(port));
}

static void print_options(FILE *to, const uint8_t *at, const uint8_t *end)
{
	while (at + 1 < end && *at != 0) {
		if (*at == 1) {
			at++;
			continue;
		}
		if (at[1] < 2 || at + at[1] > end)
			return;
		if (at[0] == 2)
			fprintf(to, " mss %u", get16(at + 2));
		else if (at[0] == 3)
			fprintf(to, " scale %u", at[2]);
		else if (at[0] == 4)
			fprintf(to, " sackOK");
		else if (at[0] == 8)
			fprintf(to, " ts %u/%u", get32(at + 2), get32(at + 6));
		for (unsigned int i = 2; at[0] == 5 && i + 8 <= at[1]; i += 8)
			fprintf(to, " sack %u-%u", get32(at + i), get32(at + i + 4));
		at += at[1];
	}
}

static void print_entry(FILE *to, const struct entry *e)
{
	static const char *const ways[] = {"C>   ", "  >C ", "   <B", " B<  "};
	static const char letters[] = "FSRPAUEW";
	const struct datagram ip = ip_read(e->frame + IP_OFF);
	const uint32_t tcp_off = (uint32_t)ip_l4_off(ip.family);
	const uint8_t *tcp = e->frame + tcp_off;
	unsigned int off = (tcp[12] >> 4) * 4u;

	fprintf(to, "%14.6f %s ", (double)e->now_ns / 1e9, ways[e->way]);
	if (e->len < tcp_off + 20 || ip.proto != WEIR_PROTO_TCP || off < 20) {
		fprintf(to, "%u bytes of something\n", e->len);
		return;
	}
	if (ip.family == WEIR_FAMILY_IPV6)
		fprintf(to, "IPv6 ");
	print_addr(to, ip.src, tcp);
	fprintf(to, " > ");
	print_addr(to, ip.dst, tcp + 2);
	fprintf(to, " ");
	for (unsigned int i = 0; i < 8; i++)
		if (tcp[13] >> i & 1)
			fputc(letters[i], to);
	fprintf(to, " seq %u ack %u wnd %u len %d", get32(tcp + 4), get32(tcp + 8), get16(tcp + 14),
		(int)ip.l4_len - (int)off);
	print_options(to, tcp + 20, tcp + (off < SNAP - tcp_off ? off : SNAP - tcp_off));
	fprintf(to, e->len < tcp_off + ip.l4_len ? " (cut)\n" : "\n");
}

void sim_trace_print(const struct sim_trace *t, FILE *to, struct sim_tuple who, uint32_t lines)
{
	uint64_t skip = 0;

	for (uint64_t i = first(t); i < t->n; i++)
		skip += concerns(&t->at[i % t->size], who);
	skip = skip > lines ? skip - lines : 0;
	for (uint64_t i = first(t); i < t->n; i++) {
		const struct entry *e = &t->at[i % t->size];

		if (!concerns(e, who))
			continue;
		if (skip > 0)
			skip--;
		else
			print_entry(to, e);
	}
}

static void write_entry(FILE *f, const struct entry *e)
{
	const uint32_t kept = e->len < SNAP ? e->len : SNAP;
	const uint32_t head[4] = {(uint32_t)(e->now_ns / 1000000000),
		(uint32_t)(e->now_ns % 1000000000), kept, e->len};

	fwrite(head, sizeof(head), 1, f);
	fwrite(e->frame, kept, 1, f);
}

bool sim_trace_pcap(const struct sim_trace *t, const char *path, struct sim_tuple who)
{
	/* magic of nanosecond pcap, version 2.4, zone, accuracy, snap length, Ethernet */
	const uint32_t head[6] = {0xa1b23c4d, 2 | 4u << 16, 0, 0, SIM_FRAME_MAX, 1};
	FILE *f = fopen(path, "wb");
	bool good;

	if (f == NULL)
		return false;
	fwrite(head, sizeof(head), 1, f);
	for (uint64_t i = first(t); i < t->n; i++)
		if (concerns(&t->at[i % t->size], who))
			write_entry(f, &t->at[i % t->size]);
	good = !ferror(f);
	return fclose(f) == 0 && good;
}
