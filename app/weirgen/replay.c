// SPDX-License-Identifier: BSD-3-Clause
#include "replay.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "frame.h"

#define PROTO_UDP    17
#define UDP_CSUM_OFF 6

void replay_free(struct replay *r)
{
	free(r->bytes);
	free(r->frames);
	memset(r, 0, sizeof(*r));
}

/*
 * Loading
 */

/* Where addresses are summed up besides in the IP header. */
static void look(struct replay_frame *f, const uint8_t *frame)
{
	const struct weir_eth_hdr *eth = (const void *)frame;
	const struct weir_ipv4_hdr *ip = (const void *)(frame + sizeof(*eth));
	uint32_t l4;

	if (f->len < FRAME_L4_OFF || eth->type_be != weir_be16(WEIR_ETH_IPV4) ||
		ip->version_ihl >> 4 != 4)
		return;
	f->ipv4 = true;
	l4 = (uint32_t)sizeof(*eth) + 4 * (ip->version_ihl & 15u);
	if (ip->frag_be & weir_be16(WEIR_IPV4_OFF))
		return;
	if (ip->proto == WEIR_PROTO_TCP && l4 + sizeof(struct weir_tcp_hdr) <= f->len)
		f->l4_csum_off = (uint16_t)(l4 + offsetof(struct weir_tcp_hdr, csum));
	if (ip->proto == PROTO_UDP && l4 + UDP_CSUM_OFF + 2 <= f->len &&
		(frame[l4 + UDP_CSUM_OFF] | frame[l4 + UDP_CSUM_OFF + 1]) != 0)
		f->l4_csum_off = (uint16_t)(l4 + UDP_CSUM_OFF);
}

static int grow(struct replay *r)
{
	size_t size = r->size > 0 ? 2 * r->size : 1 << 20;
	uint8_t *bytes = realloc(r->bytes, size);

	if (bytes == NULL || size > UINT32_MAX)
		return -1;
	r->bytes = bytes;
	r->size = size;
	return 0;
}

static int add(struct replay *r, const uint8_t *frame, uint16_t len)
{
	struct replay_frame *frames = r->frames;

	if (r->used + len > r->size && grow(r) != 0)
		return -1;
	if ((r->n & (r->n - 1)) == 0) /* doubles at powers of two */
		frames = realloc(frames, (r->n ? 2 * (size_t)r->n : 1) * sizeof(*frames));
	if (frames == NULL)
		return -1;
	r->frames = frames;
	frames[r->n] = (struct replay_frame){.at = (uint32_t)r->used, .len = len};
	memcpy(r->bytes + r->used, frame, len);
	look(&frames[r->n], r->bytes + r->used);
	r->n++;
	r->used += (len + 1u) & ~1u; /* headers lie at even addresses */
	return 0;
}

static int read_all(struct replay *r, pcap_t *in, const char *path)
{
	struct pcap_pkthdr *h;
	const u_char *frame;
	int got;

	while ((got = pcap_next_ex(in, &h, &frame)) == 1) {
		if (h->caplen < h->len || h->len > FRAME_MAX ||
			h->len < sizeof(struct weir_eth_hdr)) {
			r->skipped++;
		} else if (add(r, frame, (uint16_t)h->len) != 0) {
			fprintf(stderr, "weirgen: %s is too large for memory\n", path);
			return -1;
		}
	}
	if (got == PCAP_ERROR_BREAK && r->n > 0)
		return 0;
	fprintf(stderr, "weirgen: %s: %s\n", path,
		got == PCAP_ERROR_BREAK ? "no whole frame of at most 1514 bytes in it"
					: pcap_geterr(in));
	return -1;
}

int replay_load(struct replay *r, const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *in = pcap_open_offline(path, error);
	int rc;

	if (in == NULL) {
		fprintf(stderr, "weirgen: %s\n", error);
		return -1;
	}
	if (pcap_datalink(in) != DLT_EN10MB) {
		fprintf(stderr, "weirgen: %s: no Ethernet frames\n", path);
		rc = -1;
	} else {
		rc = read_all(r, in, path);
	}
	pcap_close(in);
	if (r->skipped > 0)
		fprintf(stderr,
			"weirgen: %s: %u frames are longer than 1514 bytes or not captured whole, "
			"and "
			"left out\n",
			path, r->skipped);
	return rc;
}

/*
 * Sending
 */

static void write_source(struct replay *r, const struct replay_frame *f, uint8_t *frame)
{
	struct weir_ipv4_hdr *ip = (void *)(frame + sizeof(struct weir_eth_hdr));
	struct range_tuple t = r->sweep ? range_sweep(&r->from) : range_draw(&r->from, &r->random);
	uint32_t src_be = weir_be32(t.addr);
	uint64_t delta = weir_csum_delta32(0, ip->src_be, src_be);
	uint16_t csum;

	ip->src_be = src_be;
	ip->csum = weir_csum_apply(ip->csum, delta);
	if (f->l4_csum_off == 0)
		return;
	memcpy(&csum, frame + f->l4_csum_off, 2);
	csum = weir_csum_apply(csum, delta);
	memcpy(frame + f->l4_csum_off, &csum, 2);
}

uint16_t replay_next(struct replay *r, uint8_t *frame)
{
	const struct replay_frame *f = &r->frames[r->next];

	if (++r->next == r->n)
		r->next = 0;
	memcpy(frame, r->bytes + f->at, f->len);
	if (r->dst_mac != NULL)
		memcpy(frame, r->dst_mac, 6);
	if (r->src_mac != NULL)
		memcpy(frame + 6, r->src_mac, 6);
	if (r->rewrite && f->ipv4)
		write_source(r, f, frame);
	return f->len;
}
