/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PROXY headers, made and read without the code under test (proxy-protocol.txt, versions 1 and 2). Ports and
 * IPv4 addresses in host order; IPv6 addresses as four words of host order.
 */
#ifndef WEIR_TESTS_PPHDR_H
#define WEIR_TESTS_PPHDR_H

#include <stdbool.h>
#include <stdint.h>

#define TESTS_PPHDR_MAX 536

struct tests_pphdr {
	unsigned int family; /* 4: the first word of src and dst; 6 */
	uint32_t src[4], dst[4];
	uint16_t sport, dport;
	/* read only, of version 2: TLVs; text with its NUL, empty: not there */
	char id[129], service[65];
	bool summed; /* with CRC32C, which is right */
};

/* Without TLVs. Returns its length. */
unsigned int tests_pphdr_make(const struct tests_pphdr *h, unsigned int version,
	uint8_t at[TESTS_PPHDR_MAX]);

enum tests_pphdr_is { TESTS_PPHDR_PART, TESTS_PPHDR_WHOLE, TESTS_PPHDR_WRONG };

/* The first n bytes of a stream, which is to begin with a header; *len: its length, when it is whole. */
enum tests_pphdr_is tests_pphdr_read(const uint8_t *at, unsigned int n, unsigned int version,
	struct tests_pphdr *h, unsigned int *len);

#endif
