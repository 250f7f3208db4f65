/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The PROXY protocol header (HAProxy's doc/proxy-protocol.txt, versions 1 and 2): what a proxy sends to a
 * server before the client's first byte. Pure; any thread may call this.
 */
#ifndef WEIR_WIRE_PPHDR_H
#define WEIR_WIRE_PPHDR_H

#include "wire/addr.h"

enum weir_pphdr_version {
	WEIR_PPHDR_NONE,
	WEIR_PPHDR_V1, /* a line of text */
	WEIR_PPHDR_V2, /* binary, with TLVs */
};

/* What a header has in it. The three TLVs are of version 2. */
struct weir_pphdr_form {
	uint8_t version; /* enum weir_pphdr_version */
	bool unique_id, service_name, crc32c;
};

/* Source and destination as the client has them: of one family, which is the header's. */
struct weir_pphdr {
	struct weir_addr src, dst;
	uint16_t sport_be, dport_be;
	uint64_t id[2];      /* of the connection: written as 32 hexadecimal digits */
	const char *service; /* its name, of which WEIR_PPHDR_NAME_MAX bytes are written at most */
};

#define WEIR_PPHDR_TLV_CRC32C    0x03
#define WEIR_PPHDR_TLV_UNIQUE_ID 0x05
#define WEIR_PPHDR_TLV_SERVICE                                                                     \
	0xe0 /* PP2_TYPE_MIN_CUSTOM: the first that is ours to give a meaning */

#define WEIR_PPHDR_NAME_MAX 31

/* Version 1: 104 bytes; version 2: 16, 36 of IPv6, TLVs of 35, 34 and 7 bytes. */
#define WEIR_PPHDR_MAX 128

/* Writes the header; returns its length, which is > 0. form->version is not NONE. */
unsigned int weir_pphdr_write(uint8_t at[WEIR_PPHDR_MAX], const struct weir_pphdr_form *form,
	const struct weir_pphdr *h);

#endif
