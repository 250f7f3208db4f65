/* SPDX-License-Identifier: BSD-3-Clause */
/* What a payload that begins with a PROXY protocol header says, in words. */
#ifndef WEIRPCAP_HEADER_H
#define WEIRPCAP_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* "PROXY v2 192.0.2.7:4711 > 192.0.2.80:80, 63 bytes"; "": it begins with none, or not with a whole one. */
const char *header_words(char *text, size_t size, const uint8_t *payload, size_t len);

#endif
