// SPDX-License-Identifier: BSD-3-Clause
#include "wire/pphdr.h"

#include <string.h>

#include "wire/hdr.h"

/* Version 2, in front of everything: no other protocol begins like this. */
static const uint8_t signature[12] = {
	'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

#define V2_PROXY    0x21 /* version 2, command PROXY */
#define V2_TCP4     0x11
#define V2_TCP6     0x21
#define V2_HEAD     16 /* signature, command, family, length of what follows */
#define V2_TLV_HEAD 3

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
	return put_bytes(at, text, strlen(text));
}

static uint8_t *put_addr_text(uint8_t *at, const struct weir_addr *a)
{
	char text[WEIR_ADDR_TEXT];

	return put_text(at, weir_addr_text(a, text));
}

static uint8_t *put_decimal(uint8_t *at, uint16_t value)
{
	unsigned int power = 10000;

	while (power > 1 && value < power)
		power /= 10;
	for (; power > 0; power /= 10)
		*at++ = (uint8_t)('0' + value / power % 10);
	return at;
}

static uint8_t *put16(uint8_t *at, unsigned int value)
{
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

static uint8_t *put_tlv(uint8_t *at, uint8_t type, const void *value, unsigned int len)
{
	*at++ = type;
	return put_bytes(put16(at, len), value, len);
}

static unsigned int write_v1(uint8_t *at, const struct weir_pphdr *h)
{
	uint8_t *to = put_text(at, weir_addr_is_v4(&h->src) ? "PROXY TCP4 " : "PROXY TCP6 ");

	to = put_text(put_addr_text(to, &h->src), " ");
	to = put_text(put_addr_text(to, &h->dst), " ");
	to = put_text(put_decimal(to, weir_be16(h->sport_be)), " ");
	to = put_text(put_decimal(to, weir_be16(h->dport_be)), "\r\n");
	return (unsigned int)(to - at);
}

/* Addresses and ports of the header's family. */
static uint8_t *put_ends(uint8_t *at, const struct weir_pphdr *h)
{
	const unsigned int skip = weir_addr_is_v4(&h->src) ? 12 : 0;

	at = put_bytes(at, h->src.b + skip, 16 - skip);
	at = put_bytes(at, h->dst.b + skip, 16 - skip);
	at = put_bytes(at, &h->sport_be, 2);
	return put_bytes(at, &h->dport_be, 2);
}

static uint8_t *put_id(uint8_t *at, const uint64_t id[2])
{
	char text[32];

	for (unsigned int i = 0; i < sizeof(text); i++)
		text[i] = "0123456789abcdef"[id[i / 16] >> (60 - i % 16 * 4) & 15];
	return put_tlv(at, WEIR_PPHDR_TLV_UNIQUE_ID, text, sizeof(text));
}

/* RFC 3720 appendix B.4, a bit at a time: a header has a hundred bytes and is written once a connection. */
static uint32_t crc32c(const uint8_t *at, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= at[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static unsigned int write_v2(uint8_t *at, const struct weir_pphdr_form *form,
	const struct weir_pphdr *h)
{
	uint8_t *to = put_bytes(at, signature, sizeof(signature)), *sum_at = NULL;
	uint32_t sum = 0; /* what it is summed with */
	size_t len;

	*to++ = V2_PROXY;
	*to++ = weir_addr_is_v4(&h->src) ? V2_TCP4 : V2_TCP6;
	to = put_ends(to + 2, h);
	if (form->crc32c) {
		sum_at = to + V2_TLV_HEAD;
		to = put_tlv(to, WEIR_PPHDR_TLV_CRC32C, &sum, sizeof(sum));
	}
	if (form->unique_id)
		to = put_id(to, h->id);
	if (form->service_name)
		to = put_tlv(to, WEIR_PPHDR_TLV_SERVICE, h->service,
			(unsigned int)strnlen(h->service, WEIR_PPHDR_NAME_MAX));
	len = (size_t)(to - at);
	put16(at + V2_HEAD - 2, (unsigned int)len - V2_HEAD);
	if (sum_at != NULL) {
		sum = weir_be32(crc32c(at, len));
		memcpy(sum_at, &sum, sizeof(sum));
	}
	return (unsigned int)len;
}

unsigned int weir_pphdr_write(uint8_t at[WEIR_PPHDR_MAX], const struct weir_pphdr_form *form,
	const struct weir_pphdr *h)
{
	return form->version == WEIR_PPHDR_V1 ? write_v1(at, h) : write_v2(at, form, h);
}
