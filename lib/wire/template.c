// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "wire/template.h"

/* Options in front of TSval: MSS, and the timestamps' own two bytes behind two more. put_options() in build.c. */
#define OPTIONS_BEFORE_TSVAL 8

void weir_template_make(struct weir_template *t, const struct weir_header *h)
{
	uint8_t frame[WEIR_HEADER_FRAME_MAX] __attribute__((aligned(2))) = {0};
	const enum weir_family family = weir_l3_family(&h->src);
	const unsigned int l4_off = weir_l3_header_end(family);
	const struct weir_tcp_hdr *tcp = (const void *)(frame + l4_off);

	t->family = (uint8_t)family;
	t->len = (uint8_t)weir_build_tcp(frame, h);
	t->ts_off = h->ts ? (uint8_t)(l4_off + sizeof(*tcp) + OPTIONS_BEFORE_TSVAL) : 0;
	t->ip_sum = weir_l3_header_sum(frame, family);
	t->tcp_sum = (uint16_t)~tcp->csum;
	memcpy(t->bytes, frame + WEIR_TEMPLATE_AT, sizeof(t->bytes));
}

uint16_t weir_template_fill_other(uint8_t *frame, const struct weir_template *t,
	const struct weir_template_fields *v)
{
	return weir_template_fill_as(frame, t, v, WEIR_FAMILY_IPV6);
}
