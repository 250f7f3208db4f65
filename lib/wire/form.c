// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "wire/form.h"

/* MSS and the lead of the timestamps stand in front of TSval: put_options() in build.c. */
#define TS_OFF                                                                                     \
	(sizeof(struct weir_eth_hdr) + sizeof(struct weir_ipv4_hdr) +                              \
		sizeof(struct weir_tcp_hdr) + 8)

void weir_form_make(struct weir_form *f, const struct weir_header *h)
{
	uint8_t frame[WEIR_HEADER_FRAME_MAX] = {0};
	struct weir_ipv4_hdr *ip = (void *)(frame + sizeof(struct weir_eth_hdr));
	struct weir_tcp_hdr *tcp = (void *)(ip + 1);

	f->len = (uint8_t)weir_build_tcp(frame, h);
	f->ts_off = h->ts ? TS_OFF : 0;
	f->ip_sum = (uint16_t)~ip->csum;
	f->tcp_sum = (uint16_t)~tcp->csum;
	memcpy(f->bytes, frame + WEIR_FORM_AT, sizeof(f->bytes));
}
