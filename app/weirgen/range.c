// SPDX-License-Identifier: BSD-3-Clause
#include "range.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int parse_addr(const char *text, size_t len, uint32_t *addr)
{
	char copy[INET_ADDRSTRLEN];
	struct in_addr in;

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, &in) != 1)
		return -EINVAL;
	*addr = ntohl(in.s_addr);
	return 0;
}

static int parse_subnet(struct range *r, const char *prefix)
{
	unsigned int bits;
	char beyond;

	/* 0 would be all addresses there are: surely a mistake */
	if (sscanf(prefix, "%u%c", &bits, &beyond) != 1 || bits < 1 || bits > 32)
		return -EINVAL;
	r->n = 1u << (32 - bits);
	return (r->first & (r->n - 1)) == 0 ? 0 : -EINVAL;
}

int range_parse_addrs(struct range *r, const char *text)
{
	size_t len = strcspn(text, "-/");
	uint32_t last;

	if (parse_addr(text, len, &r->first) != 0)
		return -EINVAL;
	if (text[len] == '/')
		return parse_subnet(r, text + len + 1);
	last = r->first;
	if (text[len] == '-' && parse_addr(text + len + 1, strlen(text + len + 1), &last) != 0)
		return -EINVAL;
	if (last < r->first || last - r->first == UINT32_MAX)
		return -EINVAL;
	r->n = last - r->first + 1;
	return 0;
}

int range_parse_ports(struct range *r, const char *text)
{
	unsigned int first, last;
	char beyond;
	int n = sscanf(text, "%u-%u%c", &first, &last, &beyond);

	if (n == 1 && text[strspn(text, "0123456789")] == '\0')
		last = first;
	else if (n != 2)
		return -EINVAL;
	if (first < 1 || last > 65535 || last < first)
		return -EINVAL;
	r->first_port = (uint16_t)first;
	r->n_ports = last - first + 1;
	return 0;
}

bool range_overlap(const struct range *a, const struct range *b)
{
	return range_has(a, b->first) || range_has(b, a->first);
}
