// SPDX-License-Identifier: BSD-3-Clause
#include "pphdr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const char magic[] = "\r\n\r\n\0\r\nQUIT\n";
#define MAGIC_LEN 12

static unsigned int get16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static uint8_t *add(uint8_t *at, uint32_t value, unsigned int bytes)
{
	while (bytes-- > 0)
		*at++ = (uint8_t)(value >> 8 * bytes);
	return at;
}

static unsigned int words_of(const struct tests_pphdr *h)
{
	return h->family == 4 ? 1 : 4;
}

static void print(const struct tests_pphdr *h, const uint32_t *words, char *text)
{
	uint32_t raw[4];

	for (unsigned int i = 0; i < 4; i++)
		raw[i] = htonl(words[i]);
	inet_ntop(h->family == 4 ? AF_INET : AF_INET6, raw, text, INET6_ADDRSTRLEN);
}

unsigned int tests_pphdr_make(const struct tests_pphdr *h, unsigned int version,
	uint8_t at[TESTS_PPHDR_MAX])
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	uint8_t *to = at;

	if (version == 1) {
		print(h, h->src, src);
		print(h, h->dst, dst);
		return (unsigned int)snprintf((char *)at, TESTS_PPHDR_MAX,
			"PROXY TCP%u %s %s %u %u\r\n", h->family, src, dst, h->sport, h->dport);
	}
	memcpy(to, magic, MAGIC_LEN);
	to = add(to + MAGIC_LEN, 0x21, 1);
	to = add(to, h->family == 4 ? 0x11 : 0x21, 1);
	to = add(to, 8 * words_of(h) + 4, 2);
	for (unsigned int i = 0; i < words_of(h); i++)
		to = add(to, h->src[i], 4);
	for (unsigned int i = 0; i < words_of(h); i++)
		to = add(to, h->dst[i], 4);
	to = add(add(to, h->sport, 2), h->dport, 2);
	return (unsigned int)(to - at);
}

static bool parse(struct tests_pphdr *h, const char *text, uint32_t *words)
{
	uint32_t raw[4];

	if (inet_pton(h->family == 4 ? AF_INET : AF_INET6, text, raw) != 1)
		return false;
	for (unsigned int i = 0; i < words_of(h); i++)
		words[i] = ntohl(raw[i]);
	return true;
}

static enum tests_pphdr_is read_line(const uint8_t *at, unsigned int n, struct tests_pphdr *h,
	unsigned int *len)
{
	char line[108] = "", src[64], dst[64];
	unsigned int used = 0;
	int end = 0;

	if (memcmp(at, "PROXY ", n < 6 ? n : 6) != 0)
		return TESTS_PPHDR_WRONG;
	while (used < n && used < sizeof(line) - 1 && (used == 0 || at[used - 1] != '\n'))
		line[used] = (char)at[used], used++;
	if (used == 0 || line[used - 1] != '\n')
		return used < sizeof(line) - 1 ? TESTS_PPHDR_PART : TESTS_PPHDR_WRONG;
	if (sscanf(line, "PROXY TCP%u %63s %63s %hu %hu%n", &h->family, src, dst, &h->sport,
		    &h->dport, &end) != 5 ||
		(unsigned int)end + 2 != used || line[end] != '\r' || !parse(h, src, h->src) ||
		!parse(h, dst, h->dst))
		return TESTS_PPHDR_WRONG;
	*len = used;
	return TESTS_PPHDR_WHOLE;
}

/* RFC 3720 appendix B.4: bit by bit, the lowest first. */
static uint32_t crc32c(const uint8_t *at, unsigned int n, const uint8_t *zero)
{
	uint32_t crc = 0xffffffff;

	for (unsigned int i = 0; i < n * 8; i++) {
		const uint8_t byte = at + i / 8 - zero < 4 && at + i / 8 >= zero ? 0 : at[i / 8];
		const bool bit = (crc ^ byte >> i % 8) & 1;

		crc = crc >> 1 ^ (bit ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static bool read_tlv(const uint8_t *at, unsigned int len, const uint8_t *tlv, struct tests_pphdr *h)
{
	const unsigned int n = get16(tlv + 1);

	switch (tlv[0]) {
	case 0x03:
		h->summed = n == 4 && get32(tlv + 3) == crc32c(at, len, tlv + 3);
		return h->summed;
	case 0x05:
		snprintf(h->id, sizeof(h->id), "%.*s", (int)n, (const char *)tlv + 3);
		return n > 0 && n <= 128;
	case 0xe0:
		snprintf(h->service, sizeof(h->service), "%.*s", (int)n, (const char *)tlv + 3);
		return n > 0;
	}
	return false;
}

static bool read_block(const uint8_t *at, unsigned int len, struct tests_pphdr *h)
{
	const uint8_t *p = at + 16;

	h->family = at[13] == 0x11 ? 4 : 6;
	for (unsigned int i = 0; i < words_of(h); i++, p += 4) {
		h->src[i] = get32(p);
		h->dst[i] = get32(p + 4 * words_of(h));
	}
	p += 4 * words_of(h);
	h->sport = (uint16_t)get16(p);
	h->dport = (uint16_t)get16(p + 2);
	for (p += 4; p < at + len; p += 3 + get16(p + 1))
		if (p + 3 > at + len || p + 3 + get16(p + 1) > at + len || !read_tlv(at, len, p, h))
			return false;
	return true;
}

static enum tests_pphdr_is read_binary(const uint8_t *at, unsigned int n, struct tests_pphdr *h,
	unsigned int *len)
{
	if (memcmp(at, magic, n < MAGIC_LEN ? n : MAGIC_LEN) != 0)
		return TESTS_PPHDR_WRONG;
	if (n < 16)
		return TESTS_PPHDR_PART;
	*len = 16 + get16(at + 14);
	if (at[12] != 0x21 || (at[13] != 0x11 && at[13] != 0x21) ||
		*len < (at[13] == 0x11 ? 28u : 52u) || *len > TESTS_PPHDR_MAX)
		return TESTS_PPHDR_WRONG;
	if (n < *len)
		return TESTS_PPHDR_PART;
	return read_block(at, *len, h) ? TESTS_PPHDR_WHOLE : TESTS_PPHDR_WRONG;
}

enum tests_pphdr_is tests_pphdr_read(const uint8_t *at, unsigned int n, unsigned int version,
	struct tests_pphdr *h, unsigned int *len)
{
	*h = (struct tests_pphdr){.family = 0};
	return version == 1 ? read_line(at, n, h, len) : read_binary(at, n, h, len);
}
