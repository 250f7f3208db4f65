/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames of a capture, in memory, sent as fast as one likes: the capture's times do not count. */
#ifndef WEIRGEN_REPLAY_H
#define WEIRGEN_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "range.h"

struct replay_frame {
	uint32_t at; /* in bytes */
	uint16_t len;
	/* the checksum over addresses: where it is, 0: there is none, or nothing is to be rewritten */
	uint16_t l4_csum_off;
	bool ipv4;
};

struct replay {
	uint8_t *bytes;
	struct replay_frame *frames;
	uint32_t n, next;
	size_t used, size; /* of bytes */
	uint32_t skipped;  /* longer than a frame may be, or not captured whole */
	/* set by the user before frames are taken */
	const uint8_t *src_mac, *dst_mac; /* NULL: as captured */
	bool rewrite, sweep;              /* IPv4 sources become those of `from` */
	struct range from;
	uint64_t random;
};

/* All frames of a pcap or pcapng file. 0, or -1 after a line on stderr. */
int replay_load(struct replay *r, const char *path);
void replay_free(struct replay *r);

/* All of them have been taken. Then it begins again. */
static inline bool replay_at_start(const struct replay *r)
{
	return r->next == 0;
}

/* The next one into `frame` (FRAME_MAX bytes); returns its length. */
uint16_t replay_next(struct replay *r, uint8_t *frame);

#endif
