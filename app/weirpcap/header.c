// SPDX-License-Identifier: BSD-3-Clause
#include "header.h"

#include <stdio.h>
#include <string.h>

#include "wire/addr.h"

/* proxy-protocol.txt §2.2 */
static const uint8_t signature[12] = {
	'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

#define HEAD 16
#define TCP4 0x11
#define TCP6 0x21

static unsigned int get16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static struct weir_addr addr_at(const uint8_t *at, unsigned int bytes)
{
	struct weir_addr a = weir_addr_any(bytes == 4);

	memcpy(a.b + 16 - bytes, at, bytes);
	return a;
}

static void binary(char *text, size_t size, const uint8_t *p, size_t len)
{
	const unsigned int bytes = p[13] == TCP4 ? 4 : 16, whole = HEAD + get16(p + 14);
	char src[WEIR_ADDR_TEXT], dst[WEIR_ADDR_TEXT];
	struct weir_addr from, to;

	if ((p[13] != TCP4 && p[13] != TCP6) || whole > len || whole < HEAD + 2 * bytes + 4)
		return;
	from = addr_at(p + HEAD, bytes);
	to = addr_at(p + HEAD + bytes, bytes);
	snprintf(text, size, "PROXY v2 %s:%u > %s:%u, %u bytes", weir_addr_text(&from, src),
		get16(p + HEAD + 2 * bytes), weir_addr_text(&to, dst),
		get16(p + HEAD + 2 * bytes + 2), whole);
}

static void line(char *text, size_t size, const uint8_t *p, size_t len)
{
	char src[WEIR_ADDR_TEXT], dst[WEIR_ADDR_TEXT], copy[108] = "";
	unsigned int sport, dport;
	int end = 0;

	memcpy(copy, p, len < sizeof(copy) - 1 ? len : sizeof(copy) - 1);
	if (sscanf(copy, "PROXY TCP%*1[46] %45s %45s %5u %5u%n", src, dst, &sport, &dport, &end) ==
			4 &&
		strncmp(copy + end, "\r\n", 2) == 0)
		snprintf(text, size, "PROXY v1 %s:%u > %s:%u, %d bytes", src, sport, dst, dport,
			end + 2);
}

const char *header_words(char *text, size_t size, const uint8_t *payload, size_t len)
{
	text[0] = '\0';
	if (len >= HEAD && memcmp(payload, signature, sizeof(signature)) == 0)
		binary(text, size, payload, len);
	else
		line(text, size, payload, len);
	return text;
}
