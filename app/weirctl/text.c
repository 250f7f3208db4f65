// SPDX-License-Identifier: BSD-3-Clause
#include "text.h"

/* Bytes of UTF-8 beyond ASCII are none. */
static char clean(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
}

void text_clean(char *text)
{
	for (char *c = text; *c != '\0'; c++)
		*c = clean(*c);
}

void text_put(FILE *to, const char *text)
{
	for (const char *c = text; c != NULL && *c != '\0'; c++)
		fputc(clean(*c), to);
}
